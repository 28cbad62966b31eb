"""OffsetDelete (API key 47): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class OffsetDeleteRequestPartition(Message):
    """A partition whose committed offset shall go."""

    partition_index: int = int32()


class OffsetDeleteRequestTopic(Message):
    """The partitions of one topic whose committed offsets shall go."""

    name: str = string()
    partitions: list[OffsetDeleteRequestPartition] = array(OffsetDeleteRequestPartition)


class OffsetDeleteRequest(Request, api="OffsetDelete"):
    """Deletes committed offsets of a group (KIP-496)."""

    group_id: str = string()
    topics: list[OffsetDeleteRequestTopic] = array(OffsetDeleteRequestTopic)


class OffsetDeleteResponsePartition(Message):
    """Whether the committed offset of one partition is gone."""

    partition_index: int = int32()
    error_code: int = int16()


class OffsetDeleteResponseTopic(Message):
    """The partitions of one topic whose committed offsets were to go."""

    name: str = string()
    partitions: list[OffsetDeleteResponsePartition] = array(OffsetDeleteResponsePartition)


class OffsetDeleteResponse(Response, api="OffsetDelete"):
    """Tells which committed offsets were deleted."""

    error_code: int = int16()
    throttle_time_ms: int = int32(ignorable=True)
    topics: list[OffsetDeleteResponseTopic] = array(OffsetDeleteResponseTopic)
