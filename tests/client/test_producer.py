"""The producer against scripted brokers: batching, order, retries, idempotence, timeouts."""

import gc
from itertools import pairwise

import pytest

from minikafka.client.producer_batch import ProducerBatch
from minikafka.errors import (
    ClusterAuthorizationFailedError,
    ErrorCode,
    IllegalStateError,
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
    TopicAuthorizationFailedError,
)
from minikafka.messages.produce import BatchIndexAndErrorMessage, LeaderIdAndEpoch
from minikafka.producer import KafkaProducer


@pytest.fixture
def produce(cluster):
    def make(**options):
        return KafkaProducer(bootstrap_servers=cluster.address, **options)

    return make


def refuse(cluster, answer, code, times=1, **fields):
    """Let the next produced batches be answered with an error code."""
    left = [times]

    def on_produce(node, topic, partition, batch):
        if left[0] == 0:
            return None
        left[0] -= 1
        return answer(partition, code, **fields)

    cluster.on_produce = on_produce


# Batching


def test_nothing_is_sent_before_somebody_waits(cluster, produce):
    producer = produce()
    futures = [producer.send("t", b"v%d" % i, partition=0) for i in range(5)]
    assert not cluster.produces()
    assert [f.get().offset for f in futures] == [0, 1, 2, 3, 4]
    assert len(cluster.produces()) == 1
    assert cluster.values("t") == [b"v%d" % i for i in range(5)]


def test_full_batches_queue_up_and_travel_one_per_partition_per_request(cluster, produce):
    producer = produce(batch_size=1000)
    for i in range(60):
        producer.send("t", b"%0100d" % i, partition=i % 3)
    producer.flush()
    assert {len(topic.partition_data) for r in cluster.produces() for topic in r.topic_data} == {3}
    for p in range(3):
        assert cluster.values("t", p) == [b"%0100d" % i for i in range(p, 60, 3)]
    assert all(batch.size_in_bytes <= 1000 for _, _, batch in cluster.batches)


@pytest.mark.parametrize("size", [0, 1, 56, 57, 63, 64, 100, 5000, 8180, 9000, 20000])
def test_announced_batch_sizes_are_exact(cluster, produce, size):
    producer = produce(linger_ms=5)
    for i in range(150):
        producer.send("t", b"x" * size, partition=0)
        if i % 3 == 0:
            producer.send("t", b"x" * size, key=b"k" * (i + 60), headers=[("h", b"x")], partition=0)
    producer.send("t", None, key=b"k", partition=0)
    producer.flush()
    for _, _, batch in cluster.batches:
        assert batch.size_in_bytes == len(batch.encode())


def test_batch_size_zero_disables_batching(cluster, produce):
    producer = produce(batch_size=0)
    for i in range(3):
        producer.send("t", b"%d" % i, partition=0)
    producer.flush()
    assert len(cluster.batches) == 3
    assert cluster.values("t") == [b"0", b"1", b"2"]


def test_linger(cluster, produce):
    producer = produce(linger_ms=50)
    future = producer.send("t", b"1", partition=0)
    cluster.driver.advance(49)
    assert not future.is_done
    cluster.driver.advance(1)
    assert future.is_done
    start = cluster.scheduler.now_ms
    producer.send("t", b"2", partition=0)
    producer.flush()
    assert cluster.scheduler.now_ms == start
    last = producer.send("t", b"3", partition=0)
    last.get(timeout=1)
    assert cluster.scheduler.now_ms == start + 50


def test_a_full_batch_does_not_linger(cluster, produce):
    producer = produce(linger_ms=1000, batch_size=500)
    for i in range(10):
        producer.send("t", b"%0100d" % i, partition=0)
    cluster.driver.settle()
    assert len(cluster.values("t")) == 9


