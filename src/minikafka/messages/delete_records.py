"""DeleteRecords (API key 21): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class DeleteRecordsPartition(Message):
    """A partition, and the offset below which its records shall go; -1 is the high watermark."""

    partition_index: int = int32()
    offset: int = int64()


class DeleteRecordsTopic(Message):
    """The partitions of one topic to delete records from."""

    name: str = string()
    partitions: list[DeleteRecordsPartition] = array(DeleteRecordsPartition)


class DeleteRecordsRequest(Request, api="DeleteRecords"):
    """Deletes the records of partitions below an offset (KIP-107)."""

    topics: list[DeleteRecordsTopic] = array(DeleteRecordsTopic)
    timeout_ms: int = int32()


class DeleteRecordsPartitionResult(Message):
    """The low watermark of one partition after the deletion."""

    partition_index: int = int32()
    low_watermark: int = int64()
    error_code: int = int16()


class DeleteRecordsTopicResult(Message):
    """The partitions of one topic that records were deleted from."""

    name: str = string()
    partitions: list[DeleteRecordsPartitionResult] = array(DeleteRecordsPartitionResult)


class DeleteRecordsResponse(Response, api="DeleteRecords"):
    """Tells the partitions' low watermarks."""

    throttle_time_ms: int = int32()
    topics: list[DeleteRecordsTopicResult] = array(DeleteRecordsTopicResult)
