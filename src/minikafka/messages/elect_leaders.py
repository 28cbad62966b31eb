"""ElectLeaders (API key 43): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class TopicPartitions(Message):
    """The partitions of one topic to elect leaders for."""

    topic: str = string()
    partitions: list[int] = array("int32")


class ElectLeadersRequest(Request, api="ElectLeaders"):
    """Asks for preferred (0) or unclean (1) leader elections."""

    election_type: int = int8(1)
    topic_partitions: list[TopicPartitions] | None = array(TopicPartitions, nullable=0)
    timeout_ms: int = int32(default=60000)


class PartitionResult(Message):
    """Whether one partition has got its leader."""

    partition_id: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)


class ReplicaElectionResult(Message):
    """The partitions of one topic that were to get leaders."""

    topic: str = string()
    partition_result: list[PartitionResult] = array(PartitionResult)


class ElectLeadersResponse(Response, api="ElectLeaders"):
    """Tells which partitions got their leaders."""

    throttle_time_ms: int = int32()
    error_code: int = int16(1)
    replica_election_results: list[ReplicaElectionResult] = array(ReplicaElectionResult)
