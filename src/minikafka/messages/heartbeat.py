"""Heartbeat (API key 12): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import int16, int32, string
from minikafka.messages.schema import Request, Response


class HeartbeatRequest(Request, api="Heartbeat"):
    """A member says that it lives."""

    group_id: str = string()
    generation_id: int = int32()
    member_id: str = string()
    group_instance_id: str | None = string(3, default=None, nullable=3)


class HeartbeatResponse(Response, api="Heartbeat"):
    """Tells a member whether its group rebalances."""

    throttle_time_ms: int = int32(1, ignorable=True)
    error_code: int = int16()
