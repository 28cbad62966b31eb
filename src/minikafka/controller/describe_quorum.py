"""DescribeQuorum (0 to 2): the state of the metadata quorum (Kafka's KafkaRaftClient).

Simplification: the quorum is one controller, a node of its own beside the brokers, which never fails. Its metadata
log is the count of its images; the brokers are its observers.
"""

from __future__ import annotations

from minikafka.errors import ErrorCode
from minikafka.messages.describe_quorum import (
    DescribeQuorumResponse,
    Node,
    PartitionData,
    ReplicaState,
    TopicData,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.controller.controller import Controller
    from minikafka.messages.describe_quorum import DescribeQuorumRequest
    from minikafka.structs import RequestContext

CONTROLLER_NODE_ID = 3000
"""The node id of the controller, as Kafka's documentation numbers those that are no brokers."""
METADATA_TOPIC = "__cluster_metadata"
_LEADER_EPOCH = 1


def handle_describe_quorum(
    controller: Controller, request: DescribeQuorumRequest, _: RequestContext
) -> DescribeQuorumResponse:
    """Describe the only partition of the metadata log; any other is unknown."""
    asked = [
        (topic.topic_name, each.partition_index) for topic in request.topics for each in topic.partitions
    ]
    if asked != [(METADATA_TOPIC, 0)]:
        return DescribeQuorumResponse(
            topics=[
                TopicData(
                    topic_name=topic.topic_name,
                    partitions=[
                        PartitionData(
                            partition_index=each.partition_index,
                            error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                            error_message="This server does not host this topic-partition.",
                        )
                        for each in topic.partitions
                    ],
                )
                for topic in request.topics
            ],
        )
    return DescribeQuorumResponse(
        topics=[TopicData(topic_name=METADATA_TOPIC, partitions=[_quorum(controller)])],
        nodes=[Node(node_id=CONTROLLER_NODE_ID)],
    )


def _quorum(controller: Controller) -> PartitionData:
    end_offset = controller.image.version
    now_ms = controller.scheduler.now_ms

    def state(node_id: int, applied: int) -> ReplicaState:
        caught_up_ms = now_ms if applied == end_offset else -1
        return ReplicaState(
            replica_id=node_id,
            log_end_offset=applied,
            last_fetch_timestamp=caught_up_ms,
            last_caught_up_timestamp=caught_up_ms,
        )

    return PartitionData(
        error_message=None,
        leader_id=CONTROLLER_NODE_ID,
        leader_epoch=_LEADER_EPOCH,
        high_watermark=end_offset,
        current_voters=[state(CONTROLLER_NODE_ID, end_offset)],
        observers=[state(*each) for each in controller.publisher.applied().items()],
    )
