"""OffsetCommit (API key 8): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, int64, string, uuid
from minikafka.messages.schema import Message, Request, Response


class OffsetCommitRequestPartition(Message):
    """The offset to commit for one partition."""

    partition_index: int = int32()
    committed_offset: int = int64()
    committed_leader_epoch: int = int32(6, default=-1, ignorable=True)
    committed_metadata: str | None = string(nullable=0)


class OffsetCommitRequestTopic(Message):
    """The partitions of one topic to commit."""

    name: str = string(0, 9, ignorable=True)
    topic_id: bytes = uuid(10, ignorable=True)
    partitions: list[OffsetCommitRequestPartition] = array(OffsetCommitRequestPartition)


class OffsetCommitRequest(Request, api="OffsetCommit"):
    """Commits offsets of a group."""

    group_id: str = string()
    generation_id_or_member_epoch: int = int32(1, default=-1, ignorable=True)
    member_id: str = string(1, ignorable=True)
    group_instance_id: str | None = string(7, default=None, nullable=7)
    retention_time_ms: int = int64(2, 4, default=-1, ignorable=True)
    topics: list[OffsetCommitRequestTopic] = array(OffsetCommitRequestTopic)


class OffsetCommitResponsePartition(Message):
    """Whether the offset of one partition was committed."""

    partition_index: int = int32()
    error_code: int = int16()


class OffsetCommitResponseTopic(Message):
    """The partitions of one topic that were to be committed."""

    name: str = string(0, 9, ignorable=True)
    topic_id: bytes = uuid(10, ignorable=True)
    partitions: list[OffsetCommitResponsePartition] = array(OffsetCommitResponsePartition)


class OffsetCommitResponse(Response, api="OffsetCommit"):
    """Tells which offsets were committed."""

    throttle_time_ms: int = int32(3, ignorable=True)
    topics: list[OffsetCommitResponseTopic] = array(OffsetCommitResponseTopic)
