"""Finding positions: ListOffsets look-ups, resets by policy, and validation by leader epoch (KIP-320)."""

from __future__ import annotations

from minikafka.client.subscription import PartitionState
from minikafka.client.waiting import deadline_after, remaining_ms, wait_until
from minikafka.errors import (
    ErrorCode,
    InvalidMetadataError,
    KafkaError,
    KafkaTimeoutError,
    LogTruncationError,
    RetriableError,
    StaleMetadata,
    TopicAuthorizationFailedError,
)
from minikafka.structs import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from minikafka.client.network_client import NetworkClient
    from minikafka.client.subscription import SubscriptionState
    from minikafka.client.waiting import Deadline
    from minikafka.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
    from minikafka.messages.offset_for_leader_epoch import (
        EpochEndOffset,
        OffsetForLeaderEpochRequest,
        OffsetForLeaderEpochResponse,
    )
    from minikafka.scheduler import Task

    Found = dict[TopicPartition, OffsetAndTimestamp]
    Positions = dict[TopicPartition, OffsetAndMetadata]

UNKNOWN_OFFSET = -1
CONSUMER_REPLICA_ID = -1


class OffsetResolver:
    """Looks offsets up, and finds and checks positions in the background.

    Args:
        client: sends the requests and knows the leaders.
        subscription: whose positions are set.
        isolation_level: 0 or 1; under read_committed "latest" is the last stable offset.
        wake: called when a position was found or an error has to be raised.
    """

    def __init__(
        self,
        client: NetworkClient,
        subscription: SubscriptionState,
        isolation_level: int,
        wake: Callable[[], object],
    ) -> None:
        self._client = client
        self._scheduler = client.scheduler
        self._subscription = subscription
        self._isolation_level = isolation_level
        self._wake = wake
        self._resetting: Task[None] | None = None
        self._validating: Task[None] | None = None
        self._reset_error: KafkaError | None = None
        self._truncation: LogTruncationError | None = None
        self._validated_update = -1
        self._validated_version = -1

    # Look-ups

    async def look_up(self, timestamps: Mapping[TopicPartition, int], timeout_ms: float | None) -> Found:
        """The offset for each timestamp (LATEST, EARLIEST, or ms since the epoch); partitions without one are
        left out.

        Raises:
            KafkaTimeoutError: not all could be found in time.
            KafkaConnectionError: the client was closed meanwhile.
            TopicAuthorizationFailedError: the topics may not be read.
        """
        deadline_ms = deadline_after(self._scheduler, timeout_ms)
        found: Found = {}
        left = dict(timestamps)
        while left:
            error: KafkaError | None = None
            try:
                answered, left = await self._ask_leaders(left, deadline_ms)
                found.update(answered)
            except RetriableError as failure:
                if self._client.closed:
                    raise  # every further try would fail at once, and no time would pass between them
                error = failure
            if not left:
                break
            if isinstance(error, InvalidMetadataError):
                await wait_until(self._scheduler, self._client.request_metadata_update(), deadline_ms)
            else:
                await self._back_off(deadline_ms)
            if remaining_ms(self._scheduler, deadline_ms) == 0:
                why = f": {error}" if error is not None else ""
                raise KafkaTimeoutError(
                    f"Failed to get offsets by timestamps in {timeout_ms} ms: no answer for "
                    f"{', '.join(map(str, left))}{why}"
                )
        return found

    async def _back_off(self, deadline_ms: Deadline) -> None:
        left_ms = remaining_ms(self._scheduler, deadline_ms)
        delay_ms = self._client.retry_backoff_ms
        await self._scheduler.sleep(delay_ms if left_ms is None else min(delay_ms, left_ms))

    async def _ask_leaders(
        self, timestamps: dict[TopicPartition, int], deadline_ms: Deadline
    ) -> tuple[Found, dict[TopicPartition, int]]:
        """Ask each leader; what was found, and what has to be asked again."""
        from minikafka.messages.list_offsets import ListOffsetsResponse

        by_node = self._by_leader(timestamps)
        if not by_node:
            raise StaleMetadata(f"no leader is known for {', '.join(map(str, timestamps))}")
        asked = [
            (wanted, self._client.send(node_id, self._list_offsets_request(wanted)))
            for node_id, wanted in by_node.items()
        ]
        found: Found = {}
        again = {tp: ts for tp, ts in timestamps.items() if not any(tp in wanted for wanted, _ in asked)}
        for wanted, promise in asked:
            if not await wait_until(self._scheduler, promise, deadline_ms):
                again.update(wanted)
                continue
            response = promise.result()
            assert isinstance(response, ListOffsetsResponse)
            answered, retry = self._read_list_offsets(response)
            found.update(answered)
            again.update({tp: wanted[tp] for tp in retry})
        if again:
            self._client.request_metadata_update()
        return found, again

    def _by_leader(self, timestamps: Mapping[TopicPartition, int]) -> dict[int, dict[TopicPartition, int]]:
        metadata = self._client.metadata
        by_node: dict[int, dict[TopicPartition, int]] = {}
        for tp, timestamp in timestamps.items():
            leader = metadata.leader_for_partition(tp)
            if leader is None:
                metadata.add_topic(tp.topic)
                self._client.request_metadata_update()
            elif leader == -1:
                self._client.request_metadata_update()
            else:
                by_node.setdefault(leader, {})[tp] = timestamp
        return by_node

    def _list_offsets_request(self, wanted: Mapping[TopicPartition, int]) -> ListOffsetsRequest:
        from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic

        topics: dict[str, list[ListOffsetsPartition]] = {}
        for (topic, partition), timestamp in wanted.items():
            topics.setdefault(topic, []).append(
                ListOffsetsPartition(partition_index=partition, timestamp=timestamp)
            )
        return ListOffsetsRequest(
            replica_id=CONSUMER_REPLICA_ID,
            isolation_level=self._isolation_level,
            topics=[ListOffsetsTopic(name=name, partitions=listed) for name, listed in topics.items()],
            timeout_ms=self._client.request_timeout_ms,
        )

    def _read_list_offsets(self, response: ListOffsetsResponse) -> tuple[Found, list[TopicPartition]]:
        found: Found = {}
        retry: list[TopicPartition] = []
        unauthorized: list[str] = []
        for topic in response.topics:
            for answer in topic.partitions:
                tp = TopicPartition(topic.name, answer.partition_index)
                if answer.error_code == ErrorCode.NONE:
                    if answer.offset != UNKNOWN_OFFSET:
                        found[tp] = OffsetAndTimestamp(answer.offset, answer.timestamp, answer.leader_epoch)
                elif answer.error_code == ErrorCode.TOPIC_AUTHORIZATION_FAILED:
                    unauthorized.append(topic.name)
                elif answer.error_code != ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT:
                    # kafka-python asks again whatever the error is, until the time is over.
                    retry.append(tp)
        if unauthorized:
            raise TopicAuthorizationFailedError(", ".join(unauthorized))
        return found, retry

    # Resets

    def reset_if_needed(self, timeout_ms: float | None = None) -> Task[None] | None:
        """Look up the positions that await a reset, in the background; the running task, or None.

        Raises:
            KafkaError: what an earlier reset failed with for good.
        """
        error, self._reset_error = self._reset_error, None
        if error is not None:
            raise error
        if self._resetting is not None and not self._resetting.done():
            return self._resetting
        if not self._subscription.unsettled or not self._subscription.awaiting_reset():
            return None
        self._resetting = self._scheduler.spawn(self._reset(timeout_ms), f"{self._client.address} reset")
        return self._resetting

    async def _reset(self, timeout_ms: float | None) -> None:
        scheduler, subscription = self._scheduler, self._subscription
        deadline_ms = self._deadline(timeout_ms)
        while not self._client.closed and remaining_ms(scheduler, deadline_ms) != 0:
            due = subscription.needing_reset(scheduler.now_ms)
            if not due:
                waiting = subscription.awaiting_reset()
                if not waiting:
                    break
                await self._sleep_until_retry(waiting, deadline_ms)
                continue
            strategies = {tp: subscription.assignment[tp].reset_strategy or 0 for tp in due}
            try:
                found, again = await self._ask_leaders(strategies, deadline_ms)
            except StaleMetadata:
                await wait_until(scheduler, self._client.request_metadata_update(), deadline_ms)
                continue
            except RetriableError:
                found, again = {}, strategies
                self._client.request_metadata_update()
            except KafkaError as error:
                self._reset_error = error
                break
            if self._apply_resets(found, strategies):
                self._wake()
            self._retry_later(again, scheduler.now_ms + self._client.retry_backoff_ms)
        self._wake()

    def _apply_resets(self, found: Found, strategies: dict[TopicPartition, int]) -> bool:
        applied = False
        for tp, offset in found.items():
            state = self._subscription.assignment.get(tp)
            # The partition may be gone, or the application may have sought elsewhere meanwhile.
            if state is not None and state.reset_strategy == strategies[tp]:
                state.seek(offset.offset)
                applied = True
        return applied

    def _retry_later(self, partitions: Mapping[TopicPartition, object], at_ms: int) -> None:
        for tp in partitions:
            state = self._subscription.assignment.get(tp)
            if state is not None:
                state.retry_at_ms = at_ms

    async def _sleep_until_retry(self, waiting: list[TopicPartition], deadline_ms: Deadline) -> None:
        """Until one of the partitions may be tried again, or the time is over."""
        scheduler, states = self._scheduler, self._subscription.assignment
        delay_ms = min(states[tp].retry_at_ms for tp in waiting) - scheduler.now_ms
        left_ms = remaining_ms(scheduler, deadline_ms)
        await scheduler.sleep(max(0, delay_ms if left_ms is None else min(delay_ms, left_ms)))

    def _deadline(self, timeout_ms: float | None) -> Deadline:
        limit_ms = self._client.request_timeout_ms if timeout_ms is None else timeout_ms
        return deadline_after(self._scheduler, limit_ms)

    # Validation

    def mark_outdated(self) -> None:
        """Have the positions checked whose partition has a newer leader than they know."""
        subscription, metadata = self._subscription, self._client.metadata
        state_of_things = (metadata.updates, subscription.version)
        if state_of_things == (self._validated_update, self._validated_version):
            return
        for tp, state in subscription.assignment.items():
            state.maybe_validate(metadata.leader_epoch_for_partition(tp))
        self._validated_update, self._validated_version = metadata.updates, subscription.version

    def validate_if_needed(self, timeout_ms: float | None = None) -> Task[None] | None:
        """Check the positions that await it, in the background; the running task, or None.

        Raises:
            LogTruncationError: the log was cut off below a position, and there is no reset policy.
        """
        truncation, self._truncation = self._truncation, None
        if truncation is not None:
            raise truncation
        if self._validating is not None and not self._validating.done():
            return self._validating
        if not self._subscription.unsettled or not self._subscription.awaiting_validation():
            return None
        self._validating = self._scheduler.spawn(
            self._validate(timeout_ms), f"{self._client.address} validation"
        )
        return self._validating

    async def _validate(self, timeout_ms: float | None) -> None:
        scheduler, subscription = self._scheduler, self._subscription
        deadline_ms = self._deadline(timeout_ms)
        while (
            not self._client.closed and remaining_ms(scheduler, deadline_ms) != 0 and self._truncation is None
        ):
            due = subscription.needing_validation(scheduler.now_ms)
            if not due:
                waiting = subscription.awaiting_validation()
                if not waiting:
                    break
                await self._sleep_until_retry(waiting, deadline_ms)
                continue
            positions = {
                tp: position for tp in due if (position := subscription.assignment[tp].position) is not None
            }
            await self._validate_positions(positions, deadline_ms)
            again = {tp: None for tp in positions if tp in subscription.awaiting_validation()}
            self._retry_later(again, scheduler.now_ms + self._client.retry_backoff_ms)
            if again:
                self._client.request_metadata_update()
        self._wake()

    async def _validate_positions(self, positions: Positions, deadline_ms: Deadline) -> None:
        from minikafka.messages.offset_for_leader_epoch import OffsetForLeaderEpochResponse

        by_node = self._by_leader({tp: position.leader_epoch for tp, position in positions.items()})
        asked = [
            self._client.send(node_id, self._leader_epoch_request(epochs))
            for node_id, epochs in by_node.items()
        ]
        for promise in asked:
            if not await wait_until(self._scheduler, promise, deadline_ms):
                continue
            if promise.exception() is None:
                response = promise.result()
                assert isinstance(response, OffsetForLeaderEpochResponse)
                self._read_leader_epochs(response, positions)

    def _leader_epoch_request(self, epochs: Mapping[TopicPartition, int]) -> OffsetForLeaderEpochRequest:
        from minikafka.messages.offset_for_leader_epoch import (
            OffsetForLeaderEpochRequest,
            OffsetForLeaderPartition,
            OffsetForLeaderTopic,
        )

        topics: dict[str, list[OffsetForLeaderPartition]] = {}
        for tp, epoch in epochs.items():
            current = self._client.metadata.leader_epoch_for_partition(tp)
            topics.setdefault(tp.topic, []).append(
                OffsetForLeaderPartition(
                    partition=tp.partition,
                    current_leader_epoch=-1 if current is None else current,
                    leader_epoch=epoch,
                )
            )
        return OffsetForLeaderEpochRequest(
            replica_id=CONSUMER_REPLICA_ID,
            topics=[OffsetForLeaderTopic(topic=name, partitions=listed) for name, listed in topics.items()],
        )

    def _read_leader_epochs(self, response: OffsetForLeaderEpochResponse, positions: Positions) -> None:
        for topic in response.topics:
            for answer in topic.partitions:
                tp = TopicPartition(topic.topic, answer.partition)
                state = self._subscription.assignment.get(tp)
                if (
                    state is not None
                    and answer.error_code == ErrorCode.NONE
                    # The application may have sought elsewhere since the question was asked.
                    and state.position == positions.get(tp)
                ):
                    self._judge(state, answer)

    def _judge(self, state: PartitionState, answer: EpochEndOffset) -> None:
        """Compare a position with where its epoch ends on the leader (SubscriptionState.maybeCompleteValidation)."""
        policy = self._subscription.default_reset_strategy
        if answer.end_offset < 0 or answer.leader_epoch < 0:
            if policy is not None:
                state.reset(policy)
            else:
                self._truncated(state, None)
        elif answer.end_offset < state.offset:
            diverging = OffsetAndMetadata(answer.end_offset, "", answer.leader_epoch)
            if policy is not None:
                state.seek(diverging.offset, diverging.leader_epoch)
            else:
                self._truncated(state, diverging)
        else:
            state.complete_validation(answer.leader_epoch)

    def _truncated(self, state: PartitionState, diverging: OffsetAndMetadata | None) -> None:
        state.complete_validation()
        divergent = {} if self._truncation is None else self._truncation.divergent_offsets
        divergent[state.topic_partition] = diverging
        self._truncation = LogTruncationError(divergent)
