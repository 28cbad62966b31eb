"""`ConsumerCore`: the consumer's machine, as coroutines; `minikafka.consumer.KafkaConsumer` is its face."""

from __future__ import annotations

from minikafka.client.autocommit import AutoCommit
from minikafka.client.consumer_metrics import ConsumerMetrics
from minikafka.client.coordinator_client import CoordinatorClient
from minikafka.client.deserializers import bind_deserializer
from minikafka.client.fetcher import Fetcher
from minikafka.client.group_membership import GroupMembership
from minikafka.client.network_client import NetworkClient
from minikafka.client.offset_commits import OffsetCommits
from minikafka.client.offsets import OffsetResolver
from minikafka.client.options import milliseconds
from minikafka.client.partition_records import RecordReader
from minikafka.client.rebalance import Rebalance
from minikafka.client.subscription import SubscriptionState
from minikafka.client.waiting import deadline_after, keep, remaining_ms, wait_until
from minikafka.errors import (
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    StuckError,
    TopicAuthorizationFailedError,
)
from minikafka.scheduler import Promise
from minikafka.structs import ConsumerGroupMetadata, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from typing import Any, TypeVar

    from minikafka.client.consumer_options import ConsumerOptions
    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.client.future import Future
    from minikafka.client.metadata import ClusterMetadata
    from minikafka.client.waiting import Deadline
    from minikafka.errors import ErrorTable
    from minikafka.ports import Driver, Endpoint
    from minikafka.scheduler import Scheduler
    from minikafka.structs import OffsetAndMetadata, OffsetAndTimestamp

    Records = dict[TopicPartition, list[ConsumerRecord]]
    T = TypeVar("T")


MAX_VIRTUAL_POLL_MS = 3600 * 1000
"""An unbounded poll that finds nothing for a virtual hour is a hang; the test is told instead, within a second."""


MAX_VIRTUAL_CALL_MS = 3600 * 1000
"""The same for an unbounded call that asks again and again and gets no answer."""


class GroupClient:
    """All that a consumer needs of its group: who coordinates it, membership, commits."""

    __slots__ = ("autocommit", "commits", "coordinator", "membership", "rebalance")

    def __init__(self, core: ConsumerCore, group_id: str) -> None:
        client, options, subscription = core.client, core.options, core.subscription
        self.coordinator: CoordinatorClient = CoordinatorClient(client, group_id, self._found)
        self.membership: GroupMembership = GroupMembership(
            client, self.coordinator, subscription, options, core.metrics, core.wake
        )
        self.commits: OffsetCommits = OffsetCommits(
            client, self.coordinator, subscription, self.membership, options, core.metrics, core.wake
        )
        self.autocommit: AutoCommit = AutoCommit(
            core.scheduler, options, self.coordinator, subscription, self.commits
        )
        self.rebalance: Rebalance = Rebalance(client, subscription, self.membership, self.autocommit, options)
        self.membership.rebalance = self.rebalance

    def _found(self) -> None:
        self.membership.heartbeat.reset()


