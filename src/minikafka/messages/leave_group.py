"""LeaveGroup (API key 13): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class MemberIdentity(Message):
    """A member that leaves, by its member id or its instance id (KIP-345)."""

    member_id: str = string(3)
    group_instance_id: str | None = string(3, default=None, nullable=3)
    reason: str | None = string(5, default=None, nullable=5, ignorable=True)


class LeaveGroupRequest(Request, api="LeaveGroup"):
    """Members leave their group."""

    group_id: str = string()
    member_id: str = string(0, 2)
    members: list[MemberIdentity] = array(MemberIdentity, 3)


class MemberResponse(Message):
    """Whether one member could leave."""

    member_id: str = string(3)
    group_instance_id: str | None = string(3, nullable=3)
    error_code: int = int16(3)


class LeaveGroupResponse(Response, api="LeaveGroup"):
    """Tells which members have left."""

    throttle_time_ms: int = int32(1, ignorable=True)
    error_code: int = int16()
    members: list[MemberResponse] = array(MemberResponse, 3)
