"""DescribeTopicPartitions (0): topics page by page (Kafka's DescribeTopicPartitionsRequestHandler, KIP-966).

Simplification: eligible leader replicas are always empty, for they are off here as in a default Kafka cluster
that was not upgraded to eligible.leader.replicas.version 1.
"""

from __future__ import annotations

from minikafka.broker.authorized_operations import TOPIC_OPERATIONS
from minikafka.broker.metadata import leader_and_offline
from minikafka.broker.topic_names import is_valid_topic_name
from minikafka.errors import ErrorCode, InvalidRequestError
from minikafka.image import INTERNAL_TOPICS, NO_LEADER
from minikafka.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.image import MetadataImage, PartitionImage
    from minikafka.messages.describe_topic_partitions import DescribeTopicPartitionsRequest
    from minikafka.structs import RequestContext


def handle_describe_topic_partitions(
    broker: Broker, request: DescribeTopicPartitionsRequest, _context: RequestContext
) -> DescribeTopicPartitionsResponse:
    """Describe topics in the order of their names, from the cursor on, up to the limit of partitions.

    Raises:
        InvalidRequestError: the cursor's topic is not among the topics, or its partition is negative.
    """
    image = broker.image
    cursor = request.cursor
    first = "" if cursor is None else cursor.topic_name
    all_topics = not request.topics
    wanted = image.topics if all_topics else dict.fromkeys(topic.name for topic in request.topics)
    names = sorted(name for name in wanted if name >= first)
    if cursor is not None:
        if not all_topics and cursor.topic_name not in names:
            raise InvalidRequestError(
                "DescribeTopicPartitionsRequest topic list should contain the cursor topic: "
                f"{cursor.topic_name}"
            )
        if cursor.partition_index < 0:
            raise InvalidRequestError(
                f"DescribeTopicPartitionsRequest cursor partition must be valid: {cursor}"
            )
    left = max(1, min(broker.config.max_request_partition_size_limit, request.response_partition_limit))
    response = DescribeTopicPartitionsResponse()
    for name in names:
        if left <= 0:
            response.next_cursor = Cursor(topic_name=name, partition_index=0)
            break
        topic = image.topics.get(name)
        if topic is None:
            response.topics.append(_unknown(name))
            continue
        start = cursor.partition_index if cursor is not None and name == cursor.topic_name else 0
        end = min(len(topic.partitions), start + left)
        response.topics.append(
            DescribeTopicPartitionsResponseTopic(
                name=name,
                topic_id=topic.topic_id,
                is_internal=topic.is_internal,
                partitions=[_describe(image, index, topic.partitions[index]) for index in range(start, end)],
                topic_authorized_operations=TOPIC_OPERATIONS,
            )
        )
        left -= max(0, end - start)
        if end < len(topic.partitions):
            response.next_cursor = Cursor(topic_name=name, partition_index=end)
            break
    return response


def _unknown(name: str) -> DescribeTopicPartitionsResponseTopic:
    valid = is_valid_topic_name(name)
    return DescribeTopicPartitionsResponseTopic(
        error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if valid else ErrorCode.INVALID_TOPIC_EXCEPTION,
        name=name,
        is_internal=name in INTERNAL_TOPICS,
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _describe(
    image: MetadataImage, index: int, partition: PartitionImage
) -> DescribeTopicPartitionsResponsePartition:
    leader, offline = leader_and_offline(image, partition)
    return DescribeTopicPartitionsResponsePartition(
        error_code=ErrorCode.LEADER_NOT_AVAILABLE if leader == NO_LEADER else ErrorCode.NONE,
        partition_index=index,
        leader_id=leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=list(partition.replicas),
        isr_nodes=list(partition.isr),
        eligible_leader_replicas=[],
        last_known_elr=[],
        offline_replicas=offline,
    )
