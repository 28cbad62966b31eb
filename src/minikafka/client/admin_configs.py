"""Configs of topics, brokers and groups: describe, alter, reset."""

from __future__ import annotations

from minikafka.client.admin_dicts import to_dict
from minikafka.client.admin_types import (
    AlterConfigOp,
    ConfigFilterType,
    ConfigResource,
    ConfigResourceType,
    ConfigSourceType,
    ConfigType,
)
from minikafka.errors import ErrorCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from minikafka.client.admin import AdminCore
    from minikafka.messages.schema import Request

    Described = dict[str, dict[str, Any]]
    """The configs of one resource: ``{name: {"value": ..., "config_source": ..., ...}}``."""

_ON_THE_BROKER = (ConfigResourceType.BROKER, ConfigResourceType.BROKER_LOGGER)


def _resources(given: Iterable[Any]) -> list[ConfigResource]:
    """Copies of the user's resources, which may be of kafka-python's own class."""
    return [ConfigResource(each.resource_type, str(each.name), each.configs) for each in given]


def _by_destination(resources: Iterable[ConfigResource]) -> list[tuple[int | None, list[ConfigResource]]]:
    """Which broker is asked about which resources: a broker about its own, any (None) about the others."""
    brokers: dict[int, list[ConfigResource]] = {}
    others = []
    for resource in resources:
        if resource.resource_type not in _ON_THE_BROKER:
            others.append(resource)
            continue
        try:
            brokers.setdefault(int(resource.name), []).append(resource)
        except ValueError:
            raise ValueError(
                f"broker {resource.name!r}: Broker resource names must be an integer or a string represented integer"
            ) from None
    destinations: list[tuple[int | None, list[ConfigResource]]] = list(brokers.items())
    return [*destinations, (None, others)] if others else destinations


# Describe


async def describe_configs(
    core: AdminCore, config_resources: Iterable[Any], include_synonyms: bool, config_filter: object
) -> dict[str, dict[str, Described]]:
    """``{resource type: {resource name: configs}}``; a resource that does not exist has no configs."""
    chosen = ConfigFilterType.build_from(config_filter)
    result: dict[str, dict[str, Described]] = {}
    for kind, name, configs in await _describe(core, _resources(config_resources), include_synonyms, chosen):
        result.setdefault(kind.name.lower(), {})[name] = configs
    return result


async def _describe(
    core: AdminCore,
    resources: list[ConfigResource],
    include_synonyms: bool,
    config_filter: ConfigFilterType,
) -> list[tuple[ConfigResourceType, str, Described]]:
    from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource

    found = []
    for node_id, some in _by_destination(resources):
        request = DescribeConfigsRequest(
            resources=[
                DescribeConfigsResource(
                    resource_type=int(resource.resource_type),
                    resource_name=resource.name,
                    configuration_keys=None if resource.configs is None else list(resource.configs),
                )
                for resource in some
            ],
            include_synonyms=include_synonyms,
        )
        response = await core.ask(request, node_id)
        for result in response.results:
            configs = {}
            for config in result.configs:
                described = to_dict(config, response.max_version)
                source = ConfigSourceType(described["config_source"])
                read_only = config_filter is ConfigFilterType.DYNAMIC and described["read_only"]
                name, described = described_config(described)
                if not (read_only or config_filter.should_skip(source)):
                    configs[name] = described
            found.append((ConfigResourceType(result.resource_type), result.resource_name, configs))
    return found


