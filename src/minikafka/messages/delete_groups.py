"""DeleteGroups (API key 42): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class DeleteGroupsRequest(Request, api="DeleteGroups"):
    """Deletes empty groups with their offsets."""

    groups_names: list[str] = array("string")


class DeletableGroupResult(Message):
    """Whether one group was deleted."""

    group_id: str = string()
    error_code: int = int16()


class DeleteGroupsResponse(Response, api="DeleteGroups"):
    """Tells which groups were deleted."""

    throttle_time_ms: int = int32()
    results: list[DeletableGroupResult] = array(DeletableGroupResult)
