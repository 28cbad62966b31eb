"""Keeps this broker's followers of one leader up to date (Kafka's ReplicaFetcherThread).

One fetch is on its way at any time. Simplifications: one fetcher per leader (num.replica.fetchers is 1), no
incremental fetch sessions; an idle fetch waits at the leader without a deadline (see `DelayedFetch`), so a
fetcher that has something new to say sends another fetch in its place, where Kafka's says it up to
replica.fetch.wait.max.ms later.
"""

from __future__ import annotations

from minikafka.errors import (
    CorruptRecordError,
    ErrorCode,
    InvalidRecordError,
    KafkaError,
    error_for_code,
)
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic, ReplicaState
from minikafka.replica.truncation import truncation_offset
from minikafka.structs import broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from minikafka.config import BrokerConfig
    from minikafka.image import MetadataImage
    from minikafka.messages.fetch import PartitionData
    from minikafka.messages.schema import Response
    from minikafka.ports import Transport
    from minikafka.replica.partition import Partition
    from minikafka.scheduler import Promise, Scheduler, Timer
    from minikafka.structs import TopicPartition

    class FetcherOwner(Protocol):
        """What a fetcher needs of its broker."""

        node_id: int
        scheduler: Scheduler
        transport: Transport
        image: MetadataImage

        @property
        def config(self) -> BrokerConfig:
            """The broker's options."""
            ...


SOCKET_TIMEOUT_MS = 30_000
"""How long it takes to notice that a fetch or its answer was lost (replica.socket.timeout.ms)."""
_NO_SESSION_EPOCH = -1
_LATEST = -1
_EARLIEST_LOCAL = -4


class FetchState:
    """A followed partition, and where it is (PartitionFetchState)."""

    __slots__ = (
        "delayed_until_ms",
        "fetch_offset",
        "is_resetting",
        "last_fetched_epoch",
        "leader_epoch",
        "partition",
        "wanted",
    )

    def __init__(self, partition: Partition) -> None:
        self.partition: Partition = partition
        self.leader_epoch: int = partition.leader_epoch
        self.delayed_until_ms: int = 0
        self.is_resetting: bool = False
        self.wanted: FetchPartition | None = None
        log = partition.log
        if log.latest_epoch < 0 and log.log_end_offset > log.high_watermark:
            # Without an epoch to compare, only what is below the high watermark is known to be the leader's.
            log.truncate_to(log.high_watermark)
        self.reposition()

    def reposition(self) -> None:
        """Go on from the end of the log."""
        log = self.partition.log
        self.fetch_offset: int = log.log_end_offset
        self.last_fetched_epoch: int = log.latest_epoch

    def request(self, max_bytes: int) -> FetchPartition:
        """What to ask for; the same object while nothing has changed."""
        wanted = self.wanted
        log = self.partition.log
        if (
            wanted is None
            or wanted.fetch_offset != self.fetch_offset
            or wanted.log_start_offset != log.log_start_offset
            or wanted.high_watermark != log.high_watermark
            or wanted.last_fetched_epoch != self.last_fetched_epoch
            or wanted.partition_max_bytes != max_bytes
        ):
            wanted = self.wanted = FetchPartition(
                partition=self.partition.topic_partition[1],
                current_leader_epoch=self.leader_epoch,
                fetch_offset=self.fetch_offset,
                last_fetched_epoch=self.last_fetched_epoch,
                log_start_offset=log.log_start_offset,
                high_watermark=log.high_watermark,
                partition_max_bytes=max_bytes,
            )
        return wanted


