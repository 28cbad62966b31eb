"""The idempotent producer's state: producer id, epoch, sequences, and what a failed batch does to them.

Follows kafka-python 3's TransactionManager for producers without a transactional id (KIP-98, KIP-360).
"""

from __future__ import annotations

from enum import Enum

from minikafka.errors import (
    ClusterAuthorizationFailedError,
    ErrorCode,
    InvalidProducerEpochError,
    InvalidTxnStateError,
    KafkaError,
    OutOfOrderSequenceNumberError,
    ProducerFencedError,
    TransactionalIdAuthorizationFailedError,
    UnknownProducerIdError,
    error_for_code,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.client.network_client import NetworkClient
    from minikafka.client.producer_batch import ProducerBatch
    from minikafka.messages.init_producer_id import InitProducerIdRequest
    from minikafka.scheduler import Task
    from minikafka.structs import TopicPartition

NO_PRODUCER_ID = -1
NO_PRODUCER_EPOCH = -1
NO_SEQUENCE = -1
_MAX_SEQUENCE = 2**31 - 1


class Recovery(Enum):
    """What a batch that failed for good asks of the producer's state."""

    NONE = "none"
    BUMP_EPOCH = "bump epoch"
    FATAL = "fatal"


_FATAL_ERRORS = (
    ClusterAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    ProducerFencedError,
    InvalidTxnStateError,
)
_BUMP_ERRORS = (OutOfOrderSequenceNumberError, UnknownProducerIdError, InvalidProducerEpochError)


def next_sequence(sequence: int, count: int) -> int:
    """The sequence number after `count` records; after 2147483647 comes 0."""
    following = sequence + count
    return following if following <= _MAX_SEQUENCE else following - _MAX_SEQUENCE - 1


def classify(error: BaseException) -> Recovery:
    """What to do about the producer's state after an error that ended a batch.

    As in kafka-python 3, an error that is neither retriable nor cured by a new epoch (a record that the
    broker finds too large, a topic it may not write) makes the whole producer unusable. Java's producer
    would go on.
    """
    if isinstance(error, _FATAL_ERRORS):
        return Recovery.FATAL
    if isinstance(error, _BUMP_ERRORS):
        return Recovery.BUMP_EPOCH
    retriable = isinstance(error, KafkaError) and error.retriable
    return Recovery.NONE if retriable else Recovery.FATAL


class ProducerState:
    """Producer id, epoch and sequences of one idempotent producer.

    Args:
        client: sends InitProducerId.
        transaction_timeout_ms: sent along; without a transactional id brokers ignore it.
        on_ready: called when records may be sent (again), and when the state became fatal.
    """

    def __init__(
        self, client: NetworkClient, transaction_timeout_ms: int, on_ready: Callable[[], object]
    ) -> None:
        self._client = client
        self._transaction_timeout_ms = transaction_timeout_ms
        self._on_ready = on_ready
        self.producer_id: int = NO_PRODUCER_ID
        self.epoch: int = NO_PRODUCER_EPOCH
        self.fatal_error: BaseException | None = None
        self._sequences: dict[TopicPartition, int] = {}
        self._last_acked: dict[TopicPartition, int] = {}
        self._task: Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether batches can be stamped and sent now."""
        return self.producer_id != NO_PRODUCER_ID and self._task is None and self.fatal_error is None

    def ensure_id(self) -> None:
        """Ask for a producer id unless there is one, or one is on its way."""
        if self.producer_id == NO_PRODUCER_ID and self._task is None and self.fatal_error is None:
            self._start()

    def bump_epoch(self) -> None:
        """Ask for the next epoch; sequences begin again at 0 (KIP-360). What is not sent yet waits for it."""
        if self._task is None and self.fatal_error is None:
            self._sequences.clear()
            self._last_acked.clear()
            self._start()

    def reset_id(self) -> None:
        """Forget the producer id: a batch was given up that a broker may or may not have written."""
        self.producer_id = NO_PRODUCER_ID
        self.epoch = NO_PRODUCER_EPOCH
        self._sequences.clear()
        self._last_acked.clear()

    def fail(self, error: BaseException) -> None:
        """Make the producer unusable; the first error is kept."""
        if self.fatal_error is None:
            self.fatal_error = error
        self._on_ready()

    def close(self) -> None:
        """Ask for nothing any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _start(self) -> None:
        self._task = self._client.scheduler.spawn(self._initialize(), "init-producer-id")

    async def _initialize(self) -> None:
        client = self._client
        while not client.closed:
            try:
                node_id = client.least_loaded_node()
                delay_ms = client.connection_delay_ms(node_id)
                if delay_ms > 0:
                    await client.scheduler.sleep(delay_ms)
                response = await client.send(node_id, self._request())
                code: int = response.error_code  # type: ignore[attr-defined]
                if code == ErrorCode.NONE:
                    self.producer_id = response.producer_id  # type: ignore[attr-defined]
                    self.epoch = response.producer_epoch  # type: ignore[attr-defined]
                    break
                raise error_for_code(code)
            except InvalidProducerEpochError:
                # Somebody else has bumped past us: begin anew with an id of our own.
                self.producer_id = NO_PRODUCER_ID
                self.epoch = NO_PRODUCER_EPOCH
            except KafkaError as error:
                if not error.retriable:
                    self._task = None
                    self.fail(error)
                    return
                await client.scheduler.sleep(client.retry_backoff_ms)
        self._task = None
        self._on_ready()

    def _request(self) -> InitProducerIdRequest:
        from minikafka.messages.init_producer_id import InitProducerIdRequest

        return InitProducerIdRequest(
            transactional_id=None,
            transaction_timeout_ms=self._transaction_timeout_ms,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
        )

    # Sequences

    def take_sequence(self, batch: ProducerBatch) -> int:
        """The sequence of the batch's first record; the partition's next one moves on."""
        sequence = self._sequences.get(batch.tp, 0)
        self._sequences[batch.tp] = next_sequence(sequence, len(batch.records))
        return sequence

    def rewind(self, batch: ProducerBatch) -> None:
        """A batch that was never written gives its sequences back, to be numbered again."""
        if batch.encoded is not None and batch.encoded.base_sequence != NO_SEQUENCE:
            self._sequences[batch.tp] = batch.encoded.base_sequence
            batch.encoded = None

    def restart_sequence(self, tp: TopicPartition) -> None:
        """Count a partition from 0 again."""
        self._sequences.pop(tp, None)
        self._last_acked.pop(tp, None)

    def acknowledged(self, batch: ProducerBatch) -> None:
        """Remember how far the partition is written for certain."""
        if batch.base_offset >= 0 and self.stamped(batch):
            last = batch.base_offset + len(batch.records) - 1
            self._last_acked[batch.tp] = max(last, self._last_acked.get(batch.tp, -1))

    def stamped(self, batch: ProducerBatch) -> bool:
        """Whether the batch carries the producer id and epoch that are valid now."""
        encoded = batch.encoded
        return (
            encoded is not None
            and encoded.producer_id == self.producer_id
            and encoded.producer_epoch == self.epoch
        )

    def aged_out(self, batch: ProducerBatch, error: BaseException, log_start_offset: int) -> bool:
        """Whether a broker forgot this producer only because retention removed its records (KAFKA-5793)."""
        return (
            isinstance(error, UnknownProducerIdError)
            and self.stamped(batch)
            and log_start_offset >= 0
            and log_start_offset > self._last_acked.get(batch.tp, -1)
        )
