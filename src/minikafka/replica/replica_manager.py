"""All replicas of a broker: appends, fetches, and what the controller's metadata makes of them.

Mirrors Kafka's ReplicaManager. Simplifications: quotas do not exist, produce does not verify transactions
(KIP-890), and a high watermark is not lost with a killed process, for there is no checkpoint file that lags.
"""

from __future__ import annotations

from minikafka.errors import (
    CorruptRecordError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)
from minikafka.image import INTERNAL_TOPICS, NO_LEADER, MetadataImage
from minikafka.log.config import LogConfig
from minikafka.log.unified_log import UnifiedLog
from minikafka.log.validation import record_errors_of
from minikafka.replica.append_result import AppendResult, DeleteResult
from minikafka.replica.elided_task import ElidedTask
from minikafka.replica.fetch_params import FetchParams, FetchPartitionRequest, FetchPartitionResult
from minikafka.replica.partition import Partition
from minikafka.scheduler import Promise
from minikafka.structs import TopicPartition, broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from minikafka.config import BrokerConfig
    from minikafka.image import PartitionImage, TopicImage
    from minikafka.log.producer_state import Origin
    from minikafka.log.record_batch import RecordBatch
    from minikafka.ports import Transport
    from minikafka.replica.alter_partition_manager import AlterPartitionManager
    from minikafka.replica.delayed_fetch import DelayedFetch
    from minikafka.replica.isr import PendingIsrChange
    from minikafka.replica.replica_fetcher import ReplicaFetcher
    from minikafka.scheduler import Scheduler, Timer
    from minikafka.structs import OffsetAndTimestamp

    LeadershipListener = Callable[[TopicPartition, int | None], object]

__all__ = [
    "AppendResult",
    "DeleteResult",
    "FetchParams",
    "FetchPartitionRequest",
    "FetchPartitionResult",
    "ReplicaManager",
]

_ALL = -1
_BEFORE_THE_LOG = (
    CorruptRecordError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    RecordListTooLargeError,
)
"""Errors of an append with which Kafka does not tell where the log begins (appendToLocalLog)."""


