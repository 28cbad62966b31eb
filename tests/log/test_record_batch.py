from __future__ import annotations

import struct
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka import errors
from minikafka.log.record_batch import (
    ControlRecordType,
    RecordBatch,
    control_record,
    control_type_of,
    increment_sequence,
    parse_control_record,
    split_batches,
)
from minikafka.log.record_codec import decode_records, encode_records, record_size, records_size, varint

with warnings.catch_warnings():  # the oracle's own import warns
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

MAX_INT = 0x7FFFFFFF
NOW = 1_700_000_000_000
CODECS = [0, 1, 2, 3, 4]
ORACLE_CODECS = [0, 1, 3, 4]  # kafka-python wants another snappy library than ours

blobs = st.one_of(st.none(), st.binary(max_size=70), st.integers(8180, 8200).map(bytes))
timestamps = st.one_of(
    st.just(NOW), st.integers(NOW - 10_000, NOW + 10_000), st.integers(-1, (1 << 62) - 1), st.just(-1)
)
header_lists = st.lists(
    st.tuples(st.text(max_size=5), st.one_of(st.none(), st.binary(max_size=5))), max_size=3
).map(tuple)


@st.composite
def record_lists(draw, min_size=1, max_size=12, dense=True):
    count = draw(st.integers(min_size, max_size))
    gap = 0 if dense else draw(st.integers(0, 300))
    return [
        (i * (gap + 1), draw(timestamps), draw(blobs), draw(blobs), draw(header_lists)) for i in range(count)
    ]


def kafka_python_bytes(records, compression=0, transactional=False, producer=(-1, -1, -1)):
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=transactional,
        producer_id=producer[0],
        producer_epoch=producer[1],
        base_sequence=producer[2],
        batch_size=1 << 30,
    )
    for delta, timestamp, key, value, headers in records:
        builder.append(delta, timestamp, key, value, list(headers))
    return bytes(builder.build())


