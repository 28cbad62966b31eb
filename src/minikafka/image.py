"""The cluster's metadata as one immutable value: brokers, topics, configs (Kafka's MetadataImage).

The controller makes a new image for every change and sends it to the brokers; whoever holds an image holds
a consistent picture that nobody changes under it.
"""

from __future__ import annotations

from minikafka.structs import ZERO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NO_LEADER = -1


class BrokerImage:
    """A registered broker. `fenced` brokers (down, or not caught up with metadata) lead nothing."""

    __slots__ = ("epoch", "fenced", "host", "node_id", "port", "rack")

    def __init__(
        self,
        node_id: int,
        host: str,
        port: int,
        rack: str | None = None,
        epoch: int = 0,
        fenced: bool = False,
    ) -> None:
        self.node_id: int = node_id
        self.host: str = host
        self.port: int = port
        self.rack: str | None = rack
        self.epoch: int = epoch
        self.fenced: bool = fenced

    def with_changes(self, *, epoch: int | None = None, fenced: bool | None = None) -> BrokerImage:
        """A copy with some fields replaced."""
        return BrokerImage(
            self.node_id,
            self.host,
            self.port,
            self.rack,
            self.epoch if epoch is None else epoch,
            self.fenced if fenced is None else fenced,
        )


class PartitionImage:
    """Who holds and leads a partition (Kafka's PartitionRegistration)."""

    __slots__ = (
        "adding_replicas",
        "isr",
        "leader",
        "leader_epoch",
        "partition_epoch",
        "removing_replicas",
        "replicas",
    )

    def __init__(
        self,
        replicas: tuple[int, ...],
        isr: tuple[int, ...],
        leader: int,
        leader_epoch: int = 0,
        partition_epoch: int = 0,
        adding_replicas: tuple[int, ...] = (),
        removing_replicas: tuple[int, ...] = (),
    ) -> None:
        self.replicas: tuple[int, ...] = replicas
        self.isr: tuple[int, ...] = isr
        self.leader: int = leader
        self.leader_epoch: int = leader_epoch
        self.partition_epoch: int = partition_epoch
        self.adding_replicas: tuple[int, ...] = adding_replicas
        self.removing_replicas: tuple[int, ...] = removing_replicas


class TopicImage:
    """A topic: id, partitions by index, and its own configs (topic-level overrides only)."""

    __slots__ = ("configs", "name", "partitions", "topic_id")

    def __init__(
        self,
        name: str,
        topic_id: bytes,
        partitions: tuple[PartitionImage, ...],
        configs: Mapping[str, str],
    ) -> None:
        self.name: str = name
        self.topic_id: bytes = topic_id
        self.partitions: tuple[PartitionImage, ...] = partitions
        self.configs: Mapping[str, str] = configs

    @property
    def is_internal(self) -> bool:
        """Whether this is one of Kafka's own topics."""
        return self.name in INTERNAL_TOPICS


SHARE_GROUP_STATE = "__share_group_state"
"""What share groups would need, which are not there yet."""

INTERNAL_TOPICS = ("__consumer_offsets", "__transaction_state", SHARE_GROUP_STATE)


class MetadataImage:
    """All of it. `version` grows by one with every change."""

    __slots__ = ("_names", "broker_configs", "brokers", "cluster_id", "controller_id", "topics", "version")

    def __init__(
        self,
        version: int = 0,
        cluster_id: str = "",
        controller_id: int = NO_LEADER,
        brokers: Mapping[int, BrokerImage] | None = None,
        topics: Mapping[str, TopicImage] | None = None,
        broker_configs: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.version: int = version
        self.cluster_id: str = cluster_id
        self.controller_id: int = controller_id
        self.brokers: Mapping[int, BrokerImage] = brokers or {}
        self.topics: Mapping[str, TopicImage] = topics or {}
        self.broker_configs: Mapping[str, Mapping[str, str]] = broker_configs or {}
        """Dynamic broker configs by resource name: ``"1"`` for broker 1, ``""`` for the cluster default."""
        self._names: dict[bytes, str] | None = None

    def topic_name(self, topic_id: bytes) -> str | None:
        """The name of the topic with this id, or None."""
        if topic_id == ZERO_UUID:
            return None
        if self._names is None:
            self._names = {topic.topic_id: name for name, topic in self.topics.items()}
        return self._names.get(topic_id)

    def partition(self, topic: str, partition: int) -> PartitionImage | None:
        """The partition's registration, or None where topic or partition is unknown."""
        found = self.topics.get(topic)
        if found is None or not 0 <= partition < len(found.partitions):
            return None
        return found.partitions[partition]

    def alive_brokers(self) -> Iterator[BrokerImage]:
        """The brokers that are registered and not fenced, in order of registration."""
        return (broker for broker in self.brokers.values() if not broker.fenced)
