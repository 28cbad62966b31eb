"""The consumer protocol: subscriptions and assignments inside JoinGroup and SyncGroup."""

from __future__ import annotations

from minikafka.messages.fields import array, binary, int32, string
from minikafka.messages.schema import Body, Message


class TopicPartition(Message):
    """Part of the message: topic partition."""

    topic: str = string(1)
    partitions: list[int] = array("int32", 1)


class ConsumerProtocolSubscription(Body, until=3):
    """ConsumerProtocolSubscription: what members of a consumer group tell one another."""

    topics: list[str] = array("string")
    user_data: bytes | None = binary(default=None, nullable=0)
    owned_partitions: list[TopicPartition] = array(TopicPartition, 1, ignorable=True)
    generation_id: int = int32(2, default=-1, ignorable=True)
    rack_id: str | None = string(3, default=None, nullable=3, ignorable=True)


class AssignedTopicPartitions(Message):
    """Part of the message: assigned topic partitions."""

    topic: str = string()
    partitions: list[int] = array("int32")


class ConsumerProtocolAssignment(Body, until=3):
    """ConsumerProtocolAssignment: what members of a consumer group tell one another."""

    assigned_partitions: list[AssignedTopicPartitions] = array(AssignedTopicPartitions)
    user_data: bytes | None = binary(default=None, nullable=0)
