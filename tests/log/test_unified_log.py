from __future__ import annotations

import random

import pytest

from minikafka import errors
from minikafka.log.config import LogConfig
from minikafka.log.record_batch import RecordBatch
from minikafka.log.unified_log import OffsetsOutOfOrderError, UnexpectedAppendOffsetError, UnifiedLog
from minikafka.log.validation import record_errors_of
from minikafka.structs import TopicPartition

DAY = 86_400_000


def test_an_empty_log(make_log):
    log = make_log()
    assert (log.log_start_offset, log.log_end_offset, log.high_watermark, log.last_stable_offset) == (
        0,
        0,
        0,
        0,
    )
    assert (log.size_in_bytes, log.latest_epoch, log.is_empty) == (0, -1, True)
    data = log.read(0, 100)
    assert (data.batches, data.size_in_bytes, data.aborted_transactions) == ([], 0, None)
    assert log.read(0, 100, isolation="committed").aborted_transactions == []
    assert log.offset_for_leader_epoch(0) == (-1, -1)
    assert log.offset_for_timestamp(0) is None
    assert log.max_timestamp_offset() is None
    assert log.append_as_leader([], 0, 0).first_offset == -1
    assert log.append_as_follower([]).first_offset == -1
    log._check()


@pytest.mark.parametrize("compression", [0, 1])
@pytest.mark.parametrize("count", [3, 1000, 2**31 - 1])
def test_a_batch_cannot_span_more_offsets_than_it_has_room_for_records(make_log, now, compression, count):
    """The smallest record has seven bytes; a million of them may be compressed to a few."""
    log = make_log()
    records = [(delta, now, None, None, ()) for delta in range(min(count, 1000))]
    honest = RecordBatch.build(records, compression=compression)
    log.append_as_leader([RecordBatch.from_bytes(honest.encode())], 0, now)
    lying = RecordBatch.build(records[:2], compression=compression, last_offset_delta=count - 1)
    lying.record_count = count
    lying = RecordBatch.from_bytes(lying.encode())
    assert lying.record_count == count == lying.last_offset_delta + 1
    if compression and count <= 1000:
        log.append_as_leader([lying], 0, now)
    else:
        with pytest.raises(errors.InvalidRecordError, match="premature EOF"):
            log.append_as_leader([lying], 0, now)
        assert log.log_end_offset == len(records)


def test_offsets_and_epochs(make_log, batch_of, now, values):
    log = make_log()
    first = log.append_as_leader([batch_of(b"a", b"b")], 3, now)
    second = log.append_as_leader([batch_of(b"c")], 5, now)
    assert (first.first_offset, first.last_offset, first.log_append_time_ms) == (0, 1, -1)
    assert (second.first_offset, second.last_offset) == (2, 2)
    assert values(log) == [(0, b"a"), (1, b"b"), (2, b"c")]
    assert log.leader_epochs.entries() == [(3, 0), (5, 2)]
    assert log.offset_for_leader_epoch(4) == (3, 2)
    assert log.offset_for_leader_epoch(5) == (5, 3)
    assert log.earliest_offset() == (-1, 0, 3)
    assert [record[3] for _, record in log.last_records(2)] == [b"b", b"c"]
    assert [record[3] for _, record in log.last_records()] == [b"a", b"b", b"c"]
    log._check()


def test_reading_isolations_and_range(make_log, batch_of, now, values):
    log = make_log()
    for value in b"abcd":
        log.append_as_leader([batch_of(bytes([value]))], 0, now)
    assert log.update_high_watermark(2) == 2
    assert values(log, isolation="high_watermark") == [(0, b"a"), (1, b"b")]
    assert len(values(log, isolation="log_end")) == 4
    assert values(log, upper_bound_offset=1) == [(0, b"a")]
    assert log.read(3, 100, isolation="high_watermark").batches == []
    assert log.read(4, 100).batches == []
    log.increment_log_start_offset(1)
    for offset in (-1, 0, 5):
        with pytest.raises(errors.OffsetOutOfRangeError, match=rf"offset {offset} .*(from|offset:) *1"):
            log.read(offset, 100)


