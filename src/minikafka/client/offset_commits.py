"""Committing offsets to a group, and fetching what it has committed."""

from __future__ import annotations

from collections import deque

from minikafka.client.future import Future
from minikafka.client.subscription import is_topic_partition
from minikafka.client.waiting import deadline_after, remaining_ms, wait_until
from minikafka.errors import (
    CommitFailedError,
    CoordinatorNotAvailableError,
    ErrorCode,
    FencedInstanceIdError,
    KafkaError,
    KafkaTimeoutError,
    RebalanceInProgressError,
    RetriableError,
    error_for_code,
)
from minikafka.scheduler import Promise
from minikafka.structs import MemberState, OffsetAndMetadata, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from minikafka.client.consumer_metrics import ConsumerMetrics
    from minikafka.client.consumer_options import ConsumerOptions
    from minikafka.client.coordinator_client import CoordinatorClient
    from minikafka.client.group_membership import GroupMembership
    from minikafka.client.network_client import NetworkClient
    from minikafka.client.subscription import SubscriptionState
    from minikafka.client.waiting import Deadline
    from minikafka.messages.offset_commit import OffsetCommitRequest
    from minikafka.messages.offset_fetch import OffsetFetchRequest
    from minikafka.messages.schema import Response

    Offsets = Mapping[TopicPartition, OffsetAndMetadata]
    Callback = Callable[[Offsets, object], object]

_COORDINATOR_GONE = (
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.REQUEST_TIMED_OUT,
)


def check_offsets(offsets: object) -> None:
    """Check the argument of a commit.

    Raises:
        TypeError: it is no dict of TopicPartition to OffsetAndMetadata.
    """
    if isinstance(offsets, dict):
        wrong = [
            (tp, offset)
            for tp, offset in offsets.items()
            if not is_topic_partition(tp) or type(offset).__name__ != "OffsetAndMetadata"
        ]
        if not wrong:
            return
    else:
        wrong = [offsets]  # type: ignore[list-item]
    raise TypeError(f"offsets must be dict[TopicPartition, OffsetAndMetadata], not {wrong[0]!r}")


