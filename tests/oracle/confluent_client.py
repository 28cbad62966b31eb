"""The client port over confluent-kafka (librdkafka)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka import admin as confluent_admin
from tests.oracle.clients import CONFLUENT
from tests.oracle.observe import text

from minikafka.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from tests.oracle.clients import Partition
    from tests.oracle.clusters import Cluster

_SEND_TIMEOUT_S = 30
_CALL_TIMEOUT_S = 15
_POLL_S = 0.1
_DEFAULTS = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 0}
_PRODUCER = {"linger.ms": 0, "retry.backoff.ms": 20, "topic.metadata.propagation.max.ms": 3000}
_CONSUMER = {
    "auto.offset.reset": "latest",
    "fetch.wait.max.ms": 100,
    "fetch.error.backoff.ms": 50,
    "topic.metadata.refresh.fast.interval.ms": 50,
}
_NAMES = {
    "max.request.size": "message.max.bytes",
    "fetch.max.wait.ms": "fetch.wait.max.ms",
    "metadata.max.age.ms": "topic.metadata.refresh.interval.ms",
}


class ConfluentClient:
    """confluent-kafka's clients of one cluster."""

    name = CONFLUENT

    def __init__(self, cluster: Cluster) -> None:
        self._base = {"bootstrap.servers": cluster.bootstrap_servers, **_DEFAULTS}
        self._made: list[Any] = []
        self._shared_admin: Any = None

    def producer(self, **options: Any) -> ConfluentProducer:
        producer = confluent_kafka.Producer({**self._base, **_PRODUCER, **_dotted(options)})
        made = ConfluentProducer(self, producer)
        self._made.append(made)
        return made

    def consumer(self, *topics: str, group: str | None = None, **options: Any) -> ConfluentConsumer:
        strategies = options.pop("partition_assignment_strategy", None)
        if strategies is not None:
            options["partition_assignment_strategy"] = ",".join(strategies)
        # librdkafka wants a group even where none is used.
        config = {**self._base, **_CONSUMER, "group.id": group or "nobody", **_dotted(options)}
        if group is None:
            config["enable.auto.commit"] = False
        made = ConfluentConsumer(confluent_kafka.Consumer(config))
        self._made.append(made)
        if topics:
            made.subscribe(topics)
        return made

    def error_of(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, KafkaException) and error.args and isinstance(error.args[0], KafkaError):
            return {"error": name_of(error.args[0])}
        if isinstance(error, BufferError):
            return {"error": "BufferError"}
        return {"error": type(error).__name__}

    # Administration

    @property
    def admin(self) -> Any:
        """The library's admin client."""
        if self._shared_admin is None:
            self._shared_admin = confluent_admin.AdminClient(self._base)
        return self._shared_admin

    def create_topic(
        self,
        topic: str,
        partitions: int = 1,
        replication_factor: int = 1,
        configs: Mapping[str, str] | None = None,
    ) -> None:
        new = confluent_admin.NewTopic(topic, partitions, replication_factor, config=dict(configs or {}))
        _only(self.admin.create_topics([new]))

    def delete_topic(self, topic: str) -> None:
        _only(self.admin.delete_topics([topic]))

    def create_partitions(self, topic: str, total: int) -> None:
        _only(self.admin.create_partitions([confluent_admin.NewPartitions(topic, total)]))

    def describe_topic(self, topic: str) -> list[dict[str, Any]]:
        found = _only(self.admin.describe_topics(confluent_kafka.TopicCollection([topic])))
        return [
            {
                "partition": each.id,
                "leader": each.leader.id,
                "replicas": [node.id for node in each.replicas],
                "isr": sorted(node.id for node in each.isr),
            }
            for each in sorted(found.partitions, key=lambda each: each.id)
        ]

    def topic_configs(self, topic: str, names: Sequence[str]) -> dict[str, Any]:
        resource = confluent_admin.ConfigResource(confluent_admin.RESOURCE_TOPIC, topic)
        found = _only(self.admin.describe_configs([resource]))
        sources = {each.value: each.name for each in confluent_admin.ConfigSource}
        return {name: [found[name].value, sources.get(found[name].source, "?")] for name in names}

    def set_topic_config(self, topic: str, name: str, value: str) -> None:
        entry = confluent_admin.ConfigEntry(
            name, value, incremental_operation=confluent_admin.AlterConfigOpType.SET
        )
        resource = confluent_admin.ConfigResource(
            confluent_admin.RESOURCE_TOPIC, topic, incremental_configs=[entry]
        )
        _only(self.admin.incremental_alter_configs([resource]))

    def delete_records(self, partition: Partition, offset: int) -> int:
        low: int = _only(self.admin.delete_records([TopicPartition(*partition, offset)])).low_watermark
        return low

    def list_offset(self, partition: Partition, spec: int) -> list[int]:
        specs = {
            -1: confluent_admin.OffsetSpec.latest,
            -2: confluent_admin.OffsetSpec.earliest,
            -3: confluent_admin.OffsetSpec.max_timestamp,
        }
        wanted = specs[spec]() if spec in specs else confluent_admin.OffsetSpec.for_timestamp(spec)
        told = _only(self.admin.list_offsets({TopicPartition(*partition): wanted}))
        return [told.offset, told.timestamp]

    def describe_group(self, group: str) -> dict[str, Any]:
        told = _only(self.admin.describe_consumer_groups([group]))
        return {
            "state": told.state.name,
            "type": told.type.name,
            "protocol": told.partition_assignor,
            "members": len(told.members),
        }

    def delete_group(self, group: str) -> None:
        _only(self.admin.delete_consumer_groups([group]))

    def group_offsets(self, group: str) -> dict[str, int]:
        asked = [confluent_kafka.ConsumerGroupTopicPartitions(group)]
        found = _only(self.admin.list_consumer_group_offsets(asked)).topic_partitions
        return {f"{each.topic}[{each.partition}]": each.offset for each in sorted(found)}

    def set_group_offset(self, group: str, partition: Partition, offset: int) -> None:
        wanted = confluent_kafka.ConsumerGroupTopicPartitions(group, [TopicPartition(*partition, offset)])
        told = _only(self.admin.alter_consumer_group_offsets([wanted])).topic_partitions
        if told[0].error is not None:
            raise KafkaException(told[0].error)

    def close(self) -> None:
        for made in self._made:
            made.close()
        self._shared_admin = None


