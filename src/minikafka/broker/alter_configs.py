"""AlterConfigs (0 to 2) and IncrementalAlterConfigs (0 to 1): checked here, carried out by the controller.

Mirrors Kafka's ConfigAdminManager: what is wrong with a resource at first sight, and everything that concerns
a broker's own options, is found here; the rest is forwarded, and the answers are joined.
"""

from __future__ import annotations

from minikafka.broker.answers import mapped
from minikafka.broker.describe_configs import BROKER, TOPIC
from minikafka.broker.forwarding import forward
from minikafka.config.broker import DYNAMIC_CONFIGS, dynamic_config_key
from minikafka.config.definitions import LIST
from minikafka.errors import InvalidConfigurationError, InvalidRequestError, KafkaError
from minikafka.messages import alter_configs, incremental_alter_configs
from minikafka.messages.alter_configs import AlterConfigsRequest
from minikafka.messages.incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
)
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.broker.broker import Broker
    from minikafka.messages.schema import Message, Request, Response
    from minikafka.structs import RequestContext

    Resource = alter_configs.AlterConfigsResource | incremental_alter_configs.AlterConfigsResource
    ResourceKey = tuple[int, str]

SET, DELETE, APPEND, SUBTRACT = range(4)
"""Kafka's AlterConfigOp numbers."""

_Errors = dict[tuple[int, str], KafkaError]


def handle_incremental_alter_configs(
    broker: Broker, request: IncrementalAlterConfigsRequest, _context: RequestContext
) -> Promise[Response]:
    """Set, delete, append to and subtract from options."""
    return _handle(broker, request, incremental_alter_configs.AlterConfigsResourceResponse)


def handle_alter_configs(
    broker: Broker, request: AlterConfigsRequest, _context: RequestContext
) -> Promise[Response]:
    """Replace all options of a resource."""
    return _handle(broker, request, alter_configs.AlterConfigsResourceResponse)


def _handle(
    broker: Broker,
    request: IncrementalAlterConfigsRequest | AlterConfigsRequest,
    resource_response: Callable[..., Message],
) -> Promise[Response]:
    """Forward the resources that are good, and answer for all of them in the order of the request."""
    errors = _errors(broker, list(request.resources))
    good = [each for each in request.resources if _key(each) not in errors]

    def answer(response: Response | None) -> Response:
        told = {} if response is None else {_key(each): each for each in response.responses}  # type: ignore[attr-defined]
        response_class: Callable[..., Response] = request.response_class
        return response_class(
            responses=[
                told.get(_key(each))
                or resource_response(
                    error_code=broker.code_for(errors[_key(each)]),
                    error_message=_message(errors[_key(each)]),
                    resource_type=each.resource_type,
                    resource_name=each.resource_name,
                )
                for each in request.resources
            ]
        )

    if not good:
        return Promise.resolved(answer(None))
    request_class: Callable[..., Request] = type(request)
    return mapped(forward(broker, request_class(resources=good, validate_only=request.validate_only)), answer)


def _key(resource: Resource) -> ResourceKey:
    return resource.resource_type, resource.resource_name


def _message(error: KafkaError) -> str | None:
    return str(error.args[0]) if error.args else None


def _errors(broker: Broker, resources: list[Resource]) -> _Errors:
    """What is wrong with the resources, by resource (ConfigAdminManager.preprocess)."""
    errors: _Errors = {}
    keys = [_key(resource) for resource in resources]
    for resource in resources:
        key = _key(resource)
        try:
            if keys.count(key) > 1:
                raise InvalidRequestError("Each resource must appear at most once.")
            _check(broker, resource)
        except KafkaError as error:
            errors[key] = error
    return errors


def _check(broker: Broker, resource: Resource) -> None:
    names = [config.name for config in resource.configs]
    if len(set(names)) < len(names):
        raise InvalidRequestError("Error due to duplicate config keys")
    nulls = [
        config.name
        for config in resource.configs
        if config.value is None and getattr(config, "config_operation", SET) != DELETE
    ]
    if nulls:
        raise InvalidRequestError(f"Null value not supported for : {', '.join(nulls)}")
    if resource.resource_type == BROKER:
        if resource.resource_name:
            _check_node(broker, resource.resource_name)
        _check_broker_options(resource)
    elif resource.resource_type != TOPIC:
        raise InvalidRequestError(f"Unknown resource type {resource.resource_type}")


def _check_node(broker: Broker, name: str) -> None:
    try:
        node_id = int(name)
    except ValueError:
        raise InvalidRequestError(f"Node id must be an integer, but it is: {name}") from None
    if node_id != broker.node_id:
        raise InvalidRequestError(f"Unexpected broker id, expected {broker.node_id}, but received {name}")


def _check_broker_options(resource: Resource) -> None:
    """Whether a broker could live with the change (DynamicBrokerConfig.validate)."""
    fixed = [config.name for config in resource.configs if config.name not in DYNAMIC_CONFIGS]
    if fixed:
        raise InvalidRequestError(f"Cannot update these configs dynamically: Set({', '.join(sorted(fixed))})")
    for config in resource.configs:
        operation = getattr(config, "config_operation", SET)
        key = dynamic_config_key(config.name)
        if operation in (APPEND, SUBTRACT) and key.type_name != LIST:
            word = "append" if operation == APPEND else "subtract"
            raise InvalidConfigurationError(
                f"Config value {word} is not allowed for config key: {config.name}"
            )
        if operation not in (SET, DELETE, APPEND, SUBTRACT):
            raise InvalidRequestError(f"Unknown operations type {operation}")
        if operation != DELETE:
            try:
                key.parse(config.value)
            except InvalidConfigurationError as error:
                raise InvalidRequestError(*error.args) from None
