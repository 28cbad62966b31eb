"""The answer to a request that failed as a whole: one error code wherever the API puts it.

Mirrors the getErrorResponse of Kafka's request classes. Most responses have a code of their own; the table
below is for those that repeat it for each thing that was asked for.
"""

# ruff: noqa: ARG001 - the builders of the table all take the same arguments

from __future__ import annotations

from minikafka.errors import ErrorCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.messages.schema import Request, Response

    Code = ErrorCode | int
    Builder = Callable[[Any, Code, str | None, int], Response]


def error_response(
    request: Request, code: ErrorCode | int, message: str | None = None, version: int | None = None
) -> Response:
    """Build the response that carries one error code for a whole request.

    Args:
        request: what is answered.
        code: the error.
        message: what is to be said of it, where the response has room for it.
        version: the version that the request was spoken in; None for the newest.
    """
    spoken = request.max_version if version is None else version
    build = _BUILDERS.get(request.api_name)
    if build is not None:
        return build(request, code, message, spoken)
    own: Callable[[Code], Response] | None = getattr(request, "error_answer", None)
    if own is not None:
        # A message between nodes that is no API of the protocol knows its own answer.
        return own(code)
    return _top_level(request, code, message)


def _top_level(request: Request, code: Code, message: str | None) -> Response:
    response_type = request.response_class
    names = {field.name for field in response_type.fields}
    values: dict[str, object] = {"error_code": code}
    if "error_message" in names:
        values["error_message"] = message
    return response_type(**values)


def _produce(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.produce import PartitionProduceResponse, ProduceResponse, TopicProduceResponse

    return ProduceResponse(
        responses=[
            TopicProduceResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partition_responses=[
                    PartitionProduceResponse(
                        index=partition.index, error_code=code, base_offset=-1, error_message=message
                    )
                    for partition in topic.partition_data
                ],
            )
            for topic in request.topic_data
        ]
    )


