"""A scripted cluster of fake brokers on a real scheduler, network and driver, for the client's tests."""

from __future__ import annotations

from random import Random

import pytest

from minikafka import bootstrap
from minikafka.drivers.virtual import VirtualDriver
from minikafka.faults import FaultPlan
from minikafka.messages.init_producer_id import InitProducerIdResponse
from minikafka.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from minikafka.messages.produce import PartitionProduceResponse, ProduceResponse, TopicProduceResponse
from minikafka.network import Network
from minikafka.ports import Endpoint
from minikafka.scheduler import Scheduler
from minikafka.structs import broker_address


class FakeCluster:
    """Brokers that append what they are sent to lists, unless told otherwise.

    `on_produce(node_id, topic, partition, batch)` may return a `PartitionProduceResponse` to answer with.
    """

    def __init__(self, brokers: int = 1) -> None:
        self.scheduler = Scheduler(Random(7), 1_700_000_000_000)
        self.faults = FaultPlan(self.scheduler.random)
        self.network = Network(self.scheduler, self.faults)
        self.driver = VirtualDriver(self.scheduler)
        self.nodes = list(range(1, brokers + 1))
        self.topics: dict[str, dict[int, int]] = {}
        self.epochs: dict[tuple[str, int], int] = {}
        self.topic_errors: dict[str, int] = {}
        self.logs: dict[tuple[str, int], list[tuple]] = {}
        self.requests: list[tuple[int, object]] = []
        self.batches: list[tuple[str, int, object]] = []
        self.next_producer_id = 1000
        self.producer_id_errors: list[int] = []
        self.on_produce = None
        self.attached: list[object] = []
        for node in self.nodes:
            self.network.bind(broker_address(node), lambda r, c, node=node: self.handle(node, r))
        self.endpoint = Endpoint(
            "fake",
            self.scheduler,
            self.network,
            self.driver,
            lambda: [broker_address(node) for node in self.nodes],
            self.attached.append,
            self.attached.remove,
        )
        self.address = "fake.test:9092"
        bootstrap.publish(self.address, self.endpoint)

    def topic(self, name: str, partitions: int = 1) -> None:
        self.topics[name] = {p: self.nodes[p % len(self.nodes)] for p in range(partitions)}

    def move(self, topic: str, partition: int, node: int) -> None:
        self.topics[topic][partition] = node
        self.epochs[topic, partition] = self.epochs.get((topic, partition), 0) + 1

    def handle(self, node: int, request):
        self.requests.append((node, request))
        return getattr(self, "handle_" + request.api_name)(node, request)

    def handle_Metadata(self, node, request):  # noqa: N802
        wanted = [*self.topics] if request.topics is None else [t.name for t in request.topics]
        return MetadataResponse(
            brokers=[
                MetadataResponseBroker(node_id=n, host="fake", port=9000 + n)
                for n in self.nodes
                if self.network.reachable("x", broker_address(n))
            ],
            cluster_id="fake",
            controller_id=1,
            topics=[self.describe(name) for name in wanted],
        )

    def describe(self, name):
        code = self.topic_errors.get(name, 0 if name in self.topics else 3)
        return MetadataResponseTopic(
            error_code=code,
            name=name,
            topic_id=name.encode().rjust(16, b"\1"),
            partitions=[
                MetadataResponsePartition(
                    partition_index=index,
                    leader_id=leader,
                    leader_epoch=self.epochs.get((name, index), 0),
                    replica_nodes=self.nodes,
                    isr_nodes=self.nodes,
                )
                for index, leader in (self.topics.get(name, {}) if not code else {}).items()
            ],
        )

    def handle_InitProducerId(self, node, request):  # noqa: N802
        if self.producer_id_errors:
            return InitProducerIdResponse(error_code=self.producer_id_errors.pop(0))
        if request.producer_id >= 0:
            return InitProducerIdResponse(
                producer_id=request.producer_id, producer_epoch=request.producer_epoch + 1
            )
        self.next_producer_id += 1
        return InitProducerIdResponse(producer_id=self.next_producer_id, producer_epoch=0)

    def handle_Produce(self, node, request):  # noqa: N802
        names = {t.topic_id: t.name for t in request.topic_data}
        topics = []
        for topic in request.topic_data:
            partitions = []
            for data in topic.partition_data:
                (batch,) = data.records
                name = topic.name or names[topic.topic_id]
                answer = self.on_produce and self.on_produce(node, name, data.index, batch)
                partitions.append(answer or self.append(name, data.index, batch))
            topics.append(
                TopicProduceResponse(name="", topic_id=topic.topic_id, partition_responses=partitions)
            )
        return None if request.acks == 0 else ProduceResponse(responses=topics)

    def append(self, topic, partition, batch):
        self.batches.append((topic, partition, batch))
        log = self.logs.setdefault((topic, partition), [])
        base = len(log)
        log.extend(batch.records)
        return PartitionProduceResponse(index=partition, base_offset=base, log_start_offset=0)

    def values(self, topic, partition=0):
        return [record[3] for record in self.logs.get((topic, partition), [])]

    def produces(self):
        return [r for _, r in self.requests if r.api_name == "Produce"]


@pytest.fixture
def fake():
    made: list[FakeCluster] = []

    def make(brokers: int = 1) -> FakeCluster:
        made.append(FakeCluster(brokers))
        return made[-1]

    yield make
    for cluster in made:
        for client in list(cluster.attached):
            client._crash()
        bootstrap.withdraw(cluster.endpoint)
        assert cluster.scheduler.failure is None, cluster.scheduler.failure
        cluster.scheduler.close()


@pytest.fixture
def cluster(fake):
    """One broker with topic ``t`` of three partitions."""
    made = fake()
    made.topic("t", 3)
    return made


@pytest.fixture
def answer():
    """Builds partition responses that carry an error."""

    def build(partition: int, code: int, **fields: object) -> PartitionProduceResponse:
        return PartitionProduceResponse(index=partition, error_code=code, base_offset=-1, **fields)

    return build
