"""SyncGroup (API key 14): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, binary, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class SyncGroupRequestAssignment(Message):
    """Part of the message: sync group request assignment."""

    member_id: str = string()
    assignment: bytes = binary()


class SyncGroupRequest(Request, api="SyncGroup"):
    """Asks for SyncGroup (API key 14)."""

    group_id: str = string()
    generation_id: int = int32()
    member_id: str = string()
    group_instance_id: str | None = string(3, default=None, nullable=3)
    protocol_type: str | None = string(5, default=None, nullable=5, ignorable=True)
    protocol_name: str | None = string(5, default=None, nullable=5, ignorable=True)
    assignments: list[SyncGroupRequestAssignment] = array(SyncGroupRequestAssignment)


class SyncGroupResponse(Response, api="SyncGroup"):
    """Answers SyncGroupRequest."""

    throttle_time_ms: int = int32(1, ignorable=True)
    error_code: int = int16()
    protocol_type: str | None = string(5, default=None, nullable=5, ignorable=True)
    protocol_name: str | None = string(5, default=None, nullable=5, ignorable=True)
    assignment: bytes = binary()
