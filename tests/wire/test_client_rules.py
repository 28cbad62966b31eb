"""What Python clients make of the brokers' answers: offsets that are gone, new topics and partitions, refusals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from minikafka import MiniKafka

confluent_kafka = pytest.importorskip("confluent_kafka")
aiokafka = pytest.importorskip("aiokafka")
kafka_python = pytest.importorskip("kafka")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

WAIT_S = 10
Keep = Callable[[Any], Any]


@pytest.fixture
def keep(kafka: MiniKafka) -> Iterator[Keep]:
    """Closes what it was given before the cluster closes."""
    with ExitStack() as stack:
        yield lambda client: stack.enter_context(closing(client))


@pytest.fixture
def shortened(kafka: MiniKafka) -> str:
    """Where a broker listens whose topic t has lost the first five of its ten records."""
    kafka.create_topic("t")
    with closing(kafka.producer()) as producer, closing(kafka.admin()) as admin:
        for number in range(10):
            producer.send("t", b"%d" % number).get(timeout=WAIT_S)
        admin.delete_records({kafka_python.TopicPartition("t", 0): 5})
    assert kafka.listening_on is not None
    return kafka.listening_on


@pytest.mark.parametrize("offset", [2, 500])
def test_an_offset_that_is_not_there_is_reset(shortened: str, keep: Keep, offset: int) -> None:
    consumer = keep(
        confluent_kafka.Consumer(
            {"bootstrap.servers": shortened, "group.id": "g", "auto.offset.reset": "earliest"}
        )
    )
    consumer.assign([confluent_kafka.TopicPartition("t", 0, offset)])
    assert consumer.consume(1, WAIT_S)[0].offset() == 5

    reader = keep(kafka_python.KafkaConsumer(bootstrap_servers=shortened, auto_offset_reset="earliest"))
    partition = kafka_python.TopicPartition("t", 0)
    reader.assign([partition])
    reader.seek(partition, offset)
    assert next(reader).offset == 5

    async def read() -> int:
        client = aiokafka.AIOKafkaConsumer(bootstrap_servers=shortened, auto_offset_reset="earliest")
        await client.start()
        try:
            mine = aiokafka.TopicPartition("t", 0)
            client.assign([mine])
            client.seek(mine, offset)
            return (await client.getone()).offset
        finally:
            await client.stop()

    assert asyncio.run(asyncio.wait_for(read(), WAIT_S)) == 5


def test_a_pattern_finds_a_new_topic_and_new_partitions(kafka: MiniKafka, keep: Keep) -> None:
    consumer = keep(
        confluent_kafka.Consumer(
            {
                "bootstrap.servers": kafka.listening_on,
                "group.id": "g",
                "auto.offset.reset": "earliest",
                "topic.metadata.refresh.interval.ms": 100,
            }
        )
    )
    consumer.subscribe(["^new-.*"])
    consumer.poll(0.1)

    def owns_at_last(partitions: int) -> bool:
        deadline = time.monotonic() + WAIT_S
        while len(consumer.assignment()) != partitions and time.monotonic() < deadline:
            consumer.poll(0.05)
        return len(consumer.assignment()) == partitions

    kafka.create_topic("new-topic", 1)
    assert owns_at_last(1)
    with closing(kafka.admin()) as admin:
        admin.create_partitions({"new-topic": 3})
    assert owns_at_last(3)


def test_what_the_broker_refuses_is_told(kafka: MiniKafka, keep: Keep) -> None:
    kafka.create_topic("t", configs={"max.message.bytes": 1000})
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.listening_on})
    told: list[Any] = []
    producer.produce("t", bytes(2000), on_delivery=lambda error, _: told.append(error))
    assert producer.flush(WAIT_S) == 0
    assert told[0].code() == confluent_kafka.KafkaError.MSG_SIZE_TOO_LARGE

    other = keep(kafka_python.KafkaProducer(bootstrap_servers=kafka.listening_on))
    with pytest.raises(kafka_python.errors.MessageSizeTooLargeError):
        other.send("t", bytes(2000)).get(WAIT_S)

    async def send() -> None:
        client = aiokafka.AIOKafkaProducer(bootstrap_servers=kafka.listening_on)
        await client.start()
        try:
            await client.send_and_wait("t", bytes(2000))
        finally:
            await client.stop()

    with pytest.raises(aiokafka.errors.MessageSizeTooLargeError):
        asyncio.run(asyncio.wait_for(send(), WAIT_S))
    assert kafka.records("t") == []
