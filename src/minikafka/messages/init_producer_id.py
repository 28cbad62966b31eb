"""InitProducerId (API key 22): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import int16, int32, int64, string
from minikafka.messages.schema import Request, Response


class InitProducerIdRequest(Request, api="InitProducerId"):
    """Asks for a producer id, or for a new epoch of it."""

    transactional_id: str | None = string(nullable=0)
    transaction_timeout_ms: int = int32()
    producer_id: int = int64(3, default=-1)
    producer_epoch: int = int16(3, default=-1)


class InitProducerIdResponse(Response, api="InitProducerId"):
    """Gives a producer id and epoch."""

    throttle_time_ms: int = int32(ignorable=True)
    error_code: int = int16()
    producer_id: int = int64(default=-1)
    producer_epoch: int = int16()
