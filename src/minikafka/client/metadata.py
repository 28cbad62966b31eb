"""A client's view of the cluster: brokers, topics, partitions and leaders (kafka-python's ClusterMetadata).

It holds what the last `MetadataResponse` said, corrected by the leader hints of produce and fetch responses
(KIP-951); `minikafka.client.network_client.NetworkClient` refreshes it.
"""

from __future__ import annotations

from minikafka.client.options import check_topic_name
from minikafka.errors import ErrorCode
from minikafka.structs import ZERO_UUID, BrokerMetadata, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from minikafka.messages.metadata import (
        MetadataRequest,
        MetadataResponse,
        MetadataResponsePartition,
        MetadataResponseTopic,
    )

    Listener = Callable[["ClusterMetadata"], object]

NO_LEADER = -1


class PartitionMetadata:
    """What is known of one partition; broker ids throughout, `leader_id` -1 when there is no leader."""

    __slots__ = ("error_code", "isr_nodes", "leader_epoch", "leader_id", "offline_replicas", "replica_nodes")

    def __init__(self, response: MetadataResponsePartition, leader_epoch: int) -> None:
        self.error_code: int = response.error_code
        self.leader_id: int = response.leader_id
        self.leader_epoch: int = leader_epoch
        self.replica_nodes: list[int] = list(response.replica_nodes)
        self.isr_nodes: list[int] = list(response.isr_nodes)
        self.offline_replicas: list[int] = list(response.offline_replicas)


