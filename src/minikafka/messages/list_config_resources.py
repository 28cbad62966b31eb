"""ListConfigResources (API key 74): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class ListConfigResourcesRequest(Request, api="ListConfigResources"):
    """Asks what can have options, of some types or (empty) of all; version 0 asks for client metrics."""

    resource_types: list[int] = array("int8", 1)


class ConfigResource(Message):
    """Something that can have options."""

    resource_name: str = string()
    resource_type: int = int8(1, default=16, ignorable=True)


class ListConfigResourcesResponse(Response, api="ListConfigResources"):
    """Lists what can have options."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    config_resources: list[ConfigResource] = array(ConfigResource)
