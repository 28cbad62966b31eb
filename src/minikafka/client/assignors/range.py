"""The range assignor: topic by topic, consecutive partitions to members in order."""

from __future__ import annotations

from minikafka.client.assignors.abstract import AbstractPartitionAssignor, Assignment, static_members_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.client.assignors.abstract import Cluster, Member


class RangePartitionAssignor(AbstractPartitionAssignor):
    """Splits each topic's partitions into ranges; the first members get one more if it does not come out even.

    Mirrors kafka-python's RangePartitionAssignor (Java's without the rack-aware part of KIP-881).
    """

    name = "range"

    def assign(self, cluster: Cluster, members: list[Member]) -> dict[str, Assignment]:
        """See `AbstractPartitionAssignor.assign`."""
        consumers: dict[str, list[tuple[str | None, str]]] = {}
        for member in members:
            for topic in member.metadata.topics:
                consumers.setdefault(topic, []).append((member.group_instance_id, member.member_id))
        assigned: dict[str, list[tuple[str, list[int]]]] = {member.member_id: [] for member in members}
        for topic in sorted(consumers):
            known = cluster.partitions_for_topic(topic)
            if known is None:
                continue
            partitions = sorted(known)
            ordered = static_members_first(consumers[topic])
            each, extra = divmod(len(partitions), len(ordered))
            start = 0
            for index, (_, member_id) in enumerate(ordered):
                end = start + each + (index < extra)
                assigned[member_id].append((topic, partitions[start:end]))
                start = end
        return {member_id: Assignment(self.version, topics) for member_id, topics in assigned.items()}
