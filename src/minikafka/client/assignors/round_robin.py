"""The round-robin assignor: all partitions of all topics in turn to all members."""

from __future__ import annotations

from itertools import cycle

from minikafka.client.assignors.abstract import AbstractPartitionAssignor, Assignment, static_members_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.client.assignors.abstract import Cluster, Member


class RoundRobinPartitionAssignor(AbstractPartitionAssignor):
    """Deals partitions out like cards; members that do not subscribe to a topic are passed over.

    Mirrors kafka-python's RoundRobinPartitionAssignor.
    """

    name = "roundrobin"

    def assign(self, cluster: Cluster, members: list[Member]) -> dict[str, Assignment]:
        """See `AbstractPartitionAssignor.assign`."""
        topics = {topic for member in members for topic in member.metadata.topics}
        subscriptions = {member.member_id: frozenset(member.metadata.topics) for member in members}
        assigned: dict[str, dict[str, list[int]]] = {member.member_id: {} for member in members}
        turns = cycle(
            member_id
            for _, member_id in static_members_first(
                (each.group_instance_id, each.member_id) for each in members
            )
        )
        for topic in sorted(topics):
            for partition in sorted(cluster.partitions_for_topic(topic) or ()):
                # Somebody subscribes to the topic, so the search ends.
                member_id = next(turns)
                while topic not in subscriptions[member_id]:
                    member_id = next(turns)
                assigned[member_id].setdefault(topic, []).append(partition)
        return {
            member_id: Assignment(self.version, sorted(by_topic.items()))
            for member_id, by_topic in assigned.items()
        }
