"""DeleteRecords (API key 21): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class DeleteRecordsPartition(Message):
    """Part of the message: delete records partition."""

    partition_index: int = int32()
    offset: int = int64()


class DeleteRecordsTopic(Message):
    """Part of the message: delete records topic."""

    name: str = string()
    partitions: list[DeleteRecordsPartition] = array(DeleteRecordsPartition)


class DeleteRecordsRequest(Request, api="DeleteRecords"):
    """Asks for DeleteRecords (API key 21)."""

    topics: list[DeleteRecordsTopic] = array(DeleteRecordsTopic)
    timeout_ms: int = int32()


class DeleteRecordsPartitionResult(Message):
    """Part of the message: delete records partition result."""

    partition_index: int = int32()
    low_watermark: int = int64()
    error_code: int = int16()


class DeleteRecordsTopicResult(Message):
    """Part of the message: delete records topic result."""

    name: str = string()
    partitions: list[DeleteRecordsPartitionResult] = array(DeleteRecordsPartitionResult)


class DeleteRecordsResponse(Response, api="DeleteRecords"):
    """Answers DeleteRecordsRequest."""

    throttle_time_ms: int = int32()
    topics: list[DeleteRecordsTopicResult] = array(DeleteRecordsTopicResult)
