"""OffsetCommit (2 to 10), OffsetFetch (1 to 10), OffsetDelete (0): committed offsets.

Mirrors KafkaApis: topics and partitions that do not exist are refused here, and topic ids (from version 10)
are resolved here; the group's rules are in `minikafka.groups`.
"""

from __future__ import annotations

from minikafka.broker.answers import gathered, mapped, recovered
from minikafka.errors import ErrorCode, InvalidGroupIdError, KafkaError
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from minikafka.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)
from minikafka.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
)
from minikafka.scheduler import Promise
from minikafka.structs import ZERO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.image import MetadataImage
    from minikafka.structs import RequestContext

_BATCH_FETCH_SINCE_VERSION = 8
_TOPIC_ID_SINCE_VERSION = 10


# Commit


def handle_offset_commit(
    broker: Broker, request: OffsetCommitRequest, context: RequestContext
) -> OffsetCommitResponse | Promise[OffsetCommitResponse]:
    """Commit the offsets of partitions that exist."""
    image = broker.image
    uses_topic_ids = context.api_version >= _TOPIC_ID_SINCE_VERSION
    known: list[OffsetCommitRequestTopic] = []
    codes: dict[tuple[str, int], int] = {}
    for topic in request.topics:
        name = topic.name or image.topic_name(topic.topic_id)
        if not name:
            continue
        partitions = []
        for partition in topic.partitions:
            if image.partition(name, partition.partition_index) is None:
                codes[name, partition.partition_index] = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            else:
                partitions.append(partition)
        if partitions:
            known.append(OffsetCommitRequestTopic(name=name, partitions=partitions))
    if not known:
        return _committed(image, request, codes, uses_topic_ids)
    commit = OffsetCommitRequest(
        group_id=request.group_id,
        generation_id_or_member_epoch=request.generation_id_or_member_epoch,
        member_id=request.member_id,
        group_instance_id=request.group_instance_id,
        retention_time_ms=request.retention_time_ms,
        topics=known,
    )
    promise = broker.groups.write(request.group_id, lambda shard: shard.offset_commit(context, commit))

    def answer(response: OffsetCommitResponse) -> OffsetCommitResponse:
        for topic in response.topics:
            for partition in topic.partitions:
                codes[topic.name, partition.partition_index] = partition.error_code
        return _committed(image, request, codes, uses_topic_ids)

    def refuse(error: BaseException) -> OffsetCommitResponse:
        # Partitions that do not exist are told so whatever the coordinator says of the others.
        if not isinstance(error, KafkaError):
            raise error
        code = broker.code_for(error)
        codes.update(
            ((topic.name, partition.partition_index), code)
            for topic in known
            for partition in topic.partitions
        )
        return _committed(image, request, codes, uses_topic_ids)

    return recovered(mapped(promise, answer), refuse)


def _committed(
    image: MetadataImage,
    request: OffsetCommitRequest,
    codes: dict[tuple[str, int], int],
    uses_topic_ids: bool,
) -> OffsetCommitResponse:
    """The answer in the order of the request, without topics that name no partition.

    What has no code has no topic.
    """
    no_topic = ErrorCode.UNKNOWN_TOPIC_ID if uses_topic_ids else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    topics = []
    for topic in request.topics:
        name = topic.name or image.topic_name(topic.topic_id) or ""
        partitions = [
            OffsetCommitResponsePartition(
                partition_index=partition.partition_index,
                error_code=codes.get((name, partition.partition_index), no_topic),
            )
            for partition in topic.partitions
        ]
        if partitions:
            topics.append(
                OffsetCommitResponseTopic(name=topic.name, topic_id=topic.topic_id, partitions=partitions)
            )
    return OffsetCommitResponse(topics=topics)


# Fetch


def handle_offset_fetch(
    broker: Broker, request: OffsetFetchRequest, context: RequestContext
) -> Promise[OffsetFetchResponse]:
    """The committed offsets of one group (up to version 7) or several."""
    if context.api_version < _BATCH_FETCH_SINCE_VERSION:
        return broker.groups.write(request.group_id, lambda shard: shard.offset_fetch(context, request))
    fetched = gathered(_fetch_group(broker, group, request, context) for group in request.groups)
    return mapped(fetched, lambda answers: OffsetFetchResponse(groups=answers))


