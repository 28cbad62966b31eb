"""One segment of a log: its batches, and the arrays by which offsets, positions and times are found.

Mirrors org.apache.kafka.storage.internals.log.LogSegment. Kafka indexes a segment every few kilobytes; here
every batch is in the index, so a look-up is a bisection. Offsets may be sparse.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.log.config import LogConfig
    from minikafka.log.record_batch import RecordBatch

_MAX_INT = 0x7FFFFFFF


class LogSegment:
    """Consecutive batches of a log.

    Args:
        base_offset: no batch in it begins below this.
        created_ms: when it was made.
        roll_jitter_ms: how much earlier than segment.ms it rolls.
    """

    __slots__ = (
        "_ends",
        "_last_offsets",
        "_max_timestamps",
        "base_offset",
        "batches",
        "created_ms",
        "last_modified_ms",
        "roll_jitter_ms",
    )

    def __init__(self, base_offset: int, created_ms: int, roll_jitter_ms: int = 0) -> None:
        self.base_offset: int = base_offset
        self.created_ms: int = created_ms
        self.last_modified_ms: int = created_ms
        self.roll_jitter_ms: int = roll_jitter_ms
        self.batches: list[RecordBatch] = []
        """In offset order; for reading only."""
        self._last_offsets = array("q")
        self._ends = array("q")
        self._max_timestamps = array("q")  # running maximum, so that it can be bisected

    @property
    def size(self) -> int:
        """Bytes of all its batches."""
        ends = self._ends
        return ends[-1] if ends else 0

    @property
    def max_timestamp(self) -> int:
        """The largest timestamp of its records in ms; -1 when there is none."""
        times = self._max_timestamps
        return times[-1] if times else -1

    @property
    def largest_timestamp(self) -> int:
        """The largest timestamp of its records, or when it was last written if they carry none."""
        largest = self.max_timestamp
        return largest if largest >= 0 else self.last_modified_ms

    def should_roll(self, batch: RecordBatch, config: LogConfig, now_ms: int) -> bool:
        """Whether a batch, by its size, its time or its last offset, belongs into a new segment."""
        if batch.last_offset - self.base_offset > _MAX_INT:
            return True
        batches = self.batches
        if not batches:
            return False
        first_timestamp = batches[0].max_timestamp
        waited_ms = (
            batch.max_timestamp - first_timestamp if first_timestamp >= 0 else now_ms - self.created_ms
        )
        return (
            waited_ms > config.segment_ms - self.roll_jitter_ms
            or self._ends[-1] > config.segment_bytes - batch.size_in_bytes
        )

    def append(self, batch: RecordBatch, now_ms: int) -> None:
        """Add a batch at the end."""
        times = self._max_timestamps
        ends = self._ends
        timestamp = batch.max_timestamp
        size = batch.size_in_bytes
        if times:
            latest = times[-1]
            times.append(timestamp if timestamp > latest else latest)
            ends.append(ends[-1] + size)
        else:
            times.append(timestamp)
            ends.append(size)
        self._last_offsets.append(batch.last_offset)
        self.batches.append(batch)
        self.last_modified_ms = now_ms

    def index_of(self, offset: int) -> int:
        """Index of the first batch that holds `offset` or lies after it; the number of batches if none."""
        return bisect_left(self._last_offsets, offset)

    def end_index(self, first: int, max_offset: int, max_bytes: int, min_one_message: bool) -> int:
        """Up to where a read from batch `first` goes: whole batches below `max_offset`, within `max_bytes`.

        Args:
            first: index of the first batch.
            max_offset: the first offset that may not be read.
            max_bytes: the most that may be read.
            min_one_message: whether the first batch comes even if it is larger than that.
        """
        limit = bisect_left(self._last_offsets, max_offset, first)
        if limit == first:
            return first
        ends = self._ends
        start = ends[first - 1] if first else 0
        end = bisect_right(ends, start + max_bytes, first, limit)
        return first + 1 if end == first and min_one_message else end

    def size_between(self, first: int, end: int) -> int:
        """Bytes of the batches from index `first` to `end` (exclusive)."""
        if end <= first:
            return 0
        ends = self._ends
        return ends[end - 1] - ends[first - 1] if first else ends[end - 1]

    def index_of_timestamp(self, timestamp: int) -> int:
        """Index of the first batch with a record at least this late; the number of batches if none."""
        return bisect_left(self._max_timestamps, timestamp)

    def truncate_to(self, offset: int, now_ms: int) -> None:
        """Drop every batch that holds `offset` or lies after it."""
        keep = self.index_of(offset)
        del self.batches[keep:], self._last_offsets[keep:], self._ends[keep:], self._max_timestamps[keep:]
        if not keep:
            self.created_ms = now_ms

    def _check(self) -> None:
        batches = self.batches
        assert len(batches) == len(self._last_offsets) == len(self._ends) == len(self._max_timestamps)
        previous, end, latest = self.base_offset - 1, 0, -(1 << 62)
        for at, batch in enumerate(batches):
            assert batch.base_offset > previous, (batch, previous)
            assert batch.last_offset == batch.base_offset + batch.last_offset_delta == self._last_offsets[at]
            assert batch.last_offset >= batch.base_offset
            assert self._ends[at] > end
            latest = max(latest, batch.max_timestamp)
            assert self._max_timestamps[at] == latest
            previous, end = batch.last_offset, self._ends[at]

    def __repr__(self) -> str:
        return f"LogSegment(base_offset={self.base_offset}, {len(self.batches)} batches, {self.size} bytes)"