def _fetch(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.fetch import FetchableTopicResponse, FetchResponse, PartitionData

    topics = []
    if version < 13:  # from here on the code of the response says it all
        topics = [
            FetchableTopicResponse(
                topic=topic.topic,
                partitions=[
                    PartitionData(
                        partition_index=partition.partition, error_code=code, high_watermark=-1, records=[]
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    return FetchResponse(error_code=code, session_id=request.session_id, responses=topics)


def _list_offsets(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.list_offsets import (
        ListOffsetsPartitionResponse,
        ListOffsetsResponse,
        ListOffsetsTopicResponse,
    )

    return ListOffsetsResponse(
        topics=[
            ListOffsetsTopicResponse(
                name=topic.name,
                partitions=[
                    ListOffsetsPartitionResponse(partition_index=partition.partition_index, error_code=code)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _metadata(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.metadata import MetadataResponse, MetadataResponseTopic

    return MetadataResponse(
        error_code=code,
        topics=[
            MetadataResponseTopic(name=topic.name or "", topic_id=topic.topic_id, error_code=code)
            for topic in request.topics or ()
        ],
    )


def _offset_commit(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.offset_commit import (
        OffsetCommitResponse,
        OffsetCommitResponsePartition,
        OffsetCommitResponseTopic,
    )

    return OffsetCommitResponse(
        topics=[
            OffsetCommitResponseTopic(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    OffsetCommitResponsePartition(partition_index=partition.partition_index, error_code=code)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _offset_fetch(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.offset_fetch import (
        OffsetFetchResponse,
        OffsetFetchResponseGroup,
        OffsetFetchResponsePartition,
        OffsetFetchResponseTopic,
    )

    if version < 2:  # the error is told with every partition
        return OffsetFetchResponse(
            topics=[
                OffsetFetchResponseTopic(
                    name=topic.name,
                    partitions=[
                        OffsetFetchResponsePartition(
                            partition_index=index, committed_offset=-1, metadata="", error_code=code
                        )
                        for index in topic.partition_indexes
                    ],
                )
                for topic in request.topics
            ]
        )
    if version < 8:  # one group, whose error is the response's own
        return OffsetFetchResponse(error_code=code)
    return OffsetFetchResponse(
        groups=[
            OffsetFetchResponseGroup(group_id=group.group_id, error_code=code) for group in request.groups
        ]
    )


def _find_coordinator(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.find_coordinator import Coordinator, FindCoordinatorResponse

    if version < 4:  # one key
        return FindCoordinatorResponse(error_code=code, error_message=message, node_id=-1, host="", port=-1)
    return FindCoordinatorResponse(
        coordinators=[
            Coordinator(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)
            for key in request.coordinator_keys
        ]
    )


def _describe_groups(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.describe_groups import DescribedGroup, DescribeGroupsResponse

    return DescribeGroupsResponse(
        groups=[DescribedGroup(group_id=group_id, error_code=code) for group_id in request.groups]
    )


def _init_producer_id(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.init_producer_id import InitProducerIdResponse

    return InitProducerIdResponse(error_code=code, producer_id=-1, producer_epoch=-1)


def _join_group(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.join_group import JoinGroupResponse

    # From version 7 "no protocol" is null.
    return JoinGroupResponse(error_code=code, protocol_name=None if version >= 7 else "")


def _create_topics(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.create_topics import CreatableTopicResult, CreateTopicsResponse

    return CreateTopicsResponse(
        topics=[
            CreatableTopicResult(name=topic.name, error_code=code, error_message=message)
            for topic in request.topics
        ]
    )


def _delete_topics(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.delete_topics import DeletableTopicResult, DeleteTopicsResponse, DeleteTopicState

    # From version 6 on topics are named by name or id, before by name in a list of its own.
    topics = request.topics if version >= 6 else [DeleteTopicState(name=name) for name in request.topic_names]
    return DeleteTopicsResponse(
        responses=[
            DeletableTopicResult(
                name=topic.name, topic_id=topic.topic_id, error_code=code, error_message=message
            )
            for topic in topics
        ]
    )


def _delete_records(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.delete_records import (
        DeleteRecordsPartitionResult,
        DeleteRecordsResponse,
        DeleteRecordsTopicResult,
    )

    return DeleteRecordsResponse(
        topics=[
            DeleteRecordsTopicResult(
                name=topic.name,
                partitions=[
                    DeleteRecordsPartitionResult(
                        partition_index=partition.partition_index, low_watermark=-1, error_code=code
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _offset_for_leader_epoch(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.offset_for_leader_epoch import (
        EpochEndOffset,
        OffsetForLeaderEpochResponse,
        OffsetForLeaderTopicResult,
    )

    return OffsetForLeaderEpochResponse(
        topics=[
            OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=[
                    EpochEndOffset(partition=partition.partition, error_code=code)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _describe_configs(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.describe_configs import DescribeConfigsResponse, DescribeConfigsResult

    return DescribeConfigsResponse(
        results=[
            DescribeConfigsResult(
                error_code=code,
                error_message=message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource in request.resources
        ]
    )


def _alter_configs(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.alter_configs import AlterConfigsResourceResponse, AlterConfigsResponse

    return AlterConfigsResponse(
        responses=[
            AlterConfigsResourceResponse(
                error_code=code,
                error_message=message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource in request.resources
        ]
    )


def _incremental_alter_configs(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.incremental_alter_configs import (
        AlterConfigsResourceResponse,
        IncrementalAlterConfigsResponse,
    )

    return IncrementalAlterConfigsResponse(
        responses=[
            AlterConfigsResourceResponse(
                error_code=code,
                error_message=message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource in request.resources
        ]
    )


def _create_partitions(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.create_partitions import CreatePartitionsResponse, CreatePartitionsTopicResult

    return CreatePartitionsResponse(
        results=[
            CreatePartitionsTopicResult(name=topic.name, error_code=code, error_message=message)
            for topic in request.topics
        ]
    )


def _delete_groups(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.delete_groups import DeletableGroupResult, DeleteGroupsResponse

    return DeleteGroupsResponse(
        results=[
            DeletableGroupResult(group_id=group_id, error_code=code) for group_id in request.groups_names
        ]
    )


def _elect_leaders(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.elect_leaders import ElectLeadersResponse, PartitionResult, ReplicaElectionResult

    return ElectLeadersResponse(
        error_code=code if version >= 1 else ErrorCode.NONE,
        replica_election_results=[
            ReplicaElectionResult(
                topic=topic.topic,
                partition_result=[
                    PartitionResult(partition_id=index, error_code=code, error_message=message)
                    for index in topic.partitions
                ],
            )
            for topic in request.topic_partitions or ()
        ],
    )


def _alter_partition_reassignments(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.alter_partition_reassignments import (
        AlterPartitionReassignmentsResponse,
        ReassignablePartitionResponse,
        ReassignableTopicResponse,
    )

    return AlterPartitionReassignmentsResponse(
        error_code=code,
        error_message=message,
        responses=[
            ReassignableTopicResponse(
                name=topic.name,
                partitions=[
                    ReassignablePartitionResponse(
                        partition_index=partition.partition_index, error_code=code, error_message=message
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ],
    )


def _alter_replica_log_dirs(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.alter_replica_log_dirs import (
        AlterReplicaLogDirPartitionResult,
        AlterReplicaLogDirsResponse,
        AlterReplicaLogDirTopicResult,
    )

    return AlterReplicaLogDirsResponse(
        results=[
            AlterReplicaLogDirTopicResult(
                topic_name=topic.name,
                partitions=[
                    AlterReplicaLogDirPartitionResult(partition_index=index, error_code=code)
                    for index in topic.partitions
                ],
            )
            for directory in request.dirs
            for topic in directory.topics
        ]
    )


def _describe_client_quotas(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.describe_client_quotas import DescribeClientQuotasResponse

    return DescribeClientQuotasResponse(error_code=code, error_message=message, entries=None)


def _describe_producers(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.describe_producers import (
        DescribeProducersResponse,
        PartitionResponse,
        TopicResponse,
    )

    return DescribeProducersResponse(
        topics=[
            TopicResponse(
                name=topic.name,
                partitions=[
                    PartitionResponse(partition_index=index, error_code=code)
                    for index in topic.partition_indexes
                ],
            )
            for topic in request.topics
        ]
    )


def _describe_topic_partitions(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.describe_topic_partitions import (
        DescribeTopicPartitionsResponse,
        DescribeTopicPartitionsResponseTopic,
    )

    return DescribeTopicPartitionsResponse(
        topics=[
            DescribeTopicPartitionsResponseTopic(name=topic.name, error_code=code) for topic in request.topics
        ]
    )


def _api_versions(request: Any, code: Code, message: str | None, version: int) -> Response:
    from minikafka.messages.api_versions import ApiVersion, ApiVersionsResponse

    # KIP-511: a client that asked in an unknown version learns which ones there are.
    own = ApiVersion(
        api_key=request.api_key, min_version=request.min_version, max_version=request.max_version
    )
    return ApiVersionsResponse(
        error_code=code, api_keys=[own] if code == ErrorCode.UNSUPPORTED_VERSION else []
    )


_BUILDERS: dict[str, Builder] = {
    "Produce": _produce,
    "Fetch": _fetch,
    "ListOffsets": _list_offsets,
    "Metadata": _metadata,
    "OffsetCommit": _offset_commit,
    "OffsetFetch": _offset_fetch,
    "FindCoordinator": _find_coordinator,
    "JoinGroup": _join_group,
    "DescribeGroups": _describe_groups,
    "ApiVersions": _api_versions,
    "CreateTopics": _create_topics,
    "DeleteTopics": _delete_topics,
    "DeleteRecords": _delete_records,
    "InitProducerId": _init_producer_id,
    "OffsetForLeaderEpoch": _offset_for_leader_epoch,
    "DescribeConfigs": _describe_configs,
    "AlterConfigs": _alter_configs,
    "CreatePartitions": _create_partitions,
    "DeleteGroups": _delete_groups,
    "ElectLeaders": _elect_leaders,
    "IncrementalAlterConfigs": _incremental_alter_configs,
    "AlterPartitionReassignments": _alter_partition_reassignments,
    "AlterReplicaLogDirs": _alter_replica_log_dirs,
    "DescribeClientQuotas": _describe_client_quotas,
    "DescribeProducers": _describe_producers,
    "DescribeTopicPartitions": _describe_topic_partitions,
}
