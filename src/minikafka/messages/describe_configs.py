"""DescribeConfigs (API key 32): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class DescribeConfigsResource(Message):
    """A resource, and which of its configs to tell; null tells all."""

    resource_type: int = int8()
    resource_name: str = string()
    configuration_keys: list[str] | None = array("string", nullable=0)


class DescribeConfigsRequest(Request, api="DescribeConfigs"):
    """Asks for the configs of topics, brokers and groups."""

    resources: list[DescribeConfigsResource] = array(DescribeConfigsResource)
    include_synonyms: bool = boolean(1)
    include_documentation: bool = boolean(3)


class DescribeConfigsSynonym(Message):
    """Another place that a config's value could come from, in the order of precedence."""

    name: str = string(1)
    value: str | None = string(1, nullable=0)
    source: int = int8(1)


class DescribeConfigsResourceResult(Message):
    """One config: its value, where it comes from, what it means."""

    name: str = string()
    value: str | None = string(nullable=0)
    read_only: bool = boolean()
    config_source: int = int8(1, default=-1, ignorable=True)
    is_sensitive: bool = boolean()
    synonyms: list[DescribeConfigsSynonym] = array(DescribeConfigsSynonym, 1, ignorable=True)
    config_type: int = int8(3, ignorable=True)
    documentation: str | None = string(3, nullable=0, ignorable=True)


class DescribeConfigsResult(Message):
    """The configs of one resource."""

    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    resource_type: int = int8()
    resource_name: str = string()
    configs: list[DescribeConfigsResourceResult] = array(DescribeConfigsResourceResult)


class DescribeConfigsResponse(Response, api="DescribeConfigs"):
    """Tells the configs of each resource."""

    throttle_time_ms: int = int32()
    results: list[DescribeConfigsResult] = array(DescribeConfigsResult)