def _fetch_group(
    broker: Broker, group: OffsetFetchRequestGroup, request: OffsetFetchRequest, context: RequestContext
) -> Promise[OffsetFetchResponseGroup]:
    def failed(error: BaseException) -> OffsetFetchResponseGroup:
        return OffsetFetchResponseGroup(group_id=group.group_id, error_code=broker.code_for(error))

    image = broker.image
    named, unknown, ids = _resolve(image, group, context.api_version >= _TOPIC_ID_SINCE_VERSION)
    one = OffsetFetchRequest(groups=[named], require_stable=request.require_stable)
    promise = broker.groups.write(group.group_id, lambda shard: shard.offset_fetch(context, one))

    def answer(response: OffsetFetchResponse) -> OffsetFetchResponseGroup:
        found = response.groups[0]
        for topic in found.topics:
            if group.topics is None:
                # "All topics" are told with their ids; a topic that is gone has none.
                registration = image.topics.get(topic.name)
                topic.topic_id = ZERO_UUID if registration is None else registration.topic_id
            else:
                topic.topic_id = ids.get(topic.name, ZERO_UUID)
        found.topics += unknown
        return found

    return recovered(mapped(promise, answer), failed)


def _resolve(
    image: MetadataImage, group: OffsetFetchRequestGroup, uses_topic_ids: bool
) -> tuple[OffsetFetchRequestGroup, list[OffsetFetchResponseTopics], dict[str, bytes]]:
    """The same request with topics by name, the answers for ids that nobody has, and the ids by name."""
    if group.topics is None:
        return group, [], {}
    topics = []
    unknown = []
    ids: dict[str, bytes] = {}
    for topic in group.topics:
        name = topic.name or image.topic_name(topic.topic_id) or ""
        if name or not uses_topic_ids:
            ids[name] = topic.topic_id
            topics.append(OffsetFetchRequestTopics(name=name, partition_indexes=topic.partition_indexes))
            continue
        unknown.append(
            OffsetFetchResponseTopics(
                topic_id=topic.topic_id,
                partitions=[
                    OffsetFetchResponsePartitions(
                        partition_index=index,
                        committed_offset=-1,
                        metadata="",
                        error_code=ErrorCode.UNKNOWN_TOPIC_ID,
                    )
                    for index in topic.partition_indexes
                ],
            )
        )
    named = OffsetFetchRequestGroup(
        group_id=group.group_id, member_id=group.member_id, member_epoch=group.member_epoch, topics=topics
    )
    return named, unknown, ids


# Delete


def handle_offset_delete(
    broker: Broker, request: OffsetDeleteRequest, context: RequestContext
) -> OffsetDeleteResponse | Promise[OffsetDeleteResponse]:
    """Delete the committed offsets of partitions that exist."""
    if not request.group_id:
        raise InvalidGroupIdError("group_id='': a group id cannot be empty")
    image = broker.image
    known: list[OffsetDeleteRequestTopic] = []
    for topic in request.topics:
        partitions = [
            partition
            for partition in topic.partitions
            if image.partition(topic.name, partition.partition_index) is not None
        ]
        if partitions:
            known.append(OffsetDeleteRequestTopic(name=topic.name, partitions=partitions))
    delete = OffsetDeleteRequest(group_id=request.group_id, topics=known)
    promise = broker.groups.write(request.group_id, lambda shard: shard.offset_delete(context, delete))

    def answer(response: OffsetDeleteResponse) -> OffsetDeleteResponse:
        if response.error_code != ErrorCode.NONE:
            return response
        codes = {
            (topic.name, partition.partition_index): partition.error_code
            for topic in response.topics
            for partition in topic.partitions
        }
        return OffsetDeleteResponse(
            topics=[
                OffsetDeleteResponseTopic(
                    name=topic.name,
                    partitions=[
                        OffsetDeleteResponsePartition(
                            partition_index=partition.partition_index,
                            error_code=codes.get(
                                (topic.name, partition.partition_index), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                            ),
                        )
                        for partition in topic.partitions
                    ],
                )
                for topic in request.topics
                if topic.partitions
            ]
        )

    return mapped(promise, answer)
