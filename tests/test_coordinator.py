"""The runtime on a log in memory: commits, failures, failover; its shard is a list of words."""

from random import Random

import pytest

from minikafka import errors
from minikafka.coordinator import CoordinatorRecord, CoordinatorRuntime, Result, operation_error
from minikafka.keyed_timers import KeyedTimers
from minikafka.log.record_batch import ControlRecordType, RecordBatch, control_record
from minikafka.scheduler import Promise, Scheduler
from minikafka.structs import TopicPartition

PARTITION = TopicPartition("__words", 3)


class Word(str):
    """Key and value of the shard's records."""


class WordShard:
    def __init__(self, timers):
        self.timers = timers
        self.words = []
        self.high_watermark = 0
        self.markers = []
        self.parked = []
        self.loaded = self.unloaded = 0

    def encode_record(self, record):
        return record.key.encode(), None if record.value is None else record.value.encode()

    def decode_record(self, key, value):
        return (
            None if key == b"skip" else CoordinatorRecord(Word(key.decode()), value and Word(value.decode()))
        )

    def replay(self, offset, producer_id, record):
        self.words.append((offset, producer_id, record.key))

    def replay_end_transaction_marker(self, offset, producer_id, committed):
        self.markers.append((offset, producer_id, committed))

    def on_high_watermark(self, offset):
        self.high_watermark = offset

    def on_loaded(self, loaded_at_ms):
        self.loaded += 1
        self.loaded_at_ms = loaded_at_ms

    def on_unloaded(self):
        self.unloaded += 1
        for promise in self.parked:
            promise.set_result("bye")

    def say(self, *words, **options):
        records = [CoordinatorRecord(Word(word), Word("x")) for word in words]
        return Result(records, f"said {'+'.join(words)}", **options)

    def spoken(self):
        return [word for _, _, word in self.words]


class MemoryLog:
    """A partition writer; the high watermark follows at once unless `replicating` is False."""

    def __init__(self):
        self.batches = []
        self.end_offset = self.watermark = 0
        self.replicating = True
        self.errors = []
        self.callbacks = []
        self.epochs = []

    def append(self, topic_partition, batch, leader_epoch):
        assert topic_partition == PARTITION
        if self.errors:
            raise self.errors.pop(0)
        self.epochs.append(leader_epoch)
        self.batches.append(batch.stamped(self.end_offset, leader_epoch))
        self.end_offset = self.batches[-1].last_offset + 1
        if self.replicating:
            self.move(self.end_offset)
        return self.end_offset - 1

    def move(self, watermark):
        self.watermark = watermark
        for callback in self.callbacks:
            callback(watermark)

    def on_high_watermark(self, topic_partition, callback):
        self.callbacks.append(callback)

    def high_watermark(self, topic_partition):
        return self.watermark

    def read(self, topic_partition):
        if self.errors:
            raise self.errors.pop(0)
        return list(self.batches)


class World:
    def __init__(self, log=None, **options):
        self.scheduler = Scheduler(Random(1), 1_000)
        self.log = log or MemoryLog()
        self.shards = []
        self.runtime = CoordinatorRuntime(self.scheduler, self.log, self.make, **options)

    def make(self, topic_partition, timers):
        self.shards.append(WordShard(timers))
        return self.shards[-1]

    @property
    def shard(self):
        """The live shard, or the last one that there was."""
        return self.runtime.shard(PARTITION) or self.shards[-1]

    def load(self, epoch=1):
        self.runtime.load(PARTITION, epoch)
        self.settle()
        return self

    def say(self, *words, **options):
        return self.runtime.write(PARTITION, lambda shard: shard.say(*words, **options))

    def settle(self):
        self.scheduler.run_ready()
        assert self.scheduler.failure is None

    def advance(self, delay_ms):
        end_ms = self.scheduler.now_ms + delay_ms
        while (deadline := self.scheduler.next_deadline_ms()) is not None and deadline <= end_ms:
            self.scheduler.advance_to(deadline)
            self.settle()
        self.scheduler.advance_to(end_ms)
        self.settle()


def failure(promise):
    return type(promise.exception())


