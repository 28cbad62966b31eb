"""ListOffsets (1 to 11): an offset by time, or one of the special ones (ReplicaManager.fetchOffset).

Timestamps -1 (latest), -2 (earliest), -3 (of the largest timestamp), -4 (earliest local) and -5 (latest
tiered: never any, for there is no tiered storage).
"""

from __future__ import annotations

from minikafka.errors import ErrorCode, KafkaError, OffsetNotAvailableError, UnknownError
from minikafka.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.list_offsets import ListOffsetsRequest
    from minikafka.structs import RequestContext

_SPECIAL_TIMESTAMPS = {-1: 0, -2: 0, -3: 7, -4: 8, -5: 9, -6: 11}
"""The version that each special timestamp came with."""
_OFFSET_NOT_AVAILABLE_SINCE_VERSION = 5
_LEADER_EPOCH_SINCE_VERSION = 4
_ISOLATION_LEVELS = (0, 1)
_LATEST_TIERED = -5
_TIERED = (-5, -6)
"""The latest offset in tiered storage, the earliest that waits for it: there is none of either."""


def handle_list_offsets(
    broker: Broker, request: ListOffsetsRequest, context: RequestContext
) -> ListOffsetsResponse:
    """Look the offsets up; a partition that is named twice is INVALID_REQUEST, told once."""
    if request.isolation_level not in _ISOLATION_LEVELS:
        raise UnknownError(f"Unknown isolation level {request.isolation_level}")
    seen: dict[TopicPartition, int] = {}
    for topic in request.topics:
        for partition in topic.partitions:
            topic_partition = TopicPartition(topic.name, partition.partition_index)
            seen[topic_partition] = seen.get(topic_partition, 0) + 1
    version = context.api_version
    told: set[TopicPartition] = set()
    topics: dict[str, list[ListOffsetsPartitionResponse]] = {}
    for topic in request.topics:
        for partition in topic.partitions:
            topic_partition = TopicPartition(topic.name, partition.partition_index)
            timestamp = partition.timestamp
            answer = ListOffsetsPartitionResponse(partition_index=partition.partition_index)
            if topic_partition in told:
                continue
            told.add(topic_partition)
            # As in Kafka's map of results, a topic is told once, and without partitions not at all.
            topics.setdefault(topic.name, []).append(answer)
            if seen[topic_partition] > 1:
                answer.error_code = ErrorCode.INVALID_REQUEST
            elif timestamp < 0 and version < _SPECIAL_TIMESTAMPS.get(timestamp, version + 1):
                answer.error_code = ErrorCode.UNSUPPORTED_VERSION
            elif broker.image.partition(*topic_partition) is None:
                answer.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            else:
                _look_up(
                    broker,
                    request,
                    version,
                    topic_partition,
                    timestamp,
                    partition.current_leader_epoch,
                    answer,
                )
    return ListOffsetsResponse(
        topics=[
            ListOffsetsTopicResponse(name=name, partitions=partitions) for name, partitions in topics.items()
        ]
    )


def _look_up(
    broker: Broker,
    request: ListOffsetsRequest,
    version: int,
    topic_partition: TopicPartition,
    timestamp: int,
    current_leader_epoch: int,
    answer: ListOffsetsPartitionResponse,
) -> None:
    if timestamp in _TIERED:
        timestamp = _LATEST_TIERED  # the leader's checks, and nothing to be found
    try:
        found = broker.replica_manager.list_offset(
            topic_partition,
            timestamp,
            request.isolation_level,
            current_leader_epoch,
            request.replica_id,
        )
    except KafkaError as error:
        answer.error_code = broker.code_for(error)
        if isinstance(error, OffsetNotAvailableError) and version < _OFFSET_NOT_AVAILABLE_SINCE_VERSION:
            answer.error_code = ErrorCode.LEADER_NOT_AVAILABLE
    else:
        if found is not None and timestamp != _LATEST_TIERED:
            answer.offset = found.offset
            answer.timestamp = found.timestamp
            if version >= _LEADER_EPOCH_SINCE_VERSION:
                answer.leader_epoch = found.leader_epoch
