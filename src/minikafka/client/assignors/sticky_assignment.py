"""The sticky algorithm (KIP-54): as balanced as can be, and moving as little as possible.

Same decisions in the same order as kafka-python's StickyAssignmentExecutor; where that takes whichever
element of a set comes first, this takes the one that was put in first.
"""

from __future__ import annotations

from sortedcontainers import SortedList

from minikafka.client.assignors.partition_movements import PartitionMovements
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.client.assignors.abstract import Cluster


class Claim:
    """What a member subscribes to, what it says it owns, and since which generation (-1: it does not say)."""

    __slots__ = ("generation", "partitions", "topics")

    def __init__(self, topics: list[str], partitions: list[TopicPartition], generation: int) -> None:
        self.topics: list[str] = topics
        self.partitions: list[TopicPartition] = partitions
        self.generation: int = generation


class StickyAssignment:
    """One run of the algorithm; `owned` is its result once `balance` is done."""

    def __init__(self, cluster: Cluster, claims: Mapping[str, Claim]) -> None:
        self.owned: dict[str, list[TopicPartition]] = {}
        self.movements: PartitionMovements = PartitionMovements()
        self._claims = claims
        self._owner: dict[TopicPartition, str] = {}
        self._previous: dict[TopicPartition, str] = {}
        self._read_claims()
        self._fresh = not self.owned
        self._partitions: dict[str, list[TopicPartition]] = {}
        for topic in sorted(cluster.topics().union(*(claim.topics for claim in claims.values()))):
            known = cluster.partitions_for_topic(topic)
            if known is not None:
                self._partitions[topic] = [TopicPartition(topic, index) for index in sorted(known)]
        self._existing = {partition for partitions in self._partitions.values() for partition in partitions}
        self._subscribers: dict[str, list[str]] = {topic: [] for topic in self._partitions}
        self._topics: dict[str, list[str]] = {}
        self._potential: dict[str, int] = {}
        for member, claim in claims.items():
            self._topics[member] = [
                topic for topic in dict.fromkeys(claim.topics) if topic in self._partitions
            ]
            self._potential[member] = sum(len(self._partitions[topic]) for topic in self._topics[member])
            for topic in self._topics[member]:
                self._subscribers[topic].append(member)
            self.owned.setdefault(member, [])
        self._subscribes = {member: frozenset(topics) for member, topics in self._topics.items()}
        self._loads: SortedList[tuple[int, str]] = SortedList()
        self._balanced: bool | None = None

    def _read_claims(self) -> None:
        """Settle who owns what: the claim of the newest generation counts, the next one is remembered."""
        by_partition: dict[TopicPartition, dict[int, str]] = {}
        for member, claim in self._claims.items():
            for partition in claim.partitions:
                claimants = by_partition.setdefault(partition, {})
                # Two claims of one generation: the first is believed.
                if not (claim.generation and claim.generation in claimants):
                    claimants[claim.generation] = member
        for partition, claimants in by_partition.items():
            generations = sorted(claimants, reverse=True)
            owner = claimants[generations[0]]
            self.owned.setdefault(owner, []).append(partition)
            self._owner[partition] = owner
            if len(generations) > 1:
                self._previous[partition] = claimants[generations[1]]

    def _identical_subscriptions(self) -> bool:
        subscribers = list(self._subscribers.values())
        topics = list(self._topics.values())
        return all(each == subscribers[0] for each in subscribers) and all(
            each == topics[0] for each in topics
        )

    # Balancing

    def balance(self) -> None:
        """Assign everything, then move partitions until nothing gets better."""
        order = self._order()
        unassigned, revocation_required = self._drop_invalid(order)
        self._loads = SortedList((len(partitions), member) for member, partitions in self.owned.items())
        initializing = not self._loads or self._loads[-1][0] == 0
        for partition in unassigned:
            self._give_to_least_loaded(partition)
        movable = {topic for topic, subscribers in self._subscribers.items() if len(subscribers) >= 2}
        order = [partition for partition in order if partition.topic in movable]
        unassigned = [partition for partition in unassigned if partition.topic in movable]
        fixed = self._set_fixed_aside(movable)
        before = {member: list(partitions) for member, partitions in self.owned.items()}
        self._balanced = None
        if not revocation_required:
            self._reassign(unassigned)
        moved = self._reassign(order)
        if not initializing and moved and _score(self.owned) >= _score(before):
            self.owned = before
        self.owned.update(fixed)

    def _order(self) -> list[TopicPartition]:
        """All partitions, in the order in which they are tried."""
        by_choice = sorted(
            (len(self._subscribers[topic]), partition)
            for topic, partitions in self._partitions.items()
            for partition in partitions
        )
        everything = [partition for _, partition in by_choice]
        if self._fresh or not self._identical_subscriptions():
            return everything
        # Members in turn, the one with most partitions first, give one of theirs.
        left = {
            member: [each for each in partitions if self._exists(each)]
            for member, partitions in self.owned.items()
        }
        turns: SortedList[tuple[int, str]] = SortedList(
            (len(partitions), m) for m, partitions in left.items()
        )
        order: dict[TopicPartition, None] = {}
        while turns:
            _, member = turns.pop()
            partitions = left[member]
            if not partitions:
                continue
            contested = next((each for each in partitions if each in self._previous), None)
            if contested is None:
                order[partitions.pop()] = None
            else:
                partitions.remove(contested)
                order[contested] = None
            turns.add((len(partitions), member))
        order.update(dict.fromkeys(everything))
        return list(order)

    def _exists(self, partition: TopicPartition) -> bool:
        return partition in self._existing

    def _drop_invalid(self, order: list[TopicPartition]) -> tuple[list[TopicPartition], bool]:
        """Take back what no longer exists or is no longer subscribed; what is unassigned, and whether the latter."""
        unassigned = dict.fromkeys(order)
        revocation_required = False
        for member, partitions in list(self.owned.items()):
            kept = []
            for partition in partitions:
                if not self._exists(partition):
                    del self._owner[partition]
                elif partition.topic not in self._subscribes[member]:
                    revocation_required = True
                    del self._owner[partition]
                else:
                    unassigned.pop(partition, None)
                    kept.append(partition)
            self.owned[member] = kept
        return list(unassigned), revocation_required

    def _give_to_least_loaded(self, partition: TopicPartition) -> None:
        if not self._subscribers[partition.topic]:
            return
        member = self._least_loaded_for(partition)
        self._loads.remove((len(self.owned[member]), member))
        self.owned[member].append(partition)
        self._owner[partition] = member
        self._loads.add((len(self.owned[member]), member))

    def _least_loaded_for(self, partition: TopicPartition) -> str:
        for _, member in self._loads:
            if partition.topic in self._subscribes[member]:
                return str(member)
        raise AssertionError(f"nobody subscribes to {partition.topic}")

    def _set_fixed_aside(self, movable: set[str]) -> dict[str, list[TopicPartition]]:
        """The members that can neither give nor take: they own all they could, and nobody else could own it."""
        fixed = {}
        for member in self._topics:
            partitions = self.owned[member]
            if len(partitions) < self._potential[member]:
                continue
            if any(partition.topic in movable for partition in partitions):
                continue
            self._loads.remove((len(partitions), member))
            fixed[member] = self.owned.pop(member)
        return fixed

    def _is_balanced(self) -> bool:
        loads = self._loads
        if not loads or loads[0][0] >= loads[-1][0] - 1:
            return True
        if self._balanced is None:
            self._balanced = self._nobody_could_take()
        return self._balanced

    def _nobody_could_take(self) -> bool:
        """Whether no member could take a partition from one that owns more than it does."""
        heaviest: dict[str, int] = {}
        for partitions in self.owned.values():
            load = len(partitions)
            for topic in {partition.topic for partition in partitions}:
                if load > heaviest.get(topic, -1):
                    heaviest[topic] = load
        return not any(
            heaviest.get(topic, -1) > load for load, member in self._loads for topic in self._topics[member]
        )

    def _reassign(self, partitions: list[TopicPartition]) -> bool:
        performed = False
        modified = True
        while modified:
            modified = False
            for partition in partitions:
                if self._is_balanced():
                    break
                owner = self._owner[partition]
                load = len(self.owned[owner])
                previous = self._previous.get(partition)
                if (
                    previous in self.owned
                    and partition.topic in self._subscribes[previous]
                    and load > len(self.owned[previous]) + 1
                ):
                    self._move_or_substitute(partition, previous)
                    performed = modified = True
                elif any(load > len(self.owned[other]) + 1 for other in self._takers(partition)):
                    self._move_or_substitute(partition, self._least_loaded_for(partition))
                    performed = modified = True
        return performed

    def _takers(self, partition: TopicPartition) -> list[str]:
        return [member for member in self._subscribers[partition.topic] if member in self.owned]

    def _move_or_substitute(self, partition: TopicPartition, new: str) -> None:
        owner = self._owner[partition]
        moving = self.movements.substitute(partition, owner, new)
        other = self._owner[moving]
        if other != owner:
            # Both moved earlier in this run: undo both, or the owner would stay overloaded for ever.
            self._move(partition, other)
        self._move(moving, new)

    def _move(self, partition: TopicPartition, new: str) -> None:
        old = self._owner[partition]
        self._balanced = None
        if old == new:
            return
        for member in (old, new):
            self._loads.remove((len(self.owned[member]), member))
        self.movements.moved(partition, old, new)
        self.owned[old].remove(partition)
        self.owned[new].append(partition)
        self._owner[partition] = new
        for member in (old, new):
            self._loads.add((len(self.owned[member]), member))

    def by_topic(self, member: str) -> list[tuple[str, list[int]]]:
        """What a member got, as an assignment lists it."""
        topics: dict[str, list[int]] = {}
        for topic, partition in sorted(self.owned[member]):
            topics.setdefault(topic, []).append(partition)
        return list(topics.items())


def _score(owned: Mapping[str, list[TopicPartition]]) -> int:
    """How uneven an assignment is: the differences of all pairs of members, summed up; 0 is even."""
    loads = sorted(len(partitions) for partitions in owned.values())
    return sum((2 * index - len(loads) + 1) * load for index, load in enumerate(loads))
