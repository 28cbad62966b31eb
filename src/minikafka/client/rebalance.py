"""What a rebalance does to a consumer: auto-commit, listeners, assignment (kafka-python's ConsumerCoordinator).

Runs within `poll`, in the application's thread; under an eager protocol everything is revoked before the member
joins again, under the cooperative one only what the new assignment takes away (KIP-429).
"""

from __future__ import annotations

from minikafka.client.assignors.abstract import Assignment, RebalanceProtocol
from minikafka.errors import KafkaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.client.assignors.abstract import Member
    from minikafka.client.autocommit import AutoCommit
    from minikafka.client.consumer_options import ConsumerOptions
    from minikafka.client.group_membership import Generation, GroupMembership
    from minikafka.client.metadata import ClusterMetadata
    from minikafka.client.network_client import NetworkClient
    from minikafka.client.subscription import SubscriptionState
    from minikafka.client.waiting import Deadline
    from minikafka.structs import TopicPartition

    Snapshot = dict[str, set[int]]


class Rebalance:
    """Prepares, completes and calls for the rebalances of one member.

    Args:
        client: its metadata is watched for changes of the subscribed topics.
        subscription: the consumer's partitions, positions and listener.
        membership: the member.
        autocommit: commits before partitions are given up.
        options: assignors and rebalance protocol.
    """

    def __init__(
        self,
        client: NetworkClient,
        subscription: SubscriptionState,
        membership: GroupMembership,
        autocommit: AutoCommit,
        options: ConsumerOptions,
    ) -> None:
        self._client = client
        self._subscription = subscription
        self._membership = membership
        self._autocommit = autocommit
        self._cooperative = options.rebalance_protocol is RebalanceProtocol.COOPERATIVE
        self._assignors = options.assignors
        self._is_leader = False
        self._snapshot: Snapshot = {}
        self._assigned_by: Snapshot | None = None
        self.joined_subscription: set[str] = set()

    # When

    def rejoin_needed(self) -> bool:
        """Whether the member has to join (again)."""
        if not self._subscription.auto_assigned:
            return False
        # The leader has assigned by metadata that is out of date.
        assigned_by = self._assigned_by
        if assigned_by is not None and assigned_by is not self._snapshot and assigned_by != self._snapshot:
            return True
        if self.joined_subscription != self._subscription.subscription:
            return True
        return self._membership.rejoin_needed

    def metadata_changed(self, metadata: ClusterMetadata) -> None:
        """Note the partitions of the topics that the group watches."""
        snapshot = {
            topic: metadata.partitions_for_topic(topic) or set()
            for topic in self._subscription.group_subscription
        }
        if snapshot != self._snapshot:
            self._snapshot = snapshot

    def lead(self, members: list[Member]) -> None:
        """This member leads: it watches the topics of all members from now on."""
        topics = dict.fromkeys(topic for member in members for topic in member.metadata.topics)
        self._subscription.group_subscribe(topics)
        metadata = self._client.metadata
        metadata.set_topics(self._subscription.group_subscription)
        self._client.request_metadata_update()
        self._is_leader = True
        self._assigned_by = self._snapshot

    # Before

    async def prepare(self, deadline_ms: Deadline) -> None:
        """Commit and revoke before the member joins.

        Raises:
            KafkaError: what a listener raised is its cause; everything else has been done nevertheless.
        """
        subscription = self._subscription
        if self._membership.generation.is_lost and subscription.assignment:
            await self._lose()
            return
        await self._autocommit.before_rebalance(deadline_ms)
        error = None
        owned = subscription.assigned_partitions()
        if not self._cooperative:
            if subscription.listener is not None:
                subscription.mark_pending_revocation(owned)
                error = await self._tell("on_partitions_revoked", owned)
        else:
            topics = subscription.subscription or set()
            revoked = {tp for tp in owned if tp.topic not in topics}
            if revoked:
                subscription.mark_pending_revocation(revoked)
                error = await self._tell("on_partitions_revoked", revoked)
                subscription.assign_from_subscribed(sorted(owned - revoked))
        self._resign()
        _raise_listener_error(error)

    async def _lose(self) -> None:
        """The group has thrown the member out: others may have the partitions already."""
        subscription = self._subscription
        lost = subscription.assigned_partitions()
        subscription.mark_pending_revocation(lost)
        error = await self._tell("on_partitions_lost", lost)
        subscription.assign_from_subscribed([])
        for assignor in self._assignors.values():
            assignor.on_lost()
        self._resign()
        _raise_listener_error(error)

    def _resign(self) -> None:
        self._is_leader = False
        if self._subscription.auto_assigned:
            self._subscription.reset_group_subscription()

    # After

    async def complete(self, generation: Generation, encoded: bytes) -> None:
        """Take over what the leader has assigned.

        Raises:
            KafkaError: what a listener raised is its cause; everything else has been done nevertheless.
        """
        if not self._is_leader:
            self._assigned_by = None
        subscription = self._subscription
        assignor = self._membership.assignor(generation.protocol)
        assignment = Assignment.decode(encoded)
        owned = subscription.assigned_partitions()
        partitions = assignment.partitions()
        try:
            subscription.assign_from_subscribed(sorted(partitions) if self._cooperative else partitions)
        except ValueError:
            # The subscription has changed since, or a topic was deleted.
            self._membership.request_rejoin()
            return
        assignor.on_assignment(assignment, generation.generation_id)
        self._autocommit.start_over()
        if not self._cooperative:
            _raise_listener_error(await self._tell("on_partitions_assigned", set(partitions)))
            return
        revoked, added = owned - set(partitions), set(partitions) - owned
        error = await self._tell("on_partitions_revoked", revoked) if revoked else None
        if added:
            error = await self._tell("on_partitions_assigned", added) or error
        if revoked:
            # Second phase: only now may their new owners have them.
            self._membership.request_rejoin()
        _raise_listener_error(error)

    async def close(self) -> None:
        """Revoke everything, for the consumer is closing.

        Raises:
            KafkaError: what a listener raised is its cause.
        """
        subscription = self._subscription
        revoked = subscription.assigned_partitions()
        if not subscription.auto_assigned or not revoked:
            return
        method = "on_partitions_lost" if self._membership.generation.is_lost else "on_partitions_revoked"
        subscription.mark_pending_revocation(revoked)
        error = await self._tell(method, revoked)
        subscription.assign_from_subscribed([])
        self._resign()
        _raise_listener_error(error)

    async def _tell(self, method: str, partitions: Iterable[TopicPartition]) -> Exception | None:
        """Call a method of the listener, if there is one; what it raises is returned."""
        listener = self._subscription.listener
        if listener is None:
            return None
        try:
            with self._client.driver.released():
                told = getattr(listener, method)(partitions)
            if hasattr(told, "__await__"):
                await told
        except Exception as error:
            return error
        return None


def _raise_listener_error(error: Exception | None) -> None:
    if error is not None:
        raise KafkaError(f"User rebalance callback throws an error: {error!r}") from error
