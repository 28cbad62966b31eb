"""The stage of a raw case: topics, records and group members, made by raw requests, alike on both sides."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minikafka.errors import ErrorCode
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.consumer_protocol import ConsumerProtocolSubscription
from minikafka.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from minikafka.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.init_producer_id import InitProducerIdRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.oracle.raw.cluster import Cluster

    from minikafka.messages.schema import Request

SESSION_MS = 1_800_000
"""Kafka's longest session timeout: no member dies while the cases run."""
_RETRY_S = 20
_TRY_AGAIN = {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.LEADER_NOT_AVAILABLE,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.REBALANCE_IN_PROGRESS,
}
FIRST_TIMESTAMP = 1_000_000


@dataclass(frozen=True)
class Topic:
    """A topic that is there on both sides."""

    name: str
    id: bytes


@dataclass(frozen=True)
class Group:
    """A classic group with one member, its leader, or with none any more."""

    id: str
    generation: int
    member_id: str
    instance_id: str | None = None
    protocol_type: str = "consumer"
    protocol: str = "range"


def batch(
    count: int = 1, *, timestamp: int = FIRST_TIMESTAMP, value: bytes | None = b"value", **options: Any
) -> RecordBatch:
    """A record batch with keys ``k0``, ``k1`` ... and timestamps that rise by one."""
    records = [(index, timestamp + index, b"k%d" % index, value, ()) for index in range(count)]
    return RecordBatch.build(records, **options)


