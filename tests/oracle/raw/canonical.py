"""The form of an answer in which two are compared: what hash order, the clock or a disk decides is levelled out."""

from __future__ import annotations

import re
from typing import Any

_PARTITIONS = ("partition_index", "index", "partition", "partition_id")

HASH_ORDERED: dict[str, dict[str, tuple[str, ...]]] = {
    "CreatePartitions": {"results": ("name",)},
    "DeleteGroups": {"results": ("group_id",)},
    "DeleteRecords": {"topics": ("name",), "partitions": _PARTITIONS},
    "DeleteTopics": {"responses": ("name", "topic_id")},
    "DescribeCluster": {"brokers": ("broker_id",)},
    "DescribeGroups": {"groups": ("group_id",)},
    "ElectLeaders": {"replica_election_results": ("topic",), "partition_result": _PARTITIONS},
    "ListGroups": {"groups": ("group_id",)},
    "ListOffsets": {"topics": ("name",), "partitions": _PARTITIONS},
    "Metadata": {"brokers": ("node_id",), "topics": ("name", "topic_id"), "partitions": _PARTITIONS},
    "OffsetFetch": {"topics": ("name", "topic_id"), "partitions": _PARTITIONS},
    "Produce": {"responses": ("name", "topic_id"), "partition_responses": _PARTITIONS},
    "DescribeUserScramCredentials": {"results": ("user",)},
    "ListConfigResources": {"config_resources": ("resource_type", "resource_name")},
    "DescribeLogDirs": {"topics": ("name",), "partitions": _PARTITIONS},
}
"""Lists that Kafka orders by hash, by chance or by node: by API and field, the keys that they are sorted by."""

_BY_NAME = {"configs": "name", "api_keys": "api_key"}
"""Lists that are told by the key of their elements: where one is missing or more, the others still compare."""

_TIME = re.compile(r"(?<![\w.])-?(?:1[5-9]\d{11}|92233702\d{11})(?!\w)")
_PRODUCER = re.compile(r"\bproducer(Id)?(:? ?)\d+\b")
_CONTROLLER = re.compile(r"\bLocal controller \d+\b")
_DIRECTORY = "<log directory>"


def canonical(api: str, value: Any) -> Any:
    """An answer in its canonical form; doing it twice changes nothing."""
    return _canonical(HASH_ORDERED.get(api, {}), "", value)


def _canonical(ordered: dict[str, tuple[str, ...]], name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(ordered, key, each) for key, each in value.items()}
    if isinstance(value, list):
        items = [_canonical(ordered, name, each) for each in value]
        keys = ordered.get(name)
        if keys is not None:
            items.sort(key=lambda each: _key(each, keys))
        key = _BY_NAME.get(name)
        return items if key is None else {str(each.pop(key)): each for each in items}
    if isinstance(value, str):
        if name == "log_dir":
            return _DIRECTORY
        value = _CONTROLLER.sub("Local controller <id>", value)
        return _PRODUCER.sub(r"producer\1\2<id>", _TIME.sub("<time>", value))
    return value


def _key(item: Any, keys: tuple[str, ...]) -> list[tuple[bool, Any]]:
    found = [item[key] for key in keys if key in item] if isinstance(item, dict) else [item]
    return [(isinstance(each, str), each if each is not None else -1) for each in found]
