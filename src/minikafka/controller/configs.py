"""IncrementalAlterConfigs and AlterConfigs, of topics and of brokers (ConfigurationControlManager).

Simplifications: no alter-config policies; client metrics (KIP-714) and group configs (KIP-848) are not modelled
and refused; log levels (BROKER_LOGGER) do not exist here.
"""

from __future__ import annotations

from minikafka.config.broker import BROKER_CONFIGS, DYNAMIC_CONFIGS, dynamic_config_key
from minikafka.config.topic import TOPIC_CONFIGS, validate_topic_configs
from minikafka.controller.api_error import describe
from minikafka.controller.elect_leaders import elect_leader
from minikafka.controller.partition_change import Election
from minikafka.controller.topic_names import validate_topic_name
from minikafka.errors import (
    BrokerIdNotRegisteredError,
    ErrorCode,
    InvalidConfigurationError,
    InvalidRequestError,
    KafkaError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from minikafka.image import NO_LEADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from minikafka.controller.controller import Controller
    from minikafka.controller.metadata_delta import MetadataDelta
    from minikafka.messages.alter_configs import AlterConfigsRequest, AlterConfigsResponse
    from minikafka.messages.incremental_alter_configs import (
        AlterableConfig,
        IncrementalAlterConfigsRequest,
        IncrementalAlterConfigsResponse,
    )
    from minikafka.structs import RequestContext

    Resource = tuple[int, str]
    Change = Callable[[Resource, Mapping[str, str]], dict[str, str]]

TOPIC = 2
BROKER = 4
_UNSUPPORTED = {8: "BROKER_LOGGER", 16: "CLIENT_METRICS", 32: "GROUP"}

SET, DELETE, APPEND, SUBTRACT = range(4)
_OPERATIONS = {SET: "SET", DELETE: "DELETE", APPEND: "APPEND", SUBTRACT: "SUBTRACT"}


def handle_incremental_alter_configs(
    controller: Controller, request: IncrementalAlterConfigsRequest, _: RequestContext
) -> IncrementalAlterConfigsResponse:
    """Set, delete, append to or subtract from single options."""
    from minikafka.messages.incremental_alter_configs import (
        AlterConfigsResourceResponse,
        IncrementalAlterConfigsResponse,
    )

    wanted = {(each.resource_type, each.resource_name): each.configs for each in request.resources}
    results = _alter(
        controller,
        [(each.resource_type, each.resource_name) for each in request.resources],
        lambda resource, present: _incremented(resource, present, wanted[resource]),
        request.validate_only,
    )
    return IncrementalAlterConfigsResponse(
        responses=[
            AlterConfigsResourceResponse(
                resource_type=kind, resource_name=name, error_code=code, error_message=message
            )
            for (kind, name), code, message in results
        ]
    )


def handle_alter_configs(
    controller: Controller, request: AlterConfigsRequest, _: RequestContext
) -> AlterConfigsResponse:
    """Replace all options of each resource."""
    from minikafka.messages.alter_configs import AlterConfigsResourceResponse, AlterConfigsResponse

    wanted = {(each.resource_type, each.resource_name): each.configs for each in request.resources}

    def replaced(resource: Resource, _: Mapping[str, str]) -> dict[str, str]:
        nulls = [config.name for config in wanted[resource] if config.value is None]
        if nulls:
            raise InvalidRequestError(f"Null value not supported for : {','.join(nulls)}")
        return {config.name: config.value for config in wanted[resource] if config.value is not None}

    results = _alter(
        controller,
        [(each.resource_type, each.resource_name) for each in request.resources],
        replaced,
        request.validate_only,
    )
    return AlterConfigsResponse(
        responses=[
            AlterConfigsResourceResponse(
                resource_type=kind, resource_name=name, error_code=code, error_message=message
            )
            for (kind, name), code, message in results
        ]
    )


def _alter(
    controller: Controller, resources: Sequence[Resource], change: Change, validate_only: bool
) -> list[tuple[Resource, ErrorCode, str | None]]:
    delta = controller.delta()
    results: list[tuple[Resource, ErrorCode, str | None]] = []
    for resource in dict.fromkeys(resources):
        kind, name = resource
        code, message = ErrorCode.NONE, None
        try:
            if kind not in (TOPIC, BROKER):
                raise _unknown_kind(kind)
            if resources.count(resource) > 1:
                raise InvalidRequestError("Duplicate resource.")
            if kind == TOPIC:
                _alter_topic(controller, delta, name, change)
            else:
                _alter_broker(controller, delta, name, change)
        except Exception as error:
            code, message = describe(error, controller.scheduler)
        results.append((resource, code, message))
    if not validate_only:
        controller.commit(delta)
        _elect_unclean_leaders(controller)
    return results


def _unknown_kind(kind: int) -> KafkaError:
    if kind in _UNSUPPORTED:
        return InvalidRequestError(
            f"Unsupported resource type {_UNSUPPORTED[kind]}: expected TOPIC or BROKER"
        )
    return UnsupportedVersionError(f"Unknown resource type {kind}.")


def _alter_topic(controller: Controller, delta: MetadataDelta, name: str, change: Change) -> None:
    if not name:
        raise InvalidRequestError("Default topic resources are not allowed.")
    validate_topic_name(name)
    topic = delta.topics.get(name)
    present = {} if topic is None else topic.configs
    configs = change((TOPIC, name), present)
    validate_topic_configs(configs, controller.config.topic_defaults)
    if topic is None:
        raise UnknownTopicOrPartitionError(f"The topic '{name}' does not exist.")
    if configs != present:
        delta.set_topic_configs(name, configs)


def _alter_broker(controller: Controller, delta: MetadataDelta, name: str, change: Change) -> None:
    if name:
        try:
            node_id = int(name)
        except ValueError:
            raise InvalidRequestError("Unable to parse broker name as a base 10 number.") from None
        if node_id < 0:
            raise InvalidRequestError("Invalid negative broker ID.")
        if node_id not in controller.image.brokers:
            raise BrokerIdNotRegisteredError(f"No node with id {node_id} found.")
    present = delta.broker_configs.get(name, {})
    configs = change((BROKER, name), present)
    fixed = sorted(option for option in configs if option not in DYNAMIC_CONFIGS)
    if fixed:
        raise InvalidRequestError(f"Cannot update these configs dynamically: {', '.join(fixed)}")
    for option, text in configs.items():
        dynamic_config_key(option).parse(text)
    if configs != present:
        delta.set_broker_configs(name, configs)


def _incremented(
    resource: Resource, present: Mapping[str, str], operations: list[AlterableConfig]
) -> dict[str, str]:
    names = [operation.name for operation in operations]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise InvalidRequestError(f"Error due to duplicate config keys : {','.join(repeated)}")
    nulls = [each.name for each in operations if each.value is None and each.config_operation != DELETE]
    if nulls:
        raise InvalidRequestError(f"Null value not supported for : {','.join(nulls)}")
    configs = dict(present)
    for operation in operations:
        name, kind, value = operation.name, operation.config_operation, operation.value or ""
        if kind not in _OPERATIONS:
            raise InvalidRequestError(f"Unknown operation {kind} for config {name}")
        if kind == SET:
            configs[name] = value
        elif kind == DELETE:
            configs.pop(name, None)
        else:
            configs[name] = _list_changed(resource, configs.get(name), name, kind, value)
    return configs


def _list_changed(resource: Resource, present: str | None, name: str, kind: int, value: str) -> str:
    key = (TOPIC_CONFIGS if resource[0] == TOPIC else BROKER_CONFIGS).get(name)
    if key is None or key.type_name != "LIST":
        raise InvalidConfigurationError(
            f"Can't {_OPERATIONS[kind]} to key {name} because its type is not LIST."
        )
    if present is None:
        # Kafka begins from the option's own default, whatever the brokers say.
        present = key.text(key.default) or ""
    parts = [part for part in present.split(",") if part]
    for part in value.split(","):
        if kind == APPEND and part not in parts:
            parts.append(part)
        elif kind == SUBTRACT and part in parts:
            parts.remove(part)
    return ",".join(parts)


def _elect_unclean_leaders(controller: Controller) -> None:
    """Where unclean elections are allowed now, leaderless partitions get a leader.

    Kafka's periodic task does so within five minutes (unclean.leader.election.interval.ms).
    """
    delta = controller.delta()
    for topic, index, partition in list(delta.partitions()):
        if partition.leader == NO_LEADER and controller.is_unclean_election_enabled(topic):
            try:
                elect_leader(controller, delta, topic, index, Election.UNCLEAN)
            except KafkaError:
                continue  # no replica is alive
    controller.commit(delta)
