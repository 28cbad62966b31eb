"""Fetch (4 to 18): read record batches, for consumers and followers alike (KafkaApis.handleFetchRequest).

Simplifications: no quotas, no down-conversion (versions below 4 are not served), and a read comes from the
leader always, for no replica selector is configured (Kafka's default).
"""

from __future__ import annotations

from minikafka.broker.answers import mapped
from minikafka.broker.fetch_session import INVALID_SESSION_ID, open_context
from minikafka.broker.leader_hints import leader_hint, node_endpoints
from minikafka.errors import ErrorCode, UnknownError, UnknownTopicIdError, UnknownTopicOrPartitionError
from minikafka.messages.fetch import (
    AbortedTransaction,
    EpochEndOffset,
    FetchableTopicResponse,
    FetchResponse,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
)
from minikafka.replica.replica_manager import FetchParams, FetchPartitionRequest
from minikafka.scheduler import Promise
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.broker.fetch_session import FetchContext
    from minikafka.errors import KafkaError
    from minikafka.messages.fetch import FetchRequest
    from minikafka.replica.replica_manager import FetchPartitionResult
    from minikafka.structs import RequestContext

_TOPIC_ID_SINCE_VERSION = 13
_REPLICA_STATE_SINCE_VERSION = 15
_LEADER_HINT_SINCE_VERSION = 16
_ZSTD_SINCE_VERSION = 10
_ISOLATION_LEVELS = (0, 1)


def handle_fetch(
    broker: Broker, request: FetchRequest, context: RequestContext
) -> FetchResponse | Promise[FetchResponse]:
    """Read from the wanted partitions; parked until `min_bytes` are there or `max_wait_ms` have passed."""
    version = context.api_version
    state = request.replica_state
    replica_id, replica_epoch = request.replica_id, -1
    if version >= _REPLICA_STATE_SINCE_VERSION and replica_id < 0:
        replica_id, replica_epoch = state.replica_id, state.replica_epoch
    fetch = open_context(
        broker, request, is_follower=replica_id >= 0, uses_topic_ids=version >= _TOPIC_ID_SINCE_VERSION
    )
    if fetch.error is not ErrorCode.NONE:
        return FetchResponse(error_code=fetch.error, session_id=INVALID_SESSION_ID)
    image = broker.image
    wanted: list[FetchPartitionRequest] = []
    sources: list[_Source] = []
    for topic, topic_id, partition in fetch.partitions():
        name = topic or image.topic_name(topic_id) or ""
        index = partition.partition
        topic_partition = TopicPartition(name, index)
        source = _Source(topic, topic_id, topic_partition)
        sources.append(source)
        if not name and version >= _TOPIC_ID_SINCE_VERSION:
            source.error = UnknownTopicIdError(f"no topic has the id {topic_id.hex()}")
        elif image.partition(name, index) is None:
            source.error = UnknownTopicOrPartitionError(f"{name}-{index} is unknown to this broker")
        else:
            wanted.append(
                FetchPartitionRequest(
                    topic_partition,
                    partition.fetch_offset,
                    partition.partition_max_bytes,
                    max(partition.current_leader_epoch, -1),
                    partition.last_fetched_epoch,
                    partition.log_start_offset,
                    partition.high_watermark,
                )
            )
    if not wanted:
        return _answer(broker, version, fetch, sources, [])
    if replica_id < 0 and request.isolation_level not in _ISOLATION_LEVELS:
        raise UnknownError(f"Unknown isolation level {request.isolation_level}")
    max_bytes = min(request.max_bytes, broker.config.fetch_max_bytes)
    max_wait_ms = request.max_wait_ms
    if replica_id >= 0 and len(wanted) < len(sources):
        # A follower's parked fetch has no deadline, and nothing would end it when this broker learns of the
        # partitions that it does not know yet: the follower hears of them now, and asks again.
        max_wait_ms = 0
    params = FetchParams(
        replica_id,
        replica_epoch,
        max_wait_ms,
        min(request.min_bytes, max_bytes),
        max_bytes,
        request.isolation_level,
        context.hurry,
    )
    promise = broker.replica_manager.fetch(params, wanted)
    if promise.done():
        return _answer(broker, version, fetch, sources, promise.result())
    return mapped(promise, lambda results: _answer(broker, version, fetch, sources, results))


