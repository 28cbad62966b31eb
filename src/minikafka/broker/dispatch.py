"""Which function answers which API. Handler modules are imported when their first request comes."""

from __future__ import annotations

import sys

from minikafka.errors import UnsupportedVersionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Handler

FORWARDED = "forwarding"
"""The module that hands a request to the controller and gives back what that answers."""

CLIENT_APIS = {
    "Produce": "produce",
    "Fetch": "fetch",
    "ListOffsets": "list_offsets",
    "Metadata": "metadata",
    "OffsetCommit": "offsets",
    "OffsetFetch": "offsets",
    "FindCoordinator": "find_coordinator",
    "JoinGroup": "groups",
    "Heartbeat": "groups",
    "LeaveGroup": "groups",
    "SyncGroup": "groups",
    "DescribeGroups": "group_admin",
    "ListGroups": "group_admin",
    "ApiVersions": "api_versions",
    "CreateTopics": FORWARDED,
    "DeleteTopics": FORWARDED,
    "DeleteRecords": "delete_records",
    "InitProducerId": "init_producer_id",
    "OffsetForLeaderEpoch": "offset_for_leader_epoch",
    "DescribeConfigs": "describe_configs",
    "AlterConfigs": "alter_configs",
    "AlterReplicaLogDirs": "alter_replica_log_dirs",
    "DescribeLogDirs": "describe_log_dirs",
    "CreatePartitions": FORWARDED,
    "DeleteGroups": "group_admin",
    "ElectLeaders": FORWARDED,
    "IncrementalAlterConfigs": "alter_configs",
    "AlterPartitionReassignments": FORWARDED,
    "ListPartitionReassignments": FORWARDED,
    "OffsetDelete": "offsets",
    "DescribeClientQuotas": "describe_client_quotas",
    "DescribeUserScramCredentials": "describe_user_scram_credentials",
    "DescribeQuorum": FORWARDED,
    "UpdateFeatures": FORWARDED,
    "DescribeCluster": "describe_cluster",
    "DescribeProducers": "describe_producers",
    "ListConfigResources": "list_config_resources",
    "DescribeTopicPartitions": "describe_topic_partitions",
}
"""The module of the handler of everything that clients may ask, in the order of Kafka's API keys.

ApiVersions advertises exactly these. A handler is named after its API (ListOffsets, handle_list_offsets);
that of the APIs which are the controller's work is handle_forwarded.
"""

_MODULES = {**CLIENT_APIS, "MetadataUpdate": "metadata_update"}


def find_handler(api_name: str) -> Handler:
    """The handler of an API by Kafka's name.

    Raises:
        UnsupportedVersionError: brokers do not answer that API.
    """
    if api_name not in _MODULES:
        raise UnsupportedVersionError(f"brokers do not serve {api_name}")
    module = f"minikafka.broker.{_MODULES[api_name]}"
    __import__(module)
    handler: Handler = getattr(sys.modules[module], handler_name(api_name))
    return handler


def handler_name(api_name: str) -> str:
    """``"ListOffsets"`` gives ``"handle_list_offsets"``."""
    if _MODULES.get(api_name) == FORWARDED:
        return "handle_forwarded"
    return "handle" + "".join("_" + char.lower() if char.isupper() else char for char in api_name)
