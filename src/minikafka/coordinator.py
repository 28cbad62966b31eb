"""Runs coordinator shards on partitions: append a shard's records, replay them, answer once they are
committed.

It knows logs and replies, and knows no groups: a shard is any state machine that turns events into records
and can be rebuilt by replaying them. Mirrors Kafka's CoordinatorRuntime, CoordinatorLoader and
CoordinatorOperationExceptionHelper.

Simplifications: a write is one batch, appended at once (Kafka lingers up to 10 ms to share batches); records
are replayed after the append instead of before it, so a refused append has nothing to roll back.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from minikafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    InvalidFetchRequestError,
    KafkaError,
    KafkaStorageError,
    MessageSizeTooLargeError,
    NetworkExceptionError,
    NotCoordinatorError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    RecordListTooLargeError,
    RequestTimedOutError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from minikafka.keyed_timers import KeyedTimers
from minikafka.log.record_batch import ControlRecordType, RecordBatch, control_type_of
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Generic, Protocol, TypeVar

    from minikafka.messages.schema import Body
    from minikafka.scheduler import Scheduler, Timer
    from minikafka.structs import TopicPartition

    T = TypeVar("T")

    class CoordinatorShard(Protocol):
        """The state machine of one coordinator partition."""

        def encode_record(self, record: CoordinatorRecord) -> tuple[bytes, bytes | None]:
            """The key and value bytes to append for a record."""
            ...

        def decode_record(self, key: bytes, value: bytes | None) -> CoordinatorRecord | None:
            """The record in a log entry, or None for a kind that this shard does not know."""
            ...

        def replay(self, offset: int, producer_id: int, record: CoordinatorRecord) -> None:
            """Apply a record of the log; `producer_id` is -1 outside transactions."""
            ...

        def replay_end_transaction_marker(self, offset: int, producer_id: int, committed: bool) -> None:
            """Apply a transaction marker of the log."""
            ...

        def on_high_watermark(self, offset: int) -> None:
            """Records below `offset` are committed."""
            ...

        def on_loaded(self, loaded_at_ms: int) -> None:
            """The log was replayed, at that time: start timers."""
            ...

        def on_unloaded(self) -> None:
            """This broker no longer coordinates: answer everything that is parked."""
            ...

    ShardT = TypeVar("ShardT", bound=CoordinatorShard)

    class PartitionWriter(Protocol):
        """The logs that coordinators live on; the broker implements it over its replica manager."""

        def append(self, topic_partition: TopicPartition, batch: RecordBatch, leader_epoch: int) -> int:
            """Append as leader of `leader_epoch` and return the last offset; do not wait for replication.

            Raises KafkaError (NotLeaderForPartitionError, NotEnoughReplicasError ...) if nothing was
            appended.
            """
            ...

        def on_high_watermark(
            self, topic_partition: TopicPartition, callback: Callable[[int], object]
        ) -> object:
            """Call `callback(high_watermark)` whenever the high watermark has moved, also during `append`.

            Asked again at every load; the last callback of a partition is enough.
            """
            ...

        def high_watermark(self, topic_partition: TopicPartition) -> int:
            """The high watermark now."""
            ...

        def read(self, topic_partition: TopicPartition) -> Iterable[RecordBatch]:
            """Every batch from log start to log end, committed or not."""
            ...

else:
    from minikafka.scheduler import Generic

    T = ShardT = object


class CoordinatorRecord:
    """A durable fact: a typed key, and a typed value or None for a tombstone."""

    __slots__ = ("key", "value")

    def __init__(self, key: Body, value: Body | None) -> None:
        self.key: Body = key
        self.value: Body | None = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CoordinatorRecord) and self.key == other.key and self.value == other.value

    def __repr__(self) -> str:
        return f"CoordinatorRecord({self.key!r}, {self.value!r})"


class Result(Generic[T]):
    """What an operation of a shard comes to (Kafka's CoordinatorResult).

    Args:
        records: the records to append, in order.
        response: the answer, or a Promise of it when the request is parked; a parked promise is kept by the
            shard itself, whenever that is, and not by the commit of `records`.
        on_append: called with None when the records are committed, or with the error when they are not; it
            may return a further Result. With it the shard applies a change only once it is durable.
        replay: whether the runtime replays the records into the shard after the append; False when memory
            already says, or `on_append` will say, what they say.
        immediate: answer at once, even while earlier writes are not committed yet (a read of committed
            state).
        atomic: whether the records must be in one batch.
    """

    __slots__ = ("appended", "atomic", "immediate", "on_append", "records", "replay", "response")

    def __init__(
        self,
        records: Sequence[CoordinatorRecord] = (),
        response: T | Promise[T] | None = None,
        *,
        on_append: Callable[[KafkaError | None], Result[Any] | None] | None = None,
        replay: bool = True,
        immediate: bool = False,
        atomic: bool = True,
    ) -> None:
        self.records: Sequence[CoordinatorRecord] = records
        self.response: T | Promise[T] | None = response
        self.on_append: Callable[[KafkaError | None], Result[Any] | None] | None = on_append
        self.replay: bool = replay
        self.immediate: bool = immediate
        self.atomic: bool = atomic
        self.appended: bool = False
        """Set by the runtime once the log holds the records, committed or not."""


class CoordinatorState(Enum):
    """What this broker knows of a coordinator partition."""

    LOADING = "Loading"
    ACTIVE = "Active"
    FAILED = "Failed"
    CLOSED = "Closed"


_STANDS_FOR: tuple[tuple[tuple[type[KafkaError], ...], type[KafkaError]], ...] = (
    ((NetworkExceptionError,), CoordinatorLoadInProgressError),
    (
        (UnknownTopicOrPartitionError, NotEnoughReplicasError, RequestTimedOutError),
        CoordinatorNotAvailableError,
    ),
    ((NotLeaderForPartitionError, KafkaStorageError), NotCoordinatorError),
    ((MessageSizeTooLargeError, RecordListTooLargeError, InvalidFetchRequestError), UnknownError),
)


def operation_error(error: KafkaError) -> KafkaError:
    """The error a coordinator's client gets for an error of the log underneath.

    Kafka's CoordinatorOperationExceptionHelper: clients of a coordinator know COORDINATOR_NOT_AVAILABLE and
    NOT_COORDINATOR, and do not know, say, NOT_ENOUGH_REPLICAS.
    """
    for errors, stands_for in _STANDS_FOR:
        if isinstance(error, errors):
            mapped = stands_for(*error.args)
            mapped.__cause__ = error
            return mapped
    return error


class _Write:
    """A write that waits until the high watermark has passed its last record."""

    __slots__ = ("deadline_ms", "last_offset", "promise", "result")

    def __init__(
        self, result: Result[Any], promise: Promise[Any], last_offset: int, deadline_ms: int
    ) -> None:
        self.result = result
        self.promise = promise
        self.last_offset = last_offset
        self.deadline_ms = deadline_ms


class _Context(Generic[ShardT]):
    """One coordinator partition on this broker.

    Its shard is made when something is asked of it or its log has something to replay: of the 50 partitions of a
    coordinator's topic most tests use one.
    """

    __slots__ = (
        "busy",
        "expiry",
        "high_watermark",
        "last_written_offset",
        "leader_epoch",
        "loaded_at_ms",
        "shard",
        "state",
        "timers",
        "topic_partition",
        "waiting",
    )

    def __init__(self, topic_partition: TopicPartition, leader_epoch: int) -> None:
        self.topic_partition = topic_partition
        self.leader_epoch = leader_epoch
        self.shard: ShardT | None = None
        self.timers: KeyedTimers | None = None
        self.state = CoordinatorState.LOADING
        self.loaded_at_ms = 0
        self.high_watermark = 0
        self.last_written_offset = -1
        self.waiting: deque[_Write] = deque()
        self.expiry: Timer | None = None
        """Fires at the deadline of the first write that waited when it was set."""
        self.busy = False
        """Inside an append: high watermark news are noted now and acted upon when it is over."""


class CoordinatorRuntime(Generic[ShardT]):
    """Every coordinator partition that this broker leads.

    Args:
        scheduler: time, and the order of things.
        partition_writer: the logs.
        shard_factory: makes the empty state machine of a partition; it is given the partition and the keyed
            timers of its coordinator (`schedule(key, delay_ms, action, *args)`, `cancel(key)`; an action may
            return a Result).
        write_timeout_ms: how long a write may wait for replication before it fails with
            CoordinatorNotAvailableError (``offsets.commit.timeout.ms``).
        max_batch_bytes: batches of results that are not atomic are kept below this size.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        partition_writer: PartitionWriter,
        shard_factory: Callable[[TopicPartition, KeyedTimers], ShardT],
        *,
        write_timeout_ms: int = 5000,
        max_batch_bytes: int = 1_000_000,
    ) -> None:
        self._scheduler = scheduler
        self._writer = partition_writer
        self._shard_factory = shard_factory
        self._write_timeout_ms = write_timeout_ms
        self._max_batch_bytes = max_batch_bytes
        self._contexts: dict[TopicPartition, _Context[ShardT]] = {}

    # Leadership

    def load(self, topic_partition: TopicPartition, leader_epoch: int) -> None:
        """This broker became leader: replay the log, and coordinate once that is done.

        A partition that is coordinated already only learns the new epoch; an older epoch is ignored.
        """
        context = self._contexts.get(topic_partition)
        if context is not None:
            if leader_epoch > context.leader_epoch:
                context.leader_epoch = leader_epoch
                if context.state is CoordinatorState.FAILED:
                    self._contexts[topic_partition] = self._start_loading(topic_partition, leader_epoch)
            return
        self._contexts[topic_partition] = self._start_loading(topic_partition, leader_epoch)

    def unload(self, topic_partition: TopicPartition, leader_epoch: int | None = None) -> None:
        """This broker resigned: fail what waits with NotCoordinatorError, cancel timers, forget the state.

        A resignation from an epoch older than the loaded one is ignored; None means whatever the epoch.
        """
        context = self._contexts.get(topic_partition)
        if context is None or (leader_epoch is not None and leader_epoch < context.leader_epoch):
            return
        del self._contexts[topic_partition]
        self._close(context, CoordinatorState.CLOSED)

    def close(self) -> None:
        """Unload every partition: the broker stops."""
        for topic_partition in list(self._contexts):
            self.unload(topic_partition)

    def active_partitions(self) -> list[TopicPartition]:
        """The partitions that are loaded and coordinated here, in the order in which they were loaded."""
        return [tp for tp, context in self._contexts.items() if context.state is CoordinatorState.ACTIVE]

    def shard(self, topic_partition: TopicPartition) -> ShardT | None:
        """The live state machine, for inspection; None unless it is active here."""
        context = self._contexts.get(topic_partition)
        return (
            self._shard(context) if context is not None and context.state is CoordinatorState.ACTIVE else None
        )

    def used_shards(self) -> list[ShardT]:
        """The live state machines that anything was asked of or loaded into; the others would know nothing."""
        return [self._shard(context) for context in self._used()]

    def _used(self) -> list[_Context[ShardT]]:
        """The active partitions that have a state machine."""
        return [
            context
            for context in self._contexts.values()
            if context.state is CoordinatorState.ACTIVE and context.shard is not None
        ]

    def _shard(self, context: _Context[ShardT]) -> ShardT:
        """A partition's state machine; if it has none, one that hears of the high watermark from now on."""
        if context.shard is not None:
            return context.shard
        topic_partition = context.topic_partition
        high_watermark = self._writer.high_watermark(topic_partition)
        timers = KeyedTimers(self._scheduler, lambda action, args: self._on_timer(context, action, args))
        shard = self._shard_factory(topic_partition, timers)
        context.timers, context.shard = timers, shard
        self._on_high_watermark(context, high_watermark)
        self._writer.on_high_watermark(
            topic_partition, lambda offset: self._on_log_high_watermark(topic_partition, offset)
        )
        if context.state is CoordinatorState.ACTIVE:
            shard.on_loaded(context.loaded_at_ms)
        return shard

    def _start_loading(self, topic_partition: TopicPartition, leader_epoch: int) -> _Context[ShardT]:
        context: _Context[ShardT] = _Context(topic_partition, leader_epoch)
        self._scheduler.call_soon(self._finish_loading, context)
        return context

    def _finish_loading(self, context: _Context[ShardT]) -> None:
        if context.state is not CoordinatorState.LOADING:
            return
        try:
            for batch in self._writer.read(context.topic_partition):
                self._replay_batch(context, batch)
        except KafkaError:
            # Not the leader any more: the resignation that follows will clean up.
            self._close(context, CoordinatorState.FAILED)
            return
        context.state = CoordinatorState.ACTIVE
        context.loaded_at_ms = self._scheduler.now_ms
        if context.shard is not None:
            context.shard.on_loaded(context.loaded_at_ms)

    def _replay_batch(self, context: _Context[ShardT], batch: RecordBatch) -> None:
        shard = self._shard(context)
        context.last_written_offset = batch.last_offset
        if batch.is_control:
            marker = control_type_of(batch.records[0][2]) if batch.records else None
            if marker is not None:
                committed = marker is ControlRecordType.COMMIT
                shard.replay_end_transaction_marker(batch.base_offset, batch.producer_id, committed)
            return
        producer_id = batch.producer_id if batch.is_transactional else -1
        base_offset = batch.base_offset
        for offset_delta, _timestamp, key, value, _headers in batch.records:
            record = None if key is None else shard.decode_record(key, value)
            if record is not None:
                shard.replay(base_offset + offset_delta, producer_id, record)

    def _close(self, context: _Context[ShardT], state: CoordinatorState) -> None:
        was_active = context.state is CoordinatorState.ACTIVE
        context.state = state
        if context.timers is not None:
            context.timers.cancel_all()
        if context.expiry is not None:
            context.expiry.cancel()
        error = NotCoordinatorError(f"{context.topic_partition} is not coordinated here any more")
        while context.waiting:
            self._fail(context, context.waiting.popleft(), error)
        if was_active and context.shard is not None:
            context.shard.on_unloaded()

    # Operations

    def write(self, topic_partition: TopicPartition, operation: Callable[[ShardT], Result[T]]) -> Promise[T]:
        """Run an operation on the shard, append its records, and answer when they are committed.

        Without records the answer comes at once, but not before the answers of earlier writes (unless the
        result is `immediate`). When the result's response is a promise, that promise decides.

        The promise fails with NotCoordinatorError (not led here), CoordinatorLoadInProgressError (still
        loading), what the operation raised, or `operation_error` of what the append raised.
        """
        context = self._contexts.get(topic_partition)
        if context is None or context.state is not CoordinatorState.ACTIVE:
            return Promise.failed(self._not_active(topic_partition, context))
        try:
            result = operation(self._shard(context))
        except KafkaError as error:
            return Promise.failed(operation_error(error))
        promise: Promise[T] = result.response if isinstance(result.response, Promise) else Promise()
        self._apply(context, result, promise)
        return promise

    def write_all(self, operation: Callable[[ShardT], Result[T]]) -> list[Promise[T]]:
        """`write` on every active partition, but for those that nothing was ever asked of."""
        return [self.write(context.topic_partition, operation) for context in self._used()]

    @staticmethod
    def _not_active(topic_partition: TopicPartition, context: _Context[ShardT] | None) -> KafkaError:
        if context is not None and context.state is CoordinatorState.LOADING:
            return CoordinatorLoadInProgressError(f"{topic_partition} is being loaded")
        return NotCoordinatorError(f"{topic_partition} is not coordinated here")

    def _on_timer(self, context: _Context[ShardT], action: Callable[..., Any], args: tuple[Any, ...]) -> None:
        result = action(*args)
        if result is not None:
            self._apply(context, result, Promise())

    def _apply(self, context: _Context[ShardT], result: Result[Any], promise: Promise[Any]) -> None:
        if context.state is not CoordinatorState.ACTIVE:
            return
        write = _Write(result, promise, context.last_written_offset, 0)
        if result.records:
            context.busy = True
            try:
                self._append(context, result)
            except KafkaError as error:
                context.busy = False
                self._fail(context, write, operation_error(error))
                self._complete_committed(context)
                return
            context.busy = False
            result.appended = True
            write.last_offset = context.last_written_offset
            self._complete_committed(context)
        elif result.immediate:
            self._complete(context, write)
            return
        if write.last_offset < context.high_watermark and not context.waiting:
            self._complete(context, write)
            return
        write.deadline_ms = self._scheduler.now_ms + self._write_timeout_ms
        context.waiting.append(write)
        if context.expiry is None:
            context.expiry = self._scheduler.call_at(write.deadline_ms, self._expire_writes, context)

    def _append(self, context: _Context[ShardT], result: Result[Any]) -> None:
        shard = self._shard(context)
        now_ms = self._scheduler.now_ms
        entries: list[tuple[int, int, bytes | None, bytes | None, Any]] = []
        size = replayed = 0
        for record in result.records:
            key, value = shard.encode_record(record)
            size += len(key) + len(value or b"") + 16
            if entries and size > self._max_batch_bytes and not result.atomic:
                replayed = self._append_batch(context, entries, result, replayed)
                entries, size = [], 0
            entries.append((len(entries), now_ms, key, value, ()))
        self._append_batch(context, entries, result, replayed)

    def _append_batch(
        self,
        context: _Context[ShardT],
        entries: list[tuple[int, int, bytes | None, bytes | None, Any]],
        result: Result[Any],
        replayed: int,
    ) -> int:
        last_offset = self._writer.append(
            context.topic_partition, RecordBatch.build(entries), context.leader_epoch
        )
        context.last_written_offset = last_offset
        end = replayed + len(entries)
        if result.replay:
            shard = self._shard(context)
            offset = last_offset - len(entries) + 1
            for record in result.records[replayed:end]:
                shard.replay(offset, -1, record)
                offset += 1
        return end

    # Completion

    def _on_log_high_watermark(self, topic_partition: TopicPartition, high_watermark: int) -> None:
        context = self._contexts.get(topic_partition)
        if context is not None:
            self._on_high_watermark(context, high_watermark)

    def _on_high_watermark(self, context: _Context[ShardT], high_watermark: int) -> None:
        if high_watermark <= context.high_watermark or context.state in (
            CoordinatorState.CLOSED,
            CoordinatorState.FAILED,
        ):
            return
        context.high_watermark = high_watermark
        self._shard(context).on_high_watermark(high_watermark)
        if not context.busy:
            self._complete_committed(context)

    def _complete_committed(self, context: _Context[ShardT]) -> None:
        waiting = context.waiting
        while waiting and waiting[0].last_offset < context.high_watermark:
            self._complete(context, waiting.popleft())

    def _expire_writes(self, context: _Context[ShardT]) -> None:
        context.expiry = None
        waiting = context.waiting
        while waiting and waiting[0].deadline_ms <= self._scheduler.now_ms:
            error = CoordinatorNotAvailableError(
                f"a write to {context.topic_partition} was not replicated within {self._write_timeout_ms} ms"
            )
            self._fail(context, waiting.popleft(), error)
        if waiting and context.expiry is None:
            context.expiry = self._scheduler.call_at(waiting[0].deadline_ms, self._expire_writes, context)

    def _complete(self, context: _Context[ShardT], write: _Write) -> None:
        result = write.result
        if result.on_append is not None:
            self._follow_up(context, result.on_append(None))
        if not isinstance(result.response, Promise):
            write.promise.set_result(result.response)

    def _fail(self, context: _Context[ShardT], write: _Write, error: KafkaError) -> None:
        if write.result.on_append is not None:
            self._follow_up(context, write.result.on_append(error))
        if not write.promise.done():
            write.promise.set_exception(error)

    def _follow_up(self, context: _Context[ShardT], result: Result[Any] | None) -> None:
        if result is not None:
            self._apply(context, result, Promise())