def test_max_request_size_limits_a_request(cluster, produce):
    producer = produce(max_request_size=2500, batch_size=1000)
    for i in range(27):
        producer.send("t", b"%0100d" % i, partition=i % 3)
    producer.flush()
    for request in cluster.produces():
        size = sum(d.records[0].size_in_bytes for t in request.topic_data for d in t.partition_data)
        assert size <= 2500
    assert sum(len(log) for log in cluster.logs.values()) == 27


def test_sticky_null_keys_fill_one_batch_after_the_other(cluster, produce):
    producer = produce(batch_size=1000)
    for i in range(40):
        producer.send("t", b"%0100d" % i)
    producer.flush()
    assert len(cluster.batches) == 5
    assert sorted(len(b.records) for _, _, b in cluster.batches) == [8] * 5
    partitions = [p for _, p, _ in sorted(cluster.batches, key=lambda b: b[2].records[0][3])]
    assert all(a != b for a, b in pairwise(partitions))


def test_records_carry_keys_headers_and_timestamps(cluster, produce):
    producer = produce()
    headers = [("h", b"1"), ("h", b"")]
    meta = producer.send("t", b"v", b"key", headers, 1, 1234).get()
    assert meta == ("t", 1, ("t", 1), 0, 1234, None, 3, 1, 3)
    assert meta.topic_partition.topic == "t"
    assert cluster.logs["t", 1] == [(0, 1234, b"key", b"v", tuple(headers))]
    tombstone = producer.send("t", key=b"k", partition=1).get()
    assert tombstone.serialized_value_size == -1
    assert tombstone.timestamp == cluster.scheduler.now_ms
    producer.send("t", bytearray(b"ab"), memoryview(b"cd"), partition=1).get()
    assert cluster.logs["t", 1][-1][2:4] == (b"cd", b"ab")


def test_log_append_time_comes_back(cluster, produce, answer):
    cluster.on_produce = lambda n, t, p, b: answer(p, 0, log_append_time_ms=77)
    assert produce().send("t", b"v", partition=0).get().timestamp == 77


def test_compression_is_announced(cluster, produce):
    producer = produce(compression_type="gzip")
    producer.send("t", b"v" * 1000, partition=0).get()
    batch = cluster.batches[0][2]
    assert batch.compression == 1
    assert len(batch.encode()) < 200


# Futures


def test_callbacks_run_in_order_once_the_batch_is_acknowledged(cluster, produce):
    producer = produce()
    seen = []
    first = producer.send("t", b"1", partition=0).add_callback(seen.append)
    second = producer.send("t", b"2", partition=0)
    second.add_callback(lambda tag, meta: seen.append((tag, meta.offset)), "tag").add_errback(seen.append)
    first.add_callback(lambda m: seen.append(m.offset))
    assert seen == []
    producer.flush()
    assert seen == [first.value, 0, ("tag", 1)]
    first.add_callback(seen.append)
    assert seen[-1] == first.value
    assert first.succeeded()
    assert not first.failed()
    assert first.exception is None
    with pytest.raises(TypeError):
        first.success(1)
    with pytest.raises(TypeError):
        first.failure(ValueError())


def test_a_callback_may_use_the_producer(cluster, produce):
    producer = produce()
    inner = []

    def again(meta):
        inner.append(producer.send("t", b"again", partition=1).get(timeout=5).offset)
        producer.flush()

    producer.send("t", b"1", partition=0).add_callback(again)
    producer.flush()
    assert inner == [0]


def test_a_callback_may_close_the_producer(cluster, produce):
    producer = produce()
    producer.send("t", b"1", partition=0).add_callback(lambda _: producer.close())
    producer.flush()
    assert producer not in cluster.attached


def test_a_raising_callback_harms_nobody(cluster, produce, caplog):
    producer = produce()
    seen = []
    producer.send("t", b"1", partition=0).add_callback(lambda _: 1 / 0).add_callback(seen.append)
    producer.flush()
    assert len(seen) == 1
    assert "Error processing callback" in caplog.text


