"""DeleteTopics (API key 20): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int16, int32, string, uuid
from minikafka.messages.schema import Message, Request, Response


class DeleteTopicState(Message):
    """Part of the message: delete topic state."""

    name: str | None = string(6, default=None, nullable=6)
    topic_id: bytes = uuid(6)


class DeleteTopicsRequest(Request, api="DeleteTopics"):
    """Asks for DeleteTopics (API key 20)."""

    topics: list[DeleteTopicState] = array(DeleteTopicState, 6)
    topic_names: list[str] = array("string", 0, 5, ignorable=True)
    timeout_ms: int = int32()


class DeletableTopicResult(Message):
    """Part of the message: deletable topic result."""

    name: str | None = string(nullable=6)
    topic_id: bytes = uuid(6, ignorable=True)
    error_code: int = int16()
    error_message: str | None = string(5, default=None, nullable=5, ignorable=True)


class DeleteTopicsResponse(Response, api="DeleteTopics"):
    """Answers DeleteTopicsRequest."""

    throttle_time_ms: int = int32(1, ignorable=True)
    responses: list[DeletableTopicResult] = array(DeletableTopicResult)
