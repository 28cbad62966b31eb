"""OffsetForLeaderEpoch (API key 23): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class OffsetForLeaderPartition(Message):
    """A partition, and the leader epoch whose end is asked for."""

    partition: int = int32()
    current_leader_epoch: int = int32(2, default=-1, ignorable=True)
    leader_epoch: int = int32()


class OffsetForLeaderTopic(Message):
    """The partitions of one topic to look up."""

    topic: str = string()
    partitions: list[OffsetForLeaderPartition] = array(OffsetForLeaderPartition)


class OffsetForLeaderEpochRequest(Request, api="OffsetForLeaderEpoch"):
    """Asks where leader epochs end (KIP-101)."""

    replica_id: int = int32(3, default=-2, ignorable=True)
    topics: list[OffsetForLeaderTopic] = array(OffsetForLeaderTopic)


class EpochEndOffset(Message):
    """The largest epoch up to the asked one, and where it ends."""

    error_code: int = int16()
    partition: int = int32()
    leader_epoch: int = int32(1, default=-1, ignorable=True)
    end_offset: int = int64(default=-1)


class OffsetForLeaderTopicResult(Message):
    """The partitions of one topic that were looked up."""

    topic: str = string()
    partitions: list[EpochEndOffset] = array(EpochEndOffset)


class OffsetForLeaderEpochResponse(Response, api="OffsetForLeaderEpoch"):
    """Tells where leader epochs end."""

    throttle_time_ms: int = int32(2, ignorable=True)
    topics: list[OffsetForLeaderTopicResult] = array(OffsetForLeaderTopicResult)
