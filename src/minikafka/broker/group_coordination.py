"""The group coordinator of a broker: a `CoordinatorRuntime` over its ``__consumer_offsets`` partitions.

Mirrors Kafka's GroupCoordinatorService and CoordinatorPartitionWriter: partitions are loaded when this broker
becomes their leader and unloaded when it resigns.
"""

from __future__ import annotations

from minikafka.broker.coordinator_log import CoordinatorLog
from minikafka.coordinator import CoordinatorRuntime
from minikafka.errors import CoordinatorNotAvailableError
from minikafka.groups.group_config import GroupCoordinatorConfig
from minikafka.groups.group_coordinator import GroupCoordinatorShard, partition_for
from minikafka.scheduler import Promise
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from minikafka.broker.broker import Broker
    from minikafka.coordinator import Result
    from minikafka.image import MetadataImage
    from minikafka.keyed_timers import KeyedTimers

    Answer = TypeVar("Answer")

OFFSETS_TOPIC = "__consumer_offsets"


class GroupCoordination:
    """Which groups this broker coordinates, and the way to them."""

    __slots__ = ("_broker", "config", "runtime")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        scheduler = broker.scheduler
        config = GroupCoordinatorConfig.from_broker_options(broker.config.as_dict())
        self.config: GroupCoordinatorConfig = config

        def new_shard(_: TopicPartition, timers: KeyedTimers) -> GroupCoordinatorShard:
            return GroupCoordinatorShard(scheduler, timers, config)

        self.runtime: CoordinatorRuntime[GroupCoordinatorShard] = CoordinatorRuntime(
            scheduler,
            CoordinatorLog(broker.replica_manager),
            new_shard,
            write_timeout_ms=broker.config.offsets_commit_timeout_ms,
        )

    def write(
        self, group_id: str, operation: Callable[[GroupCoordinatorShard], Result[Answer]]
    ) -> Promise[Answer]:
        """Run an operation on the shard that holds a group; see `CoordinatorRuntime.write`.

        The promise also fails with CoordinatorNotAvailableError: the offsets topic does not exist yet.
        """
        topic = self._broker.image.topics.get(OFFSETS_TOPIC)
        if topic is None:
            return Promise.failed(CoordinatorNotAvailableError(f"{OFFSETS_TOPIC} does not exist yet"))
        partition = TopicPartition(OFFSETS_TOPIC, partition_for(group_id, len(topic.partitions)))
        return self.runtime.write(partition, operation)

    def on_leadership(self, topic_partition: TopicPartition, leader_epoch: int | None) -> None:
        """This broker leads a partition of the offsets topic from `leader_epoch` on, or no more (None)."""
        if leader_epoch is None:
            self.runtime.unload(topic_partition)
        else:
            self.runtime.load(topic_partition, leader_epoch)

    def on_topics_changed(self, before: MetadataImage, after: MetadataImage) -> None:
        """Forget the offsets of topics that were deleted."""
        gone = [
            TopicPartition(name, index)
            for name, topic in before.topics.items()
            if (now := after.topics.get(name)) is None or now.topic_id != topic.topic_id
            for index in range(len(topic.partitions))
        ]
        if gone:
            self.runtime.write_all(lambda shard: shard.on_partitions_deleted(gone))

    def close(self) -> None:
        """Unload everything: the broker stops."""
        self.runtime.close()
