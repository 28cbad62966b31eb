"""Changes on their way into the next metadata image (Kafka's MetadataDelta)."""

from __future__ import annotations

from minikafka.image import NO_LEADER, MetadataImage, TopicImage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from minikafka.image import BrokerImage, PartitionImage


class MetadataDelta:
    """Collects changes to an image; the image itself stays as it is, and what does not change is shared.

    Args:
        base: the image that the changes begin from.
    """

    __slots__ = ("_broker_configs", "_brokers", "_partitions", "_topics", "base", "changed_partitions")

    def __init__(self, base: MetadataImage) -> None:
        self.base: MetadataImage = base
        self._brokers: dict[int, BrokerImage] | None = None
        self._topics: dict[str, TopicImage] | None = None
        self._partitions: dict[str, list[PartitionImage]] = {}
        self._broker_configs: dict[str, Mapping[str, str]] | None = None
        self.changed_partitions: list[PartitionImage] = []
        """Every new partition image, in the order of the changes."""

    @property
    def brokers(self) -> Mapping[int, BrokerImage]:
        """The brokers as changed so far."""
        return self.base.brokers if self._brokers is None else self._brokers

    @property
    def topics(self) -> Mapping[str, TopicImage]:
        """The topics; their partitions are those of the base image, see `partition`."""
        return self.base.topics if self._topics is None else self._topics

    @property
    def broker_configs(self) -> Mapping[str, Mapping[str, str]]:
        """The dynamic broker configs as changed so far."""
        return self.base.broker_configs if self._broker_configs is None else self._broker_configs

    def partitions(self) -> Iterator[tuple[str, int, PartitionImage]]:
        """Every partition as changed so far, as (topic, index, partition)."""
        for name, topic in list(self.topics.items()):
            for index, partition in enumerate(self._partitions.get(name) or topic.partitions):
                yield name, index, partition

    def partition(self, topic: str, index: int) -> PartitionImage | None:
        """A partition as changed so far, or None."""
        changed = self._partitions.get(topic)
        if changed is not None:
            return changed[index] if 0 <= index < len(changed) else None
        found = self.topics.get(topic)
        if found is None or not 0 <= index < len(found.partitions):
            return None
        return found.partitions[index]

    def set_broker(self, broker: BrokerImage) -> None:
        """Add or replace a broker."""
        if self._brokers is None:
            self._brokers = dict(self.base.brokers)
        self._brokers[broker.node_id] = broker

    def _writable_topics(self) -> dict[str, TopicImage]:
        if self._topics is None:
            self._topics = dict(self.base.topics)
        return self._topics

    def add_topic(self, topic: TopicImage) -> None:
        """Add a topic."""
        self._writable_topics()[topic.name] = topic
        self.changed_partitions += topic.partitions

    def remove_topic(self, name: str) -> None:
        """Remove a topic with its partitions and configs."""
        self._writable_topics().pop(name, None)
        self._partitions.pop(name, None)

    def set_topic_configs(self, name: str, configs: Mapping[str, str]) -> None:
        """Replace a topic's own configs."""
        topics = self._writable_topics()
        topic = topics[name]
        topics[name] = TopicImage(name, topic.topic_id, topic.partitions, configs)

    def _writable_partitions(self, topic: str) -> list[PartitionImage]:
        partitions = self._partitions.get(topic)
        if partitions is None:
            partitions = self._partitions[topic] = list(self.topics[topic].partitions)
        return partitions

    def set_partition(self, topic: str, index: int, partition: PartitionImage) -> None:
        """Replace a partition."""
        self._writable_partitions(topic)[index] = partition
        self.changed_partitions.append(partition)

    def add_partition(self, topic: str, partition: PartitionImage) -> None:
        """Add a partition after those there are."""
        self._writable_partitions(topic).append(partition)
        self.changed_partitions.append(partition)

    def set_broker_configs(self, name: str, configs: Mapping[str, str]) -> None:
        """Replace the dynamic configs of a broker (``""``: of all brokers)."""
        if self._broker_configs is None:
            self._broker_configs = dict(self.base.broker_configs)
        if configs:
            self._broker_configs[name] = configs
        else:
            self._broker_configs.pop(name, None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was changed."""
        return (
            self._brokers is None
            and self._topics is None
            and not self._partitions
            and self._broker_configs is None
        )

    def build(self) -> MetadataImage:
        """The next image."""
        base = self.base
        if self._partitions:
            topics = self._writable_topics()
            for name, partitions in self._partitions.items():
                topic = topics[name]
                topics[name] = TopicImage(name, topic.topic_id, tuple(partitions), topic.configs)
        brokers = self.brokers
        return MetadataImage(
            base.version + 1,
            base.cluster_id,
            _controller_id(base.controller_id, brokers),
            brokers,
            self.topics,
            self.broker_configs,
        )


def _controller_id(current: int, brokers: Mapping[int, BrokerImage]) -> int:
    """The node that clients are told is the controller: a live broker, for KRaft hides the real one."""
    known = brokers.get(current)
    if known is not None and not known.fenced:
        return current
    return next((broker.node_id for broker in brokers.values() if not broker.fenced), NO_LEADER)
