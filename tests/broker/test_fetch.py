"""Fetch: what is read, what is refused, long polls, sessions."""

from __future__ import annotations

import pytest

from minikafka.errors import ErrorCode
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic


def values(response):
    return [
        record[3]
        for topic in response.responses
        for partition in topic.partitions
        for batch in partition.records or []
        for record in batch.records
    ]


def only(response):
    (topic,) = response.responses
    (partition,) = topic.partitions
    return partition


def test_reads_whole_batches(orders):
    orders.produce(values=(b"a", b"b"))
    orders.produce(values=(b"c",))
    data = only(orders.ask(orders.fetch_request()))
    assert (data.error_code, data.high_watermark, data.last_stable_offset, data.log_start_offset) == (
        0,
        3,
        3,
        0,
    )
    assert data.aborted_transactions is None
    assert values(orders.ask(orders.fetch_request(offset=1))) == [b"a", b"b", b"c"]
    assert values(orders.ask(orders.fetch_request(offset=3))) == []


def test_read_committed_tells_aborted_transactions(orders):
    orders.produce()
    assert only(orders.ask(orders.fetch_request(isolation_level=1))).aborted_transactions == []


def test_by_topic_id(orders):
    orders.produce()
    topic_id = orders.image.topics["orders"].topic_id
    response = orders.ask(orders.fetch_request("", topic_id=topic_id))
    assert response.responses[0].topic_id == topic_id
    assert values(response) == [b"a"]
    unknown = orders.ask(orders.fetch_request("", topic_id=b"x" * 16))
    assert only(unknown).error_code == ErrorCode.UNKNOWN_TOPIC_ID


def test_the_first_batch_comes_whatever_its_size(orders):
    orders.produce(values=(b"x" * 1000,))
    orders.produce(values=(b"y" * 1000,))
    assert len(values(orders.ask(orders.fetch_request(partition_max_bytes=10)))) == 1
    assert len(values(orders.ask(orders.fetch_request(max_bytes=1)))) == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"topic": "nothing"}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"partition": 9}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"offset": 5}, ErrorCode.OFFSET_OUT_OF_RANGE),
        ({"offset": -1}, ErrorCode.OFFSET_OUT_OF_RANGE),
        ({"current_leader_epoch": 99}, ErrorCode.UNKNOWN_LEADER_EPOCH),
    ],
)
def test_refusals(orders, options, code):
    orders.produce()
    data = only(orders.ask(orders.fetch_request(**options)))
    assert data.error_code == code
    assert not data.records


def test_not_leader_names_the_leader(make_lab):
    lab = make_lab(brokers=2)
    lab.kafka.create_topic("orders")
    leader = lab.image.topics["orders"].partitions[0].leader
    response = lab.ask(lab.fetch_request(), 3 - leader)
    assert only(response).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert only(response).current_leader.leader_id == leader
    assert [node.node_id for node in response.node_endpoints] == [leader]


def test_long_poll_ends_with_the_first_record(orders):
    promise = orders.send(orders.fetch_request(max_wait_ms=5000))
    orders.kafka.advance(ms=3000)
    assert not promise.done()
    orders.produce()
    orders.settle()
    assert values(promise.result()) == [b"a"]


def test_long_poll_ends_empty_after_max_wait(orders):
    start = orders.kafka.now_ms
    assert values(orders.ask(orders.fetch_request(max_wait_ms=5000))) == []
    assert orders.kafka.now_ms - start == 5000


def test_zstd_topics_are_refused_to_old_versions(orders):
    orders.kafka.create_topic("packed", configs={"compression.type": "zstd"})
    data = only(orders.ask(orders.fetch_request("packed"), version=9))
    assert data.error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert only(orders.ask(orders.fetch_request("packed"), version=10)).error_code == 0


# Sessions


def session_request(epoch, session_id=0, offsets=(), forgotten=(), **options):
    return FetchRequest(
        max_wait_ms=0,
        min_bytes=1,
        session_id=session_id,
        session_epoch=epoch,
        topics=[
            FetchTopic(
                topic="orders",
                partitions=[
                    FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=1 << 20)
                    for partition, offset in offsets
                ],
            )
        ]
        if offsets
        else [],
        forgotten_topics_data=[ForgottenTopic(topic="orders", partitions=list(forgotten))]
        if forgotten
        else [],
        **options,
    )


def told(response):
    return [partition.partition_index for topic in response.responses for partition in topic.partitions]


def test_a_session_tells_only_what_changed(orders):
    full = orders.ask(session_request(0, offsets=[(0, 0), (1, 0)]))
    assert full.session_id != 0
    assert told(full) == [0, 1]
    session = full.session_id
    assert told(orders.ask(session_request(1, session))) == []
    orders.produce(partition=1)
    news = orders.ask(session_request(2, session))
    assert told(news) == [1]
    assert values(news) == [b"a"]
    after = orders.ask(session_request(3, session, offsets=[(1, 1)]))
    assert told(after) == []
    orders.produce(partition=0)
    orders.produce(partition=1)
    assert told(orders.ask(session_request(4, session, forgotten=[0]))) == [1]


def test_session_errors(orders):
    unknown = orders.ask(session_request(3, 12345))
    assert unknown.error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    session = orders.ask(session_request(0, offsets=[(0, 0)])).session_id
    wrong = orders.ask(session_request(7, session))
    assert wrong.error_code == ErrorCode.INVALID_FETCH_SESSION_EPOCH
    closed = orders.ask(session_request(-1, session, offsets=[(0, 0)]))
    assert (closed.error_code, closed.session_id) == (0, 0)
    assert orders.ask(session_request(1, session)).error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_a_session_may_begin_with_no_partition(orders):
    session = orders.ask(session_request(0)).session_id
    assert session != 0
    assert told(orders.ask(session_request(1, session, offsets=[(0, 0)]))) == [0]
    emptied = orders.ask(session_request(2, session, forgotten=[0]))
    assert (emptied.error_code, emptied.session_id) == (0, 0)


def test_an_error_is_told_in_every_answer_of_a_session(orders):
    session = orders.ask(session_request(0, offsets=[(0, 0)])).session_id
    assert told(orders.ask(session_request(1, session, offsets=[(0, 50)]))) == [0]
    assert told(orders.ask(session_request(2, session))) == [0]
    # Once it is gone the partition is told again although nothing else has changed.
    assert told(orders.ask(session_request(3, session, offsets=[(0, 0)]))) == [0]
    assert told(orders.ask(session_request(4, session))) == []


def test_sessions_have_slots(make_lab):
    lab = make_lab(config={"max.incremental.fetch.session.cache.slots": 1})
    lab.kafka.create_topic("orders", partitions=2)
    first = lab.ask(session_request(0, offsets=[(0, 0)])).session_id
    assert first != 0
    assert lab.ask(session_request(0, offsets=[(0, 0)])).session_id == 0
    lab.kafka.advance(minutes=3)
    second = lab.ask(session_request(0, offsets=[(0, 0)])).session_id
    assert second not in (0, first)
    assert lab.ask(session_request(1, first)).error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
