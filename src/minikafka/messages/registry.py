"""Which APIs there are: names, keys, versions, and the module of each family, imported on first use."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.messages.schema import Request, Response

APIS: dict[str, tuple[int, int, int, int | None]] = {
    # name: API key, first version, last version, first flexible version (KIP-482)
    "Produce": (0, 3, 13, 9),
    "Fetch": (1, 4, 18, 12),
    "ListOffsets": (2, 1, 11, 6),
    "Metadata": (3, 0, 13, 9),
    "OffsetCommit": (8, 2, 10, 8),
    "OffsetFetch": (9, 1, 10, 6),
    "FindCoordinator": (10, 0, 6, 3),
    "JoinGroup": (11, 0, 9, 6),
    "Heartbeat": (12, 0, 4, 4),
    "LeaveGroup": (13, 0, 5, 4),
    "SyncGroup": (14, 0, 5, 4),
    "DescribeGroups": (15, 0, 6, 5),
    "ListGroups": (16, 0, 5, 3),
    "ApiVersions": (18, 0, 4, 3),
    "CreateTopics": (19, 2, 7, 5),
    "DeleteTopics": (20, 1, 6, 4),
    "DeleteRecords": (21, 0, 2, 2),
    "InitProducerId": (22, 0, 5, 2),
    "OffsetForLeaderEpoch": (23, 2, 4, 4),
    "DescribeConfigs": (32, 1, 4, 4),
    "AlterConfigs": (33, 0, 2, 2),
    "AlterReplicaLogDirs": (34, 1, 2, 2),
    "DescribeLogDirs": (35, 1, 4, 2),
    "CreatePartitions": (37, 0, 3, 2),
    "DeleteGroups": (42, 0, 2, 2),
    "ElectLeaders": (43, 0, 2, 2),
    "IncrementalAlterConfigs": (44, 0, 1, 1),
    "AlterPartitionReassignments": (45, 0, 1, 0),
    "ListPartitionReassignments": (46, 0, 0, 0),
    "OffsetDelete": (47, 0, 0, None),
    "DescribeClientQuotas": (48, 0, 1, 1),
    "DescribeUserScramCredentials": (50, 0, 0, 0),
    "DescribeQuorum": (55, 0, 2, 0),
    "AlterPartition": (56, 2, 3, 0),
    "UpdateFeatures": (57, 0, 2, 0),
    "DescribeCluster": (60, 0, 2, 0),
    "DescribeProducers": (61, 0, 0, 0),
    "AllocateProducerIds": (67, 0, 0, 0),
    "ListConfigResources": (74, 0, 1, 0),
    "DescribeTopicPartitions": (75, 0, 0, 0),
}
"""The versions that Kafka 4.2 serves. The message classes take their version ranges from here."""

API_KEYS: dict[str, int] = {name: facts[0] for name, facts in APIS.items()}
"""Kafka's number of every API by its name."""

API_NAMES: dict[int, str] = {key: name for name, key in API_KEYS.items()}
"""Kafka's name of every API by its number."""

_ADVERTISED_MINIMUM = {"Produce": 0}
"""librdkafka takes a broker without Produce 0 for one that lacks compression (KAFKA-18659)."""


def version_range(name: str) -> tuple[int, int]:
    """The first and the last version of an API. Raises KeyError for one that has no messages here."""
    _, first, last, _ = APIS[name]
    return first, last


def advertised_range(name: str) -> tuple[int, int]:
    """The versions that ApiVersions tells of an API: `version_range`, but Produce from 0, as Kafka 4 does."""
    first, last = version_range(name)
    return _ADVERTISED_MINIMUM.get(name, first), last


def api_name(api_key: int) -> str:
    """Kafka's name for an API key. Raises KeyError for an API that has no messages here."""
    return API_NAMES[api_key]


def module_name(name: str) -> str:
    """The module of an API's family: ``"ListOffsets"`` gives ``"minikafka.messages.list_offsets"``."""
    words = "".join("_" + char.lower() if char.isupper() else char for char in name)
    return "minikafka.messages." + words[1:]


def request_class(api_key: int) -> type[Request]:
    """The class of an API's request. Raises KeyError for an API that has no messages here."""
    found: type[Request] = _class_of(API_NAMES[api_key], "Request")
    return found


def response_class(api_key: int) -> type[Response]:
    """The class of an API's response. Raises KeyError for an API that has no messages here."""
    found: type[Response] = _class_of(API_NAMES[api_key], "Response")
    return found


def _class_of(name: str, half: str) -> Any:
    module = module_name(name)
    __import__(module)
    return getattr(sys.modules[module], name + half)
