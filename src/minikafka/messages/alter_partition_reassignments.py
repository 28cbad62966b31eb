"""AlterPartitionReassignments (API key 45): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class ReassignablePartition(Message):
    """Where the replicas of a partition shall move; null cancels a pending move."""

    partition_index: int = int32()
    replicas: list[int] | None = array("int32", default=None, nullable=0)


class ReassignableTopic(Message):
    """The partitions of one topic to move."""

    name: str = string()
    partitions: list[ReassignablePartition] = array(ReassignablePartition)


class AlterPartitionReassignmentsRequest(Request, api="AlterPartitionReassignments"):
    """Moves the replicas of partitions, or cancels moves (KIP-455)."""

    timeout_ms: int = int32(default=60000)
    allow_replication_factor_change: bool = boolean(1, default=True)
    topics: list[ReassignableTopic] = array(ReassignableTopic)


class ReassignablePartitionResponse(Message):
    """Whether the move of one partition was taken up."""

    partition_index: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)


class ReassignableTopicResponse(Message):
    """The partitions of one topic that were to move."""

    name: str = string()
    partitions: list[ReassignablePartitionResponse] = array(ReassignablePartitionResponse)


class AlterPartitionReassignmentsResponse(Response, api="AlterPartitionReassignments"):
    """Tells which moves were taken up."""

    throttle_time_ms: int = int32()
    allow_replication_factor_change: bool = boolean(1, default=True, ignorable=True)
    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    responses: list[ReassignableTopicResponse] = array(ReassignableTopicResponse)