def test_max_bytes_and_the_first_batch(make_log, batch_of, now):
    log = make_log()
    sizes = []
    for size in (10, 500, 10, 10):
        log.append_as_leader([batch_of(bytes(size), b"x")], 0, now)
        sizes.append(log.size_in_bytes - sum(sizes))
    read = lambda start, limit, **options: [b.base_offset for b in log.read(start, limit, **options).batches]  # noqa: E731
    assert read(0, 1) == [0]
    assert read(0, 0) == [0]
    assert read(0, 1, min_one_message=False) == []
    assert read(0, sizes[0] + sizes[1] - 1) == [0]
    assert read(0, sizes[0] + sizes[1]) == [0, 2]
    assert read(3, 1) == [2]  # in the middle of a batch: the whole batch comes
    assert read(4, 10_000) == [4, 6]
    assert log.read(4, 10_000).size_in_bytes == sizes[2] + sizes[3]


def test_reads_stop_at_the_end_of_a_segment(make_log, batch_of, now, values):
    size = batch_of(bytes(50)).size_in_bytes
    log = make_log(segment_bytes=2 * size)
    for _ in range(5):
        log.append_as_leader([batch_of(bytes(50))], 0, now)
    assert [segment.base_offset for segment in log.segments] == [0, 2, 4]
    assert [batch.base_offset for batch in log.read(1, 1 << 20).batches] == [1]
    assert len(values(log)) == 5


def test_segments_roll_by_time(make_log, batch_of, now):
    log = make_log(segment_ms=1000)
    for time in (now, now + 1000, now + 1001, now + 1500, now):
        log.append_as_leader([batch_of(b"x", timestamp=time)], 0, now)
    assert [segment.base_offset for segment in log.segments] == [0, 2]
    silent = make_log(segment_ms=1000)
    for time in (0, 900, 1901):
        silent.append_as_leader([batch_of(b"x", timestamp=-1)], 0, time)
    assert [segment.base_offset for segment in silent.segments] == [0, 2]


def test_segment_jitter_draws_from_the_given_chance(batch_of, now):
    log = UnifiedLog(
        TopicPartition("t", 0), LogConfig(segment_ms=1000, segment_jitter_ms=1000), random=random.Random(7)
    )
    assert 0 < log.segments[0].roll_jitter_ms < 1000


def test_sizes_are_limited(make_log, batch_of, now):
    big = batch_of(bytes(1000))
    log = make_log(max_message_bytes=big.size_in_bytes - 1)
    with pytest.raises(errors.MessageSizeTooLargeError, match=r"max\.message\.bytes"):
        log.append_as_leader([big], 0, now)
    log.config = LogConfig(segment_bytes=500)
    with pytest.raises(errors.RecordListTooLargeError, match=r"segment\.bytes"):
        log.append_as_leader([big], 0, now)
    assert log.log_end_offset == 0
    log.config = LogConfig()
    assert log.append_as_leader([big], 0, now).first_offset == 0
    small_when_packed = batch_of(bytes(5000), compression=1)
    log.config = LogConfig(max_message_bytes=500)
    log.append_as_leader([small_when_packed], 0, now)


def test_timestamps_are_limited(make_log, batch_of, now):
    log = make_log(message_timestamp_before_max_ms=1000, message_timestamp_after_max_ms=500)
    for time in (now - 1000, now + 500, -1):
        log.append_as_leader([batch_of(b"x", timestamp=time)], 0, now)
    for time in (now - 1001, now + 501):
        with pytest.raises(errors.InvalidTimestampError) as caught:
            log.append_as_leader([batch_of(b"x", b"y", timestamp=time)], 0, now)
        found = record_errors_of(caught.value)
        assert [each.batch_index for each in found] == [0, 1]
        assert str(time) in found[0].message
    with pytest.raises(errors.InvalidTimestampError):
        make_log().append_as_leader([batch_of(b"x", timestamp=now + 3_600_001)], 0, now)
    assert log.log_end_offset == 3


def test_log_append_time(make_log, batch_of, now):
    log = make_log(message_timestamp_type="LogAppendTime")
    info = log.append_as_leader([batch_of(b"x", b"y", timestamp=5)], 0, now)
    assert info.log_append_time_ms == now
    batch = log.read(0, 100).batches[0]
    assert (batch.timestamp_type, batch.max_timestamp) == (1, now)
    assert [record[1] for record in batch.records] == [now, now]
    assert log.offset_for_timestamp(now) == (now, 0, 0)
    with pytest.raises(errors.InvalidTimestampError):
        log.append_as_leader([batch_of(b"x", timestamp_type=1)], 0, now)
    encoded = RecordBatch.from_bytes(batch_of(b"x", timestamp=5).encode())
    log.append_as_leader([encoded], 0, now + 1)
    assert RecordBatch.from_bytes(log.read(2, 100).batches[0].encode()).records[0][1] == now + 1


