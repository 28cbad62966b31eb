"""What an assignor is, and the shapes it works with (kafka-python's AbstractPartitionAssignor)."""

from __future__ import annotations

from enum import IntEnum

from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    class Cluster(Protocol):
        """What assignors ask of the cluster's metadata."""

        def topics(self) -> set[str]:
            """The known topics."""
            ...

        def partitions_for_topic(self, topic: str) -> set[int] | None:
            """A topic's partitions, or None if it is unknown."""
            ...


class RebalanceProtocol(IntEnum):
    """Whether members give everything up before a rebalance, or only what moves (KIP-429)."""

    EAGER = 0
    COOPERATIVE = 1


class Subscription:
    """What a member tells its group's leader (ConsumerProtocolSubscription).

    Args:
        version: of the encoding: 0 has topics and user data, 1 adds owned partitions, 2 the generation.
        topics: the topics it subscribes to.
        user_data: an assignor's own data.
        owned_partitions: what it owns at present.
        generation_id: the generation in which it got them, -1 if it does not say.
    """

    __slots__ = ("generation_id", "owned_partitions", "topics", "user_data", "version")

    def __init__(
        self,
        version: int,
        topics: list[str],
        user_data: bytes | None = b"",
        owned_partitions: Iterable[TopicPartition] = (),
        generation_id: int = -1,
    ) -> None:
        self.version: int = version
        self.topics: list[str] = topics
        self.user_data: bytes | None = user_data
        self.owned_partitions: list[TopicPartition] = list(owned_partitions)
        self.generation_id: int = generation_id

    @property
    def subscription(self) -> list[str]:
        """The topics, under kafka-python 2's name."""
        return self.topics

    def encode(self) -> bytes:
        """The bytes that travel in a JoinGroup request."""
        from minikafka.messages.consumer_protocol import ConsumerProtocolSubscription
        from minikafka.messages.consumer_protocol import TopicPartition as Owned

        by_topic: dict[str, list[int]] = {}
        if self.version >= 1:
            for topic, partition in self.owned_partitions:
                by_topic.setdefault(topic, []).append(partition)
        message = ConsumerProtocolSubscription(
            topics=self.topics,
            user_data=self.user_data,
            owned_partitions=[Owned(topic=topic, partitions=sorted(by_topic[topic])) for topic in by_topic],
            generation_id=self.generation_id,
        )
        return self.version.to_bytes(2, "big") + message.encode(self.version)

    @staticmethod
    def decode(data: bytes) -> Subscription:
        """Read a member's subscription; versions from the future are read as the newest known.

        Raises:
            KafkaProtocolError: the bytes are no subscription.
        """
        from minikafka.messages.consumer_protocol import ConsumerProtocolSubscription

        version, newest = read_version(data, ConsumerProtocolSubscription.max_version)
        message = ConsumerProtocolSubscription.decode(data[2:], newest)
        owned = [
            TopicPartition(owned.topic, partition)
            for owned in message.owned_partitions
            for partition in owned.partitions
        ]
        return Subscription(version, message.topics, message.user_data, owned, message.generation_id)


class Assignment:
    """What the leader tells a member (ConsumerProtocolAssignment)."""

    __slots__ = ("assigned_partitions", "user_data", "version")

    def __init__(
        self,
        version: int,
        assigned_partitions: Iterable[tuple[str, list[int]]],
        user_data: bytes | None = b"",
    ) -> None:
        self.version: int = version
        self.assigned_partitions: list[tuple[str, list[int]]] = list(assigned_partitions)
        self.user_data: bytes | None = user_data

    def partitions(self) -> list[TopicPartition]:
        """The partitions one by one."""
        return [
            TopicPartition(topic, partition)
            for topic, partitions in self.assigned_partitions
            for partition in partitions
        ]

    def encode(self) -> bytes:
        """The bytes that travel in a SyncGroup request."""
        from minikafka.messages.consumer_protocol import AssignedTopicPartitions, ConsumerProtocolAssignment

        message = ConsumerProtocolAssignment(
            assigned_partitions=[
                AssignedTopicPartitions(topic=topic, partitions=list(partitions))
                for topic, partitions in self.assigned_partitions
            ],
            user_data=self.user_data,
        )
        return self.version.to_bytes(2, "big") + message.encode(self.version)

    @staticmethod
    def decode(data: bytes) -> Assignment:
        """Read an assignment; no bytes at all are an empty one.

        Raises:
            KafkaProtocolError: the bytes are no assignment.
        """
        from minikafka.messages.consumer_protocol import ConsumerProtocolAssignment

        if not data:
            return Assignment(0, [])
        version, newest = read_version(data, ConsumerProtocolAssignment.max_version)
        message = ConsumerProtocolAssignment.decode(data[2:], newest)
        return Assignment(
            version,
            [(assigned.topic, assigned.partitions) for assigned in message.assigned_partitions],
            message.user_data,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Assignment) and self.assigned_partitions == other.assigned_partitions

    def __repr__(self) -> str:
        return f"Assignment({self.assigned_partitions!r})"


def read_version(data: bytes, newest: int) -> tuple[int, int]:
    """The version in front of consumer protocol data, and the version to read it as."""
    from minikafka.errors import KafkaProtocolError

    version = int.from_bytes(data[:2], "big", signed=True)
    if len(data) < 2 or version < 0:
        raise KafkaProtocolError(
            f"consumer protocol data begins with {data[:2]!r}: expected a version of 0 or more"
        )
    return version, min(version, newest)


class Member:
    """A member as its leader's assignor sees it."""

    __slots__ = ("group_instance_id", "member_id", "metadata")

    def __init__(self, member_id: str, group_instance_id: str | None, metadata: Subscription) -> None:
        self.member_id: str = member_id
        self.group_instance_id: str | None = group_instance_id
        self.metadata: Subscription = metadata


class AbstractPartitionAssignor:
    """Base of assignors; an application may bring its own.

    Attributes:
        name: what the group votes on.
        version: of the consumer protocol it writes.
    """

    name: str = ""
    version: int = 0

    def supported_protocols(self) -> list[RebalanceProtocol]:
        """The rebalance protocols that it can be used under."""
        return [RebalanceProtocol.EAGER]

    def assign(self, cluster: Cluster, members: list[Member]) -> Mapping[str, Assignment | bytes]:
        """Distribute the partitions of the subscribed topics.

        Args:
            cluster: the metadata of (at least) the topics that some member subscribes to.
            members: everybody in the group.

        Returns:
            What each member gets, by member id; bytes are taken as an encoded assignment.
        """
        raise NotImplementedError

    def metadata(self, topics: Iterable[str]) -> Subscription:
        """What this member tells the leader."""
        return Subscription(self.version, sorted(topics))

    def on_assignment(self, assignment: Assignment, generation: int) -> None:
        """Called with what this member got, and in which generation."""

    def on_lost(self) -> None:
        """Called when this member was thrown out of its group and owns nothing any more."""


def static_members_first(members: Iterable[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    """(group instance id, member id) pairs: static members by instance id, then dynamic ones by member id."""
    pairs = list(members)
    static = sorted((instance, member) for instance, member in pairs if instance is not None)
    dynamic = sorted(member for instance, member in pairs if instance is None)
    return [*static, *((None, member) for member in dynamic)]
