from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.client.producer_batch import ProducerBatch, content_size, varint_size
from minikafka.log.record_batch import RecordBatch
from minikafka.log.record_codec import varint
from minikafka.structs import TopicPartition

_sizes = st.one_of(st.integers(0, 80), st.sampled_from([0, 56, 57, 63, 64, 8100, 8191, 8192, 9000]))
_bytes = st.one_of(st.none(), _sizes.map(lambda size: b"x" * size))
_headers = st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=70)), max_size=3).map(tuple)
_timestamps = st.one_of(st.just(1000), st.integers(0, 2**40))
_records = st.lists(st.tuples(_timestamps, _bytes, _bytes, _headers), min_size=1, max_size=150)


@given(_records)
@settings(max_examples=100)
def test_the_size_is_exact(records):
    batch = ProducerBatch(None, TopicPartition("t", 0), 10**9, records[0][0], 0, 0)
    for timestamp, key, value, headers in records:
        needed = batch.room_needed(timestamp, content_size(key, value, headers))
        batch.add(timestamp, key, value, headers, needed)
    built = RecordBatch.build(batch.records)
    assert batch.size_is_exact
    assert batch.size_in_bytes == len(built.encode())
    assert batch.max_timestamp == built.max_timestamp
    assert batch.record_count == len(records)


@given(st.integers(-(2**63), 2**63 - 1))
def test_varint_size_is_that_of_the_codec(value):
    assert varint_size(value) == len(varint(value))


def test_the_short_cut_of_send_counts_what_the_long_way_counts():
    for count in (0, 63, 64, 500):
        batch = ProducerBatch(None, TopicPartition("t", 0), 10**9, 5, 0, 0)
        batch.records = [(i, 5, None, b"", ()) for i in range(count)]
        for size in [*range(57), *range(64, 300), *range(8000, 8180)]:
            short = size + 10 if size > 63 else size + 8
            assert batch.room_needed(5, content_size(None, b"x" * size, ())) == short