class ConfluentProducer:
    def __init__(self, client: ConfluentClient, producer: Any) -> None:
        self._client = client
        self._producer = producer

    def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> dict[str, Any]:
        outcome: list[dict[str, Any]] = []

        def delivered(error: Any, message: Any) -> None:
            if error is not None:
                outcome.append({"error": name_of(error)})
            else:
                outcome.append(
                    {
                        "partition": message.partition(),
                        "offset": message.offset(),
                        "timestamp": message.timestamp()[1],
                    }
                )

        options: dict[str, Any] = {}
        if partition is not None:
            options["partition"] = partition
        if timestamp_ms is not None:
            options["timestamp"] = timestamp_ms
        try:
            self._producer.produce(
                topic, value=value, key=key, headers=list(headers) or None, on_delivery=delivered, **options
            )
        except Exception as error:
            return self._client.error_of(error)
        self._producer.flush(_SEND_TIMEOUT_S)
        return outcome[0] if outcome else {"error": "no delivery report"}

    def send_all(self, topic: str, values: Iterable[bytes], partition: int = 0) -> list[Any]:
        outcomes: list[Any] = []
        for value in values:
            self._producer.produce(
                topic,
                value=value,
                partition=partition,
                on_delivery=lambda error, message: outcomes.append(
                    {"error": name_of(error)} if error is not None else message.offset()
                ),
            )
        self._producer.flush(_SEND_TIMEOUT_S)
        return outcomes

    def close(self) -> None:
        self._producer.flush(_SEND_TIMEOUT_S)
        self._producer.close()


class ConfluentConsumer:
    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._closed = False

    def subscribe(self, topics: Sequence[str]) -> None:
        self._consumer.subscribe(list(topics))

    def assign(self, partitions: Iterable[Partition]) -> None:
        self._consumer.assign([TopicPartition(*each) for each in partitions])

    def unsubscribe(self) -> None:
        self._consumer.unsubscribe()

    def read(self, count: int = 1, timeout_ms: int = 10_000) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + timeout_ms / 1000
        while len(found) < count and (left := deadline - time.monotonic()) > 0:
            message = self._consumer.poll(min(left, _POLL_S))
            if message is None:
                continue
            if message.error() is not None:
                raise KafkaException(message.error())
            found.append(_plain(message))
        return found

    def assignment(self) -> list[Partition]:
        return sorted((each.topic, each.partition) for each in self._consumer.assignment())

    def position(self, partition: Partition) -> int | None:
        [found] = self._consumer.position([TopicPartition(*partition)])
        return None if found.offset < 0 else found.offset

    def seek(self, partition: Partition, offset: int) -> None:
        self._consumer.seek(TopicPartition(*partition, offset))

    def pause(self, partition: Partition) -> None:
        self._consumer.pause([TopicPartition(*partition)])

    def resume(self, partition: Partition) -> None:
        self._consumer.resume([TopicPartition(*partition)])

    def commit(self, offsets: Mapping[Partition, int] | None = None) -> None:
        wanted = (
            {}
            if offsets is None
            else {"offsets": [TopicPartition(*each, offset) for each, offset in offsets.items()]}
        )
        for told in self._consumer.commit(asynchronous=False, **wanted):
            if told.error is not None:
                raise KafkaException(told.error)

    def committed(self, partition: Partition) -> int | None:
        [found] = self._consumer.committed([TopicPartition(*partition)], timeout=_CALL_TIMEOUT_S)
        return None if found.offset < 0 else found.offset

    def watermarks(self, partition: Partition) -> list[int]:
        return list(self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=_CALL_TIMEOUT_S))

    def offset_for_time(self, partition: Partition, timestamp_ms: int) -> int | None:
        asked = [TopicPartition(*partition, timestamp_ms)]
        [found] = self._consumer.offsets_for_times(asked, timeout=_CALL_TIMEOUT_S)
        return None if found.offset < 0 else found.offset

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._consumer.close()


def name_of(error: Any) -> str:
    """Kafka's name of a broker's error code; librdkafka's of its own errors."""
    try:
        return ErrorCode(error.code()).name
    except ValueError:
        return str(error.name())


def _dotted(options: Mapping[str, Any]) -> dict[str, Any]:
    dotted = {name.replace("_", "."): value for name, value in options.items()}
    return {_NAMES.get(name, name): value for name, value in dotted.items()}


def _only(futures: Mapping[Any, Any]) -> Any:
    """What the only future of an admin call gives, or raises."""
    [future] = futures.values()
    return future.result(_CALL_TIMEOUT_S)


def _plain(message: Any) -> dict[str, Any]:
    kind, timestamp = message.timestamp()
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": timestamp,
        "timestamp_type": kind,
        "key": text(message.key()),
        "value": text(message.value()),
        "headers": [[name, text(value)] for name, value in message.headers() or ()],
    }