def test_only_leaders_coordinate_and_only_once_they_have_loaded():
    world = World()
    assert failure(world.say("a")) is errors.NotCoordinatorError
    world.runtime.load(PARTITION, 1)
    assert failure(world.say("a")) is errors.CoordinatorLoadInProgressError
    assert world.runtime.active_partitions() == []
    world.settle()
    assert world.say("a").result() == "said a"
    assert world.runtime.active_partitions() == [PARTITION]
    world.runtime.unload(PARTITION, 1)
    assert failure(world.say("a")) is errors.NotCoordinatorError
    assert world.runtime.shard(PARTITION) is None


def test_records_are_replayed_at_once_and_answered_when_committed():
    world = World().load()
    world.log.replicating = False
    first, second = world.say("a", "b"), world.say("c")
    assert world.shard.words == [(0, -1, "a"), (1, -1, "b"), (2, -1, "c")]
    world.log.move(1)
    assert not first.done(), "half of its records are committed"
    world.log.move(2)
    assert (first.done(), second.done()) == (True, False)
    world.log.move(3)
    assert second.result() == "said c"
    assert world.shard.high_watermark == 3


def test_an_answer_without_records_waits_for_earlier_writes_unless_it_is_immediate():
    world = World().load()
    world.log.replicating = False
    write, read, glance = world.say("a"), world.say(), world.say(immediate=True)
    assert [promise.done() for promise in (write, read, glance)] == [False, False, True]
    world.log.move(1)
    assert [promise.done() for promise in (write, read)] == [True, True]
    assert world.say().done()


def test_a_record_is_one_tuple_of_key_and_value_with_the_time():
    world = World().load()
    world.say("a")
    (batch,) = world.log.batches
    assert [tuple(record[:4]) for record in batch.records] == [(0, 1_000, b"a", b"x")]
    assert world.log.epochs == [1]


def test_a_refused_append_leaves_nothing_behind():
    world = World().load()
    world.log.errors = [errors.NotEnoughReplicasError("1 of 2")]
    told = []
    promise = world.say("a", on_append=told.append)
    assert failure(promise) is errors.CoordinatorNotAvailableError
    assert [type(error) for error in told] == [errors.CoordinatorNotAvailableError]
    assert world.shard.words == []
    assert world.say("b").result() == "said b"
    assert world.shard.words == [(0, -1, "b")]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (errors.NetworkExceptionError, errors.CoordinatorLoadInProgressError),
        (errors.UnknownTopicOrPartitionError, errors.CoordinatorNotAvailableError),
        (errors.NotEnoughReplicasError, errors.CoordinatorNotAvailableError),
        (errors.RequestTimedOutError, errors.CoordinatorNotAvailableError),
        (errors.NotLeaderForPartitionError, errors.NotCoordinatorError),
        (errors.KafkaStorageError, errors.NotCoordinatorError),
        (errors.MessageSizeTooLargeError, errors.UnknownError),
        (errors.RecordListTooLargeError, errors.UnknownError),
        (errors.InvalidFetchRequestError, errors.UnknownError),
        (errors.IllegalGenerationError, errors.IllegalGenerationError),
    ],
)
def test_errors_of_the_log_are_told_in_the_words_of_coordinators(raised, told):
    assert type(operation_error(raised("why"))) is told
    assert operation_error(raised("why")).args == ("why",)


def test_an_operation_that_raises_writes_nothing():
    world = World().load()

    def refuse(shard):
        raise errors.UnknownMemberIdError("who?")

    assert failure(world.runtime.write(PARTITION, refuse)) is errors.UnknownMemberIdError
    assert world.log.batches == []

    def bug(shard):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.runtime.write(PARTITION, bug)


def test_what_on_append_returns_is_written_too():
    world = World().load()
    world.log.replicating = False
    promise = world.say("a", replay=False, on_append=lambda error: world.shard.say("b"))
    assert world.shard.spoken() == []
    world.log.move(1)
    assert promise.done()
    assert world.shard.spoken() == ["b"]
    assert world.log.end_offset == 2