def test_compacted_topics_need_keys(make_log, batch_of, now):
    log = make_log(cleanup_policy="compact")
    log.append_as_leader([batch_of(b"x")], 0, now)
    for batch in (batch_of(b"x", key=None), RecordBatch.from_bytes(batch_of(b"x", key=None).encode())):
        with pytest.raises(errors.InvalidRecordError) as caught:
            log.append_as_leader([batch], 0, now)
        assert record_errors_of(caught.value)[0].message.startswith("Compacted topic cannot accept")
    assert record_errors_of(ValueError()) == []


def test_clients_may_not_send_just_anything(make_log, batch_of, marker, now):
    log = make_log()
    records = [(0, now, None, b"", ()), (2, now, None, b"", ())]
    for bad in (
        batch_of(b"x", base_offset=4),
        marker(1, 0, True),
        RecordBatch.build(records),
        batch_of(b"x", producer_id=5, producer_epoch=0),
        RecordBatch.build([], last_offset_delta=0),
        RecordBatch.build([], last_offset_delta=-1),
    ):
        with pytest.raises(errors.InvalidRecordError):
            log.append_as_leader([bad], 0, now)
    with pytest.raises(errors.InvalidRecordError, match="more than one batch"):
        log.append_as_leader([batch_of(b"x"), batch_of(b"y")], 0, now)
    info = log.append_as_leader([batch_of(b"x"), batch_of(b"y")], 0, now, origin="coordinator")
    assert (info.first_offset, info.last_offset) == (0, 1)


@pytest.mark.parametrize(("topic", "kept"), [("producer", 1), ("uncompressed", 0), ("gzip", 1), ("lz4", 3)])
def test_the_topics_compression_wins(make_log, batch_of, now, values, topic, kept):
    log = make_log(compression_type=topic)
    sent = RecordBatch.from_bytes(batch_of(b"x" * 100, b"y", compression=1).encode())
    log.append_as_leader([sent], 0, now)
    stored = log.read(0, 1000).batches[0]
    assert stored.compression == kept
    assert values(log) == [(0, b"x" * 100), (1, b"y")]
    if kept == 1:
        assert stored.encode()[61:] == sent.encode()[61:]


# Producers


def _send(log, batch_of, now, sequence, values=(b"x",), epoch=0, producer_id=9, **options):
    return log.append_as_leader(
        [batch_of(*values, producer_id=producer_id, producer_epoch=epoch, base_sequence=sequence, **options)],
        max(log.latest_epoch, 0),
        now,
    )


def test_duplicates_get_their_first_answer(make_log, batch_of, now):
    log = make_log()
    for sequence in range(7):
        _send(log, batch_of, now, sequence, timestamp=now + sequence)
    for sequence in range(2, 7):
        info = _send(log, batch_of, now + 50, sequence)
        assert (info.duplicate, info.first_offset, info.last_offset) == (True, sequence, sequence)
        assert info.log_append_time_ms == now + sequence
    with pytest.raises(errors.OutOfOrderSequenceNumberError):
        _send(log, batch_of, now, 1)  # only the last five are remembered
    assert log.log_end_offset == 7
    assert "duplicate" in repr(info)


def test_gaps_are_refused(make_log, batch_of, now):
    log = make_log()
    _send(log, batch_of, now, 0, (b"a", b"b"))
    for sequence in (0, 1, 3):
        with pytest.raises(errors.OutOfOrderSequenceNumberError, match="producer 9"):
            _send(log, batch_of, now, sequence)
    _send(log, batch_of, now, 2)
    assert log.producer_states()[0].last_seq == 2


def test_sequences_wrap(make_log, batch_of, now):
    log = make_log()
    last = 0x7FFFFFFF
    _send(log, batch_of, now, last - 1, (b"a", b"b", b"c"))
    assert _send(log, batch_of, now, last - 1, (b"a", b"b", b"c")).duplicate
    _send(log, batch_of, now, 1)
    other = make_log()
    _send(other, batch_of, now, last)
    _send(other, batch_of, now, 0)


