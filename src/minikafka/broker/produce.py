"""Produce (3 to 13): append record batches (KafkaApis.handleProduceRequest, ProduceRequest.validateRecords).

Simplifications: quotas do not exist, so nobody is throttled. With acks=0 Kafka closes the connection to tell
of an error; so does this broker, which shows only where there is a connection. An error's message is told for
every error that has one, where Kafka tells it only of invalid records.
"""

from __future__ import annotations

from minikafka.broker.answers import ConnectionClosed, mapped
from minikafka.broker.leader_hints import leader_hint, node_endpoints
from minikafka.errors import (
    ErrorCode,
    InvalidRecordError,
    InvalidRequiredAcksError,
    InvalidTopicError,
    InvalidTxnStateError,
    KafkaError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnsupportedCompressionTypeError,
    UnsupportedForMessageFormatError,
)
from minikafka.image import INTERNAL_TOPICS
from minikafka.log.record_batch import RecordBatch, split_batches
from minikafka.messages.produce import (
    BatchIndexAndErrorMessage,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceResponse,
    ProduceResponse,
    TopicProduceResponse,
)
from minikafka.scheduler import Promise
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.produce import ProduceRequest, TopicProduceData
    from minikafka.replica.replica_manager import AppendResult
    from minikafka.structs import RequestContext

ADMIN_CLIENT_ID = "__admin_client"
"""The one client id that may write to internal topics (Kafka's AdminUtils.ADMIN_CLIENT_ID)."""

_ZSTD = 4
_ZSTD_SINCE_VERSION = 7
_LEADER_HINT_SINCE_VERSION = 10
_TOPIC_ID_SINCE_VERSION = 13

_Refused = dict[TopicPartition, KafkaError]
_Asked = list[tuple["TopicProduceData", TopicPartition]]
"""The request's partitions in order; the name is empty where no topic has the id that was told."""


def handle_produce(
    broker: Broker, request: ProduceRequest, context: RequestContext
) -> ProduceResponse | Promise[ProduceResponse | None] | None:
    """Append one batch per partition and answer when `acks` is satisfied; None for acks=0."""
    entries: dict[TopicPartition, list[RecordBatch]] = {}
    refused: _Refused = {}
    asked: _Asked = []
    transactional = False
    image = broker.image
    for topic in request.topic_data:
        name = topic.name or image.topic_name(topic.topic_id) or ""
        for partition in topic.partition_data:
            topic_partition = TopicPartition(name, partition.index)
            asked.append((topic, topic_partition))
            if not name:
                continue
            try:
                if image.partition(name, partition.index) is None:
                    raise UnknownTopicOrPartitionError(f"{name}-{partition.index} is unknown to this broker")
                batches = entries[topic_partition] = _checked_batches(partition.records, name, context)
                transactional = transactional or batches[0].is_transactional
            except KafkaError as error:
                refused[topic_partition] = error
    if transactional:
        _refuse_transactional(request, entries, refused)
    acks = request.acks
    if acks not in (-1, 0, 1):
        refused |= dict.fromkeys(
            entries, InvalidRequiredAcksError(f"Invalid required acks: {acks}: expected -1, 0 or 1")
        )
        entries = {}
    if not entries:
        return _answer(broker, request, context, asked, {}, refused)
    promise = broker.replica_manager.append_records(entries, acks, request.timeout_ms)
    if promise.done():
        return _answer(broker, request, context, asked, promise.result(), refused)
    return mapped(promise, lambda results: _answer(broker, request, context, asked, results, refused))


def _checked_batches(
    records: list[RecordBatch] | bytes | None, topic: str, context: RequestContext
) -> list[RecordBatch]:
    """The partition's batches; raises what is wrong with them before the log sees them."""
    batches = records if isinstance(records, list) else _split(records or b"")
    if len(batches) != 1:
        what = "must have at least one" if not batches else "are only allowed to contain exactly one"
        raise InvalidRecordError(
            f"Produce requests with version {context.api_version} {what} record batch per partition"
        )
    if batches[0].compression == _ZSTD and context.api_version < _ZSTD_SINCE_VERSION:
        raise UnsupportedCompressionTypeError(
            f"Produce requests with version {context.api_version} may not use ZStandard compression"
        )
    if topic in INTERNAL_TOPICS and context.client_id != ADMIN_CLIENT_ID:
        raise InvalidTopicError(f"Cannot append to internal topic {topic}")
    return batches


