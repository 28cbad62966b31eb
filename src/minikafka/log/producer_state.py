"""What a log knows of each producer: the entry kept for a producer, and the checks on what it appends next.

Mirrors org.apache.kafka.storage.internals.log.ProducerStateEntry and ProducerAppendInfo (KIP-98, KIP-360).
Entries are values: an append makes a new one, so that a snapshot is a plain copy of the map.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.errors import (
    InvalidProducerEpochError,
    InvalidTxnStateError,
    OutOfOrderSequenceNumberError,
    TransactionCoordinatorFencedError,
)
from minikafka.log.control_record import ControlRecordType, parse_control_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from minikafka.log.record_batch import RecordBatch
    from minikafka.structs import TopicPartition

    Origin = Literal["client", "coordinator", "replication"]
    """Who appends: clients are checked fully, coordinators by epoch only, replication not at all."""

NUM_BATCHES_TO_RETAIN = 5
"""How many of a producer's last batches are remembered to recognise duplicates."""
NO_PRODUCER_EPOCH = -1
_MAX_INT = 0x7FFFFFFF


class BatchMetadata(NamedTuple):
    """What is remembered of an appended batch."""

    last_seq: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @property
    def first_seq(self) -> int:
        """The sequence of its first record; sequences wrap from 2147483647 to 0."""
        first = self.last_seq - self.offset_delta
        return first if first >= 0 else first + _MAX_INT + 1

    @property
    def first_offset(self) -> int:
        """The offset of its first record."""
        return self.last_offset - self.offset_delta


class CompletedTxn(NamedTuple):
    """A transaction that a marker has just ended."""

    producer_id: int
    first_offset: int
    last_offset: int
    is_aborted: bool


class ProducerStateEntry:
    """The state of one producer in one partition.

    Args:
        producer_id: whose it is.
        producer_epoch: the newest epoch seen; -1 before any.
        coordinator_epoch: of the last transaction marker; -1 before any.
        last_timestamp: of its last batch or marker, in ms.
        current_txn_first_offset: where its open transaction begins; None when there is none.
        batches: its last batches of this epoch, at most five, oldest first.
    """

    __slots__ = (
        "batches",
        "coordinator_epoch",
        "current_txn_first_offset",
        "last_timestamp",
        "producer_epoch",
        "producer_id",
    )

    def __init__(
        self,
        producer_id: int,
        producer_epoch: int = NO_PRODUCER_EPOCH,
        coordinator_epoch: int = -1,
        last_timestamp: int = -1,
        current_txn_first_offset: int | None = None,
        batches: tuple[BatchMetadata, ...] = (),
    ) -> None:
        self.producer_id: int = producer_id
        self.producer_epoch: int = producer_epoch
        self.coordinator_epoch: int = coordinator_epoch
        self.last_timestamp: int = last_timestamp
        self.current_txn_first_offset: int | None = current_txn_first_offset
        self.batches: tuple[BatchMetadata, ...] = batches

    @property
    def last_seq(self) -> int:
        """The last sequence appended in this epoch; -1 when there is none."""
        return self.batches[-1][0] if self.batches else -1

    def find_duplicate_batch(self, batch: RecordBatch) -> BatchMetadata | None:
        """The remembered batch of the same epoch with exactly these sequences."""
        if batch.producer_epoch != self.producer_epoch:
            return None
        first_seq = batch.base_sequence
        if self.batches and first_seq == self.batches[-1][0] + 1:
            return None  # it follows the newest, as most do
        last_seq = batch.last_sequence
        for known in self.batches:
            if known[0] == last_seq and known.first_seq == first_seq:
                return known
        return None

    def as_tuple(self) -> tuple[int, int, int, int, int | None, tuple[BatchMetadata, ...]]:
        """Every field, for comparison."""
        return (
            self.producer_id,
            self.producer_epoch,
            self.coordinator_epoch,
            self.last_timestamp,
            self.current_txn_first_offset,
            self.batches,
        )

    def __repr__(self) -> str:
        return (
            f"ProducerStateEntry(producer_id={self.producer_id}, epoch={self.producer_epoch}, last_seq="
            f"{self.last_seq}, current_txn_first_offset={self.current_txn_first_offset}, "
            f"coordinator_epoch={self.coordinator_epoch}, last_timestamp={self.last_timestamp})"
        )