def test_epochs(make_log, batch_of, now):
    log = make_log()
    _send(log, batch_of, now, 5, epoch=3)  # nothing known of the producer: any sequence will do
    with pytest.raises(errors.InvalidProducerEpochError):
        _send(log, batch_of, now, 0, epoch=2)
    with pytest.raises(errors.OutOfOrderSequenceNumberError, match="new epoch"):
        _send(log, batch_of, now, 6, epoch=4)
    _send(log, batch_of, now, 0, epoch=4)
    assert log.producer_states()[0].producer_epoch == 4


def test_producers_expire(make_log, batch_of, now):
    log = make_log()
    _send(log, batch_of, now, 0)
    assert log.remove_expired_producers(now + DAY - 1) == 0
    assert log.remove_expired_producers(now + DAY) == 1
    _send(log, batch_of, now, 77)


# Transactions


def _transact(log, batch_of, now, producer_id, sequence, **options):
    return _send(log, batch_of, now, sequence, producer_id=producer_id, is_transactional=True, **options)


def test_transactions_hold_the_last_stable_offset(make_log, batch_of, marker, now):
    log = make_log()
    log.append_as_leader([batch_of(b"plain")], 0, now)
    _transact(log, batch_of, now, 1, 0)
    _transact(log, batch_of, now, 2, 0)
    log.update_high_watermark(3)
    assert (log.first_unstable_offset, log.last_stable_offset) == (1, 1)
    log.append_as_leader([marker(1, 0, commit=False)], 0, now, origin="coordinator")
    assert log.last_stable_offset == 1  # the marker is not replicated yet
    log.update_high_watermark(4)
    assert log.last_stable_offset == 2
    log.append_as_leader([marker(2, 0, commit=True)], 0, now, origin="coordinator")
    log.update_high_watermark(5)
    assert log.last_stable_offset == 5
    assert [each.as_tuple() for each in log.aborted_transactions()] == [(1, 1, 3, 2)]
    assert log.read(0, 1 << 20, isolation="committed").aborted_transactions == [(1, 1)]
    assert log.read(4, 1 << 20, isolation="committed").aborted_transactions == []
    assert log.read(0, 1, isolation="committed").aborted_transactions == []
    assert log.read(0, 1, isolation="high_watermark").aborted_transactions is None
    assert [value for _, (_, _, _, value, _) in log.last_records()] == [b"plain", b"x", b"x"]
    log._check()


def test_an_empty_transaction_leaves_no_trace(make_log, marker, now):
    log = make_log()
    log.append_as_leader([marker(1, 0, commit=False)], 0, now, origin="coordinator")
    assert log.aborted_transactions() == []
    assert log.first_unstable_offset is None
    with pytest.raises(errors.TransactionCoordinatorFencedError):
        log.append_as_leader([marker(1, 0, False, coordinator_epoch=-1)], 0, now, origin="coordinator")
    with pytest.raises(errors.InvalidProducerEpochError):
        log.append_as_leader([marker(1, -1, False)], 0, now, origin="coordinator")


def test_a_plain_write_inside_a_transaction(make_log, batch_of, now):
    log = make_log()
    _transact(log, batch_of, now, 1, 0)
    with pytest.raises(errors.InvalidTxnStateError, match="producer 1"):
        _send(log, batch_of, now, 1, producer_id=1)
    assert log.log_end_offset == 1


def test_a_marker_may_raise_the_epoch(make_log, batch_of, marker, now):
    log = make_log()
    _transact(log, batch_of, now, 1, 0)
    log.append_as_leader([marker(1, 1, commit=False, coordinator_epoch=4)], 0, now, origin="coordinator")
    state = log.producer_states()[0]
    assert (state.producer_epoch, state.coordinator_epoch, state.last_seq) == (1, 4, -1)
    assert "epoch=1" in repr(state)
    with pytest.raises(errors.InvalidProducerEpochError):
        _transact(log, batch_of, now, 1, 1)
    _transact(log, batch_of, now, 1, 0, epoch=1)


# Followers


