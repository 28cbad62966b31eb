"""The logs that coordinators live on: a `PartitionWriter` over replicas (Kafka's CoordinatorPartitionWriter)."""

from __future__ import annotations

from minikafka.errors import NotLeaderForPartitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from minikafka.log.record_batch import RecordBatch
    from minikafka.replica.replica_manager import ReplicaManager
    from minikafka.structs import TopicPartition

_ALL = -1


class CoordinatorLog:
    """Appends coordinator records with acks=all, and hears when they are committed."""

    __slots__ = ("_replica_manager",)

    def __init__(self, replica_manager: ReplicaManager) -> None:
        self._replica_manager = replica_manager

    def append(self, topic_partition: TopicPartition, batch: RecordBatch, leader_epoch: int) -> int:
        """Append as leader of `leader_epoch` and return the last offset; see `PartitionWriter.append`."""
        manager = self._replica_manager
        partition = manager.leader(topic_partition)
        if partition.leader_epoch != leader_epoch:
            raise NotLeaderForPartitionError(
                f"{topic_partition} is in leader epoch {partition.leader_epoch}, not {leader_epoch}"
            )
        info = partition.append_as_leader([batch], manager.scheduler.now_ms, _ALL, "coordinator")
        return info.last_offset

    def on_high_watermark(self, topic_partition: TopicPartition, callback: Callable[[int], object]) -> None:
        """Call `callback(high_watermark)` whenever it has moved."""
        self._replica_manager.on_high_watermark(topic_partition, callback)

    def high_watermark(self, topic_partition: TopicPartition) -> int:
        """The high watermark now."""
        return self._replica_manager.leader(topic_partition).log.high_watermark

    def read(self, topic_partition: TopicPartition) -> Iterable[RecordBatch]:
        """Every batch from log start to log end."""
        return self._replica_manager.leader(topic_partition).log.iterate()