class ReplicaFetcher:
    """Fetches from one leader.

    Args:
        owner: the broker's replica manager.
        leader_id: the leader's broker id.
    """

    __slots__ = (
        "_address",
        "_leader_address",
        "_owner",
        "_scheduled",
        "_sequence",
        "_states",
        "_stopped",
        "_timer",
    )

    def __init__(self, owner: FetcherOwner, leader_id: int) -> None:
        self._owner = owner
        self._address = broker_address(owner.node_id)
        self._leader_address = broker_address(leader_id)
        self._states: dict[TopicPartition, FetchState] = {}
        self._sequence = 0
        self._scheduled = False
        self._timer: Timer | None = None
        self._stopped = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to fetch."""
        return not self._states

    def add(self, partition: Partition) -> None:
        """Follow a partition from the end of its log, in its present leader epoch."""
        self._states[partition.topic_partition] = FetchState(partition)
        self._fetch_soon()

    def remove(self, topic_partition: TopicPartition) -> None:
        """Follow a partition no longer."""
        self._states.pop(topic_partition, None)

    def stop(self) -> None:
        """Fetch nothing more, and act upon no answer."""
        self._stopped = True
        self._states.clear()
        if self._timer is not None:
            self._timer.cancel()

    # Asking

    def _fetch_soon(self) -> None:
        if not self._scheduled and not self._stopped:
            self._scheduled = True
            self._owner.scheduler.call_soon(self._fetch)

    def _fetch(self) -> None:
        self._scheduled = False
        if self._stopped:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        owner = self._owner
        now_ms = owner.scheduler.now_ms
        delays = [s.delayed_until_ms for s in self._states.values() if s.delayed_until_ms > now_ms]
        if delays:
            self._timer = owner.scheduler.call_at(min(delays), self._fetch)
        ready = {
            topic_partition: state
            for topic_partition, state in self._states.items()
            if state.delayed_until_ms <= now_ms and not state.is_resetting
        }
        if not ready:
            return
        self._sequence += 1
        sequence = self._sequence
        promise = owner.transport.request(
            self._address,
            self._leader_address,
            self._request(ready),
            lost_after_ms=SOCKET_TIMEOUT_MS,
        )
        promise.add_callback(lambda done: self._answered(sequence, ready, done))

    def _request(self, ready: dict[TopicPartition, FetchState]) -> FetchRequest:
        owner = self._owner
        config = owner.config
        broker = owner.image.brokers.get(owner.node_id)
        topics: dict[bytes, list[FetchPartition]] = {}
        max_bytes = config.replica_fetch_max_bytes
        for state in ready.values():
            topics.setdefault(state.partition.topic_id, []).append(state.request(max_bytes))
        return FetchRequest(
            replica_state=ReplicaState(
                replica_id=owner.node_id, replica_epoch=-1 if broker is None else broker.epoch
            ),
            max_wait_ms=config.replica_fetch_wait_max_ms,
            min_bytes=config.replica_fetch_min_bytes,
            max_bytes=config.replica_fetch_response_max_bytes,
            session_epoch=_NO_SESSION_EPOCH,
            topics=[
                FetchTopic(topic_id=topic_id, partitions=partitions)
                for topic_id, partitions in topics.items()
            ],
        )

    # Being answered

    def _answered(
        self, sequence: int, asked: dict[TopicPartition, FetchState], promise: Promise[Response]
    ) -> None:
        if self._stopped or sequence != self._sequence:
            return  # another fetch has taken the place of this one
        response = None if promise.exception() is not None else promise.result()
        if not isinstance(response, FetchResponse) or response.error_code != ErrorCode.NONE:
            for topic_partition, state in asked.items():
                if self._states.get(topic_partition) is state:
                    self._delay(state)
            self._fetch_soon()
            return
        answers = {
            (topic.topic_id, data.partition_index): data
            for topic in response.responses
            for data in topic.partitions
        }
        for topic_partition, state in asked.items():
            data = answers.get((state.partition.topic_id, topic_partition[1]))
            if data is not None and self._states.get(topic_partition) is state:
                self._process(topic_partition, state, data)
        self._fetch_soon()

    def _process(self, topic_partition: TopicPartition, state: FetchState, data: PartitionData) -> None:
        partition = state.partition
        code = data.error_code
        if partition.is_leader or partition.leader_epoch != state.leader_epoch:
            return
        if code == ErrorCode.NONE:
            self._process_data(topic_partition, state, data)
        elif code == ErrorCode.OFFSET_OUT_OF_RANGE:
            state.is_resetting = True
            self._owner.scheduler.spawn(self._reset_offset(topic_partition, state), "reset-offset")
        elif code == ErrorCode.FENCED_LEADER_EPOCH:
            # The leader knows a newer epoch: the metadata that brings it here adds the partition again.
            del self._states[topic_partition]
        else:
            self._delay(state)

    def _process_data(self, topic_partition: TopicPartition, state: FetchState, data: PartitionData) -> None:
        partition = state.partition
        log = partition.log
        epoch, end_offset = data.diverging_epoch.epoch, data.diverging_epoch.end_offset
        if epoch >= 0 and end_offset >= 0:
            log.truncate_to(truncation_offset(log, epoch, end_offset))
            state.reposition()
            return
        batches = data.records
        if batches:
            assert isinstance(batches, list)
            try:
                partition.append_as_follower(batches, self._owner.scheduler.now_ms)
            except (CorruptRecordError, InvalidRecordError):
                self._delay(state)  # perhaps it was spoilt on its way
                return
            state.reposition()
            # Whoever had data goes to the end, so that a full response is not always the same partitions'.
            self._states[topic_partition] = self._states.pop(topic_partition)
        partition.update_follower_marks(data.high_watermark, data.log_start_offset)

    def _delay(self, state: FetchState) -> None:
        owner = self._owner
        state.delayed_until_ms = owner.scheduler.now_ms + owner.config.replica_fetch_backoff_ms

    # Out of range

    async def _reset_offset(self, topic_partition: TopicPartition, state: FetchState) -> None:
        """Find where to go on when the leader does not have the offset (fetchOffsetAndTruncate)."""
        log = state.partition.log
        try:
            leader_end = await self._leader_offset(state, _LATEST)
            leader_start = None
            if leader_end >= log.log_end_offset:
                leader_start = await self._leader_offset(state, _EARLIEST_LOCAL)
        except KafkaError:
            if self._states.get(topic_partition) is state:
                state.is_resetting = False
                self._delay(state)
                self._fetch_soon()
            return
        if self._states.get(topic_partition) is not state or self._stopped:
            return
        if leader_start is None:
            # An unclean election: what this replica has beyond the leader's end is lost.
            log.truncate_to(leader_end)
        elif leader_start > log.log_end_offset:
            log.truncate_fully_and_start_at(leader_start)
        state.is_resetting = False
        state.reposition()
        self._fetch_soon()

    async def _leader_offset(self, state: FetchState, timestamp: int) -> int:
        from minikafka.messages.list_offsets import (
            ListOffsetsPartition,
            ListOffsetsRequest,
            ListOffsetsResponse,
            ListOffsetsTopic,
        )

        topic, index = state.partition.topic_partition
        request = ListOffsetsRequest(
            replica_id=self._owner.node_id,
            topics=[
                ListOffsetsTopic(
                    name=topic,
                    partitions=[
                        ListOffsetsPartition(
                            partition_index=index,
                            current_leader_epoch=state.leader_epoch,
                            timestamp=timestamp,
                        )
                    ],
                )
            ],
        )
        response = await self._owner.transport.request(
            self._address, self._leader_address, request, timeout_ms=SOCKET_TIMEOUT_MS
        )
        assert isinstance(response, ListOffsetsResponse)
        data = response.topics[0].partitions[0]
        if data.error_code != ErrorCode.NONE:
            raise error_for_code(data.error_code)
        return data.offset
