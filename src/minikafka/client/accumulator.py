"""The records that wait to be sent: a queue of batches per partition (Kafka: RecordAccumulator)."""

from __future__ import annotations

from collections import deque

from minikafka.client.producer_batch import BATCH_OVERHEAD, ProducerBatch, content_size
from minikafka.client.producer_future import FutureRecordMetadata
from minikafka.scheduler import Promise
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.client.producer_batch import BatchOwner
    from minikafka.client.producer_options import ProducerOptions
    from minikafka.scheduler import Scheduler

    Headers = tuple[tuple[str, bytes], ...]


class Accumulator:
    """Collects records into batches of `batch_size` bytes and says which are ready to go.

    Args:
        owner: whom the futures ask to wait.
        options: batch_size, linger_ms, retry_backoff_ms, buffer_memory.
        scheduler: the time.
        on_batch: called when a batch was opened or has become full.
    """

    def __init__(
        self,
        owner: BatchOwner,
        options: ProducerOptions,
        scheduler: Scheduler,
        on_batch: Callable[[], object],
    ) -> None:
        self._owner = owner
        self._scheduler = scheduler
        self._on_batch = on_batch
        self._batch_room = max(0, options.batch_size - BATCH_OVERHEAD)
        self._batch_memory = options.batch_size
        self._linger_ms = options.linger_ms
        self._retry_backoff_ms = options.retry_backoff_ms
        self._memory_limit = options.buffer_memory
        self._memory_used = 0
        self._memory_waiters: list[Promise[None]] = []
        self.open: dict[tuple[str, int], ProducerBatch] = {}
        """The batch of each partition that still takes records; `KafkaProducer.send` appends to it."""
        self.queues: dict[TopicPartition, deque[ProducerBatch]] = {}
        """The batches of each partition that are not on their way; partitions without any are absent."""
        self.muted: dict[TopicPartition, ProducerBatch] = {}
        """Partitions that must keep their order, each with the batch that it has in flight."""
        self.incomplete: dict[ProducerBatch, None] = {}
        """Every batch without an outcome, oldest first."""
        self.flushes = 0
        """How many callers wait in `flush`; while there is one, nothing lingers."""
        self.closing = False

    def append(
        self,
        tp: tuple[str, int],
        timestamp: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        content: int,
        *,
        abort_on_new_batch: bool = False,
    ) -> FutureRecordMetadata | None:
        """Add a record to the partition's open batch, or to a new one.

        Args:
            tp: topic and partition.
            timestamp: ms since the epoch.
            key: bytes or None.
            value: bytes or None.
            headers: (name, bytes) pairs.
            content: their `content_size`.
            abort_on_new_batch: return None instead of opening a batch (KIP-480).
        """
        batch = self.open.get(tp)
        if batch is not None:
            needed = batch.room_needed(timestamp, content)
            if needed <= batch.room:
                return FutureRecordMetadata(batch, batch.add(timestamp, key, value, headers, needed))
        if abort_on_new_batch:
            return None
        batch = self._new_batch(TopicPartition(*tp), timestamp)
        needed = batch.room_needed(timestamp, content)
        if self._memory_limit is not None:
            batch.memory = max(self._batch_memory, needed + BATCH_OVERHEAD)
            self._memory_used += batch.memory
        future = FutureRecordMetadata(batch, batch.add(timestamp, key, value, headers, needed))
        self._on_batch()
        return future

    def _new_batch(self, tp: TopicPartition, timestamp: int) -> ProducerBatch:
        now_ms = self._scheduler.now_ms
        batch = ProducerBatch(self._owner, tp, self._batch_room, timestamp, now_ms, now_ms + self._linger_ms)
        queue = self.queues.get(tp)
        if queue is None:
            queue = self.queues[tp] = deque()
        queue.append(batch)
        self.open[tp] = batch
        self.incomplete[batch] = None
        return batch

    # Memory (kafka-python 2's buffer_memory)

    def must_wait_for_memory(self, tp: tuple[str, int], size: int) -> bool:
        """Whether a record of so many bytes needs a new batch for which there is no memory."""
        if self._memory_limit is None:
            return False
        batch = self.open.get(tp)
        if batch is not None and size <= batch.room:
            return False
        return (
            self._memory_used > 0 and self._memory_used + max(self._batch_memory, size) > self._memory_limit
        )

    def memory_freed(self) -> Promise[None]:
        """Kept when a batch has given its memory back."""
        promise: Promise[None] = Promise()
        self._memory_waiters.append(promise)
        return promise

    # What the sender asks

    def ready_at(self, batch: ProducerBatch, queue: deque[ProducerBatch]) -> int:
        """When the first batch of a queue may be sent, in ms since the epoch (0: now)."""
        if batch.attempts:
            return 0 if batch.leader_changed else batch.ready_ms
        if len(queue) > 1 or batch.room <= 0 or self.flushes or self.closing:
            return 0
        if self._memory_waiters:
            return 0
        return batch.ready_ms

    def drain(self, tp: TopicPartition, queue: deque[ProducerBatch]) -> ProducerBatch:
        """Take the first batch of a queue; the rest goes to the back of the queues, so that none starves."""
        batch = queue.popleft()
        del self.queues[tp]
        if queue:
            self.queues[tp] = queue
        if self.open.get(tp) is batch:
            del self.open[tp]
        if batch.drained_ms < 0:
            batch.drained_ms = self._scheduler.now_ms
        return batch

    def reenqueue(self, batch: ProducerBatch, *, leader_changed: bool = False) -> None:
        """Put a batch back at the head of its queue, to be sent again after the backoff."""
        batch.attempts += 1
        batch.leader_changed = leader_changed
        batch.ready_ms = self._scheduler.now_ms + self._retry_backoff_ms
        self._put_first(batch)

    def _put_first(self, batch: ProducerBatch) -> None:
        queue = self.queues.get(batch.tp)
        if queue is None:
            self.queues[batch.tp] = deque((batch,))
        else:
            queue.appendleft(batch)

    def split(self, batch: ProducerBatch) -> list[ProducerBatch]:
        """Replace a batch that was too large for its broker by its two halves, at the head of the queue."""
        middle = (batch.record_count + 1) // 2
        children: list[tuple[int, ProducerBatch]] = []
        for start, records in ((0, batch.records[:middle]), (middle, batch.records[middle:])):
            child = ProducerBatch(
                self._owner, batch.tp, self._batch_room, records[0][1], batch.created_ms, batch.ready_ms
            )
            child.attempts = batch.attempts
            child.ready_ms = 0
            for _, timestamp, key, value, headers in records:
                pairs = tuple(headers)
                content = content_size(key, value, pairs)  # type: ignore[arg-type]
                needed = child.room_needed(timestamp, content)
                child.add(timestamp, key, value, pairs, needed)  # type: ignore[arg-type]
            children.append((start, child))
            self.incomplete[child] = None
        batch.children = children
        for index, callback in batch.callbacks or ():
            child, local = batch.leaf(index)
            child.callbacks = [*(child.callbacks or ()), (local, callback)]
        batch.callbacks = None
        for _, child in reversed(children):
            self._put_first(child)
        self.forget(batch)
        return [child for _, child in children]

    def remove(self, batch: ProducerBatch) -> None:
        """Take a batch out of its queue, if it is in one."""
        queue = self.queues.get(batch.tp)
        if queue is not None and batch in queue:
            queue.remove(batch)
            if not queue:
                del self.queues[batch.tp]
        if self.open.get(batch.tp) is batch:
            del self.open[batch.tp]

    def forget(self, batch: ProducerBatch) -> None:
        """A batch has its outcome: free its memory."""
        self.incomplete.pop(batch, None)
        if batch.memory:
            self._memory_used -= batch.memory
            batch.memory = 0
            waiters, self._memory_waiters = self._memory_waiters, []
            for waiter in waiters:
                waiter.set_result(None)

    def close_open_batches(self, gone: Callable[[tuple[str, int]], bool]) -> None:
        """Take no more records directly for the partitions of which `gone` is true."""
        for tp in [tp for tp in self.open if gone(tp)]:
            del self.open[tp]
