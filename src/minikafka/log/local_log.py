"""The segments of a log: rolling, finding, reading, truncating, dropping from the front.

Mirrors kafka.log.LocalLog. It knows no producers, no epochs and no high watermark.
"""

from __future__ import annotations

from bisect import bisect_right

from minikafka.errors import OffsetOutOfRangeError
from minikafka.log.segment import LogSegment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from minikafka.log.config import LogConfig
    from minikafka.log.record_batch import RecordBatch
    from minikafka.structs import TopicPartition


class ReadSlice:
    """Batches of one segment, and where the next read would go on."""

    __slots__ = ("batches", "next_offset", "size_in_bytes")

    def __init__(self, batches: list[RecordBatch], size_in_bytes: int, next_offset: int) -> None:
        self.batches: list[RecordBatch] = batches
        self.size_in_bytes: int = size_in_bytes
        self.next_offset: int = next_offset


class LocalLog:
    """The segments; there is always one, and the last is the active one.

    Args:
        topic_partition: for messages.
        config: when to roll.
        random: draws the roll jitter, if segment.jitter.ms asks for any.
    """

    __slots__ = ("_bases", "_random", "_topic_partition", "config", "log_end_offset", "segments")

    def __init__(self, topic_partition: TopicPartition, config: LogConfig, random: Random | None) -> None:
        self._topic_partition = topic_partition
        self._random = random
        self.config: LogConfig = config
        self.log_end_offset: int = 0
        self.segments: list[LogSegment] = []
        self._bases: list[int] = []
        self._add_segment(0, 0)

    @property
    def size_in_bytes(self) -> int:
        """Bytes of all segments."""
        return sum(segment.size for segment in self.segments)

    def _add_segment(self, base_offset: int, now_ms: int) -> LogSegment:
        config = self.config
        jitter = min(config.segment_jitter_ms, config.segment_ms)
        roll_jitter_ms = self._random.randrange(jitter) if jitter > 0 and self._random is not None else 0
        segment = LogSegment(base_offset, now_ms, roll_jitter_ms)
        self.segments.append(segment)
        self._bases.append(base_offset)
        return segment

    def roll(self, expected_next_offset: int, now_ms: int) -> LogSegment:
        """Begin a new active segment at `expected_next_offset`, but not below the log's end."""
        base_offset = max(expected_next_offset, self.log_end_offset)
        active = self.segments[-1]
        if active.base_offset == base_offset and not active.batches:
            self.segments.pop()
            self._bases.pop()
        return self._add_segment(base_offset, now_ms)

    def append(self, batch: RecordBatch, now_ms: int) -> None:
        """Add a batch, with its final offsets, to the active segment."""
        self.segments[-1].append(batch, now_ms)
        self.log_end_offset = batch.last_offset + 1

    def read(
        self, start_offset: int, max_bytes: int, min_one_message: bool, max_offset: int
    ) -> ReadSlice | None:
        """Batches from `start_offset` on, below `max_offset`; like Kafka never beyond the end of one segment.

        Returns:
            None when there is nothing there.

        Raises:
            OffsetOutOfRangeError: `start_offset` is beyond the end of the log, or before its first segment.
        """
        at = bisect_right(self._bases, start_offset) - 1
        if start_offset > self.log_end_offset or at < 0:
            raise OffsetOutOfRangeError(
                f"Received request for offset {start_offset} for partition {self._topic_partition[0]}-"
                f"{self._topic_partition[1]}, but we only have log segments upto {self.log_end_offset}."
            )
        if start_offset >= max_offset:
            return None
        segments = self.segments
        while at < len(segments):
            segment = segments[at]
            first = segment.index_of(start_offset)
            batches = segment.batches
            if first < len(batches):
                end = segment.end_index(first, max_offset, max_bytes, min_one_message)
                if end < len(batches):
                    next_offset = batches[end].base_offset
                elif at + 1 < len(segments):
                    next_offset = segments[at + 1].base_offset
                else:
                    next_offset = self.log_end_offset
                return ReadSlice(batches[first:end], segment.size_between(first, end), next_offset)
            at += 1
        return None

    def iterate(self, from_offset: int, to_offset: int) -> Iterator[RecordBatch]:
        """The batches that hold an offset from `from_offset` to `to_offset` (exclusive)."""
        at = max(bisect_right(self._bases, from_offset) - 1, 0)
        for segment in self.segments[at:]:
            for batch in segment.batches[segment.index_of(from_offset) :]:
                if batch.base_offset >= to_offset:
                    return
                yield batch

    def truncate_to(self, offset: int, now_ms: int) -> None:
        """Drop every batch that holds `offset` or lies after it; the log then ends at `offset`."""
        while len(self.segments) > 1 and self._bases[-1] > offset:
            self.segments.pop()
            self._bases.pop()
        self.segments[-1].truncate_to(offset, now_ms)
        self.log_end_offset = offset

    def truncate_fully_and_start_at(self, offset: int, now_ms: int) -> None:
        """Drop everything and go on at `offset`."""
        self.segments.clear()
        self._bases.clear()
        self.log_end_offset = offset
        self._add_segment(offset, now_ms)

    def drop_first(self, count: int) -> None:
        """Drop the oldest segments; at least one must stay."""
        assert count < len(self.segments)
        del self.segments[:count], self._bases[:count]

    def _check(self) -> None:
        assert self.segments
        assert self._bases == [segment.base_offset for segment in self.segments]
        assert all(a < b for a, b in zip(self._bases, self._bases[1:])), self._bases
        previous = -1
        for segment in self.segments:
            segment._check()
            if segment.batches:
                assert segment.batches[0].base_offset > previous
                previous = segment.batches[-1].last_offset
        assert previous < self.log_end_offset
        assert self._bases[-1] <= self.log_end_offset
