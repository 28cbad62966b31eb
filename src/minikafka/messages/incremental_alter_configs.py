"""IncrementalAlterConfigs (API key 44): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class AlterableConfig(Message):
    """A config to change: its name, what to do (set, delete, append, subtract) and the value."""

    name: str = string()
    config_operation: int = int8()
    value: str | None = string(nullable=0)


class AlterConfigsResource(Message):
    """A topic or broker with the configs to change."""

    resource_type: int = int8()
    resource_name: str = string()
    configs: list[AlterableConfig] = array(AlterableConfig)


class IncrementalAlterConfigsRequest(Request, api="IncrementalAlterConfigs"):
    """Changes single configs of some resources (KIP-339)."""

    resources: list[AlterConfigsResource] = array(AlterConfigsResource)
    validate_only: bool = boolean()


class AlterConfigsResourceResponse(Message):
    """What became of the changes to one resource."""

    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    resource_type: int = int8()
    resource_name: str = string()


class IncrementalAlterConfigsResponse(Response, api="IncrementalAlterConfigs"):
    """Tells what became of each resource."""

    throttle_time_ms: int = int32()
    responses: list[AlterConfigsResourceResponse] = array(AlterConfigsResourceResponse)
