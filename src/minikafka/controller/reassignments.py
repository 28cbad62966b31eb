"""AlterPartitionReassignments and ListPartitionReassignments (ReplicationControlManager).

A reassignment adds the new replicas, waits until all of them are in the ISR, and then removes the old ones: its
end is a part of the AlterPartition that brings the last new replica in (`change_partition`).
"""

from __future__ import annotations

from minikafka.controller.api_error import describe
from minikafka.controller.assignments import check_manual_assignment
from minikafka.controller.partition_change import change_partition, reassigned, reverted
from minikafka.errors import (
    ErrorCode,
    InvalidReplicationAssignmentError,
    InvalidReplicationFactorError,
    NoReassignmentInProgressError,
    UnknownTopicOrPartitionError,
)
from minikafka.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsResponse,
    ReassignablePartitionResponse,
    ReassignableTopicResponse,
)
from minikafka.messages.list_partition_reassignments import (
    ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment,
    OngoingTopicReassignment,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from minikafka.controller.controller import Controller
    from minikafka.controller.metadata_delta import MetadataDelta
    from minikafka.image import PartitionImage, TopicImage
    from minikafka.messages.alter_partition_reassignments import AlterPartitionReassignmentsRequest
    from minikafka.messages.list_partition_reassignments import ListPartitionReassignmentsRequest
    from minikafka.structs import RequestContext


def handle_alter_partition_reassignments(
    controller: Controller, request: AlterPartitionReassignmentsRequest, _: RequestContext
) -> AlterPartitionReassignmentsResponse:
    """Begin or cancel the reassignment of each partition."""
    delta = controller.delta()
    responses = []
    for topic in request.topics:
        partitions = []
        for wanted in topic.partitions:
            code, message = ErrorCode.NONE, None
            try:
                _alter(
                    controller,
                    delta,
                    topic.name,
                    wanted.partition_index,
                    wanted.replicas,
                    request.allow_replication_factor_change,
                )
            except Exception as error:
                code, message = describe(error, controller.scheduler)
            partitions.append(
                ReassignablePartitionResponse(
                    partition_index=wanted.partition_index,
                    error_code=code,
                    error_message=None if code is ErrorCode.NO_REASSIGNMENT_IN_PROGRESS else message,
                )
            )
        responses.append(ReassignableTopicResponse(name=topic.name, partitions=partitions))
    controller.commit(delta)
    return AlterPartitionReassignmentsResponse(
        allow_replication_factor_change=request.allow_replication_factor_change,
        error_message=None if responses else "",
        responses=responses,
    )


def _alter(
    controller: Controller,
    delta: MetadataDelta,
    topic: str,
    index: int,
    replicas: Sequence[int] | None,
    allow_replication_factor_change: bool,
) -> None:
    if topic not in delta.topics:
        raise UnknownTopicOrPartitionError(f"Unable to find a topic named {topic}.")
    partition = delta.partition(topic, index)
    if partition is None:
        raise UnknownTopicOrPartitionError(f"Unable to find partition {topic}:{index}.")
    if replicas is None:
        changed = _cancelled(controller, topic, index, partition)
    else:
        check_manual_assignment(controller, replicas, None)
        if not allow_replication_factor_change:
            _check_replication_factor(partition, replicas)
        targets, adding, removing = reassigned(partition.replicas, replicas)
        changed = change_partition(
            partition, controller.is_active, replicas=targets, adding=adding, removing=removing
        )
    if changed is not None:
        delta.set_partition(topic, index, changed)


def _check_replication_factor(partition: PartitionImage, replicas: Sequence[int]) -> None:
    """A running reassignment's own aim is what counts as the present factor (KIP-860)."""
    present = len(partition.replicas) - len(
        partition.adding_replicas if not partition.removing_replicas else partition.removing_replicas
    )
    if len(replicas) != present:
        raise InvalidReplicationFactorError(
            f"The replication factor is changed from {present} to {len(replicas)}"
        )


def _cancelled(
    controller: Controller, topic: str, index: int, partition: PartitionImage
) -> PartitionImage | None:
    if not partition.adding_replicas and not partition.removing_replicas:
        raise NoReassignmentInProgressError
    replicas, isr, unclean = reverted(partition)
    if unclean and not controller.is_unclean_election_enabled(topic):
        raise InvalidReplicationAssignmentError(
            f"Unable to revert partition assignment for {topic}:{index} because it would require an unclean "
            "leader election."
        )
    return change_partition(
        partition,
        controller.is_active,
        controller.election_for(topic),
        isr=isr,
        replicas=replicas,
        adding=(),
        removing=(),
    )


def handle_list_partition_reassignments(
    controller: Controller, request: ListPartitionReassignmentsRequest, _: RequestContext
) -> ListPartitionReassignmentsResponse:
    """The reassignments that are under way, of all partitions or of the named ones."""
    topics = controller.image.topics
    if request.topics is None:
        listed = [_ongoing(topic, range(len(topic.partitions))) for topic in topics.values()]
    else:
        listed = [
            _ongoing(topics[wanted.name], wanted.partition_indexes)
            for wanted in request.topics
            if wanted.name in topics
        ]
    return ListPartitionReassignmentsResponse(
        error_message=None, topics=[topic for topic in listed if topic.partitions]
    )


def _ongoing(topic: TopicImage, indexes: Iterable[int]) -> OngoingTopicReassignment:
    partitions = []
    for index in indexes:
        partition = topic.partitions[index] if 0 <= index < len(topic.partitions) else None
        if partition is None or not (partition.adding_replicas or partition.removing_replicas):
            continue
        partitions.append(
            OngoingPartitionReassignment(
                partition_index=index,
                replicas=list(partition.replicas),
                adding_replicas=list(partition.adding_replicas),
                removing_replicas=list(partition.removing_replicas),
            )
        )
    return OngoingTopicReassignment(name=topic.name, partitions=partitions)
