"""Which fields of the protocol carry names that a namespace translates: one table for every string there is."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.messages.fields import Field
    from minikafka.messages.schema import Message


class Kind(Enum):
    """What a string (or a list of strings, or bytes) of a message means to a namespace."""

    NAME = "name"
    """The name of a topic, a group or a transactional id."""
    RESOURCE = "resource"
    """A name if the field `resource_type` beside it says so."""
    KEY = "key"
    """A name if the `key_type` of the request says so (FindCoordinator)."""
    TEXT = "text"
    """Words for people, which may quote names."""
    SUBSCRIPTION = "subscription"
    """Bytes that are a ConsumerProtocolSubscription if the group is one of consumers."""
    ASSIGNMENT = "assignment"
    """Bytes that are a ConsumerProtocolAssignment if the group is one of consumers."""
    PLAIN = "plain"
    """Nothing to do with names."""


NAMED_RESOURCES = frozenset({2, 32})
"""Kafka's ConfigResource types whose names are translated: TOPIC and GROUP."""

NAMED_KEYS = frozenset({0, 1})
"""Kafka's CoordinatorType whose keys are names: GROUP and TRANSACTION."""

_KINDS = {
    "topic": Kind.NAME,
    "topic_name": Kind.NAME,
    "topic_names": Kind.NAME,
    "group_id": Kind.NAME,
    "groups": Kind.NAME,
    "groups_names": Kind.NAME,
    "transactional_id": Kind.NAME,
    "resource_name": Kind.RESOURCE,
    "key": Kind.KEY,
    "coordinator_keys": Kind.KEY,
    "error_message": Kind.TEXT,
    "batch_index_error_message": Kind.TEXT,
    "metadata": Kind.SUBSCRIPTION,
    "member_metadata": Kind.SUBSCRIPTION,
    "assignment": Kind.ASSIGNMENT,
    "member_assignment": Kind.ASSIGNMENT,
    **dict.fromkeys(
        (
            "client_host",
            "client_id",
            "client_software_name",
            "client_software_version",
            "cluster_id",
            "committed_metadata",
            "configuration_keys",
            "documentation",
            "group_instance_id",
            "group_state",
            "group_type",
            "host",
            "leader",
            "log_dir",
            "member_id",
            "path",
            "protocol_data",
            "protocol_name",
            "protocol_type",
            "rack",
            "rack_id",
            "reason",
            "states_filter",
            "types_filter",
            "value",
        ),
        Kind.PLAIN,
    ),
}
"""What a field of this name means in every message."""

_PLAIN_NAMES = frozenset(
    {
        "AlterableConfig",
        "CreatableTopicConfig",
        "CreatableTopicConfigs",
        "DescribeConfigsResourceResult",
        "DescribeConfigsSynonym",
        "FinalizedFeatureKey",
        "JoinGroupRequestProtocol",
        "SupportedFeatureKey",
    }
)
"""The classes whose `name` is that of an option, a feature or an assignor."""

_TOPIC_NAMES = frozenset(
    {
        "AlterReplicaLogDirTopic",
        "CreatableTopic",
        "CreatableTopicResult",
        "CreatePartitionsTopic",
        "CreatePartitionsTopicResult",
        "DeletableTopicResult",
        "DeleteRecordsTopic",
        "DeleteRecordsTopicResult",
        "DeleteTopicState",
        "DescribeLogDirsTopic",
        "DescribeTopicPartitionsResponseTopic",
        "ListOffsetsTopic",
        "ListOffsetsTopicResponse",
        "ListPartitionReassignmentsTopics",
        "MetadataRequestTopic",
        "MetadataResponseTopic",
        "OffsetCommitRequestTopic",
        "OffsetCommitResponseTopic",
        "OffsetDeleteRequestTopic",
        "OffsetDeleteResponseTopic",
        "OffsetFetchRequestTopic",
        "OffsetFetchRequestTopics",
        "OffsetFetchResponseTopic",
        "OffsetFetchResponseTopics",
        "OngoingTopicReassignment",
        "ReassignableTopic",
        "ReassignableTopicResponse",
        "TopicProduceData",
        "TopicProduceResponse",
        "TopicRequest",
        "TopicResponse",
    }
)
"""The classes whose `name` is that of a topic."""

CARRIED = frozenset(
    {
        "Produce",
        "Fetch",
        "ListOffsets",
        "Metadata",
        "OffsetCommit",
        "OffsetFetch",
        "FindCoordinator",
        "JoinGroup",
        "Heartbeat",
        "LeaveGroup",
        "SyncGroup",
        "DescribeGroups",
        "ListGroups",
        "ApiVersions",
        "CreateTopics",
        "DeleteTopics",
        "DeleteRecords",
        "InitProducerId",
        "OffsetForLeaderEpoch",
        "DescribeConfigs",
        "AlterConfigs",
        "DescribeLogDirs",
        "CreatePartitions",
        "DeleteGroups",
        "ElectLeaders",
        "IncrementalAlterConfigs",
        "AlterPartitionReassignments",
        "ListPartitionReassignments",
        "OffsetDelete",
        "DescribeCluster",
        "DescribeTopicPartitions",
        "DescribeProducers",
        "AlterReplicaLogDirs",
        "ListConfigResources",
    }
)
"""The APIs that clients may use: each of their strings has a kind in the tables above."""

NAMELESS = {
    48: "DescribeClientQuotas",
    49: "AlterClientQuotas",
    50: "DescribeUserScramCredentials",
    51: "AlterUserScramCredentials",
    55: "DescribeQuorum",
    57: "UpdateFeatures",
}
"""The APIs, by key, that carry no names at all: their bytes pass as they are."""

_BYTES = frozenset({"string", "binary"})


def kind_of(cls: type[Message], field: Field) -> Kind | None:
    """What a field means; None for one that holds no strings or bytes. Raises KeyError for one without a kind."""
    if field.kind not in _BYTES and not (field.kind == "array" and field.element in _BYTES):
        return None
    if field.name == "name":
        if cls.__name__ in _TOPIC_NAMES:
            return Kind.NAME
        if cls.__name__ in _PLAIN_NAMES:
            return Kind.PLAIN
        raise KeyError(f"{cls.__name__}.name: is it the name of a topic?")
    if field.name == "metadata" and field.kind == "string":
        return Kind.PLAIN  # of a committed offset
    found = _KINDS.get(field.name)
    if found is None:
        raise KeyError(f"{cls.__name__}.{field.name}: what kind of string is it?")
    return found
