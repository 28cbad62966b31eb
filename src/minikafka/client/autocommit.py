"""Automatic commits of consumed positions: while polling, before a rebalance, and at the end."""

from __future__ import annotations

from minikafka.errors import KafkaError, RetriableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.client.consumer_options import ConsumerOptions
    from minikafka.client.coordinator_client import CoordinatorClient
    from minikafka.client.offset_commits import OffsetCommits
    from minikafka.client.subscription import SubscriptionState
    from minikafka.client.waiting import Deadline
    from minikafka.scheduler import Scheduler
    from minikafka.structs import OffsetAndMetadata, TopicPartition


class AutoCommit:
    """Commits positions every auto_commit_interval_ms, within `poll` (kafka-python's semantics).

    A position is where the application stands: after the last record that `poll` has returned, or that the
    iterator has yielded (it advances before it yields, so a handler that raises has its record committed by
    `close`).
    """

    def __init__(
        self,
        scheduler: Scheduler,
        options: ConsumerOptions,
        coordinator: CoordinatorClient,
        subscription: SubscriptionState,
        commits: OffsetCommits,
    ) -> None:
        self._scheduler = scheduler
        self._options = options
        self._coordinator = coordinator
        self._subscription = subscription
        self._commits = commits
        self.enabled: bool = options.enable_auto_commit
        self._next_ms = scheduler.now_ms + options.auto_commit_interval_ms

    @property
    def deadline_ms(self) -> int | None:
        """When `maybe_commit` has something to do next; None: never."""
        return self._next_ms + 1 if self.enabled else None

    def start_over(self) -> None:
        """The interval begins anew: there is a new assignment."""
        self._next_ms = self._scheduler.now_ms + self._options.auto_commit_interval_ms

    def maybe_commit(self) -> None:
        """Commit in the background, if the interval is over."""
        if not self.enabled:
            return
        now_ms = self._scheduler.now_ms
        if self._coordinator.current() is None:
            self._next_ms = now_ms + self._options.retry_backoff_ms
        elif now_ms > self._next_ms:
            self._next_ms = now_ms + self._options.auto_commit_interval_ms
            self._commit_async()

    def commit_now(self) -> None:
        """Commit in the background, for the assignment is about to be replaced by hand."""
        if self.enabled and self._coordinator.current() is not None:
            self._commits.run_callbacks()
            self._commit_async()

    def _commit_async(self) -> None:
        self._commits.commit_async(self._subscription.all_consumed(), self._committed)

    def _committed(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], outcome: object) -> None:
        if isinstance(outcome, Exception) and is_retriable_error(outcome):
            self._next_ms = min(self._scheduler.now_ms + self._options.retry_backoff_ms, self._next_ms)
        self._options.default_offset_commit_callback(offsets, outcome)

    async def before_rebalance(self, deadline_ms: Deadline) -> None:
        """Commit, and wait for it; a failure costs duplicates, and is passed over."""
        left_ms = None if deadline_ms is None else deadline_ms - self._scheduler.now_ms
        await self.commit_sync(left_ms)

    async def commit_sync(self, timeout_ms: float | None) -> None:
        """Commit, and wait for it; a failure costs duplicates, and is logged."""
        if not self.enabled:
            return
        try:
            await self._commits.commit(self._subscription.all_consumed(), timeout_ms)
        except KafkaError as error:
            from minikafka.logs import logger

            logger("client.consumer").warning(
                "Offset commit failed: this is likely to cause duplicate message delivery: %s", error
            )


def is_retriable_error(error: Exception) -> bool:
    """Whether an error may pass; errors of a patched kafka-python are told by their bases' names."""
    return isinstance(error, RetriableError) or any(
        base.__name__ == "RetriableError" for base in type(error).__mro__
    )
