"""AlterConfigs (API key 33): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class AlterableConfig(Message):
    """A config to change: its name, and its new value or null."""

    name: str = string()
    value: str | None = string(nullable=0)


class AlterConfigsResource(Message):
    """A topic or broker with the configs to change."""

    resource_type: int = int8()
    resource_name: str = string()
    configs: list[AlterableConfig] = array(AlterableConfig)


class AlterConfigsRequest(Request, api="AlterConfigs"):
    """Replaces all configs of some resources."""

    resources: list[AlterConfigsResource] = array(AlterConfigsResource)
    validate_only: bool = boolean()


class AlterConfigsResourceResponse(Message):
    """What became of the changes to one resource."""

    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    resource_type: int = int8()
    resource_name: str = string()


class AlterConfigsResponse(Response, api="AlterConfigs"):
    """Tells what became of each resource."""

    throttle_time_ms: int = int32()
    responses: list[AlterConfigsResourceResponse] = array(AlterConfigsResourceResponse)
