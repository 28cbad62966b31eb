"""All that aiokafka can ask of the brokers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import (
    AIOKafkaAdminClient,
    NewPartitions,
    NewTopic,
    RecordsToDelete,
)
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from interop.capture import Capture
from interop.records import LARGEST, Record
from interop.told import LOAD_MS, Told, session_ms

TIMEOUT_S = 10
T0 = TopicPartition("exercised", 0)
ASSIGNORS = {"range": RangePartitionAssignor}


def exercise(servers: str, captured: Capture) -> None:
    """Administer, produce, consume in a group."""
    asyncio.run(asyncio.wait_for(_exercise(servers, captured), 3 * TIMEOUT_S))


@asynccontextmanager
async def started(client: Any, end: str = "stop") -> AsyncIterator[Any]:
    """A client between its start and its end."""
    await client.start()
    try:
        yield client
    finally:
        await getattr(client, end)()


async def _exercise(servers: str, captured: Capture) -> None:
    async with started(AIOKafkaAdminClient(bootstrap_servers=servers), "close") as admin:
        await admin.create_topics([NewTopic("exercised", 1, 1)])
        for options in ({"enable_idempotence": True}, {"acks": 1}):
            async with started(AIOKafkaProducer(bootstrap_servers=servers, **options)) as producer:
                await producer.send_and_wait("exercised", b"a", partition=0)
        await _consume(servers, captured)
        await _administer(admin)


async def _consume(servers: str, captured: Capture) -> None:
    client = AIOKafkaConsumer(
        "exercised",
        bootstrap_servers=servers,
        group_id="g",
        auto_offset_reset="earliest",
        heartbeat_interval_ms=50,
        enable_auto_commit=False,
    )
    async with started(client) as consumer:
        assert [(await consumer.getone()).value for _ in range(2)] == [b"a", b"a"]
        await consumer.commit()
        assert await consumer.committed(T0) == 2
        assert await consumer.end_offsets([T0]) == {T0: 2}
        assert (await consumer.offsets_for_times({T0: 0}))[T0].offset == 0
        for _ in range(TIMEOUT_S * 20):
            if captured.has("Heartbeat"):
                break
            await consumer.getmany(timeout_ms=50)


async def _administer(admin: AIOKafkaAdminClient) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, "exercised", {"retention.ms": "-1"})
    await admin.alter_configs([resource])
    await admin.describe_configs([resource])
    await admin.create_partitions({"exercised": NewPartitions(2)})
    assert "exercised" in await admin.list_topics()
    (topic,) = await admin.describe_topics(["exercised"])
    assert len(topic["partitions"]) == 2
    await admin.describe_cluster()
    assert await admin.delete_records({T0: RecordsToDelete(before_offset=1)}) == {T0: 1}
    assert await admin.list_consumer_groups() == [("g", "consumer")]
    await admin.describe_consumer_groups(["g"])
    assert (await admin.list_consumer_group_offsets("g"))[T0].offset == 2
    await admin.delete_topics(["exercised"])


def load(servers: str, topic: str, told: Told) -> None:
    """Numbers by an idempotent producer; each is acknowledged before the next is sent."""

    async def send() -> None:
        client = AIOKafkaProducer(
            bootstrap_servers=servers,
            enable_idempotence=True,
            retry_backoff_ms=50,
            request_timeout_ms=LOAD_MS,
        )
        async with started(client) as producer:
            for number in told.numbers():
                await producer.send_and_wait(topic, b"%d" % number)
                told.acknowledged(number)

    asyncio.run(send())


def member(servers: str, topic: str, group: str, assignor: str, instance: str | None, told: Told) -> None:
    """A member of a group."""

    async def consume() -> None:
        client = AIOKafkaConsumer(
            topic,
            bootstrap_servers=servers,
            group_id=group,
            group_instance_id=instance,
            partition_assignment_strategy=[ASSIGNORS[assignor]],
            auto_offset_reset="earliest",
            session_timeout_ms=session_ms(instance),
            heartbeat_interval_ms=100,
        )
        async with started(client) as consumer:
            while told.goes_on:
                records = await consumer.getmany(timeout_ms=100)
                told.owns({each.partition for each in consumer.assignment()})
                for found in records.values():
                    for record in found:
                        told.read(record.partition, record.offset, record.value)

    asyncio.run(consume())


def hello(servers: str) -> None:
    """The hello-topic story: make and describe the topic, produce to it, consume it from the beginning."""

    async def story() -> None:
        async with started(AIOKafkaAdminClient(bootstrap_servers=servers), "close") as admin:
            await admin.create_topics([NewTopic("hello-topic", 1, 1)])
            (described,) = await admin.describe_topics(["hello-topic"])
            assert (described["topic"], len(described["partitions"])) == ("hello-topic", 1)
        async with started(AIOKafkaProducer(bootstrap_servers=servers)) as producer:
            await producer.send_and_wait("hello-topic", b"hello", key=b"hello-key")
        client = AIOKafkaConsumer(
            "hello-topic",
            bootstrap_servers=servers,
            group_id="hello-group-id",
            auto_offset_reset="earliest",
        )
        async with started(client) as consumer:
            record = await consumer.getone()
            assert (record.key, record.value) == (b"hello-key", b"hello")

    asyncio.run(asyncio.wait_for(story(), 3 * TIMEOUT_S))


def write(servers: str, topic: str, records: list[Record]) -> None:
    """Produce the records."""

    async def send() -> None:
        client = AIOKafkaProducer(bootstrap_servers=servers, max_request_size=LARGEST)
        async with started(client) as producer:
            for record in records:
                await producer.send_and_wait(
                    topic, record.value, record.key, record.partition, headers=list(record.headers)
                )

    asyncio.run(asyncio.wait_for(send(), 3 * TIMEOUT_S))


def read(servers: str, topic: str, partitions: int, count: int) -> list[Record]:
    """So many records from the beginning of the partitions."""

    async def fetch() -> list[Record]:
        found = []
        async with started(AIOKafkaConsumer(bootstrap_servers=servers)) as consumer:
            mine = [TopicPartition(topic, partition) for partition in range(partitions)]
            consumer.assign(mine)
            await consumer.seek_to_beginning(*mine)
            for _ in range(count):
                each = await consumer.getone()
                found.append(Record(each.partition, each.key, each.value, each.headers))
        return found

    return asyncio.run(asyncio.wait_for(fetch(), 3 * TIMEOUT_S))


def take(servers: str, topic: str, group: str, count: int) -> list[bytes | None]:
    """The values of so many records for a group, which has committed them when this returns."""

    async def fetch() -> list[bytes | None]:
        client = AIOKafkaConsumer(
            topic,
            bootstrap_servers=servers,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        async with started(client) as consumer:
            values = [(await consumer.getone()).value for _ in range(count)]
            await consumer.commit()
        return values

    return asyncio.run(asyncio.wait_for(fetch(), 3 * TIMEOUT_S))
