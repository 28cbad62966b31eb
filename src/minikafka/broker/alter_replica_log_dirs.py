"""AlterReplicaLogDirs (1 to 2): moves replicas between a broker's log directories (ReplicaManager.alterReplicaLogDirs).

Simplification: a broker has one directory, in memory; to "move" a replica there is right and changes nothing.
"""

from __future__ import annotations

from minikafka.broker.describe_log_dirs import log_dir
from minikafka.errors import ErrorCode
from minikafka.messages.alter_replica_log_dirs import (
    AlterReplicaLogDirPartitionResult,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopicResult,
)
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.alter_replica_log_dirs import AlterReplicaLogDirsRequest
    from minikafka.structs import RequestContext


def handle_alter_replica_log_dirs(
    broker: Broker, request: AlterReplicaLogDirsRequest, _context: RequestContext
) -> AlterReplicaLogDirsResponse:
    """Tell of each replica whether it may be in that directory; the last of several directories counts."""
    codes: dict[TopicPartition, ErrorCode] = {}
    for directory in request.dirs:
        for topic in directory.topics:
            for index in topic.partitions:
                topic_partition = TopicPartition(topic.name, index)
                codes[topic_partition] = _code(broker, directory.path, topic_partition)
    results: dict[str, list[AlterReplicaLogDirPartitionResult]] = {}
    for (name, index), code in codes.items():
        results.setdefault(name, []).append(
            AlterReplicaLogDirPartitionResult(partition_index=index, error_code=code)
        )
    return AlterReplicaLogDirsResponse(
        results=[
            AlterReplicaLogDirTopicResult(topic_name=name, partitions=partitions)
            for name, partitions in results.items()
        ]
    )


def _code(broker: Broker, path: str, topic_partition: TopicPartition) -> ErrorCode:
    if path != log_dir(broker):
        return ErrorCode.LOG_DIR_NOT_FOUND
    if topic_partition in broker.replica_manager.partitions:
        return ErrorCode.NONE
    if broker.image.partition(*topic_partition) is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return ErrorCode.REPLICA_NOT_AVAILABLE
