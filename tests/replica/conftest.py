from random import Random

import pytest

from minikafka.broker.broker import Broker
from minikafka.config import BrokerConfig
from minikafka.controller import Controller
from minikafka.faults import FaultPlan
from minikafka.image import BrokerImage, MetadataImage, PartitionImage
from minikafka.log.config import LogConfig
from minikafka.log.record_batch import RecordBatch
from minikafka.log.unified_log import UnifiedLog
from minikafka.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from minikafka.network import Network
from minikafka.replica.partition import Partition
from minikafka.scheduler import Scheduler
from minikafka.structs import CONTROLLER, RequestContext, TopicPartition, broker_address

START_MS = 1_700_000_000_000
TP = TopicPartition("orders", 0)


def batch(*values, timestamp=START_MS, **options):
    records = [(index, timestamp, None, value, ()) for index, value in enumerate(values)]
    return RecordBatch.build(records, **options)


def values_of(log):
    return [record[3] for each in log.iterate() for record in each.records]


class World:
    """Brokers and a controller on a network: everything but clients."""

    def __init__(self, brokers=3, seed=0, **options):
        random = Random(seed)
        self.scheduler = Scheduler(random, START_MS)
        self.faults = FaultPlan(random)
        self.network = Network(self.scheduler, self.faults)
        self.faults.on_links_changed = self._on_links_changed
        self.config = BrokerConfig({name.replace("_", "."): value for name, value in options.items()})
        self.controller = Controller(self.scheduler, self.network, self.config, "cluster")
        self.network.bind(CONTROLLER, self.controller.handle)
        self.disks = {node_id: {} for node_id in range(1, brokers + 1)}
        self.brokers = {}
        for node_id in self.disks:
            self.start(node_id)
        self.settle()

    def _on_links_changed(self):
        self.network.break_cut_links()
        self.controller.links_changed()

    # Time

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
        self.settle()

    # Brokers

    def start(self, node_id):
        broker = Broker(node_id, self.scheduler, self.network, self.config, self.disks[node_id])
        self.brokers[node_id] = broker
        self.network.bind(broker.address, broker.handle)
        broker.start()
        self.controller.register_broker(node_id, "host", 9092 + node_id)

    def kill(self, node_id):
        broker = self.brokers.pop(node_id)
        broker.stop()
        self.network.unbind(broker_address(node_id))
        self.controller.broker_lost(node_id)

    def stop(self, node_id):
        done = self.controller.controlled_shutdown(node_id)
        self.settle()
        assert done.done()
        self.kill(node_id)
        self.settle()

    def fence(self, node_id):
        self.kill(node_id)
        self.advance(self.config.broker_session_timeout_ms)

    # Topics and records

    def create(self, replicas=(1, 2, 3), topic="orders", **configs):
        assignment = CreatableReplicaAssignment(partition_index=0, broker_ids=list(replicas))
        wanted = CreatableTopic(
            name=topic,
            num_partitions=-1,
            replication_factor=-1,
            assignments=[assignment],
            configs=[
                CreatableTopicConfig(name=name.replace("_", "."), value=str(value))
                for name, value in configs.items()
            ],
        )
        response = self.ask(CreateTopicsRequest(topics=[wanted]))
        assert response.topics[0].error_code == 0, response
        self.settle()

    def ask(self, request):
        return self.controller.handle(request, RequestContext(request.max_version, "test", "host", "test"))

    @property
    def image(self):
        return self.controller.image.partition("orders", 0)

    def manager(self, node_id):
        return self.brokers[node_id].replica_manager

    def partition(self, node_id):
        return self.manager(node_id).partitions[TP]

    @property
    def leader(self):
        return self.partition(self.image.leader)

    def log(self, node_id):
        return self.disks[node_id][TP]

    def values(self, node_id):
        return values_of(self.log(node_id))

    def produce(self, *values, acks=-1, node_id=None, timeout_ms=30_000):
        manager = self.manager(self.image.leader if node_id is None else node_id)
        promise = manager.append_records({TP: [batch(*values)]}, acks, timeout_ms)
        return _Produced(promise)

    def check(self):
        """Whatever happens, replicas agree below their high watermarks."""
        logs = [log for disk in self.disks.values() if (log := disk.get(TP)) is not None]
        for log in logs:
            log._check()
        for one in logs:
            for other in logs:
                end = min(one.high_watermark, other.high_watermark)
                start = max(one.log_start_offset, other.log_start_offset)
                assert _facts(one, start, end) == _facts(other, start, end)


def _facts(log, start, end):
    return [
        (each.base_offset + record[0], each.partition_leader_epoch, record[3])
        for each in log.iterate(start, end)
        for record in each.records
        if start <= each.base_offset + record[0] < end
    ]


class _Produced:
    def __init__(self, promise):
        self.promise = promise

    @property
    def done(self):
        return self.promise.done()

    @property
    def result(self):
        return self.promise.result()[TP]

    @property
    def error(self):
        return self.result.error

    @property
    def acknowledged(self):
        return self.done and self.error is None


class Owner:
    """A broker as a partition sees it, whose requests to the controller are only noted."""

    def __init__(self, node_id=1, brokers=(1, 2, 3), **options):
        self.node_id = node_id
        self.scheduler = Scheduler(Random(0), START_MS)
        self.config = BrokerConfig({name.replace("_", "."): value for name, value in options.items()})
        self.image = MetadataImage(
            1, "cluster", 1, {each: BrokerImage(each, "host", 9092, epoch=7) for each in brokers}
        )
        self.submitted = []
        self.unreachable = []

    def is_reachable(self, broker_id):
        return broker_id not in self.unreachable

    def submit_isr_change(self, partition, change):
        self.submitted.append(change)

    def on_appended(self, partition):
        pass

    def look_again_later(self, partition):
        pass

    def new_partition(self, replicas=(1, 2, 3), isr=None, leader=1, min_insync_replicas=1, epoch=0):
        partition = Partition(self, TP, b"i" * 16, UnifiedLog(TP, LogConfig()), min_insync_replicas)
        image = PartitionImage(tuple(replicas), tuple(isr or replicas), leader, epoch)
        (partition.make_leader if leader == self.node_id else partition.make_follower)(image)
        return partition


@pytest.fixture(scope="session")
def world():
    """A function making worlds."""
    return World


@pytest.fixture(scope="session")
def owner():
    """A function making owners."""
    return Owner


@pytest.fixture(scope="session")
def new_batch():
    return batch


@pytest.fixture(scope="session")
def values():
    return values_of


@pytest.fixture(scope="session")
def tp():
    return TP
