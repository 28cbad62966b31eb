"""From ``partition_assignment_strategy`` to assignors, including kafka-python's own classes and users' own."""

from __future__ import annotations

from minikafka.client.assignors.abstract import AbstractPartitionAssignor, Assignment, RebalanceProtocol
from minikafka.errors import KafkaConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from minikafka.client.assignors.abstract import Cluster, Member, Subscription


def resolve(strategy: Any) -> dict[str, AbstractPartitionAssignor]:
    """The assignors of a ``partition_assignment_strategy``, by name, in order of preference.

    kafka-python's own four are taken as minikafka's; other classes and instances of its shape are adapted.

    Raises:
        KafkaConfigurationError: something in the list is no assignor.
    """
    if isinstance(strategy, (str, bytes)) or not hasattr(strategy, "__iter__"):
        raise KafkaConfigurationError(
            f"partition_assignment_strategy={strategy!r}: expected a list of assignor classes or instances"
        )
    assignors: dict[str, AbstractPartitionAssignor] = {}
    for each in strategy:
        assignor = _resolve_one(each)
        assignors[assignor.name] = assignor
    return assignors


def _resolve_one(given: Any) -> AbstractPartitionAssignor:
    if isinstance(given, AbstractPartitionAssignor):
        return given
    cls = given if isinstance(given, type) else type(given)
    if issubclass(cls, AbstractPartitionAssignor):
        made: AbstractPartitionAssignor = cls()
        return made
    if cls.__module__.startswith("kafka.coordinator.assignors"):
        return _counterpart(cls.__name__, given)
    if not (hasattr(given, "assign") and hasattr(given, "metadata") and hasattr(given, "name")):
        raise KafkaConfigurationError(
            f"partition_assignment_strategy: {given!r} is no assignor: it has no name, assign and metadata"
        )
    return ForeignAssignor(given() if isinstance(given, type) else given)


def _counterpart(name: str, given: Any) -> AbstractPartitionAssignor:
    """minikafka's assignor for one of kafka-python's own; imported on demand, most groups use but one."""
    if name == "RangePartitionAssignor":
        from minikafka.client.assignors.range import RangePartitionAssignor

        return RangePartitionAssignor()
    if name == "RoundRobinPartitionAssignor":
        from minikafka.client.assignors.round_robin import RoundRobinPartitionAssignor

        return RoundRobinPartitionAssignor()
    if name == "StickyPartitionAssignor":
        from minikafka.client.assignors.sticky import StickyPartitionAssignor

        return StickyPartitionAssignor()
    if name == "CooperativeStickyAssignor":
        from minikafka.client.assignors.cooperative_sticky import CooperativeStickyAssignor

        return CooperativeStickyAssignor()
    raise KafkaConfigurationError(f"partition_assignment_strategy: {given!r} has no counterpart in minikafka")


def common_protocol(assignors: dict[str, AbstractPartitionAssignor]) -> RebalanceProtocol:
    """The highest rebalance protocol that all assignors support (KIP-429).

    Raises:
        KafkaConfigurationError: they have none in common.
    """
    common = set(RebalanceProtocol) if assignors else {RebalanceProtocol.EAGER}
    for assignor in assignors.values():
        common &= set(assignor.supported_protocols())
    if not common:
        raise KafkaConfigurationError(
            f"partition_assignment_strategy: {list(assignors)} have no rebalance protocol in common; eager and "
            "cooperative assignors cannot be mixed in one consumer"
        )
    return max(common)


class ForeignAssignor(AbstractPartitionAssignor):
    """An assignor written against kafka-python's base class, of version 2 or 3."""

    def __init__(self, assignor: Any) -> None:
        self._assignor = assignor
        self.name: str = assignor.name

    def supported_protocols(self) -> list[RebalanceProtocol]:
        """What it says; kafka-python 2 knows only the eager protocol."""
        supported = getattr(self._assignor, "supported_protocols", None)
        return (
            [RebalanceProtocol.EAGER]
            if supported is None
            else [RebalanceProtocol(int(p)) for p in supported()]
        )

    def metadata(self, topics: Iterable[str]) -> Subscription:
        """Whatever it makes; it has to have `encode`, as kafka-python's structures have."""
        made: Subscription = self._assignor.metadata(set(topics))
        return made

    def assign(self, cluster: Cluster, members: list[Member]) -> dict[str, Assignment | bytes]:
        """What it decides; kafka-python 2's take their members as a dict of subscriptions."""
        if hasattr(self._assignor, "supported_protocols"):
            assigned = self._assignor.assign(cluster, members)
        else:
            assigned = self._assignor.assign(
                cluster, {each.member_id: _Version2Member(each) for each in members}
            )
        return dict(assigned)

    def on_assignment(self, assignment: Assignment, generation: int) -> None:
        """Told as its version expects it."""
        if hasattr(self._assignor, "supported_protocols"):
            self._assignor.on_assignment(assignment, generation)
        else:
            self._assignor.on_assignment(assignment)


class _Version2Member:
    """A member's subscription in kafka-python 2's shape."""

    __slots__ = ("group_instance_id", "subscription", "topics", "user_data", "version")

    def __init__(self, member: Member) -> None:
        self.group_instance_id = member.group_instance_id
        self.topics = self.subscription = member.metadata.topics
        self.user_data = member.metadata.user_data
        self.version = member.metadata.version
