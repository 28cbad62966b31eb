"""Records of one partition on their way: collected, sent as one `RecordBatch`, completed together.

A batch keeps nothing per record but the record itself; futures look their outcome up here when asked.
"""

from __future__ import annotations

from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol

    from minikafka.client.producer_future import FutureRecordMetadata
    from minikafka.log.record_batch import RecordBatch, RecordTuple
    from minikafka.structs import TopicPartition

    class BatchOwner(Protocol):
        """What a future needs of the producer that made it."""

        def wait_for(self, future: FutureRecordMetadata, timeout_ms: float | None) -> bool:
            """Block until the record has its outcome (True) or the time is over (False)."""
            ...

        def settle(self) -> None:
            """Let everything happen that can happen without time passing."""
            ...

        def timed_out(self, timeout: float | None) -> BaseException:
            """What `get` raises when its time is over."""
            ...


BATCH_OVERHEAD = 61
"""Bytes of an encoded batch before its records (DefaultRecordBatch.RECORD_BATCH_OVERHEAD)."""

MAX_RECORD_OVERHEAD = 21
"""The most a record can need besides its key, value and headers (DefaultRecord.MAX_RECORD_OVERHEAD)."""

_ONE_BYTE_DELTAS = 64
"""The first so many offset deltas of a batch encode in one byte; `room` counts two for each."""
_TWO_BYTE_DELTAS = 8192


def varint_size(value: int) -> int:
    """Bytes of a zigzag varint."""
    if -64 <= value < 64:
        return 1
    if -8192 <= value < 8192:
        return 2
    zigzag = (value << 1) ^ (value >> 63)
    return (zigzag.bit_length() + 6) // 7


def content_size(key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...]) -> int:
    """Bytes of a record's key, value and headers with their lengths (DefaultRecord.sizeOf)."""
    size = 1 if key is None else varint_size(len(key)) + len(key)
    size += 1 if value is None else varint_size(len(value)) + len(value)
    if not headers:
        return size + 1
    size += varint_size(len(headers))
    for name, data in headers:
        encoded = len(name.encode())
        size += varint_size(encoded) + encoded
        size += varint_size(len(data)) + len(data)
    return size


class ProducerBatch:
    """A batch from its first record to its acknowledgement.

    Attributes:
        room: bytes that are left; counted down by the exact size of each record, except that every offset
            delta counts as two bytes at least (`size_in_bytes` corrects that).
        timestamp: of the first record (ms), from which the others count.
        done: whether the outcome is known.
        error: what the batch failed with, in the user's exception classes.
        children: the halves into which a batch that was too large has been split.
    """

    __slots__ = (
        "append_time_ms",
        "attempts",
        "base_offset",
        "callbacks",
        "children",
        "created_ms",
        "done",
        "drained_ms",
        "encoded",
        "error",
        "leader_changed",
        "max_timestamp",
        "memory",
        "owner",
        "promise",
        "ready_ms",
        "record_errors",
        "records",
        "room",
        "room_at_start",
        "timestamp",
        "tp",
    )

    def __init__(
        self, owner: BatchOwner, tp: TopicPartition, room: int, timestamp: int, created_ms: int, ready_ms: int
    ) -> None:
        self.owner: BatchOwner = owner
        self.tp: TopicPartition = tp
        self.records: list[RecordTuple] = []
        self.room: int = room
        self.room_at_start: int = room
        self.timestamp: int = timestamp
        self.max_timestamp: int = timestamp
        self.created_ms: int = created_ms
        self.ready_ms: int = ready_ms
        self.attempts: int = 0
        self.drained_ms: int = -1
        self.leader_changed: bool = False
        self.memory: int = 0
        self.encoded: RecordBatch | None = None
        self.done: bool = False
        self.base_offset: int = -1
        self.append_time_ms: int = -1
        self.error: BaseException | None = None
        self.record_errors: dict[int, BaseException] | None = None
        self.callbacks: list[tuple[int, Callable[[], object]]] | None = None
        self.promise: Promise[None] | None = None
        self.children: list[tuple[int, ProducerBatch]] | None = None

    @property
    def record_count(self) -> int:
        """How many records it holds."""
        return len(self.records)

    @property
    def size_in_bytes(self) -> int:
        """The size it would have encoded, uncompressed; exact up to 8192 records, then a little less."""
        return BATCH_OVERHEAD + self.room_at_start - self.room - min(len(self.records), _ONE_BYTE_DELTAS)

    @property
    def size_is_exact(self) -> bool:
        """Whether `size_in_bytes` is exact."""
        return len(self.records) <= _TWO_BYTE_DELTAS

    def room_needed(self, timestamp: int, content: int) -> int:
        """How much of `room` the next record will take, given its `content_size`."""
        index = len(self.records)
        body = 1 + varint_size(timestamp - self.timestamp) + varint_size(index) + content
        return body + varint_size(body) + (1 if index < _ONE_BYTE_DELTAS else 0)

    def add(
        self,
        timestamp: int,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...],
        needed: int,
    ) -> int:
        """Append a record; its index in the batch."""
        index = len(self.records)
        self.room -= needed
        self.max_timestamp = max(self.max_timestamp, timestamp)
        self.records.append((index, timestamp, key, value, headers))
        return index

    def completion(self) -> Promise[None]:
        """Kept once the batch is done and its callbacks have run (or it was split)."""
        promise = self.promise
        if promise is None:
            promise = self.promise = Promise()
            if self.children is not None or (self.done and not self.callbacks):
                promise.set_result(None)
        return promise

    def release(self) -> None:
        """Let those who wait for the completion go on."""
        if self.promise is not None and not self.promise.done():
            self.promise.set_result(None)

    def error_of(self, index: int) -> BaseException | None:
        """The exception of one record of a batch that is done, or None if it was written."""
        if self.record_errors is not None and index in self.record_errors:
            return self.record_errors[index]
        return self.error

    def leaf(self, index: int) -> tuple[ProducerBatch, int]:
        """Where a record is now: here, or in one of the batches this one was split into."""
        batch = self
        while batch.children is not None:
            for start, child in reversed(batch.children):
                if index >= start:
                    batch, index = child, index - start
                    break
        return batch, index

    def take_callbacks(self) -> Iterator[Callable[[], object]]:
        """The callbacks in the order of the records, those of one record in the order added."""
        callbacks, self.callbacks = self.callbacks or [], None
        callbacks.sort(key=lambda entry: entry[0])
        return (callback for _, callback in callbacks)

    def record_metadata(self, index: int) -> tuple[Any, ...]:
        """The fields of `RecordMetadata` after the topic partition, for a record that was written."""
        _, timestamp, key, value, headers = self.records[index]
        return (
            self.base_offset + index if self.base_offset != -1 else -1,
            self.append_time_ms if self.append_time_ms != -1 else timestamp,
            None,
            -1 if key is None else len(key),
            -1 if value is None else len(value),
            sum(len(name.encode()) + len(data or b"") for name, data in headers) if headers else -1,
        )

    def __repr__(self) -> str:
        return f"<ProducerBatch {self.tp.topic}-{self.tp.partition}, {len(self.records)} records>"