def test_get_gives_up_and_may_be_asked_again(cluster, produce):
    cluster.faults.delay(5000, "Produce", times=1)
    future = produce().send("t", b"1", partition=0)
    with pytest.raises(KafkaTimeoutError, match=r"Timeout after waiting for 1\.5 secs"):
        future.get(timeout=1.5)
    assert not future.is_done
    assert future.value is None
    assert future.get(timeout=10).offset == 0


def test_a_future_that_is_dropped_leaves_nothing(cluster, produce):
    producer = produce()
    producer.send("t", b"1", partition=0)
    producer.flush()
    gc.collect()
    # A class of its own kind is looked for, so that other tests' leftovers do not matter.
    mine = [b for b in gc.get_objects() if isinstance(b, ProducerBatch) and b.owner is producer._core]
    assert mine == []


# Errors and retries


def test_retriable_errors_are_retried_after_the_backoff(cluster, produce, answer):
    producer = produce(retry_backoff_ms=200)
    refuse(cluster, answer, ErrorCode.NOT_ENOUGH_REPLICAS, times=3)
    start = cluster.scheduler.now_ms
    assert producer.send("t", b"1", partition=0).get().offset == 0
    assert cluster.scheduler.now_ms == start + 600


def test_retries_are_bounded(cluster, produce, answer):
    producer = produce(retries=2, enable_idempotence=False)
    refuse(cluster, answer, ErrorCode.NOT_LEADER_OR_FOLLOWER, times=9)
    future = producer.send("t", b"1", partition=0)
    with pytest.raises(NotLeaderForPartitionError):
        future.get()
    assert len(cluster.produces()) == 3
    assert future.failed()
    assert future.retriable()
    assert isinstance(future.exception, NotLeaderForPartitionError)


@pytest.mark.parametrize("options", [{}, {"max_in_flight_requests_per_connection": 1, "acks": 1}])
def test_retries_keep_the_order(cluster, produce, answer, options):
    producer = produce(batch_size=300, **options)
    refuse(cluster, answer, ErrorCode.NOT_ENOUGH_REPLICAS, times=2)
    for i in range(20):
        producer.send("t", b"%0100d" % i, partition=0)
    producer.flush()
    assert cluster.values("t") == [b"%0100d" % i for i in range(20)]


def test_without_idempotence_batches_in_flight_may_overtake(cluster, produce, answer):
    producer = produce(batch_size=300, enable_idempotence=False)
    refuse(cluster, answer, ErrorCode.NOT_ENOUGH_REPLICAS, times=1)
    for i in range(20):
        producer.send("t", b"%0100d" % i, partition=0)
    producer.flush()
    values = cluster.values("t")
    assert sorted(values) == [b"%0100d" % i for i in range(20)]
    assert values != sorted(values)


def test_max_in_flight_bounds_the_requests_on_their_way(cluster, produce):
    cluster.faults.delay(10, "Produce")
    producer = produce(batch_size=300, enable_idempotence=False, max_in_flight_requests_per_connection=3)
    for i in range(20):
        producer.send("t", b"%0100d" % i, partition=0)
    cluster.driver.settle()
    assert producer._core.client.in_flight_request_count() == 3
    producer.flush()
    assert len(cluster.values("t")) == 20


def test_a_lost_reply_is_repeated_with_the_same_sequence(cluster, produce, answer):
    producer = produce(request_timeout_ms=1000)
    cluster.faults.lose_reply("Produce", times=1)
    future = producer.send("t", b"1", partition=0)
    seen = []

    def on_produce(node, topic, partition, batch):
        seen.append((batch.producer_id, batch.producer_epoch, batch.base_sequence))
        if len(seen) == 2:
            return answer(partition, ErrorCode.DUPLICATE_SEQUENCE_NUMBER)
        return None

    cluster.on_produce = on_produce
    assert future.get().offset == -1
    assert seen == [(1001, 0, 0), (1001, 0, 0)]


