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

from interop.capture import Capture

TIMEOUT_S = 10
T0 = TopicPartition("exercised", 0)


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
