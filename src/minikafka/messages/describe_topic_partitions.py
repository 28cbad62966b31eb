"""DescribeTopicPartitions (API key 75): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, string, struct, uuid
from minikafka.messages.schema import Message, Request, Response


class TopicRequest(Message):
    """Part of the message: topic request."""

    name: str = string()


class Cursor(Message):
    """Part of the message: cursor."""

    topic_name: str = string()
    partition_index: int = int32()


class DescribeTopicPartitionsRequest(Request, api="DescribeTopicPartitions"):
    """Asks for DescribeTopicPartitions (API key 75)."""

    topics: list[TopicRequest] = array(TopicRequest)
    response_partition_limit: int = int32(default=2000)
    cursor: Cursor | None = struct(Cursor, default=None, nullable=0)


class DescribeTopicPartitionsResponsePartition(Message):
    """Part of the message: describe topic partitions response partition."""

    error_code: int = int16()
    partition_index: int = int32()
    leader_id: int = int32()
    leader_epoch: int = int32(default=-1, ignorable=True)
    replica_nodes: list[int] = array("int32")
    isr_nodes: list[int] = array("int32")
    eligible_leader_replicas: list[int] | None = array("int32", default=None, nullable=0)
    last_known_elr: list[int] | None = array("int32", default=None, nullable=0)
    offline_replicas: list[int] = array("int32", ignorable=True)


class DescribeTopicPartitionsResponseTopic(Message):
    """Part of the message: describe topic partitions response topic."""

    error_code: int = int16()
    name: str | None = string(nullable=0)
    topic_id: bytes = uuid(ignorable=True)
    is_internal: bool = boolean(ignorable=True)
    partitions: list[DescribeTopicPartitionsResponsePartition] = array(
        DescribeTopicPartitionsResponsePartition
    )
    topic_authorized_operations: int = int32(default=-2147483648)


class DescribeTopicPartitionsResponse(Response, api="DescribeTopicPartitions"):
    """Answers DescribeTopicPartitionsRequest."""

    throttle_time_ms: int = int32(ignorable=True)
    topics: list[DescribeTopicPartitionsResponseTopic] = array(DescribeTopicPartitionsResponseTopic)
    next_cursor: Cursor | None = struct(Cursor, default=None, nullable=0)
