"""Topics as `minikafka topics` shows them: Kafka's lines, and JSON."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def summary(topic: dict[str, Any]) -> dict[str, Any]:
    """What `topics list --json` tells of a topic, from kafka-python's description."""
    partitions = topic["partitions"]
    return {
        "name": topic["name"],
        "topic_id": str(topic["topic_id"]) if topic["topic_id"] else None,
        "partition_count": len(partitions),
        "replication_factor": len(partitions[0]["replica_nodes"]) if partitions else 0,
        "internal": topic["is_internal"],
    }


def topic_document(topic: dict[str, Any], configs: dict[str, Any]) -> dict[str, Any]:
    """What `topics describe --json` tells of a topic.

    Args:
        topic: kafka-python's description.
        configs: its options that have another value than the default, by name, as kafka-python tells them.
    """
    partitions = sorted(topic["partitions"], key=lambda partition: int(partition["partition_index"]))
    return {
        **summary(topic),
        "configs": {name: config["value"] for name, config in sorted(configs.items())},
        "partitions": [
            {
                "partition": partition["partition_index"],
                "leader": None if partition["leader_id"] < 0 else partition["leader_id"],
                "replicas": list(partition["replica_nodes"]),
                "isr": list(partition["isr_nodes"]),
            }
            for partition in partitions
        ],
    }


def describe_lines(document: dict[str, Any]) -> Iterator[str]:
    """The lines of `topics describe`, tab-separated as kafka-topics writes them."""
    configs = ",".join(f"{name}={value}" for name, value in document["configs"].items())
    yield (
        f"Topic: {document['name']}\tTopicId: {document['topic_id']}"
        f"\tPartitionCount: {document['partition_count']}"
        f"\tReplicationFactor: {document['replication_factor']}\tConfigs: {configs}"
    )
    for partition in document["partitions"]:
        leader = "none" if partition["leader"] is None else partition["leader"]
        yield (
            f"\tTopic: {document['name']}\tPartition: {partition['partition']}\tLeader: {leader}"
            f"\tReplicas: {_comma(partition['replicas'])}\tIsr: {_comma(partition['isr'])}"
        )


def _comma(nodes: list[int]) -> str:
    return ",".join(map(str, nodes))
