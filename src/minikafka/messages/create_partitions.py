"""CreatePartitions (API key 37): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class CreatePartitionsAssignment(Message):
    """The brokers that hold the replicas of one new partition."""

    broker_ids: list[int] = array("int32")


class CreatePartitionsTopic(Message):
    """A topic, and how many partitions it shall have in all."""

    name: str = string()
    count: int = int32()
    assignments: list[CreatePartitionsAssignment] | None = array(CreatePartitionsAssignment, nullable=0)


class CreatePartitionsRequest(Request, api="CreatePartitions"):
    """Adds partitions to topics."""

    topics: list[CreatePartitionsTopic] = array(CreatePartitionsTopic)
    timeout_ms: int = int32()
    validate_only: bool = boolean()


class CreatePartitionsTopicResult(Message):
    """Whether one topic got its new partitions."""

    name: str = string()
    error_code: int = int16()
    error_message: str | None = string(default=None, nullable=0)


class CreatePartitionsResponse(Response, api="CreatePartitions"):
    """Tells which topics got their partitions."""

    throttle_time_ms: int = int32()
    results: list[CreatePartitionsTopicResult] = array(CreatePartitionsTopicResult)
