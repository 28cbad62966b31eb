"""DescribeConfigs (1 to 4): the options of topics and brokers, and their origin (Kafka's ConfigHelper).

Simplifications: only options that minikafka models are told; documentation is never told; groups and client
metrics have no options here; loggers are refused.
"""

from __future__ import annotations

from minikafka.broker.answers import MALFORMED_REQUEST
from minikafka.config.broker import (
    BROKER_CONFIGS,
    DYNAMIC_CONFIGS,
    DYNAMIC_ONLY_CONFIGS,
    INTERNAL_CONFIGS,
    dynamic_config_key,
)
from minikafka.config.definitions import BOOLEAN, DOUBLE, INT, LIST, LONG, SHORT, STRING
from minikafka.config.topic import TOPIC_CONFIGS
from minikafka.controller.topic_names import validate_topic_name
from minikafka.errors import (
    InvalidRequestError,
    KafkaError,
    UnknownTopicOrPartitionError,
)
from minikafka.messages.describe_configs import (
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.broker.broker import Broker
    from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
    from minikafka.structs import RequestContext

_UNSERVED = {8: "BROKER_LOGGER"}
_WITHOUT_OPTIONS = {16: "Client metrics subscription name", 32: "Group name"}

TOPIC = 2
BROKER = 4

# Kafka's ConfigSource and ConfigType numbers.
TOPIC_CONFIG = 1
DYNAMIC_BROKER_CONFIG = 2
DYNAMIC_DEFAULT_BROKER_CONFIG = 3
STATIC_BROKER_CONFIG = 4
DEFAULT_CONFIG = 5
_TYPES = {BOOLEAN: 1, STRING: 2, INT: 3, SHORT: 4, LONG: 5, DOUBLE: 6, LIST: 7}

_FAMILIES = (
    ("log.roll.ms", "log.roll.hours"),
    ("log.roll.jitter.ms", "log.roll.jitter.hours"),
    ("log.retention.ms", "log.retention.minutes", "log.retention.hours"),
)
"""Broker options that say the same in different units."""


def handle_describe_configs(
    broker: Broker, request: DescribeConfigsRequest, _context: RequestContext
) -> DescribeConfigsResponse:
    """Describe each resource; what is wrong with one is told for that one."""
    return DescribeConfigsResponse(
        results=[_describe(broker, resource, request.include_synonyms) for resource in request.resources]
    )


def _describe(
    broker: Broker, resource: DescribeConfigsResource, with_synonyms: bool
) -> DescribeConfigsResult:
    result = DescribeConfigsResult(
        resource_type=resource.resource_type, resource_name=resource.resource_name, error_message=""
    )
    try:
        if resource.resource_type == TOPIC:
            configs = _topic_configs(broker, resource.resource_name)
        elif resource.resource_type == BROKER:
            configs = _broker_configs(broker, resource.resource_name)
        elif resource.resource_type in _WITHOUT_OPTIONS:
            configs = []
            if not resource.resource_name:
                raise InvalidRequestError(f"{_WITHOUT_OPTIONS[resource.resource_type]} must not be empty")
        else:
            raise InvalidRequestError(_refusal(resource.resource_type))
    except KafkaError as error:
        result.error_code = broker.code_for(error)
        result.error_message = str(error.args[0]) if error.args else ""
        return result
    wanted = resource.configuration_keys
    result.configs = [each for each in configs if not wanted or each.name in wanted]
    if not with_synonyms:
        for each in result.configs:
            each.synonyms = []
    return result


def _refusal(resource_type: int) -> str:
    if resource_type in _UNSERVED:
        return f"Unsupported resource type: {_UNSERVED[resource_type]}"
    return MALFORMED_REQUEST


def _topic_configs(broker: Broker, name: str) -> list[DescribeConfigsResourceResult]:
    validate_topic_name(name)
    topic = broker.image.topics.get(name)
    if topic is None:
        raise UnknownTopicOrPartitionError("")  # Kafka has nothing to add here
    own = {name: _shown(name, text) for name, text in topic.configs.items()}
    effective = {**broker.config.topic_defaults, **own}
    results = []
    for key in TOPIC_CONFIGS.values():
        if key.name not in effective:
            continue
        synonyms = _broker_synonyms(broker, key.synonyms[0][0]) if key.synonyms else []
        if key.name in own:
            synonyms.insert(
                0, DescribeConfigsSynonym(name=key.name, value=own[key.name], source=TOPIC_CONFIG)
            )
        results.append(
            _result(key.name, effective[key.name], _TYPES[key.type_name], synonyms, read_only=False)
        )
    return results


def _shown(name: str, text: str) -> str | None:
    """The value of a topic's option: a list without what it says twice (KIP-1161)."""
    key = TOPIC_CONFIGS[name]
    if key.type_name != LIST:
        return text
    parsed = key.parse(text)
    return ",".join(dict.fromkeys(parsed)) if isinstance(parsed, list) else text


def _broker_configs(broker: Broker, name: str) -> list[DescribeConfigsResourceResult]:
    if not name:
        configs = broker.image.broker_configs.get("", {})
        return [
            _result(
                option,
                value,
                _TYPES[dynamic_config_key(option).type_name],
                [
                    each
                    for each in _broker_synonyms(broker, option)
                    if each.source == DYNAMIC_DEFAULT_BROKER_CONFIG
                ],
                read_only=option not in DYNAMIC_CONFIGS,
            )
            for option, value in configs.items()
        ]
    check_broker_name(broker, name)
    results = [
        _result(
            key.name,
            key.text(broker.config.value(key.name)),
            _TYPES[key.type_name],
            _broker_synonyms(broker, key.name),
            read_only=key.name not in DYNAMIC_CONFIGS,
        )
        for key in BROKER_CONFIGS.values()
        if key.name not in INTERNAL_CONFIGS or key.name in broker.static_config.set_options
    ]
    for key in DYNAMIC_ONLY_CONFIGS.values():
        synonyms = _broker_synonyms(broker, key.name)
        if synonyms:
            results.append(
                _result(key.name, synonyms[0].value, _TYPES[key.type_name], synonyms, read_only=False)
            )
    return results


def check_broker_name(broker: Broker, name: str) -> None:
    """Raise InvalidRequestError unless a BROKER resource is this broker."""
    try:
        node_id = int(name)
    except ValueError:
        raise InvalidRequestError(f"Broker id must be an integer, but it is: {name}") from None
    if node_id != broker.node_id:
        raise InvalidRequestError(
            f"Unexpected broker id, expected {broker.node_id} or empty string, but received {name}"
        )


def _result(
    name: str, value: str | None, type_number: int, synonyms: list[DescribeConfigsSynonym], *, read_only: bool
) -> DescribeConfigsResourceResult:
    return DescribeConfigsResourceResult(
        name=name,
        value=value,
        read_only=read_only,
        config_source=synonyms[0].source if synonyms else DEFAULT_CONFIG,
        is_sensitive=False,
        synonyms=synonyms,
        config_type=type_number,
        documentation=None,
    )


def _broker_synonyms(broker: Broker, name: str) -> list[DescribeConfigsSynonym]:
    """Where the value of a broker option comes from, the strongest first (ConfigHelper.configSynonyms)."""
    family = next((each for each in _FAMILIES if name in each), (name,))
    dynamic = broker.image.broker_configs
    static = {
        option: text
        for option, value in broker.static_config.set_options.items()
        if (text := BROKER_CONFIGS[option].text(value)) is not None
    }
    defaults = {
        option: text
        for option in family
        if option in BROKER_CONFIGS
        and (text := BROKER_CONFIGS[option].text(BROKER_CONFIGS[option].default)) is not None
    }
    sources: tuple[tuple[Mapping[str, str], int], ...] = (
        (dynamic.get(str(broker.node_id), {}), DYNAMIC_BROKER_CONFIG),
        (dynamic.get("", {}), DYNAMIC_DEFAULT_BROKER_CONFIG),
        (static, STATIC_BROKER_CONFIG),
        (defaults, DEFAULT_CONFIG),
    )
    synonyms = [
        DescribeConfigsSynonym(name=option, value=values[option], source=source)
        for values, source in sources
        for option in family[family.index(name) :]
        if option in values
    ]
    # As in Kafka nothing is told of the others of the family before the option itself is set.
    while synonyms and synonyms[0].name != name:
        del synonyms[0]
    return synonyms
