"""A deletion of records that waits for the followers (Kafka's DelayedDeleteRecords)."""

from __future__ import annotations

from minikafka.errors import NotLeaderForPartitionError, RequestTimedOutError
from minikafka.replica.delayed_operation import DelayedOperation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.replica.append_result import DeleteResult
    from minikafka.replica.partition import Partition
    from minikafka.scheduler import Promise
    from minikafka.structs import TopicPartition


class DelayedDeleteRecords(DelayedOperation):
    """Answered when the logs of all live replicas begin where they should; at the deadline the others time out.

    Args:
        promise: of the results.
        results: what became of each partition; changed until the promise is kept.
        required: for each partition that waits the low watermark that it must reach.
    """

    __slots__ = ("_promise", "_required", "_results")

    def __init__(
        self,
        promise: Promise[dict[TopicPartition, DeleteResult]],
        results: dict[TopicPartition, DeleteResult],
        required: dict[Partition, int],
    ) -> None:
        super().__init__()
        self._promise = promise
        self._results = results
        self._required = required
        self.watch(required)

    def try_complete(self, partition: Partition) -> None:
        required_offset = self._required.get(partition)
        if required_offset is None:
            return
        result = self._results[partition.topic_partition]
        if not partition.is_leader:
            result.error = NotLeaderForPartitionError(f"{partition.name} has another leader now")
            result.low_watermark = -1
        else:
            result.low_watermark = partition.low_watermark
            if result.low_watermark < required_offset:
                return
        del self._required[partition]
        if not self._required:
            self.force_complete()

    def on_expiration(self) -> None:
        for partition, offset in self._required.items():
            self._results[partition.topic_partition].error = RequestTimedOutError(
                f"not every live replica of {partition.name} had deleted its records below {offset} in time"
            )

    def on_complete(self) -> None:
        self._promise.set_result(self._results)
