"""A produce with acks=-1 that waits for the ISR (Kafka's DelayedProduce)."""

from __future__ import annotations

from minikafka.errors import RequestTimedOutError
from minikafka.replica.delayed_operation import DelayedOperation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.replica.append_result import AppendResult
    from minikafka.replica.partition import Partition
    from minikafka.scheduler import Promise
    from minikafka.structs import TopicPartition


class DelayedProduce(DelayedOperation):
    """Answered when every partition is acknowledged or has failed; at the deadline the others time out.

    Args:
        promise: of the results.
        results: what became of each partition; changed until the promise is kept.
        required: for each partition that waits the offset that its high watermark must reach.
    """

    __slots__ = ("_promise", "_required", "_results")

    def __init__(
        self,
        promise: Promise[dict[TopicPartition, AppendResult]],
        results: dict[TopicPartition, AppendResult],
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
        outcome = partition.check_enough_replicas(required_offset)
        if outcome is False:
            return
        del self._required[partition]
        if outcome is not True:
            self._results[partition.topic_partition].error = outcome
        if not self._required:
            self.force_complete()

    def on_expiration(self) -> None:
        for partition, offset in self._required.items():
            self._results[partition.topic_partition].error = RequestTimedOutError(
                f"not every replica in the ISR {list(partition.isr)} of {partition.name} had offset {offset - 1} "
                "in time"
            )

    def on_complete(self) -> None:
        self._promise.set_result(self._results)
