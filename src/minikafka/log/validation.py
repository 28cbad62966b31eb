"""What a leader demands of a batch before it appends it.

Mirrors org.apache.kafka.storage.internals.log.LogValidator and the checks of UnifiedLog.append.

Simplification: the records of a batch that came as bytes are looked at only if something depends on them (a
compacted topic, a limit on old timestamps, another codec), but there cannot be more of them than bytes for them;
Kafka decompresses and walks every batch, and takes the largest timestamp from the records rather than from the header.
"""

from __future__ import annotations

from minikafka.errors import InvalidRecordError, InvalidTimestampError, MessageSizeTooLargeError
from minikafka.log.config import MAX_LONG
from minikafka.log.record_batch import (
    BATCH_OVERHEAD,
    LOG_APPEND_TIME,
    MAX_DECOMPRESSED_BYTES,
    NO_TIMESTAMP,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.log.config import LogConfig
    from minikafka.log.producer_state import Origin
    from minikafka.log.record_batch import RecordBatch
    from minikafka.structs import TopicPartition

_SMALLEST_RECORD = 7
"""Bytes: a record's size, attributes, deltas of timestamp and offset, sizes of key and value, number of headers."""


class RecordError:
    """What is wrong with one record of a batch.

    Args:
        batch_index: the record's place in its batch.
        message: what is wrong.
    """

    __slots__ = ("batch_index", "message")

    def __init__(self, batch_index: int, message: str) -> None:
        self.batch_index: int = batch_index
        self.message: str = message

    def __repr__(self) -> str:
        return f"RecordError(batchIndex={self.batch_index}, message={self.message!r})"


class InvalidRecordsError(InvalidRecordError):
    """INVALID_RECORD with the records that caused it (Kafka's RecordValidationException)."""

    def __init__(self, message: str, record_errors: list[RecordError]) -> None:
        super().__init__(message)
        self.record_errors = record_errors


class InvalidTimestampsError(InvalidTimestampError):
    """INVALID_TIMESTAMP with the records that caused it (Kafka's RecordValidationException)."""

    def __init__(self, message: str, record_errors: list[RecordError]) -> None:
        super().__init__(message)
        self.record_errors = record_errors


def record_errors_of(error: BaseException) -> list[RecordError]:
    """The record errors that an exception carries; none for most."""
    return error.record_errors if isinstance(error, (InvalidRecordsError, InvalidTimestampsError)) else []


def validate_batch(
    batch: RecordBatch, config: LogConfig, topic_partition: TopicPartition, origin: Origin, now_ms: int
) -> RecordBatch:
    """Check a batch that is to be appended by the leader.

    Returns:
        the batch under the topic's codec: itself, or its records in a new one.

    Raises:
        MessageSizeTooLargeError: it is larger than max.message.bytes.
        InvalidRecordError: a client's batch with a base offset, an impossible count, control records or no
            sequence; a record without a key on a compacted topic.
        InvalidTimestampError: a record's timestamp is too far from the broker's time.
    """
    is_client = origin == "client"
    if is_client and batch.base_offset != 0:
        raise InvalidRecordError(
            f"The baseOffset of the record batch in the append to {_name(topic_partition)} should be 0, but it is "
            f"{batch.base_offset}"
        )
    if batch.size_in_bytes > config.max_message_bytes:
        _check_size(batch, config, topic_partition)
    if is_client:
        _check_client_batch(batch, topic_partition)
    if config.concerns_records or batch.max_timestamp - now_ms > config.message_timestamp_after_max_ms:
        _check_records(batch, config, _name(topic_partition), now_ms)
    codec = config.compression
    if codec is None or codec == batch.compression:
        return batch
    converted = batch.with_compression(codec)
    if converted.size_in_bytes > config.max_message_bytes:
        _check_size(converted, config, topic_partition)
    return converted


def _name(topic_partition: TopicPartition) -> str:
    return f"{topic_partition[0]}-{topic_partition[1]}"


def _check_size(batch: RecordBatch, config: LogConfig, topic_partition: TopicPartition) -> None:
    """Look again at a batch that seems too large."""
    limit = config.max_message_bytes
    # A compressed batch of an in-process client counts as uncompressed until it must be known exactly.
    size = len(batch.encode()) if batch.compression else batch.size_in_bytes
    if size > limit:
        raise MessageSizeTooLargeError(
            f"The record batch size in the append to {_name(topic_partition)} is {size} bytes which exceeds the "
            f"maximum configured value of {limit} (max.message.bytes)."
        )


def _check_client_batch(batch: RecordBatch, topic_partition: TopicPartition) -> None:
    span = batch.last_offset_delta + 1
    if span <= 0:
        raise InvalidRecordError(
            f"Batch has an invalid offset range: [{batch.base_offset}, {batch.last_offset}] in topic "
            f"partition {_name(topic_partition)}"
        )
    if batch.record_count <= 0:
        raise InvalidRecordError(
            f"Invalid reported count for record batch: {batch.record_count} in topic partition {_name(topic_partition)}"
        )
    if span != batch.record_count:
        raise InvalidRecordError(
            f"Inconsistent batch offset range [{batch.base_offset}, {batch.last_offset}] and count of "
            "records "
            f"{batch.record_count} in topic partition {_name(topic_partition)}"
        )
    if batch.is_control:
        raise InvalidRecordError(
            f"Clients are not allowed to write control records in topic partition {_name(topic_partition)}"
        )
    if batch.producer_id >= 0 and batch.base_sequence < 0:
        raise InvalidRecordError(
            f"Invalid sequence number {batch.base_sequence} in record batch with producerId {batch.producer_id} in "
            f"topic partition {_name(topic_partition)}"
        )
    size = MAX_DECOMPRESSED_BYTES if batch.compression else batch.size_in_bytes - BATCH_OVERHEAD
    if batch.record_count * _SMALLEST_RECORD > size:
        raise InvalidRecordError("Incorrect declared batch size, premature EOF reached")


def _check_records(batch: RecordBatch, config: LogConfig, name: str, now_ms: int) -> None:
    """Find out by the header whether any record can be wrong; only then walk the records."""
    if config.compact and any(record[2] is None for record in batch.records):
        _raise_record_errors(batch, config, name, now_ms)
    if config.log_append_time:
        if batch.timestamp_type == LOG_APPEND_TIME:
            _raise_record_errors(batch, config, name, now_ms)
    elif batch.max_timestamp - now_ms > config.message_timestamp_after_max_ms:
        _raise_record_errors(batch, config, name, now_ms)
    elif config.message_timestamp_before_max_ms != MAX_LONG:
        oldest = now_ms - config.message_timestamp_before_max_ms
        if any(NO_TIMESTAMP != record[1] < oldest for record in batch.records):
            _raise_record_errors(batch, config, name, now_ms)


def _raise_record_errors(batch: RecordBatch, config: LogConfig, name: str, now_ms: int) -> None:
    errors: list[RecordError] = []
    bad_timestamps = False
    earliest = now_ms - config.message_timestamp_before_max_ms
    latest = now_ms + config.message_timestamp_after_max_ms
    for index, (delta, timestamp, key, value, _) in enumerate(batch.records):
        if config.compact and key is None:
            errors.append(
                RecordError(
                    index, f"Compacted topic cannot accept message without key in topic partition {name}"
                )
            )
        elif config.log_append_time:
            if batch.timestamp_type == LOG_APPEND_TIME:
                bad_timestamps = True
                errors.append(
                    RecordError(
                        index,
                        f"Invalid timestamp type in message DefaultRecord(offset={batch.base_offset + delta}, "
                        f"timestamp={timestamp}, key={len(key or b'')} bytes, value={len(value or b'')} bytes). "
                        "Producer should not set timestamp type to LogAppendTime.",
                    )
                )
        elif timestamp != NO_TIMESTAMP and not earliest <= timestamp <= latest:
            bad_timestamps = True
            errors.append(
                RecordError(
                    index,
                    f"Timestamp {timestamp} of message with offset {batch.base_offset + delta} is out "
                    "of range. The "
                    f"timestamp should be within [{earliest}, {latest}]",
                )
            )
    if bad_timestamps:
        raise InvalidTimestampsError(
            "One or more records have been rejected due to invalid timestamp", errors
        )
    if errors:
        raise InvalidRecordsError(
            f"One or more records have been rejected due to {len(errors)} record errors in total, and "
            "only showing "
            f"the first three errors at most: {errors[:3]}",
            errors,
        )
