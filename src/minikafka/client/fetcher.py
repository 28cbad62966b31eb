"""Fetching: which partitions are asked for, from whom, and what becomes of the answers (kafka-python's Fetcher).

At most one fetch is in flight to each broker, for the partitions of which nothing is buffered. Fetches are sent
while the application polls; what they bring is parsed as it is taken.
"""

from __future__ import annotations

from collections import deque

from minikafka.client.fetch_session import FetchSessionHandler
from minikafka.client.partition_records import PartitionRecords
from minikafka.errors import (
    ErrorCode,
    KafkaConnectionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    error_for_code,
)
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from minikafka.client.consumer_metrics import ConsumerMetrics
    from minikafka.client.consumer_options import ConsumerOptions
    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.client.fetch_session import Wanted
    from minikafka.client.network_client import NetworkClient
    from minikafka.client.partition_records import RecordReader
    from minikafka.client.subscription import PartitionState, SubscriptionState
    from minikafka.messages.fetch import FetchResponse, PartitionData
    from minikafka.messages.schema import Response
    from minikafka.scheduler import Promise, Timer

_STALE_LEADER = frozenset(
    (
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.REPLICA_NOT_AVAILABLE,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.KAFKA_STORAGE_ERROR,
    )
)
_STALE_EPOCH = frozenset((ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.UNKNOWN_LEADER_EPOCH))


class CompletedFetch:
    """What a broker answered for one partition."""

    __slots__ = ("data", "fetch_offset", "topic_partition")

    def __init__(self, topic_partition: TopicPartition, fetch_offset: int, data: PartitionData) -> None:
        self.topic_partition: TopicPartition = topic_partition
        self.fetch_offset: int = fetch_offset
        self.data: PartitionData = data


