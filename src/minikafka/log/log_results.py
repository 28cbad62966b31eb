"""What appends to, reads of and look-ups in a log answer, and what a follower's append may raise.

Mirrors Kafka's LogAppendInfo, FetchDataInfo and TimestampAndOffset.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.errors import KafkaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.log.record_batch import RecordBatch


class UnexpectedAppendOffsetError(KafkaError):
    """A follower was given a batch below the end of its log.

    Args:
        message: what happened.
        first_offset: where the first batch given begins.
        last_offset: where the last batch given ends.
    """

    def __init__(self, message: str, first_offset: int, last_offset: int) -> None:
        super().__init__(message)
        self.first_offset = first_offset
        self.last_offset = last_offset


class OffsetsOutOfOrderError(KafkaError):
    """A follower was given batches whose offsets do not ascend."""


class LogAppendInfo:
    """What an append did.

    Args:
        first_offset: of the first record; of a duplicate, the offset it had the first time. -1 for no batch.
        last_offset: of the last record.
        log_append_time_ms: the time of the append on a LogAppendTime topic, of a duplicate the timestamp of
            the batch appended first, else -1.
        log_start_offset: where the log begins.
        duplicate: whether the batch was in the log already and nothing was appended.
        size_in_bytes: how much was appended.
    """

    __slots__ = (
        "duplicate",
        "first_offset",
        "last_offset",
        "log_append_time_ms",
        "log_start_offset",
        "size_in_bytes",
    )

    def __init__(
        self,
        first_offset: int,
        last_offset: int,
        log_append_time_ms: int,
        log_start_offset: int,
        duplicate: bool = False,
        size_in_bytes: int = 0,
    ) -> None:
        self.first_offset: int = first_offset
        self.last_offset: int = last_offset
        self.log_append_time_ms: int = log_append_time_ms
        self.log_start_offset: int = log_start_offset
        self.duplicate: bool = duplicate
        self.size_in_bytes: int = size_in_bytes

    def __repr__(self) -> str:
        kind = "duplicate of " if self.duplicate else ""
        return f"LogAppendInfo({kind}{self.first_offset}..{self.last_offset})"


class FetchDataInfo:
    """What a read found.

    Args:
        batches: whole batches; the first may begin before the offset asked for.
        size_in_bytes: of those batches.
        high_watermark: of the log at the time.
        last_stable_offset: of the log at the time.
        log_start_offset: of the log at the time.
        log_end_offset: of the log at the time.
        aborted_transactions: for "committed" reads those that overlap the batches, as (producer id, first
            offset); None for others.
    """

    __slots__ = (
        "aborted_transactions",
        "batches",
        "high_watermark",
        "last_stable_offset",
        "log_end_offset",
        "log_start_offset",
        "size_in_bytes",
    )

    def __init__(
        self,
        batches: list[RecordBatch],
        size_in_bytes: int,
        high_watermark: int,
        last_stable_offset: int,
        log_start_offset: int,
        log_end_offset: int,
        aborted_transactions: list[tuple[int, int]] | None,
    ) -> None:
        self.batches: list[RecordBatch] = batches
        self.size_in_bytes: int = size_in_bytes
        self.high_watermark: int = high_watermark
        self.last_stable_offset: int = last_stable_offset
        self.log_start_offset: int = log_start_offset
        self.log_end_offset: int = log_end_offset
        self.aborted_transactions: list[tuple[int, int]] | None = aborted_transactions


class TimestampAndOffset(NamedTuple):
    """The answer to a look-up by time; the epoch is -1 when it is not known."""

    timestamp: int
    offset: int
    leader_epoch: int
