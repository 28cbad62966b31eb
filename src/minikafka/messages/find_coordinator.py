"""FindCoordinator (API key 10): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class FindCoordinatorRequest(Request, api="FindCoordinator"):
    """Asks for the coordinators of groups (0), transactional ids (1) or share groups (2)."""

    key: str = string(0, 3)
    key_type: int = int8(1)
    coordinator_keys: list[str] = array("string", 4)


class Coordinator(Message):
    """The coordinator of one key, or why there is none (KIP-699)."""

    key: str = string(4)
    node_id: int = int32(4)
    host: str = string(4)
    port: int = int32(4)
    error_code: int = int16(4)
    error_message: str | None = string(4, nullable=4, ignorable=True)


class FindCoordinatorResponse(Response, api="FindCoordinator"):
    """Tells the coordinators: of one key, or from version 4 of many."""

    throttle_time_ms: int = int32(1, ignorable=True)
    error_code: int = int16(0, 3)
    error_message: str | None = string(1, 3, nullable=1, ignorable=True)
    node_id: int = int32(0, 3)
    host: str = string(0, 3)
    port: int = int32(0, 3)
    coordinators: list[Coordinator] = array(Coordinator, 4)
