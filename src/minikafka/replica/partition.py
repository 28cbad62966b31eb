"""A broker's view of one partition: its role, its ISR and its high watermark (Kafka's Partition).

Simplifications: one log directory, no tiered storage, and only the leader is read from (KIP-392 is not served).
"""

from __future__ import annotations

from minikafka.errors import (
    ErrorCode,
    FencedLeaderEpochError,
    NotEnoughReplicasAfterAppendError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OffsetNotAvailableError,
    OffsetOutOfRangeError,
    PolicyViolationError,
    UnknownError,
    UnknownLeaderEpochError,
)
from minikafka.image import NO_LEADER
from minikafka.log.unified_log import UnexpectedAppendOffsetError
from minikafka.replica.fetch_params import CONSUMER_REPLICA_ID, READ_COMMITTED, FetchPartitionResult
from minikafka.replica.isr import AlterPartitionOutcome, PendingIsrChange, out_of_sync_replicas, outcome_of
from minikafka.replica.replica import Replica
from minikafka.structs import OffsetAndTimestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from minikafka.config import BrokerConfig
    from minikafka.errors import KafkaError
    from minikafka.image import MetadataImage, PartitionImage
    from minikafka.log.producer_state import Origin
    from minikafka.log.record_batch import RecordBatch
    from minikafka.log.unified_log import LogAppendInfo, UnifiedLog
    from minikafka.replica.delayed_operation import DelayedOperation
    from minikafka.replica.fetch_params import FetchParams, FetchPartitionRequest
    from minikafka.scheduler import Scheduler
    from minikafka.structs import TopicPartition

    class PartitionOwner(Protocol):
        """What a partition needs of its broker."""

        node_id: int
        scheduler: Scheduler
        image: MetadataImage

        @property
        def config(self) -> BrokerConfig:
            """The broker's options."""
            ...

        def is_reachable(self, broker_id: int) -> bool:
            """Whether messages from that broker arrive here."""
            ...

        def submit_isr_change(self, partition: Partition, change: PendingIsrChange) -> None:
            """Ask the controller for another ISR; the answer comes to `Partition.isr_change_answered`."""
            ...

        def on_appended(self, partition: Partition) -> None:
            """The log has grown."""
            ...

        def look_again_later(self, partition: Partition) -> None:
            """Call `Partition.reconsider_parked_followers` when Kafka's followers would fetch again."""
            ...


LATEST_TIMESTAMP = -1
EARLIEST_TIMESTAMP = -2
MAX_TIMESTAMP = -3
EARLIEST_LOCAL_TIMESTAMP = -4
LATEST_TIERED_TIMESTAMP = -5

HIGH_WATERMARK = -1
"""The offset that stands for the high watermark in DeleteRecords."""


