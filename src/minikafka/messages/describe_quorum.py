"""DescribeQuorum (API key 55): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, string, uint16, uuid
from minikafka.messages.schema import Message, Request, Response


class QuorumPartition(Message):
    """A partition of the metadata log to describe."""

    partition_index: int = int32()


class QuorumTopic(Message):
    """The metadata log's topic and its partitions."""

    topic_name: str = string()
    partitions: list[QuorumPartition] = array(QuorumPartition)


class DescribeQuorumRequest(Request, api="DescribeQuorum"):
    """Asks for the state of the metadata quorum."""

    topics: list[QuorumTopic] = array(QuorumTopic)


class ReplicaState(Message):
    """How far a voter or an observer has come."""

    replica_id: int = int32()
    replica_directory_id: bytes = uuid(2, ignorable=True)
    log_end_offset: int = int64()
    last_fetch_timestamp: int = int64(1, default=-1, ignorable=True)
    last_caught_up_timestamp: int = int64(1, default=-1, ignorable=True)


class PartitionData(Message):
    """The quorum of one partition: its leader, voters and observers."""

    partition_index: int = int32()
    error_code: int = int16()
    error_message: str | None = string(2, nullable=2, ignorable=True)
    leader_id: int = int32()
    leader_epoch: int = int32()
    high_watermark: int = int64()
    current_voters: list[ReplicaState] = array(ReplicaState)
    observers: list[ReplicaState] = array(ReplicaState)


class TopicData(Message):
    """The quorums of one topic."""

    topic_name: str = string()
    partitions: list[PartitionData] = array(PartitionData)


class Listener(Message):
    """Where a voter listens."""

    name: str = string()
    host: str = string()
    port: int = uint16()


class Node(Message):
    """A voter and where it listens."""

    node_id: int = int32()
    listeners: list[Listener] = array(Listener)


class DescribeQuorumResponse(Response, api="DescribeQuorum"):
    """Tells the state of the metadata quorum."""

    error_code: int = int16()
    error_message: str | None = string(2, nullable=2, ignorable=True)
    topics: list[TopicData] = array(TopicData)
    nodes: list[Node] = array(Node, 2, ignorable=True)
