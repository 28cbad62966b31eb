"""ListOffsets (API key 2): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class ListOffsetsPartition(Message):
    """A partition, and the timestamp whose offset is asked (-1 latest, -2 earliest, -3 maximum)."""

    partition_index: int = int32()
    current_leader_epoch: int = int32(4, default=-1, ignorable=True)
    timestamp: int = int64()


class ListOffsetsTopic(Message):
    """The partitions of one topic to look up."""

    name: str = string()
    partitions: list[ListOffsetsPartition] = array(ListOffsetsPartition)


class ListOffsetsRequest(Request, api="ListOffsets"):
    """Asks for offsets by timestamp."""

    replica_id: int = int32()
    isolation_level: int = int8(2)
    topics: list[ListOffsetsTopic] = array(ListOffsetsTopic)
    timeout_ms: int = int32(10, ignorable=True)


class ListOffsetsPartitionResponse(Message):
    """The offset that was found in one partition."""

    partition_index: int = int32()
    error_code: int = int16()
    timestamp: int = int64(1, default=-1)
    offset: int = int64(1, default=-1)
    leader_epoch: int = int32(4, default=-1)


class ListOffsetsTopicResponse(Message):
    """The partitions of one topic that were looked up."""

    name: str = string()
    partitions: list[ListOffsetsPartitionResponse] = array(ListOffsetsPartitionResponse)


class ListOffsetsResponse(Response, api="ListOffsets"):
    """Tells offsets by timestamp."""

    throttle_time_ms: int = int32(2, ignorable=True)
    topics: list[ListOffsetsTopicResponse] = array(ListOffsetsTopicResponse)