def test_on_append_may_write_within_an_append():
    world = World().load()
    world.log.replicating = False
    promises = [world.say(word, on_append=lambda error: world.shard.say("again")) for word in "ab"]
    world.log.replicating = True
    last = world.say("c")
    assert all(promise.done() for promise in [*promises, last])
    assert world.shard.spoken() == ["a", "b", "c", "again", "again"]
    assert [offset for offset, _, _ in world.shard.words] == [0, 1, 2, 3, 4]


def test_a_parked_answer_does_not_wait_for_the_commit():
    world = World().load()
    world.log.replicating = False
    answer = Promise()

    def park(shard):
        return Result([CoordinatorRecord(Word("a"), None)], answer)

    promise = world.runtime.write(PARTITION, park)
    world.log.move(1)
    assert not promise.done()
    answer.set_result("now")
    assert promise.result() == "now"


def test_a_parked_answer_fails_when_its_write_does():
    world = World().load()
    world.log.errors = [errors.NotLeaderForPartitionError()]
    promise = world.runtime.write(
        PARTITION, lambda shard: Result([CoordinatorRecord(Word("a"), None)], Promise())
    )
    assert failure(promise) is errors.NotCoordinatorError


def test_writes_that_are_not_replicated_in_time_fail_in_order():
    world = World(write_timeout_ms=5_000).load()
    world.log.replicating = False
    first = world.say("a")
    world.advance(3_000)
    second = world.say("b")
    world.advance(1_999)
    assert not first.done()
    world.advance(1)
    assert failure(first) is errors.CoordinatorNotAvailableError
    assert not second.done()
    world.log.move(2)
    assert second.result() == "said b"
    assert world.shard.spoken() == ["a", "b"], "the record is in the log all the same"
    world.advance(10_000)
    assert world.scheduler.next_deadline_ms() is None


def test_results_that_are_not_atomic_are_split_into_batches():
    world = World(max_batch_bytes=100).load()
    words = [f"word-{number}" for number in range(20)]
    assert world.say(*words, atomic=False).done()
    assert len(world.log.batches) > 3
    assert world.shard.words == [(offset, -1, word) for offset, word in enumerate(words)]
    world.say(*words)
    assert len(world.log.batches[-1].records) == 20


# Failover


def test_a_new_leader_rebuilds_the_state_from_the_log():
    old = World().load()
    old.say("a", "b")
    old.say("skip")
    old.log.replicating = False
    old.say("c")
    new = World(old.log).load(epoch=2)
    assert new.shard.words == [(0, -1, "a"), (1, -1, "b"), (3, -1, "c")]
    assert new.shard.high_watermark == 3
    assert new.shard.loaded == 1
    read = new.say()
    assert not read.done(), "the last record is not committed yet"
    old.log.move(4)
    assert read.done()


def test_a_resignation_answers_everything_and_stops_the_timers():
    world = World().load()
    world.log.replicating = False
    fired = []
    world.shard.timers.schedule(("t",), 10, fired.append, 1)
    parked = Promise()
    world.shard.parked.append(parked)
    told = []
    waiting = world.say("a", on_append=told.append)
    shard = world.shard
    world.runtime.unload(PARTITION, 1)
    assert failure(waiting) is errors.NotCoordinatorError
    assert type(told[0]) is errors.NotCoordinatorError
    assert parked.result() == "bye"
    assert shard.unloaded == 1
    world.log.move(1)
    world.advance(10_000)
    assert fired == []
    assert shard.high_watermark == 0


def test_epochs_order_elections_and_resignations():
    world = World().load(epoch=5)
    world.runtime.unload(PARTITION, 4)
    assert world.say("a").done()
    world.load(epoch=4)
    world.load(epoch=6)
    assert len(world.shards) == 1, "still the same leader"
    world.say("b")
    assert world.log.epochs == [5, 6]
    world.runtime.unload(PARTITION)
    world.load(epoch=7)
    assert world.shard.spoken() == ["a", "b"]


def test_a_resignation_before_the_load_is_over():
    world = World()
    world.runtime.load(PARTITION, 1)
    world.runtime.unload(PARTITION, 1)
    world.settle()
    assert not world.shards
    assert failure(world.say("a")) is errors.NotCoordinatorError


