"""JoinGroup (API key 11): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, binary, boolean, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class JoinGroupRequestProtocol(Message):
    """An assignor that the member supports, with its subscription for it."""

    name: str = string()
    metadata: bytes = binary()


class JoinGroupRequest(Request, api="JoinGroup"):
    """A consumer wants to become or to stay a member of a classic group."""

    group_id: str = string()
    session_timeout_ms: int = int32()
    rebalance_timeout_ms: int = int32(1, default=-1, ignorable=True)
    member_id: str = string()
    group_instance_id: str | None = string(5, default=None, nullable=5)
    protocol_type: str = string()
    protocols: list[JoinGroupRequestProtocol] = array(JoinGroupRequestProtocol)
    reason: str | None = string(8, default=None, nullable=8, ignorable=True)


class JoinGroupResponseMember(Message):
    """A member and its subscription, as the leader is told of it."""

    member_id: str = string()
    group_instance_id: str | None = string(5, default=None, nullable=5, ignorable=True)
    metadata: bytes = binary()


class JoinGroupResponse(Response, api="JoinGroup"):
    """Tells a member its generation, and the leader all members."""

    throttle_time_ms: int = int32(2, ignorable=True)
    error_code: int = int16()
    generation_id: int = int32(default=-1)
    protocol_type: str | None = string(7, default=None, nullable=7, ignorable=True)
    protocol_name: str | None = string(nullable=7)
    leader: str = string()
    skip_assignment: bool = boolean(9)
    member_id: str = string()
    members: list[JoinGroupResponseMember] = array(JoinGroupResponseMember)
