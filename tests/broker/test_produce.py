"""Produce: acks, refusals, and what the answer says."""

from __future__ import annotations

import pytest

from minikafka import compression
from minikafka.errors import ErrorCode, KafkaConnectionError
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.structs import RequestContext


@pytest.mark.parametrize("acks", [1, -1])
def test_batches_get_their_offsets(orders, acks):
    assert orders.produce(values=(b"a", b"b"), acks=acks).base_offset == 0
    answer = orders.produce(values=(b"c",), acks=acks)
    assert (answer.error_code, answer.base_offset, answer.log_start_offset) == (0, 2, 0)
    assert answer.log_append_time_ms == -1
    assert [record.value for record in orders.kafka.records("orders")] == [b"a", b"b", b"c"]


def test_acks_0_has_no_answer(orders):
    request = orders.produce_request("orders", 0, [orders.batch(b"a")], acks=0)
    orders.kafka.network.send_one_way("lab-1", "broker-1", request)
    orders.settle()
    assert len(orders.kafka.records("orders")) == 1


def test_acks_0_tells_of_an_error_by_closing_the_connection(orders):
    context = RequestContext(13, "lab", "127.0.0.1", "lab-1")
    broker = orders.kafka.brokers[1]
    good = orders.produce_request("orders", 0, [orders.batch(b"a")], acks=0)
    assert broker.handle(good, context) is None
    bad = orders.produce_request("orders", 7, [orders.batch(b"a")], acks=0)
    assert isinstance(broker.handle(bad, context).exception(), KafkaConnectionError)


def test_batches_as_bytes(orders):
    data = orders.batch(b"a", b"b").encode()
    answer = orders.ask(orders.produce_request("orders", 0, data), version=9)
    assert answer.responses[0].partition_responses[0].base_offset == 0
    assert [record.value for record in orders.kafka.records("orders")] == [b"a", b"b"]


def test_topics_by_id(orders):
    topic_id = orders.image.topics["orders"].topic_id
    request = ProduceRequest(
        acks=1,
        timeout_ms=1000,
        topic_data=[
            TopicProduceData(
                topic_id=topic_id,
                partition_data=[PartitionProduceData(index=1, records=[orders.batch(b"a")])],
            ),
            TopicProduceData(
                topic_id=bytes(15) + b"x",
                partition_data=[PartitionProduceData(index=0, records=[orders.batch(b"a")])],
            ),
        ],
    )
    good, bad = orders.ask(request).responses
    assert good.topic_id == topic_id
    assert good.partition_responses[0].base_offset == 0
    assert bad.partition_responses[0].error_code == ErrorCode.UNKNOWN_TOPIC_ID


@pytest.mark.parametrize("acks", [2, -2])
def test_invalid_acks(orders, acks):
    answer = orders.produce(acks=acks)
    assert answer.error_code == ErrorCode.INVALID_REQUIRED_ACKS
    assert answer.base_offset == -1
    assert orders.kafka.records("orders") == []


@pytest.mark.parametrize(("topic", "partition"), [("nothing", 0), ("orders", 2), ("orders", -1)])
def test_unknown_partitions(orders, topic, partition):
    answer = orders.produce(topic, partition)
    assert (answer.index, answer.error_code) == (partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)


def test_exactly_one_batch(orders):
    two = orders.produce(batches=[orders.batch(b"a"), orders.batch(b"b")])
    assert two.error_code == ErrorCode.INVALID_RECORD
    assert "exactly one record batch" in two.error_message
    request = orders.produce_request("orders", 0, b"")
    none = orders.ask(request, version=9).responses[0].partition_responses[0]
    assert none.error_code == ErrorCode.INVALID_RECORD
    assert "at least one" in none.error_message


def test_corrupt_bytes(orders):
    data = bytearray(orders.batch(b"abc").encode())
    data[-3] ^= 1
    answer = orders.ask(orders.produce_request("orders", 0, bytes(data)), version=9)
    assert answer.responses[0].partition_responses[0].error_code == ErrorCode.CORRUPT_MESSAGE


def test_zstd_is_refused_to_old_versions(orders):
    request = orders.produce_request("orders", 0, [orders.batch(b"a", compression=4)])
    answer = orders.ask(request, version=6).responses[0].partition_responses[0]
    assert answer.error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE


def test_internal_topics_are_the_brokers_own(orders):
    orders.coordinator()
    assert orders.produce("__consumer_offsets").error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
    allowed = orders.produce("__consumer_offsets", 49, client_id="__admin_client")
    assert allowed.error_code != ErrorCode.INVALID_TOPIC_EXCEPTION


