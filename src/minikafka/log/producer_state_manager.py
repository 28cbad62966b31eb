"""All producers of a log: their entries, their open and their not yet replicated transactions, snapshots.

Mirrors org.apache.kafka.storage.internals.log.ProducerStateManager; snapshots are kept in memory.
"""

from __future__ import annotations

from minikafka.log.producer_state import ProducerAppendInfo, ProducerStateEntry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from minikafka.log.producer_state import BatchMetadata, CompletedTxn, Origin
    from minikafka.log.record_batch import RecordBatch
    from minikafka.structs import TopicPartition


class ProducerStateManager:
    """The producers of one log.

    Args:
        topic_partition: for messages.
        producer_id_expiration_ms: how long an idle producer without an open transaction is remembered.
    """

    __slots__ = (
        "_ongoing",
        "_producers",
        "_snapshots",
        "_topic_partition",
        "_unreplicated",
        "map_end_offset",
        "producer_id_expiration_ms",
    )

    def __init__(self, topic_partition: TopicPartition, producer_id_expiration_ms: int) -> None:
        self._topic_partition = topic_partition
        self.producer_id_expiration_ms: int = producer_id_expiration_ms
        self._producers: dict[int, ProducerStateEntry] = {}
        # Both by first offset, ascending: offsets only grow, and a reload sorts.
        self._ongoing: dict[int, int] = {}
        self._unreplicated: dict[int, tuple[int, int]] = {}
        self._snapshots: dict[int, tuple[list[ProducerStateEntry], dict[int, tuple[int, int]]]] = {}
        self.map_end_offset: int = 0
        """Up to where the log is reflected here (exclusive)."""

    @property
    def is_empty(self) -> bool:
        """Whether no producer is known and no transaction waits for its replication."""
        return not self._producers and not self._unreplicated

    @property
    def first_unstable_offset(self) -> int | None:
        """The first offset of an open transaction, or of an ended one whose marker is not replicated yet."""
        undecided = next(iter(self._ongoing), None)
        unreplicated = min(self._unreplicated) if self._unreplicated else None
        if undecided is None:
            return unreplicated
        if unreplicated is None:
            return undecided
        return min(undecided, unreplicated)

    def find_duplicate_batch(self, batch: RecordBatch) -> BatchMetadata | None:
        """The remembered batch of the same producer and epoch with exactly these sequences."""
        entry = self._producers.get(batch.producer_id)
        return None if entry is None else entry.find_duplicate_batch(batch)

    def entries(self) -> list[ProducerStateEntry]:
        """The active producers, in the order in which they appeared."""
        return list(self._producers.values())

    def prepare_update(self, producer_id: int, origin: Origin) -> ProducerAppendInfo:
        """The checks for a producer's next batches, on its present entry."""
        entry = self._producers.get(producer_id)
        return ProducerAppendInfo(self._topic_partition, entry or ProducerStateEntry(producer_id), origin)

    def update(self, infos: Mapping[int, ProducerAppendInfo]) -> None:
        """Take up what checked batches have changed, by producer id."""
        started: list[tuple[int, int]] = []
        for producer_id, info in infos.items():
            self._producers[producer_id] = info.to_entry()
            for first_offset in info.started_transactions:
                started.append((first_offset, producer_id))
        if started:
            started.sort()
            self._ongoing.update(started)

    def last_stable_offset(self, completed: CompletedTxn) -> int:
        """The log's last stable offset once `completed` is done, high watermark aside."""
        for first_offset, producer_id in self._ongoing.items():
            if producer_id != completed.producer_id:
                return first_offset
        return completed.last_offset + 1

    def complete_txn(self, completed: CompletedTxn) -> None:
        """Move a transaction from the open ones to those that wait for replication of their marker."""
        producer_id = self._ongoing.pop(completed.first_offset)
        self._unreplicated[completed.first_offset] = (producer_id, completed.last_offset)

    def on_high_watermark_updated(self, high_watermark: int) -> None:
        """Transactions whose marker is below the high watermark are decided."""
        if self._unreplicated:
            self._remove_unreplicated(high_watermark)

    def on_log_start_offset_incremented(self, log_start_offset: int) -> None:
        """The log now begins at `log_start_offset`."""
        self._remove_unreplicated(log_start_offset)
        self.map_end_offset = max(self.map_end_offset, log_start_offset)

    def _remove_unreplicated(self, offset: int) -> None:
        for first_offset, (_, last_offset) in list(self._unreplicated.items()):
            if last_offset < offset:
                del self._unreplicated[first_offset]

    def remove_expired(self, now_ms: int) -> int:
        """Forget producers that have been idle for too long; gives how many."""
        expired = [
            producer_id
            for producer_id, entry in self._producers.items()
            if entry.current_txn_first_offset is None
            and now_ms - entry.last_timestamp >= self.producer_id_expiration_ms
        ]
        for producer_id in expired:
            del self._producers[producer_id]
        return len(expired)

    def take_snapshot(self) -> None:
        """Remember the producers as they are at `map_end_offset`.

        Unlike Kafka's, a snapshot also holds the transactions whose marker is not replicated, so that a restart
        does not let the last stable offset run into them.
        """
        self._snapshots[self.map_end_offset] = (list(self._producers.values()), dict(self._unreplicated))

    def delete_snapshots_before(self, offset: int) -> None:
        """Drop the snapshots of segments that are gone from the front."""
        for each in [each for each in self._snapshots if each < offset]:
            del self._snapshots[each]

    def delete_snapshots_outside(self, log_start_offset: int, log_end_offset: int) -> None:
        """Drop the snapshots that say nothing of the log any more (the first two steps of truncateAndReload)."""
        for each in [each for each in self._snapshots if each > log_end_offset or each <= log_start_offset]:
            del self._snapshots[each]

    def retain_snapshots(self, segment_base_offsets: Iterable[int]) -> None:
        """Drop snapshots that no segment begins with, save the newest (removeStraySnapshots)."""
        if self._snapshots:
            keep = {*segment_base_offsets, max(self._snapshots)}
            self._snapshots = {each: state for each, state in self._snapshots.items() if each in keep}

    def truncate_fully_and_start_at(self, offset: int) -> None:
        """Forget everything; the log is empty and continues at `offset`."""
        self._clear()
        self._snapshots.clear()
        self.map_end_offset = offset

    def _clear(self) -> None:
        self._producers.clear()
        self._ongoing.clear()
        self._unreplicated.clear()

    def reload(self, log_start_offset: int, log_end_offset: int) -> None:
        """Go back to the newest snapshot that lies within the log; `replay` follows from `map_end_offset`."""
        self.delete_snapshots_outside(log_start_offset, log_end_offset)
        self._clear()
        newest = max(self._snapshots, default=None)
        self.map_end_offset = log_start_offset if newest is None else newest
        if newest is None:
            return
        entries, unreplicated = self._snapshots[newest]
        self._unreplicated.update(unreplicated)
        for entry in entries:
            self._producers[entry.producer_id] = entry
        self._ongoing = dict(
            sorted(
                (entry.current_txn_first_offset, entry.producer_id)
                for entry in self._producers.values()
                if entry.current_txn_first_offset is not None
            )
        )

    def replay(self, batches: Iterable[RecordBatch]) -> None:
        """Take up batches of the log without checking them (loadProducersFromRecords)."""
        infos: dict[int, ProducerAppendInfo] = {}
        completed: list[CompletedTxn] = []
        for batch in batches:
            if batch.producer_id < 0:
                continue
            info = infos.get(batch.producer_id)
            if info is None:
                info = infos[batch.producer_id] = self.prepare_update(batch.producer_id, "replication")
            ended = info.append(batch)
            if ended is not None:
                completed.append(ended)
        self.update(infos)
        for ended in completed:
            self.complete_txn(ended)

    def state(self) -> tuple[object, ...]:
        """Everything but the snapshots, for comparison."""
        return (
            sorted(entry.as_tuple()[:4] for entry in self._producers.values()),
            {entry.producer_id: entry.as_tuple() for entry in self._producers.values()},
            dict(self._ongoing),
            dict(self._unreplicated),
        )

    def _check(self) -> None:
        assert list(self._ongoing) == sorted(self._ongoing), self._ongoing
        open_here = {
            entry.current_txn_first_offset: entry.producer_id
            for entry in self._producers.values()
            if entry.current_txn_first_offset is not None
        }
        assert open_here == self._ongoing, (open_here, self._ongoing)
        for producer_id, entry in self._producers.items():
            assert entry.producer_id == producer_id
            assert len(entry.batches) <= 5
            offsets = [each.last_offset for each in entry.batches]
            assert offsets == sorted(set(offsets)), entry