def described_config(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A config as a response tells it: its name, and the rest with the numbers of enums as names."""
    name = config.pop("name")
    config["config_source"] = ConfigSourceType(config["config_source"]).name
    for synonym in config.get("synonyms", ()):
        synonym["source"] = ConfigSourceType(synonym["source"]).name
    if "config_type" in config:
        config["config_type"] = ConfigType(config["config_type"]).name
    return name, config


async def _described_in_order(
    core: AdminCore, resources: list[ConfigResource], config_filter: ConfigFilterType
) -> list[Described]:
    """All the configs of each resource that the filter lets through."""
    wanted = [ConfigResource(resource.resource_type, resource.name) for resource in resources]
    found = {
        (kind, name): configs for kind, name, configs in await _describe(core, wanted, False, config_filter)
    }
    return [found.get((resource.resource_type, resource.name), {}) for resource in resources]


# Alter and reset


async def alter_configs(
    core: AdminCore,
    config_resources: Iterable[Any],
    validate_only: bool,
    raise_on_unknown: bool,
    incremental: bool | None,
) -> dict[str, dict[str, str]]:
    """Change configs; ``{resource type: {resource name: "OK" or the error}}``.

    Raises:
        ValueError: a config is unknown or cannot be changed, or an operation needs incremental=True.
        TypeError: configs is no dict, or a value is no string.
    """
    resources = _resources(config_resources)
    if raise_on_unknown:
        await _refuse_unknown(core, resources)
    if incremental is False:
        # What a plain AlterConfigs does not name falls back to its default.
        for resource, missing in zip(resources, await _modified(core, resources)):
            resource.configs = {**_pairs(resource), **missing}
    return await _alter(core, resources, validate_only, incremental is not False)


async def reset_configs(
    core: AdminCore,
    config_resources: Iterable[Any],
    validate_only: bool,
    raise_on_unknown: bool,
    incremental: bool | None,
) -> dict[str, dict[str, str]]:
    """Reset the named configs, or all, to their defaults; answers and raises as `alter_configs`."""
    resources = _resources(config_resources)
    if raise_on_unknown:
        await _refuse_unknown(core, resources)
    if incremental is False:
        partial = [resource for resource in resources if resource.configs]
        for resource, missing in zip(partial, await _modified(core, partial)):
            resource.configs = missing
    else:
        whole = [resource for resource in resources if not resource.configs]
        for resource, missing in zip(whole, await _modified(core, whole)):
            resource.configs = missing
        for resource in resources:
            resource.configs = dict.fromkeys(resource.configs or (), (AlterConfigOp.DELETE, None))
    return await _alter(core, resources, validate_only, incremental is not False)


async def _refuse_unknown(core: AdminCore, resources: list[ConfigResource]) -> None:
    known = await _described_in_order(core, resources, ConfigFilterType.DYNAMIC)
    for resource, configs in zip(resources, known):
        unknown = [name for name in resource.configs or () if name not in configs]
        if unknown:
            raise ValueError(
                f"Unrecognized configs: {unknown} ({resource.resource_type.name.lower()} {resource.name!r})"
            )


async def _modified(core: AdminCore, resources: list[ConfigResource]) -> list[dict[str, Any]]:
    """For each resource the configs that are set on it and not named in the resource."""
    if not resources:
        return []
    return [
        {
            name: config["value"]
            for name, config in configs.items()
            if name not in (resource.configs or ()) and config["value"] is not None
        }
        for resource, configs in zip(
            resources, await _described_in_order(core, resources, ConfigFilterType.MODIFIED)
        )
    ]


async def _alter(
    core: AdminCore, resources: list[ConfigResource], validate_only: bool, incremental: bool
) -> dict[str, dict[str, str]]:
    build = _incremental_request if incremental else _plain_request
    result: dict[str, dict[str, str]] = {}
    for node_id, some in _by_destination(resources):
        response = await core.ask(build(some, validate_only), node_id)
        for answer in response.responses:
            outcome = "OK"
            if answer.error_code != ErrorCode.NONE:
                outcome = core.error_text(answer.error_code, answer.error_message)
            kind = ConfigResourceType(answer.resource_type).name.lower()
            result.setdefault(kind, {})[answer.resource_name] = outcome
    return result


def _pairs(resource: ConfigResource) -> dict[str, Any]:
    configs = resource.configs
    if not configs:
        return {}
    if not isinstance(configs, dict):
        raise TypeError(
            f"configs={configs!r}: expected a dict of {{key: (op, value)}} or {{key: value}} (interpreted as SET)"
        )
    return configs


def _operations(resource: ConfigResource) -> list[tuple[str, int, str | None]]:
    """What to do: name, number of the operation, value."""
    operations = []
    for name, given in _pairs(resource).items():
        op, value = given if isinstance(given, tuple) else (AlterConfigOp.SET, given)
        code = AlterConfigOp.value_for(op)
        if code == AlterConfigOp.DELETE:
            value = None
        elif value is not None and not isinstance(value, str):
            raise TypeError(f"config {name}={value!r}: expected a string or None")
        operations.append((name, code, value))
    return operations


def _incremental_request(resources: list[ConfigResource], validate_only: bool) -> Request:
    from minikafka.messages.incremental_alter_configs import (
        AlterableConfig,
        AlterConfigsResource,
        IncrementalAlterConfigsRequest,
    )

    return IncrementalAlterConfigsRequest(
        resources=[
            AlterConfigsResource(
                resource_type=int(resource.resource_type),
                resource_name=resource.name,
                configs=[
                    AlterableConfig(name=name, config_operation=code, value=value)
                    for name, code, value in _operations(resource)
                ],
            )
            for resource in resources
        ],
        validate_only=validate_only,
    )


def _plain_request(resources: list[ConfigResource], validate_only: bool) -> Request:
    from minikafka.messages.alter_configs import AlterableConfig, AlterConfigsRequest, AlterConfigsResource

    operations = [_operations(resource) for resource in resources]
    for name, code, _ in (each for some in operations for each in some):
        if code != AlterConfigOp.SET:
            raise ValueError(
                f"config {name}: Non-incremental AlterConfigsRequest does not support operation "
                f"{AlterConfigOp(code).name} (SET only)"
            )
    return AlterConfigsRequest(
        resources=[
            AlterConfigsResource(
                resource_type=int(resource.resource_type),
                resource_name=resource.name,
                configs=[AlterableConfig(name=name, value=value) for name, _, value in some],
            )
            for resource, some in zip(resources, operations)
        ],
        validate_only=validate_only,
    )