class Partition:
    """One replica, leader or follower.

    Args:
        owner: the broker's replica manager.
        topic_partition: which.
        topic_id: the topic's id.
        log: its log.
        min_insync_replicas: the topic's min.insync.replicas.
    """

    __slots__ = (
        "_high_watermark_listeners",
        "_owner",
        "fetch_watchers",
        "is_lagging",
        "is_leader",
        "isr",
        "leader_epoch",
        "leader_epoch_start_offset",
        "leader_id",
        "log",
        "min_insync_replicas",
        "partition_epoch",
        "pending_isr",
        "remote_replicas",
        "replicas",
        "topic_id",
        "topic_partition",
        "watchers",
    )

    def __init__(
        self,
        owner: PartitionOwner,
        topic_partition: TopicPartition,
        topic_id: bytes,
        log: UnifiedLog,
        min_insync_replicas: int = 1,
    ) -> None:
        self._owner = owner
        self.topic_partition: TopicPartition = topic_partition
        self.topic_id: bytes = topic_id
        self.log: UnifiedLog = log
        self.min_insync_replicas: int = min_insync_replicas
        self.is_leader: bool = False
        self.leader_id: int = NO_LEADER
        self.leader_epoch: int = -1
        self.leader_epoch_start_offset: int | None = None
        self.partition_epoch: int = -1
        self.replicas: tuple[int, ...] = ()
        self.isr: tuple[int, ...] = ()
        """As last committed by the controller; empty on followers."""
        self.pending_isr: PendingIsrChange | None = None
        self.remote_replicas: dict[int, Replica] = {}
        """The followers, on the leader."""
        self.fetch_watchers: dict[DelayedOperation, None] = {}
        """The fetches that wait for this partition to change."""
        self.watchers: dict[DelayedOperation, None] = {}
        """Who else waits for it."""
        self.is_lagging: bool = False
        """Whether the owner's next look at the ISRs includes this partition."""
        self._high_watermark_listeners: list[Callable[[int], object]] = []

    # Roles

    def make_leader(self, image: PartitionImage) -> bool:
        """Lead the partition; whether that begins a new leader epoch here.

        What comes with an older partition epoch than this leader already has from the controller is ignored.
        """
        if image.partition_epoch < self.partition_epoch:
            return False
        now_ms = self._owner.scheduler.now_ms
        is_new_leader = not self.is_leader
        is_new_epoch = image.leader_epoch > self.leader_epoch
        self._update_assignment(image)
        self.isr = image.isr
        self.pending_isr = None
        log = self.log
        if is_new_epoch:
            start_offset = log.log_end_offset
            # Followers whose logs hold later epochs than this one's must find out where to cut.
            log.assign_epoch_start_offset(image.leader_epoch, start_offset)
            for replica in self.remote_replicas.values():
                replica.reset(now_ms, start_offset, is_new_leader, replica.broker_id in image.isr)
            self.leader_epoch = image.leader_epoch
            self.leader_epoch_start_offset = start_offset
        self.partition_epoch = image.partition_epoch
        self.leader_id = self._owner.node_id
        self.is_leader = True
        if self.remote_replicas:
            self._owner.on_appended(self)
        self.maybe_increment_high_watermark()
        return is_new_epoch

    def make_follower(self, image: PartitionImage) -> bool:
        """Follow the partition's leader; whether that begins a new leader epoch here."""
        if image.partition_epoch < self.partition_epoch:
            return False
        is_new_epoch = image.leader_epoch > self.leader_epoch
        self.is_leader = False
        self.leader_id = image.leader
        self.leader_epoch = image.leader_epoch
        self.leader_epoch_start_offset = None
        self.partition_epoch = image.partition_epoch
        self._update_assignment(image)
        self.isr = ()
        self.pending_isr = None
        return is_new_epoch

    def resign(self) -> None:
        """This broker has no replica of the partition any more."""
        self.is_leader = False
        self.leader_id = NO_LEADER
        self.remote_replicas = {}
        self.pending_isr = None
        self._high_watermark_listeners.clear()

    def _update_assignment(self, image: PartitionImage) -> None:
        self.replicas = image.replicas
        if image.leader != self._owner.node_id:
            self.remote_replicas = {}
        elif len(image.replicas) > 1:
            known = self.remote_replicas
            self.remote_replicas = {
                broker_id: known.get(broker_id) or Replica(broker_id)
                for broker_id in image.replicas
                if broker_id != self._owner.node_id
            }
        elif self.remote_replicas:
            self.remote_replicas = {}

    # Leadership and epochs

    def check_leader_epoch(self, epoch: int) -> None:
        """Compare a request's leader epoch (-1: none) with this replica's.

        Raises:
            FencedLeaderEpochError: the requester's is older.
            UnknownLeaderEpochError: the requester's is newer.
        """
        if epoch in (-1, self.leader_epoch):
            return
        message = (
            f"{self.name} is in leader epoch {self.leader_epoch} here, the request says {epoch}; the leader is "
            f"{self.leader_id}"
        )
        if epoch < self.leader_epoch:
            raise FencedLeaderEpochError(message)
        raise UnknownLeaderEpochError(message)

    def leader_log(self, epoch: int = -1) -> UnifiedLog:
        """The log, if this replica leads in the request's epoch; see `check_leader_epoch`.

        Raises:
            NotLeaderForPartitionError: it does not lead.
        """
        self.check_leader_epoch(epoch)
        if not self.is_leader:
            raise NotLeaderForPartitionError(
                f"Leader not local for partition {self.name} on broker {self._owner.node_id}"
            )
        return self.log

    @property
    def name(self) -> str:
        """``"orders-0"``."""
        return f"{self.topic_partition[0]}-{self.topic_partition[1]}"

    @property
    def is_under_replicated(self) -> bool:
        """Whether this is a leader whose ISR lacks a replica."""
        return self.is_leader and len(self.isr) < len(self.replicas)

    @property
    def effective_min_isr(self) -> int:
        """min.insync.replicas, but no more than there are replicas."""
        return min(self.min_insync_replicas, len(self.remote_replicas) + 1)

    @property
    def maximal_isr(self) -> tuple[int, ...]:
        """The ISR together with a member that was asked for and not confirmed."""
        return self.isr if self.pending_isr is None else self.pending_isr.maximal_isr

    # Appending

    def append_as_leader(
        self,
        batches: Sequence[RecordBatch],
        now_ms: int,
        acks: int,
        origin: Origin = "client",
    ) -> LogAppendInfo:
        """Append batches to the log, and have those who watch the partition look again; see `append`."""
        info, has_risen = self.append(batches, now_ms, acks, origin)
        self.complete_delayed(has_risen)
        return info

    def append(
        self, batches: Sequence[RecordBatch], now_ms: int, acks: int, origin: Origin
    ) -> tuple[LogAppendInfo, bool]:
        """Append batches to the log; nobody looks again before `complete_delayed`.

        Args:
            batches: see `UnifiedLog.append_as_leader`, also for what else is raised.
            now_ms: the broker's time.
            acks: -1 refuses to append when the ISR is too small.
            origin: who appends.

        Returns:
            what the log says, and whether the high watermark has risen.

        Raises:
            NotLeaderForPartitionError: this replica does not lead.
            NotEnoughReplicasError: the ISR is smaller than min.insync.replicas, and acks is -1.
        """
        if not self.is_leader:
            raise NotLeaderForPartitionError(
                f"Leader not local for partition {self.name} on broker {self._owner.node_id}"
            )
        if self.remote_replicas:
            if acks == -1 and len(self.isr) < self.effective_min_isr:
                raise NotEnoughReplicasError(
                    f"The size of the current ISR {list(self.isr)} is insufficient to satisfy the min.isr "
                    f"requirement of {self.effective_min_isr} for partition {self.name}"
                )
            self._note_parked_followers(now_ms)
        info = self.log.append_as_leader(batches, self.leader_epoch, now_ms, origin)
        self._owner.on_appended(self)
        return info, self.maybe_increment_high_watermark()

    def _note_parked_followers(self, now_ms: int) -> None:
        """A follower whose fetch waits at the end of the log was caught up until this moment.

        Kafka's would have fetched again every replica.fetch.wait.max.ms; here idle fetches wait as long as
        nothing changes, so the leader puts down what those fetches would have shown.
        """
        end_offset = self.log.log_end_offset
        for replica in self.remote_replicas.values():
            if (
                replica.parked is not None
                and replica.log_end_offset == end_offset
                and self._owner.is_reachable(replica.broker_id)
            ):
                replica.last_caught_up_ms = replica.last_fetch_ms = now_ms

    def append_as_follower(self, batches: list[RecordBatch], now_ms: int) -> None:
        """Append what was fetched from the leader."""
        log = self.log
        try:
            log.append_as_follower(batches, now_ms)
        except UnexpectedAppendOffsetError as error:
            end_offset = log.log_end_offset
            if not (
                log.log_start_offset == end_offset
                and error.first_offset < end_offset
                and error.last_offset >= end_offset
            ):
                raise
            # The leader's log start lies within a batch, which comes whole: this empty log begins with it.
            log.truncate_fully_and_start_at(error.first_offset)
            log.append_as_follower(batches, now_ms)
        self._owner.on_appended(self)

    def update_follower_marks(self, high_watermark: int, log_start_offset: int) -> None:
        """Take over the leader's high watermark and log start, as far as this log reaches."""
        log = self.log
        before = log.high_watermark
        if high_watermark != before and log.update_high_watermark(high_watermark) > before:
            self._high_watermark_moved()
        if log.log_start_offset < log_start_offset <= log.high_watermark:
            log.increment_log_start_offset(log_start_offset)

    def check_enough_replicas(self, required_offset: int) -> KafkaError | bool:
        """Whether an append is acknowledged: all of the ISR has everything below `required_offset`.

        Returns:
            True, False for not yet, or the error that ends the wait.
        """
        if not self.is_leader:
            return NotLeaderForPartitionError(f"{self.name} has another leader now")
        if self.log.high_watermark < required_offset:
            return False
        if self.remote_replicas and len(self.maximal_isr) < self.effective_min_isr:
            return NotEnoughReplicasAfterAppendError(
                f"The records were appended to {self.name}, but its ISR {list(self.maximal_isr)} has become "
                f"smaller than min.insync.replicas {self.effective_min_isr}"
            )
        return True

    # The high watermark

    def maybe_increment_high_watermark(self) -> bool:
        """Raise the high watermark to the smallest log end of those who must have everything; whether it rose.

        These are the maximal ISR, and followers that are caught up and about to join it. It does not move while
        the ISR is smaller than min.insync.replicas.
        """
        log = self.log
        offset = log.log_end_offset
        if self.remote_replicas:
            if len(self.isr) < self.effective_min_isr:
                return False
            now_ms = self._owner.scheduler.now_ms
            max_lag_ms = self._owner.config.replica_lag_time_max_ms
            maximal_isr = self.maximal_isr
            leader_end_offset = offset
            for replica in self.remote_replicas.values():
                if replica.log_end_offset < offset and (
                    replica.broker_id in maximal_isr
                    or (
                        replica.is_caught_up(leader_end_offset, now_ms, max_lag_ms)
                        and self._is_eligible(replica)
                    )
                ):
                    offset = replica.log_end_offset
        if not log.maybe_increment_high_watermark(offset):
            return False
        if self._high_watermark_listeners:
            self._high_watermark_moved()
        return True

    def _high_watermark_moved(self) -> None:
        high_watermark = self.log.high_watermark
        for listener in list(self._high_watermark_listeners):
            listener(high_watermark)

    def on_high_watermark(self, callback: Callable[[int], object]) -> Callable[[], None]:
        """Call `callback(high_watermark)` whenever it has risen; the function returned ends that."""
        listeners = self._high_watermark_listeners
        listeners.append(callback)

        def remove() -> None:
            if callback in listeners:
                listeners.remove(callback)

        return remove

    def complete_delayed(self, has_risen: bool = True) -> None:
        """Something has changed: have those who wait for it look again.

        Args:
            has_risen: False if nothing has but the end of the log, for which only fetches wait.
        """
        if self.fetch_watchers:
            for operation in list(self.fetch_watchers):
                if not operation.is_completed:
                    operation.try_complete(self)
        if has_risen and self.watchers:
            for operation in list(self.watchers):
                if not operation.is_completed:
                    operation.try_complete(self)

    # Fetching

    def fetch_records(
        self,
        params: FetchParams,
        wanted: FetchPartitionRequest,
        max_bytes: int,
        min_one_message: bool,
        update_fetch_state: bool,
    ) -> FetchPartitionResult:
        """Read for a follower or a consumer.

        Args:
            params: the terms of the whole fetch.
            wanted: what is wanted from this partition.
            max_bytes: the most to return.
            min_one_message: whether the first batch comes even if it is larger.
            update_fetch_state: whether a follower's fetch tells the leader where the follower is.

        Raises:
            NotLeaderForPartitionError: this replica does not lead, or a stale process of a follower asks.
            FencedLeaderEpochError, UnknownLeaderEpochError: see `check_leader_epoch`; the latter also when the
                follower is not known as a replica (yet).
            OffsetOutOfRangeError: there is no such offset.
        """
        log = self.leader_log(wanted.current_leader_epoch)
        replica: Replica | None = None
        if params.is_from_follower:
            replica = self._follower(params.replica_id, wanted.current_leader_epoch)
        leader_end_offset = log.log_end_offset
        result = self._read(log, params, wanted, max_bytes, min_one_message)
        if replica is not None and update_fetch_state and result.diverging_epoch is None:
            self._update_fetch_state(replica, params, wanted, leader_end_offset)
        return result

    def _read(
        self,
        log: UnifiedLog,
        params: FetchParams,
        wanted: FetchPartitionRequest,
        max_bytes: int,
        min_one_message: bool,
    ) -> FetchPartitionResult:
        fetch_offset = wanted.fetch_offset
        if wanted.last_fetched_epoch >= 0:
            diverging = self.diverging_epoch(wanted.last_fetched_epoch, fetch_offset)
            if diverging is not None:
                return FetchPartitionResult(
                    self.topic_partition,
                    None,
                    None,
                    log.high_watermark,
                    log.last_stable_offset,
                    log.log_start_offset,
                    diverging_epoch=diverging,
                )
        if max_bytes < 0:
            raise UnknownError(f"Invalid max length {max_bytes} for log read: it is negative")
        info = log.read(fetch_offset, max_bytes, min_one_message=min_one_message, isolation=params.isolation)
        return FetchPartitionResult(
            self.topic_partition,
            None,
            info.batches,
            info.high_watermark,
            info.last_stable_offset,
            info.log_start_offset,
            info.aborted_transactions,
            None,
            info.size_in_bytes,
        )

    def diverging_epoch(self, last_fetched_epoch: int, fetch_offset: int) -> tuple[int, int] | None:
        """(epoch, end offset) up to which a reader's log can agree with this one; None if it agrees (KIP-595).

        Raises:
            OffsetOutOfRangeError: the epoch is newer than any here, or the offset older.
        """
        log = self.log
        if (
            last_fetched_epoch == log.latest_epoch
            and log.log_start_offset <= fetch_offset <= log.log_end_offset
        ):
            return None
        epoch, end_offset = log.offset_for_leader_epoch(last_fetched_epoch)
        if epoch < 0 or end_offset < 0:
            raise OffsetOutOfRangeError(
                f"Could not determine the end offset of the last fetched epoch {last_fetched_epoch} from the "
                "request"
            )
        if fetch_offset < log.log_start_offset:
            raise OffsetOutOfRangeError(
                f"Received request for offset {fetch_offset} for partition {self.name}, but we only have log "
                f"segments in the range {log.log_start_offset} to {log.log_end_offset}."
            )
        if epoch < last_fetched_epoch or end_offset < fetch_offset:
            return epoch, end_offset
        return None

    def _follower(self, broker_id: int, leader_epoch: int) -> Replica:
        replica = self.remote_replicas.get(broker_id)
        if replica is not None:
            return replica
        message = (
            f"Replica {broker_id} is not recognized as a valid replica of {self.name} in leader epoch "
            f"{self.leader_epoch} with partition epoch {self.partition_epoch}"
        )
        if leader_epoch >= 0:
            raise UnknownLeaderEpochError(
                message
            )  # the metadata here may be the older one: it will try again
        raise NotLeaderForPartitionError(message)

    def _update_fetch_state(
        self,
        replica: Replica,
        params: FetchParams,
        wanted: FetchPartitionRequest,
        leader_end_offset: int,
    ) -> None:
        broker = self._owner.image.brokers.get(replica.broker_id)
        if params.replica_epoch != -1 and broker is not None and broker.epoch > params.replica_epoch:
            raise NotLeaderForPartitionError(
                f"Received stale fetch state update. broker epoch={params.replica_epoch} vs "
                f"expected={broker.epoch}"
            )
        end_offset_before = replica.log_end_offset
        log_start_before = replica.log_start_offset
        replica.update_fetch_state(
            wanted.fetch_offset,
            wanted.log_start_offset,
            self._owner.scheduler.now_ms,
            leader_end_offset,
            params.replica_epoch,
        )
        self.maybe_expand_isr(replica)
        risen = replica.log_end_offset != end_offset_before and self.maybe_increment_high_watermark()
        if risen or replica.log_start_offset > log_start_before:
            self.complete_delayed()

    # The ISR

    def _is_eligible(self, replica: Replica) -> bool:
        """Whether a follower may join the ISR: alive, and the process that the metadata knows (KIP-903)."""
        broker = self._owner.image.brokers.get(replica.broker_id)
        return (
            broker is not None
            and not broker.fenced
            and replica.broker_epoch is not None
            and replica.broker_epoch in (-1, broker.epoch)
        )

    def maybe_expand_isr(self, replica: Replica) -> None:
        """Ask for a follower to join the ISR if it has everything up to the high watermark and in this epoch."""
        if (
            replica.broker_id in self.isr
            or self.pending_isr is not None
            or not self.is_leader
            or replica.log_end_offset < self.log.high_watermark
            or self.leader_epoch_start_offset is None
            or replica.log_end_offset < self.leader_epoch_start_offset
            or not self._is_eligible(replica)
        ):
            return
        self._submit((*self.isr, replica.broker_id))

    def reconsider_parked_followers(self) -> None:
        """Look again at followers whose fetch waits here: Kafka's would fetch anew every half second."""
        if self.is_under_replicated:
            for replica in list(self.remote_replicas.values()):
                if replica.parked is not None:
                    self.maybe_expand_isr(replica)

    def maybe_shrink_isr(self) -> bool:
        """Ask for members to leave the ISR that have not been caught up for replica.lag.time.max.ms.

        Returns:
            whether a member of the ISR is behind, so that another look may find something.
        """
        if not self.is_leader or not self.remote_replicas:
            return False
        if self.pending_isr is not None:
            return True
        owner = self._owner
        end_offset = self.log.log_end_offset
        max_lag_ms = owner.config.replica_lag_time_max_ms
        gone = out_of_sync_replicas(
            self.isr, self.remote_replicas, owner.node_id, end_offset, owner.scheduler.now_ms, max_lag_ms
        )
        if gone:
            self._submit(tuple(broker_id for broker_id in self.isr if broker_id not in gone))
            return True
        return any(
            replica.broker_id in self.isr and replica.log_end_offset != end_offset
            for replica in self.remote_replicas.values()
        )

    def _submit(self, isr: tuple[int, ...]) -> None:
        # Kafka's leader keeps the ISR in a hash set, which small numbers leave in their own order.
        change = PendingIsrChange(tuple(sorted(isr)), self.isr, self.leader_epoch, self.partition_epoch)
        self.pending_isr = change
        self._owner.submit_isr_change(self, change)

    def isr_change_answered(
        self,
        change: PendingIsrChange,
        code: int,
        isr: Sequence[int] = (),
        leader_epoch: int = -1,
        partition_epoch: int = -1,
    ) -> bool:
        """The controller has answered; whether the change should be asked for again.

        Args:
            change: what was asked for.
            code: the error code.
            isr: the ISR that the controller has now; of no meaning with an error, like the following.
            leader_epoch: see isr.
            partition_epoch: see isr.
        """
        if self.pending_isr is not change:
            return False  # the metadata has overtaken the answer
        if code != ErrorCode.NONE:
            outcome = outcome_of(code)
            if outcome is AlterPartitionOutcome.RESET:
                self.pending_isr = None
                self._owner.look_again_later(self)
            return outcome is AlterPartitionOutcome.RETRY
        if leader_epoch != self.leader_epoch or partition_epoch < self.partition_epoch:
            return False
        self.isr = tuple(isr)
        self.partition_epoch = partition_epoch
        self.pending_isr = None
        if self.maybe_increment_high_watermark():
            self.complete_delayed()
        self.reconsider_parked_followers()
        return False

    # Offsets

    def list_offset(
        self,
        timestamp: int,
        isolation_level: int = 0,
        current_leader_epoch: int = -1,
        replica_id: int = CONSUMER_REPLICA_ID,
    ) -> OffsetAndTimestamp | None:
        """Look an offset up by time, or one of the special ones; None if there is none.

        Args:
            timestamp: ms since the epoch, or -1 latest, -2 earliest, -3 of the largest timestamp, -4 earliest
                local; -5 (latest tiered) finds nothing, for there is no tiered storage.
            isolation_level: what a consumer may see at most; 1 ends at the last stable offset.
            current_leader_epoch: see `check_leader_epoch`.
            replica_id: -1 for consumers; -2 asks any replica, a broker id is a follower's.

        Raises:
            NotLeaderForPartitionError, FencedLeaderEpochError, UnknownLeaderEpochError: see `leader_log`.
            OffsetNotAvailableError: this leader is new and its high watermark is not back at its epoch's start,
                so that what it has to say might go backwards.
        """
        if replica_id >= CONSUMER_REPLICA_ID:
            log = self.leader_log(current_leader_epoch)
        else:
            self.check_leader_epoch(current_leader_epoch)
            log = self.log
        if timestamp == LATEST_TIERED_TIMESTAMP:
            return None
        if timestamp in (EARLIEST_TIMESTAMP, EARLIEST_LOCAL_TIMESTAMP):
            earliest = log.earliest_offset()
            return OffsetAndTimestamp(earliest.offset, earliest.timestamp, earliest.leader_epoch)
        is_client = replica_id == CONSUMER_REPLICA_ID
        if not is_client:
            last_fetchable = log.log_end_offset
        elif isolation_level == READ_COMMITTED:
            last_fetchable = log.last_stable_offset
        else:
            last_fetchable = log.high_watermark
        if timestamp == LATEST_TIMESTAMP:
            if is_client:
                self._check_offset_available(current_leader_epoch)
            return OffsetAndTimestamp(last_fetchable, -1, self.leader_epoch)
        found = (
            log.max_timestamp_offset() if timestamp == MAX_TIMESTAMP else log.offset_for_timestamp(timestamp)
        )
        if found is None or found.offset >= last_fetchable:
            if is_client:
                self._check_offset_available(current_leader_epoch)
            return None
        return OffsetAndTimestamp(found.offset, found.timestamp, found.leader_epoch)

    def _check_offset_available(self, current_leader_epoch: int) -> None:
        start_offset = self.leader_epoch_start_offset
        high_watermark = self.log.high_watermark
        if start_offset is not None and start_offset > high_watermark:
            epoch = f"epoch {current_leader_epoch}" if current_leader_epoch >= 0 else "unknown epoch"
            raise OffsetNotAvailableError(
                f"Failed to fetch offsets for partition {self.name} with leader {epoch} as this partition's high "
                f"watermark ({high_watermark}) is lagging behind the start offset from the beginning of this "
                f"epoch ({start_offset})."
            )

    def offset_for_leader_epoch(self, leader_epoch: int, current_leader_epoch: int = -1) -> tuple[int, int]:
        """The largest epoch not above the asked one and its end offset; (-1, -1) when that is undefined.

        Raises:
            NotLeaderForPartitionError, FencedLeaderEpochError, UnknownLeaderEpochError: see `leader_log`.
        """
        return self.leader_log(current_leader_epoch).offset_for_leader_epoch(leader_epoch)

    # Deleting records

    def delete_records(self, offset: int) -> tuple[int, int]:
        """Raise the log start offset; gives the offset that was meant and the low watermark.

        Args:
            offset: the first to stay, or -1 for the high watermark.

        Raises:
            NotLeaderForPartitionError: this replica does not lead.
            PolicyViolationError: the topic's cleanup.policy is to compact alone; an empty one is no reason.
            OffsetOutOfRangeError: the offset is negative or beyond the high watermark.
        """
        log = self.leader_log()
        if log.config.compact and not log.config.delete:
            raise PolicyViolationError(
                f"Records of partition {self.name} can not be deleted due to the configured policy"
            )
        wanted = log.high_watermark if offset == HIGH_WATERMARK else offset
        if wanted < 0:
            raise OffsetOutOfRangeError(f"The offset {wanted} for partition {self.name} is not valid")
        log.increment_log_start_offset(wanted)
        self._owner.on_appended(self)  # segments below it may go now
        low_watermark = self.low_watermark
        self.complete_delayed()
        return wanted, low_watermark

    @property
    def low_watermark(self) -> int:
        """On the leader the smallest log start offset of all live replicas."""
        brokers = self._owner.image.brokers
        lowest = self.log.log_start_offset
        for replica in self.remote_replicas.values():
            broker = brokers.get(replica.broker_id)
            if broker is not None and not broker.fenced:
                lowest = min(lowest, replica.log_start_offset)
        return lowest

    def __repr__(self) -> str:
        role = "leader" if self.is_leader else f"follower of {self.leader_id}"
        return f"<Partition {self.name} {role}, epoch {self.leader_epoch}, ISR {self.isr}, {self.log!r}>"
