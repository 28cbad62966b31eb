"""The record batch (message format v2): a header over encoded bytes, decoded records, or both.

Mirrors org.apache.kafka.common.record.DefaultRecordBatch. A batch from a socket keeps its bytes and is
decoded only if somebody reads its records; one from the in-process client keeps its records and is encoded
only if a socket asks for it. A batch is a value: replicas and fetch responses share it.

Of the bytes those are kept that the checksum covers, which a leader does not touch when it stamps a batch with
an offset and its epoch; what stands before them is written when the batch leaves.
"""

from __future__ import annotations

from operator import itemgetter
from struct import Struct

from minikafka.crc32c import crc32c
from minikafka.errors import (
    CorruptRecordError,
    UnknownError,
    UnsupportedForMessageFormatError,
)
from minikafka.log.control_record import (
    ControlRecordType,
    EndTransactionMarker,
    control_record,
    control_type_of,
    parse_control_record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BATCH_OVERHEAD",
    "ControlRecordType",
    "EndTransactionMarker",
    "Record",
    "RecordBatch",
    "RecordTuple",
    "control_record",
    "control_type_of",
    "increment_sequence",
    "parse_control_record",
    "split_batches",
]

Headers = tuple[tuple[str, bytes | None], ...] | list[tuple[str, bytes | None]]
RecordTuple = tuple[int, int, bytes | None, bytes | None, Headers]
"""One record of a batch, in memory: (offset delta, timestamp in ms, key, value, headers)."""
Record = RecordTuple

NO_PRODUCER_ID = -1
NO_TIMESTAMP = -1
NO_SEQUENCE = -1
CREATE_TIME = 0
LOG_APPEND_TIME = 1

LOG_OVERHEAD = 12
BATCH_OVERHEAD = 61
"""Bytes of a batch before its records."""
_MAGIC_OFFSET = 16
_BODY_OFFSET = 21
_RECORDS_IN_BODY = BATCH_OVERHEAD - _BODY_OFFSET
_SMALLEST_RECORD_SIZE = 14  # LegacyRecord.RECORD_OVERHEAD_V0
_MAX_INT = 0x7FFFFFFF
_COMPRESSION_MASK = 0x07
_TIMESTAMP_TYPE_MASK = 0x08
_TRANSACTIONAL_MASK = 0x10
_CONTROL_MASK = 0x20
_DELETE_HORIZON_MASK = 0x40
_MAX_CODEC = 4

MAX_DECOMPRESSED_BYTES = 100 * 1024 * 1024
"""The most that one batch may expand to; Kafka has no such bound, it is there against decompression bombs."""

_HEADER = Struct(">qiibIhiqqqhii")
_HEADER_START = Struct(">qiibI")  # what the CRC does not cover, and the CRC
_BODY_HEADER = Struct(">hiqqqhii")  # what the CRC covers
_SIZE_AT = Struct(">i").unpack_from
_MAGIC = 2
_timestamp_of = itemgetter(1)


def increment_sequence(sequence: int, increment: int) -> int:
    """A sequence number further on; after 2147483647 comes 0 (DefaultRecordBatch.incrementSequence)."""
    total = sequence + increment
    return total if total <= _MAX_INT else total - _MAX_INT - 1


