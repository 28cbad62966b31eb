"""DescribeProducers (0): what replicas remember of producers (ReplicaManager.activeProducerState, KIP-664)."""

from __future__ import annotations

from minikafka.controller.topic_names import validate_topic_name
from minikafka.errors import KafkaError, NotLeaderOrFollowerError, UnknownTopicOrPartitionError
from minikafka.messages.describe_producers import (
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.log.producer_state import ProducerStateEntry
    from minikafka.messages.describe_producers import DescribeProducersRequest
    from minikafka.structs import RequestContext


def handle_describe_producers(
    broker: Broker, request: DescribeProducersRequest, _context: RequestContext
) -> DescribeProducersResponse:
    """Describe the producers of each partition of which this broker holds a replica, leader or not."""
    return DescribeProducersResponse(
        topics=[
            TopicResponse(
                name=topic.name,
                partitions=[_describe(broker, topic.name, index) for index in topic.partition_indexes],
            )
            for topic in request.topics
        ]
    )


def _describe(broker: Broker, topic: str, index: int) -> PartitionResponse:
    try:
        entries = _producers(broker, TopicPartition(topic, index))
    except KafkaError as error:
        return PartitionResponse(
            partition_index=index,
            error_code=broker.code_for(error),
            error_message=str(error.args[0]) if error.args else None,
        )
    return PartitionResponse(partition_index=index, active_producers=[_state(entry) for entry in entries])


def _producers(broker: Broker, topic_partition: TopicPartition) -> list[ProducerStateEntry]:
    validate_topic_name(topic_partition.topic)
    if topic_partition.topic not in broker.image.topics:
        raise UnknownTopicOrPartitionError("This server does not host this topic-partition.")
    if broker.image.partition(*topic_partition) is None:
        raise UnknownTopicOrPartitionError
    log = broker.logs.get(topic_partition)
    if log is None or topic_partition not in broker.replica_manager.partitions:
        raise NotLeaderOrFollowerError
    return log.producer_states()


def _state(entry: ProducerStateEntry) -> ProducerState:
    start = entry.current_txn_first_offset
    return ProducerState(
        producer_id=entry.producer_id,
        producer_epoch=entry.producer_epoch,
        last_sequence=entry.last_seq,
        last_timestamp=entry.last_timestamp,
        coordinator_epoch=entry.coordinator_epoch,
        current_txn_start_offset=-1 if start is None else start,
    )
