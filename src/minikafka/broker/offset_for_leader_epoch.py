"""OffsetForLeaderEpoch (2 to 4): where an epoch ends (ReplicaManager.lastOffsetForLeaderEpoch, KIP-320)."""

from __future__ import annotations

from minikafka.errors import ErrorCode, KafkaError
from minikafka.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderTopicResult,
)
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.offset_for_leader_epoch import (
        OffsetForLeaderEpochRequest,
        OffsetForLeaderPartition,
    )
    from minikafka.structs import RequestContext


def handle_offset_for_leader_epoch(
    broker: Broker, request: OffsetForLeaderEpochRequest, _context: RequestContext
) -> OffsetForLeaderEpochResponse:
    """The largest epoch not above the asked one, and where it ends; -1 each if undefined."""
    return OffsetForLeaderEpochResponse(
        topics=[
            OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=[_look_up(broker, topic.topic, partition) for partition in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def _look_up(broker: Broker, topic: str, partition: OffsetForLeaderPartition) -> EpochEndOffset:
    index = partition.partition
    if broker.image.partition(topic, index) is None:
        return EpochEndOffset(partition=index, error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    try:
        epoch, end_offset = broker.replica_manager.offset_for_leader_epoch(
            TopicPartition(topic, index), partition.leader_epoch, partition.current_leader_epoch
        )
    except KafkaError as error:
        return EpochEndOffset(partition=index, error_code=broker.code_for(error))
    return EpochEndOffset(partition=index, leader_epoch=epoch, end_offset=end_offset)
