"""DescribeProducers (API key 61): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class TopicRequest(Message):
    """The partitions of one topic to describe."""

    name: str = string()
    partition_indexes: list[int] = array("int32")


class DescribeProducersRequest(Request, api="DescribeProducers"):
    """Asks which producers a replica remembers."""

    topics: list[TopicRequest] = array(TopicRequest)


class ProducerState(Message):
    """What a replica remembers of a producer."""

    producer_id: int = int64()
    producer_epoch: int = int32()
    last_sequence: int = int32(default=-1)
    last_timestamp: int = int64(default=-1)
    coordinator_epoch: int = int32()
    current_txn_start_offset: int = int64(default=-1)


class PartitionResponse(Message):
    """The producers of one partition."""

    partition_index: int = int32()
    error_code: int = int16()
    error_message: str | None = string(default=None, nullable=0)
    active_producers: list[ProducerState] = array(ProducerState)


class TopicResponse(Message):
    """The producers of one topic's partitions."""

    name: str = string()
    partitions: list[PartitionResponse] = array(PartitionResponse)


class DescribeProducersResponse(Response, api="DescribeProducers"):
    """Tells the producers of each partition."""

    throttle_time_ms: int = int32()
    topics: list[TopicResponse] = array(TopicResponse)
