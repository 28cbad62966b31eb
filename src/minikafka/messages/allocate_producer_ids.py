"""AllocateProducerIds (API key 67): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import int16, int32, int64
from minikafka.messages.schema import Request, Response


class AllocateProducerIdsRequest(Request, api="AllocateProducerIds"):
    """A broker asks the controller for a block of producer ids."""

    broker_id: int = int32()
    broker_epoch: int = int64(default=-1)


class AllocateProducerIdsResponse(Response, api="AllocateProducerIds"):
    """Gives a broker a block of producer ids."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    producer_id_start: int = int64()
    producer_id_len: int = int32()