def test_a_failed_load_is_tried_again_with_the_next_epoch():
    world = World()
    world.log.errors = [errors.NotLeaderForPartitionError()]
    world.load(epoch=1)
    assert failure(world.say("a")) is errors.NotCoordinatorError
    world.load(epoch=2)
    assert world.say("a").done()


def test_close_unloads_everything():
    world = World().load()
    shard = world.shard
    world.runtime.close()
    assert world.runtime.active_partitions() == []
    assert shard.unloaded == 1


def test_a_shard_is_made_when_something_is_asked_of_it():
    world = World().load()
    assert (world.shards, world.runtime.used_shards(), world.runtime.write_all(WordShard.say)) == ([], [], [])
    world.scheduler.advance_to(5_000)
    assert world.say("a").result() == "said a"
    assert world.runtime.used_shards() == world.shards
    assert (world.shard.loaded, world.shard.loaded_at_ms) == (1, 1_000)
    again = World(log=world.log).load()
    assert again.shards[0].spoken() == ["a"]
    [said] = again.runtime.write_all(lambda shard: shard.say("b"))
    assert said.result() == "said b"


def test_transactions_in_the_log_are_replayed_with_their_markers():
    world = World()
    data = RecordBatch.build([(0, 0, b"a", b"x", ())], producer_id=9, producer_epoch=0, base_sequence=0)
    in_transaction = RecordBatch.build(
        [(0, 0, b"b", b"x", ())], producer_id=9, producer_epoch=0, base_sequence=1, is_transactional=True
    )
    markers = [
        RecordBatch.build(
            [control_record(kind, 0)],
            producer_id=9,
            producer_epoch=0,
            is_transactional=True,
            is_control=True,
        )
        for kind in (ControlRecordType.COMMIT, ControlRecordType.ABORT)
    ]
    for batch in (data, in_transaction, *markers):
        world.log.append(PARTITION, batch, 0)
    world.load()
    assert world.shard.words == [(0, -1, "a"), (1, 9, "b")]
    assert world.shard.markers == [(2, 9, True), (3, 9, False)]


# Timers


def test_timer_actions_may_write():
    world = World().load()
    world.shard.timers.schedule(("t",), 10, world.shard.say, "tick")
    world.advance(9)
    assert world.shard.spoken() == []
    world.advance(1)
    assert world.shard.spoken() == ["tick"]


def test_keyed_timers_replace_and_cancel():
    scheduler = Scheduler(Random(1), 0)
    fired = []
    timers = KeyedTimers(scheduler, lambda action, args: fired.append((scheduler.now_ms, *args)))

    def advance_to(now_ms):
        while (deadline := scheduler.next_deadline_ms()) is not None and deadline <= now_ms:
            scheduler.advance_to(deadline)
            scheduler.run_ready()
        scheduler.advance_to(now_ms)

    timers.schedule(("a",), 10, print, "early")
    timers.schedule(("b",), 10, print, "b")
    timers.schedule(("c",), 10, print, "never")
    advance_to(5)
    timers.schedule(("a",), 10, print, "later")  # pushed back to 15
    timers.schedule(("b",), 1, print, "sooner")  # pulled forward to 6
    timers.cancel(("c",))
    timers.cancel(("unknown",))
    assert (timers.deadline_ms(("a",)), timers.deadline_ms(("c",)), len(timers)) == (15, None, 2)
    advance_to(14)
    assert fired == [(6, "sooner")]
    advance_to(20)
    assert fired == [(6, "sooner"), (15, "later")]
    assert len(timers) == 0
    timers.schedule(("a",), 1, print, "x")
    timers.cancel_all()
    advance_to(100)
    assert len(fired) == 2


def test_a_thousand_heartbeats_cost_one_timer():
    scheduler = Scheduler(Random(1), 0)
    timers = KeyedTimers(scheduler, lambda action, args: None)
    for now_ms in range(1_000):
        scheduler.advance_to(now_ms)
        timers.schedule(("session",), 10_000, print)
    assert len(scheduler._timers) == 1
