"""A fetch that waits for records (Kafka's DelayedFetch).

A follower's fetch that waits has no deadline as long as there is nothing to tell. Kafka's would be answered
empty every replica.fetch.wait.max.ms and come back; what such a round trip brings (a new high watermark, a new
log start) is told here at the same time, what it does not bring is left out.
"""

from __future__ import annotations

from minikafka.errors import KafkaError
from minikafka.replica.delayed_operation import DelayedOperation
from minikafka.replica.fetch_params import FetchPartitionResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from minikafka.replica.fetch_params import FetchParams, FetchPartitionRequest
    from minikafka.replica.partition import Partition
    from minikafka.scheduler import Promise, Scheduler

    class LogReader(Protocol):
        """Who reads the logs when the wait is over."""

        scheduler: Scheduler

        def read_from_log(
            self, params: FetchParams, wanted: list[FetchPartitionRequest], update_fetch_state: bool
        ) -> list[FetchPartitionResult]:
            """Read from every partition, within the limits of the whole fetch."""
            ...


class DelayedFetch(DelayedOperation):
    """Answered when there are `min_bytes`, when a partition changes so that it must be told, or at its deadline.

    Args:
        promise: of the results.
        reader: who reads.
        params: the terms of the fetch.
        wanted: what is wanted of each partition.
        partitions: the partitions, in the same order.
        results: what the read found that was not enough; it holds until a partition changes.
    """

    __slots__ = (
        "_params",
        "_parked_ms",
        "_promise",
        "_reader",
        "_results",
        "_wanted",
        "_wanted_by_partition",
    )

    is_fetch = True

    def __init__(
        self,
        promise: Promise[list[FetchPartitionResult]],
        reader: LogReader,
        params: FetchParams,
        wanted: list[FetchPartitionRequest],
        partitions: list[Partition],
        results: list[FetchPartitionResult],
    ) -> None:
        super().__init__()
        self._promise = promise
        self._reader = reader
        self._params = params
        self._wanted = wanted
        self._results: list[FetchPartitionResult] | None = results
        if params.is_from_follower:
            self._results = None  # the fetch itself may have raised the high watermark after it was read
        self._wanted_by_partition = dict(zip(partitions, wanted))
        self._parked_ms = reader.scheduler.now_ms
        self.watch(partitions)
        if params.is_from_follower:
            for partition, each in self._wanted_by_partition.items():
                replica = partition.remote_replicas.get(params.replica_id)
                if replica is not None:
                    replica.parked = self
                self._tell_news(partition, each)
        else:
            self.expire_at(reader.scheduler, self._parked_ms + params.max_wait_ms)

    def try_complete(self, partition: Partition) -> None:
        wanted = self._wanted_by_partition.get(partition)
        if wanted is None:
            return
        self._results = None
        params = self._params
        try:
            log = partition.leader_log(wanted.current_leader_epoch)
            if params.isolation == "log_end":
                end_offset = log.log_end_offset
            elif params.isolation == "high_watermark":
                end_offset = log.high_watermark
            else:
                end_offset = log.last_stable_offset
            if wanted.last_fetched_epoch >= 0:
                diverged = (
                    partition.diverging_epoch(wanted.last_fetched_epoch, wanted.fetch_offset) is not None
                )
            else:
                diverged = False
        except KafkaError:
            self.force_complete()
            return
        if diverged or wanted.fetch_offset > end_offset:
            self.force_complete()
        elif wanted.fetch_offset < end_offset:
            if params.min_bytes <= 1 or self._has_enough():
                self.force_complete()
        elif params.is_from_follower:
            self._tell_news(partition, wanted)

    def _has_enough(self) -> bool:
        """Whether there are `min_bytes`, or a partition has rolled, so that waiting brings no more of it."""
        params = self._params
        size = 0
        for partition, wanted in self._wanted_by_partition.items():
            log = partition.log
            try:
                info = log.read(wanted.fetch_offset, wanted.max_bytes, isolation=params.isolation)
            except KafkaError:
                return True
            if info.batches and info.batches[-1].last_offset < log.segments[-1].base_offset <= _end(
                log.high_watermark, log.log_end_offset, params
            ):
                return True
            size += min(info.size_in_bytes, wanted.max_bytes)
        return size >= params.min_bytes

    def _tell_news(self, partition: Partition, wanted: FetchPartitionRequest) -> None:
        """If the follower does not know the partition's marks, end the wait when Kafka's would end."""
        log = partition.log
        if self._timer is not None or (
            log.high_watermark <= (wanted.high_watermark or 0)
            and log.log_start_offset <= wanted.log_start_offset
        ):
            return
        now_ms = self._reader.scheduler.now_ms
        wait_ms = self._params.max_wait_ms
        rounds = max(1, -((self._parked_ms - now_ms) // wait_ms))
        self.expire_at(self._reader.scheduler, self._parked_ms + rounds * wait_ms)

    def cancel(self) -> None:
        super().cancel()
        if self._params.is_from_follower:
            for partition in self._wanted_by_partition:
                replica = partition.remote_replicas.get(self._params.replica_id)
                if replica is not None and replica.parked is self:
                    replica.parked = None

    def supersede(self) -> None:
        """The same follower has sent another fetch: nobody waits for the answer to this one."""
        if not self.is_completed:
            self.cancel()
            self._promise.set_result(
                [FetchPartitionResult(wanted.topic_partition) for wanted in self._wanted]
            )

    def on_complete(self) -> None:
        results = self._results
        if results is None:
            results = self._reader.read_from_log(self._params, self._wanted, False)
        self._promise.set_result(results)


def _end(high_watermark: int, log_end_offset: int, params: FetchParams) -> int:
    return log_end_offset if params.is_from_follower else high_watermark
