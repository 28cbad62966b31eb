"""The cooperative sticky assignor: sticky, in two rounds, so that nobody stops reading what it keeps (KIP-429)."""

from __future__ import annotations

from minikafka.client.assignors.abstract import Assignment, RebalanceProtocol, Subscription
from minikafka.client.assignors.sticky import StickyPartitionAssignor
from minikafka.client.assignors.sticky_assignment import Claim

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.client.assignors.sticky_assignment import StickyAssignment
    from minikafka.structs import TopicPartition


class CooperativeStickyAssignor(StickyPartitionAssignor):
    """A partition that changes hands is withheld in the first round; its owner revokes it and rejoins."""

    name = "cooperative-sticky"
    version = 1

    def supported_protocols(self) -> list[RebalanceProtocol]:
        """Only the cooperative one."""
        return [RebalanceProtocol.COOPERATIVE]

    def metadata(self, topics: Iterable[str]) -> Subscription:
        """The owned partitions travel in a field of their own."""
        return Subscription(self.version, sorted(topics), b"", self.member_assignment or ())

    def claim_of(self, metadata: Subscription) -> Claim:
        """What a member claims to own."""
        return Claim(metadata.topics, metadata.owned_partitions, metadata.generation_id)

    def _assignments(self, run: StickyAssignment, claims: dict[str, Claim]) -> dict[str, Assignment]:
        owners: dict[TopicPartition, str] = {}
        for member, claim in claims.items():
            owners.update(dict.fromkeys(claim.partitions, member))
        for member in claims:
            run.owned[member] = [tp for tp in run.owned[member] if owners.get(tp, member) == member]
        return super()._assignments(run, claims)

    def on_lost(self) -> None:
        """Somebody else may own the partitions now: claiming them would only hold them back."""
        self.forget()