def test_followers_copy(make_log, batch_of, marker, now, values):
    leader, follower = make_log(), make_log()
    leader.append_as_leader([batch_of(b"a", b"b")], 1, now)
    _transact(leader, batch_of, now, 4, 0)
    leader.append_as_leader([marker(4, 0, commit=False)], 2, now, origin="coordinator")
    data = leader.read(0, 1 << 20)
    info = follower.append_as_follower(data.batches)
    assert (info.first_offset, info.last_offset) == (0, 3)
    assert values(follower) == values(leader)
    assert follower.leader_epochs.entries() == leader.leader_epochs.entries()
    assert [e.as_tuple() for e in follower.aborted_transactions()] == [
        e.as_tuple() for e in leader.aborted_transactions()
    ]
    assert follower.read(0, 1 << 20).batches[0] is data.batches[0]
    with pytest.raises(UnexpectedAppendOffsetError, match="less than the next offset 4") as caught:
        follower.append_as_follower(data.batches)
    assert (caught.value.first_offset, caught.value.last_offset) == (0, 3)
    with pytest.raises(OffsetsOutOfOrderError):
        follower.append_as_follower([batch_of(b"x", base_offset=9), batch_of(b"x", base_offset=9)])
    follower.append_as_follower([batch_of(b"x", base_offset=9, partition_leader_epoch=7)])
    assert follower.log_end_offset == 10
    assert follower.read(4, 1 << 20).batches[0].base_offset == 9
    follower._check()


# Truncation, deletion, restart


def test_truncation(make_log, batch_of, now, values):
    log = make_log(segment_bytes=200)
    for epoch in range(6):
        log.append_as_leader([batch_of(b"a", b"b")], epoch, now)
    log.update_high_watermark(10)
    assert not log.truncate_to(12)
    assert log.truncate_to(7)  # within a batch: the batch goes, the log ends there all the same
    assert (log.log_end_offset, log.high_watermark) == (7, 7)
    assert [offset for offset, _ in values(log)] == [0, 1, 2, 3, 4, 5]
    assert log.leader_epochs.entries() == [(0, 0), (1, 2), (2, 4), (3, 6)]
    log.assign_epoch_start_offset(9, 7)
    assert not log.truncate_to(7)
    assert log.latest_epoch == 3
    log.truncate_to(0)
    assert values(log) == []
    with pytest.raises(ValueError, match="negative"):
        log.truncate_to(-1)
    log._check()


def test_truncation_takes_producers_and_transactions_back(make_log, batch_of, marker, now):
    log = make_log(segment_bytes=300)
    _transact(log, batch_of, now, 1, 0)
    log.append_as_leader([marker(1, 0, commit=False)], 0, now, origin="coordinator")
    _send(log, batch_of, now, 0)
    _transact(log, batch_of, now, 1, 1)
    _send(log, batch_of, now, 1)
    log.truncate_to(3)
    assert {state.producer_id: state.last_seq for state in log.producer_states()} == {1: 0, 9: 0}
    assert log.first_unstable_offset == 0  # the abort marker is not below the high watermark
    log.truncate_to(1)
    assert log.aborted_transactions() == []
    assert [state.current_txn_first_offset for state in log.producer_states()] == [0]
    assert log.first_unstable_offset == 0
    log._check()


def test_truncate_fully(make_log, batch_of, now):
    log = make_log()
    _send(log, batch_of, now, 0)
    log.truncate_fully_and_start_at(50)
    assert (log.log_start_offset, log.log_end_offset, log.high_watermark, log.latest_epoch) == (
        50,
        50,
        50,
        -1,
    )
    assert log.producer_states() == []
    log.append_as_leader([batch_of(b"x")], 1, now)
    log.truncate_to(20)
    assert (log.log_start_offset, log.log_end_offset) == (20, 20)
    log.truncate_fully_and_start_at(10, log_start_offset=12)
    assert (log.log_start_offset, log.log_end_offset) == (12, 10)


def test_delete_records(make_log, batch_of, now, values):
    log = make_log()
    for epoch in (0, 1):
        log.append_as_leader([batch_of(b"a", b"b", b"c")], epoch, now)
    with pytest.raises(errors.OffsetOutOfRangeError, match="high watermark 0"):
        log.increment_log_start_offset(2)
    log.update_high_watermark(6)
    assert log.increment_log_start_offset(2)
    assert not log.increment_log_start_offset(1)
    assert values(log) == [(2, b"c"), (3, b"a"), (4, b"b"), (5, b"c")]
    assert log.earliest_offset() == (-1, 2, 0)
    assert log.offset_for_timestamp(0) == (now, 2, 0)
    assert log.last_records()[0][0] == 2
    assert log.increment_log_start_offset(6)
    assert log.is_empty
    assert log.update_high_watermark(3) == 6
    log._check()


def test_high_watermark(make_log, batch_of, now):
    log = make_log()
    log.append_as_leader([batch_of(b"a", b"b")], 0, now)
    assert log.maybe_increment_high_watermark(1)
    assert not log.maybe_increment_high_watermark(1)
    assert not log.maybe_increment_high_watermark(0)
    with pytest.raises(ValueError, match="exceeds"):
        log.maybe_increment_high_watermark(3)
    assert log.update_high_watermark(99) == 2


