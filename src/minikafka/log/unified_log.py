"""One replica's log: offsets, appends, reads, truncation, retention, and the state derived from its batches.

Mirrors kafka.log.UnifiedLog, in memory. Simplifications: no tiered storage; the compaction of
cleanup.policy=compact is not done here; index files do not fill up, so they never cause a roll; transaction
verification (KIP-890) is not asked for on append.
"""

from __future__ import annotations

from minikafka.errors import InvalidRecordError, OffsetOutOfRangeError, RecordListTooLargeError
from minikafka.log import retention
from minikafka.log.leader_epochs import LeaderEpochs
from minikafka.log.local_log import LocalLog
from minikafka.log.log_results import (
    FetchDataInfo,
    LogAppendInfo,
    OffsetsOutOfOrderError,
    TimestampAndOffset,
    UnexpectedAppendOffsetError,
)
from minikafka.log.producer_state_manager import ProducerStateManager
from minikafka.log.transaction_index import AbortedTxn, TransactionIndex
from minikafka.log.validation import validate_batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random
    from typing import Literal

    from minikafka.log.config import LogConfig
    from minikafka.log.producer_state import (
        BatchMetadata,
        CompletedTxn,
        Origin,
        ProducerAppendInfo,
        ProducerStateEntry,
    )
    from minikafka.log.record_batch import RecordBatch, RecordTuple
    from minikafka.log.segment import LogSegment
    from minikafka.structs import TopicPartition

    Isolation = Literal["log_end", "high_watermark", "committed"]
    """How far a reader sees: followers, consumers, consumers of committed transactions only."""

__all__ = [
    "FetchDataInfo",
    "LogAppendInfo",
    "OffsetsOutOfOrderError",
    "TimestampAndOffset",
    "UnexpectedAppendOffsetError",
    "UnifiedLog",
]