class RecordBatch:
    """Records appended together, under one header.

    Build one with `build` or `from_bytes`; the attributes are for reading only.

    Attributes:
        base_offset: the offset of the first record; last_offset_delta leads from there to `last_offset`.
        partition_leader_epoch: the epoch of the leader that appended it; -1 until then.
        compression: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
        timestamp_type: 0 CreateTime, 1 LogAppendTime.
        base_timestamp: ms, from which encoded records count their timestamps.
        max_timestamp: ms, the largest of the records; under LogAppendTime the time of the append.
        producer_id, producer_epoch, base_sequence: of an idempotent producer; -1 each without one.
        record_count: how many records there are; fewer than the offsets it spans after compaction.
    """

    __slots__ = (
        "_append_time_records",
        "_body",
        "_crc",
        "_records",
        "_size",
        "_to_stamp",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "compression",
        "has_delete_horizon",
        "is_control",
        "is_transactional",
        "last_offset",
        "last_offset_delta",
        "max_timestamp",
        "partition_leader_epoch",
        "producer_epoch",
        "producer_id",
        "record_count",
        "timestamp_type",
    )

    base_offset: int
    last_offset: int
    last_offset_delta: int
    partition_leader_epoch: int
    compression: int
    timestamp_type: int
    is_transactional: bool
    is_control: bool
    has_delete_horizon: bool
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int
    _records: list[RecordTuple] | None
    _append_time_records: list[RecordTuple] | None
    _body: bytes | None
    _crc: int
    _size: int
    _to_stamp: bool

    @classmethod
    def build(
        cls,
        records: Sequence[RecordTuple],
        *,
        compression: int = 0,
        timestamp_type: int = CREATE_TIME,
        producer_id: int = NO_PRODUCER_ID,
        producer_epoch: int = -1,
        base_sequence: int = NO_SEQUENCE,
        is_transactional: bool = False,
        is_control: bool = False,
        partition_leader_epoch: int = -1,
        base_offset: int = 0,
        max_timestamp: int | None = None,
        last_offset_delta: int | None = None,
        has_delete_horizon: bool = False,
        size_hint: int | None = None,
    ) -> RecordBatch:
        """A batch of decoded records; the sequence given is kept, not copied, and must not change any more.

        Args:
            records: tuples (offset delta, timestamp, key, value, headers), ascending in offset delta.
            compression: codec id that `encode` is to use.
            timestamp_type: 0 CreateTime, 1 LogAppendTime.
            producer_id: of an idempotent or transactional producer, else -1; its epoch and the sequence of
                the first record go with it.
            producer_epoch: see producer_id.
            base_sequence: see producer_id.
            is_transactional: whether the batch belongs to a transaction.
            is_control: whether it is a transaction marker.
            partition_leader_epoch: stamped by the leader.
            base_offset: stamped by the leader.
            max_timestamp: the largest timestamp, if the caller knows it.
            last_offset_delta: when the last record is not at the end of the batch's offsets (compaction), or
                there is none left.
            has_delete_horizon: whether base_timestamp is the time when tombstones may go (KIP-534).
            size_hint: the exact encoded size in bytes without compression, if the caller knows it.

        Raises:
            ValueError: there is no record, and no `last_offset_delta` says how far an empty batch reaches.
        """
        batch = cls.__new__(cls)
        count = len(records)
        if last_offset_delta is None:
            if not count:
                raise ValueError("a record batch needs at least one record or a last_offset_delta")
            last_offset_delta = records[-1][0]
        batch.base_offset = base_offset
        batch.last_offset_delta = last_offset_delta
        batch.last_offset = base_offset + last_offset_delta
        batch.partition_leader_epoch = partition_leader_epoch
        batch.compression = compression
        batch.timestamp_type = timestamp_type
        batch.is_transactional = is_transactional
        batch.is_control = is_control
        batch.has_delete_horizon = has_delete_horizon
        batch.base_timestamp = records[0][1] if count else NO_TIMESTAMP
        if max_timestamp is None:
            max_timestamp = max(map(_timestamp_of, records), default=NO_TIMESTAMP)
        batch.max_timestamp = max_timestamp
        batch.producer_id = producer_id
        batch.producer_epoch = producer_epoch
        batch.base_sequence = base_sequence
        batch.record_count = count
        batch._records = records if type(records) is list else list(records)
        batch._append_time_records = None
        batch._body = None
        batch._crc = 0
        batch._size = -1 if size_hint is None else size_hint
        batch._to_stamp = False
        return batch

    @classmethod
    def from_bytes(cls, buffer: bytes | bytearray | memoryview, check_crc: bool = True) -> RecordBatch:
        """The batch that `buffer` holds from its first to its last byte; its records stay undecoded.

        Args:
            buffer: one whole batch.
            check_crc: whether to verify the checksum.

        Raises:
            CorruptRecordError: wrong size, checksum or magic.
            UnsupportedForMessageFormatError: the old message formats 0 and 1.
            UnknownError: a compression codec that does not exist (Kafka answers UNKNOWN_SERVER_ERROR).
        """
        size = len(buffer)
        found = _check_frame(buffer, 0)
        if found != size >= BATCH_OVERHEAD:
            raise CorruptRecordError(
                f"Record batch is corrupt (its header gives a size of {found} bytes, but there are {size})"
            )
        return cls._from_frame(buffer, 0, size, check_crc, False)

    @classmethod
    def _from_frame(
        cls, buffer: bytes | bytearray | memoryview, at: int, size: int, check_crc: bool, to_stamp: bool
    ) -> RecordBatch:
        """The batch of `size` bytes that begins at `at`, once its size and magic have been looked at."""
        if size < BATCH_OVERHEAD:
            raise CorruptRecordError(
                f"Record batch is corrupt (the size {size} is smaller than the minimum allowed overhead "
                f"{BATCH_OVERHEAD})"
            )
        (
            base_offset,
            _,
            leader_epoch,
            _,
            crc,
            attributes,
            last_offset_delta,
            base_timestamp,
            max_timestamp,
            producer_id,
            producer_epoch,
            base_sequence,
            count,
        ) = _HEADER.unpack_from(buffer, at)
        body = bytes(buffer[at + _BODY_OFFSET : at + size])
        if check_crc:
            _check_crc(crc, body)
        compression = attributes & _COMPRESSION_MASK
        if compression > _MAX_CODEC:
            raise UnknownError(f"Unknown compression type id: {compression}")
        batch = cls.__new__(cls)
        batch.base_offset = base_offset
        batch.last_offset_delta = last_offset_delta
        batch.last_offset = base_offset + last_offset_delta
        batch.partition_leader_epoch = leader_epoch
        batch.compression = compression
        if attributes == compression:
            batch.timestamp_type = CREATE_TIME
            batch.is_transactional = batch.is_control = batch.has_delete_horizon = False
        else:
            batch.timestamp_type = LOG_APPEND_TIME if attributes & _TIMESTAMP_TYPE_MASK else CREATE_TIME
            batch.is_transactional = bool(attributes & _TRANSACTIONAL_MASK)
            batch.is_control = bool(attributes & _CONTROL_MASK)
            batch.has_delete_horizon = bool(attributes & _DELETE_HORIZON_MASK)
        batch.base_timestamp = base_timestamp
        batch.max_timestamp = max_timestamp
        batch.producer_id = producer_id
        batch.producer_epoch = producer_epoch
        batch.base_sequence = base_sequence
        batch.record_count = count
        batch._records = None
        batch._append_time_records = None
        batch._body = body
        batch._crc = crc
        batch._size = size
        batch._to_stamp = to_stamp
        return batch

    @property
    def records(self) -> list[RecordTuple]:
        """The records, decoded on first use; under LogAppendTime each carries the time of the append.

        Raises:
            InvalidRecordError: the batch's bytes are not the records that its header declares.
            CorruptRecordError: they do not decompress.
        """
        raw = self._records
        if raw is None:
            raw = self._records = self._decode()
        if self.timestamp_type == CREATE_TIME:
            return raw
        stamped = self._append_time_records
        if stamped is None:
            time = self.max_timestamp
            stamped = [(delta, time, key, value, headers) for delta, _, key, value, headers in raw]
            self._append_time_records = stamped
        return stamped

    @property
    def is_encoded(self) -> bool:
        """Whether the bytes are at hand, so that `encode` costs no more than a copy."""
        return self._body is not None

    @property
    def is_decoded(self) -> bool:
        """Whether the records are at hand, so that `records` costs nothing."""
        return self._records is not None

    @property
    def last_sequence(self) -> int:
        """The sequence of the last record; -1 without an idempotent producer."""
        if self.base_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        return increment_sequence(self.base_sequence, self.last_offset_delta)

    @property
    def next_offset(self) -> int:
        """The offset after the last."""
        return self.last_offset + 1

    @property
    def size_in_bytes(self) -> int:
        """The encoded size; a compressed batch counts as uncompressed until it is encoded."""
        size = self._size
        if size < 0:
            from minikafka.log.record_codec import records_size

            assert self._records is not None
            size = self._size = BATCH_OVERHEAD + records_size(self._records, self.base_timestamp)
        return size

    def encode(self) -> bytes:
        """The batch's bytes."""
        return b"".join(self.pieces())

    def pieces(self) -> tuple[bytes, bytes]:
        """The batch's bytes in two pieces, of which the second is made once, then kept."""
        body = self._body
        if body is None:
            body = self._body = self._encode_body()
            self._crc = crc32c(body)
            self._size = _BODY_OFFSET + len(body)
        length = self._size - LOG_OVERHEAD
        return (
            _HEADER_START.pack(self.base_offset, length, self.partition_leader_epoch, _MAGIC, self._crc),
            body,
        )

    def check_crc(self) -> None:
        """Compare the bytes, if there are any, with their checksum.

        Raises:
            CorruptRecordError: they are not what they were.
        """
        if self._body is not None:
            _check_crc(self._crc, self._body)

    def attributes(self) -> int:
        """The header's attribute bits."""
        return (
            self.compression
            | (_TIMESTAMP_TYPE_MASK if self.timestamp_type else 0)
            | (_TRANSACTIONAL_MASK if self.is_transactional else 0)
            | (_CONTROL_MASK if self.is_control else 0)
            | (_DELETE_HORIZON_MASK if self.has_delete_horizon else 0)
        )

    def _encode_body(self) -> bytes:
        from minikafka.log.record_codec import encode_records

        assert self._records is not None
        payload = encode_records(self._records, self.base_timestamp)
        if self.compression:
            from minikafka.compression import compress

            payload = compress(self.compression, payload)
        return self._with_body_header(payload)

    def _with_body_header(self, payload: bytes | memoryview) -> bytes:
        header = _BODY_HEADER.pack(
            self.attributes(),
            self.last_offset_delta,
            self.base_timestamp,
            self.max_timestamp,
            self.producer_id,
            self.producer_epoch,
            self.base_sequence,
            self.record_count,
        )
        return b"".join((header, payload))

    def _decode(self) -> list[RecordTuple]:
        from minikafka.log.record_codec import decode_records

        body = self._body
        assert body is not None
        if not self.compression:
            return decode_records(body, _RECORDS_IN_BODY, self.record_count, self.base_timestamp)
        from minikafka.codec import ProtocolError
        from minikafka.compression import decompress

        try:
            payload = decompress(self.compression, body[_RECORDS_IN_BODY:], MAX_DECOMPRESSED_BYTES)
        except ProtocolError as error:
            raise CorruptRecordError(f"Failed to decompress record stream: {error}") from error
        return decode_records(payload, 0, self.record_count, self.base_timestamp)

    def stamped(
        self, base_offset: int, partition_leader_epoch: int, log_append_time_ms: int | None = None
    ) -> RecordBatch:
        """The same batch as the leader appends it: offsets, epoch and, if given, the time of the append.

        Records are shared, decoded or as bytes, so compressed ones stay bit identical. A batch that was read to be
        stamped, and that nobody else has, is stamped itself.

        Args:
            base_offset: the offset of the first record.
            partition_leader_epoch: the leader's epoch.
            log_append_time_ms: for a topic of LogAppendTime; None makes the batch CreateTime.
        """
        if self._to_stamp:
            self._to_stamp = False
            batch = self
        else:
            batch = self._copy()
        batch.base_offset = base_offset
        batch.last_offset = base_offset + self.last_offset_delta
        batch.partition_leader_epoch = partition_leader_epoch
        if log_append_time_ms is not None or self.timestamp_type != CREATE_TIME:
            batch._retime(log_append_time_ms)
        return batch

    def _retime(self, log_append_time_ms: int | None) -> None:
        self._append_time_records = None
        if log_append_time_ms is None:
            self.timestamp_type = CREATE_TIME
        else:
            self.timestamp_type = LOG_APPEND_TIME
            self.max_timestamp = log_append_time_ms
        if self._body is not None:
            self._body = self._with_body_header(memoryview(self._body)[_RECORDS_IN_BODY:])
            self._crc = crc32c(self._body)

    def with_compression(self, compression: int) -> RecordBatch:
        """The same records under another codec (compression.type of a topic); bytes are made on demand."""
        batch = self._copy()
        batch._records = self.records
        batch._append_time_records = None
        batch.compression = compression
        batch._body = None
        batch._size = -1
        return batch

    def _copy(self) -> RecordBatch:
        batch = RecordBatch.__new__(RecordBatch)
        batch.base_offset = self.base_offset
        batch.last_offset = self.last_offset
        batch.last_offset_delta = self.last_offset_delta
        batch.partition_leader_epoch = self.partition_leader_epoch
        batch.compression = self.compression
        batch.timestamp_type = self.timestamp_type
        batch.is_transactional = self.is_transactional
        batch.is_control = self.is_control
        batch.has_delete_horizon = self.has_delete_horizon
        batch.base_timestamp = self.base_timestamp
        batch.max_timestamp = self.max_timestamp
        batch.producer_id = self.producer_id
        batch.producer_epoch = self.producer_epoch
        batch.base_sequence = self.base_sequence
        batch.record_count = self.record_count
        batch._records = self._records
        batch._append_time_records = self._append_time_records
        batch._body = self._body
        batch._crc = self._crc
        batch._size = self._size
        batch._to_stamp = False
        return batch

    def __repr__(self) -> str:
        kind = "control " if self.is_control else "transactional " if self.is_transactional else ""
        producer = (
            ""
            if self.producer_id < 0
            else f", producer {self.producer_id} epoch {self.producer_epoch} sequence {self.base_sequence}"
        )
        return (
            f"<{kind}RecordBatch {self.base_offset}..{self.last_offset}, {self.record_count} records, "
            "leader epoch "
            f"{self.partition_leader_epoch}{producer}>"
        )