def test_one_bad_partition_does_not_spoil_the_others(orders):
    request = ProduceRequest(
        acks=-1,
        timeout_ms=1000,
        topic_data=[
            TopicProduceData(
                name="orders",
                partition_data=[
                    PartitionProduceData(index=index, records=[orders.batch(b"a")]) for index in (7, 0)
                ],
            )
        ],
    )
    bad, good = orders.ask(request).responses[0].partition_responses
    assert (bad.index, bad.error_code) == (7, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    assert (good.index, good.error_code, good.base_offset) == (0, 0, 0)


def test_too_large(orders):
    orders.kafka.create_topic("small", configs={"max.message.bytes": 100})
    answer = orders.produce("small", values=(b"x" * 200,))
    assert answer.error_code == ErrorCode.MESSAGE_TOO_LARGE


def test_record_errors_name_the_records(orders):
    orders.kafka.create_topic("compacted", configs={"cleanup.policy": "compact"})
    answer = orders.produce("compacted", values=(b"no key", b"nor here"))
    assert answer.error_code == ErrorCode.INVALID_RECORD
    assert [error.batch_index for error in answer.record_errors] == [0, 1]
    assert answer.error_message


def test_log_append_time(orders):
    orders.kafka.create_topic("stamped", configs={"message.timestamp.type": "LogAppendTime"})
    answer = orders.produce("stamped")
    assert answer.log_append_time_ms == orders.kafka.now_ms


def test_transactions_are_refused(orders):
    batch = orders.batch(b"a", producer_id=1, producer_epoch=0, base_sequence=0, is_transactional=True)
    answer = orders.ask(orders.produce_request("orders", 0, [batch]))
    code = answer.responses[0].partition_responses[0].error_code
    assert code == ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    answer = orders.ask(orders.produce_request("orders", 0, [batch], transactional_id="t"))
    assert answer.responses[0].partition_responses[0].error_code == ErrorCode.INVALID_TXN_STATE


def test_idempotent_duplicates_and_gaps(orders):
    def send(sequence):
        batch = orders.batch(b"a", producer_id=7, producer_epoch=0, base_sequence=sequence)
        return orders.produce(batches=[batch])

    assert send(0).base_offset == 0
    assert send(1).base_offset == 1
    duplicate = send(0)
    assert (duplicate.error_code, duplicate.base_offset) == (0, 0)
    assert send(5).error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert len(orders.kafka.records("orders")) == 2


def test_not_leader_names_the_leader(make_lab):
    lab = make_lab(brokers=2)
    lab.kafka.create_topic("orders", replication_factor=1)
    leader = lab.image.topics["orders"].partitions[0].leader
    other = 3 - leader
    response = lab.ask(lab.produce_request("orders", 0, [lab.batch(b"a")]), other)
    answer = response.responses[0].partition_responses[0]
    assert answer.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert answer.current_leader.leader_id == leader
    assert [node.node_id for node in response.node_endpoints] == [leader]
    old = lab.ask(lab.produce_request("orders", 0, [lab.batch(b"a")]), other, version=9)
    assert old.responses[0].partition_responses[0].current_leader.leader_id == -1


def test_min_insync_replicas(make_lab):
    lab = make_lab(brokers=2)
    lab.kafka.create_topic("safe", replication_factor=2, configs={"min.insync.replicas": 2})
    leader = lab.image.topics["safe"].partitions[0].leader
    assert lab.produce("safe", node_id=leader).error_code == 0
    lab.kafka.stop(3 - leader)
    assert lab.produce("safe", node_id=leader).error_code == ErrorCode.NOT_ENOUGH_REPLICAS
    assert lab.produce("safe", node_id=leader, acks=1).error_code == 0


def test_acks_all_waits_for_the_followers(make_lab):
    lab = make_lab(brokers=2)
    lab.kafka.create_topic("orders", replication_factor=2)
    leader = lab.image.topics["orders"].partitions[0].leader
    lab.kafka.faults.cut(leader, 3 - leader)
    promise = lab.send(lab.produce_request("orders", 0, [lab.batch(b"a")], timeout_ms=1500), leader)
    lab.kafka.advance(ms=1000)
    assert not promise.done()
    lab.kafka.advance(ms=600)
    answer = promise.result().responses[0].partition_responses[0]
    assert answer.error_code == ErrorCode.REQUEST_TIMED_OUT


def test_a_codec_whose_library_is_missing(lab, monkeypatch):
    lab.kafka.create_topic("compacted", configs={"cleanup.policy": "compact"})
    lab.kafka.create_topic("plain")
    data = lab.batch(b"a", compression=4).encode()
    monkeypatch.setitem(compression._LIBRARIES, compression.ZSTD, "no_such_library")
    answer = lab.produce("compacted", batches=data)
    assert answer.error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert "install minikafka[zstd]" in answer.error_message
    assert lab.produce("plain", batches=data).error_code == 0  # nobody needs to open it
    lab.kafka.check_health()