class Scene:
    """What a case may use to make its state.

    Args:
        cluster: the side it is made on.
        name: what all that belongs to this case alone is called; told as ``~`` in what is observed.
        version: the version under test.
    """

    def __init__(self, cluster: Cluster, name: str, version: int) -> None:
        self.cluster = cluster
        self.own = name
        self.version = version
        self.symbols: dict[Any, str] = {}
        """Values of this side alone, and what they are told as."""

    def name(self, suffix: str = "topic") -> str:
        """A name that only this case in this version uses."""
        return f"{self.own}.{suffix}"

    # Requests

    def ask(self, request: Request, node_id: int = 1, version: int | None = None) -> Any:
        """The answer of a broker to a request that is part of the preparation."""
        return self.cluster.ask(request, node_id, version)

    def until(self, request: Request, code: Callable[[Any], int], node_id: int = 1) -> Any:
        """Ask until the code in the answer is none of those that pass by themselves, and is NONE."""
        deadline = time.monotonic() + _RETRY_S
        while True:
            response = self.ask(request, node_id)
            found = code(response)
            if found == ErrorCode.NONE:
                return response
            if found not in _TRY_AGAIN or time.monotonic() > deadline:
                raise AssertionError(f"{self.own}: {request} was answered {response}")

    # Topics and records

    def topic(
        self,
        suffix: str = "topic",
        partitions: int = 1,
        *,
        assignments: Mapping[int, Sequence[int]] | None = None,
        **configs: object,
    ) -> Topic:
        """A new topic of this case; on several brokers the assignments should be given."""
        return self.create(self.name(suffix), partitions, assignments, configs)

    def create(
        self,
        name: str,
        partitions: int,
        assignments: Mapping[int, Sequence[int]] | None = None,
        configs: Mapping[str, object] | None = None,
    ) -> Topic:
        """A new topic under its whole name, led and ready for requests."""
        creation = CreatableTopic(
            name=name,
            num_partitions=-1 if assignments else partitions,
            replication_factor=-1 if assignments else 1,
            assignments=[
                CreatableReplicaAssignment(partition_index=index, broker_ids=list(replicas))
                for index, replicas in (assignments or {}).items()
            ],
            configs=[
                CreatableTopicConfig(name=key.replace("_", "."), value=str(value))
                for key, value in (configs or {}).items()
            ],
        )
        response = self.ask(CreateTopicsRequest(topics=[creation]))
        assert response.topics[0].error_code == ErrorCode.NONE, response
        topic = Topic(name, response.topics[0].topic_id)
        self._wait_for(topic, len(assignments) if assignments else partitions)
        self.know(topic.id, f"id of {self.told(name)}")
        return topic

    def _wait_for(self, topic: Topic, partitions: int) -> None:
        for node_id in self.cluster.node_ids:
            metadata = self.until(
                MetadataRequest(
                    topics=[MetadataRequestTopic(name=topic.name)], allow_auto_topic_creation=False
                ),
                lambda response: max(
                    [response.topics[0].error_code, *(p.error_code for p in response.topics[0].partitions)]
                ),
                node_id,
            )
        for partition in metadata.topics[0].partitions:
            self.until(
                ListOffsetsRequest(
                    replica_id=-1,
                    topics=[
                        ListOffsetsTopic(
                            name=topic.name,
                            partitions=[
                                ListOffsetsPartition(partition_index=partition.partition_index, timestamp=-1)
                            ],
                        )
                    ],
                ),
                lambda response: response.topics[0].partitions[0].error_code,
                partition.leader_id,
            )

    def produce(self, topic: Topic, *batches: RecordBatch, partition: int = 0, node_id: int = 1) -> None:
        """Append batches, one request each."""
        for each in batches:
            request = ProduceRequest(
                acks=-1,
                timeout_ms=10_000,
                topic_data=[
                    TopicProduceData(
                        name=topic.name,
                        topic_id=topic.id,
                        partition_data=[PartitionProduceData(index=partition, records=each.encode())],
                    )
                ],
            )
            self.until(
                request, lambda response: response.responses[0].partition_responses[0].error_code, node_id
            )

    def delete_records(self, topic: Topic, offset: int, partition: int = 0) -> None:
        """Move the log's start."""
        self.until(
            DeleteRecordsRequest(
                topics=[
                    DeleteRecordsTopic(
                        name=topic.name,
                        partitions=[DeleteRecordsPartition(partition_index=partition, offset=offset)],
                    )
                ],
                timeout_ms=10_000,
            ),
            lambda response: response.topics[0].partitions[0].error_code,
        )

    # Groups

    def coordinator(self, group_id: str) -> int:
        """The node id of a group's coordinator."""
        found = self.until(
            FindCoordinatorRequest(key_type=0, coordinator_keys=[group_id]),
            lambda response: response.coordinators[0].error_code,
        )
        return int(found.coordinators[0].node_id)

    def another(self, group_id: str) -> int:
        """The node id, of three, of a broker that does not coordinate a group."""
        return self.coordinator(group_id) % 3 + 1

    def group(self, suffix: str = "group", **options: Any) -> Group:
        """A new group of this case; see `make_group`."""
        return self.make_group(self.name(suffix), **options)

    def make_group(
        self,
        group_id: str,
        *,
        instance_id: str | None = None,
        topics: Sequence[str] = ("subscribed",),
        sync: bool = True,
        protocols: Sequence[str] = ("range",),
        protocol_type: str = "consumer",
        rebalance_timeout_ms: int = 60_000,
    ) -> Group:
        """A group of one member that has joined and, unless told otherwise, got its assignment."""
        node_id = self.coordinator(group_id)
        metadata = subscription(topics)
        join = JoinGroupRequest(
            group_id=group_id,
            session_timeout_ms=SESSION_MS,
            rebalance_timeout_ms=rebalance_timeout_ms,
            group_instance_id=instance_id,
            protocol_type=protocol_type,
            protocols=[JoinGroupRequestProtocol(name=name, metadata=metadata) for name in protocols],
        )
        # Version 3 knows no MEMBER_ID_REQUIRED, so that one request is enough.
        version = 3 if instance_id is None else join.max_version
        deadline = time.monotonic() + _RETRY_S
        while (joined := self.ask(join, node_id, version)).error_code in _TRY_AGAIN:
            assert time.monotonic() < deadline, joined
        assert joined.error_code == ErrorCode.NONE, joined
        group = Group(
            group_id,
            joined.generation_id,
            joined.member_id,
            instance_id,
            protocol_type,
            joined.protocol_name,
        )
        self.know(group.member_id, f"member of {self.told(group_id)}")
        if sync:
            self.sync(group)
        return group

    def sync(self, group: Group, assignment: bytes = b"assigned") -> None:
        """Give the group's only member its assignment."""
        request = SyncGroupRequest(
            group_id=group.id,
            generation_id=group.generation,
            member_id=group.member_id,
            group_instance_id=group.instance_id,
            protocol_type=group.protocol_type,
            protocol_name=group.protocol,
            assignments=[SyncGroupRequestAssignment(member_id=group.member_id, assignment=assignment)],
        )
        self.until(request, lambda response: response.error_code, self.coordinator(group.id))

    def commit(
        self, group_id: str, topic: Topic, offsets: Mapping[int, int], group: Group | None = None
    ) -> None:
        """Commit offsets as the group's member, or as nobody of a group that has none."""
        request = OffsetCommitRequest(
            group_id=group_id,
            generation_id_or_member_epoch=group.generation if group else -1,
            member_id=group.member_id if group else "",
            topics=[
                OffsetCommitRequestTopic(
                    name=topic.name,
                    topic_id=topic.id,
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=partition,
                            committed_offset=offset,
                            committed_metadata=f"at {offset}",
                        )
                        for partition, offset in offsets.items()
                    ],
                )
            ],
        )
        self.until(
            request,
            lambda response: max(p.error_code for p in response.topics[0].partitions),
            self.coordinator(group_id),
        )

    def caught_up(self, request: Any) -> Any:
        """A request for later: when the broker has seen every change that was made so far."""

        def wait(scene: Scene) -> Any:
            # Brokers learn of changes in their order, so who knows this topic knows of those before it.
            scene.topic("marker")
            return request

        return wait

    # What all cases share and none changes

    def readable(self) -> Topic:
        """Two partitions; in the first three batches at 0-1, 2-4 and 5-9, the second empty."""
        return self._standing("readable", _make_readable)

    def trimmed(self) -> Topic:
        """One partition with the records 4 to 9 of ten, in batches of two."""
        return self._standing("trimmed", _make_trimmed)

    def stable(self) -> Group:
        """A group with one member that is Stable, and has committed 3 for the first partition of `readable`."""
        return self._standing("stable", _make_stable)

    def static(self) -> Group:
        """A Stable group whose only member is static."""
        return self._standing("static", lambda s: s.make_group("standing-static", instance_id="instance-1"))

    def empty(self) -> Group:
        """A group without members, with commits for `readable`."""
        return self._standing("empty", _make_empty)

    def producer_id(self) -> int:
        """A producer id that was given to somebody; the broker has some more to give at once."""
        answer = self.until(
            InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000),
            lambda response: response.error_code,
        )
        self.know(("producer_id", answer.producer_id), "producer")
        return int(answer.producer_id)

    def _standing(self, key: str, make: Callable[[Scene], Any]) -> Any:
        if key not in self.cluster.standing:
            scene = Scene(self.cluster, "standing", 0)
            made = make(scene)
            self.cluster.standing[key] = (made, scene.symbols)
        made, symbols = self.cluster.standing[key]
        self.symbols.update(symbols)
        return made

    # Symbols

    def know(self, value: Any, symbol: str) -> None:
        """Have a value of this side told by a name that both sides have."""
        self.symbols[value] = symbol

    def told(self, text: str) -> str:
        """A text with this case's own name shortened."""
        return text.replace(self.own, "~")


