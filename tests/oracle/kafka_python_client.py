"""The client port over kafka-python 3, and over minikafka's own clients, which have the same face."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING

from tests.oracle.clients import KAFKA_PYTHON
from tests.oracle.clusters import IN_PROCESS
from tests.oracle.observe import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from tests.oracle.clients import Partition
    from tests.oracle.clusters import Cluster

_ASSIGNORS = {
    "range": ("range", "RangePartitionAssignor"),
    "roundrobin": ("roundrobin", "RoundRobinPartitionAssignor"),
    "sticky": ("sticky", "StickyPartitionAssignor"),
    "cooperative-sticky": ("cooperative_sticky", "CooperativeStickyAssignor"),
}
_SEND_TIMEOUT_S = 30
_SPECS = {-1: "LATEST", -2: "EARLIEST", -3: "MAX_TIMESTAMP"}


class KafkaPythonClient:
    """kafka-python's clients of one cluster, or minikafka's.

    Args:
        cluster: where to connect to.
        package: ``"kafka"`` or ``"minikafka"``: whose classes are used.
    """

    name = KAFKA_PYTHON

    def __init__(self, cluster: Cluster, package: str) -> None:
        self._cluster = cluster
        self._servers = cluster.bootstrap_servers
        self._package = import_module(package)
        self._types = import_module(f"{package}.admin")
        self._structs = import_module(f"{package}.structs")
        self._made: list[Any] = []
        self._shared_admin: Any = None

    def producer(self, **options: Any) -> KafkaPythonProducer:
        made = KafkaPythonProducer(
            self, self._package.KafkaProducer(bootstrap_servers=self._servers, **options)
        )
        self._made.append(made)
        return made

    def consumer(self, *topics: str, group: str | None = None, **options: Any) -> KafkaPythonConsumer:
        strategies = options.pop("partition_assignment_strategy", None)
        if strategies is not None:
            options["partition_assignment_strategy"] = [_assignor(name) for name in strategies]
        options = {"fetch_max_wait_ms": 100, "retry_backoff_ms": 20, **options}
        consumer = self._package.KafkaConsumer(
            *topics, bootstrap_servers=self._servers, group_id=group, **options
        )
        for topic in topics:
            # kafka-python 3.0.12 may join a group before it knows a topic, and then never divide it if it is
            # polled for short times only.
            consumer.partitions_for_topic(topic)
        made = KafkaPythonConsumer(self, consumer)
        self._made.append(made)
        return made

    def error_of(self, error: BaseException) -> dict[str, Any]:
        return {"error": type(error).__name__}

    def partition(self, partition: Partition) -> Any:
        """As the library wants it."""
        return self._package.TopicPartition(*partition)

    def committable(self, offset: int) -> Any:
        """An offset to commit, as the library wants it."""
        return self._structs.OffsetAndMetadata(offset, "", -1)

    def deadline(self, timeout_ms: int) -> float:
        """A moment by the clock that the clients live by."""
        return self.now_ms() + timeout_ms

    def now_ms(self) -> float:
        """Virtual time in process, else a monotonic clock."""
        return self._cluster.now_ms() if self._cluster.kind == IN_PROCESS else time.monotonic() * 1000

    # Administration

    @property
    def admin(self) -> Any:
        """The library's admin client."""
        if self._shared_admin is None:
            self._shared_admin = self._package.KafkaAdminClient(bootstrap_servers=self._servers)
        return self._shared_admin

    def create_topic(
        self,
        topic: str,
        partitions: int = 1,
        replication_factor: int = 1,
        configs: Mapping[str, str] | None = None,
    ) -> None:
        wanted = {
            "num_partitions": partitions,
            "replication_factor": replication_factor,
            "configs": dict(configs or {}),
        }
        self.admin.create_topics({topic: wanted}, wait_for_metadata=True)

    def delete_topic(self, topic: str) -> None:
        self.admin.delete_topics([topic])

    def create_partitions(self, topic: str, total: int) -> None:
        self.admin.create_partitions({topic: total})

    def describe_topic(self, topic: str) -> list[dict[str, Any]]:
        [found] = self.admin.describe_topics([topic])
        return [
            {
                "partition": each["partition_index"],
                "leader": each["leader_id"],
                "replicas": list(each["replica_nodes"]),
                "isr": sorted(each["isr_nodes"]),
            }
            for each in sorted(found["partitions"], key=lambda each: each["partition_index"])
        ]

    def topic_configs(self, topic: str, names: Sequence[str]) -> dict[str, Any]:
        resource = self._types.ConfigResource("topic", topic)
        found = self.admin.describe_configs([resource], config_filter="all")["topic"][topic]
        return {name: [found[name]["value"], str(found[name]["config_source"])] for name in names}

    def set_topic_config(self, topic: str, name: str, value: str) -> None:
        self.admin.alter_configs([self._types.ConfigResource("topic", topic, {name: value})])

    def delete_records(self, partition: Partition, offset: int) -> int:
        [told] = self.admin.delete_records({self.partition(partition): offset}).values()
        low: int = told["low_watermark"]
        return low

    def list_offset(self, partition: Partition, spec: int) -> list[int]:
        wanted = getattr(self._types.OffsetSpec, _SPECS[spec]) if spec in _SPECS else spec
        [told] = self.admin.list_partition_offsets({self.partition(partition): wanted}).values()
        return [told.offset, told.timestamp]

    def describe_group(self, group: str) -> dict[str, Any]:
        told = self.admin.describe_groups([group])[group]
        return {
            "state": str(told["group_state"]),
            "type": told["protocol_type"],
            "protocol": told["protocol_data"],
            "members": len(told["members"]),
        }

    def delete_group(self, group: str) -> None:
        [told] = self.admin.delete_groups([group]).values()
        if told != "OK":
            raise _NamedError(told)

    def group_offsets(self, group: str) -> dict[str, int]:
        found = self.admin.list_group_offsets({group: None})[group]
        return {f"{topic}[{index}]": told.offset for (topic, index), told in sorted(found.items())}

    def set_group_offset(self, group: str, partition: Partition, offset: int) -> None:
        wanted = {self.partition(partition): self.committable(offset)}
        [error] = self.admin.alter_group_offsets(group, wanted).values()
        if getattr(error, "errno", 0):
            raise error

    def close(self) -> None:
        for made in self._made:
            made.close()
        if self._shared_admin is not None:
            self._shared_admin.close()