class ConsumerCore:
    """Everything a consumer does, without its face.

    Args:
        endpoint: the cluster.
        options: the checked options.
        errors: the exception classes that callbacks are given.

    Methods raise minikafka's own exceptions; `KafkaConsumer` translates.
    """

    def __init__(self, endpoint: Endpoint, options: ConsumerOptions, errors: ErrorTable) -> None:
        config = options.config
        self.options = options
        self.driver: Driver = endpoint.driver
        self.scheduler: Scheduler = endpoint.scheduler
        self.client: NetworkClient = NetworkClient(endpoint, "consumer", config, errors)
        if config["client_id"] is None:
            config["client_id"] = self.client.client_id
        self.subscription: SubscriptionState = SubscriptionState(
            options.auto_offset_reset, self.scheduler.random
        )
        self.metrics: ConsumerMetrics | None = None
        if config["metrics_enabled"]:
            self.metrics = self._make_metrics()
        reader = RecordReader(
            bind_deserializer(config["key_deserializer"], "key_deserializer"),
            bind_deserializer(config["value_deserializer"], "value_deserializer"),
            options.isolation_level,
            bool(config["check_crcs"]),
            self.driver.released,
        )
        self.fetcher: Fetcher = Fetcher(
            self.client, self.subscription, options, reader, self.metrics, self.wake
        )
        self.resolver: OffsetResolver = OffsetResolver(
            self.client, self.subscription, options.isolation_level, self.wake
        )
        self.group: GroupClient | None = (
            None if options.group_id is None else GroupClient(self, options.group_id)
        )
        self.closed: bool = False
        self._is_virtual = self.driver.clock_name() == "virtual"
        self._changes = 0
        self._waiter: Promise[None] | None = None
        self._metadata_error: KafkaError | None = None
        self._local_snapshot: dict[str, set[int]] | None = None
        self.client.metadata.add_listener(self._metadata_changed)
        if self.metrics is not None and self.group is not None:
            self._add_group_metrics(self.metrics, self.group)

    def _make_metrics(self) -> ConsumerMetrics:
        config = self.options.config
        return ConsumerMetrics(
            self.client,
            int(config["metrics_num_samples"]),
            milliseconds(config["metrics_sample_window_ms"]),
            config["metric_reporters"],
            str(config["metric_group_prefix"]),
            self.options.group_id is not None,
        )

    def _add_group_metrics(self, metrics: ConsumerMetrics, group: GroupClient) -> None:
        heartbeat, scheduler = group.membership.heartbeat, self.scheduler
        metrics.add(
            "last-heartbeat-seconds-ago",
            metrics.coordinator_group,
            "The number of seconds since the last heartbeat was sent",
            lambda: (scheduler.now_ms - heartbeat.last_send_ms) / 1000,
        )
        metrics.add(
            "assigned-partitions",
            metrics.coordinator_group,
            "The number of partitions currently assigned to this consumer",
            lambda: len(self.subscription.assignment),
        )

    def wake(self) -> None:
        """Something has changed that `poll` has to look at."""
        self._changes += 1
        if self._waiter is not None:
            keep(self._waiter)

    async def bootstrap(self, timeout_ms: float | None) -> None:
        """Fetch the first metadata. Raises KafkaTimeoutError."""
        await self.for_ever(self.client.bootstrap, timeout_ms)

    # Metadata

    def _metadata_changed(self, metadata: ClusterMetadata) -> None:
        subscription = self.subscription
        if metadata.unauthorized_topics:
            names = ", ".join(sorted(metadata.unauthorized_topics))
            self._metadata_error = TopicAuthorizationFailedError(f"not authorized to read {names}")
        if subscription.pattern is not None:
            self._match_pattern(metadata)
        if subscription.auto_assigned:
            if self.group is not None:
                self.group.rebalance.metadata_changed(metadata)
            else:
                self._assign_everything(metadata)
        self.fetcher.metadata_changed()
        self.wake()

    def _match_pattern(self, metadata: ClusterMetadata) -> None:
        subscription = self.subscription
        match = subscription.pattern.match if subscription.pattern is not None else None
        known = sorted(metadata.topics(self.options.exclude_internal_topics))
        topics = [topic for topic in known if match is not None and match(topic)]
        if set(topics) != subscription.subscription:
            subscription.change_subscription(topics)
            metadata.set_topics(subscription.group_subscription)

    def _assign_everything(self, metadata: ClusterMetadata) -> None:
        """A subscription without a group means all partitions of the topics."""
        topics = sorted(self.subscription.subscription or ())
        snapshot = {topic: metadata.partitions_for_topic(topic) or set() for topic in topics}
        if snapshot != self._local_snapshot:
            self._local_snapshot = snapshot
            self.subscription.assign_from_subscribed(
                TopicPartition(topic, partition) for topic in topics for partition in sorted(snapshot[topic])
            )

    def _want_topics(self, topics: Iterable[str]) -> None:
        if self.client.metadata.set_topics(topics) and self.client.bootstrapped:
            self.client.request_metadata_update()

    async def refresh_all_metadata(self) -> None:
        """Ask for all topics of the cluster, once."""
        await self.for_ever(self._refresh_all_metadata, None)

    async def _refresh_all_metadata(self, timeout_ms: float | None) -> None:
        metadata = self.client.metadata
        wanted_before = metadata.need_all_topic_metadata
        metadata.need_all_topic_metadata = True
        deadline_ms = deadline_after(self.scheduler, timeout_ms)
        try:
            while True:
                updated = self.client.request_metadata_update()
                if not await wait_until(self.scheduler, updated, deadline_ms):
                    raise KafkaTimeoutError(f"Failed to update metadata within {timeout_ms} ms")
                error = updated.exception()
                if error is None:
                    return
                if not isinstance(error, KafkaError) or not error.retriable or self.client.closed:
                    raise error
        finally:
            metadata.need_all_topic_metadata = wanted_before

    # Subscription

    def subscribe(self, topics: Any, pattern: str | None, listener: Any) -> None:
        """See `SubscriptionState.subscribe`."""
        self.subscription.subscribe(topics, pattern, listener)
        metadata = self.client.metadata
        if pattern is not None and self.subscription.pattern is not None:
            metadata.need_all_topic_metadata = True
            metadata.set_topics([])
            if self.client.bootstrapped:
                self.client.request_metadata_update()
            return
        metadata.need_all_topic_metadata = False
        self._want_topics(self.subscription.group_subscription)
        # The metadata may be there already.
        self._metadata_changed(metadata)

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Read exactly these partitions."""
        if self.group is not None:
            self.group.autocommit.commit_now()
        self.subscription.assign_from_user(partitions)
        self._want_topics(dict.fromkeys(tp.topic for tp in partitions))

    async def unsubscribe(self) -> None:
        """Leave the group and read nothing."""
        if self.group is not None:
            self.group.autocommit.commit_now()
        self.subscription.unsubscribe()
        self._local_snapshot = None
        if self.group is not None:
            await self.group.membership.leave(
                deadline_after(self.scheduler, self.options.request_timeout_ms), "the consumer unsubscribed"
            )
        self.client.metadata.need_all_topic_metadata = False
        self.client.metadata.set_topics([])

    # Polling

    async def poll(self, timeout_ms: float, max_records: int, update_offsets: bool) -> Records:
        """Return records as soon as there are some, or nothing after `timeout_ms`."""
        deadline_ms = deadline_after(self.scheduler, timeout_ms)
        give_up_ms = self.scheduler.now_ms + MAX_VIRTUAL_POLL_MS
        heartbeat = None if self.group is None else self.group.membership.heartbeat
        if heartbeat is not None:
            heartbeat.begin_poll()
        self.fetcher.polling = True
        try:
            while not self.closed:
                seen = self._changes
                records = await self._poll_once(deadline_ms, max_records, update_offsets)
                if records:
                    return records
                if deadline_ms is None or self.scheduler.now_ms < deadline_ms:
                    if deadline_ms is None and self._is_virtual and self.scheduler.now_ms > give_up_ms:
                        # The driver's own limit is for one wait, and auto-commits end a wait every 5 s.
                        raise StuckError(
                            f"waited {MAX_VIRTUAL_POLL_MS // 60_000} virtual minutes for a record: give the poll a "
                            "timeout or the consumer a consumer_timeout_ms, or produce first"
                        )
                    if self._changes == seen:
                        await self._wait_for_change(deadline_ms)
                    continue
                # Let everything happen that needs no time; then look once more, if something has.
                await self.scheduler.sleep(0)
                if self._changes == seen:
                    break
            if timeout_ms == 0 and self._is_virtual and not self.closed:
                # A loop of empty polls takes time in reality; under virtual time it would stop the world.
                await self.scheduler.sleep(1)
            return {}
        finally:
            self.fetcher.polling = False
            if heartbeat is not None:
                heartbeat.end_poll()

    async def _poll_once(self, deadline_ms: Deadline, max_records: int, update_offsets: bool) -> Records:
        if self._metadata_error is not None:
            error, self._metadata_error = self._metadata_error, None
            raise error
        if self.group is not None and not await self._poll_coordinator(self.group, deadline_ms):
            return {}
        subscription, resolver, fetcher = self.subscription, self.resolver, self.fetcher
        resolver.mark_outdated()
        if subscription.unsettled:
            await self._refresh_positions(deadline_ms)
        resolver.reset_if_needed()
        resolver.validate_if_needed()
        records = fetcher.collect(max_records, update_offsets)
        if not fetcher.has_completed:
            fetcher.send_fetches(() if update_offsets else records)
        return records

    async def _poll_coordinator(self, group: GroupClient, deadline_ms: Deadline) -> bool:
        """The group's part of a poll; False if the time is over before the consumer may read."""
        group.commits.run_callbacks()
        if group.coordinator.current() is None and not await group.coordinator.ensure_ready(deadline_ms):
            return False
        if group.rebalance.rejoin_needed():
            if self.subscription.pattern is not None:
                # A topic that came meanwhile should be in the first subscription already (KAFKA-3949).
                updated = self.client.request_metadata_update()
                if not await wait_until(self.scheduler, updated, deadline_ms):
                    return False
            if not await group.membership.ensure_active(deadline_ms):
                return False
        group.autocommit.maybe_commit()
        return True

    async def _refresh_positions(self, deadline_ms: Deadline) -> None:
        """Begin at committed offsets where there are some; let the policy find the other positions.

        Raises:
            NoOffsetForPartitionError: there is no committed offset and no policy.
        """
        subscription = self.subscription
        if subscription.settle():
            return
        missing = subscription.missing_positions()
        if missing and self.group is not None:
            try:
                committed = await self.group.commits.fetch(missing, remaining_ms(self.scheduler, deadline_ms))
            except KafkaTimeoutError:
                return
            for tp, offset in committed.items():
                state = subscription.assignment.get(tp)
                if state is not None and state.missing_position:
                    state.seek(offset.offset)
        subscription.reset_missing_positions()
        subscription.settle()

    async def _wait_for_change(self, deadline_ms: Deadline) -> None:
        until_ms = deadline_ms
        commit_ms = None if self.group is None else self.group.autocommit.deadline_ms
        if commit_ms is not None and (until_ms is None or commit_ms < until_ms):
            until_ms = commit_ms
        waiter: Promise[None] = Promise()
        self._waiter = waiter
        timer = None if until_ms is None else self.scheduler.call_at(until_ms, keep, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    # Offsets

    async def position(self, tp: TopicPartition, timeout_ms: float | None) -> int | None:
        """The next offset of an assigned partition; None if it cannot be found in time."""
        deadline_ms = deadline_after(self.scheduler, timeout_ms)
        await self._refresh_positions(deadline_ms)
        resetting = self.resolver.reset_if_needed(timeout_ms)
        if resetting is not None:
            await wait_until(self.scheduler, resetting, deadline_ms)
        self.resolver.mark_outdated()
        validating = self.resolver.validate_if_needed(timeout_ms)
        if validating is not None:
            await wait_until(self.scheduler, validating, deadline_ms)
        state = self.subscription.assignment.get(tp)
        return None if state is None or state.offset < 0 else state.offset

    async def for_ever(self, call: Callable[[float | None], Awaitable[T]], timeout_ms: float | None) -> T:
        """Make a call that may take for ever; under virtual time that is an hour.

        Raises:
            StuckError: an hour has passed.
        """
        if timeout_ms is not None or not self._is_virtual:
            return await call(timeout_ms)
        try:
            return await call(MAX_VIRTUAL_CALL_MS)
        except KafkaTimeoutError as error:
            raise StuckError(
                f"waited {MAX_VIRTUAL_CALL_MS // 60_000} virtual minutes in vain, give the call a timeout: {error}"
            ) from error

    async def look_up(
        self, timestamps: Mapping[TopicPartition, int], timeout_ms: float | None
    ) -> dict[TopicPartition, OffsetAndTimestamp]:
        """See `OffsetResolver.look_up`; timeout_ms None means request_timeout_ms."""
        if timeout_ms is None:
            timeout_ms = self.options.request_timeout_ms
        return await self.resolver.look_up(timestamps, timeout_ms)

    def required_group(self) -> GroupClient:
        """The group.

        Raises:
            IllegalStateError: the consumer has none.
        """
        if self.group is None:
            raise IllegalStateError("Requires group_id (this consumer has group_id=None)")
        return self.group

    async def commit(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], timeout_ms: float | None
    ) -> None:
        """Commit and wait; see `OffsetCommits.commit`."""
        commits = self.required_group().commits
        commits.run_callbacks()
        await commits.commit(offsets, timeout_ms)

    def commit_async(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], callback: Any) -> Future:
        """Commit without waiting; see `OffsetCommits.commit_async`."""
        commits = self.required_group().commits
        commits.run_callbacks()
        if callback is None:
            callback = self.options.default_offset_commit_callback
        return commits.commit_async(offsets, callback)

    async def committed(self, tp: TopicPartition, timeout_ms: float | None) -> OffsetAndMetadata | None:
        """What the group has committed for a partition, or None."""
        commits = self.required_group().commits
        return (await self.for_ever(lambda limit_ms: commits.fetch([tp], limit_ms), timeout_ms)).get(tp)

    def group_metadata(self) -> ConsumerGroupMetadata:
        """A snapshot of the membership; of nobody without a group."""
        return ConsumerGroupMetadata(None) if self.group is None else self.group.membership.metadata()

    # The end

    async def close(self, autocommit: bool, timeout_ms: float | None) -> None:
        """Commit, revoke, leave and go.

        Raises:
            KafkaError: what a rebalance listener raised is its cause; the consumer is closed nevertheless.
        """
        if timeout_ms is None:
            timeout_ms = self.options.request_timeout_ms
        deadline_ms = deadline_after(self.scheduler, timeout_ms)
        group = self.group
        try:
            if group is not None:
                if autocommit:
                    await group.autocommit.commit_sync(timeout_ms)
                await group.rebalance.close()
        finally:
            if group is not None:
                group.membership.close()
                await group.membership.leave(deadline_ms, "the consumer is being closed")
            self.shut_down()

    def shut_down(self) -> None:
        """Stop on the spot: nothing more is sent, nobody is told."""
        self.closed = True
        if self.group is not None:
            self.group.membership.close()
        self.fetcher.close()
        self.client.metadata.remove_listener(self._metadata_changed)
        self.client.close()
        if self.metrics is not None:
            self.metrics.close()
        self.wake()