class ClusterMetadata:
    """The cluster as a client knows it. All questions are answered from memory, without a request."""

    def __init__(self, *, allow_auto_create_topics: bool = True) -> None:
        self.allow_auto_create_topics = allow_auto_create_topics
        self._want_all = False
        self.unauthorized_topics: set[str] = set()
        self.internal_topics: set[str] = set()
        self.topic_errors: dict[str, int] = {}
        """For each wanted topic that the last response could not describe, its error code."""
        self.controller: BrokerMetadata | None = None
        self.cluster_id: str | None = None
        self.wanted_version: int = 0
        """Grows whenever other topics are wanted, so that an answer to an older question is told apart."""
        self.updates: int = 0
        """How many responses have been applied."""
        self._wanted: dict[str, None] = {}
        self._brokers: dict[int, BrokerMetadata] = {}
        self._partitions: dict[str, dict[int, PartitionMetadata]] = {}
        self._topic_ids: dict[str, bytes] = {}
        self._topic_names: dict[bytes, str] = {}
        self._listeners: list[Listener] = []
        self._sorted: dict[tuple[str, bool], list[int]] = {}

    # What is wanted

    def add_topic(self, topic: str) -> bool:
        """Track a topic; whether it was not tracked before.

        Raises:
            TypeError: the topic is no string.
            ValueError: the topic's name is not legal.
        """
        if topic in self._wanted:
            return False
        self._wanted[check_topic_name(topic)] = None
        self.wanted_version += 1
        return True

    def set_topics(self, topics: Iterable[str]) -> bool:
        """Track exactly these topics; whether one of them was not tracked before."""
        wanted = {check_topic_name(topic): None for topic in topics}
        grown = any(topic not in self._wanted for topic in wanted)
        self._wanted = wanted
        if grown:
            self.wanted_version += 1
        return grown

    @property
    def need_all_topic_metadata(self) -> bool:
        """Whether every topic of the cluster is asked for (pattern subscriptions); may be set."""
        return self._want_all

    @need_all_topic_metadata.setter
    def need_all_topic_metadata(self, wanted: bool) -> None:
        if wanted and not self._want_all:
            self.wanted_version += 1
        self._want_all = wanted

    @property
    def tracked_topics(self) -> list[str]:
        """The topics that are asked for, in the order in which they were first wanted."""
        return list(self._wanted)

    def request(self) -> MetadataRequest:
        """The request that asks for what is wanted."""
        from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic

        topics = None
        if not self.need_all_topic_metadata:
            topics = [MetadataRequestTopic(name=topic) for topic in self._wanted]
        return MetadataRequest(topics=topics, allow_auto_topic_creation=self.allow_auto_create_topics)

    # What is known

    def brokers(self) -> list[BrokerMetadata]:
        """All brokers that are alive."""
        return list(self._brokers.values())

    def broker_metadata(self, broker_id: int) -> BrokerMetadata | None:
        """One broker, or None if it is unknown."""
        return self._brokers.get(broker_id)

    def topics(self, exclude_internal_topics: bool = True) -> set[str]:
        """The names of the known topics."""
        names = set(self._partitions)
        return names - self.internal_topics if exclude_internal_topics else names

    def knows_topic(self, topic: str) -> bool:
        """Whether the topic's partitions are known (internal topics count)."""
        return topic in self._partitions

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """The partitions of a topic, whether they have a leader or not; None if the topic is unknown."""
        partitions = self._partitions.get(topic)
        return None if partitions is None else set(partitions)

    def available_partitions_for_topic(self, topic: str) -> set[int] | None:
        """The partitions of a topic that have a leader; None if the topic is unknown."""
        partitions = self._partitions.get(topic)
        if partitions is None:
            return None
        return {index for index, known in partitions.items() if known.leader_id != NO_LEADER}

    def knows_partition(self, topic: str, partition: int) -> bool:
        """Whether the topic has such a partition."""
        partitions = self._partitions.get(topic)
        return partitions is not None and partition in partitions

    def sorted_partitions(self, topic: str, available: bool = False) -> list[int]:
        """The partitions of a topic (or those that have a leader) in ascending order; empty if it is unknown.

        The list is kept until something changes; do not change it.
        """
        known = self._sorted.get((topic, available))
        if known is None:
            find = self.available_partitions_for_topic if available else self.partitions_for_topic
            known = self._sorted[topic, available] = sorted(find(topic) or ())
        return known

    def partition_metadata(self, tp: TopicPartition) -> PartitionMetadata | None:
        """Everything known of a partition, or None if it is unknown."""
        partitions = self._partitions.get(tp[0])
        return None if partitions is None else partitions.get(tp[1])

    def leader_for_partition(self, tp: TopicPartition) -> int | None:
        """The leader's node id; -1 when there is none, None when the partition is unknown."""
        known = self.partition_metadata(tp)
        return None if known is None else known.leader_id

    def leader_epoch_for_partition(self, tp: TopicPartition) -> int | None:
        """The leader epoch (-1: none known); None when the partition is unknown."""
        known = self.partition_metadata(tp)
        return None if known is None else known.leader_epoch

    def partitions_for_broker(self, broker_id: int) -> set[TopicPartition]:
        """The partitions that a broker leads."""
        return {
            TopicPartition(topic, index)
            for topic, partitions in self._partitions.items()
            for index, known in partitions.items()
            if known.leader_id == broker_id
        }

    def is_replica_node(self, tp: TopicPartition, node_id: int) -> BrokerMetadata | None:
        """The broker, if it is alive and holds a replica of the partition (KIP-392)."""
        known = self.partition_metadata(tp)
        if known is None or node_id not in known.replica_nodes:
            return None
        return self._brokers.get(node_id)

    def topic_id(self, topic: str) -> bytes | None:
        """A topic's id (16 bytes, KIP-516), or None if the topic is unknown."""
        return self._topic_ids.get(topic)

    def topic_name_for_id(self, topic_id: bytes) -> str | None:
        """The name of the topic with this id, or None."""
        return self._topic_names.get(topic_id)

    # What changes it

    def update(self, response: MetadataResponse) -> None:
        """Take over what a broker said, and tell the listeners. An answer without brokers is ignored."""
        if not response.brokers:
            return
        self._brokers = {
            broker.node_id: BrokerMetadata(broker.node_id, broker.host, broker.port, broker.rack)
            for broker in response.brokers
        }
        self.controller = self._brokers.get(response.controller_id)
        self.cluster_id = response.cluster_id
        known = self._partitions
        self._partitions = {}
        self.unauthorized_topics = set()
        self.internal_topics = set()
        self.topic_errors = {}
        self._topic_names = {}
        self._sorted = {}
        ids, self._topic_ids = self._topic_ids, {}
        for topic in response.topics:
            self._update_topic(topic, known, ids)
        self.updates += 1
        for listener in list(self._listeners):
            listener(self)

    def _update_topic(
        self,
        topic: MetadataResponseTopic,
        known: dict[str, dict[int, PartitionMetadata]],
        ids: dict[str, bytes],
    ) -> None:
        name: str | None = topic.name
        if name is None:
            return
        if topic.error_code != ErrorCode.NONE:
            self._topic_failed(name, topic.error_code)
            return
        if topic.is_internal:
            self.internal_topics.add(name)
        if topic.topic_id != ZERO_UUID:
            self._topic_ids[name] = topic.topic_id
            self._topic_names[topic.topic_id] = name
        # A topic that was deleted and made anew starts its epochs over (kafka-python: "recreated").
        recreated = ids.get(name, topic.topic_id) != topic.topic_id
        before = {} if recreated else known.get(name, {})
        self._partitions[name] = {
            partition.partition_index: _newest(partition, before.get(partition.partition_index))
            for partition in topic.partitions
        }

    def _topic_failed(self, name: str, code: int) -> None:
        if name not in self._wanted:
            return
        self.topic_errors[name] = code
        if code == ErrorCode.TOPIC_AUTHORIZATION_FAILED:
            self.unauthorized_topics.add(name)
        elif code == ErrorCode.INVALID_TOPIC_EXCEPTION:
            del self._wanted[name]

    @property
    def incomplete(self) -> bool:
        """Whether a wanted topic was answered with an error that may pass."""
        return any(is_retriable(code) for code in self.topic_errors.values())

    def update_leader(self, tp: TopicPartition, leader_id: int, leader_epoch: int) -> bool:
        """Apply a leader hint (KIP-951) if its epoch is newer than what is known; whether it was."""
        known = self.partition_metadata(tp)
        if known is None or leader_epoch < 0 or leader_epoch <= known.leader_epoch:
            return False
        self._sorted = {}
        known.leader_id = leader_id
        known.leader_epoch = leader_epoch
        return True

    def add_broker(self, broker: BrokerMetadata) -> None:
        """Learn a broker from a response other than metadata (the node endpoints of KIP-951)."""
        self._brokers[broker.nodeId] = broker

    def add_listener(self, listener: Listener) -> None:
        """Call `listener(metadata)` after each update."""
        self._listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Forget a listener; unknown ones are ignored."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def __str__(self) -> str:
        return f"ClusterMetadata(brokers: {len(self._brokers)}, topics: {len(self._partitions)})"


def is_retriable(code: int) -> bool:
    """Whether a request answered with this error code may succeed later; codes not known here may not."""
    return code in ErrorCode._value2member_map_ and ErrorCode(code).retriable


def _newest(response: MetadataResponsePartition, before: PartitionMetadata | None) -> PartitionMetadata:
    """The partition as the response has it, unless its leader epoch is older than the one known (KIP-320)."""
    if before is not None and response.leader_epoch < before.leader_epoch:
        return before
    return PartitionMetadata(response, response.leader_epoch)