def test_retention_by_size(make_log, batch_of, now):
    size = batch_of(bytes(50)).size_in_bytes
    log = make_log(segment_bytes=size, retention_bytes=2 * size)
    for _ in range(5):
        log.append_as_leader([batch_of(bytes(50))], 0, now)
    assert log.delete_old_segments(now) == 0  # nothing below the high watermark
    log.update_high_watermark(2)
    assert log.delete_old_segments(now) == 2
    log.update_high_watermark(5)
    assert log.delete_old_segments(now) == 1
    assert (log.log_start_offset, log.size_in_bytes) == (3, 2 * size)
    log._check()


def test_retention_by_time_takes_the_active_segment_too(make_log, batch_of, now):
    log = make_log(retention_ms=1000)
    log.append_as_leader(
        [batch_of(b"a", timestamp=now), batch_of(b"b", timestamp=now + 5)], 0, now, origin="coordinator"
    )
    log.update_high_watermark(2)
    assert log.delete_old_segments(now + 1005) == 0
    assert log.delete_old_segments(now + 1006) == 1
    assert (log.log_start_offset, log.log_end_offset, log.size_in_bytes) == (2, 2, 0)
    assert log.delete_old_segments(now + DAY) == 0
    log.append_as_leader([batch_of(b"c", timestamp=-1)], 0, now + DAY)
    log.update_high_watermark(3)
    assert log.delete_old_segments(now + DAY + 1000) == 0  # no timestamps: when it was written counts
    assert log.delete_old_segments(now + DAY + 1001) == 1
    log._check()


def test_compacted_logs_lose_only_what_lies_below_their_start(make_log, batch_of, now):
    log = make_log(cleanup_policy="compact", retention_ms=1, retention_bytes=1, segment_bytes=80)
    for _ in range(3):
        log.append_as_leader([batch_of(b"a")], 0, now)
    log.update_high_watermark(3)
    assert log.delete_old_segments(now + DAY) == 0
    log.increment_log_start_offset(2)
    assert log.delete_old_segments(now + DAY) == 2
    log._check()


def test_offsets_for_timestamps(make_log, batch_of, now):
    log = make_log(segment_bytes=170)
    times = [now + 10, now + 30, now + 20, now + 40, now + 40]
    for epoch, time in enumerate(times):
        log.append_as_leader([batch_of(b"a", timestamp=time)], epoch, now)
    assert log.offset_for_timestamp(now) == (now + 10, 0, 0)
    assert log.offset_for_timestamp(now + 11) == (now + 30, 1, 1)
    assert log.offset_for_timestamp(now + 31) == (now + 40, 3, 3)
    assert log.offset_for_timestamp(now + 41) is None
    assert log.max_timestamp_offset() == (now + 40, 3, 3)


def test_recovery(make_log, batch_of, marker, now, values):
    log = make_log(segment_bytes=400)
    for sequence in range(8):
        _send(log, batch_of, now, sequence)
        _transact(log, batch_of, now, 1, sequence)
    log.append_as_leader([marker(1, 0, commit=False)], 2, now, origin="coordinator")
    _transact(log, batch_of, now, 2, 0)
    log.update_high_watermark(18)
    before = (log._producers.state(), values(log), log.leader_epochs.entries(), log.last_stable_offset)
    log.recover()
    assert before == (
        log._producers.state(),
        values(log),
        log.leader_epochs.entries(),
        log.last_stable_offset,
    )
    assert _send(log, batch_of, now, 7).duplicate
    log.take_producer_snapshot()
    log.recover(high_watermark=4)
    assert log.high_watermark == 4
    assert log._producers.state()[1] == before[0][1]
    log._check()


def test_a_clean_stop_remembers_producers_without_batches(make_log, batch_of, now):
    log = make_log()
    _send(log, batch_of, now, 0)
    log.append_as_leader([batch_of(b"x")], 0, now)
    log.update_high_watermark(2)
    log.increment_log_start_offset(1)
    log.take_producer_snapshot()
    log.recover()
    assert _send(log, batch_of, now, 0).duplicate
    log._producers._snapshots.clear()
    log.recover()
    assert log.producer_states() == []  # a kill: the batch is below the log start, so any sequence is new
    assert not _send(log, batch_of, now, 0).duplicate