def subscription(topics: Sequence[str]) -> bytes:
    """What a consumer says of itself when it joins."""
    return b"\0\0" + ConsumerProtocolSubscription(topics=list(topics)).encode(0)


def _make_readable(scene: Scene) -> Topic:
    topic = scene.create("standing-readable", 2, _on_first(scene, 2))
    scene.produce(topic, batch(2), batch(3, timestamp=2_000_000), batch(5, timestamp=1_500_000))
    return topic


def _make_trimmed(scene: Scene) -> Topic:
    topic = scene.create("standing-trimmed", 1, _on_first(scene, 1))
    scene.produce(topic, *(batch(2, timestamp=1000 * (index + 1)) for index in range(5)))
    scene.delete_records(topic, 4)
    return topic


def _on_first(scene: Scene, partitions: int) -> Mapping[int, Sequence[int]]:
    return dict.fromkeys(range(partitions), scene.cluster.node_ids)


def _make_stable(scene: Scene) -> Group:
    topic = scene.readable()
    group = scene.make_group("standing-stable", topics=(topic.name,))
    scene.commit(group.id, topic, {0: 3}, group)
    return group


def _make_empty(scene: Scene) -> Group:
    topic = scene.readable()
    scene.commit("standing-empty", topic, {0: 7, 1: 0})
    return Group("standing-empty", -1, "")
