"""ElectLeaders (API key 43): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class TopicPartitions(Message):
    """Part of the message: topic partitions."""

    topic: str = string()
    partitions: list[int] = array("int32")


class ElectLeadersRequest(Request, api="ElectLeaders"):
    """Asks for ElectLeaders (API key 43)."""

    election_type: int = int8(1)
    topic_partitions: list[TopicPartitions] | None = array(TopicPartitions, nullable=0)
    timeout_ms: int = int32(default=60000)


class PartitionResult(Message):
    """Part of the message: partition result."""

    partition_id: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)


class ReplicaElectionResult(Message):
    """Part of the message: replica election result."""

    topic: str = string()
    partition_result: list[PartitionResult] = array(PartitionResult)


class ElectLeadersResponse(Response, api="ElectLeaders"):
    """Answers ElectLeadersRequest."""

    throttle_time_ms: int = int32()
    error_code: int = int16(1)
    replica_election_results: list[ReplicaElectionResult] = array(ReplicaElectionResult)
