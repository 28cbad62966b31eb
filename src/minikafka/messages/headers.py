"""The headers of requests and responses on a connection."""

from __future__ import annotations

from minikafka.messages.fields import int16, int32, string
from minikafka.messages.schema import Body


class RequestHeader(Body, since=1, until=2, flexible=2):
    """What stands before every request on a connection."""

    request_api_key: int = int16()
    request_api_version: int = int16()
    correlation_id: int = int32()
    client_id: str | None = string(1, nullable=1, compact=False)


class ResponseHeader(Body, until=1, flexible=1):
    """What stands before every response on a connection."""

    correlation_id: int = int32()
