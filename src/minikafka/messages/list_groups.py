"""ListGroups (API key 16): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class ListGroupsRequest(Request, api="ListGroups"):
    """Asks for the groups that a broker coordinates, by state and type."""

    states_filter: list[str] = array("string", 4)
    types_filter: list[str] = array("string", 5)


class ListedGroup(Message):
    """A group that the broker coordinates."""

    group_id: str = string()
    protocol_type: str = string()
    group_state: str = string(4, ignorable=True)
    group_type: str = string(5, ignorable=True)


class ListGroupsResponse(Response, api="ListGroups"):
    """Tells the groups that a broker coordinates."""

    throttle_time_ms: int = int32(1, ignorable=True)
    error_code: int = int16()
    groups: list[ListedGroup] = array(ListedGroup)
