"""Clients of other libraries against brokers that listen. Every wait is bounded by the client's own timeout."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition

confluent_kafka = pytest.importorskip("confluent_kafka")
aiokafka = pytest.importorskip("aiokafka")
kafka_python = pytest.importorskip("kafka")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

Start = Callable[..., MiniKafka]
WAIT_S = 10
Keep = Callable[[Any], Any]
CODECS = [None, "gzip", "snappy", "lz4", "zstd"]


@pytest.fixture
def keep(kafka: MiniKafka) -> Iterator[Keep]:
    """Closes what it was given before the cluster closes, whatever happens."""
    with ExitStack() as stack:
        yield lambda client: stack.enter_context(closing(client))


def confluent_producer(servers: str, **options: Any) -> Any:
    return confluent_kafka.Producer(
        {"bootstrap.servers": servers, "linger.ms": 0, **{k.replace("_", "."): v for k, v in options.items()}}
    )


def confluent_consumer(servers: str, group: str, **options: Any) -> Any:
    return confluent_kafka.Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            **{k.replace("_", "."): v for k, v in options.items()},
        }
    )


def read_confluent(consumer: Any, count: int) -> list[Any]:
    found: list[Any] = []
    deadline = time.monotonic() + WAIT_S
    while len(found) < count and time.monotonic() < deadline:
        found += consumer.consume(count - len(found), timeout=0.5)
    assert all(message.error() is None for message in found), [message.error() for message in found]
    return found


def read_kafka_python(consumer: Any, count: int) -> list[Any]:
    found: list[Any] = []
    deadline = time.monotonic() + WAIT_S
    while len(found) < count and time.monotonic() < deadline:
        # One long poll: see docs/clients.md for what kafka-python 3 makes of short ones.
        for records in consumer.poll(timeout_ms=WAIT_S * 1000).values():
            found += records
    return found


def produce_confluent(servers: str, values: list[bytes], **options: Any) -> None:
    failed: list[Any] = []
    producer = confluent_producer(servers, **options)
    for value in values:
        producer.produce(
            "t",
            value,
            key=b"k",
            headers=[("h", b"1"), ("null", None)],
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
    assert producer.flush(WAIT_S) == 0
    assert not failed


def produce_kafka_python(servers: str, values: list[bytes], **options: Any) -> None:
    with closing(kafka_python.KafkaProducer(bootstrap_servers=servers, **options)) as producer:
        futures = [producer.send("t", value, key=b"k", headers=[("h", b"1")]) for value in values]
        for future in futures:
            future.get(WAIT_S)


def produce_aiokafka(servers: str, values: list[bytes], **options: Any) -> None:
    async def main() -> None:
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=servers, **options)
        await producer.start()
        try:
            for value in values:
                await producer.send_and_wait("t", value, key=b"k", headers=[("h", b"1")])
        finally:
            await producer.stop()

    asyncio.run(asyncio.wait_for(main(), WAIT_S))


PRODUCERS = {
    "confluent": produce_confluent,
    "kafka-python": produce_kafka_python,
    "aiokafka": produce_aiokafka,
}


@pytest.mark.parametrize("name", PRODUCERS)
def test_every_compression_is_kept_and_read_by_everybody(kafka: MiniKafka, keep: Keep, name: str) -> None:
    kafka.create_topic("t")
    servers = kafka.listening_on
    assert servers is not None
    expected = []
    for codec in CODECS:
        values = [f"{codec}-{index}".encode() * 20 for index in range(5)]
        option = {"compression_type": codec} if name != "confluent" else {"compression_type": codec or "none"}
        PRODUCERS[name](servers, values, **option)
        expected += values
    assert [record.value for record in kafka.records("t")] == expected
    log = kafka.logs(1)[TopicPartition("t", 0)]
    codecs = {batch.compression for segment in log.segments for batch in segment.batches}
    assert codecs == {0, 1, 2, 3, 4}

    consumer = keep(confluent_consumer(servers, "c"))
    consumer.assign([confluent_kafka.TopicPartition("t", 0, 0)])
    messages = read_confluent(consumer, len(expected))
    assert [message.value() for message in messages] == expected
    assert messages[0].headers()[0] == ("h", b"1")
    consumer.close()

    reader = keep(kafka_python.KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest"))
    reader.assign([kafka_python.TopicPartition("t", 0)])
    assert [record.value for record in read_kafka_python(reader, len(expected))] == expected
    reader.close()

    mine = keep(kafka.consumer())
    mine.assign([TopicPartition("t", 0)])
    mine.seek_to_beginning()
    assert [record.value for record in read_kafka_python(mine, len(expected))] == expected
    mine.close()


def test_what_an_in_process_client_sent_is_read_by_others(kafka: MiniKafka, keep: Keep) -> None:
    kafka.create_topic("t")
    producer = keep(kafka.producer())
    producer.send("t", b"value", key=b"key", headers=[("h", b"1")]).get(timeout=WAIT_S)
    producer.close()
    consumer = keep(confluent_consumer(kafka.listening_on or "", "g"))
    consumer.subscribe(["t"])
    (message,) = read_confluent(consumer, 1)
    assert (message.key(), message.value(), message.headers()) == (b"key", b"value", [("h", b"1")])
    consumer.close()

    async def main() -> Any:
        reader = aiokafka.AIOKafkaConsumer(
            "t", bootstrap_servers=kafka.listening_on, group_id="a", auto_offset_reset="earliest"
        )
        await reader.start()
        try:
            return await reader.getone()
        finally:
            await reader.stop()

    record = asyncio.run(asyncio.wait_for(main(), WAIT_S))
    assert (record.key, record.value, record.headers) == (b"key", b"value", (("h", b"1"),))


def test_a_group_commits_and_the_next_member_resumes(kafka: MiniKafka, keep: Keep) -> None:
    """Commits of one library are where another one goes on."""
    kafka.create_topic("t")
    servers = kafka.listening_on or ""
    produce_confluent(servers, [b"%d" % index for index in range(9)])

    first = keep(confluent_consumer(servers, "g", enable_auto_commit=False))
    first.subscribe(["t"])
    taken = read_confluent(first, 3)
    first.commit(taken[-1], asynchronous=False)
    first.close()
    assert kafka.group("g").committed[TopicPartition("t", 0)] == 3

    second = keep(
        kafka_python.KafkaConsumer(
            "t", bootstrap_servers=servers, group_id="g", enable_auto_commit=False, max_poll_records=3
        )
    )
    assert [record.value for record in read_kafka_python(second, 3)] == [b"3", b"4", b"5"]
    second.commit()
    second.close()

    third = keep(kafka.consumer("t", group_id="g", enable_auto_commit=False))
    assert [record.value for record in read_kafka_python(third, 3)] == [b"6", b"7", b"8"]
    third.close()


def test_a_group_of_an_in_process_and_a_wire_client_shares_the_partitions(
    kafka: MiniKafka, keep: Keep
) -> None:
    kafka.create_topic("t", 2)
    mine = keep(kafka.consumer("t", group_id="g", auto_offset_reset="earliest", heartbeat_interval_ms=100))
    mine.poll(timeout_ms=100)
    other = keep(
        confluent_consumer(
            kafka.listening_on or "",
            "g",
            heartbeat_interval_ms=100,
            partition_assignment_strategy="range,roundrobin",
        )
    )
    other.subscribe(["t"])
    deadline = time.monotonic() + WAIT_S
    while not (len(mine.assignment()) == 1 and len(other.assignment()) == 1) and time.monotonic() < deadline:
        mine.poll(timeout_ms=20)
        other.poll(0.02)
    assert len(mine.assignment()) == len(other.assignment()) == 1
    assert {each.partition for each in [*mine.assignment(), *other.assignment()]} == {0, 1}
    other.close()
    while len(mine.assignment()) < 2 and time.monotonic() < deadline:
        mine.poll(timeout_ms=20)
    assert len(mine.assignment()) == 2
    mine.close()


def test_administration(kafka: MiniKafka, keep: Keep) -> None:
    from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

    admin = AdminClient({"bootstrap.servers": kafka.listening_on})
    admin.create_topics([NewTopic("t", 2, 1, config={"retention.ms": "1000"})])["t"].result(WAIT_S)
    admin.create_partitions([NewPartitions("t", 3)])["t"].result(WAIT_S)
    metadata = admin.list_topics(timeout=WAIT_S)
    assert len(metadata.topics["t"].partitions) == 3
    assert [f"{broker.host}:{broker.port}" for broker in metadata.brokers.values()] == [kafka.listening_on]
    resource = confluent_kafka.admin.ConfigResource("topic", "t")
    configs = admin.describe_configs([resource])[resource].result(WAIT_S)
    assert configs["retention.ms"].value == "1000"
    described = admin.describe_cluster().result(WAIT_S)
    assert described.cluster_id == kafka.image.cluster_id
    admin.delete_topics(["t"])["t"].result(WAIT_S)
    assert "t" not in kafka.image.topics

    other = keep(kafka_python.KafkaAdminClient(bootstrap_servers=kafka.listening_on))
    other.create_topics({"u": {"num_partitions": 1, "replication_factor": 1}})
    assert "u" in other.list_topics()
    other.close()


def test_offsets_for_times_and_watermarks(kafka: MiniKafka, keep: Keep) -> None:
    kafka.create_topic("t")
    producer = confluent_producer(kafka.listening_on or "")
    for timestamp in (1000, 2000, 3000):
        producer.produce("t", b"v", timestamp=timestamp)
    assert producer.flush(WAIT_S) == 0
    consumer = keep(confluent_consumer(kafka.listening_on or "", "g"))
    (found,) = consumer.offsets_for_times([confluent_kafka.TopicPartition("t", 0, 1500)], timeout=WAIT_S)
    assert found.offset == 1
    assert consumer.get_watermark_offsets(confluent_kafka.TopicPartition("t", 0), timeout=WAIT_S) == (0, 3)
    consumer.close()


def test_nothing_acknowledged_is_lost_when_a_leader_is_killed_under_load(listening: Start) -> None:
    kafka = listening(brokers=3, broker_session_timeout_ms=200)
    kafka.create_topic("t", 1, 3, configs={"min.insync.replicas": 2})
    acknowledged: list[bytes] = []
    producer = confluent_producer(
        kafka.listening_on or "",
        acks="all",
        retry_backoff_ms=50,
        reconnect_backoff_ms=20,
        reconnect_backoff_max_ms=100,
        enable_idempotence=True,
    )

    def on_delivery(error: object, message: Any) -> None:
        assert error is None, error
        acknowledged.append(message.value())

    values = [b"%d" % index for index in range(300)]
    for index, value in enumerate(values):
        producer.produce("t", value, on_delivery=on_delivery)
        producer.poll(0)
        if index == 100:
            leader = kafka.image.topics["t"].partitions[0].leader
            producer.poll(0.02)
            kafka.kill(leader)
    assert producer.flush(WAIT_S) == 0
    kafka.start(leader)
    assert acknowledged == values
    assert [record.value for record in kafka.records("t")] == values