class _Source:
    """What the request said of a partition, to be said back."""

    __slots__ = ("error", "topic", "topic_id", "topic_partition")

    def __init__(self, topic: str, topic_id: bytes, topic_partition: TopicPartition) -> None:
        self.topic = topic
        self.topic_id = topic_id
        self.topic_partition = topic_partition
        self.error: KafkaError | None = None


def _answer(
    broker: Broker,
    version: int,
    fetch: FetchContext,
    sources: list[_Source],
    results: list[FetchPartitionResult],
) -> FetchResponse:
    read = iter(results)
    leaders: list[int] = []
    entries: list[tuple[str, bytes, PartitionData]] = []
    for source in sources:
        if source.error is None:
            result = next(read)
            error = result.error
            if error is None:
                data = PartitionData(
                    partition_index=source.topic_partition.partition,
                    high_watermark=result.high_watermark,
                    last_stable_offset=result.last_stable_offset,
                    log_start_offset=result.log_start_offset,
                    aborted_transactions=None if result.aborted_transactions is None else [],
                    preferred_read_replica=result.preferred_read_replica,
                    records=result.batches,
                )
                if result.aborted_transactions:
                    data.aborted_transactions = [
                        AbortedTransaction(producer_id=producer_id, first_offset=first_offset)
                        for producer_id, first_offset in result.aborted_transactions
                    ]
                if result.diverging_epoch is not None:
                    epoch, end_offset = result.diverging_epoch
                    data.diverging_epoch = EpochEndOffset(epoch=epoch, end_offset=end_offset)
                if version < _ZSTD_SINCE_VERSION and _is_zstd(broker, source.topic_partition.topic):
                    data = PartitionData(
                        partition_index=source.topic_partition.partition,
                        error_code=ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
                        high_watermark=-1,
                        records=[],
                    )
                entries.append((source.topic, source.topic_id, data))
                continue
        else:
            error = source.error
        entries.append((source.topic, source.topic_id, _failed(broker, version, source, error, leaders)))
    error_code, session_id, entries = fetch.complete(entries)
    response = FetchResponse(error_code=error_code, session_id=session_id, responses=_by_topic(entries))
    if leaders and not fetch.is_follower:
        response.node_endpoints = [
            NodeEndpoint(node_id=node_id, host=host, port=port, rack=rack)
            for node_id, host, port, rack in node_endpoints(broker.image, leaders)
        ]
    return response


def _failed(
    broker: Broker, version: int, source: _Source, error: KafkaError, leaders: list[int]
) -> PartitionData:
    code = broker.code_for(error)
    data = PartitionData(
        partition_index=source.topic_partition.partition,
        error_code=code,
        high_watermark=-1,
        # The log tells null with an error; what is refused before it, an empty list.
        aborted_transactions=None if source.error is None else [],
        records=[],
    )
    if version >= _LEADER_HINT_SINCE_VERSION and code in (
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.FENCED_LEADER_EPOCH,
    ):
        leader_id, leader_epoch = leader_hint(broker.image, source.topic_partition)
        data.current_leader = LeaderIdAndEpoch(leader_id=leader_id, leader_epoch=leader_epoch)
        leaders.append(leader_id)
    return data


def _is_zstd(broker: Broker, topic: str) -> bool:
    image = broker.image.topics.get(topic)
    default = broker.config.compression_type
    return image is not None and image.configs.get("compression.type", default) == "zstd"


def _by_topic(entries: list[tuple[str, bytes, PartitionData]]) -> list[FetchableTopicResponse]:
    responses: list[FetchableTopicResponse] = []
    last: tuple[str, bytes] | None = None
    for topic, topic_id, data in entries:
        if last is None or last[0] != topic or last[1] != topic_id:
            last = (topic, topic_id)
            responses.append(FetchableTopicResponse(topic=topic, topic_id=topic_id, partitions=[]))
        responses[-1].partitions.append(data)
    return responses