class ProducerAppendInfo:
    """Checks one producer's batches against its entry and gathers what they change; changes nothing itself.

    Args:
        topic_partition: for messages.
        current: the producer's entry before the append.
        origin: who appends.
    """

    __slots__ = (
        "_batches",
        "_coordinator_epoch",
        "_current",
        "_epoch",
        "_last_timestamp",
        "_origin",
        "_topic_partition",
        "_txn_first_offset",
        "started_transactions",
    )

    def __init__(self, topic_partition: TopicPartition, current: ProducerStateEntry, origin: Origin) -> None:
        self._topic_partition = topic_partition
        self._current = current
        self._origin = origin
        self._epoch = current.producer_epoch
        self._coordinator_epoch = current.coordinator_epoch
        self._last_timestamp = current.last_timestamp
        self._txn_first_offset = current.current_txn_first_offset
        self._batches: list[BatchMetadata] = []
        self.started_transactions: list[int] = []
        """First offsets of the transactions that began."""

    @property
    def producer_id(self) -> int:
        """Whose batches these are."""
        return self._current.producer_id

    def append(self, batch: RecordBatch) -> CompletedTxn | None:
        """Check a batch, with its final offsets, and take it up.

        Returns:
            the transaction that it ends, if it is a marker and the transaction has records here.

        Raises:
            InvalidProducerEpochError: its epoch is older than the producer's.
            OutOfOrderSequenceNumberError: its sequence does not follow the last one.
            InvalidTxnStateError: it is not transactional, but a transaction is open.
            TransactionCoordinatorFencedError: a marker of an older coordinator.
        """
        if batch.is_control:
            # An empty control batch is all that compaction left of its transaction.
            return self._append_marker(batch) if batch.record_count else None
        self._append_data(batch)
        return None

    def _append_data(self, batch: RecordBatch) -> None:
        offset = batch.base_offset
        epoch = batch.producer_epoch
        if epoch != self._epoch:
            self._check_epoch(epoch, offset)
        if self._origin == "client":
            self._check_sequence(epoch, batch.base_sequence, offset)
        if epoch != self._epoch:
            self._update_epoch(epoch)
        self._batches.append(
            BatchMetadata(
                batch.last_sequence, batch.last_offset, batch.last_offset_delta, batch.max_timestamp
            )
        )
        self._last_timestamp = batch.max_timestamp
        if self._txn_first_offset is not None:
            # Kafka refuses this of a leader too; but a follower that knows more than its leader (whose records
            # of the transaction were deleted) must copy all the same.
            if not batch.is_transactional and self._origin != "replication":
                raise InvalidTxnStateError(
                    f"Expected transactional write from producer {self.producer_id} at offset {offset} in "
                    f"partition {self._partition_name()}"
                )
        elif batch.is_transactional:
            self._txn_first_offset = offset
            self.started_transactions.append(offset)

    def _append_marker(self, batch: RecordBatch) -> CompletedTxn | None:
        record = batch.records[0]
        marker = parse_control_record(record)
        offset = batch.base_offset
        self._check_epoch(batch.producer_epoch, offset)
        if self._coordinator_epoch > marker.coordinator_epoch and self._origin != "replication":
            raise TransactionCoordinatorFencedError(
                f"Invalid coordinator epoch for producerId {self.producer_id} at offset {offset} in "
                "partition "
                f"{self._partition_name()}: {marker.coordinator_epoch} (zombie), "
                f"{self._coordinator_epoch} (current)"
            )
        completed = None
        if self._txn_first_offset is not None:
            # Without a record there is nothing to skip: an empty transaction leaves no trace in the index.
            completed = CompletedTxn(
                self.producer_id,
                self._txn_first_offset,
                offset,
                marker.control_type is ControlRecordType.ABORT,
            )
        self._update_epoch(batch.producer_epoch)
        self._coordinator_epoch = marker.coordinator_epoch
        self._txn_first_offset = None
        self._last_timestamp = record[1]
        return completed

    def _update_epoch(self, epoch: int) -> None:
        if epoch != self._epoch:
            self._epoch = epoch
            self._batches.clear()

    def _check_epoch(self, epoch: int, offset: int) -> None:
        if epoch < self._epoch and self._origin != "replication":
            raise InvalidProducerEpochError(
                f"Epoch of producer {self.producer_id} at offset {offset} in {self._partition_name()} "
                f"is {epoch}, "
                f"which is smaller than the last seen epoch {self._epoch}"
            )

    def _check_sequence(self, epoch: int, first_seq: int, offset: int) -> None:
        current = self._current
        if epoch != self._epoch:
            if first_seq != 0 and self._epoch != NO_PRODUCER_EPOCH:
                raise OutOfOrderSequenceNumberError(
                    f"Invalid sequence number for new epoch of producer {self.producer_id} at offset "
                    f"{offset} in "
                    f"partition {self._partition_name()}: {epoch} (request epoch), {first_seq} (seq. "
                    "number), "
                    f"{self._epoch} (current producer epoch)"
                )
            return
        if self._batches:
            last_seq = self._batches[-1][0]
        elif epoch == current.producer_epoch:
            last_seq = current.last_seq
        else:
            last_seq = -1
        # A producer whose state is gone (retention, DeleteRecords, expiry) may go on with any sequence.
        if current.producer_epoch == NO_PRODUCER_EPOCH:
            return
        if first_seq != last_seq + 1 and not (first_seq == 0 and last_seq == _MAX_INT):
            raise OutOfOrderSequenceNumberError(
                f"Out of order sequence number for producer {self.producer_id} at offset {offset} in "
                "partition "
                f"{self._partition_name()}: {first_seq} (incoming seq. number), {last_seq} (current "
                "end sequence "
                f"number)"
            )

    def to_entry(self) -> ProducerStateEntry:
        """The producer's entry after the append."""
        batches = tuple(self._batches)
        current = self._current
        if self._epoch == current.producer_epoch:
            batches = current.batches + batches
        return ProducerStateEntry(
            current.producer_id,
            self._epoch,
            self._coordinator_epoch,
            self._last_timestamp,
            self._txn_first_offset,
            batches[-NUM_BATCHES_TO_RETAIN:],
        )

    def _partition_name(self) -> str:
        return f"{self._topic_partition[0]}-{self._topic_partition[1]}"
