"""AlterReplicaLogDirs (API key 34): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class AlterReplicaLogDirTopic(Message):
    """The partitions of one topic to move."""

    name: str = string()
    partitions: list[int] = array("int32")


class AlterReplicaLogDir(Message):
    """A log directory and the replicas that are to be in it."""

    path: str = string()
    topics: list[AlterReplicaLogDirTopic] = array(AlterReplicaLogDirTopic)


class AlterReplicaLogDirsRequest(Request, api="AlterReplicaLogDirs"):
    """Moves replicas of this broker between its log directories."""

    dirs: list[AlterReplicaLogDir] = array(AlterReplicaLogDir)


class AlterReplicaLogDirPartitionResult(Message):
    """What became of the move of one replica."""

    partition_index: int = int32()
    error_code: int = int16()


class AlterReplicaLogDirTopicResult(Message):
    """What became of the moves of one topic's replicas."""

    topic_name: str = string()
    partitions: list[AlterReplicaLogDirPartitionResult] = array(AlterReplicaLogDirPartitionResult)


class AlterReplicaLogDirsResponse(Response, api="AlterReplicaLogDirs"):
    """Tells what became of each move."""

    throttle_time_ms: int = int32()
    results: list[AlterReplicaLogDirTopicResult] = array(AlterReplicaLogDirTopicResult)
