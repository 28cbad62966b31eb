"""ListPartitionReassignments (API key 46): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class ListPartitionReassignmentsTopics(Message):
    """The partitions of one topic whose moves are asked for."""

    name: str = string()
    partition_indexes: list[int] = array("int32")


class ListPartitionReassignmentsRequest(Request, api="ListPartitionReassignments"):
    """Asks for the moves that are under way; null asks for all (KIP-455)."""

    timeout_ms: int = int32(default=60000)
    topics: list[ListPartitionReassignmentsTopics] | None = array(
        ListPartitionReassignmentsTopics, default=None, nullable=0
    )


class OngoingPartitionReassignment(Message):
    """A partition on the move: all its replicas, those that come and those that go."""

    partition_index: int = int32()
    replicas: list[int] = array("int32")
    adding_replicas: list[int] = array("int32")
    removing_replicas: list[int] = array("int32")


class OngoingTopicReassignment(Message):
    """The partitions of one topic on the move."""

    name: str = string()
    partitions: list[OngoingPartitionReassignment] = array(OngoingPartitionReassignment)


class ListPartitionReassignmentsResponse(Response, api="ListPartitionReassignments"):
    """Tells the moves that are under way."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    topics: list[OngoingTopicReassignment] = array(OngoingTopicReassignment)
