"""CreateTopics (ReplicationControlManager.createTopics, ControllerApis.createTopics).

Simplifications: no create-topic policies, no mutation quotas, no authorization.
"""

from __future__ import annotations

from minikafka.config.topic import TOPIC_CONFIGS, validate_topic_configs
from minikafka.controller.api_error import describe
from minikafka.controller.assignments import manual_partition, placed_partition
from minikafka.controller.placement import place_replicas
from minikafka.controller.topic_names import colliding_topic, validate_topic_name
from minikafka.errors import (
    ErrorCode,
    InvalidConfigurationError,
    InvalidPartitionsError,
    InvalidReplicationAssignmentError,
    InvalidReplicationFactorError,
    InvalidRequestError,
    InvalidTopicError,
    PolicyViolationError,
    TopicAlreadyExistsError,
)
from minikafka.image import TopicImage
from minikafka.messages.create_topics import (
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsResponse,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from minikafka.controller.controller import Controller
    from minikafka.image import PartitionImage
    from minikafka.messages.create_topics import CreatableTopic, CreateTopicsRequest
    from minikafka.structs import RequestContext

_METADATA_TOPIC = "__cluster_metadata"
_DEFAULT = -1
_MAX_PARTITIONS = 10_000
"""How many partitions one request may create (ReplicationControlManager.MAX_PARTITIONS_PER_BATCH)."""

_TOPIC_CONFIG = 1
_DYNAMIC_DEFAULT_BROKER_CONFIG = 3
_STATIC_BROKER_CONFIG = 4
_DEFAULT_CONFIG = 5


def handle_create_topics(
    controller: Controller, request: CreateTopicsRequest, _: RequestContext
) -> CreateTopicsResponse:
    """Create each topic, or say why not; one bad topic does not stop the others."""
    names = [topic.name for topic in request.topics]
    delta = controller.delta()
    existing = dict(delta.topics)
    excessive = _partition_count(controller, request) > _MAX_PARTITIONS
    results = []
    for topic in request.topics:
        if names.count(topic.name) > 1 or topic.name == _METADATA_TOPIC:
            continue
        try:
            if excessive:
                raise PolicyViolationError("Excessively large number of partitions per request.")
            created = _create(controller, topic, existing)
        except Exception as error:
            code, message = describe(error, controller.scheduler)
            results.append(_failed(topic.name, code, message))
        else:
            delta.add_topic(created)
            results.append(_succeeded(controller, created))
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            results.append(_failed(name, ErrorCode.INVALID_REQUEST, "Duplicate topic name."))
        elif name == _METADATA_TOPIC:
            message = f"Creation of internal topic {_METADATA_TOPIC} is prohibited."
            results.append(_failed(name, ErrorCode.INVALID_REQUEST, message))
    if not request.validate_only:
        controller.commit(delta)
    return CreateTopicsResponse(topics=results)


def _partition_count(controller: Controller, request: CreateTopicsRequest) -> int:
    default = controller.config.num_partitions
    return sum(
        len(topic.assignments) or (default if topic.num_partitions == _DEFAULT else topic.num_partitions)
        for topic in request.topics
    )


def new_topic_id(random: Random) -> bytes:
    """A random UUID of version 4."""
    digits = bytearray(random.getrandbits(128).to_bytes(16, "big"))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    return bytes(digits)


def _create(controller: Controller, topic: CreatableTopic, topics: Mapping[str, TopicImage]) -> TopicImage:
    if topic.name in topics:
        raise TopicAlreadyExistsError(f"Topic '{topic.name}' already exists.")
    validate_topic_name(topic.name)
    colliding = colliding_topic(topic.name, topics)
    if colliding is not None:
        raise InvalidTopicError(f"Topic '{topic.name}' collides with existing topic: {colliding}")
    nulls = [config.name for config in topic.configs if config.value is None]
    if nulls:
        raise InvalidConfigurationError(f"Null value not supported for topic configs: {','.join(nulls)}")
    configs = {config.name: config.value for config in topic.configs if config.value is not None}
    validate_topic_configs(configs, controller.config.topic_defaults if configs else None)
    if topic.assignments:
        partitions = _assigned_partitions(controller, topic)
    else:
        partitions = _placed_partitions(controller, topic)
    return TopicImage(topic.name, new_topic_id(controller.scheduler.random), partitions, configs)


def _assigned_partitions(controller: Controller, topic: CreatableTopic) -> tuple[PartitionImage, ...]:
    if topic.replication_factor != _DEFAULT:
        raise InvalidRequestError(
            "A manual partition assignment was specified, but replication factor was not set to -1."
        )
    if topic.num_partitions != _DEFAULT:
        raise InvalidRequestError(
            "A manual partition assignment was specified, but numPartitions was not set to -1."
        )
    partitions: dict[int, PartitionImage] = {}
    replication_factor: int | None = None
    for assignment in topic.assignments:
        index = assignment.partition_index
        if index in partitions:
            raise InvalidReplicationAssignmentError(
                f"Found multiple manual partition assignments for partition {index}"
            )
        partitions[index] = manual_partition(controller, index, assignment.broker_ids, replication_factor)
        replication_factor = len(assignment.broker_ids)
    if sorted(partitions) != list(range(len(partitions))):
        raise InvalidReplicationAssignmentError("partitions should be a consecutive 0-based integer sequence")
    return tuple(partitions[index] for index in range(len(partitions)))


def _placed_partitions(controller: Controller, topic: CreatableTopic) -> tuple[PartitionImage, ...]:
    if topic.replication_factor < _DEFAULT or topic.replication_factor == 0:
        raise InvalidReplicationFactorError(
            "Replication factor must be larger than 0, or -1 to use the default value."
        )
    if topic.num_partitions < _DEFAULT or topic.num_partitions == 0:
        raise InvalidPartitionsError("Number of partitions was set to an invalid non-positive value.")
    config = controller.config
    count = config.num_partitions if topic.num_partitions == _DEFAULT else topic.num_partitions
    replication_factor = (
        config.default_replication_factor
        if topic.replication_factor == _DEFAULT
        else topic.replication_factor
    )
    try:
        placed = place_replicas(
            controller.scheduler.random, controller.usable_brokers(), count, replication_factor
        )
    except InvalidReplicationFactorError as error:
        raise InvalidReplicationFactorError(
            f"Unable to replicate the partition {replication_factor} time(s): {error.args[0]}"
        ) from None
    return tuple(placed_partition(controller, replicas) for replicas in placed)


def _failed(name: str, code: ErrorCode, message: str) -> CreatableTopicResult:
    return CreatableTopicResult(name=name, error_code=code, error_message=message)


def _succeeded(controller: Controller, topic: TopicImage) -> CreatableTopicResult:
    return CreatableTopicResult(
        name=topic.name,
        topic_id=topic.topic_id,
        error_message=None,
        num_partitions=len(topic.partitions),
        replication_factor=len(topic.partitions[0].replicas),
        configs=_effective_configs(controller, topic.configs),
    )


def _effective_configs(controller: Controller, configs: Mapping[str, str]) -> list[CreatableTopicConfigs]:
    config = controller.config
    dynamic = controller.image.broker_configs.get("", {})
    described = []
    for name, key in TOPIC_CONFIGS.items():
        source = _DEFAULT_CONFIG
        value: str | None = config.topic_defaults.get(name)
        synonyms = [synonym for synonym, _ in key.synonyms]
        if name in configs:
            value, source = configs[name], _TOPIC_CONFIG
        elif (changed := next((each for each in synonyms if each in dynamic), None)) is not None:
            value, source = dynamic[changed], _DYNAMIC_DEFAULT_BROKER_CONFIG
        elif any(synonym in config.set_options for synonym in synonyms):
            source = _STATIC_BROKER_CONFIG
        if value is None:
            continue  # Kafka does not show its internal options either
        described.append(CreatableTopicConfigs(name=name, value=value, config_source=source))
    return described
