"""Produce (API key 0): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, record_data, string, struct, uuid
from minikafka.messages.schema import Message, Request, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.messages.schema import Records


class PartitionProduceData(Message):
    """The records to append to one partition."""

    index: int = int32()
    records: Records = record_data(nullable=0)


class TopicProduceData(Message):
    """The partitions of one topic to append to."""

    name: str = string(0, 12, ignorable=True)
    topic_id: bytes = uuid(13, ignorable=True)
    partition_data: list[PartitionProduceData] = array(PartitionProduceData)


class ProduceRequest(Request, api="Produce"):
    """Appends records."""

    transactional_id: str | None = string(3, default=None, nullable=3)
    acks: int = int16()
    timeout_ms: int = int32()
    topic_data: list[TopicProduceData] = array(TopicProduceData)


class BatchIndexAndErrorMessage(Message):
    """A record that made its batch be refused, and why (KIP-467)."""

    batch_index: int = int32(8)
    batch_index_error_message: str | None = string(8, default=None, nullable=8)


class LeaderIdAndEpoch(Message):
    """The leader that a client should turn to instead (KIP-951)."""

    leader_id: int = int32(10, default=-1)
    leader_epoch: int = int32(10, default=-1)


class PartitionProduceResponse(Message):
    """Where the records of one partition went, or why they were refused."""

    index: int = int32()
    error_code: int = int16()
    base_offset: int = int64()
    log_append_time_ms: int = int64(2, default=-1, ignorable=True)
    log_start_offset: int = int64(5, default=-1, ignorable=True)
    record_errors: list[BatchIndexAndErrorMessage] = array(BatchIndexAndErrorMessage, 8, ignorable=True)
    error_message: str | None = string(8, default=None, nullable=8, ignorable=True)
    current_leader: LeaderIdAndEpoch = struct(LeaderIdAndEpoch, 10, tag=0)


class TopicProduceResponse(Message):
    """The partitions of one topic that were appended to."""

    name: str = string(0, 12, ignorable=True)
    topic_id: bytes = uuid(13, ignorable=True)
    partition_responses: list[PartitionProduceResponse] = array(PartitionProduceResponse)


class NodeEndpoint(Message):
    """Where a leader that the client was pointed to can be reached (KIP-951)."""

    node_id: int = int32(10)
    host: str = string(10)
    port: int = int32(10)
    rack: str | None = string(10, default=None, nullable=10)


class ProduceResponse(Response, api="Produce"):
    """Tells where the records went."""

    responses: list[TopicProduceResponse] = array(TopicProduceResponse)
    throttle_time_ms: int = int32(1, ignorable=True)
    node_endpoints: list[NodeEndpoint] = array(NodeEndpoint, 10, tag=0)
