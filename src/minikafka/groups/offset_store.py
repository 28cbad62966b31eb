"""Committed offsets of one shard: as written, as committed to the log, and pending in transactions.

Kafka reads committed offsets out of timeline hash maps at the last committed offset of the log. Here a second
table trails the first: what is written waits in a queue until the high watermark has passed it.
"""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from minikafka.messages.coordinator_records import OffsetCommitValue


class CommittedOffset:
    """An offset that a group has committed for a partition (Kafka's OffsetAndMetadata).

    Args:
        offset: the next offset to read.
        leader_epoch: the leader epoch of the last record read, -1 if unknown.
        metadata: the committer's free text.
        commit_timestamp_ms: when it was committed.
        expire_timestamp_ms: when it expires, if the commit said so itself; else -1.
        record_offset: where in ``__consumer_offsets`` it is recorded.
    """

    __slots__ = (
        "commit_timestamp_ms",
        "expire_timestamp_ms",
        "leader_epoch",
        "metadata",
        "offset",
        "record_offset",
    )

    def __init__(
        self,
        offset: int,
        leader_epoch: int,
        metadata: str,
        commit_timestamp_ms: int,
        expire_timestamp_ms: int = -1,
        record_offset: int = -1,
    ) -> None:
        self.offset: int = offset
        self.leader_epoch: int = leader_epoch
        self.metadata: str = metadata
        self.commit_timestamp_ms: int = commit_timestamp_ms
        self.expire_timestamp_ms: int = expire_timestamp_ms
        self.record_offset: int = record_offset

    @classmethod
    def from_record(cls, record_offset: int, value: OffsetCommitValue) -> CommittedOffset:
        """The offset in a record."""
        return cls(
            value.offset,
            value.leader_epoch,
            value.metadata,
            value.commit_timestamp,
            value.expire_timestamp,
            record_offset,
        )

    def __repr__(self) -> str:
        return f"CommittedOffset({self.offset}, epoch={self.leader_epoch}, metadata={self.metadata!r})"


class OffsetTable:
    """Offsets by group, topic and partition; empty levels are removed."""

    __slots__ = ("_groups",)

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, dict[int, CommittedOffset]]] = {}

    def get(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """The offset, or None."""
        return self.of_group(group_id).get(topic, {}).get(partition)

    def of_group(self, group_id: str) -> Mapping[str, Mapping[int, CommittedOffset]]:
        """A group's offsets by topic and partition, empty if it has none."""
        return self._groups.get(group_id, {})

    def group_ids(self) -> Iterator[str]:
        """The groups that have offsets."""
        return iter(self._groups)

    def put(self, group_id: str, topic: str, partition: int, offset: CommittedOffset) -> None:
        """Set an offset."""
        self._groups.setdefault(group_id, {}).setdefault(topic, {})[partition] = offset

    def remove(self, group_id: str, topic: str, partition: int) -> None:
        """Remove an offset; unknown ones are ignored."""
        topics = self._groups.get(group_id, {})
        partitions = topics.get(topic)
        if partitions is None:
            return
        partitions.pop(partition, None)
        if not partitions:
            del topics[topic]
            if not topics:
                del self._groups[group_id]


class OffsetStore:
    """The offsets of a shard.

    `latest` holds what was written, `committed` what the high watermark has passed, `pending` by producer id
    what open transactions have written (it moves to `latest` when the transaction commits).
    """

    __slots__ = ("_high_watermark", "_trailing", "committed", "latest", "open_transactions", "pending")

    def __init__(self) -> None:
        self.latest: OffsetTable = OffsetTable()
        self.committed: OffsetTable = OffsetTable()
        self.pending: dict[int, OffsetTable] = {}
        self.open_transactions: dict[str, dict[int, None]] = {}
        """By group, the producer ids whose open transactions hold offsets of it."""
        self._trailing: deque[tuple[int, str, str, int, CommittedOffset | None]] = deque()
        self._high_watermark = 0

    def put(
        self,
        log_offset: int,
        producer_id: int,
        group_id: str,
        topic: str,
        partition: int,
        offset: CommittedOffset,
    ) -> None:
        """Apply a commit that the log holds at `log_offset`, by a transaction unless `producer_id` is -1."""
        if producer_id < 0:
            self._set(log_offset, group_id, topic, partition, offset)
            return
        self.pending.setdefault(producer_id, OffsetTable()).put(group_id, topic, partition, offset)
        self.open_transactions.setdefault(group_id, {})[producer_id] = None

    def remove(self, log_offset: int, group_id: str, topic: str, partition: int) -> None:
        """Apply a tombstone that the log holds at `log_offset`; it also ends pending commits."""
        self._set(log_offset, group_id, topic, partition, None)
        for producer_id in self.open_transactions.get(group_id, ()):
            if producer_id in self.pending:
                self.pending[producer_id].remove(group_id, topic, partition)

    def end_transaction(self, log_offset: int, producer_id: int, committed: bool) -> None:
        """Apply a transaction marker: pending offsets become latest ones, or are forgotten.

        A regular commit that was recorded after the transactional one stays.
        """
        table = self.pending.pop(producer_id, None)
        if table is None:
            return
        for group_id in list(self.open_transactions):
            producers = self.open_transactions[group_id]
            producers.pop(producer_id, None)
            if not producers:
                del self.open_transactions[group_id]
        if not committed:
            return
        for group_id in table.group_ids():
            for topic, partitions in table.of_group(group_id).items():
                for partition, offset in partitions.items():
                    existing = self.latest.get(group_id, topic, partition)
                    if existing is None or offset.record_offset > existing.record_offset:
                        self._set(log_offset, group_id, topic, partition, offset)

    def has_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether an open transaction has committed an offset for this partition."""
        return any(
            producer_id in self.pending
            and self.pending[producer_id].get(group_id, topic, partition) is not None
            for producer_id in self.open_transactions.get(group_id, ())
        )

    def advance(self, high_watermark: int) -> None:
        """What the log holds below `high_watermark` is committed."""
        self._high_watermark = high_watermark
        trailing = self._trailing
        while trailing and trailing[0][0] < high_watermark:
            _, group_id, topic, partition, offset = trailing.popleft()
            _assign(self.committed, group_id, topic, partition, offset)

    def _set(
        self, log_offset: int, group_id: str, topic: str, partition: int, offset: CommittedOffset | None
    ) -> None:
        _assign(self.latest, group_id, topic, partition, offset)
        if log_offset < self._high_watermark and not self._trailing:
            _assign(self.committed, group_id, topic, partition, offset)
        else:
            self._trailing.append((log_offset, group_id, topic, partition, offset))


def _assign(
    table: OffsetTable, group_id: str, topic: str, partition: int, offset: CommittedOffset | None
) -> None:
    if offset is None:
        table.remove(group_id, topic, partition)
    else:
        table.put(group_id, topic, partition, offset)
