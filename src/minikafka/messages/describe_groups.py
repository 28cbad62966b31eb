"""DescribeGroups (API key 15): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, binary, boolean, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class DescribeGroupsRequest(Request, api="DescribeGroups"):
    """Asks for the state and members of classic groups."""

    groups: list[str] = array("string")
    include_authorized_operations: bool = boolean(3)


class DescribedGroupMember(Message):
    """A member of a described group, with the bytes it joined with and was assigned."""

    member_id: str = string()
    group_instance_id: str | None = string(4, default=None, nullable=4, ignorable=True)
    client_id: str = string()
    client_host: str = string()
    member_metadata: bytes = binary()
    member_assignment: bytes = binary()


class DescribedGroup(Message):
    """A group: its state, protocol and members."""

    error_code: int = int16()
    error_message: str | None = string(6, default=None, nullable=6)
    group_id: str = string()
    group_state: str = string()
    protocol_type: str = string()
    protocol_data: str = string()
    members: list[DescribedGroupMember] = array(DescribedGroupMember)
    authorized_operations: int = int32(3, default=-2147483648)


class DescribeGroupsResponse(Response, api="DescribeGroups"):
    """Tells the state and members of classic groups."""

    throttle_time_ms: int = int32(1, ignorable=True)
    groups: list[DescribedGroup] = array(DescribedGroup)
