"""Where a partition is led instead: the hints that Produce and Fetch answer NOT_LEADER with (KIP-951)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.image import MetadataImage
    from minikafka.structs import TopicPartition


def leader_hint(image: MetadataImage, topic_partition: TopicPartition) -> tuple[int, int]:
    """The leader's node id and epoch as this broker knows them; -1 each if it knows none."""
    partition = image.partition(topic_partition.topic, topic_partition.partition)
    return (-1, -1) if partition is None else (partition.leader, partition.leader_epoch)


def node_endpoints(image: MetadataImage, node_ids: Iterable[int]) -> list[tuple[int, str, int, str | None]]:
    """(node id, host, port, rack) of those of the nodes that are alive, each once."""
    return [
        (broker.node_id, broker.host, broker.port, broker.rack)
        for node_id in dict.fromkeys(node_ids)
        if (broker := image.brokers.get(node_id)) is not None and not broker.fenced
    ]