def _check_crc(crc: int, body: bytes) -> None:
    computed = crc32c(body)
    if crc != computed:
        raise CorruptRecordError(f"Record is corrupt (stored crc = {crc}, computed crc = {computed})")


def _check_frame(buffer: bytes | bytearray | memoryview, at: int) -> int:
    """The size of the batch that begins at `at`; -1 when too little of it is there to tell."""
    remaining = len(buffer) - at
    if remaining < LOG_OVERHEAD:
        return -1
    size: int = _SIZE_AT(buffer, at + 8)[0]
    if size < _SMALLEST_RECORD_SIZE:
        raise CorruptRecordError(
            f"Record size {size} is less than the minimum record overhead ({_SMALLEST_RECORD_SIZE})"
        )
    if remaining <= _MAGIC_OFFSET:
        return -1
    magic = buffer[at + _MAGIC_OFFSET]
    if magic != _MAGIC:
        if magic < 2:
            raise UnsupportedForMessageFormatError(
                f"Message format version {magic} is not supported: record batches must have magic version 2"
            )
        raise CorruptRecordError(f"Invalid magic found in record: {magic if magic < 128 else magic - 256}")
    return size + LOG_OVERHEAD


def split_batches(
    buffer: bytes | bytearray | memoryview,
    *,
    check_crc: bool = True,
    allow_partial: bool = False,
    to_stamp: bool = False,
) -> list[RecordBatch]:
    """The batches of a produce request's or fetch response's record field.

    Args:
        buffer: batches one after another.
        check_crc: whether to verify their checksums.
        allow_partial: whether the last may be cut off, as a broker may cut a fetch response; it is left out.
        to_stamp: whether the caller gives them to a leader and keeps none: `RecordBatch.stamped` spares the copy.

    Raises:
        CorruptRecordError: a size, checksum or magic is wrong, or the last batch is incomplete.
        UnsupportedForMessageFormatError: the old message formats 0 and 1.
        UnknownError: a compression codec that does not exist.
    """
    total = len(buffer)
    batches: list[RecordBatch] = []
    at = 0
    while at < total:
        size = _check_frame(buffer, at)
        if size < 0 or at + size > total:
            if allow_partial:
                break
            raise CorruptRecordError(
                f"Record batch is corrupt (it ends after {total - at} bytes instead of "
                f"{size if size > 0 else 61})"
            )
        batches.append(RecordBatch._from_frame(buffer, at, size, check_crc, to_stamp))
        at += size
    return batches