@given(record_lists(), st.sampled_from([(-1, -1, -1), (7, 3, 5), (1 << 40, 0, MAX_INT)]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_encodes_as_kafka_python_does(records, producer, transactional):
    transactional = transactional and producer[0] >= 0
    batch = RecordBatch.build(
        records,
        producer_id=producer[0],
        producer_epoch=producer[1],
        base_sequence=producer[2],
        is_transactional=transactional,
        partition_leader_epoch=0,  # as kafka-python has it; Java's producer says -1
    )
    size = batch.size_in_bytes
    assert batch.encode() == kafka_python_bytes(records, 0, transactional, producer)
    assert size == batch.size_in_bytes == len(batch.encode())


@given(record_lists(), st.sampled_from(ORACLE_CODECS))
@settings(max_examples=60, deadline=None)
def test_kafka_python_reads_what_is_encoded(records, codec):
    theirs = DefaultRecordBatch(RecordBatch.build(records, compression=codec, base_offset=40).encode())
    assert theirs.validate_crc()
    assert theirs.compression_type == codec
    assert [(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in theirs] == [
        (40 + delta, timestamp, key, value, headers) for delta, timestamp, key, value, headers in records
    ]


@given(record_lists(), st.sampled_from(ORACLE_CODECS))
@settings(max_examples=60, deadline=None)
def test_decodes_what_kafka_python_wrote(records, codec):
    encoded = kafka_python_bytes(records, codec)
    batch = RecordBatch.from_bytes(encoded)
    assert not batch.is_decoded
    assert batch.records == records
    assert batch.pieces()[1] is batch.pieces()[1]
    assert batch.encode() == encoded
    assert batch.record_count == len(records)
    assert batch.last_offset == len(records) - 1
    assert batch.max_timestamp == max(record[1] for record in records)


@given(record_lists(dense=False), st.sampled_from(CODECS))
@settings(max_examples=60, deadline=None)
def test_sparse_offsets_survive(records, codec):
    batch = RecordBatch.build(records, compression=codec, base_offset=9)
    again = RecordBatch.from_bytes(batch.encode())
    assert again.records == records
    assert (again.base_offset, again.last_offset) == (9, 9 + records[-1][0])


@given(st.lists(st.tuples(timestamps, blobs, blobs, header_lists), max_size=150), st.integers(0, 5000))
@settings(max_examples=100, deadline=None)
def test_size_is_exact(rows, step):
    records = [(i * (step or 1), *row) for i, row in enumerate(rows)]
    base = records[0][1] if records else -1
    assert records_size(records, base) == len(encode_records(records, base))
    assert records_size(records, base) == sum(record_size(record, base) for record in records)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 150, 9000])
@pytest.mark.parametrize("size", [0, 50, 56, 57, 58, 63, 64, 8180, 8191])
@pytest.mark.parametrize("key", [None, b"", b"key"])
def test_size_of_uniform_batches_is_exact(count, size, key):
    count = min(count, 200) if size > 100 else count
    records = [(i, NOW, key, bytes(size), ()) for i in range(count)]
    assert records_size(records, NOW) == len(encode_records(records, NOW))


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_varints_are_zigzag(number):
    raw = varint(number)
    value = 0
    for shift, byte in enumerate(raw):
        value |= (byte & 127) << 7 * shift
    assert (value >> 1) ^ -(value & 1) == number


@pytest.mark.parametrize("append_time", [None, NOW + 5])
def test_a_batch_that_was_read_to_be_stamped_is_stamped_itself_and_once(append_time):
    encoded = RecordBatch.build([(0, NOW, None, b"v", ())]).encode()
    [batch] = split_batches(encoded, to_stamp=True)
    [other] = split_batches(encoded)
    stamped = batch.stamped(7, 2, append_time)
    assert stamped is batch
    assert stamped.encode() == other.stamped(7, 2, append_time).encode()
    again = stamped.stamped(9, 2, append_time)
    assert (stamped.base_offset, again.base_offset, other.base_offset) == (7, 9, 0)


@given(record_lists(), st.sampled_from(CODECS), st.one_of(st.none(), st.just(NOW + 5)))
@settings(max_examples=60, deadline=None)
def test_stamping_keeps_the_payload(records, codec, append_time):
    decoded = RecordBatch.build(records, compression=codec)
    encoded = RecordBatch.from_bytes(decoded.encode())
    fresh = RecordBatch.build(records, compression=codec)
    results = [each.stamped(1234, 6, append_time) for each in (decoded, encoded, fresh)]
    payload = encoded.encode()[61:]
    for result in results:
        again = RecordBatch.from_bytes(result.encode())  # the CRC holds
        assert result.encode()[61:] == payload or not result.is_encoded
        assert (again.base_offset, again.partition_leader_epoch) == (1234, 6)
        assert again.timestamp_type == (0 if append_time is None else 1)
        expected = [(d, t if append_time is None else append_time, k, v, h) for d, t, k, v, h in records]
        assert result.records == again.records == expected
    assert results[1].encode() == results[0].encode()
    assert decoded.base_offset == encoded.base_offset == 0
    assert decoded.records is decoded.stamped(5, 1).records


def test_clearing_a_claimed_append_time():
    claimed = RecordBatch.build([(0, NOW, None, b"v", ())], timestamp_type=1, max_timestamp=NOW + 9)
    plain = RecordBatch.from_bytes(claimed.encode()).stamped(0, 0)
    assert plain.timestamp_type == 0
    assert RecordBatch.from_bytes(plain.encode()).records == plain.records == [(0, NOW, None, b"v", ())]


@given(record_lists(), st.sampled_from(CODECS), st.sampled_from(CODECS))
@settings(max_examples=30, deadline=None)
def test_with_compression(records, before, after):
    converted = RecordBatch.from_bytes(RecordBatch.build(records, compression=before).encode())
    converted = converted.with_compression(after)
    again = RecordBatch.from_bytes(converted.encode())
    assert (again.compression, again.records) == (after, records)


def test_sequences_wrap():
    assert increment_sequence(MAX_INT, 1) == 0
    assert increment_sequence(MAX_INT - 1, 3) == 1
    records = [(i, NOW, None, b"", ()) for i in range(3)]
    batch = RecordBatch.build(records, producer_id=1, producer_epoch=0, base_sequence=MAX_INT)
    assert batch.last_sequence == 1
    assert RecordBatch.build(records).last_sequence == -1


def test_control_records():
    for kind in ControlRecordType:
        record = control_record(kind, 17, NOW)
        batch = RecordBatch.build(
            [record], producer_id=4, producer_epoch=2, is_transactional=True, is_control=True
        )
        again = RecordBatch.from_bytes(batch.encode())
        assert (again.is_control, again.is_transactional, again.base_sequence) == (True, True, -1)
        parsed = parse_control_record(again.records[0])
        assert (parsed.control_type, parsed.coordinator_epoch) == (kind, 17)
        theirs = next(iter(DefaultRecordBatch(batch.encode())))
        assert theirs.abort == (kind is ControlRecordType.ABORT)
    assert control_type_of(b"\0\0\0\2") is None
    for key, value in [(None, b""), (b"\0\0\0", b""), (b"\xff\xff\0\0", b""), (b"\0\0\0\0", b"\0\0")]:
        with pytest.raises(errors.InvalidRecordError):
            parse_control_record((0, NOW, key, value, ()))


def test_split_batches():
    batches = [RecordBatch.build([(0, NOW, None, bytes([i]), ())], base_offset=i) for i in range(3)]
    joined = b"".join(batch.encode() for batch in batches)
    assert [batch.records for batch in split_batches(joined)] == [batch.records for batch in batches]
    assert [batch.base_offset for batch in split_batches(memoryview(joined))] == [0, 1, 2]
    assert split_batches(b"") == []
    for cut in (1, 12, 30, len(joined) - len(batches[2].encode()) + 5):
        whole = split_batches(joined[:cut], allow_partial=True)
        assert len(whole) == (2 if cut > 100 else 0)
        with pytest.raises(errors.CorruptRecordError):
            split_batches(joined[:cut])


def _patched(encoded, offset, fmt, value):
    out = bytearray(encoded)
    struct.pack_into(fmt, out, offset, value)
    return bytes(out)


def test_bad_frames_are_refused():
    good = RecordBatch.build([(0, NOW, None, b"value", ())]).encode()
    for bad, error in [
        (_patched(good, 16, ">b", 1), errors.UnsupportedForMessageFormatError),
        (_patched(good, 16, ">b", 0), errors.UnsupportedForMessageFormatError),
        (_patched(good, 16, ">b", 3), errors.CorruptRecordError),
        (_patched(good, 16, ">b", -1), errors.CorruptRecordError),
        (_patched(good, 8, ">i", 13), errors.CorruptRecordError),
        (_patched(good, 8, ">i", -5), errors.CorruptRecordError),
        (_patched(good, 8, ">i", 20), errors.CorruptRecordError),
        (_patched(good, 8, ">i", len(good)), errors.CorruptRecordError),
        (_patched(good, 17, ">I", 1), errors.CorruptRecordError),
        (_patched(good, len(good) - 2, ">b", 7), errors.CorruptRecordError),
    ]:
        with pytest.raises(error):
            split_batches(bad)
    assert RecordBatch.from_bytes(_patched(good, 17, ">I", 1), check_crc=False).record_count == 1
    with pytest.raises(errors.UnknownError, match="Unknown compression type id: 5"):
        RecordBatch.from_bytes(_patched(good, 21, ">h", 5), check_crc=False)
    for count in (-1, 0, 2):
        with pytest.raises(errors.InvalidRecordError):
            _ = RecordBatch.from_bytes(_patched(good, 57, ">i", count), check_crc=False).records


@given(record_lists(max_size=3), st.data())
@settings(max_examples=200, deadline=None)
def test_mangled_records_never_surprise(records, data):
    payload = bytearray(encode_records(records, NOW))
    for _ in range(data.draw(st.integers(0, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    payload = payload[: data.draw(st.integers(0, len(payload)))]
    try:
        decoded = decode_records(bytes(payload), 0, len(records), NOW)
    except errors.InvalidRecordError:
        return
    assert len(decoded) == len(records)


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_mangled_compression_is_corrupt(codec):
    batch = RecordBatch.build([(0, NOW, None, b"value" * 50, ())], compression=codec).encode()
    bad = RecordBatch.from_bytes(batch[:61] + b"\xff" * (len(batch) - 61), check_crc=False)
    with pytest.raises((errors.CorruptRecordError, errors.InvalidRecordError)):
        _ = bad.records


def test_an_empty_batch_must_say_how_far_it_reaches():
    with pytest.raises(ValueError, match="last_offset_delta"):
        RecordBatch.build([])
    empty = RecordBatch.build(
        [], last_offset_delta=4, base_offset=10, producer_id=1, producer_epoch=0, base_sequence=3
    )
    again = RecordBatch.from_bytes(empty.encode())
    assert (again.records, again.last_offset, again.last_sequence, again.size_in_bytes) == ([], 14, 7, 61)


def test_repr_says_what_matters():
    text = repr(
        RecordBatch.build([(0, NOW, None, b"", ())], producer_id=4, producer_epoch=1, base_sequence=9)
    )
    assert "0..0" in text
    assert "producer 4 epoch 1 sequence 9" in text
