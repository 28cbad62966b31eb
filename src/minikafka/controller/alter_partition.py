"""AlterPartition: a leader's wish for another ISR (ReplicationControlManager.alterPartition)."""

from __future__ import annotations

from minikafka.controller.partition_change import change_partition
from minikafka.errors import ErrorCode, StaleBrokerEpochError
from minikafka.messages.alter_partition import (
    AlterPartitionResponse,
    AlterPartitionResponsePartitionData,
    AlterPartitionResponseTopicData,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.controller.controller import Controller
    from minikafka.controller.metadata_delta import MetadataDelta
    from minikafka.image import PartitionImage
    from minikafka.messages.alter_partition import AlterPartitionRequest, BrokerState, PartitionData
    from minikafka.structs import RequestContext


def check_broker_epoch(controller: Controller, node_id: int, epoch: int) -> None:
    """Raise StaleBrokerEpochError for a request of a broker process that is not the registered one."""
    broker = controller.image.brokers.get(node_id)
    if broker is None:
        raise StaleBrokerEpochError(f"No broker registration found for broker id {node_id}")
    if broker.epoch != epoch:
        raise StaleBrokerEpochError(f"Expected broker epoch {broker.epoch}, but got broker epoch {epoch}")


def handle_alter_partition(
    controller: Controller, request: AlterPartitionRequest, _: RequestContext
) -> AlterPartitionResponse:
    """Change the ISRs, where nothing speaks against it."""
    check_broker_epoch(controller, request.broker_id, request.broker_epoch)
    delta = controller.delta()
    topics = []
    for topic in request.topics:
        name = controller.image.topic_name(topic.topic_id)
        topics.append(
            AlterPartitionResponseTopicData(
                topic_id=topic.topic_id,
                partitions=[
                    AlterPartitionResponsePartitionData(
                        partition_index=data.partition_index, error_code=ErrorCode.UNKNOWN_TOPIC_ID
                    )
                    if name is None
                    else _alter(controller, delta, request.broker_id, name, data)
                    for data in topic.partitions
                ],
            )
        )
    controller.commit(delta)
    return AlterPartitionResponse(topics=topics)


def _alter(
    controller: Controller, delta: MetadataDelta, node_id: int, topic: str, data: PartitionData
) -> AlterPartitionResponsePartitionData:
    index = data.partition_index
    partition = delta.partition(topic, index)
    if partition is None:
        return _refused(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    code = validate(node_id, partition, data)
    if code is ErrorCode.NONE and _ineligible(controller, data.new_isr_with_epochs):
        code = ErrorCode.INELIGIBLE_REPLICA
    if code is not ErrorCode.NONE:
        return _refused(index, code)
    changed = change_partition(
        partition,
        controller.is_active,
        controller.election_for(topic),
        isr=[state.broker_id for state in data.new_isr_with_epochs],
    )
    if changed is not None:
        delta.set_partition(topic, index, changed)
        if changed.leader != node_id:
            # The change completed a reassignment that took the leader away: it must wait for the metadata.
            return _refused(index, ErrorCode.NEW_LEADER_ELECTED)
        partition = changed
    return AlterPartitionResponsePartitionData(
        partition_index=index,
        leader_id=partition.leader,
        leader_epoch=partition.leader_epoch,
        isr=list(partition.isr),
        partition_epoch=partition.partition_epoch,
    )


def validate(node_id: int, partition: PartitionImage, data: PartitionData) -> ErrorCode:
    """What the partition's state says against a leader's wish; NONE if nothing."""
    if data.leader_epoch > partition.leader_epoch or data.partition_epoch > partition.partition_epoch:
        return ErrorCode.NOT_CONTROLLER
    if data.leader_epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    if node_id != partition.leader:
        return ErrorCode.INVALID_REQUEST
    if data.partition_epoch < partition.partition_epoch:
        return ErrorCode.INVALID_UPDATE_VERSION
    isr = [state.broker_id for state in data.new_isr_with_epochs]
    if len(set(isr)) != len(isr) or not set(isr).issubset(partition.replicas) or partition.leader not in isr:
        return ErrorCode.INVALID_REQUEST
    return ErrorCode.NONE


def _ineligible(controller: Controller, isr: list[BrokerState]) -> bool:
    for state in isr:
        broker = controller.image.brokers.get(state.broker_id)
        if broker is None or broker.fenced or controller.is_shutting_down(state.broker_id):
            return True
        if state.broker_epoch not in (-1, broker.epoch):
            return True
    return False


def _refused(index: int, code: ErrorCode) -> AlterPartitionResponsePartitionData:
    return AlterPartitionResponsePartitionData(partition_index=index, error_code=code)
