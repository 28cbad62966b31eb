"""What became of an append or a deletion on one partition."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.errors import KafkaError


class AppendResult:
    """What became of the batches for one partition.

    Args:
        error: why they were not appended, or not acknowledged; None if all went well.
        base_offset: of the first record; -1 if nothing was appended.
        log_append_time_ms: the time of the append on a LogAppendTime topic, else -1.
        log_start_offset: where the log begins; -1 if that is not known.
        record_errors: (index in the batch, message) for each record that was found wrong.
    """

    __slots__ = ("base_offset", "error", "log_append_time_ms", "log_start_offset", "record_errors")

    def __init__(
        self,
        error: KafkaError | None,
        base_offset: int = -1,
        log_append_time_ms: int = -1,
        log_start_offset: int = -1,
        record_errors: tuple[tuple[int, str], ...] = (),
    ) -> None:
        self.error: KafkaError | None = error
        self.base_offset: int = base_offset
        self.log_append_time_ms: int = log_append_time_ms
        self.log_start_offset: int = log_start_offset
        self.record_errors: tuple[tuple[int, str], ...] = record_errors

    def __repr__(self) -> str:
        return f"AppendResult(error={self.error!r}, base_offset={self.base_offset})"


class DeleteResult:
    """What became of a deletion of records.

    Args:
        error: why it failed, or why not every replica has followed; None if all went well.
        low_watermark: the smallest log start offset of the live replicas; -1 if it is not known.
    """

    __slots__ = ("error", "low_watermark")

    def __init__(self, error: KafkaError | None, low_watermark: int = -1) -> None:
        self.error: KafkaError | None = error
        self.low_watermark: int = low_watermark

    def __repr__(self) -> str:
        return f"DeleteResult(error={self.error!r}, low_watermark={self.low_watermark})"
