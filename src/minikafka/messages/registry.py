"""Which APIs there are: names, keys, and the module that declares each family, imported on first use."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.messages.schema import Request, Response

_MODULES = {
    0: ("Produce", "produce"),
    1: ("Fetch", "fetch"),
    2: ("ListOffsets", "list_offsets"),
    3: ("Metadata", "metadata"),
    8: ("OffsetCommit", "offset_commit"),
    9: ("OffsetFetch", "offset_fetch"),
    10: ("FindCoordinator", "find_coordinator"),
    11: ("JoinGroup", "join_group"),
    12: ("Heartbeat", "heartbeat"),
    13: ("LeaveGroup", "leave_group"),
    14: ("SyncGroup", "sync_group"),
    15: ("DescribeGroups", "describe_groups"),
    16: ("ListGroups", "list_groups"),
    18: ("ApiVersions", "api_versions"),
    19: ("CreateTopics", "create_topics"),
    20: ("DeleteTopics", "delete_topics"),
    21: ("DeleteRecords", "delete_records"),
    22: ("InitProducerId", "init_producer_id"),
    23: ("OffsetForLeaderEpoch", "offset_for_leader_epoch"),
    32: ("DescribeConfigs", "describe_configs"),
    33: ("AlterConfigs", "alter_configs"),
    35: ("DescribeLogDirs", "describe_log_dirs"),
    37: ("CreatePartitions", "create_partitions"),
    42: ("DeleteGroups", "delete_groups"),
    43: ("ElectLeaders", "elect_leaders"),
    44: ("IncrementalAlterConfigs", "incremental_alter_configs"),
    45: ("AlterPartitionReassignments", "alter_partition_reassignments"),
    46: ("ListPartitionReassignments", "list_partition_reassignments"),
    47: ("OffsetDelete", "offset_delete"),
    56: ("AlterPartition", "alter_partition"),
    60: ("DescribeCluster", "describe_cluster"),
    67: ("AllocateProducerIds", "allocate_producer_ids"),
    75: ("DescribeTopicPartitions", "describe_topic_partitions"),
}

API_KEYS: dict[str, int] = {name: key for key, (name, _) in _MODULES.items()}
"""Every API by Kafka's name for it."""


def api_name(api_key: int) -> str:
    """Kafka's name for an API key. Raises KeyError for an API that has no messages here."""
    return _MODULES[api_key][0]


def request_class(api_key: int) -> type[Request]:
    """The class of an API's request. Raises KeyError for an API that has no messages here."""
    name, module = _MODULES[api_key]
    found: type[Request] = getattr(import_module(f"minikafka.messages.{module}"), f"{name}Request")
    return found


def response_class(api_key: int) -> type[Response]:
    """The class of an API's response. Raises KeyError for an API that has no messages here."""
    name, module = _MODULES[api_key]
    found: type[Response] = getattr(import_module(f"minikafka.messages.{module}"), f"{name}Response")
    return found