def _split(records: bytes) -> list[RecordBatch]:
    """The batches that are whole: what is cut off at the end is not there (Kafka's ByteBufferLogInputStream)."""
    try:
        return split_batches(records, allow_partial=True, to_stamp=True)
    except UnsupportedForMessageFormatError as error:
        raise InvalidRecordError(*error.args) from error


def _refuse_transactional(
    request: ProduceRequest, entries: dict[TopicPartition, list[RecordBatch]], refused: _Refused
) -> None:
    """No transaction can be open, for InitProducerId gives no transactional producer an id (yet)."""
    if request.transactional_id is None:
        raise TransactionalIdAuthorizationFailedError("transactional records need a transactional_id")
    for topic_partition in [tp for tp, batches in entries.items() if batches[0].is_transactional]:
        del entries[topic_partition]
        refused[topic_partition] = InvalidTxnStateError(
            f"no transaction of {request.transactional_id!r} is open"
        )


def _answer(
    broker: Broker,
    request: ProduceRequest,
    context: RequestContext,
    asked: _Asked,
    results: dict[TopicPartition, AppendResult],
    refused: _Refused,
) -> ProduceResponse | None:
    # As in Kafka's map of results, a topic and a partition are told once, and without partitions not at all.
    topics: dict[tuple[str, bytes], dict[int, PartitionProduceResponse]] = {}
    leaders: list[int] = []
    failed = False
    for topic, topic_partition in asked:
        partitions = topics.setdefault((topic.name, topic.topic_id), {})
        index = topic_partition[1]
        result = results.get(topic_partition)
        if result is not None and result.error is None:
            partitions[index] = PartitionProduceResponse(
                index=index,
                base_offset=result.base_offset,
                log_append_time_ms=result.log_append_time_ms,
                log_start_offset=result.log_start_offset,
            )
            continue
        failed = True
        error = refused.get(topic_partition) if result is None else result.error
        if error is None:
            error = _no_such_topic(topic, context)
        partitions[index] = _partition_error(broker, context, topic_partition, error, result, leaders)
    if request.acks == 0:
        if failed:
            raise ConnectionClosed("produce with acks=0 failed")
        return None
    responses = [
        TopicProduceResponse(name=name, topic_id=topic_id, partition_responses=[*partitions.values()])
        for (name, topic_id), partitions in topics.items()
    ]
    if leaders:
        endpoints = [
            NodeEndpoint(node_id=node_id, host=host, port=port, rack=rack)
            for node_id, host, port, rack in node_endpoints(broker.image, leaders)
        ]
        return ProduceResponse(responses=responses, node_endpoints=endpoints)
    return ProduceResponse(responses=responses)


def _no_such_topic(topic: TopicProduceData, context: RequestContext) -> KafkaError:
    if context.api_version < _TOPIC_ID_SINCE_VERSION:
        return UnknownTopicOrPartitionError(f"topic {topic.name!r} is unknown to this broker")
    return UnknownTopicIdError(f"no topic has the id {topic.topic_id.hex()}")


def _partition_error(
    broker: Broker,
    context: RequestContext,
    topic_partition: TopicPartition,
    error: KafkaError,
    result: AppendResult | None,
    leaders: list[int],
) -> PartitionProduceResponse:
    code = broker.code_for(error)
    response = PartitionProduceResponse(
        index=topic_partition.partition,
        error_code=code,
        base_offset=-1,
        log_start_offset=-1 if result is None else result.log_start_offset,
        error_message=str(error.args[0]) if error.args else None,
        record_errors=[
            BatchIndexAndErrorMessage(batch_index=index, batch_index_error_message=message)
            for index, message in (result.record_errors if result is not None else ())
        ],
    )
    if code == ErrorCode.NOT_LEADER_OR_FOLLOWER and context.api_version >= _LEADER_HINT_SINCE_VERSION:
        leader_id, leader_epoch = leader_hint(broker.image, topic_partition)
        response.current_leader = LeaderIdAndEpoch(leader_id=leader_id, leader_epoch=leader_epoch)
        leaders.append(leader_id)
    return response