class ReplicaManager:
    """The replicas that live on a broker.

    Args:
        node_id: the broker's id.
        scheduler: the cluster's scheduler.
        transport: how to reach leaders and the controller.
        config: the broker's options; may be replaced by assignment at any time.
        logs: the logs on the broker's disk; they outlive this object, and are changed by it.
    """

    __slots__ = (
        "_alter_partitions",
        "_config",
        "_fetchers",
        "_isr_check",
        "_lagging",
        "_log_configs",
        "_parked_fetches",
        "_producer_expiration",
        "_retention",
        "_stopped",
        "_to_reconsider",
        "image",
        "leadership_listeners",
        "logs",
        "node_id",
        "partitions",
        "scheduler",
        "transport",
    )

    def __init__(
        self,
        node_id: int,
        scheduler: Scheduler,
        transport: Transport,
        config: BrokerConfig,
        logs: dict[TopicPartition, UnifiedLog],
    ) -> None:
        self.node_id: int = node_id
        self.scheduler: Scheduler = scheduler
        self.transport: Transport = transport
        self._config = config
        self.logs: dict[TopicPartition, UnifiedLog] = logs
        self.image: MetadataImage = MetadataImage()
        self.leadership_listeners: list[LeadershipListener] = []
        """Called with a partition and the leader epoch in which this broker leads it now; None: no more."""
        self.partitions: dict[TopicPartition, Partition] = {}
        """The partitions that have a replica here."""
        self._log_configs: dict[tuple[tuple[str, str], ...], tuple[LogConfig, int]] = {}
        self._fetchers: dict[int, ReplicaFetcher] = {}
        self._alter_partitions: AlterPartitionManager | None = None
        self._parked_fetches: dict[int, DelayedFetch] = {}
        self._lagging: dict[Partition, None] = {}
        self._to_reconsider: dict[Partition, Timer] = {}
        self._stopped = False
        self._retention = ElidedTask(
            scheduler,
            config.log_retention_check_interval_ms,
            config.log_initial_task_delay_ms,
            self._apply_retention,
        )
        self._producer_expiration = ElidedTask(
            scheduler,
            config.producer_id_expiration_check_interval_ms,
            config.producer_id_expiration_check_interval_ms,
            self._expire_producers,
        )
        self._isr_check = ElidedTask(scheduler, config.replica_lag_time_max_ms // 2, 0, self._shrink_isrs)

    # Life

    def start(self) -> None:
        """The periodic tasks begin now; nothing is led or followed before the first `apply_image`."""
        for task in (self._retention, self._producer_expiration, self._isr_check):
            task.start()

    def stop(self) -> None:
        """Stop all tasks and fetchers; whoever waits for an answer gets none."""
        self._stopped = True
        for task in (self._retention, self._producer_expiration, self._isr_check):
            task.stop()
        for timer in self._to_reconsider.values():
            timer.cancel()
        for fetcher in self._fetchers.values():
            fetcher.stop()
        self._fetchers.clear()
        if self._alter_partitions is not None:
            self._alter_partitions.stop()
        for partition in self.partitions.values():
            for operation in [*partition.fetch_watchers, *partition.watchers]:
                operation.cancel()

    @property
    def config(self) -> BrokerConfig:
        """The broker's options; others take effect at once on every log."""
        return self._config

    @config.setter
    def config(self, config: BrokerConfig) -> None:
        if config is self._config:
            return
        self._config = config
        self._log_configs.clear()
        for topic_partition, partition in self.partitions.items():
            topic = self.image.topics.get(topic_partition.topic)
            if topic is not None:
                self._configure(partition, topic)

    # Which partitions there are

    def partition(self, topic_partition: TopicPartition) -> Partition:
        """The broker's replica of a partition.

        Raises:
            NotLeaderForPartitionError: the partition has no replica here.
            UnknownTopicOrPartitionError: there is no such partition, as far as this broker knows.
        """
        found = self.partitions.get(topic_partition)
        if found is not None:
            return found
        topic, index = topic_partition
        if self.image.partition(topic, index) is not None:
            raise NotLeaderForPartitionError(
                f"broker {self.node_id} has no replica of partition {topic}-{index}"
            )
        raise UnknownTopicOrPartitionError(
            f"partition {topic}-{index} does not exist on broker {self.node_id}"
        )

    def leader(self, topic_partition: TopicPartition) -> Partition:
        """The broker's replica of a partition, which leads; raises like `partition` where it does not."""
        partition = self.partition(topic_partition)
        partition.leader_log()
        return partition

    def on_high_watermark(
        self, topic_partition: TopicPartition, callback: Callable[[int], object]
    ) -> Callable[[], None]:
        """Call `callback(high_watermark)` whenever a partition's high watermark has risen.

        Returns:
            a function that ends it; it also ends when the replica goes. Raises like `partition`.
        """
        return self.partition(topic_partition).on_high_watermark(callback)

    # Metadata

    def apply_image(self, image: MetadataImage) -> None:
        """Become leader, follower, or neither, as the controller's metadata says."""
        before = self.image
        if image.version < before.version or self._stopped:
            return
        self.image = image
        resigned: list[TopicPartition] = []
        elected: list[tuple[TopicPartition, int]] = []
        changed: list[Partition] = []
        old_topics = before.topics
        if image.topics is not old_topics:
            if (self.logs and not old_topics) or _any_gone(old_topics, image.topics):
                self._drop_deleted(image, resigned)
            for name, topic in image.topics.items():
                old = old_topics.get(name)
                if old is not topic:
                    self._apply_topic(topic, old, resigned, elected, changed)
        if self._fetchers:
            self._drop_idle_fetchers()
        for topic_partition in resigned:
            for listener in self.leadership_listeners:
                listener(topic_partition, None)
        for topic_partition, leader_epoch in elected:
            for listener in self.leadership_listeners:
                listener(topic_partition, leader_epoch)
        for partition in changed:
            partition.complete_delayed()
            partition.reconsider_parked_followers()
        if image.brokers is not before.brokers:
            for partition in self.partitions.values():
                if partition.is_leader and partition.remote_replicas:
                    self._brokers_changed(partition)

    def _drop_deleted(self, image: MetadataImage, resigned: list[TopicPartition]) -> None:
        """Drop replicas and stray logs of topics that are gone, or have been made anew under another id."""
        topics = image.topics
        for topic_partition, log in list(self.logs.items()):
            topic = topics.get(topic_partition.topic)
            if topic is None or log.topic_id not in (None, topic.topic_id):
                self._drop(topic_partition, resigned)

    def _drop(self, topic_partition: TopicPartition, resigned: list[TopicPartition]) -> None:
        self.logs.pop(topic_partition, None)
        partition = self.partitions.pop(topic_partition, None)
        if partition is None:
            return
        if partition.is_leader:
            resigned.append(topic_partition)
        self._stop_following(partition)
        self._lagging.pop(partition, None)
        partition.resign()
        partition.complete_delayed()

    def _apply_topic(
        self,
        topic: TopicImage,
        old: TopicImage | None,
        resigned: list[TopicPartition],
        elected: list[tuple[TopicPartition, int]],
        changed: list[Partition],
    ) -> None:
        if old is not None and old.topic_id != topic.topic_id:
            old = None
        same_configs = old is not None and old.configs is topic.configs
        old_partitions = () if old is None else old.partitions
        for index, image in enumerate(topic.partitions):
            is_same = index < len(old_partitions) and old_partitions[index] is image
            if is_same and same_configs:
                continue
            topic_partition = TopicPartition(topic.name, index)
            partition = self.partitions.get(topic_partition)
            if self.node_id not in image.replicas:
                if partition is not None or topic_partition in self.logs:
                    self._drop(topic_partition, resigned)
                continue
            if partition is None:
                partition = self._create(topic_partition, topic)
            elif not same_configs:
                self._configure(partition, topic)
            if not is_same:
                self._apply_partition(partition, image, resigned, elected)
                changed.append(partition)

    def _create(self, topic_partition: TopicPartition, topic: TopicImage) -> Partition:
        log_config, min_insync_replicas = self._topic_config(topic)
        log = self.logs.get(topic_partition)
        if log is None:
            log = self.logs[topic_partition] = UnifiedLog(
                topic_partition,
                log_config,
                producer_id_expiration_ms=self._config.producer_id_expiration_ms,
                random=self.scheduler.random,
            )
            log.topic_id = topic.topic_id
        else:
            log.config = log_config
            log.recover()
            self._touch()
        partition = Partition(self, topic_partition, topic.topic_id, log, min_insync_replicas)
        self.partitions[topic_partition] = partition
        return partition

    def _configure(self, partition: Partition, topic: TopicImage) -> None:
        log_config, partition.min_insync_replicas = self._topic_config(topic)
        if partition.log.config is not log_config:
            partition.log.config = log_config
            self._touch()
        if partition.is_leader and partition.maybe_increment_high_watermark():
            partition.complete_delayed()

    def _topic_config(self, topic: TopicImage) -> tuple[LogConfig, int]:
        key = tuple(topic.configs.items())
        found = self._log_configs.get(key)
        if found is None:
            options = self._config.topic_options(topic.configs)
            found = (LogConfig.from_topic_configs(options), int(options["min.insync.replicas"]))
            self._log_configs[key] = found
        return found

    def _apply_partition(
        self,
        partition: Partition,
        image: PartitionImage,
        resigned: list[TopicPartition],
        elected: list[tuple[TopicPartition, int]],
    ) -> None:
        topic_partition = partition.topic_partition
        if image.leader == self.node_id:
            if partition.leader_id not in (self.node_id, NO_LEADER):
                self._stop_following(partition)
            if partition.make_leader(image):
                elected.append((topic_partition, partition.leader_epoch))
            return
        if partition.is_leader:
            resigned.append(topic_partition)
        old_leader = partition.leader_id
        is_new_epoch = partition.make_follower(image)
        if old_leader not in (image.leader, self.node_id):
            fetcher = self._fetchers.get(old_leader)
            if fetcher is not None:
                fetcher.remove(topic_partition)
        if image.leader != NO_LEADER and (is_new_epoch or old_leader != image.leader):
            self._fetcher(image.leader).add(partition)

    # Followers

    def _fetcher(self, leader_id: int) -> ReplicaFetcher:
        fetcher = self._fetchers.get(leader_id)
        if fetcher is None:
            from minikafka.replica.replica_fetcher import ReplicaFetcher

            fetcher = self._fetchers[leader_id] = ReplicaFetcher(self, leader_id)
        return fetcher

    def _stop_following(self, partition: Partition) -> None:
        fetcher = self._fetchers.get(partition.leader_id)
        if fetcher is not None:
            fetcher.remove(partition.topic_partition)

    def _drop_idle_fetchers(self) -> None:
        for leader_id, fetcher in list(self._fetchers.items()):
            if fetcher.is_empty:
                fetcher.stop()
                del self._fetchers[leader_id]

    def is_reachable(self, broker_id: int) -> bool:
        """Whether messages from another broker arrive here."""
        return self.transport.reachable(broker_address(broker_id), broker_address(self.node_id))

    # The ISR

    def submit_isr_change(self, partition: Partition, change: PendingIsrChange) -> None:
        """Ask the controller for another ISR; see `PartitionOwner`."""
        if self._stopped:
            return
        if self._alter_partitions is None:
            from minikafka.replica.alter_partition_manager import AlterPartitionManager

            self._alter_partitions = AlterPartitionManager(
                self.node_id,
                self.scheduler,
                self.transport,
                lambda: self.image,
                self._config.request_timeout_ms,
            )
        self._alter_partitions.submit(partition, change)

    def on_appended(self, partition: Partition) -> None:
        """A log has grown; see `PartitionOwner`."""
        if not (self._retention.is_due and self._producer_expiration.is_due):
            self._touch()
        if partition.remote_replicas and not partition.is_lagging:
            partition.is_lagging = True
            self._lagging[partition] = None
            self._isr_check.touch()

    def look_again_later(self, partition: Partition) -> None:
        """Consider the parked followers of a partition again; see `PartitionOwner`."""
        if partition not in self._to_reconsider:
            self._to_reconsider[partition] = self.scheduler.call_later(
                max(self._config.replica_fetch_wait_max_ms, 1), self._reconsider, partition
            )

    def _reconsider(self, partition: Partition) -> None:
        del self._to_reconsider[partition]
        partition.reconsider_parked_followers()

    def _shrink_isrs(self) -> int | None:
        lagging, self._lagging = self._lagging, {}
        for partition in lagging:
            partition.is_lagging = partition.maybe_shrink_isr()
            if partition.is_lagging:
                self._lagging[partition] = None
        return self.scheduler.now_ms + 1 if self._lagging else None

    def _brokers_changed(self, partition: Partition) -> None:
        partition.reconsider_parked_followers()
        partition.maybe_increment_high_watermark()
        partition.complete_delayed()  # at least a low watermark may have waited for a broker that is gone

    # Produce

    def append_records(
        self,
        entries: dict[TopicPartition, list[RecordBatch]],
        acks: int,
        timeout_ms: int,
        *,
        origin: Origin = "client",
    ) -> Promise[dict[TopicPartition, AppendResult]]:
        """Append to each partition; with acks=-1 answered when every replica in the ISR has the records.

        Args:
            entries: the batches of each partition.
            acks: -1, 0 or 1.
            timeout_ms: how long to wait for the ISR; then REQUEST_TIMED_OUT.
            origin: who appends.
        """
        now_ms = self.scheduler.now_ms
        results: dict[TopicPartition, AppendResult] = {}
        changed: list[tuple[Partition, bool]] = []
        required: dict[Partition, int] | None = None
        for topic_partition, batches in entries.items():
            try:
                partition = self.partitions.get(topic_partition) or self.partition(topic_partition)
                info, has_risen = partition.append(batches, now_ms, acks, origin)
            except KafkaError as error:
                results[topic_partition] = self._refused(topic_partition, error)
                continue
            result = AppendResult(None, info.first_offset, info.log_append_time_ms, info.log_start_offset)
            results[topic_partition] = result
            if partition.fetch_watchers or partition.watchers:
                changed.append((partition, has_risen))
            if acks == _ALL:
                outcome = partition.check_enough_replicas(info.last_offset + 1)
                if outcome is False:
                    if required is None:
                        required = {}
                    required[partition] = info.last_offset + 1
                elif outcome is not True:
                    result.error = outcome
        promise: Promise[dict[TopicPartition, AppendResult]]
        if required is None:
            promise = Promise.resolved(results)
        else:
            from minikafka.replica.delayed_produce import DelayedProduce

            promise = Promise()
            delayed = DelayedProduce(promise, results, required)
            delayed.expire_at(self.scheduler, now_ms + timeout_ms)
        for partition, has_risen in changed:
            partition.complete_delayed(has_risen)
        return promise

    def _refused(self, topic_partition: TopicPartition, error: KafkaError) -> AppendResult:
        partition = self.partitions.get(topic_partition)
        return AppendResult(
            error,
            log_start_offset=-1
            if partition is None or isinstance(error, _BEFORE_THE_LOG)
            else partition.log.log_start_offset,
            record_errors=tuple((each.batch_index, each.message) for each in record_errors_of(error)),
        )

    # Fetch

    def fetch(
        self, params: FetchParams, wanted: list[FetchPartitionRequest]
    ) -> Promise[list[FetchPartitionResult]]:
        """Read from each partition, in order; parked until there are `min_bytes`, or the time is up.

        The results are in the order of `wanted`. An error or a divergence in any partition answers at once.
        """
        if params.is_from_follower:
            parked = self._parked_fetches.get(params.replica_id)
            if parked is not None:
                parked.supersede()
        results = self.read_from_log(params, wanted, True)
        if params.max_wait_ms <= 0 or not wanted or _is_answer(results, params.min_bytes):
            return Promise.resolved(results)
        from minikafka.replica.delayed_fetch import DelayedFetch

        promise: Promise[list[FetchPartitionResult]] = Promise()
        partitions = [self.partitions[each.topic_partition] for each in wanted]
        delayed = DelayedFetch(promise, self, params, wanted, partitions, results)
        if params.is_from_follower:
            self._parked_fetches[params.replica_id] = delayed
        if params.hurry is not None:
            params.hurry.add_callback(lambda _: delayed.force_complete())
        return promise

    def read_from_log(
        self, params: FetchParams, wanted: list[FetchPartitionRequest], update_fetch_state: bool
    ) -> list[FetchPartitionResult]:
        """Read from every partition, within the limits of the whole fetch.

        The first batch that is found comes whole, whatever the limits; after it they hold.
        """
        limit = params.max_bytes
        min_one_message = True
        results = []
        for each in wanted:
            try:
                partition = self.partitions.get(each.topic_partition) or self.partition(each.topic_partition)
                result = partition.fetch_records(
                    params, each, min(each.max_bytes, limit), min_one_message, update_fetch_state
                )
            except KafkaError as error:
                result = FetchPartitionResult(each.topic_partition, error)
            else:
                size = result.size_in_bytes
                if size:
                    min_one_message = False
                    limit = max(0, limit - size)
            results.append(result)
        return results

    # Offsets

    def list_offset(
        self,
        topic_partition: TopicPartition,
        timestamp: int,
        isolation_level: int,
        current_leader_epoch: int = -1,
        replica_id: int = -1,
    ) -> OffsetAndTimestamp | None:
        """Look an offset up; see `Partition.list_offset`."""
        return self.partition(topic_partition).list_offset(
            timestamp, isolation_level, current_leader_epoch, replica_id
        )

    def offset_for_leader_epoch(
        self, topic_partition: TopicPartition, leader_epoch: int, current_leader_epoch: int = -1
    ) -> tuple[int, int]:
        """The largest epoch not above the asked one and where it ends; see `Partition.offset_for_leader_epoch`."""
        return self.partition(topic_partition).offset_for_leader_epoch(leader_epoch, current_leader_epoch)

    def delete_records(
        self, entries: dict[TopicPartition, int], timeout_ms: int
    ) -> Promise[dict[TopicPartition, DeleteResult]]:
        """Delete what lies before the offsets; answered when all live replicas have done so.

        Args:
            entries: for each partition the first offset to stay; -1 for the high watermark.
            timeout_ms: how long to wait for the followers; then REQUEST_TIMED_OUT.
        """
        results: dict[TopicPartition, DeleteResult] = {}
        required: dict[Partition, int] = {}
        for topic_partition, offset in entries.items():
            try:
                if topic_partition.topic in INTERNAL_TOPICS:
                    raise InvalidTopicError(
                        f"Cannot delete records of internal topic {topic_partition.topic}"
                    )
                partition = self.partition(topic_partition)
                wanted, low_watermark = partition.delete_records(offset)
            except KafkaError as error:
                results[topic_partition] = DeleteResult(error)
                continue
            results[topic_partition] = DeleteResult(None, low_watermark)
            if low_watermark < wanted:
                required[partition] = wanted
        if not required:
            return Promise.resolved(results)
        from minikafka.replica.delayed_delete_records import DelayedDeleteRecords

        promise: Promise[dict[TopicPartition, DeleteResult]] = Promise()
        delayed = DelayedDeleteRecords(promise, results, required)
        delayed.expire_at(self.scheduler, self.scheduler.now_ms + timeout_ms)
        return promise

    # Periodic tasks

    def _touch(self) -> None:
        self._retention.touch()
        self._producer_expiration.touch()

    def _apply_retention(self) -> int | None:
        """Delete old segments; gives when the next could become old."""
        now_ms = self.scheduler.now_ms
        deadlines = []
        for partition in self.partitions.values():
            log = partition.log
            log_start_offset = log.log_start_offset
            log.delete_old_segments(now_ms)
            if log.log_start_offset != log_start_offset:
                partition.complete_delayed()
            config = log.config
            if config.delete and config.retention_ms >= 0 and not log.is_empty:
                deadlines.append(log.segments[0].largest_timestamp + config.retention_ms + 1)
        return min(deadlines, default=None)

    def _expire_producers(self) -> int | None:
        now_ms = self.scheduler.now_ms
        expiration_ms = self._config.producer_id_expiration_ms
        deadlines = []
        for partition in self.partitions.values():
            partition.log.remove_expired_producers(now_ms)
            deadlines += [entry.last_timestamp + expiration_ms for entry in partition.log.producer_states()]
        return min(deadlines, default=None)


def _any_gone(before: Mapping[str, TopicImage], after: Mapping[str, TopicImage]) -> bool:
    """Whether a topic was deleted, be it that another has its name now."""
    for name, topic in before.items():
        now = after.get(name)
        if now is not topic and (now is None or now.topic_id != topic.topic_id):
            return True
    return False


def _is_answer(results: Iterable[FetchPartitionResult], min_bytes: int) -> bool:
    """Whether these results are to be given at once: enough, or something that the reader must know."""
    size = 0
    for result in results:
        if result.error is not None or result.diverging_epoch is not None:
            return True
        size += result.size_in_bytes
    return size >= min_bytes