def test_sequences_count_records_per_partition(cluster, produce):
    producer = produce()
    for _ in range(2):
        for p in range(2):
            producer.send("t", b"1", partition=p)
            producer.send("t", b"2", partition=p)
        producer.flush()
    stamps = [(p, b.producer_id, b.producer_epoch, b.base_sequence) for _, p, b in cluster.batches]
    assert stamps == [(0, 1001, 0, 0), (1, 1001, 0, 0), (0, 1001, 0, 2), (1, 1001, 0, 2)]


def test_a_new_leader_is_found_by_metadata(fake, answer):
    cluster = fake(2)
    cluster.topic("t")

    def on_produce(node, topic, partition, batch):
        if node != cluster.topics[topic][partition]:
            return answer(partition, ErrorCode.NOT_LEADER_OR_FOLLOWER)
        return None

    cluster.on_produce = on_produce
    producer = KafkaProducer(bootstrap_servers=cluster.address)
    producer.send("t", b"1", partition=0).get()
    cluster.move("t", 0, 2)
    start = cluster.scheduler.now_ms
    assert producer.send("t", b"2", partition=0).get().offset == 1
    assert cluster.scheduler.now_ms == start + 100
    assert cluster.requests[-1][0] == 2


def test_a_new_leader_is_found_by_the_hint_at_once(fake, answer):
    cluster = fake(2)
    cluster.topic("t")

    def on_produce(node, topic, partition, batch):
        if node == 1:
            hint = LeaderIdAndEpoch(leader_id=2, leader_epoch=3)
            return answer(partition, ErrorCode.NOT_LEADER_OR_FOLLOWER, current_leader=hint)
        return None

    cluster.on_produce = on_produce
    producer = KafkaProducer(bootstrap_servers=cluster.address)
    producer.partitions_for("t")
    start = cluster.scheduler.now_ms
    assert producer.send("t", b"1", partition=0).get().offset == 0
    assert cluster.scheduler.now_ms == start


def test_a_dead_leader_is_waited_for_without_using_up_retries(fake):
    cluster = fake(2)
    cluster.topic("t")
    producer = KafkaProducer(bootstrap_servers=cluster.address, retries=0)
    producer.partitions_for("t")
    cluster.network.unbind("broker-1")
    future = producer.send("t", b"1", partition=0)
    cluster.driver.advance(3000)
    assert not future.is_done
    cluster.move("t", 0, 2)
    assert future.get(timeout=60).offset == 0


def test_delivery_timeout(cluster, produce):
    producer = produce(delivery_timeout_ms=2000, request_timeout_ms=900)
    cluster.faults.drop("Produce", times=None)
    start = cluster.scheduler.now_ms
    future = producer.send("t", b"1", partition=0)
    with pytest.raises(KafkaTimeoutError, match=r"Expiring 1 record\(s\).*2000 ms"):
        future.get()
    assert cluster.scheduler.now_ms == start + 2000
    # It had been sent: its sequence may be used up, so the producer begins anew.
    cluster.faults.heal()
    assert producer.send("t", b"2", partition=0).get().offset == 0
    assert cluster.batches[-1][2].producer_id == 1002


def test_without_a_leader_records_wait_until_they_expire(cluster, produce):
    producer = produce(delivery_timeout_ms=40000)
    producer.partitions_for("t")
    cluster.topics["t"][1] = -1
    cluster.epochs["t", 1] = 1
    cluster.driver.wait(producer._core.client.request_metadata_update())
    future = producer.send("t", b"1", partition=1)
    with pytest.raises(KafkaTimeoutError, match="Expiring"):
        future.get()


