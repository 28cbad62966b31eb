"""DeleteGroups (API key 42): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class DeleteGroupsRequest(Request, api="DeleteGroups"):
    """Asks for DeleteGroups (API key 42)."""

    groups_names: list[str] = array("string")


class DeletableGroupResult(Message):
    """Part of the message: deletable group result."""

    group_id: str = string()
    error_code: int = int16()


class DeleteGroupsResponse(Response, api="DeleteGroups"):
    """Answers DeleteGroupsRequest."""

    throttle_time_ms: int = int32()
    results: list[DeletableGroupResult] = array(DeletableGroupResult)
