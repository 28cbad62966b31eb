"""OffsetFetch (API key 9): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, int64, string, uuid
from minikafka.messages.schema import Message, Request, Response


class OffsetFetchRequestTopic(Message):
    """The partitions of one topic, in the versions that ask for one group."""

    name: str = string(0, 7)
    partition_indexes: list[int] = array("int32", 0, 7)


class OffsetFetchRequestTopics(Message):
    """The partitions of one topic, in the versions that ask for many groups."""

    name: str = string(8, 9, ignorable=True)
    topic_id: bytes = uuid(10, ignorable=True)
    partition_indexes: list[int] = array("int32", 8)


class OffsetFetchRequestGroup(Message):
    """A group whose offsets are asked for (KIP-709)."""

    group_id: str = string(8)
    member_id: str | None = string(9, default=None, nullable=9, ignorable=True)
    member_epoch: int = int32(9, default=-1, ignorable=True)
    topics: list[OffsetFetchRequestTopics] | None = array(OffsetFetchRequestTopics, 8, nullable=8)


class OffsetFetchRequest(Request, api="OffsetFetch"):
    """Asks for committed offsets: of one group, or from version 8 of many."""

    group_id: str = string(0, 7)
    topics: list[OffsetFetchRequestTopic] | None = array(OffsetFetchRequestTopic, 0, 7, nullable=2)
    groups: list[OffsetFetchRequestGroup] = array(OffsetFetchRequestGroup, 8)
    require_stable: bool = boolean(7)


class OffsetFetchResponsePartition(Message):
    """The committed offset of one partition, in the versions that tell of one group."""

    partition_index: int = int32(0, 7)
    committed_offset: int = int64(0, 7)
    committed_leader_epoch: int = int32(5, 7, default=-1, ignorable=True)
    metadata: str | None = string(0, 7, nullable=0)
    error_code: int = int16(0, 7)


class OffsetFetchResponseTopic(Message):
    """The partitions of one topic, in the versions that tell of one group."""

    name: str = string(0, 7)
    partitions: list[OffsetFetchResponsePartition] = array(OffsetFetchResponsePartition, 0, 7)


class OffsetFetchResponsePartitions(Message):
    """The committed offset of one partition, in the versions that tell of many groups."""

    partition_index: int = int32(8)
    committed_offset: int = int64(8)
    committed_leader_epoch: int = int32(8, default=-1, ignorable=True)
    metadata: str | None = string(8, nullable=8)
    error_code: int = int16(8)


class OffsetFetchResponseTopics(Message):
    """The partitions of one topic, in the versions that tell of many groups."""

    name: str = string(8, 9, ignorable=True)
    topic_id: bytes = uuid(10, ignorable=True)
    partitions: list[OffsetFetchResponsePartitions] = array(OffsetFetchResponsePartitions, 8)


class OffsetFetchResponseGroup(Message):
    """The committed offsets of one group (KIP-709)."""

    group_id: str = string(8)
    topics: list[OffsetFetchResponseTopics] = array(OffsetFetchResponseTopics, 8)
    error_code: int = int16(8)


class OffsetFetchResponse(Response, api="OffsetFetch"):
    """Tells committed offsets: of one group, or from version 8 of many."""

    throttle_time_ms: int = int32(3, ignorable=True)
    topics: list[OffsetFetchResponseTopic] = array(OffsetFetchResponseTopic, 0, 7)
    error_code: int = int16(2, 7, ignorable=True)
    groups: list[OffsetFetchResponseGroup] = array(OffsetFetchResponseGroup, 8)
