"""PartitionRecords beside a plain model: any batches, any steps, transactions, deserializers that fail."""

from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.client.partition_records import PartitionRecords, RecordReader
from minikafka.log.record_batch import ControlRecordType, RecordBatch, control_record
from minikafka.messages.fetch import AbortedTransaction
from minikafka.structs import TopicPartition

TP = TopicPartition("t", 3)


def reader(key=None, value=None, isolation_level=0, check_crcs=True):
    return RecordReader(key, value, isolation_level, check_crcs, nullcontext)


def batch(base, deltas, *, last=None, **options):
    records = [(delta, 1000 + base + delta, b"k", b"%d" % (base + delta), ()) for delta in deltas]
    return RecordBatch.build(records, base_offset=base, last_offset_delta=last, **options)


def marker(base, producer_id, commit):
    return RecordBatch.build(
        [control_record(ControlRecordType.COMMIT if commit else ControlRecordType.ABORT, 0)],
        base_offset=base,
        is_control=True,
        is_transactional=True,
        producer_id=producer_id,
        producer_epoch=0,
    )


@st.composite
def logs(draw):
    """Batches with gaps, some of them empty, as compaction leaves them."""
    batches, base = [], draw(st.integers(0, 3))
    for _ in range(draw(st.integers(0, 6))):
        span = draw(st.integers(1, 6))
        deltas = draw(st.lists(st.integers(0, span - 1), unique=True, max_size=span).map(sorted))
        batches.append(batch(base, deltas, last=span - 1))
        base += span + draw(st.integers(0, 2))
    return batches


@settings(max_examples=150, deadline=None)
@given(
    logs(),
    st.integers(0, 12),
    st.lists(st.integers(1, 9), min_size=60, max_size=60),
    st.booleans(),
    st.booleans(),
)
def test_everything_from_the_position_on_comes_once(batches, start, steps, deserialize, encoded):
    if encoded:
        batches = [RecordBatch.from_bytes(each.encode()) for each in batches]
    # A broker never sends batches that end before the position.
    batches = [each for each in batches if each.last_offset >= start]
    expected = [each.base_offset + record[0] for each in batches for record in each.records]
    expected = [offset for offset in expected if offset >= start]
    part = PartitionRecords(
        TP, start, batches, None, reader(value=(lambda t, h, d: d) if deserialize else None)
    )
    seen = []
    for step in steps:
        before = part.next_offset
        records = part.take(step)
        assert len(records) <= step
        assert part.next_offset >= before
        if records:
            assert part.next_offset > records[-1].offset
        seen += records
        if part.exhausted:
            break
    assert part.exhausted
    assert [record.offset for record in seen] == expected
    assert part.taken == len(expected)
    assert all(record.value == b"%d" % record.offset for record in seen)
    if batches:
        assert part.next_offset == batches[-1].last_offset + 1


@settings(max_examples=100, deadline=None)
@given(logs(), st.sets(st.integers(0, 30)), st.integers(1, 5))
def test_a_deserializer_that_fails_once_for_some_records(batches, bad, step):
    failing = {b"%d" % offset for offset in bad}

    def deserialize(topic, headers, data):
        if data in failing:
            failing.discard(data)
            raise ValueError(data)
        return int(data)

    part = PartitionRecords(TP, 0, batches, None, reader(value=deserialize))
    seen, raised, failed_at = [], 0, []
    while not part.exhausted:
        position = part.next_offset
        try:
            seen += [record.value for record in part.take(step)]
        except ValueError as error:
            raised += 1
            failed_at.append((position, part.next_offset, int(error.args[0])))
    everything = [each.base_offset + record[0] for each in batches for record in each.records]
    assert seen == everything
    assert raised == len(bad & set(everything))
    # Only batches without records may have been passed.
    assert all(before <= after <= offset for before, after, offset in failed_at)


@pytest.fixture
def transactional():
    """Producer 1 commits, producer 2 aborts, producer 3 writes outside of any transaction."""
    options = {"is_transactional": True, "producer_epoch": 0}
    return [
        batch(0, [0, 1], producer_id=1, **options),
        batch(2, [0], producer_id=2, **options),
        batch(3, [0], producer_id=3, producer_epoch=0),
        marker(4, 2, commit=False),
        batch(5, [0], producer_id=1, **options),
        marker(6, 1, commit=True),
        batch(7, [0], producer_id=2, **options),
        marker(8, 2, commit=True),
    ]


ABORTED = [AbortedTransaction(producer_id=2, first_offset=2)]


def test_read_committed_skips_aborted_records(transactional):
    part = PartitionRecords(TP, 0, transactional, ABORTED, reader(isolation_level=1))
    assert [record.offset for record in part.take(100)] == [0, 1, 3, 5, 7]
    assert part.next_offset == 9


def test_read_uncommitted_skips_only_markers(transactional):
    part = PartitionRecords(TP, 0, transactional, ABORTED, reader())
    assert [record.offset for record in part.take(100)] == [0, 1, 2, 3, 5, 7]
    assert part.next_offset == 9


def test_nothing_but_markers_still_moves_the_position():
    part = PartitionRecords(TP, 4, [marker(4, 2, commit=True)], None, reader(isolation_level=1))
    assert part.take(5) == []
    assert part.next_offset == 5
    assert part.exhausted


def test_the_leader_epoch_and_timestamp_type_are_the_batchs():
    first = batch(0, [0], partition_leader_epoch=3)
    second = batch(1, [0]).stamped(1, 4, log_append_time_ms=77)
    part = PartitionRecords(TP, 0, [first, second], None, reader())
    records = part.take(5)
    assert [(r.leader_epoch, r.timestamp_type, r.timestamp) for r in records] == [(3, 0, 1000), (4, 1, 77)]
    assert part.leader_epoch == 4
