"""SyncGroup (API key 14): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, binary, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class SyncGroupRequestAssignment(Message):
    """A member's share, as the leader has assigned it."""

    member_id: str = string()
    assignment: bytes = binary()


class SyncGroupRequest(Request, api="SyncGroup"):
    """A member asks for its share of the assignment; the leader brings everybody's."""

    group_id: str = string()
    generation_id: int = int32()
    member_id: str = string()
    group_instance_id: str | None = string(3, default=None, nullable=3)
    protocol_type: str | None = string(5, default=None, nullable=5, ignorable=True)
    protocol_name: str | None = string(5, default=None, nullable=5, ignorable=True)
    assignments: list[SyncGroupRequestAssignment] = array(SyncGroupRequestAssignment)


class SyncGroupResponse(Response, api="SyncGroup"):
    """Gives a member its share of the assignment."""

    throttle_time_ms: int = int32(1, ignorable=True)
    error_code: int = int16()
    protocol_type: str | None = string(5, default=None, nullable=5, ignorable=True)
    protocol_name: str | None = string(5, default=None, nullable=5, ignorable=True)
    assignment: bytes = binary()
