"""The sticky assignor: balanced, and keeping what members own (KIP-54)."""

from __future__ import annotations

from struct import Struct

from minikafka.client.assignors.abstract import AbstractPartitionAssignor, Assignment, Subscription
from minikafka.client.assignors.sticky_assignment import Claim, StickyAssignment
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.client.assignors.abstract import Cluster, Member

_INT = Struct(">i")
_SHORT = Struct(">h")
_VERSION_1 = b"\x00\x01"
"""No assignment has the 65536 topics that a count beginning with these bytes would mean."""


def encode_user_data(partitions: Iterable[TopicPartition], generation: int) -> bytes:
    """StickyAssignorUserData version 1: the previous assignment by topic, and its generation.

    Written as Java and kafka-python 2 do, without the version that kafka-python 3 puts in front.
    """
    by_topic: dict[str, list[int]] = {}
    for topic, partition in partitions:
        by_topic.setdefault(topic, []).append(partition)
    parts = [_INT.pack(len(by_topic))]
    for topic, indexes in by_topic.items():
        name = topic.encode()
        parts += [_SHORT.pack(len(name)), name, _INT.pack(len(indexes)), *map(_INT.pack, indexes)]
    parts.append(_INT.pack(generation))
    return b"".join(parts)


def decode_user_data(data: bytes) -> tuple[list[TopicPartition], int]:
    """The previous assignment and its generation; -1 in version 0, which has none.

    kafka-python 3 puts the version in front, Java and kafka-python 2 do not; both are read.

    Raises:
        ValueError: the bytes are neither version.
    """
    if data.startswith(_VERSION_1):
        data = data[len(_VERSION_1) :]
    try:
        partitions = []
        (topics,) = _INT.unpack_from(data)
        at = 4
        for _ in range(topics):
            (length,) = _SHORT.unpack_from(data, at)
            name = data[at + 2 : at + 2 + length].decode()
            at += 2 + length
            (count,) = _INT.unpack_from(data, at)
            at += 4
            for _ in range(count):
                partitions.append(TopicPartition(name, _INT.unpack_from(data, at)[0]))
                at += 4
        generation = _INT.unpack_from(data, at)[0] if len(data) >= at + 4 else -1
    except Exception as error:
        raise ValueError(f"{data!r} is no user data of a sticky assignor") from error
    return partitions, generation


class StickyPartitionAssignor(AbstractPartitionAssignor):
    """Keeps assignments across eager rebalances as far as balance allows; members tell what they had."""

    name = "sticky"

    def __init__(self) -> None:
        self.member_assignment: list[TopicPartition] | None = None
        self.generation: int = -1

    def forget(self) -> None:
        """Claim nothing at the next rebalance."""
        self.member_assignment = None

    def assign(self, cluster: Cluster, members: list[Member]) -> dict[str, Assignment]:
        """See `AbstractPartitionAssignor.assign`."""
        claims = {member.member_id: self.claim_of(member.metadata) for member in members}
        run = StickyAssignment(cluster, claims)
        run.balance()
        return self._assignments(run, claims)

    def _assignments(self, run: StickyAssignment, claims: dict[str, Claim]) -> dict[str, Assignment]:
        return {member: Assignment(self.version, run.by_topic(member)) for member in claims}

    def claim_of(self, metadata: Subscription) -> Claim:
        """What a member claims to own; user data that cannot be read claims nothing."""
        partitions: list[TopicPartition] = []
        generation = -1
        if metadata.user_data:
            try:
                partitions, generation = decode_user_data(metadata.user_data)
            except ValueError:
                partitions, generation = [], -1
        return Claim(metadata.topics, partitions, generation)

    def metadata(self, topics: Iterable[str]) -> Subscription:
        """See `AbstractPartitionAssignor.metadata`."""
        user_data = b""
        if self.member_assignment is not None:
            user_data = encode_user_data(self.member_assignment, self.generation)
        return Subscription(self.version, sorted(topics), user_data)

    def on_assignment(self, assignment: Assignment, generation: int) -> None:
        """See `AbstractPartitionAssignor.on_assignment`."""
        self.member_assignment = assignment.partitions()
        self.generation = generation
