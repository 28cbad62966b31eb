"""The bytes inside a record batch v2: hand-tuned loops from record tuples to bytes and back, and exact sizes.

Mirrors org.apache.kafka.common.record.DefaultRecord; the loops are straight-line code because they run once
per record. Varints are zigzag encoded, as Kafka's ByteUtils does it.
"""

from __future__ import annotations

from functools import cache

from minikafka.errors import InvalidRecordError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from minikafka.log.record_batch import RecordTuple

_TABLE_SIZE = 4096


def varint(number: int) -> bytes:
    """A number as a zigzag varint (ByteUtils.writeVarint and writeVarlong)."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out)


@cache
def _small_varints() -> tuple[bytes, ...]:
    # Built on first use: in process, without a socket, nothing is ever encoded.
    return tuple(map(varint, range(_TABLE_SIZE)))


def encode_records(records: Iterable[RecordTuple], base_timestamp: int) -> bytes:
    """The records of a batch as bytes, not compressed.

    Args:
        records: the records, in offset order.
        base_timestamp: the batch's base timestamp, from which the records' deltas count.
    """
    small = _small_varints()
    limit = _TABLE_SIZE
    parts: list[bytes] = []
    last_timestamp = base_timestamp
    start = b"\0\0"
    for delta, timestamp, key, value, headers in records:
        if timestamp != last_timestamp:
            start = b"\0" + varint(timestamp - base_timestamp)
            last_timestamp = timestamp
        if key is None:
            key_size = b"\1"
            key = b""
        else:
            size = len(key)
            key_size = small[size] if size < limit else varint(size)
        if value is None:
            value_size = b"\1"
            value = b""
        else:
            size = len(value)
            value_size = small[size] if size < limit else varint(size)
        offset = small[delta] if -1 < delta < limit else varint(delta)
        end = b"\0" if not headers else _encode_headers(headers)
        size = len(start) + len(offset) + len(key_size) + len(key) + len(value_size) + len(value) + len(end)
        parts += (
            small[size] if size < limit else varint(size),
            start,
            offset,
            key_size,
            key,
            value_size,
            value,
            end,
        )
    return b"".join(parts)


def _encode_headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    parts = [varint(len(headers))]
    for name, value in headers:
        raw = name.encode()
        parts += (varint(len(raw)), raw)
        if value is None:
            parts.append(b"\1")
        else:
            parts += (varint(len(value)), value)
    return b"".join(parts)


def decode_records(data: bytes, start: int, count: int, base_timestamp: int) -> list[RecordTuple]:
    """The records of a batch from its uncompressed bytes.

    Args:
        data: bytes that hold exactly the batch's records from `start` to their end.
        start: where the records begin.
        count: how many records the batch's header declares.
        base_timestamp: the batch's base timestamp.

    Raises:
        InvalidRecordError: the bytes are not `count` well-formed records, or some remain.
    """
    if count < 0:
        raise InvalidRecordError(f"Found invalid record count {count} in magic v2 batch")
    records: list[RecordTuple] = []
    append = records.append
    pos = start
    end = pos
    try:
        for _ in range(count):
            # length, attributes (unused)
            n = data[pos]
            pos += 1
            if n > 127:
                b = data[pos]
                pos += 1
                if b < 128:
                    n = n - 128 + (b << 7)
                else:
                    n, pos = _varint_tail(data, pos, n - 128 + ((b - 128) << 7), 31)
            end = pos + (n >> 1)
            if n & 1:
                raise InvalidRecordError(f"Found invalid record size {-(n >> 1) - 1}")
            pos += 1
            # timestamp delta
            n = data[pos]
            pos += 1
            if n > 127:
                n, pos = _varint_tail(data, pos - 1, 0, 63, 0)
            timestamp = base_timestamp + ((n >> 1) ^ -(n & 1))
            # offset delta
            n = data[pos]
            pos += 1
            if n > 127:
                b = data[pos]
                pos += 1
                if b < 128:
                    n = n - 128 + (b << 7)
                else:
                    n, pos = _varint_tail(data, pos, n - 128 + ((b - 128) << 7), 31)
            delta = (n >> 1) ^ -(n & 1)
            # key
            n = data[pos]
            pos += 1
            if n > 127:
                b = data[pos]
                pos += 1
                if b < 128:
                    n = n - 128 + (b << 7)
                else:
                    n, pos = _varint_tail(data, pos, n - 128 + ((b - 128) << 7), 31)
            if n & 1:
                key = None
            else:
                n = pos + (n >> 1)
                key = data[pos:n]
                pos = n
            # value
            n = data[pos]
            pos += 1
            if n > 127:
                b = data[pos]
                pos += 1
                if b < 128:
                    n = n - 128 + (b << 7)
                else:
                    n, pos = _varint_tail(data, pos, n - 128 + ((b - 128) << 7), 31)
            if n & 1:
                value = None
            else:
                n = pos + (n >> 1)
                value = data[pos:n]
                pos = n
            # headers
            n = data[pos]
            pos += 1
            if n:
                headers, pos = _decode_headers(data, pos - 1, end)
                append((delta, timestamp, key, value, headers))
            else:
                append((delta, timestamp, key, value, ()))
            # Positions only grow, so one comparison proves that no slice ran past the record's end.
            if pos != end:
                raise InvalidRecordError(
                    f"Invalid record size: expected to end at byte {end - start}, but ended at {pos - start}"
                )
    except IndexError:
        raise InvalidRecordError("Incorrect declared batch size, premature EOF reached") from None
    except UnicodeDecodeError as error:
        raise InvalidRecordError(
            f"Found invalid record structure: header key is not UTF-8: {error}"
        ) from None
    if pos != len(data):
        raise InvalidRecordError(
            "Incorrect declared batch size, records still remaining in file"
            if pos < len(data)
            else "Incorrect declared batch size, premature EOF reached"
        )
    return records


def _varint_tail(data: bytes, pos: int, value: int, max_shift: int, shift: int = 14) -> tuple[int, int]:
    """The rest of a long varint, not yet zigzag decoded; `max_shift` is 31 for an int and 63 for a long."""
    while True:
        b = data[pos]
        pos += 1
        value |= (b & 127) << shift
        if b < 128:
            if value >> (max_shift + 1):
                raise InvalidRecordError(f"Found invalid record structure: varint {value:#x} is too long")
            return value, pos
        shift += 7
        if shift > max_shift:
            raise InvalidRecordError("Found invalid record structure: varint is too long")


def _read_int(data: bytes, pos: int) -> tuple[int, int]:
    n, pos = _varint_tail(data, pos, 0, 31, 0)
    return (n >> 1) ^ -(n & 1), pos


def _decode_headers(data: bytes, pos: int, end: int) -> tuple[tuple[tuple[str, bytes | None], ...], int]:
    count, pos = _read_int(data, pos)
    if count < 0 or count > end - pos:
        raise InvalidRecordError(f"Found invalid number of record headers {count}")
    headers: list[tuple[str, bytes | None]] = []
    for _ in range(count):
        size, pos = _read_int(data, pos)
        if size < 0:
            raise InvalidRecordError(f"Invalid negative header key size {size}")
        name = data[pos : pos + size].decode()
        pos += size
        size, pos = _read_int(data, pos)
        if size < 0:
            headers.append((name, None))
        else:
            headers.append((name, data[pos : pos + size]))
            pos += size
    return tuple(headers), pos


def records_size(records: Sequence[RecordTuple], base_timestamp: int) -> int:
    """The exact number of bytes that `encode_records` would give.

    Columns are measured by builtins; only a batch whose columns straddle a varint's length is measured record
    by record.
    """
    count = len(records)
    if not count:
        return 0
    deltas, timestamps, keys, values, headers = zip(*records)
    if None in keys:
        if keys.count(None) != count:
            return _records_size_slowly(records, base_timestamp)
        key_sizes = [0]  # a null key takes a varint and nothing more
        total_keys = 0
    else:
        key_sizes = list(map(len, keys))
        total_keys = sum(key_sizes)
    if None in values or any(headers):
        return _records_size_slowly(records, base_timestamp)
    value_sizes = list(map(len, values))
    low_key, high_key = min(key_sizes), max(key_sizes)
    low_value, high_value = min(value_sizes), max(value_sizes)
    low_time, high_time = min(timestamps) - base_timestamp, max(timestamps) - base_timestamp
    low_delta, high_delta = deltas[0], deltas[-1]
    key_varint, value_varint = varint_size(high_key), varint_size(high_value)
    time_varint, delta_varint = varint_size(high_time), varint_size(high_delta)
    overhead = 2 + key_varint + value_varint + time_varint + delta_varint
    body_varint = varint_size(overhead + high_key + high_value)
    if (
        varint_size(low_key) != key_varint
        or varint_size(low_value) != value_varint
        or low_time < 0
        or varint_size(low_time) != time_varint
        or varint_size(max(overhead + low_key + low_value - 1, 0)) != body_varint
    ):
        return _records_size_slowly(records, base_timestamp)
    total = total_keys + sum(value_sizes)
    if varint_size(low_delta) == delta_varint:
        return total + count * (overhead + body_varint)
    if high_delta < 8192 and deltas == tuple(range(count)):
        # The first 64 deltas take a byte, the others two.
        return total + count * (overhead + body_varint) - 64
    return _records_size_slowly(records, base_timestamp)


def _records_size_slowly(records: Sequence[RecordTuple], base_timestamp: int) -> int:
    return sum(record_size(record, base_timestamp) for record in records)


def record_size(record: RecordTuple, base_timestamp: int) -> int:
    """The exact encoded size of one record in bytes (DefaultRecord.sizeInBytes)."""
    delta, timestamp, key, value, headers = record
    body = 1 + varint_size(timestamp - base_timestamp) + varint_size(delta)
    body += 1 if key is None else varint_size(len(key)) + len(key)
    body += 1 if value is None else varint_size(len(value)) + len(value)
    body += len(_encode_headers(headers)) if headers else 1
    return varint_size(body) + body


def varint_size(number: int) -> int:
    """How many bytes a zigzag varint takes."""
    if -64 <= number < 64:
        return 1
    if -8192 <= number < 8192:
        return 2
    return (((number << 1) ^ (number >> 63)).bit_length() + 6) // 7
