"""What `send` returns: a future that works its state out from its record's batch, when somebody asks."""

from __future__ import annotations

from typing import NamedTuple

from minikafka.client.future import Future, _bind, run_callback
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    from minikafka.client.producer_batch import ProducerBatch


class RecordMetadata(NamedTuple):
    """Where a record was written.

    Attributes:
        topic, partition, topic_partition: where.
        offset: the record's offset; -1 with acks=0, when nobody knows it.
        timestamp: ms; the producer's, or the broker's under LogAppendTime.
        checksum: None (message format v2 has none per record).
        serialized_key_size, serialized_value_size, serialized_header_size: bytes; -1 for None.
    """

    topic: str
    partition: int
    topic_partition: TopicPartition
    offset: int
    timestamp: int
    checksum: int | None
    serialized_key_size: int
    serialized_value_size: int
    serialized_header_size: int


class FutureRecordMetadata(Future):
    """The outcome of one `send`: a `RecordMetadata`, or the exception it failed with.

    Nothing is kept per record on the producer's side, so a future that is dropped costs nothing. Asking for
    the state lets everything happen that needs no time to pass, as a real producer's sender thread would.
    """

    __slots__ = ("_batch", "_index")

    _batch: ProducerBatch
    _index: int

    def __init__(self, batch: ProducerBatch, index: int) -> None:
        # Not Future.__init__: the state is the batch's. `KafkaProducer.send` skips this constructor as well.
        self._batch = batch
        self._index = index

    def _leaf(self) -> tuple[ProducerBatch, int]:
        batch = self._batch
        if batch.children is not None:
            batch, self._index = batch.leaf(self._index)
            self._batch = batch
        return batch, self._index

    def _settled(self) -> tuple[ProducerBatch, int]:
        leaf = self._leaf()
        if not leaf[0].done:
            leaf[0].owner.settle()
            leaf = self._leaf()
        return leaf

    @property
    def is_done(self) -> bool:
        """Whether the record was acknowledged or given up."""
        return self._settled()[0].done

    @property
    def value(self) -> RecordMetadata | None:
        """The record's metadata once it is acknowledged, else None."""
        batch, index = self._settled()
        return _value(batch, index) if batch.done and batch.error is None else None

    @property
    def exception(self) -> BaseException | None:
        """What the record failed with, else None."""
        batch, index = self._settled()
        return batch.error_of(index) if batch.done else None

    def get(self, timeout: float | None = None) -> RecordMetadata:
        """Wait for the outcome.

        Args:
            timeout: seconds to wait; None waits until the record has its outcome.

        Raises:
            KafkaTimeoutError: the timeout has passed.
            KafkaError: what the record failed with.
        """
        owner = self._batch.owner
        if not owner.wait_for(self, None if timeout is None else timeout * 1000):
            raise owner.timed_out(timeout)
        batch, index = self._leaf()
        error = batch.error_of(index)
        if error is not None:
            raise error
        return _value(batch, index)

    def add_callback(self, f: Callable[..., object], *args: Any, **kwargs: Any) -> Self:
        """Call ``f(*args, record_metadata, **kwargs)`` once the record is acknowledged."""
        self._add(_bind(f, args, kwargs), None)
        return self

    def add_errback(self, f: Callable[..., object], *args: Any, **kwargs: Any) -> Self:
        """Call ``f(*args, exception, **kwargs)`` if the record fails."""
        self._add(None, _bind(f, args, kwargs))
        return self

    def _add(self, callback: Callable[[Any], object] | None, errback: Callable[[Any], object] | None) -> None:
        batch, index = self._leaf()
        if batch.done:
            self._complete(callback, errback)
            return
        if batch.callbacks is None:
            batch.callbacks = []
        batch.callbacks.append((index, lambda: self._complete(callback, errback)))

    def _complete(
        self, callback: Callable[[Any], object] | None, errback: Callable[[Any], object] | None
    ) -> None:
        batch, index = self._leaf()
        error = batch.error_of(index)
        if error is None:
            if callback is not None:
                run_callback(self, callback, _value(batch, index))
        elif errback is not None:
            run_callback(self, errback, error)

    def success(self, value: Any) -> Self:  # noqa: ARG002
        """Not for users: a record's outcome comes from its broker.

        Raises:
            TypeError: always.
        """
        raise TypeError("the outcome of a send comes from the broker and cannot be set")

    def failure(self, error: BaseException | type[BaseException]) -> Self:  # noqa: ARG002
        """Not for users; see `success`."""
        raise TypeError("the outcome of a send comes from the broker and cannot be set")


def _value(batch: ProducerBatch, index: int) -> RecordMetadata:
    tp = batch.tp
    return RecordMetadata(tp[0], tp[1], tp, *batch.record_metadata(index))
