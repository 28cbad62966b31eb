"""Produce (API key 0): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, record_data, string, struct, uuid
from minikafka.messages.schema import Message, Request, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.messages.schema import Records


class PartitionProduceData(Message):
    """Part of the message: partition produce data."""

    index: int = int32()
    records: Records = record_data(nullable=0)


class TopicProduceData(Message):
    """Part of the message: topic produce data."""

    name: str = string(0, 12, ignorable=True)
    topic_id: bytes = uuid(13, ignorable=True)
    partition_data: list[PartitionProduceData] = array(PartitionProduceData)


class ProduceRequest(Request, api="Produce"):
    """Asks for Produce (API key 0)."""

    transactional_id: str | None = string(3, default=None, nullable=3)
    acks: int = int16()
    timeout_ms: int = int32()
    topic_data: list[TopicProduceData] = array(TopicProduceData)


class BatchIndexAndErrorMessage(Message):
    """Part of the message: batch index and error message."""

    batch_index: int = int32(8)
    batch_index_error_message: str | None = string(8, default=None, nullable=8)


class LeaderIdAndEpoch(Message):
    """Part of the message: leader id and epoch."""

    leader_id: int = int32(10, default=-1)
    leader_epoch: int = int32(10, default=-1)


class PartitionProduceResponse(Message):
    """Part of the message: partition produce response."""

    index: int = int32()
    error_code: int = int16()
    base_offset: int = int64()
    log_append_time_ms: int = int64(2, default=-1, ignorable=True)
    log_start_offset: int = int64(5, default=-1, ignorable=True)
    record_errors: list[BatchIndexAndErrorMessage] = array(BatchIndexAndErrorMessage, 8, ignorable=True)
    error_message: str | None = string(8, default=None, nullable=8, ignorable=True)
    current_leader: LeaderIdAndEpoch = struct(LeaderIdAndEpoch, 10, tag=0)


class TopicProduceResponse(Message):
    """Part of the message: topic produce response."""

    name: str = string(0, 12, ignorable=True)
    topic_id: bytes = uuid(13, ignorable=True)
    partition_responses: list[PartitionProduceResponse] = array(PartitionProduceResponse)


class NodeEndpoint(Message):
    """Part of the message: node endpoint."""

    node_id: int = int32(10)
    host: str = string(10)
    port: int = int32(10)
    rack: str | None = string(10, default=None, nullable=10)


class ProduceResponse(Response, api="Produce"):
    """Answers ProduceRequest."""

    responses: list[TopicProduceResponse] = array(TopicProduceResponse)
    throttle_time_ms: int = int32(1, ignorable=True)
    node_endpoints: list[NodeEndpoint] = array(NodeEndpoint, 10, tag=0)
