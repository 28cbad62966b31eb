"""The client port: what scenarios do with a client, whichever library it is; observations are plain data.

Options have Kafka's names with underscores, as keyword arguments: ``acks="all"``, ``auto_offset_reset="earliest"``.
A partition is a pair (topic, index). What a client raises is told by `Client.error_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

Partition = tuple[str, int]

KAFKA_PYTHON, CONFLUENT, RAW = "kafka-python", "confluent", "raw"
CLIENTS = (KAFKA_PYTHON, CONFLUENT)


class Producer(Protocol):
    """Sends records."""

    def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> dict[str, Any]:
        """Send one record and wait: ``{"partition", "offset"}`` or ``{"error"}``."""

    def send_all(self, topic: str, values: Iterable[bytes], partition: int = 0) -> list[Any]:
        """Send records together, and wait: the offset, or the error, of each."""

    def close(self) -> None: ...


class Consumer(Protocol):
    """Reads records."""

    def subscribe(self, topics: Sequence[str]) -> None: ...
    def assign(self, partitions: Iterable[Partition]) -> None: ...
    def unsubscribe(self) -> None: ...

    def read(self, count: int = 1, timeout_ms: int = 10_000) -> list[dict[str, Any]]:
        """Poll until `count` records are there or the time is over; an error of a record ends it."""

    def assignment(self) -> list[Partition]: ...
    def position(self, partition: Partition) -> int | None: ...
    def seek(self, partition: Partition, offset: int) -> None: ...
    def pause(self, partition: Partition) -> None: ...
    def resume(self, partition: Partition) -> None: ...

    def commit(self, offsets: Mapping[Partition, int] | None = None) -> None:
        """Commit these offsets, or the positions, and wait."""

    def committed(self, partition: Partition) -> int | None: ...

    def watermarks(self, partition: Partition) -> list[int]:
        """The log's start and its end, as the broker tells them."""

    def offset_for_time(self, partition: Partition, timestamp_ms: int) -> int | None:
        """The first offset at or after a time; None if there is none."""

    def close(self) -> None: ...


class Client(Protocol):
    """One client library, connected to one cluster."""

    name: str
    """``"kafka-python"`` or ``"confluent"``."""

    def producer(self, **options: Any) -> Producer: ...

    def consumer(self, *topics: str, group: str | None = None, **options: Any) -> Consumer:
        """A consumer; with topics it is subscribed to them."""

    def error_of(self, error: BaseException) -> dict[str, Any]:
        """``{"error": Kafka's name of the code, or the client's own name}``."""

    # Administration: what goes wrong is raised.

    def create_topic(
        self,
        topic: str,
        partitions: int = 1,
        replication_factor: int = 1,
        configs: Mapping[str, str] | None = None,
    ) -> None: ...
    def delete_topic(self, topic: str) -> None: ...
    def create_partitions(self, topic: str, total: int) -> None: ...
    def describe_topic(self, topic: str) -> list[dict[str, Any]]: ...
    def topic_configs(self, topic: str, names: Sequence[str]) -> dict[str, Any]: ...
    def set_topic_config(self, topic: str, name: str, value: str) -> None: ...
    def delete_records(self, partition: Partition, offset: int) -> int:
        """Delete what lies before; the new low watermark."""

    def list_offset(self, partition: Partition, spec: int) -> list[int]:
        """``[offset, timestamp]`` of a spec: -1 latest, -2 earliest, -3 max timestamp, or a time in ms."""

    def describe_group(self, group: str) -> dict[str, Any]: ...
    def delete_group(self, group: str) -> None: ...
    def group_offsets(self, group: str) -> dict[str, int]: ...
    def set_group_offset(self, group: str, partition: Partition, offset: int) -> None: ...
    def close(self) -> None: ...
