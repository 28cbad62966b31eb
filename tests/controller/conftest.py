from random import Random

import pytest

from minikafka.config import BrokerConfig
from minikafka.controller import Controller, MetadataUpdateResponse
from minikafka.faults import FaultPlan
from minikafka.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from minikafka.network import Network
from minikafka.scheduler import Scheduler
from minikafka.structs import CONTROLLER, RequestContext, broker_address

START_MS = 1_700_000_000_000


class Cluster:
    """A controller, and brokers that do nothing but take metadata."""

    def __init__(self, brokers=3, seed=0, racks=(), **options):
        random = Random(seed)
        self.scheduler = Scheduler(random, START_MS)
        self.faults = FaultPlan(random)
        self.network = Network(self.scheduler, self.faults)
        self.config = BrokerConfig({name.replace("_", "."): value for name, value in options.items()})
        self.controller = Controller(self.scheduler, self.network, self.config, "cluster")
        self.network.bind(CONTROLLER, self.controller.handle)
        self.images = {}
        for node_id in range(1, brokers + 1):
            self.up(node_id, racks[node_id - 1] if racks else None)
        self.settle()

    def up(self, node_id, rack=None):
        self.images[node_id] = []

        def handle(request, _):
            self.images[node_id].append(request.image)
            return MetadataUpdateResponse(request.image.version)

        self.network.bind(broker_address(node_id), handle)
        self.controller.register_broker(node_id, "host", 9091 + node_id, rack)

    def down(self, *node_ids):
        for node_id in node_ids:
            self.network.unbind(broker_address(node_id))
            self.controller.broker_lost(node_id)
        self.advance(self.config.broker_session_timeout_ms)

    def settle(self):
        self.scheduler.run_ready()
        if self.scheduler.failure is not None:
            raise self.scheduler.failure

    def advance(self, ms):
        end_ms = self.scheduler.now_ms + ms
        self.settle()
        while (deadline_ms := self.scheduler.next_deadline_ms()) is not None and deadline_ms <= end_ms:
            self.scheduler.advance_to(deadline_ms)
            self.settle()
        self.scheduler.advance_to(end_ms)

    @property
    def image(self):
        return self.controller.image

    def ask(self, request, version=None):
        context = RequestContext(request.max_version if version is None else version, "t", "host", "t")
        response = self.controller.handle(request, context)
        self.settle()
        return response

    def create(self, name, partitions=1, replication_factor=1, *, configs=None, assignments=None, **more):
        """CreateTopics for one topic; its result."""
        wanted = CreatableTopic(
            name=name,
            num_partitions=-1 if assignments else partitions,
            replication_factor=-1 if assignments else replication_factor,
            assignments=[
                CreatableReplicaAssignment(partition_index=index, broker_ids=list(replicas))
                for index, replicas in (assignments or {}).items()
            ],
            configs=[CreatableTopicConfig(name=key, value=value) for key, value in (configs or {}).items()],
        )
        return self.ask(CreateTopicsRequest(topics=[wanted], **more)).topics[0]

    def partition(self, topic="orders", index=0):
        return self.image.partition(topic, index)


@pytest.fixture(scope="session")
def cluster():
    """A function making clusters."""
    return Cluster