class Fetcher:
    """Fetches for one consumer.

    Args:
        client: sends the requests and knows the leaders.
        subscription: says what is fetchable, and from which offset.
        options: the consumer's fetch_* options.
        reader: makes ConsumerRecords.
        metrics: counts, or None.
        wake: called when there is something to collect.
    """

    def __init__(
        self,
        client: NetworkClient,
        subscription: SubscriptionState,
        options: ConsumerOptions,
        reader: RecordReader,
        metrics: ConsumerMetrics | None,
        wake: Callable[[], object],
    ) -> None:
        self._client = client
        self._scheduler = client.scheduler
        self._subscription = subscription
        self._options = options
        self._reader = reader
        self._metrics = metrics
        self._wake = wake
        self._sessions: dict[int, FetchSessionHandler] = {}
        self._pending: dict[int, None] = {}
        self._completed: deque[CompletedFetch] = deque()
        self._current: PartitionRecords | None = None
        self._parked_fetches: dict[TopicPartition, CompletedFetch] = {}
        self._parked_records: dict[TopicPartition, PartitionRecords] = {}
        self._buffered: dict[TopicPartition, None] = {}
        """Partitions of which something is held in one of the four places above."""
        self._error: tuple[TopicPartition, int, Exception] | None = None
        self._retry_at_ms: dict[TopicPartition, int] = {}
        self._failed_node_at_ms: dict[int, int] = {}
        self._retry_timer: Timer | None = None
        self._nodes: frozenset[int] = frozenset()
        self._nodes_as_of = (-1, -1)
        self._steady: dict[int, tuple[tuple[int, int], dict[TopicPartition, Wanted]]] = {}
        """By node: as of when the last fetch asked for everything that there is to fetch there, and what."""
        self.polling = False
        """Whether the application waits in `poll`: only then an answer without records is followed up."""
        self.closed: bool = False

    # What was fetched

    @property
    def has_completed(self) -> bool:
        """Whether there are answers that have not been opened yet."""
        return bool(self._completed)

    def collect(self, max_records: int, update_offsets: bool) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Take up to `max_records` records from what was fetched.

        Args:
            max_records: at least 1.
            update_offsets: whether the positions move past what is returned.

        Raises:
            OffsetOutOfRangeError: a position lies outside of the log, and there is no reset policy.
            TopicAuthorizationFailedError: a topic may not be read.
            Exception: what a deserializer raised. Errors come first, or alone: records taken before one are
                returned, and the error is raised by the next call.
        """
        self._raise_kept_error()
        if self._parked_fetches or self._parked_records:
            self._unpark()
        drained: dict[TopicPartition, list[ConsumerRecord]] = {}
        culprit = (TopicPartition("", -1), -1)
        try:
            while max_records > 0:
                part = self._current
                if part is None:
                    if not self._completed:
                        break
                    fetch = self._completed.popleft()
                    culprit = (fetch.topic_partition, fetch.fetch_offset)
                    self._current = self._open(fetch)
                    continue
                culprit = (part.topic_partition, part.next_offset)
                max_records -= self._take(part, max_records, update_offsets, drained)
        except Exception as error:
            if not drained:
                raise
            self._error = (*culprit, error)
        return drained

    def _raise_kept_error(self) -> None:
        if self._error is None:
            return
        (tp, offset, error), self._error = self._error, None
        state = self._subscription.assignment.get(tp)
        if state is not None and state.fetchable and state.offset == offset:
            raise error

    def _unpark(self) -> None:
        """Partitions that were resumed go on with what was kept for them (KAFKA-7548)."""
        assignment = self._subscription.assignment
        for tp in [tp for tp in self._parked_fetches if tp not in assignment or not assignment[tp].paused]:
            self._completed.append(self._parked_fetches.pop(tp))
        if self._current is None:
            for tp in self._parked_records:
                if tp not in assignment or not assignment[tp].paused:
                    self._current = self._parked_records.pop(tp)
                    break

    def _take(
        self,
        part: PartitionRecords,
        max_records: int,
        update_offsets: bool,
        drained: dict[TopicPartition, list[ConsumerRecord]],
    ) -> int:
        tp = part.topic_partition
        state = self._subscription.assignment.get(tp)
        if state is not None and state.paused:
            self._parked_records[tp] = part
            self._current = None
            return 0
        # A part that is not next in line is of an obsolete request: there was a seek, or a rebalance.
        if state is None or not state.fetchable or state.offset != part.next_offset:
            self._drop(part)
            return 0
        records = part.take(max_records)
        if update_offsets or not records:
            state.offset = part.next_offset
            state.leader_epoch = part.leader_epoch
            state.metadata = ""
        if records:
            # One part per partition and call: a partition with something buffered is not fetched again.
            drained[tp] = records if tp not in drained else drained[tp] + records
            if self._metrics is not None and state.highwater is not None:
                self._metrics.lag(state.highwater - part.next_offset)
        if part.exhausted:
            self._drop(part)
            self._subscription.move_to_end(tp)
        return len(records)

    def _drop(self, part: PartitionRecords) -> None:
        self._current = None
        self._buffered.pop(part.topic_partition, None)
        if self._metrics is not None:
            self._metrics.consumed(part.topic_partition.topic, part.taken, part.size_in_bytes)

    # Opening an answer

    def _open(self, fetch: CompletedFetch) -> PartitionRecords | None:
        """What there is to take from an answer; an error is acted upon, or raised."""
        tp, code = fetch.topic_partition, fetch.data.error_code
        state = self._subscription.assignment.get(tp)
        if state is not None and state.paused:
            self._parked_fetches[tp] = fetch
            return None
        part = None
        if state is not None and state.fetchable:
            if code == ErrorCode.NONE:
                part = self._open_records(fetch, state)
            else:
                self._buffered.pop(tp, None)
                self._subscription.move_to_end(tp)
                self._act_upon(code, fetch, state)
        if part is None:
            self._buffered.pop(tp, None)
        return part

    def _open_records(self, fetch: CompletedFetch, state: PartitionState) -> PartitionRecords | None:
        data = fetch.data
        if state.offset != fetch.fetch_offset:
            return None
        if data.diverging_epoch.end_offset >= 0:
            # The log was truncated below the position; the validation says to where (KIP-595).
            state.request_validation()
            self._client.request_metadata_update()
            return None
        self._note_state(data, state)
        if not data.records:
            return None
        batches = data.records
        if isinstance(batches, (bytes, bytearray, memoryview)):
            from minikafka.log.record_batch import split_batches

            batches = split_batches(batches, check_crc=self._reader.check_crcs, allow_partial=True)
        part = PartitionRecords(
            fetch.topic_partition, fetch.fetch_offset, batches, data.aborted_transactions, self._reader
        )
        if self._metrics is not None:
            part.size_in_bytes = sum([batch.size_in_bytes for batch in batches])
        return part

    def _note_state(self, data: PartitionData, state: PartitionState) -> None:
        if data.high_watermark >= 0:
            state.highwater = data.high_watermark
        replica = data.preferred_read_replica
        if replica != state.preferred_read_replica:
            state.preferred_read_replica = replica
            state.preferred_until_ms = self._scheduler.now_ms + self._client.metadata_max_age_ms

    def _act_upon(self, code: int, fetch: CompletedFetch, state: PartitionState) -> None:
        tp = fetch.topic_partition
        if code in _STALE_LEADER:
            self._refresh_leader(tp, fetch.data)
        elif code in _STALE_EPOCH:
            self._refresh_leader(tp, fetch.data)
            state.request_validation()
        elif code == ErrorCode.OFFSET_OUT_OF_RANGE:
            self._out_of_range(fetch, state)
        elif code == ErrorCode.TOPIC_AUTHORIZATION_FAILED:
            raise TopicAuthorizationFailedError(f"not authorized to read topic {tp.topic!r}")
        else:
            error = error_for_code(
                code, f"unexpected error while fetching {tp} at offset {fetch.fetch_offset}"
            )
            if not error.retriable:
                raise error
            self._back_off(tp)
            if error.invalid_metadata:
                self._client.request_metadata_update()

    def _refresh_leader(self, tp: TopicPartition, data: PartitionData) -> None:
        """Ask for metadata, unless the answer itself named a newer leader (KIP-951)."""
        leader = data.current_leader
        metadata = self._client.metadata
        hinted = metadata.update_leader(tp, leader.leader_id, leader.leader_epoch)
        if not hinted or metadata.broker_metadata(leader.leader_id) is None:
            self._back_off(tp)
        self._client.request_metadata_update()

    def _back_off(self, tp: TopicPartition) -> None:
        """Leave a partition alone for retry_backoff_ms, or until there is new metadata."""
        self._retry_at_ms[tp] = self._scheduler.now_ms + self._client.retry_backoff_ms

    def _out_of_range(self, fetch: CompletedFetch, state: PartitionState) -> None:
        if state.offset != fetch.fetch_offset:
            return
        # A follower may lag behind the leader that the position came from (KIP-392).
        if state.clear_preferred_replica() >= 0:
            return
        policy = self._subscription.default_reset_strategy
        if policy is None:
            raise OffsetOutOfRangeError({fetch.topic_partition: fetch.fetch_offset})
        state.reset(policy)

    # Sending

    def metadata_changed(self) -> None:
        """There is new metadata: what waited for it may be tried again."""
        self._retry_at_ms.clear()

    def send_fetches(self, exclude: Collection[TopicPartition] = ()) -> None:
        """Fetch from every broker that is free, for each partition of which nothing is buffered.

        Args:
            exclude: partitions to leave out, for their positions have yet to move.
        """
        subscription, pending = self._subscription, self._pending
        as_of = (subscription.version, self._client.metadata.updates)
        if pending and as_of == self._nodes_as_of and all(node in pending for node in self._nodes):
            return
        now_ms = self._scheduler.now_ms
        metadata, buffered, retry_at_ms = self._client.metadata, self._buffered, self._retry_at_ms
        nodes: dict[int, None] = {}
        partial: set[int] = set()
        by_node: dict[int, dict[TopicPartition, Wanted]] = {}
        later_ms: list[int] = []
        for tp, state in subscription.assignment.items():
            if not state.fetchable:
                continue
            node = self._node_for(state, now_ms)
            if node is None or node < 0:
                self._client.request_metadata_update()
                continue
            nodes[node] = None
            if node in pending or tp in buffered or tp in exclude:
                partial.add(node)
                continue
            at_ms = retry_at_ms.get(tp, 0) if retry_at_ms else 0
            at_ms = max(at_ms, now_ms + self._client.connection_delay_ms(node))
            if at_ms > now_ms:
                partial.add(node)
                later_ms.append(at_ms)
                continue
            epoch = metadata.leader_epoch_for_partition(tp)
            by_node.setdefault(node, {})[tp] = (
                state.offset,
                -1 if epoch is None else epoch,
                state.leader_epoch,
            )
        self._nodes, self._nodes_as_of = frozenset(nodes), as_of
        for node, wanted in by_node.items():
            if node not in partial:
                self._steady[node] = (as_of, wanted)
            else:
                self._steady.pop(node, None)
            self._send(node, wanted)
        if later_ms:
            self._retry_at(min(later_ms))

    def _node_for(self, state: PartitionState, now_ms: int) -> int | None:
        """The leader, or the replica that it has recommended, while that is one (KIP-392)."""
        tp, metadata = state.topic_partition, self._client.metadata
        preferred = state.preferred_read_replica
        if preferred >= 0:
            if now_ms < state.preferred_until_ms and metadata.is_replica_node(tp, preferred):
                return preferred
            state.clear_preferred_replica()
        return metadata.leader_for_partition(tp)

    def _send(self, node: int, wanted: dict[TopicPartition, Wanted]) -> None:
        options = self._options
        session = self._sessions.get(node)
        if session is None:
            session = self._sessions[node] = FetchSessionHandler(options.enable_incremental_fetch_sessions)
        told, forgotten = session.build(wanted)
        request = FetchRequest(
            max_wait_ms=options.fetch_max_wait_ms,
            min_bytes=options.fetch_min_bytes,
            max_bytes=options.fetch_max_bytes,
            isolation_level=options.isolation_level,
            session_id=session.session_id,
            session_epoch=session.epoch,
            topics=self._topics(told) if told else [],
            forgotten_topics_data=_forgotten(forgotten) if forgotten else [],
            rack_id=options.client_rack,
        )
        self._pending[node] = None
        sent_ms = self._scheduler.now_ms
        promise = self._client.send(node, request)
        promise.add_callback(lambda done: self._fetched(node, session, wanted, sent_ms, done))

    def _topics(self, told: dict[TopicPartition, Wanted]) -> list[FetchTopic]:
        max_bytes = self._options.max_partition_fetch_bytes
        topics: dict[str, list[FetchPartition]] = {}
        for (topic, partition), (offset, leader_epoch, last_fetched_epoch) in told.items():
            topics.setdefault(topic, []).append(
                FetchPartition(
                    partition=partition,
                    current_leader_epoch=leader_epoch,
                    fetch_offset=offset,
                    last_fetched_epoch=last_fetched_epoch,
                    partition_max_bytes=max_bytes,
                )
            )
        # By name, as kafka-python does, although newer versions of the protocol would do it by id.
        return [FetchTopic(topic=topic, partitions=partitions) for topic, partitions in topics.items()]

    def _retry_at(self, at_ms: int) -> None:
        timer = self._retry_timer
        if timer is not None and not timer.cancelled:
            if timer.deadline_ms <= at_ms:
                return
            timer.cancel()
        self._retry_timer = self._scheduler.call_at(at_ms, self._go_on)

    def _go_on(self) -> None:
        """After an answer: have it collected, or ask again if there is nothing to collect."""
        if self.closed:
            return
        if self._completed:
            self._wake()
        elif self.polling:
            self.send_fetches()

    def _fetched(
        self,
        node: int,
        session: FetchSessionHandler,
        wanted: dict[TopicPartition, Wanted],
        sent_ms: int,
        done: Promise[Response],
    ) -> None:
        self._pending.pop(node, None)
        if self.closed:
            return
        error = done.exception()
        if error is None:
            response: FetchResponse = done.result()  # type: ignore[assignment]
            if self._metrics is not None:
                self._metrics.fetched(self._scheduler.now_ms - sent_ms)
            accepted = self._accept(node, session, wanted, response)
            if accepted and not response.responses and self._repeat(node, wanted, sent_ms):
                return
        else:
            session.handle_error()
            if isinstance(error, KafkaConnectionError):
                self._client.request_metadata_update()
            self._node_failed(node, wanted)
        if not self._completed and self._scheduler.now_ms == sent_ms:
            # An answer that takes no time and says nothing (fetch_max_wait_ms=0) must not stop the clock.
            self._retry_at(sent_ms + 1)
        else:
            self._go_on()

    def _repeat(self, node: int, wanted: dict[TopicPartition, Wanted], sent_ms: int) -> bool:
        """Ask the same again after an answer without news, if nothing has changed: the steady state of a long poll."""
        steady = self._steady.get(node)
        if steady is None or steady[1] is not wanted or not self.polling or self._scheduler.now_ms == sent_ms:
            return False
        if steady[0] != (self._subscription.version, self._client.metadata.updates):
            return False
        self._send(node, wanted)
        return True

    def _node_failed(self, node: int, wanted: dict[TopicPartition, Wanted]) -> None:
        """Nothing usable came: try again at once, but only once in a millisecond."""
        now_ms = self._scheduler.now_ms
        if self._failed_node_at_ms.get(node) == now_ms:
            for tp in wanted:
                self._back_off(tp)
        self._failed_node_at_ms[node] = now_ms

    def _accept(
        self,
        node: int,
        session: FetchSessionHandler,
        wanted: dict[TopicPartition, Wanted],
        response: FetchResponse,
    ) -> bool:
        """Keep what an answer brings; False if it cannot be used."""
        answers = [
            (TopicPartition(topic.topic, data.partition_index), data)
            for topic in response.responses
            for data in topic.partitions
        ]
        if not session.handle_response(response, [tp for tp, _ in answers]):
            self._node_failed(node, wanted)
            return False
        for tp, data in answers:
            want = wanted.get(tp)
            if want is None:
                continue
            if data.error_code == ErrorCode.NONE and not data.records and data.diverging_epoch.end_offset < 0:
                state = self._subscription.assignment.get(tp)
                if state is not None and state.offset == want[0]:
                    self._note_state(data, state)
                continue
            self._buffered[tp] = None
            self._completed.append(CompletedFetch(tp, want[0], data))
        return True

    def close(self) -> None:
        """Fetch no more, and forget what was fetched."""
        self.closed = True
        if self._retry_timer is not None:
            self._retry_timer.cancel()
        self._completed.clear()
        self._parked_fetches.clear()
        self._parked_records.clear()
        self._buffered.clear()
        self._current = None
        self._error = None


def _forgotten(partitions: list[TopicPartition]) -> list[ForgottenTopic]:
    topics: dict[str, list[int]] = {}
    for topic, partition in partitions:
        topics.setdefault(topic, []).append(partition)
    return [ForgottenTopic(topic=topic, partitions=indexes) for topic, indexes in topics.items()]
