"""A single-broker cluster, and raw requests to it."""

from __future__ import annotations

import pytest

from minikafka.cluster import MiniKafka
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.scheduler import Promise
from minikafka.structs import RequestContext, broker_address


class Lab:
    """A cluster, and short ways to ask its brokers."""

    def __init__(self, kafka):
        self.kafka = kafka

    def send(self, request, node_id=1, client_id="lab"):
        """A request through the network, in its newest version."""
        return self.kafka.network.request("lab-1", broker_address(node_id), request, client_id=client_id)

    def ask(self, request, node_id=1, *, version=None, client_id="lab"):
        """The response to a request; `version` None goes through the network, in the newest version."""
        if version is None:
            promise = self.send(request, node_id, client_id)
        else:
            context = RequestContext(version, client_id, "127.0.0.1", "lab-1")
            promise = self.kafka.brokers[node_id].handle(request, context)
            if not isinstance(promise, Promise):
                return promise
        assert self.kafka.driver.wait(promise, 120_000), f"no answer to {request}"
        return promise.result()

    def settle(self):
        self.kafka.driver.settle()

    @property
    def image(self):
        return self.kafka.brokers[1].image

    @staticmethod
    def batch(*values, timestamp=1_700_000_000_000, **options):
        return RecordBatch.build(
            [(delta, timestamp + delta, None, value, []) for delta, value in enumerate(values)], **options
        )

    def produce(self, topic="orders", partition=0, batches=None, *, acks=-1, values=(b"a",), **options):
        """The partition's answer to a produce request."""
        request = self.produce_request(topic, partition, batches or [self.batch(*values)], acks=acks)
        return self.ask(request, **options).responses[0].partition_responses[0]

    @staticmethod
    def produce_request(topic, partition, records, *, acks=-1, timeout_ms=30_000, transactional_id=None):
        return ProduceRequest(
            transactional_id=transactional_id,
            acks=acks,
            timeout_ms=timeout_ms,
            topic_data=[
                TopicProduceData(
                    name=topic, partition_data=[PartitionProduceData(index=partition, records=records)]
                )
            ],
        )

    @staticmethod
    def fetch_request(topic="orders", partition=0, offset=0, **options):
        options = {"max_wait_ms": 0, "min_bytes": 1, **options}
        part = {
            name: options.pop(name)
            for name in ("current_leader_epoch", "partition_max_bytes", "last_fetched_epoch")
            if name in options
        }
        part.setdefault("partition_max_bytes", 1 << 20)
        topic_id = options.pop("topic_id", bytes(16))
        return FetchRequest(
            topics=[
                FetchTopic(
                    topic=topic,
                    topic_id=topic_id,
                    partitions=[FetchPartition(partition=partition, fetch_offset=offset, **part)],
                )
            ],
            **options,
        )

    def coordinator(self, key="g"):
        """Find the group's coordinator as a client does: ask until the offsets topic is there."""
        for _ in range(20):
            answer = self.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[key])).coordinators[0]
            if answer.error_code == 0:
                self.settle()
                return answer
            self.kafka.advance(ms=100)
        raise AssertionError(f"no coordinator: {answer}")


@pytest.fixture
def lab():
    with MiniKafka(start_ms=1_700_000_000_000, name="lab") as kafka:
        yield Lab(kafka)


@pytest.fixture
def orders(lab):
    lab.kafka.create_topic("orders", partitions=2)
    return lab


@pytest.fixture
def make_lab():
    """Labs over clusters with other settings, closed after the test."""
    clusters = []

    def make(**settings):
        settings.setdefault("start_ms", 1_700_000_000_000)
        kafka = MiniKafka(**settings)
        clusters.append(kafka)
        return Lab(kafka)

    yield make
    for kafka in clusters:
        kafka.close()
