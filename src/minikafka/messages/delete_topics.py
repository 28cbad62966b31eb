"""DeleteTopics (API key 20): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string, uuid
from minikafka.messages.schema import Message, Request, Response


class DeleteTopicState(Message):
    """A topic to delete, by its name or its id."""

    name: str | None = string(6, default=None, nullable=6)
    topic_id: bytes = uuid(6)


class DeleteTopicsRequest(Request, api="DeleteTopics"):
    """Deletes topics, by name or, from version 6, also by id."""

    topics: list[DeleteTopicState] = array(DeleteTopicState, 6)
    topic_names: list[str] = array("string", 0, 5, ignorable=True)
    timeout_ms: int = int32()


class DeletableTopicResult(Message):
    """Whether one topic was deleted."""

    name: str | None = string(nullable=6)
    topic_id: bytes = uuid(6, ignorable=True)
    error_code: int = int16()
    error_message: str | None = string(5, default=None, nullable=5, ignorable=True)


class DeleteTopicsResponse(Response, api="DeleteTopics"):
    """Tells which topics were deleted."""

    throttle_time_ms: int = int32(1, ignorable=True)
    responses: list[DeletableTopicResult] = array(DeletableTopicResult)
