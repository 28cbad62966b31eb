"""The consumer protocol: subscriptions and assignments inside JoinGroup and SyncGroup."""

from __future__ import annotations

from minikafka.messages.fields import array, binary, int32, string
from minikafka.messages.schema import Body, Message


class TopicPartition(Message):
    """The partitions of one topic that a member owned when it subscribed (KIP-429)."""

    topic: str = string(1)
    partitions: list[int] = array("int32", 1)


class ConsumerProtocolSubscription(Body, until=3):
    """What a consumer joins its group with: topics, and what it owned before."""

    topics: list[str] = array("string")
    user_data: bytes | None = binary(default=None, nullable=0)
    owned_partitions: list[TopicPartition] = array(TopicPartition, 1, ignorable=True)
    generation_id: int = int32(2, default=-1, ignorable=True)
    rack_id: str | None = string(3, default=None, nullable=3, ignorable=True)


class AssignedTopicPartitions(Message):
    """The partitions of one topic that a member is to read."""

    topic: str = string()
    partitions: list[int] = array("int32")


class ConsumerProtocolAssignment(Body, until=3):
    """What a consumer gets from its group's leader: the partitions to read."""

    assigned_partitions: list[AssignedTopicPartitions] = array(AssignedTopicPartitions)
    user_data: bytes | None = binary(default=None, nullable=0)