def test_a_batch_the_broker_finds_too_large_is_split(cluster, produce, answer):
    producer = produce()

    def on_produce(node, topic, partition, batch):
        return answer(partition, ErrorCode.MESSAGE_TOO_LARGE) if len(batch.records) > 3 else None

    cluster.on_produce = on_produce
    seen = []
    futures = [producer.send("t", b"%d" % i, partition=0).add_callback(seen.append) for i in range(10)]
    cluster.faults.delay(5, "Produce")
    cluster.driver.advance(8)
    assert futures[7].get(timeout=5).offset == 7
    producer.flush()
    assert cluster.values("t") == [b"%d" % i for i in range(10)]
    assert [f.get().offset for f in futures] == list(range(10))
    assert [m.offset for m in seen] == list(range(10))
    assert [(b.base_sequence, len(b.records)) for _, _, b in cluster.batches] == [
        (0, 3),
        (3, 2),
        (5, 3),
        (8, 2),
    ]


def test_an_error_for_good_makes_the_idempotent_producer_unusable_as_kafka_pythons(cluster, produce, answer):
    producer = produce()
    refuse(cluster, answer, ErrorCode.MESSAGE_TOO_LARGE)
    errors = []
    future = producer.send("t", b"1", partition=0).add_errback(errors.append)
    with pytest.raises(MessageSizeTooLargeError):
        future.get()
    assert errors == [future.exception]
    with pytest.raises(MessageSizeTooLargeError):
        producer.send("t", b"2", partition=1).get()
    producer.close()


