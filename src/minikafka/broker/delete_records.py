"""DeleteRecords (0 to 2): raise a partition's log start offset (ReplicaManager.deleteRecords)."""

from __future__ import annotations

from minikafka.broker.answers import mapped
from minikafka.errors import ErrorCode
from minikafka.image import INTERNAL_TOPICS
from minikafka.messages.delete_records import (
    DeleteRecordsPartitionResult,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from minikafka.scheduler import Promise
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.delete_records import DeleteRecordsRequest
    from minikafka.replica.replica_manager import DeleteResult
    from minikafka.structs import RequestContext


def handle_delete_records(
    broker: Broker, request: DeleteRecordsRequest, _context: RequestContext
) -> Promise[DeleteRecordsResponse]:
    """Delete the records before the given offsets; answered when every replica in the ISR has done so."""
    image = broker.image
    entries: dict[TopicPartition, int] = {}
    refused: dict[TopicPartition, ErrorCode] = {}
    for topic in request.topics:
        for partition in topic.partitions:
            topic_partition = TopicPartition(topic.name, partition.partition_index)
            if image.partition(*topic_partition) is None:
                refused[topic_partition] = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            elif topic.name in INTERNAL_TOPICS:
                refused[topic_partition] = ErrorCode.INVALID_TOPIC_EXCEPTION
            else:
                entries[topic_partition] = partition.offset

    def answer(results: dict[TopicPartition, DeleteResult]) -> DeleteRecordsResponse:
        # A topic and a partition that are named twice are told once, and the last offset counts; a topic
        # without partitions is not told at all.
        topics: dict[str, dict[int, DeleteRecordsPartitionResult]] = {}
        for topic in request.topics:
            for partition in topic.partitions:
                index = partition.partition_index
                topic_partition = TopicPartition(topic.name, index)
                result = results.get(topic_partition)
                code: int = refused.get(topic_partition, ErrorCode.NONE)
                low_watermark = -1
                if result is not None:
                    if result.error is None:
                        low_watermark = result.low_watermark
                    else:
                        code = broker.code_for(result.error)
                topics.setdefault(topic.name, {})[index] = DeleteRecordsPartitionResult(
                    partition_index=index, low_watermark=low_watermark, error_code=code
                )
        return DeleteRecordsResponse(
            topics=[
                DeleteRecordsTopicResult(name=name, partitions=[*partitions.values()])
                for name, partitions in topics.items()
            ]
        )

    if not entries:
        return Promise.resolved(answer({}))
    return mapped(broker.replica_manager.delete_records(entries, request.timeout_ms), answer)
