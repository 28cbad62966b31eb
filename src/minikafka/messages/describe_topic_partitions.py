"""DescribeTopicPartitions (API key 75): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, string, struct, uuid
from minikafka.messages.schema import Message, Request, Response


class TopicRequest(Message):
    """A topic to describe, by its name."""

    name: str = string()


class Cursor(Message):
    """Where the next page of the answer begins."""

    topic_name: str = string()
    partition_index: int = int32()


class DescribeTopicPartitionsRequest(Request, api="DescribeTopicPartitions"):
    """Asks for topics page by page (KIP-966)."""

    topics: list[TopicRequest] = array(TopicRequest)
    response_partition_limit: int = int32(default=2000)
    cursor: Cursor | None = struct(Cursor, default=None, nullable=0)


class DescribeTopicPartitionsResponsePartition(Message):
    """A partition: leader, replicas, ISR, and the eligible leader replicas (KIP-966)."""

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
    """A topic and the partitions of it that are on this page."""

    error_code: int = int16()
    name: str | None = string(nullable=0)
    topic_id: bytes = uuid(ignorable=True)
    is_internal: bool = boolean(ignorable=True)
    partitions: list[DescribeTopicPartitionsResponsePartition] = array(
        DescribeTopicPartitionsResponsePartition
    )
    topic_authorized_operations: int = int32(default=-2147483648)


class DescribeTopicPartitionsResponse(Response, api="DescribeTopicPartitions"):
    """Tells one page of topics."""

    throttle_time_ms: int = int32(ignorable=True)
    topics: list[DescribeTopicPartitionsResponseTopic] = array(DescribeTopicPartitionsResponseTopic)
    next_cursor: Cursor | None = struct(Cursor, default=None, nullable=0)
