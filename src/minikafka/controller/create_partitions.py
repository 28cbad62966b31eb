"""CreatePartitions (ReplicationControlManager.createPartitions, ControllerApis.createPartitions)."""

from __future__ import annotations

from minikafka.controller.api_error import describe
from minikafka.controller.assignments import manual_partition, placed_partition
from minikafka.controller.placement import place_replicas
from minikafka.errors import (
    ErrorCode,
    InvalidPartitionsError,
    InvalidReplicationAssignmentError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from minikafka.messages.create_partitions import CreatePartitionsResponse, CreatePartitionsTopicResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.controller.controller import Controller
    from minikafka.image import PartitionImage
    from minikafka.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
    from minikafka.structs import RequestContext


_MAX_RECORDS_PER_OPERATION = 10_000
"""How much Kafka's controller writes at once, at most; it has no better word for more (QuorumController)."""


def handle_create_partitions(
    controller: Controller, request: CreatePartitionsRequest, _: RequestContext
) -> CreatePartitionsResponse:
    """Add partitions to each topic, or say why not."""
    names = [topic.name for topic in request.topics]
    results = [
        CreatePartitionsTopicResult(
            name=name, error_code=ErrorCode.INVALID_REQUEST, error_message="Duplicate topic name."
        )
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    delta = controller.delta()
    for topic in request.topics:
        if names.count(topic.name) > 1:
            continue
        try:
            added = _new_partitions(controller, topic)
        except Exception as error:
            code, message = describe(error, controller.scheduler)
            # Unlike other requests this one tells no words but those of the exception itself.
            told = message if error.args else None
            results.append(CreatePartitionsTopicResult(name=topic.name, error_code=code, error_message=told))
        else:
            for partition in added:
                delta.add_partition(topic.name, partition)
            results.append(CreatePartitionsTopicResult(name=topic.name))
    if not request.validate_only:
        controller.commit(delta)
    return CreatePartitionsResponse(results=results)


def _new_partitions(controller: Controller, topic: CreatePartitionsTopic) -> list[PartitionImage]:
    known = controller.image.topics.get(topic.name)
    if known is None:
        raise UnknownTopicOrPartitionError
    count = len(known.partitions)
    if topic.count == count:
        raise InvalidPartitionsError(f"Topic already has {count} partition(s).")
    if topic.count < count:
        raise InvalidPartitionsError(
            f"The topic {topic.name} currently has {count} partition(s); {topic.count} would not be an increase."
        )
    additional = topic.count - count
    if additional > _MAX_RECORDS_PER_OPERATION:
        raise UnknownError
    replication_factor = len(known.partitions[0].replicas)
    if topic.assignments is None:
        placed = place_replicas(
            controller.scheduler.random, controller.usable_brokers(), additional, replication_factor
        )
        return [placed_partition(controller, replicas) for replicas in placed]
    if len(topic.assignments) != additional:
        raise InvalidReplicationAssignmentError(
            f"Attempted to add {additional} additional partition(s), but only {len(topic.assignments)} "
            "assignment(s) were specified."
        )
    return [
        manual_partition(controller, count + index, assignment.broker_ids, replication_factor)
        for index, assignment in enumerate(topic.assignments)
    ]
