"""A log against a list: random programs of everything a replica does to its log."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from minikafka import errors
from minikafka.log.config import LogConfig
from minikafka.log.control_record import ControlRecordType, control_record
from minikafka.log.record_batch import RecordBatch
from minikafka.log.unified_log import UnifiedLog
from minikafka.structs import TopicPartition

NOW = 1_700_000_000_000
SEGMENT_BYTES = 600


class ModelBatch:
    def __init__(self, base, batch, epoch):
        self.base = base
        self.last = base + batch.last_offset_delta
        self.epoch = epoch
        self.records = batch.records
        self.size = batch.size_in_bytes
        self.batch = batch

    @property
    def entries(self):
        return [(self.base + d, t, k, v) for d, t, k, v, _ in self.records]


class ModelProducer:
    def __init__(self):
        self.epoch = 0
        self.recent = []  # (first sequence, last sequence, base offset, max timestamp)
        self.txn = None


class LogMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        partition = TopicPartition("t", 0)
        config = LogConfig(segment_bytes=SEGMENT_BYTES, retention_bytes=-1, retention_ms=-1)
        self.log = UnifiedLog(partition, config)
        self.follower = UnifiedLog(partition, config)
        self.model: list[ModelBatch] = []
        self.start = 0
        self.end = 0
        self.high_watermark = 0
        self.epoch = 0
        self.now = NOW
        self.producers: dict[int, ModelProducer] = {}
        self.exact = True  # until records are deleted, derived state follows from the list alone

    # Appends

    def _append(self, batch, origin="client"):
        info = self.log.append_as_leader([batch], self.epoch, self.now, origin=origin)
        assert (info.first_offset, info.last_offset) == (self.end, self.end + batch.last_offset_delta)
        assert not info.duplicate
        self.model.append(ModelBatch(self.end, batch, self.epoch))
        self.end = info.last_offset + 1
        return info

    def _batch(self, sizes, encoded, **header):
        records = [
            (i, self.now - i % 3 * 7, b"k%d" % i if size % 2 else None, bytes(size), ())
            for i, size in enumerate(sizes)
        ]
        batch = RecordBatch.build(records, **header)
        return RecordBatch.from_bytes(batch.encode()) if encoded else batch

    sizes = st.lists(st.integers(0, 80), min_size=1, max_size=3)

    @rule(sizes=sizes, encoded=st.booleans())
    def append(self, sizes, encoded):
        self._append(self._batch(sizes, encoded))

    @rule(sizes=sizes, producer_id=st.integers(0, 2), transactional=st.booleans(), encoded=st.booleans())
    def append_idempotent(self, sizes, producer_id, transactional, encoded):
        producer = self.producers.setdefault(producer_id, ModelProducer())
        transactional = transactional or producer.txn is not None
        sequence = producer.recent[-1][1] + 1 if producer.recent else 0
        batch = self._batch(
            sizes,
            encoded,
            producer_id=producer_id,
            producer_epoch=producer.epoch,
            base_sequence=sequence,
            is_transactional=transactional,
        )
        if transactional and producer.txn is None:
            producer.txn = self.end
        producer.recent.append((sequence, sequence + len(sizes) - 1, self.end, batch.max_timestamp))
        del producer.recent[:-5]
        self._append(batch)

    @precondition(lambda self: any(p.recent for p in self.producers.values()))
    @rule(data=st.data())
    def send_again(self, data):
        producer_id = data.draw(st.sampled_from([i for i, p in self.producers.items() if p.recent]))
        producer = self.producers[producer_id]
        first, last, base, timestamp = data.draw(st.sampled_from(producer.recent))
        batch = self._batch([0] * (last - first + 1), False, producer_id=producer_id, producer_epoch=producer.epoch,
                            base_sequence=first)  # fmt: skip
        info = self.log.append_as_leader([batch], self.epoch, self.now)
        assert (info.duplicate, info.first_offset, info.last_offset) == (True, base, base + last - first)
        assert info.log_append_time_ms == timestamp
        for sequence, epoch, error in [
            (producer.recent[-1][1] + 2, producer.epoch, errors.OutOfOrderSequenceNumberError),
            (producer.recent[-1][1] + 1, producer.epoch - 1, errors.InvalidProducerEpochError),
            (1, producer.epoch + 1, errors.OutOfOrderSequenceNumberError),
        ]:
            bad = self._batch(
                [1], False, producer_id=producer_id, producer_epoch=epoch, base_sequence=sequence
            )
            with pytest.raises(error):
                self.log.append_as_leader([bad], self.epoch, self.now)

    @precondition(lambda self: any(p.txn is not None for p in self.producers.values()))
    @rule(data=st.data(), commit=st.booleans(), bump=st.booleans())
    def end_transaction(self, data, commit, bump):
        producer_id = data.draw(st.sampled_from([i for i, p in self.producers.items() if p.txn is not None]))
        producer = self.producers[producer_id]
        if bump:
            producer.epoch += 1
            producer.recent = []
        producer.txn = None
        kind = ControlRecordType.COMMIT if commit else ControlRecordType.ABORT
        marker = RecordBatch.build(
            [control_record(kind, 0, self.now)],
            producer_id=producer_id,
            producer_epoch=producer.epoch,
            is_transactional=True,
            is_control=True,
        )
        self._append(marker, origin="coordinator")

    # Time and leadership

    @rule(step=st.integers(1, 1000))
    def time_passes(self, step):
        self.now += step

    @rule()
    def new_leader(self):
        self.epoch += 1
        self.log.assign_epoch_start_offset(self.epoch, self.end)

    @rule(data=st.data())
    def advance_high_watermark(self, data):
        marks = [batch.last + 1 for batch in self.model if batch.last + 1 > self.high_watermark]
        if marks:
            self.high_watermark = data.draw(st.sampled_from(marks))
            assert self.log.maybe_increment_high_watermark(self.high_watermark)

    # Losing things

    @precondition(lambda self: self.end > self.start)
    @rule(data=st.data())
    def truncate(self, data):
        offset = data.draw(st.integers(max(self.start, self.high_watermark), self.end))
        assert self.log.truncate_to(offset) == (offset < self.end)
        self.follower.truncate_to(offset)
        if offset < self.end:
            self.model = [batch for batch in self.model if batch.last < offset]
            self.end = offset
            self._derive()

    @rule(data=st.data())
    def delete_records(self, data):
        offset = data.draw(st.integers(0, self.high_watermark))
        assert self.log.increment_log_start_offset(offset) == (offset > self.start)
        if offset > self.start:
            self.start = offset
            self.exact = False
            self.model = [batch for batch in self.model if batch.last >= offset]
        with pytest.raises(errors.OffsetOutOfRangeError):
            self.log.increment_log_start_offset(self.high_watermark + 1)

    @rule(segments=st.integers(0, 2))
    def retain(self, segments):
        keep = sum(segment.size for segment in list(self.log.segments)[-segments:]) if segments else 0
        self.log.config = LogConfig(segment_bytes=SEGMENT_BYTES, retention_bytes=keep, retention_ms=-1)
        kept = [segment.base_offset for segment in self.log.segments]
        deleted = self.log.delete_old_segments(self.now)
        self.log.config = LogConfig(segment_bytes=SEGMENT_BYTES, retention_bytes=-1, retention_ms=-1)
        assert self.log.log_start_offset <= self.high_watermark
        if self.log.log_start_offset > self.start:
            assert self.log.log_start_offset in (*kept, self.end)
            assert deleted
            self.start = self.log.log_start_offset
            self.exact = False
            self.model = [batch for batch in self.model if batch.last >= self.start]

    @rule(clean=st.booleans())
    def restart(self, clean):
        if clean:
            self.log.take_producer_snapshot()
        before = {state.producer_id: state.as_tuple() for state in self.log.producer_states()}
        stable = self.log.last_stable_offset
        self.log.recover()
        if (clean and self.start < self.end) or self.exact:
            assert {state.producer_id: state.as_tuple() for state in self.log.producer_states()} == before
            assert self.log.last_stable_offset == stable
        self._derive()

    def _derive(self):
        """What the producers' state should be from the list of batches; of deleted batches, what the log says."""
        derived: dict[int, ModelProducer] = {}
        for each in self.model:
            batch = each.batch
            if batch.producer_id < 0:
                continue
            producer = derived.setdefault(batch.producer_id, ModelProducer())
            if batch.producer_epoch != producer.epoch:
                producer.epoch, producer.recent = batch.producer_epoch, []
            if batch.is_control:
                producer.txn = None
                continue
            producer.recent.append((batch.base_sequence, batch.last_sequence, each.base, batch.max_timestamp))
            del producer.recent[:-5]
            if batch.is_transactional and producer.txn is None:
                producer.txn = each.base
        if not self.exact:
            states = {state.producer_id: state for state in self.log.producer_states()}
            assert set(derived) <= set(states)
            for producer_id, state in states.items():
                recent = [(b.first_seq, b.last_seq, b.first_offset, b.timestamp) for b in state.batches]
                if producer_id in derived:
                    expected = derived[producer_id]
                    assert state.producer_epoch == expected.epoch
                    assert recent[len(recent) - len(expected.recent) :] == expected.recent
                producer = derived[producer_id] = ModelProducer()
                producer.epoch, producer.recent = state.producer_epoch, recent
                producer.txn = state.current_txn_first_offset
        self.producers = derived

    # Looking

    @rule(data=st.data(), max_bytes=st.integers(0, 1500), min_one=st.booleans(),
          isolation=st.sampled_from(["log_end", "high_watermark", "committed"]))  # fmt: skip
    def read(self, data, max_bytes, min_one, isolation):
        start = data.draw(st.integers(self.start, self.end))
        found = self.log.read(start, max_bytes, min_one_message=min_one, isolation=isolation)
        limit = {
            "log_end": self.end,
            "high_watermark": self.high_watermark,
            "committed": self.log.last_stable_offset,
        }[isolation]
        wanted = [batch for batch in self.model if batch.last >= start and batch.last < limit]
        taken = wanted[: len(found.batches)]
        assert [(b.base, b.epoch) for b in taken] == [
            (b.base_offset, b.partition_leader_epoch) for b in found.batches
        ]
        assert found.size_in_bytes == sum(batch.size for batch in taken)
        assert found.size_in_bytes <= max_bytes or (min_one and len(taken) == 1)
        if wanted and not taken:
            assert not min_one
            assert wanted[0].size > max_bytes
        if taken and len(taken) < len(wanted):
            following = wanted[len(taken)]
            rolled = following.base in [s.batches[0].base_offset for s in self.log.segments if s.batches]
            assert rolled or found.size_in_bytes + following.size > max_bytes or (min_one and len(taken) == 1)
        if isolation == "committed":
            assert found.aborted_transactions is not None
            if self.exact and found.batches:
                upper = found.batches[-1].last_offset
                aborted = [
                    (p, first) for p, first, last in self._aborted() if last >= start and first <= upper
                ]
                assert found.aborted_transactions == aborted

    def _aborted(self):
        opened: dict[int, int] = {}
        found = []
        for each in self.model:
            batch = each.batch
            if batch.is_control:
                first = opened.pop(batch.producer_id)
                if batch.records[0][2] == b"\0\0\0\0":
                    found.append((batch.producer_id, first, each.base))
            elif batch.is_transactional:
                opened.setdefault(batch.producer_id, each.base)
        return found

    @rule(back=st.integers(-5, 3000))
    def look_up_time(self, back):
        wanted = self.now - back
        entries = [(*entry, each.epoch) for each in self.model for entry in each.entries]
        expected = next(((t, o, e) for o, t, _, _, e in entries if t >= wanted and o >= self.start), None)
        found = self.log.offset_for_timestamp(wanted)
        # Like Kafka's, the search ends with the first segment that is late enough, even if its record is deleted.
        assert found == expected or (found is None and self.log.segments[0].base_offset < self.start)
        largest = self.log.max_timestamp_offset()
        if entries and self.start == 0:
            top = max(entry[1] for entry in entries)
            assert largest == next((t, o, e) for o, t, _, _, e in entries if t == top)

    @rule()
    def catch_up(self):
        """A follower copies from the leader until it has everything, and is then the same."""
        follower, leader = self.follower, self.log
        if follower.log_end_offset < leader.log_start_offset:
            follower.truncate_fully_and_start_at(leader.log_start_offset)
        while follower.log_end_offset < leader.log_end_offset:
            batches = leader.read(follower.log_end_offset, 700).batches
            if not batches:
                break  # the truncated end of the log holds no batch
            if batches[0].base_offset < follower.log_end_offset:
                follower.truncate_fully_and_start_at(batches[0].base_offset, follower.log_start_offset)
            follower.append_as_follower(batches, self.now)
        follower.update_high_watermark(leader.high_watermark)
        follower.increment_log_start_offset(min(leader.log_start_offset, follower.high_watermark))
        assert [b.base_offset for b in follower.iterate(leader.log_start_offset)] == [
            b.base for b in self.model
        ]
        follower._check()

    @invariant()
    def agrees(self):
        log = self.log
        log._check()
        assert (log.log_start_offset, log.log_end_offset) == (self.start, self.end)
        assert log.high_watermark == self.high_watermark
        assert [entry for each in self.model for entry in each.entries] == [
            (b.base_offset + d, t, k, v) for b in log.iterate() for d, t, k, v, _ in b.records
        ]
        if self.exact:
            open_now = [p.txn for p in self.producers.values() if p.txn is not None]
            undecided = [first for _, first, last in self._ended() if last >= self.high_watermark]
            assert log.last_stable_offset == min([*open_now, *undecided, self.high_watermark])
            assert [(a.producer_id, a.first_offset, a.last_offset) for a in log.aborted_transactions()] == (
                self._aborted()
            )
        for each in self.model:
            epoch, end = log.offset_for_leader_epoch(each.epoch)
            assert epoch == each.epoch
            assert end > each.last

    def _ended(self):
        opened: dict[int, int] = {}
        for each in self.model:
            batch = each.batch
            if batch.is_control:
                yield batch.producer_id, opened.pop(batch.producer_id), each.base
            elif batch.is_transactional:
                opened.setdefault(batch.producer_id, each.base)


TestLog = LogMachine.TestCase
TestLog.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
