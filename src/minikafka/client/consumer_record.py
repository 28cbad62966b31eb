"""`ConsumerRecord`: what `poll` hands to the application."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ConsumerRecord(NamedTuple):
    """A record consumed from a partition; kafka-python's fields in kafka-python's order.

    Attributes:
        topic: the record's topic.
        partition: the record's partition.
        leader_epoch: the epoch of the leader that appended it, -1 if unknown.
        offset: its offset within the partition.
        timestamp: ms since the Unix epoch; -1 without one.
        timestamp_type: 0 CreateTime, 1 LogAppendTime.
        key: the key, deserialized; None without one.
        value: the value, deserialized; None for a tombstone.
        headers: a list of (name, bytes) tuples.
        checksum: None: record batches carry no checksum per record.
        serialized_key_size: bytes of the key, -1 for None.
        serialized_value_size: bytes of the value, -1 for None.
        serialized_header_size: bytes of names and values together, -1 without headers.
    """

    topic: str
    partition: int
    leader_epoch: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: Any
    value: Any
    headers: list[tuple[str, bytes | None]]
    checksum: int | None
    serialized_key_size: int
    serialized_value_size: int
    serialized_header_size: int
