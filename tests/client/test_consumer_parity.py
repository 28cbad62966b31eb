"""The consumer's face beside kafka-python's: names, signatures, defaults; and kafka-python's own class, patched."""

import inspect

import kafka
import kafka.errors
import pytest
from kafka.consumer.fetcher import ConsumerRecord as TheirRecord
from kafka.coordinator.assignors.range import RangePartitionAssignor as TheirRange
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor as TheirRoundRobin

from minikafka.client.assignors.registry import resolve
from minikafka.client.assignors.round_robin import RoundRobinPartitionAssignor
from minikafka.cluster import MiniKafka
from minikafka.consumer import ConsumerRecord, KafkaConsumer
from minikafka.errors import KafkaConfigurationError
from minikafka.patching import patch

DIFFERENT_DEFAULTS = {
    "client_id": "made of the client's address",
    "partition_assignment_strategy": "minikafka's own classes of the same names",
    "default_offset_commit_callback": "a function of minikafka's own that does nothing either",
    "kafka_client": "there is no network client to replace",
    "selector": "no module is imported for it",
    "socket_options": "no module is imported for it",
    "metric_reporters": "a tuple, for nobody may change it",
}


def public_methods(cls):
    return {
        name: each for name, each in inspect.getmembers(cls, inspect.isfunction) if not name.startswith("_")
    }


def test_every_method_has_the_signature_of_kafka_python():
    ours, theirs = public_methods(KafkaConsumer), public_methods(kafka.KafkaConsumer)
    for name, method in theirs.items():
        expected = [(p.name, p.kind, p.default) for p in inspect.signature(method).parameters.values()]
        actual = [(p.name, p.kind, p.default) for p in inspect.signature(ours[name]).parameters.values()]
        assert actual == expected, name
    assert set(ours) - set(theirs) == {"known_position", "initial_position"}


def test_defaults():
    theirs = kafka.KafkaConsumer.DEFAULT_CONFIG
    assert set(KafkaConsumer.DEFAULT_CONFIG) == set(theirs)
    different = {name for name, value in theirs.items() if KafkaConsumer.DEFAULT_CONFIG[name] != value}
    assert different == set(DIFFERENT_DEFAULTS)
    names = [each.name for each in KafkaConsumer.DEFAULT_CONFIG["partition_assignment_strategy"]]
    assert names == [each.name for each in theirs["partition_assignment_strategy"]]


def test_records_have_the_same_fields():
    assert ConsumerRecord._fields == TheirRecord._fields


def test_kafka_pythons_assignors_are_taken_as_ours():
    (assignor,) = resolve([TheirRoundRobin]).values()
    assert isinstance(assignor, RoundRobinPartitionAssignor)


@pytest.fixture
def cluster():
    with MiniKafka(seed=7) as cluster:
        cluster.create_topic("t", partitions=2)
        with cluster.producer() as producer:
            producer.send("t", b"x", partition=0)
        with patch(cluster):
            yield cluster


T0, T1 = kafka.TopicPartition("t", 0), kafka.TopicPartition("t", 1)


def test_kafka_pythons_consumer_reads_and_commits(cluster):
    consumer = kafka.KafkaConsumer("t", group_id="g", auto_offset_reset="earliest")
    assert isinstance(consumer, kafka.KafkaConsumer)
    ((tp, (record,)),) = consumer.poll(2000).items()
    assert (tp, record.value) == (T0, b"x")
    consumer.commit({T0: kafka.OffsetAndMetadata(1, "m", -1)})
    assert consumer.committed(T0, metadata=True) == kafka.OffsetAndMetadata(1, "m", -1)
    consumer.close()
    with pytest.raises(kafka.errors.IllegalStateError, match="closed"):
        consumer.poll()


def test_errors_are_kafka_pythons(cluster):
    consumer = kafka.KafkaConsumer(auto_offset_reset="none")
    consumer.assign([T0])
    with pytest.raises(kafka.errors.NoOffsetForPartitionError):
        consumer.poll(1000)
    consumer.seek(T0, 99)
    with pytest.raises(kafka.errors.OffsetOutOfRangeError, match="99"):
        consumer.poll(1000)
    with pytest.raises(kafka.errors.IllegalStateError):
        consumer.subscribe(["t"])
    with pytest.raises(kafka.errors.IllegalStateError):
        consumer.position(T1)
    with pytest.raises(kafka.errors.KafkaTimeoutError):
        consumer.end_offsets([kafka.TopicPartition("t", 9)], timeout_ms=100)
    with pytest.raises(kafka.errors.KafkaConfigurationError, match="Unrecognized"):
        kafka.KafkaConsumer(nonsense=1)
    outcomes = []
    member = kafka.KafkaConsumer("t", group_id="g")
    future = member.commit_async(
        {T0: kafka.OffsetAndMetadata(1, "", -1)}, lambda *args: outcomes.append(args[1])
    )
    future.add_errback(outcomes.append)
    member.poll(1000)
    member.poll(0)
    assert len(outcomes) == 2
    assert all(isinstance(each, kafka.errors.KafkaError) for each in outcomes)


class Listener(kafka.ConsumerRebalanceListener):
    def __init__(self):
        self.log = []

    def on_partitions_revoked(self, revoked):
        self.log.append(("revoked", sorted(revoked)))

    def on_partitions_assigned(self, assigned):
        self.log.append(("assigned", sorted(assigned)))


class Backwards(TheirRange):
    """An application's own assignor: members in reverse order."""

    name = "backwards"

    @classmethod
    def assign(cls, cluster, members):
        assert all(member.metadata.topics for member in members)
        return super().assign(cluster, members)


def test_listeners_and_assignors_of_kafka_python(cluster):
    listener = Listener()
    consumer = kafka.KafkaConsumer(group_id="g", partition_assignment_strategy=[Backwards])
    consumer.subscribe(["t"], listener=listener)
    consumer.poll(1000)
    assert listener.log == [("revoked", []), ("assigned", [T0, T1])]


def test_what_is_no_assignor():
    for wrong in (["range"], "range", [5], 7):
        with pytest.raises(KafkaConfigurationError, match="partition_assignment_strategy"):
            resolve(wrong)