class UnifiedLog:
    """One replica of a partition.

    Args:
        topic_partition: which.
        config: the topic's options; may be replaced by assignment at any time.
        producer_id_expiration_ms: how long an idle producer is remembered (producer.id.expiration.ms).
        random: draws the roll jitter; without it segments roll without jitter.
    """

    __slots__ = (
        "_config",
        "_high_watermark",
        "_last_append_ms",
        "_leader_epochs",
        "_local",
        "_log_start_offset",
        "_producers",
        "_transaction_index",
        "topic_id",
        "topic_partition",
    )

    def __init__(
        self,
        topic_partition: TopicPartition,
        config: LogConfig,
        *,
        producer_id_expiration_ms: int = 86_400_000,
        random: Random | None = None,
    ) -> None:
        self.topic_partition: TopicPartition = topic_partition
        self.topic_id: bytes | None = None
        """The id of the topic the log belongs to, as Kafka keeps it in partition.metadata; None: not said."""
        self._config = config
        self._local = LocalLog(topic_partition, config, random)
        self._log_start_offset = 0
        self._high_watermark = 0
        self._last_append_ms = 0
        self._leader_epochs = LeaderEpochs()
        self._producers = ProducerStateManager(topic_partition, producer_id_expiration_ms)
        self._transaction_index = TransactionIndex()

    # What it is

    @property
    def config(self) -> LogConfig:
        """The topic's options; assigning others takes effect at once."""
        return self._config

    @config.setter
    def config(self, config: LogConfig) -> None:
        self._config = config
        self._local.config = config

    @property
    def log_start_offset(self) -> int:
        """The first offset that may be read."""
        return self._log_start_offset

    @property
    def log_end_offset(self) -> int:
        """The offset that the next record gets."""
        return self._local.log_end_offset

    @property
    def high_watermark(self) -> int:
        """Below this everything is replicated and visible to consumers."""
        return self._high_watermark

    @property
    def first_unstable_offset(self) -> int | None:
        """Where the first transaction begins that is open or has an unreplicated marker, or None."""
        offset = self._producers.first_unstable_offset
        return None if offset is None else max(offset, self._log_start_offset)

    @property
    def last_stable_offset(self) -> int:
        """Below this every transaction is decided: the first unstable offset, at most the high watermark."""
        unstable = self.first_unstable_offset
        return self._high_watermark if unstable is None else min(unstable, self._high_watermark)

    @property
    def size_in_bytes(self) -> int:
        """Bytes of all segments."""
        return self._local.size_in_bytes

    @property
    def latest_epoch(self) -> int:
        """The newest leader epoch; -1 when there is none."""
        return self._leader_epochs.latest_epoch

    @property
    def leader_epochs(self) -> LeaderEpochs:
        """Which epoch begins where; for reading."""
        return self._leader_epochs

    @property
    def segments(self) -> Sequence[LogSegment]:
        """Oldest first; for reading."""
        return self._local.segments

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return self._log_start_offset == self._local.log_end_offset

    # Appending

    def append_as_leader(
        self,
        batches: Sequence[RecordBatch],
        leader_epoch: int,
        now_ms: int,
        origin: Origin = "client",
    ) -> LogAppendInfo:
        """Check batches, give them offsets and the leader's epoch, and append them all or none.

        Args:
            batches: what to append; a client may send one batch at a time.
            leader_epoch: the leader's epoch.
            now_ms: the broker's time.
            origin: "client", "coordinator" or "replication"; see `Origin`.

        Raises:
            MessageSizeTooLargeError: a batch is larger than max.message.bytes.
            RecordListTooLargeError: a batch is larger than segment.bytes.
            InvalidRecordError: a malformed batch, or a record without a key on a compacted topic.
            InvalidTimestampError: a record's timestamp is too far away.
            InvalidProducerEpochError, OutOfOrderSequenceNumberError, InvalidTxnStateError,
            TransactionCoordinatorFencedError: the producer may not append this now.
        """
        local = self._local
        if not batches:
            return LogAppendInfo(-1, -1, -1, self._log_start_offset)
        if len(batches) > 1 and origin == "client":
            raise InvalidRecordError("Compressed outer record has more than one batch")
        config = self._config
        append_time = now_ms if config.log_append_time else None
        stamped: list[RecordBatch] = []
        next_offset = local.log_end_offset
        for batch in batches:
            valid = validate_batch(batch, config, self.topic_partition, origin, now_ms)
            valid = valid.stamped(next_offset, leader_epoch, append_time)
            next_offset = valid.last_offset + 1
            stamped.append(valid)
        infos, completed, duplicate = self._check_producers(stamped, origin)
        self._leader_epochs.assign(leader_epoch, stamped[0].base_offset)
        if duplicate is not None:
            return LogAppendInfo(
                duplicate.first_offset,
                duplicate.last_offset,
                duplicate.timestamp,
                self._log_start_offset,
                duplicate=True,
            )
        size = self._append(stamped, infos, completed, now_ms)
        return LogAppendInfo(
            stamped[0].base_offset,
            next_offset - 1,
            -1 if append_time is None else append_time,
            self._log_start_offset,
            False,
            size,
        )

    def append_as_follower(self, batches: Sequence[RecordBatch], now_ms: int | None = None) -> LogAppendInfo:
        """Append batches as the leader stamped them, with gaps or without; only their order is checked.

        Args:
            batches: as fetched from the leader.
            now_ms: the broker's time; without it the newest timestamp among the batches counts.

        Raises:
            OffsetsOutOfOrderError: the batches do not ascend.
            UnexpectedAppendOffsetError: the first begins below the end of this log.
            RecordListTooLargeError: a batch is larger than segment.bytes.
        """
        if not batches:
            return LogAppendInfo(-1, -1, -1, self._log_start_offset)
        previous = -1
        for batch in batches:
            if batch.base_offset <= previous:
                raise OffsetsOutOfOrderError(
                    f"Out of order offsets found in append to {self._name()}: "
                    f"{[each.base_offset for each in batches[:10]]}"
                )
            previous = batch.last_offset
        first_offset = batches[0].base_offset
        if first_offset < self._local.log_end_offset:
            raise UnexpectedAppendOffsetError(
                f"Unexpected offset in append to {self._name()}. First offset {first_offset} is less "
                "than the next "
                f"offset {self._local.log_end_offset}. First 10 offsets in append: "
                f"{[each.base_offset for each in batches[:10]]}, last offset in append: {previous}. "
                "Log start "
                f"offset = {self._log_start_offset}",
                first_offset,
                previous,
            )
        if now_ms is None:
            now_ms = max(self._last_append_ms, *(batch.max_timestamp for batch in batches))
        infos, completed, _ = self._check_producers(batches, "replication")
        epochs = self._leader_epochs
        for batch in batches:
            if batch.partition_leader_epoch != epochs.latest_epoch:
                epochs.assign(batch.partition_leader_epoch, batch.base_offset)
        size = self._append(batches, infos, completed, now_ms)
        return LogAppendInfo(first_offset, previous, -1, self._log_start_offset, False, size)

    def _check_producers(
        self, batches: Sequence[RecordBatch], origin: Origin
    ) -> tuple[dict[int, ProducerAppendInfo], list[CompletedTxn], BatchMetadata | None]:
        """What the batches would change in the producers' state, or the duplicate that ends the matter."""
        infos: dict[int, ProducerAppendInfo] = {}
        completed: list[CompletedTxn] = []
        producers = self._producers
        for batch in batches:
            producer_id = batch.producer_id
            if producer_id < 0:
                continue
            if origin == "client":
                duplicate = producers.find_duplicate_batch(batch)
                if duplicate is not None:
                    return infos, completed, duplicate
            info = infos.get(producer_id)
            if info is None:
                info = infos[producer_id] = producers.prepare_update(producer_id, origin)
            ended = info.append(batch)
            if ended is not None:
                completed.append(ended)
        return infos, completed, None

    def _append(
        self,
        batches: Sequence[RecordBatch],
        infos: dict[int, ProducerAppendInfo],
        completed: list[CompletedTxn],
        now_ms: int,
    ) -> int:
        local = self._local
        config = self._config
        total = 0
        for batch in batches:
            size = batch.size_in_bytes
            total += size
            if size > config.segment_bytes:
                raise RecordListTooLargeError(
                    f"Message batch size is {size} bytes in append to partition {self._name()}, which "
                    "exceeds the "
                    f"maximum configured segment size of {config.segment_bytes} (segment.bytes)."
                )
        for batch in batches:
            if local.segments[-1].should_roll(batch, config, now_ms):
                self._roll(batch.base_offset, now_ms)
            local.append(batch, now_ms)
        self._last_append_ms = now_ms
        producers = self._producers
        if infos:
            producers.update(infos)
            for ended in completed:
                if ended.is_aborted:
                    self._transaction_index.append(
                        AbortedTxn(
                            ended.producer_id,
                            ended.first_offset,
                            ended.last_offset,
                            producers.last_stable_offset(ended),
                        )
                    )
                producers.complete_txn(ended)
        producers.map_end_offset = local.log_end_offset
        return total

    def _roll(self, expected_next_offset: int, now_ms: int) -> None:
        segment = self._local.roll(expected_next_offset, now_ms)
        # The state so far is that at the new segment's beginning: a later reload can start here. Producers of
        # batches that are in this very append are not in it yet, so what was appended before must be.
        if self._producers.map_end_offset >= self._local.log_end_offset:
            self._producers.map_end_offset = segment.base_offset
            self._producers.take_snapshot()

    # Reading

    def read(
        self,
        start_offset: int,
        max_bytes: int,
        *,
        upper_bound_offset: int | None = None,
        min_one_message: bool = True,
        isolation: Isolation = "log_end",
    ) -> FetchDataInfo:
        """Whole batches from the one that holds `start_offset` (or the next one) on.

        Like Kafka's, one read never goes beyond the end of a segment.

        Args:
            start_offset: where to begin.
            max_bytes: the most to return.
            upper_bound_offset: read nothing at or after this, whatever the isolation allows.
            min_one_message: whether the first batch comes even if it is larger than `max_bytes`.
            isolation: "log_end", "high_watermark" or "committed" (last stable offset).

        Raises:
            OffsetOutOfRangeError: `start_offset` is not within [log_start_offset, log_end_offset].
        """
        log_start_offset = self._log_start_offset
        local = self._local
        if start_offset < log_start_offset:
            raise OffsetOutOfRangeError(
                f"Received request for offset {start_offset} for partition {self._name()}, but we "
                "only have log "
                f"segments starting from offset: {log_start_offset} (up to {local.log_end_offset})."
            )
        if start_offset > local.log_end_offset:
            raise OffsetOutOfRangeError(
                f"Received request for offset {start_offset} for partition {self._name()}, but we "
                "only have log "
                f"segments from {log_start_offset} upto {local.log_end_offset}."
            )
        high_watermark = self._high_watermark
        last_stable_offset = self.last_stable_offset
        committed = isolation == "committed"
        if committed:
            max_offset = last_stable_offset
        elif isolation == "high_watermark":
            max_offset = high_watermark
        else:
            max_offset = local.log_end_offset
        if upper_bound_offset is not None and upper_bound_offset < max_offset:
            max_offset = upper_bound_offset
        found = local.read(start_offset, max_bytes, min_one_message, max_offset)
        aborted: list[tuple[int, int]] | None = None
        if committed:
            aborted = []
            if found is not None:
                aborted = [
                    (each.producer_id, each.first_offset)
                    for each in self._transaction_index.collect(start_offset, found.next_offset)
                ]
        return FetchDataInfo(
            [] if found is None else found.batches,
            0 if found is None else found.size_in_bytes,
            high_watermark,
            last_stable_offset,
            log_start_offset,
            local.log_end_offset,
            aborted,
        )

    def iterate(self, from_offset: int | None = None, to_offset: int | None = None) -> Iterator[RecordBatch]:
        """The batches that hold an offset from `from_offset` (the log's start) to `to_offset` (its end)."""
        return self._local.iterate(
            self._log_start_offset if from_offset is None else from_offset,
            self._local.log_end_offset if to_offset is None else to_offset,
        )

    def last_records(self, count: int = 10) -> list[tuple[int, RecordTuple]]:
        """The last data records as (offset, record), oldest first; for inspectors."""
        found: list[tuple[int, RecordTuple]] = []
        for segment in reversed(self._local.segments):
            for batch in reversed(segment.batches):
                if batch.is_control:
                    continue
                for record in reversed(batch.records):
                    offset = batch.base_offset + record[0]
                    if len(found) == count or offset < self._log_start_offset:
                        found.reverse()
                        return found
                    found.append((offset, record))
        found.reverse()
        return found

    # Looking up

    def offset_for_timestamp(self, timestamp: int) -> TimestampAndOffset | None:
        """The first record whose timestamp is at least `timestamp` (ms), or None."""
        start = self._log_start_offset
        for segment in self._local.segments:
            if segment.largest_timestamp < timestamp:
                continue
            # Kafka looks into the first such segment only, even if the log start offset hides what it found.
            first = max(segment.index_of_timestamp(timestamp), segment.index_of(start))
            for batch in segment.batches[first:]:
                if batch.max_timestamp >= timestamp:
                    for record in batch.records:
                        if record[1] >= timestamp and batch.base_offset + record[0] >= start:
                            return TimestampAndOffset(
                                record[1], batch.base_offset + record[0], batch.partition_leader_epoch
                            )
            return None
        return None

    def max_timestamp_offset(self) -> TimestampAndOffset | None:
        """The first record with the largest timestamp, or None (ListOffsets with -3, KIP-734)."""
        segment = max(self._local.segments, key=lambda each: each.max_timestamp)
        largest = segment.max_timestamp
        at = segment.index_of_timestamp(largest)
        if largest < 0 or at == len(segment.batches):
            return None
        batch = segment.batches[at]
        for record in batch.records:
            if record[1] == largest:
                return TimestampAndOffset(
                    largest, batch.base_offset + record[0], batch.partition_leader_epoch
                )
        return None

    def earliest_offset(self) -> TimestampAndOffset:
        """The log start offset with its epoch (ListOffsets with -2); the timestamp is -1."""
        start = self._log_start_offset
        return TimestampAndOffset(-1, start, self._leader_epochs.epoch_for_offset(start))

    def offset_for_leader_epoch(self, epoch: int) -> tuple[int, int]:
        """The largest epoch <= the asked one and its end offset; (-1, -1) when that is undefined."""
        return self._leader_epochs.end_offset_for(epoch, self._local.log_end_offset)

    def producer_states(self) -> list[ProducerStateEntry]:
        """The active producers (DescribeProducers)."""
        return self._producers.entries()

    def aborted_transactions(self) -> list[AbortedTxn]:
        """All that the transaction index holds."""
        return self._transaction_index.entries()

    # Moving its marks

    def assign_epoch_start_offset(self, epoch: int, offset: int) -> None:
        """Note that a leader epoch begins at `offset`; a new leader's begins at the log's end."""
        self._leader_epochs.assign(epoch, offset)

    def update_high_watermark(self, offset: int) -> int:
        """Set the high watermark, bounded by the log's start and end; it may go down.

        Returns:
            the high watermark that resulted.
        """
        if offset > self._local.log_end_offset:
            offset = self._local.log_end_offset
        high_watermark = self._log_start_offset if offset < self._log_start_offset else offset
        self._high_watermark = high_watermark
        self._producers.on_high_watermark_updated(high_watermark)
        return high_watermark

    def maybe_increment_high_watermark(self, offset: int) -> bool:
        """Raise the high watermark to `offset` if that is higher; whether it was.

        Raises:
            ValueError: `offset` is beyond the end of the log.
        """
        if offset > self._local.log_end_offset:
            raise ValueError(
                f"High watermark {offset} update exceeds current log end offset {self._local.log_end_offset}"
            )
        if offset <= self._high_watermark:
            return False
        self.update_high_watermark(offset)
        return True

    def increment_log_start_offset(self, offset: int) -> bool:
        """Hide everything below `offset` (DeleteRecords, or a leader's log start); whether that was new.

        Raises:
            OffsetOutOfRangeError: `offset` is beyond the high watermark.
        """
        if offset > self._high_watermark:
            raise OffsetOutOfRangeError(
                f"Cannot increment the log start offset to {offset} of partition {self._name()} since "
                "it is larger "
                f"than the high watermark {self._high_watermark}"
            )
        if offset <= self._log_start_offset:
            return False
        self._log_start_offset = offset
        self._leader_epochs.truncate_from_start(offset)
        self._producers.on_log_start_offset_incremented(offset)
        return True

    # Dropping

    def truncate_to(self, offset: int) -> bool:
        """Drop everything from `offset` on; a batch that holds it goes as a whole.

        Returns:
            whether the log was longer.

        Raises:
            ValueError: `offset` is negative.
        """
        local = self._local
        if offset < 0:
            raise ValueError(f"Cannot truncate partition {self._name()} to a negative offset ({offset}).")
        if offset >= local.log_end_offset:
            # An epoch that this replica began as leader and never appended to may contradict the leader.
            self._leader_epochs.truncate_from_end(local.log_end_offset)
            return False
        if local.segments[0].base_offset > offset:
            self.truncate_fully_and_start_at(offset)
            return True
        local.truncate_to(offset, self._last_append_ms)
        self._leader_epochs.truncate_from_end(offset)
        self._transaction_index.truncate_to(offset)
        self._log_start_offset = min(offset, self._log_start_offset)
        self._rebuild_producer_state(offset)
        if self._high_watermark >= offset:
            self.update_high_watermark(offset)
        return True

    def truncate_fully_and_start_at(self, offset: int, log_start_offset: int | None = None) -> None:
        """Drop everything and go on at `offset`.

        Args:
            offset: where the next record goes.
            log_start_offset: the new log start, if it is not the same (a follower whose leader's log begins
                in the middle of a batch).
        """
        self._local.truncate_fully_and_start_at(offset, self._last_append_ms)
        self._leader_epochs.clear()
        self._transaction_index = TransactionIndex()
        self._producers.truncate_fully_and_start_at(offset)
        self._log_start_offset = offset if log_start_offset is None else log_start_offset
        self.update_high_watermark(offset)

    def delete_old_segments(self, now_ms: int) -> int:
        """Drop segments that retention no longer holds, from the oldest on, none above the high watermark.

        Segments below the log start offset always go; by size and by time only if cleanup.policy says delete.

        Returns:
            how many segments went.
        """
        count = self._delete_by(retention.breached_log_start(self._log_start_offset), now_ms)
        if not self._config.delete:
            return count
        by_size = retention.breached_size(self.size_in_bytes, self._config.retention_bytes)
        if by_size is not None:
            count += self._delete_by(by_size, now_ms)
        by_time = retention.breached_time(now_ms, self._config.retention_ms)
        if by_time is not None:
            count += self._delete_by(by_time, now_ms)
        return count

    def _delete_by(self, rule: retention.Rule, now_ms: int) -> int:
        local = self._local
        count = retention.deletable_count(local.segments, self._high_watermark, local.log_end_offset, rule)
        if not count:
            return 0
        if count == len(local.segments):
            self._roll(local.log_end_offset, now_ms)
        first_kept = local.segments[count].base_offset
        self.increment_log_start_offset(first_kept)
        local.drop_first(count)
        self._producers.delete_snapshots_before(first_kept)
        self._transaction_index.delete_before(first_kept)
        return count

    def remove_expired_producers(self, now_ms: int) -> int:
        """Forget producers idle for longer than producer.id.expiration.ms; gives how many."""
        return self._producers.remove_expired(now_ms)

    # Restarting

    def take_producer_snapshot(self) -> None:
        """Remember the producers at the log's end, as a broker that stops cleanly does."""
        self._producers.map_end_offset = self._local.log_end_offset
        self._producers.take_snapshot()

    def recover(self, high_watermark: int | None = None) -> None:
        """Load the log as a restarted broker does.

        Producer state is rebuilt from the newest snapshot and the batches after it. What Kafka reads back
        from its own files (leader epochs, transaction index) is kept, cut to the log's range.

        Args:
            high_watermark: the checkpointed one; None keeps the present one.
        """
        end = self._local.log_end_offset
        self._leader_epochs.truncate_from_end(end)
        self._leader_epochs.truncate_from_start(self._log_start_offset)
        self._transaction_index.truncate_to(end)
        self._producers.retain_snapshots(segment.base_offset for segment in self._local.segments)
        self._reload_producers(end)
        self.update_high_watermark(self._high_watermark if high_watermark is None else high_watermark)

    def _rebuild_producer_state(self, end_offset: int) -> None:
        producers = self._producers
        if producers.is_empty and producers.map_end_offset >= end_offset:
            # No producer before the truncation, so none after it: spare the scan.
            producers.delete_snapshots_outside(self._log_start_offset, end_offset)
            producers.map_end_offset = end_offset
            return
        self._reload_producers(end_offset)

    def _reload_producers(self, end_offset: int) -> None:
        producers = self._producers
        producers.reload(self._log_start_offset, end_offset)
        # A batch that the log start offset divides counts as a whole, as it is read as a whole.
        producers.replay(self._local.iterate(producers.map_end_offset, end_offset))
        producers.map_end_offset = end_offset
        # Kafka leaves replayed transactions undecided until the high watermark next moves.
        producers.on_high_watermark_updated(min(self._high_watermark, end_offset))

    def _name(self) -> str:
        return f"{self.topic_partition[0]}-{self.topic_partition[1]}"

    def __repr__(self) -> str:
        return (
            f"<UnifiedLog {self._name()} {self._log_start_offset}..{self._local.log_end_offset}, high "
            "watermark "
            f"{self._high_watermark}, leader epoch {self.latest_epoch}>"
        )

    def _check(self) -> None:
        """Assert what must hold at any time."""
        self._local._check()
        self._leader_epochs._check()
        self._transaction_index._check()
        self._producers._check()
        assert self._log_start_offset <= self._high_watermark <= self._local.log_end_offset, self
        assert self._log_start_offset <= self.last_stable_offset <= self._high_watermark, self
        assert self._producers.map_end_offset == self._local.log_end_offset, self
        epochs = [batch.partition_leader_epoch for batch in self.iterate()]
        assert epochs == sorted(epochs), epochs
        for batch in self.iterate():
            offset = max(batch.base_offset, self._log_start_offset)
            assert self._leader_epochs.epoch_for_offset(offset) == batch.partition_leader_epoch, (self, batch)