def test_without_idempotence_the_next_record_is_sent(cluster, produce, answer):
    producer = produce(enable_idempotence=False)
    refuse(cluster, answer, ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(TopicAuthorizationFailedError, match="t"):
        producer.send("t", b"1", partition=0).get()
    assert producer.send("t", b"2", partition=0).get().offset == 0


def test_invalid_records_are_blamed_one_by_one(cluster, produce, answer):
    producer = produce(enable_idempotence=False)
    blame = [BatchIndexAndErrorMessage(batch_index=i, batch_index_error_message=f"bad {i}") for i in (0, 2)]
    refuse(cluster, answer, ErrorCode.INVALID_RECORD, record_errors=blame)
    futures = [producer.send("t", b"%d" % i, partition=0) for i in range(3)]
    for index in (0, 2):
        with pytest.raises(InvalidRecordError, match=f"bad {index}"):
            futures[index].get()
    with pytest.raises(KafkaError, match="part of a batch") as caught:
        futures[1].get()
    assert type(caught.value) is KafkaError


@pytest.mark.parametrize("code", [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode.UNKNOWN_PRODUCER_ID])
def test_lost_producer_state_is_cured_by_a_new_epoch(cluster, produce, answer, code):
    producer = produce()
    producer.send("t", b"0", partition=0).get()
    refuse(cluster, answer, code)
    with pytest.raises(KafkaError) as caught:
        producer.send("t", b"1", partition=0).get()
    assert caught.value.errno == code
    assert producer.send("t", b"2", partition=0).get().offset == 1
    batch = cluster.batches[-1][2]
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (1001, 1, 0)


def test_a_fenced_epoch_gets_a_new_producer_id(cluster, produce, answer):
    producer = produce()
    producer.send("t", b"0", partition=0).get()
    refuse(cluster, answer, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    cluster.producer_id_errors = [ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.COORDINATOR_NOT_AVAILABLE]
    with pytest.raises(OutOfOrderSequenceNumberError):
        producer.send("t", b"1", partition=0).get()
    producer.send("t", b"2", partition=0).get()
    assert cluster.batches[-1][2].producer_id == 1002


def test_retention_that_removed_the_producers_records_is_no_loss(cluster, produce, answer):
    producer = produce()
    producer.send("t", b"0", partition=0).get()
    refuse(cluster, answer, ErrorCode.UNKNOWN_PRODUCER_ID, log_start_offset=5)
    assert producer.send("t", b"1", partition=0).get().offset == 1
    assert cluster.batches[-1][2].base_sequence == 0


def test_a_producer_id_that_is_refused(cluster, produce):
    producer = produce()
    cluster.producer_id_errors = [ErrorCode.CLUSTER_AUTHORIZATION_FAILED]
    with pytest.raises(ClusterAuthorizationFailedError):
        producer.send("t", b"0", partition=0).get()


def test_a_producer_id_is_asked_for_until_it_comes(cluster, produce):
    producer = produce()
    cluster.producer_id_errors = [ErrorCode.NOT_CONTROLLER, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS]
    start = cluster.scheduler.now_ms
    producer.send("t", b"0", partition=0).get()
    assert cluster.scheduler.now_ms == start + 200


# acks


def test_acks_zero_never_hears_from_the_broker(cluster, produce):
    producer = produce(acks=0)
    meta = producer.send("t", b"1", partition=0).get()
    assert meta.offset == -1
    cluster.driver.settle()
    assert cluster.values("t") == [b"1"]
    assert cluster.produces()[0].acks == 0


def test_acks_one(cluster, produce):
    produce(acks=1).send("t", b"1", partition=0).get()
    assert cluster.produces()[0].acks == 1
    assert cluster.batches[0][2].producer_id == -1


# The end


def test_close_sends_what_is_left(cluster, produce):
    with produce(linger_ms=10_000) as producer:
        future = producer.send("t", b"1", partition=0)
        assert producer in cluster.attached
    assert future.get().offset == 0
    assert producer not in cluster.attached
    producer.close()
    with pytest.raises(IllegalStateError, match="closed"):
        producer.send("t", b"2", partition=0)
    cluster.driver.advance(10**7)


def test_close_with_a_timeout_that_passes_leaves_it_open(cluster, produce):
    producer = produce()
    cluster.faults.delay(5000, "Produce", times=1)
    producer.send("t", b"1", partition=0)
    with pytest.raises(KafkaTimeoutError):
        producer.close(timeout=1)
    with pytest.raises(KafkaTimeoutError):
        producer.flush(timeout=0)
    producer.close(timeout=10)
    with pytest.raises(ValueError, match="-1"):
        produce().close(timeout=-1)


def test_crash_sends_nothing(cluster, produce):
    producer = produce()
    seen = []
    future = producer.send("t", b"1", partition=0).add_errback(seen.append)
    producer._crash()
    cluster.driver.advance(200_000)
    assert not cluster.produces()
    assert seen == []
    with pytest.raises(IllegalStateError, match="crashed"):
        future.get()
    with pytest.raises(IllegalStateError, match="closed"):
        producer.send("t", b"2", partition=0)
    producer.close()


def test_crash_with_a_request_on_its_way(cluster, produce):
    producer = produce()
    cluster.faults.delay(50, "Produce")
    future = producer.send("t", b"1", partition=0)
    cluster.driver.advance(10)
    producer._crash()
    cluster.driver.advance(1000)
    assert cluster.values("t") == []
    assert isinstance(future.exception, IllegalStateError)


def test_a_dropped_producer_still_sends(cluster):
    KafkaProducer(bootstrap_servers=cluster.address).send("t", b"1", partition=0)
    cluster.attached.clear()
    gc.collect()
    cluster.driver.settle()
    assert cluster.values("t") == [b"1"]
    requests = len(cluster.requests)
    cluster.driver.advance(10**7)
    assert len(cluster.requests) == requests


def test_the_same_run_twice_is_the_same(fake, answer):
    traces = []
    for _ in range(2):
        cluster = fake(2)
        cluster.topic("t", 5)
        refuse(cluster, answer, ErrorCode.NOT_ENOUGH_REPLICAS, times=3)
        producer = KafkaProducer(bootstrap_servers=cluster.address, batch_size=300)
        for i in range(100):
            producer.send("t", b"%d" % i, key=None if i % 3 else b"%d" % (i % 7))
        producer.close()
        traces.append([(n, r.api_name) for n, r in cluster.requests] + [sorted(cluster.logs.items())])
    assert traces[0] == traces[1]
