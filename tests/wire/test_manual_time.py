"""Real clients on a cluster whose time is moved by hand. Every wait is bounded by the client's own timeout."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic

confluent_kafka = pytest.importorskip("confluent_kafka")

Start = Callable[..., MiniKafka]
Connect = Callable[[str], Any]
WAIT_S = 20


@pytest.fixture
def kafka(listening: Start) -> MiniKafka:
    """A cluster of three whose time stands still."""
    return listening(3, clock="manual")


def read(consumer: Any, count: int) -> list[bytes]:
    found: list[Any] = []
    deadline = time.monotonic() + WAIT_S
    while len(found) < count and time.monotonic() < deadline:
        found += consumer.consume(count - len(found), timeout=0.5)
    return sorted(message.value() for message in found)


def test_everybody_is_served_while_time_stands_still(kafka: MiniKafka) -> None:
    before_ms = kafka.now_ms
    kafka.create_topic("t", 3, 3)
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.listening_on, "acks": "all"})
    for index in range(20):
        producer.produce("t", b"%02d" % index)
    assert producer.flush(WAIT_S) == 0
    with kafka.producer() as mine:
        mine.send("t", b"20").get(timeout=10)
        mine.send("t", b"21")  # nobody waits for it
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": kafka.listening_on, "group.id": "g", "auto.offset.reset": "earliest"}
    )
    with closing(consumer):
        consumer.subscribe(["t"])
        assert read(consumer, 22) == [b"%02d" % index for index in range(22)]
        consumer.commit(asynchronous=False)
        # What comes behind a fetch that waits on the same connection is not left waiting.
        watermarks = [
            consumer.get_watermark_offsets(confluent_kafka.TopicPartition("t", index), timeout=WAIT_S)
            for index in range(3)
        ]
    assert sum(high for _, high in watermarks) == 22
    assert kafka.group("g").lag == 0
    with kafka.consumer("t", group_id="other", auto_offset_reset="earliest", max_poll_records=1) as mine:
        assert len(mine.poll(timeout_ms=1000)) == 1
    assert kafka.now_ms == before_ms


def test_a_session_is_timed_out_without_waiting(kafka: MiniKafka) -> None:
    """The client hears of it by its next heartbeat, which it sends when it likes, and joins anew."""
    kafka.create_topic("t")
    lost: list[int] = []
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": kafka.listening_on,
            "group.id": "g",
            "session.timeout.ms": 30_000,
            "heartbeat.interval.ms": 300,
        }
    )
    with closing(consumer):
        consumer.subscribe(["t"], on_lost=lambda _, partitions: lost.append(len(partitions)))
        deadline = time.monotonic() + WAIT_S
        while not consumer.assignment() and time.monotonic() < deadline:
            consumer.poll(0.02)
        (before,) = kafka.group("g").members
        kafka.advance(seconds=29)
        consumer.poll(0)
        assert [member.member_id for member in kafka.group("g").members] == [before.member_id]
        kafka.advance(seconds=31)
        assert before.member_id not in [member.member_id for member in kafka.group("g").members]
        while not lost and time.monotonic() < deadline:
            consumer.poll(0.02)
        assert lost == [1]
        while not consumer.assignment() and time.monotonic() < deadline:
            consumer.poll(0.02)
        (after,) = kafka.group("g").members
        assert after.member_id != before.member_id


def test_a_dead_broker_is_missed_when_its_session_is_over(kafka: MiniKafka) -> None:
    kafka.create_topic("t", 1, 3)
    leader = kafka.topic("t").partitions[0].leader
    assert leader is not None
    kafka.kill(leader)
    assert kafka.topic("t").partitions[0].leader == leader
    kafka.advance(seconds=9)
    assert kafka.topic("t").partitions[0].leader not in (None, leader)


def test_the_time_of_a_fetch_that_waits_is_real(listening: Start, connect: Connect) -> None:
    kafka = listening(clock="manual")
    kafka.create_topic("t")
    client = connect(kafka.listening_on or "")
    partition = FetchPartition(partition=0, partition_max_bytes=1 << 20)
    for max_wait_ms in (30, 0, 1):
        request = FetchRequest(
            max_wait_ms=max_wait_ms, min_bytes=1, topics=[FetchTopic(topic="t", partitions=[partition])]
        )
        assert client.ask(request, 11).responses[0].partitions[0].error_code == 0


def test_an_in_process_poll_ends_when_another_thread_advances(kafka: MiniKafka) -> None:
    kafka.create_topic("t")
    polled: list[Any] = []
    with kafka.consumer() as consumer:
        consumer.assign([TopicPartition("t", 0)])
        consumer.poll(timeout_ms=0)
        thread = threading.Thread(target=lambda: polled.append(consumer.poll(timeout_ms=5000)))
        thread.start()
        while thread.is_alive():
            kafka.advance(seconds=1)
        thread.join()
    assert polled == [{}]


def test_waits_count_real_time(kafka: MiniKafka) -> None:
    from minikafka.waits import WaitTimeout

    before_ms = kafka.now_ms
    with pytest.raises(WaitTimeout, match="waited 20 ms"):
        kafka.wait_until(lambda: False, timeout_ms=20)
    kafka.create_topic("t")
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.listening_on})
    producer.produce("t", b"v")
    (record,) = kafka.wait_for_records("t")
    assert record.value == b"v"
    assert producer.flush(WAIT_S) == 0
    with kafka.consumer("t", group_id="g") as consumer:
        assert kafka.wait_for_assignment(consumer) == {TopicPartition("t", 0)}
    assert kafka.now_ms == before_ms
