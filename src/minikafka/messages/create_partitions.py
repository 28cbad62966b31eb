"""CreatePartitions (API key 37): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class CreatePartitionsAssignment(Message):
    """Part of the message: create partitions assignment."""

    broker_ids: list[int] = array("int32")


class CreatePartitionsTopic(Message):
    """Part of the message: create partitions topic."""

    name: str = string()
    count: int = int32()
    assignments: list[CreatePartitionsAssignment] | None = array(CreatePartitionsAssignment, nullable=0)


class CreatePartitionsRequest(Request, api="CreatePartitions"):
    """Asks for CreatePartitions (API key 37)."""

    topics: list[CreatePartitionsTopic] = array(CreatePartitionsTopic)
    timeout_ms: int = int32()
    validate_only: bool = boolean()


class CreatePartitionsTopicResult(Message):
    """Part of the message: create partitions topic result."""

    name: str = string()
    error_code: int = int16()
    error_message: str | None = string(default=None, nullable=0)


class CreatePartitionsResponse(Response, api="CreatePartitions"):
    """Answers CreatePartitionsRequest."""

    throttle_time_ms: int = int32()
    results: list[CreatePartitionsTopicResult] = array(CreatePartitionsTopicResult)
