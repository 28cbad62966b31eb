import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from minikafka import KafkaConsumer, KafkaProducer, MiniKafka
from minikafka.client.partitioner import partition_for_key
from minikafka.testing import CrashHarness, assert_at_least_once
from minikafka.testing.strategies import Pause, crash_points, keys, produce, records, workloads


@pytest.fixture
def kafka(minikafka_cluster):
    return minikafka_cluster(topics={"in": 1, "out": 1})


class Copier:
    """Copies `in` to `out`."""

    def __init__(self, kafka):
        servers = kafka.bootstrap_servers
        self.consumer = KafkaConsumer(
            "in",
            bootstrap_servers=servers,
            group_id="copiers",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        self.producer = KafkaProducer(bootstrap_servers=servers)

    def run(self):
        try:
            while batches := self.consumer.poll(timeout_ms=1000):
                for record in [record for batch in batches.values() for record in batch]:
                    self.producer.send("out", record.value)
                self.producer.flush()
                self.consumer.commit()
        except Exception:
            raise AssertionError("the killer is no Exception") from None
        finally:
            self.consumer.close()


def test_a_run_that_is_not_killed_counts_its_calls(kafka):
    kafka.producer().send("in", b"x").get(timeout=10)
    harness = CrashHarness(kafka)
    assert harness.run(lambda: Copier(kafka).run())
    assert harness.calls == [
        "KafkaConsumer.poll",
        "KafkaProducer.send",
        "KafkaProducer.flush",
        "KafkaConsumer.commit",
        "KafkaConsumer.poll",
        "KafkaConsumer.close",
    ]


def test_a_killed_run_ends_at_its_call_and_does_no_more(kafka):
    kafka.producer().send("in", b"x").get(timeout=10)
    harness = CrashHarness(kafka)
    assert not harness.run(lambda: Copier(kafka).run(), kill_at=4)
    assert harness.calls[-1] == "KafkaConsumer.commit"
    assert kafka.group("copiers").committed == {}
    assert len(kafka.records("out")) == 1
    assert kafka.group("copiers").state == "Stable"  # it said no goodbye


def test_killed_and_restarted_it_goes_on(kafka):
    kafka.producer().send("in", b"x").get(timeout=10)
    CrashHarness(kafka).run_through(lambda: Copier(kafka).run(), [4, 2, 5])
    assert {record.value for record in kafka.records("out")} == {b"x"}
    assert len(kafka.records("out")) >= 2
    assert kafka.group("copiers").lag == 0


def test_clients_made_outside_are_left_alone(kafka):
    producer = kafka.producer()
    CrashHarness(kafka).run(lambda: Copier(kafka).run(), kill_at=1)
    producer.send("in", b"x").get(timeout=10)


def test_iteration_is_counted(kafka):
    kafka.producer().send("in", b"x").get(timeout=10)

    def listen():
        for _ in kafka.consumer("in", auto_offset_reset="earliest", consumer_timeout_ms=100):
            pass

    harness = CrashHarness(kafka)
    assert harness.run(listen)
    assert harness.calls == ["KafkaConsumer.__next__"] * 2


def test_what_was_lost_is_named():
    assert_at_least_once([1, 2], [2, 1, 1])
    with pytest.raises(AssertionError, match=r"lost: 3"):
        assert_at_least_once([1, 3], [1])


@given(
    workload=workloads("in", partitions=2, values=st.binary(max_size=3)), crashes=crash_points(max_calls=12)
)
@settings(max_examples=15)
def test_the_copier_copies_at_least_once(workload, crashes):
    with MiniKafka() as kafka:
        kafka.create_topic("in", partitions=2)
        kafka.create_topic("out")
        acknowledged = produce(kafka, workload)
        CrashHarness(kafka).run_through(lambda: Copier(kafka).run(), crashes)
        copied = [record.value for record in kafka.records("out")]
        assert_at_least_once([record.value for record in acknowledged], copied)


@given(record=records(["a", "b"], partitions=2, explicit_partitions=True))
def test_records_are_for_the_topics(record):
    assert record.topic in ("a", "b")
    assert record.partition in (0, 1)


@given(workload=workloads("a", max_size=5))
def test_workloads_are_records_and_pauses(workload):
    assert 1 <= len(workload) <= 5
    assert all(isinstance(step, Pause) or step.topic == "a" for step in workload)


def test_different_keys_collide():
    """By the pigeonhole principle; found, so that it is a key that a test can draw."""
    one, other = find(
        st.tuples(keys(3, null=False), keys(3, null=False)),
        lambda pair: (
            pair[0] != pair[1]
            and partition_for_key(pair[0], [0, 1, 2]) == partition_for_key(pair[1], [0, 1, 2])
        ),
    )
    assert one != other
