"""DescribeLogDirs (1 to 5): the size and lag of this broker's replicas (ReplicaManager.describeLogDirs).

Simplification: there is one log directory, in memory, whose total and usable bytes are unknown (-1); replicas
are never moved between directories.
"""

from __future__ import annotations

from minikafka.messages.describe_log_dirs import (
    DescribeLogDirsPartition,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.describe_log_dirs import DescribeLogDirsRequest
    from minikafka.structs import RequestContext


def log_dir(broker: Broker) -> str:
    """The name of a broker's only log directory."""
    return f"/minikafka/{broker.address}"


def handle_describe_log_dirs(
    broker: Broker, request: DescribeLogDirsRequest, _context: RequestContext
) -> DescribeLogDirsResponse:
    """Describe the wanted replicas, or all; those that this broker does not hold are left out."""
    wanted = None
    if request.topics is not None:
        wanted = {(topic.topic, index) for topic in request.topics for index in topic.partitions}
    topics: dict[str, list[DescribeLogDirsPartition]] = {}
    for topic_partition, log in sorted(broker.logs.items()):
        if wanted is not None and topic_partition not in wanted:
            continue
        topics.setdefault(topic_partition.topic, []).append(
            DescribeLogDirsPartition(
                partition_index=topic_partition.partition,
                partition_size=log.size_in_bytes,
                # How far a replica is behind what it knows to be committed; a follower may be, a leader never.
                offset_lag=max(0, log.high_watermark - log.log_end_offset),
                is_future_key=False,
            )
        )
    return DescribeLogDirsResponse(
        results=[
            DescribeLogDirsResult(
                log_dir=log_dir(broker),
                topics=[
                    DescribeLogDirsTopic(name=name, partitions=partitions)
                    for name, partitions in topics.items()
                ],
            )
        ]
    )