class _NamedError(Exception):
    """An error that the library tells by name instead of raising it."""


class KafkaPythonProducer:
    def __init__(self, client: KafkaPythonClient, producer: Any) -> None:
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
        try:
            future = self._producer.send(
                topic,
                value=value,
                key=key,
                partition=partition,
                timestamp_ms=timestamp_ms,
                headers=list(headers) or None,
            )
            told = future.get(timeout=_SEND_TIMEOUT_S)
        except Exception as error:
            return self._client.error_of(error)
        return {"partition": told.partition, "offset": told.offset, "timestamp": told.timestamp}

    def send_all(self, topic: str, values: Iterable[bytes], partition: int = 0) -> list[Any]:
        futures = [self._producer.send(topic, value=value, partition=partition) for value in values]
        outcomes: list[Any] = []
        for future in futures:
            try:
                outcomes.append(future.get(timeout=_SEND_TIMEOUT_S).offset)
            except Exception as error:
                outcomes.append(self._client.error_of(error))
        return outcomes

    def close(self) -> None:
        self._producer.close()


class KafkaPythonConsumer:
    def __init__(self, client: KafkaPythonClient, consumer: Any) -> None:
        self._client = client
        self._consumer = consumer

    def subscribe(self, topics: Sequence[str]) -> None:
        self._consumer.subscribe(list(topics))

    def assign(self, partitions: Iterable[Partition]) -> None:
        self._consumer.assign([self._client.partition(each) for each in partitions])

    def unsubscribe(self) -> None:
        self._consumer.unsubscribe()

    def read(self, count: int = 1, timeout_ms: int = 10_000) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        deadline = self._client.deadline(timeout_ms)
        while len(found) < count and (left := deadline - self._client.now_ms()) > 0:
            polled = self._consumer.poll(timeout_ms=left, max_records=count - len(found))
            found += [_plain(record) for records in polled.values() for record in records]
        return found

    def assignment(self) -> list[Partition]:
        return sorted((each.topic, each.partition) for each in self._consumer.assignment())

    def position(self, partition: Partition) -> int | None:
        position: int | None = self._consumer.position(self._client.partition(partition), timeout_ms=10_000)
        return position

    def seek(self, partition: Partition, offset: int) -> None:
        self._consumer.seek(self._client.partition(partition), offset)

    def pause(self, partition: Partition) -> None:
        self._consumer.pause(self._client.partition(partition))

    def resume(self, partition: Partition) -> None:
        self._consumer.resume(self._client.partition(partition))

    def commit(self, offsets: Mapping[Partition, int] | None = None) -> None:
        if offsets is None:
            self._consumer.commit()
            return
        client = self._client
        self._consumer.commit(
            {client.partition(each): client.committable(offset) for each, offset in offsets.items()}
        )

    def committed(self, partition: Partition) -> int | None:
        offset: int | None = self._consumer.committed(self._client.partition(partition))
        return offset

    def watermarks(self, partition: Partition) -> list[int]:
        which = self._client.partition(partition)
        return [self._consumer.beginning_offsets([which])[which], self._consumer.end_offsets([which])[which]]

    def offset_for_time(self, partition: Partition, timestamp_ms: int) -> int | None:
        [found] = self._consumer.offsets_for_times({self._client.partition(partition): timestamp_ms}).values()
        return None if found is None else found.offset

    def close(self) -> None:
        self._consumer.close()


def _assignor(name: str) -> type:
    """kafka-python's class; minikafka takes it for its own."""
    module, cls = _ASSIGNORS[name]
    found: type = getattr(import_module(f"kafka.coordinator.assignors.{module}"), cls)
    return found


def _plain(record: Any) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "timestamp_type": record.timestamp_type,
        "key": text(record.key),
        "value": text(record.value),
        "headers": [[name, text(value)] for name, value in record.headers],
    }