class OffsetCommits:
    """Commits and fetches the offsets of one consumer's group.

    Args:
        client: its errors translate what callbacks are given.
        coordinator: the group's coordinator.
        subscription: whether the offsets belong to a member, or to a consumer that assigns itself.
        membership: the member.
        options: retry_backoff_ms, isolation_level and the like.
        metrics: counts, or None.
        wake: called when a callback is due.
    """

    def __init__(
        self,
        client: NetworkClient,
        coordinator: CoordinatorClient,
        subscription: SubscriptionState,
        membership: GroupMembership,
        options: ConsumerOptions,
        metrics: ConsumerMetrics | None,
        wake: Callable[[], object],
    ) -> None:
        self._client = client
        self._scheduler = client.scheduler
        self._coordinator = coordinator
        self._subscription = subscription
        self._membership = membership
        self._options = options
        self._metrics = metrics
        self._wake = wake
        self._completed: deque[tuple[Callback, Offsets, object]] = deque()
        self._fenced = False

    # Committing

    def run_callbacks(self) -> None:
        """Call the callbacks of commits that have completed, the last one first, as kafka-python does.

        Raises:
            FencedInstanceIdError: an asynchronous commit has found another member with this group_instance_id.
        """
        if self._fenced:
            raise FencedInstanceIdError(
                f"group_instance_id={self._options.group_instance_id!r} belongs to another consumer by now"
            )
        while self._completed:
            callback, offsets, outcome = self._completed.popleft()
            with self._client.driver.released():
                callback(offsets, outcome)

    async def commit(self, offsets: Offsets, timeout_ms: float | None) -> None:
        """Commit, again and again until it succeeds or fails for good.

        Args:
            offsets: what to commit; nothing at all succeeds at once.
            timeout_ms: how long to try; None means request_timeout_ms.

        Raises:
            KafkaTimeoutError: it did not succeed in time.
            CommitFailedError: the partitions belong to somebody else by now.
        """
        if not offsets:
            return
        if timeout_ms is None:
            timeout_ms = self._options.request_timeout_ms
        deadline_ms = deadline_after(self._scheduler, timeout_ms)
        while True:
            await self._coordinator.ensure_ready(deadline_ms)
            committed = self.send(offsets)
            error: BaseException | None = None
            if await wait_until(self._scheduler, committed, deadline_ms):
                error = committed.exception()
                if error is None:
                    return
                if not isinstance(error, RetriableError):
                    raise error
            await self._back_off(deadline_ms)
            if remaining_ms(self._scheduler, deadline_ms) == 0:
                reason = error or "the coordinator did not answer"
                raise KafkaTimeoutError(f"Failed to commit {dict(offsets)} within {timeout_ms} ms: {reason}")

    async def _back_off(self, deadline_ms: Deadline) -> None:
        left_ms = remaining_ms(self._scheduler, deadline_ms)
        delay_ms = self._options.retry_backoff_ms
        await self._scheduler.sleep(delay_ms if left_ms is None else min(delay_ms, left_ms))

    def commit_async(self, offsets: Offsets, callback: Callback) -> Future:
        """Commit once, without waiting; `callback(offsets, outcome)` runs within a later call of the consumer.

        The outcome is None, or the exception.
        """
        future = Future()
        if self._coordinator.current() is not None:
            self._commit_soon(offsets, callback, future)
        else:
            # No retries, which could let commits overtake one another.
            self._coordinator.look_up().add_callback(
                lambda found: self._found(found, offsets, callback, future)
            )
        return future

    def _found(self, found: Promise[int], offsets: Offsets, callback: Callback, future: Future) -> None:
        error = found.exception()
        if error is None:
            self._commit_soon(offsets, callback, future)
        else:
            self._complete(error, offsets, callback, future)

    def _commit_soon(self, offsets: Offsets, callback: Callback, future: Future) -> None:
        self.send(offsets).add_callback(
            lambda done: self._complete(done.exception(), offsets, callback, future)
        )

    def _complete(
        self, error: BaseException | None, offsets: Offsets, callback: Callback, future: Future
    ) -> None:
        if isinstance(error, FencedInstanceIdError):
            self._fenced = True
        if error is None:
            self._completed.appendleft((callback, offsets, None))
            future.success(None)
        else:
            translated = self._client.errors.translate(error)
            self._completed.appendleft((callback, offsets, translated))
            future.failure(translated)
        self._wake()

    def send(self, offsets: Offsets) -> Promise[None]:
        """Send one commit; the promise fails with what the coordinator, or the member's state, has against it."""
        if not offsets:
            return Promise.resolved(None)
        if self._coordinator.current() is None:
            return Promise.failed(
                CoordinatorNotAvailableError(f"the coordinator of {self._coordinator.group_id!r} is unknown")
            )
        membership = self._membership
        auto_assigned = self._subscription.auto_assigned
        if auto_assigned and membership.state != MemberState.STABLE:
            return Promise.failed(_not_a_member(membership.state, offsets))
        sent_ms = self._scheduler.now_ms
        outcome: Promise[None] = Promise()
        self._coordinator.send(self._commit_request(offsets, auto_assigned)).add_callback(
            lambda done: self._committed(done, sent_ms, offsets, outcome)
        )
        return outcome

    def _commit_request(self, offsets: Offsets, auto_assigned: bool) -> OffsetCommitRequest:
        from minikafka.messages.offset_commit import (
            OffsetCommitRequest,
            OffsetCommitRequestPartition,
            OffsetCommitRequestTopic,
        )

        topics: dict[str, list[OffsetCommitRequestPartition]] = {}
        for (topic, partition), offset in offsets.items():
            topics.setdefault(topic, []).append(
                OffsetCommitRequestPartition(
                    partition_index=partition,
                    committed_offset=offset.offset,
                    committed_leader_epoch=offset.leader_epoch,
                    committed_metadata=offset.metadata,
                )
            )
        generation = self._membership.generation
        return OffsetCommitRequest(
            group_id=self._coordinator.group_id,
            generation_id_or_member_epoch=generation.generation_id if auto_assigned else -1,
            member_id=generation.member_id if auto_assigned else "",
            group_instance_id=self._options.group_instance_id,
            topics=[
                OffsetCommitRequestTopic(name=name, partitions=listed) for name, listed in topics.items()
            ],
        )

    def _committed(
        self, done: Promise[Response], sent_ms: int, offsets: Offsets, outcome: Promise[None]
    ) -> None:
        error = done.exception()
        if error is None:
            if self._metrics is not None:
                self._metrics.committed(self._scheduler.now_ms - sent_ms)
            error = self._judge(done.result(), offsets)
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(error)

    def _judge(self, response: Response, offsets: Offsets) -> KafkaError | None:
        """What a commit's answer means; the first error counts."""
        for topic in response.topics:  # type: ignore[attr-defined]
            for partition in topic.partitions:
                if partition.error_code != ErrorCode.NONE:
                    tp = TopicPartition(topic.name, partition.partition_index)
                    return self._commit_failed(partition.error_code, tp, offsets.get(tp))
        return None

    def _commit_failed(self, code: int, tp: TopicPartition, offset: OffsetAndMetadata | None) -> KafkaError:
        membership = self._membership
        error = error_for_code(code, f"group {self._coordinator.group_id!r} cannot commit {offset} of {tp}")
        if code in _COORDINATOR_GONE:
            self._coordinator.dead()
        elif code == ErrorCode.REBALANCE_IN_PROGRESS:
            membership.request_rejoin()
            return CommitFailedError(error)
        elif code in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION):
            membership.reset_generation(
                membership.generation.member_id if code == ErrorCode.ILLEGAL_GENERATION else ""
            )
            return CommitFailedError(error)
        return error

    # Fetching

    async def fetch(
        self, partitions: Iterable[TopicPartition], timeout_ms: float | None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """What the group has committed; partitions without a commit are left out.

        Raises:
            KafkaTimeoutError: no answer came in time.
            GroupAuthorizationFailedError ...: the coordinator refuses for good.
        """
        wanted = list(partitions)
        if not wanted:
            return {}
        deadline_ms = deadline_after(self._scheduler, timeout_ms)
        request = self._fetch_request(wanted)
        while True:
            error: KafkaError | None = None
            if await self._coordinator.ensure_ready(deadline_ms):
                answer = self._coordinator.send(request)
                if await wait_until(self._scheduler, answer, deadline_ms):
                    try:
                        return self._fetched(answer.result())
                    except RetriableError as failure:
                        error = failure
            if remaining_ms(self._scheduler, deadline_ms) == 0:
                raise KafkaTimeoutError(
                    f"Failed to fetch the committed offsets of {', '.join(map(str, wanted))} "
                    f"within {timeout_ms} ms: {error or 'the coordinator did not answer'}"
                )
            await self._back_off(deadline_ms)

    def _fetch_request(self, partitions: list[TopicPartition]) -> OffsetFetchRequest:
        from minikafka.messages.offset_fetch import (
            OffsetFetchRequest,
            OffsetFetchRequestGroup,
            OffsetFetchRequestTopics,
        )

        topics: dict[str, list[int]] = {}
        for topic, partition in partitions:
            topics.setdefault(topic, []).append(partition)
        group = OffsetFetchRequestGroup(
            group_id=self._coordinator.group_id,
            topics=[
                OffsetFetchRequestTopics(name=name, partition_indexes=listed)
                for name, listed in topics.items()
            ],
        )
        return OffsetFetchRequest(groups=[group], require_stable=self._options.isolation_level == 1)

    def _fetched(self, response: Response) -> dict[TopicPartition, OffsetAndMetadata]:
        from minikafka.messages.offset_fetch import OffsetFetchResponse

        assert isinstance(response, OffsetFetchResponse)
        group = response.groups[0]
        self._raise_fetch_error(group.error_code, "")
        offsets = {}
        for topic in group.topics:
            for answer in topic.partitions:
                tp = TopicPartition(topic.name, answer.partition_index)
                if answer.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
                    continue
                self._raise_fetch_error(answer.error_code, f" for {tp}")
                if answer.committed_offset >= 0:
                    offsets[tp] = OffsetAndMetadata(
                        answer.committed_offset, answer.metadata, answer.committed_leader_epoch
                    )
        return offsets

    def _raise_fetch_error(self, code: int, what: str) -> None:
        if code == ErrorCode.NONE:
            return
        if code in _COORDINATOR_GONE:
            self._coordinator.dead()
        raise error_for_code(code, f"group {self._coordinator.group_id!r} cannot fetch its offsets{what}")


def _not_a_member(state: str, offsets: Offsets) -> KafkaError:
    if state == MemberState.REBALANCING:
        return RebalanceInProgressError(
            f"Offset commit of {dict(offsets)} cannot be completed since the consumer is undergoing a rebalance "
            "for auto partition assignment. You can try completing the rebalance by calling poll() and then retry "
            "the operation."
        )
    return CommitFailedError(
        f"Offset commit of {dict(offsets)} cannot be completed since the consumer is not part of an active group "
        "for auto partition assignment; it is likely that the consumer was kicked out of the group."
    )
