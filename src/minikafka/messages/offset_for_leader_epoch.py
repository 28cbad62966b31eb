"""OffsetForLeaderEpoch (API key 23): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class OffsetForLeaderPartition(Message):
    """Part of the message: offset for leader partition."""

    partition: int = int32()
    current_leader_epoch: int = int32(2, default=-1, ignorable=True)
    leader_epoch: int = int32()


class OffsetForLeaderTopic(Message):
    """Part of the message: offset for leader topic."""

    topic: str = string()
    partitions: list[OffsetForLeaderPartition] = array(OffsetForLeaderPartition)


class OffsetForLeaderEpochRequest(Request, api="OffsetForLeaderEpoch"):
    """Asks for OffsetForLeaderEpoch (API key 23)."""

    replica_id: int = int32(3, default=-2, ignorable=True)
    topics: list[OffsetForLeaderTopic] = array(OffsetForLeaderTopic)


class EpochEndOffset(Message):
    """Part of the message: epoch end offset."""

    error_code: int = int16()
    partition: int = int32()
    leader_epoch: int = int32(1, default=-1, ignorable=True)
    end_offset: int = int64(default=-1)


class OffsetForLeaderTopicResult(Message):
    """Part of the message: offset for leader topic result."""

    topic: str = string()
    partitions: list[EpochEndOffset] = array(EpochEndOffset)


class OffsetForLeaderEpochResponse(Response, api="OffsetForLeaderEpoch"):
    """Answers OffsetForLeaderEpochRequest."""

    throttle_time_ms: int = int32(2, ignorable=True)
    topics: list[OffsetForLeaderTopicResult] = array(OffsetForLeaderTopicResult)
