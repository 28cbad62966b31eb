"""All that confluent-kafka (librdkafka) can ask of the brokers."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import confluent_kafka
from confluent_kafka import ConsumerGroupTopicPartitions, ElectionType, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
)

from interop.capture import Capture
from interop.records import LARGEST, Record
from interop.told import LOAD_MS, Told, session_ms

TIMEOUT_S = 10
T0 = TopicPartition("exercised", 0)


def exercise(servers: str, captured: Capture) -> None:
    """Administer, produce, consume in a group."""
    admin = AdminClient({"bootstrap.servers": servers})
    _result(admin.create_topics([NewTopic("exercised", 1, 1)]))
    for options in ({"enable.idempotence": True}, {"acks": 1, "compression.type": "gzip"}):
        _produce(servers, options)
    _consume(servers, captured)
    _administer(admin)


def _result(futures: dict[Any, Any]) -> Any:
    (future,) = futures.values()
    return future.result(TIMEOUT_S)


def _produce(servers: str, options: dict[str, Any]) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": servers, **options})
    failures: list[Any] = []
    for value in (b"a", b"b"):
        producer.produce("exercised", value, partition=0, on_delivery=lambda error, _: failures.append(error))
    assert producer.flush(TIMEOUT_S) == 0
    assert failures == [None, None]


def _consume(servers: str, captured: Capture) -> None:
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "g",
            "auto.offset.reset": "earliest",
            "heartbeat.interval.ms": 50,
            "enable.auto.commit": False,
        }
    )
    with closing(consumer):
        consumer.subscribe(["exercised"])
        messages = consumer.consume(4, TIMEOUT_S)
        assert [message.value() for message in messages] == [b"a", b"b"] * 2
        consumer.commit(messages[-1], asynchronous=False)
        assert consumer.committed([T0], TIMEOUT_S)[0].offset == 4
        assert consumer.get_watermark_offsets(T0, TIMEOUT_S) == (0, 4)
        (found,) = consumer.offsets_for_times([TopicPartition("exercised", 0, 0)], TIMEOUT_S)
        assert found.offset == 0
        deadline = time.monotonic() + TIMEOUT_S
        while not captured.has("Heartbeat") and time.monotonic() < deadline:
            consumer.poll(0.05)


def _administer(admin: AdminClient) -> None:
    value = ConfigEntry("retention.ms", "-1", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource("topic", "exercised", incremental_configs=[value])
    _result(admin.incremental_alter_configs([resource]))
    _result(admin.alter_configs([ConfigResource("topic", "exercised", set_config={"retention.ms": "-1"})]))
    assert _result(admin.describe_configs([resource]))["retention.ms"].value == "-1"
    _result(admin.create_partitions([NewPartitions("exercised", 2)]))
    assert len(admin.list_topics(timeout=TIMEOUT_S).topics["exercised"].partitions) == 2
    _result(admin.describe_topics(TopicCollection(["exercised"])))
    admin.describe_cluster().result(TIMEOUT_S)
    assert _result(admin.list_offsets({T0: OffsetSpec.latest()})).offset == 4
    assert _result(admin.delete_records([TopicPartition("exercised", 0, 1)])).low_watermark == 1
    admin.elect_leaders(ElectionType.PREFERRED, [T0]).result(TIMEOUT_S)
    listed = admin.list_consumer_groups().result(TIMEOUT_S)
    assert [group.group_id for group in listed.valid] == ["g"]
    _result(admin.describe_consumer_groups(["g"]))
    moved = ConsumerGroupTopicPartitions("g", [TopicPartition("exercised", 0, 1)])
    _result(admin.alter_consumer_group_offsets([moved]))
    (told,) = _result(
        admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("g", [T0])])
    ).topic_partitions
    assert told.offset == 1
    _result(admin.delete_consumer_groups(["g"]))
    _result(admin.delete_topics(["exercised"]))


def load(servers: str, topic: str, told: Told) -> None:
    """Numbers by an idempotent producer; each is acknowledged before the next is sent."""
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": servers,
            "enable.idempotence": True,
            "linger.ms": 0,
            "retry.backoff.ms": 50,
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 100,
            "delivery.timeout.ms": LOAD_MS,
        }
    )
    for number in told.numbers():
        failures: list[Any] = []
        producer.produce(
            topic, b"%d" % number, on_delivery=lambda error, _, found=failures: found.append(error)
        )
        producer.flush(LOAD_MS / 1000)
        assert failures == [None], failures
        told.acknowledged(number)


def member(servers: str, topic: str, group: str, assignor: str, instance: str | None, told: Told) -> None:
    """A member of a group."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group,
            **({"group.instance.id": instance} if instance else {}),
            "partition.assignment.strategy": assignor,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": session_ms(instance),
            "heartbeat.interval.ms": 100,
        }
    )
    with closing(consumer):
        consumer.subscribe([topic])
        while told.goes_on:
            message = consumer.poll(0.1)
            told.owns({each.partition for each in consumer.assignment()})
            if message is not None and message.error() is None:
                told.read(message.partition(), message.offset(), message.value())


def hello(servers: str) -> None:
    """The hello-topic story: make and describe the topic, produce to it, consume it from the beginning."""
    admin = AdminClient({"bootstrap.servers": servers})
    _result(admin.create_topics([NewTopic("hello-topic", 1, 1)]))
    described = _result(admin.describe_topics(TopicCollection(["hello-topic"])))
    assert (described.name, len(described.partitions)) == ("hello-topic", 1)
    producer = confluent_kafka.Producer({"bootstrap.servers": servers})
    producer.produce("hello-topic", b"hello", key=b"hello-key")
    assert producer.flush(TIMEOUT_S) == 0
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": servers, "group.id": "hello-group-id", "auto.offset.reset": "earliest"}
    )
    with closing(consumer):
        consumer.subscribe(["hello-topic"])
        (message,) = consumer.consume(1, TIMEOUT_S)
        assert (message.key(), message.value()) == (b"hello-key", b"hello")


def write(servers: str, topic: str, records: list[Record]) -> None:
    """Produce the records."""
    producer = confluent_kafka.Producer({"bootstrap.servers": servers, "message.max.bytes": LARGEST})
    failures: list[Any] = []
    for record in records:
        producer.produce(
            topic,
            record.value,
            record.key,
            record.partition,
            headers=list(record.headers),
            on_delivery=lambda error, _: failures.append(error),
        )
    assert producer.flush(TIMEOUT_S) == 0
    assert failures == [None] * len(records), failures


def read(servers: str, topic: str, partitions: int, count: int) -> list[Record]:
    """So many records from the beginning of the partitions."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": servers, "group.id": "reader"})
    with closing(consumer):
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
        messages = consumer.consume(count, TIMEOUT_S)
    return [
        Record(each.partition(), each.key(), each.value(), tuple(each.headers() or ())) for each in messages
    ]


def take(servers: str, topic: str, group: str, count: int) -> list[bytes | None]:
    """The values of so many records for a group, which has committed them when this returns."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    with closing(consumer):
        consumer.subscribe([topic])
        messages = consumer.consume(count, TIMEOUT_S)
        consumer.commit(messages[-1], asynchronous=False)
    return [message.value() for message in messages]
