"""ListPartitionReassignments (API key 46): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class ListPartitionReassignmentsTopics(Message):
    """Part of the message: list partition reassignments topics."""

    name: str = string()
    partition_indexes: list[int] = array("int32")


class ListPartitionReassignmentsRequest(Request, api="ListPartitionReassignments"):
    """Asks for ListPartitionReassignments (API key 46)."""

    timeout_ms: int = int32(default=60000)
    topics: list[ListPartitionReassignmentsTopics] | None = array(
        ListPartitionReassignmentsTopics, default=None, nullable=0
    )


class OngoingPartitionReassignment(Message):
    """Part of the message: ongoing partition reassignment."""

    partition_index: int = int32()
    replicas: list[int] = array("int32")
    adding_replicas: list[int] = array("int32")
    removing_replicas: list[int] = array("int32")


class OngoingTopicReassignment(Message):
    """Part of the message: ongoing topic reassignment."""

    name: str = string()
    partitions: list[OngoingPartitionReassignment] = array(OngoingPartitionReassignment)


class ListPartitionReassignmentsResponse(Response, api="ListPartitionReassignments"):
    """Answers ListPartitionReassignmentsRequest."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    topics: list[OngoingTopicReassignment] = array(OngoingTopicReassignment)
