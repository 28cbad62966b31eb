"""Metadata (0 to 13): brokers, controller, topics (KafkaApis.handleTopicMetadataRequest), and auto-creation.

Simplification: the controller that clients are told is the first live broker and stays it while it lives,
where a KRaft broker draws a live broker at random for every answer.
"""

from __future__ import annotations

from minikafka.broker.authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED_FOR, TOPIC_OPERATIONS
from minikafka.broker.topic_names import is_valid_topic_name
from minikafka.errors import ErrorCode, InvalidRequestError
from minikafka.image import INTERNAL_TOPICS, NO_LEADER, SHARE_GROUP_STATE
from minikafka.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from minikafka.structs import ZERO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.image import MetadataImage, PartitionImage, TopicImage
    from minikafka.messages.metadata import MetadataRequest
    from minikafka.structs import RequestContext

_TOPIC_IDS_SINCE_VERSION = 12
_CLUSTER_OPERATIONS_UNTIL_VERSION = 10
_OPERATIONS_SINCE_VERSION = 8


def handle_metadata(broker: Broker, request: MetadataRequest, context: RequestContext) -> MetadataResponse:
    """Describe the cluster and the wanted topics; unknown ones are created if that is allowed."""
    image = broker.image
    version = context.api_version
    with_operations = request.include_topic_authorized_operations and version >= _OPERATIONS_SINCE_VERSION
    topics: list[MetadataResponseTopic] = []
    if request.topics is None or (version == 0 and not request.topics):
        topics = [describe_topic(image, topic, with_operations) for topic in image.topics.values()]
    else:
        unknown: dict[str, None] = {}
        told: dict[str, None] = {}
        # Where ids are asked for, names are not looked at.
        by_id = version >= _TOPIC_IDS_SINCE_VERSION and any(
            wanted.topic_id != ZERO_UUID for wanted in request.topics
        )
        for wanted in request.topics:
            if by_id and wanted.topic_id == ZERO_UUID:
                continue
            if wanted.topic_id != ZERO_UUID and version < _TOPIC_IDS_SINCE_VERSION:
                raise InvalidRequestError(f"Topic IDs are not supported in requests for version {version}")
            if wanted.name is None and version < _TOPIC_IDS_SINCE_VERSION:
                raise InvalidRequestError(f"Topic name can not be null for version {version}")
            name = image.topic_name(wanted.topic_id) if wanted.topic_id != ZERO_UUID else wanted.name
            topic = image.topics.get(name or "")
            if topic is not None:
                if topic.name not in told:
                    topics.append(describe_topic(image, topic, with_operations))
                told[topic.name] = None
            elif name is None:
                topics.append(
                    MetadataResponseTopic(
                        error_code=ErrorCode.UNKNOWN_TOPIC_ID, name=None, topic_id=wanted.topic_id
                    )
                )
            else:
                unknown[name] = None
        if unknown:
            topics += _unknown_topics(broker, request, version, list(unknown), with_operations)
    return MetadataResponse(
        brokers=[
            MetadataResponseBroker(node_id=each.node_id, host=each.host, port=each.port, rack=each.rack)
            for each in image.alive_brokers()
        ],
        cluster_id=image.cluster_id,
        controller_id=controller_for_clients(image),
        topics=topics,
        cluster_authorized_operations=CLUSTER_OPERATIONS
        if request.include_cluster_authorized_operations
        and _OPERATIONS_SINCE_VERSION <= version <= _CLUSTER_OPERATIONS_UNTIL_VERSION
        else NOT_ASKED_FOR,
    )


def _unknown_topics(
    broker: Broker, request: MetadataRequest, version: int, names: list[str], with_operations: bool
) -> list[MetadataResponseTopic]:
    codes = [
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        if is_valid_topic_name(name)
        else ErrorCode.INVALID_TOPIC_EXCEPTION
        for name in names
    ]
    may_create = request.allow_auto_topic_creation or version < 4  # older ones always may
    if may_create and broker.config.auto_create_topics_enable:
        broker.auto_topics.create(
            [
                name
                for name, code in zip(names, codes)
                if code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION and name != SHARE_GROUP_STATE
            ]
        )
    return [
        MetadataResponseTopic(
            error_code=code,
            name=name,
            is_internal=name in INTERNAL_TOPICS,
            topic_authorized_operations=TOPIC_OPERATIONS if with_operations else NOT_ASKED_FOR,
        )
        for name, code in zip(names, codes)
    ]


def controller_for_clients(image: MetadataImage) -> int:
    """The node that clients are told is the controller; any broker forwards what is the controller's."""
    controller = image.brokers.get(image.controller_id)
    if controller is not None and not controller.fenced:
        return controller.node_id
    return next((broker.node_id for broker in image.alive_brokers()), -1)


def describe_topic(
    image: MetadataImage, topic: TopicImage, with_operations: bool = False
) -> MetadataResponseTopic:
    """A topic as Metadata tells it."""
    return MetadataResponseTopic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=[
            _describe_partition(image, index, partition) for index, partition in enumerate(topic.partitions)
        ],
        topic_authorized_operations=TOPIC_OPERATIONS if with_operations else NOT_ASKED_FOR,
    )


def leader_and_offline(image: MetadataImage, partition: PartitionImage) -> tuple[int, list[int]]:
    """The leader if it is alive, else -1; and the replicas that are not alive."""
    brokers = image.brokers
    offline = [node_id for node_id in partition.replicas if node_id not in brokers or brokers[node_id].fenced]
    leader = partition.leader
    if leader == NO_LEADER or leader in offline:
        leader = NO_LEADER
    return leader, offline


def _describe_partition(
    image: MetadataImage, index: int, partition: PartitionImage
) -> MetadataResponsePartition:
    leader, offline = leader_and_offline(image, partition)
    return MetadataResponsePartition(
        error_code=ErrorCode.LEADER_NOT_AVAILABLE if leader == NO_LEADER else ErrorCode.NONE,
        partition_index=index,
        leader_id=leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=list(partition.replicas),
        isr_nodes=list(partition.isr),
        offline_replicas=offline,
    )
