"""MiniKafka: its life, its brokers' lives, topics, time, and what a closed cluster leaves behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading

import pytest

import minikafka
from minikafka import bootstrap, errors
from minikafka.cluster import MiniKafka
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.structs import TopicPartition, broker_address

ORDERS = TopicPartition("orders", 0)


@pytest.fixture
def kafka():
    with MiniKafka(start_ms=1_700_000_000_000) as cluster:
        yield cluster


@pytest.fixture
def three():
    with MiniKafka(brokers=3, seed=7) as cluster:
        yield cluster


def leader_of(kafka, topic="orders", partition=0):
    return kafka.image.partition(topic, partition).leader


# What it is


def test_defaults(kafka):
    assert kafka.now_ms == kafka.started_ms == 1_700_000_000_000
    assert kafka.node_ids == [1]
    assert kafka.driver.clock_name() == "virtual"
    assert not kafka.poisoned
    kafka.check_health()
    assert kafka.config.offsets_topic_replication_factor == 1
    assert "up" in repr(kafka)


def test_internal_topics_get_as_many_replicas_as_there_are_brokers(three):
    assert three.config.offsets_topic_replication_factor == 3
    assert three.config.transaction_state_log_min_isr == 2
    with MiniKafka(brokers=2) as two:
        assert two.config.offsets_topic_replication_factor == 2
    with MiniKafka(brokers=2, config={"offsets.topic.replication.factor": 1}) as two:
        assert two.config.offsets_topic_replication_factor == 1


def test_the_clock_starts_with_the_machines(monkeypatch):
    monkeypatch.setattr("minikafka.drivers.wall_clock.time_ns", lambda: 123_456_000_000)
    with MiniKafka() as kafka:
        assert kafka.now_ms == 123_456


def test_addresses_lead_to_one_cluster_only():
    with MiniKafka() as one, MiniKafka(brokers=2) as two:
        assert one.bootstrap_servers != two.bootstrap_servers
        assert two.bootstrap_servers.count(",") == 1
        assert bootstrap.find(one.bootstrap_servers) is one.endpoint
        for address in two.bootstrap_servers.split(","):
            assert bootstrap.find(address) is two.endpoint
    assert bootstrap.find(one.bootstrap_servers) is None
    assert bootstrap.find(two.bootstrap_servers) is None


def test_broker_options_in_both_spellings():
    with MiniKafka(config={"num.partitions": 2}, auto_create_topics_enable=False) as kafka:
        assert kafka.config.num_partitions == 2
        assert kafka.config.auto_create_topics_enable is False


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"brokers": 0}, errors.IllegalArgumentError, "brokers=0"),
        ({"brokers": "3"}, errors.IllegalArgumentError, "brokers='3'"),
        (
            {"clock": "sundial"},
            errors.IllegalArgumentError,
            "clock='sundial': expected 'virtual', 'system' or 'manual'",
        ),
        ({"brokers": 2, "racks": ["a"]}, errors.IllegalArgumentError, "racks="),
        ({"num_partitons": 1}, errors.KafkaConfigurationError, "did you mean 'num.partitions'"),
        ({"config": {"num.io.threads": 1}}, errors.UnsupportedOptionError, "num.io.threads"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        MiniKafka(**arguments)


# Topics


def test_create_and_delete_topics(kafka):
    kafka.create_topic("orders", partitions=3, configs={"retention.ms": 1000, "preallocate": True})
    topic = kafka.topic("orders")
    assert len(topic.partitions) == 3
    assert topic.configs == {"retention.ms": "1000", "preallocate": "true"}
    kafka.delete_topic("orders")
    assert kafka.logs(1) == {}
    with pytest.raises(errors.UnknownTopicOrPartitionError):
        kafka.delete_topic("orders")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("a/b",), errors.InvalidTopicError),
        (("a", 0), errors.InvalidPartitionsError),
        (("a", 1, 2), errors.InvalidReplicationFactorError),
        (("a", 1, 1, {"retention.sm": 1}), errors.InvalidConfigurationError),
        (("orders",), errors.TopicAlreadyExistsError),
    ],
)
def test_bad_topics(kafka, arguments, error):
    kafka.create_topic("orders")
    with pytest.raises(error, match=r"\w+"):
        kafka.create_topic(*arguments)


def test_a_created_topic_is_ready_everywhere(three):
    three.create_topic("orders", partitions=6, replication_factor=3)
    for node_id, broker in three.brokers.items():
        assert broker.image.topics["orders"] is three.image.topics["orders"]
        led = [index for index in range(6) if leader_of(three, partition=index) == node_id]
        assert all(broker.leads(TopicPartition("orders", index)) for index in led)


def test_a_topic_can_be_created_while_a_broker_is_slow_or_down(three):
    three.kill(3)
    three.create_topic("orders", partitions=3, replication_factor=2)
    three.faults.delay(500, when=lambda envelope: envelope.api_name == "MetadataUpdate")
    before = three.now_ms
    three.create_topic("late")
    assert three.now_ms - before >= 500


# Brokers


def test_kill_is_noticed_after_the_session_timeout(three):
    three.create_topic("orders", replication_factor=3)
    leader = leader_of(three)
    three.kill(leader)
    assert leader not in three.brokers
    three.advance(ms=8999)
    assert leader_of(three) == leader
    three.advance(ms=2)
    assert leader_of(three) not in (leader, -1)
    assert leader not in three.image.partition("orders", 0).isr


def test_stop_moves_leaderships_first(three):
    three.create_topic("orders", replication_factor=3)
    leader = leader_of(three)
    before = three.now_ms
    three.stop(leader)
    assert leader_of(three) not in (leader, -1)
    assert three.now_ms - before < 1000
    assert [broker.node_id for broker in three.image.alive_brokers()] == [n for n in (1, 2, 3) if n != leader]


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_a_broker_comes_back_into_the_isr(three, way):
    three.create_topic("orders", replication_factor=3)
    leader = leader_of(three)
    getattr(three, way)(leader)
    three.advance(seconds=10)
    three.start(leader)
    three.advance(seconds=5)
    assert sorted(three.image.partition("orders", 0).isr) == [1, 2, 3]
    assert list(three.brokers) == [1, 2, 3]


def test_a_single_broker_keeps_its_logs(kafka):
    kafka.create_topic("orders")
    kafka.kill(1)
    kafka.advance(seconds=20)
    assert leader_of(kafka) == -1
    kafka.start(1)
    assert leader_of(kafka) == 1
    kafka.kill(1)
    kafka.start(1)  # before its session has timed out
    assert leader_of(kafka) == 1
    assert kafka.image.partition("orders", 0).leader_epoch >= 2


def test_misuse_of_brokers(kafka):
    with pytest.raises(errors.IllegalArgumentError, match="node_id=2"):
        kafka.kill(2)
    with pytest.raises(errors.IllegalStateError, match="up already"):
        kafka.start(1)
    kafka.stop(1)
    for stop in (kafka.stop, kafka.kill):
        with pytest.raises(errors.IllegalStateError, match="down already"):
            stop(1)


def test_racks():
    with MiniKafka(brokers=3, racks=["a", "b", None]) as kafka:
        assert [broker.rack for broker in kafka.image.brokers.values()] == ["a", "b", None]
        kafka.stop(2)
        kafka.start(2)
        assert kafka.image.brokers[2].rack == "b"


def produce(kafka, value=b"v", acks=1):
    batch = RecordBatch.build([(0, kafka.now_ms, None, value, [])])
    request = ProduceRequest(
        acks=acks,
        timeout_ms=30_000,
        topic_data=[
            TopicProduceData(name="orders", partition_data=[PartitionProduceData(index=0, records=[batch])])
        ],
    )
    promise = kafka.network.request("lab-1", broker_address(leader_of(kafka)), request)
    assert kafka.driver.wait(promise, 60_000)
    return promise.result().responses[0].partition_responses[0]


def test_a_cut_off_follower_leaves_the_isr_and_comes_back(three):
    three.create_topic("orders", replication_factor=3)
    leader = leader_of(three)
    follower = next(node for node in (1, 2, 3) if node != leader)
    three.faults.cut(leader, follower)
    three.advance(seconds=60)
    assert follower in three.image.partition("orders", 0).isr  # nothing was written, so it lacks nothing
    assert produce(three).error_code == 0
    three.advance(seconds=60)
    assert follower not in three.image.partition("orders", 0).isr
    three.faults.heal()
    three.advance(seconds=5)
    assert sorted(three.image.partition("orders", 0).isr) == [1, 2, 3]


def test_failover_loses_nothing_that_was_acknowledged(three):
    three.create_topic("orders", replication_factor=3, configs={"min.insync.replicas": 2})
    sent = []
    for number in range(9):
        value = b"%d" % number
        assert produce(three, value, acks=-1).error_code == 0
        sent.append(value)
        if number % 3 == 2:
            dead = leader_of(three)
            three.kill(dead)
            three.advance(seconds=10)
            assert [record.value for record in three.records("orders")] == sent
            three.start(dead)
            three.advance(seconds=10)
    assert [record.value for record in three.records("orders")] == sent
    ends = {log.log_end_offset for node_id in three.node_ids for log in three.logs(node_id).values()}
    assert ends == {9}


# Time, health, end


def test_advance(kafka):
    kafka.advance(1, ms=1, minutes=1, hours=1, days=1)
    assert kafka.now_ms - kafka.started_ms == 1000 + 1 + 60_000 + 3_600_000 + 86_400_000
    with pytest.raises(errors.IllegalArgumentError, match="-1 ms"):
        kafka.advance(ms=-1)


def test_a_bug_poisons_the_cluster():
    kafka = MiniKafka()
    bug = RuntimeError("bug")
    kafka.scheduler.call_soon(_raise, bug)
    with pytest.raises(errors.InternalError) as caught:
        kafka.advance(1)
    assert caught.value.__cause__ is bug
    assert kafka.poisoned
    with pytest.raises(errors.InternalError):
        kafka.check_health()
    with pytest.raises(errors.InternalError):
        kafka.close()
    kafka.close()
    assert bootstrap.find(kafka.bootstrap_servers) is None


def test_what_the_block_raised_comes_first():
    with pytest.raises(ZeroDivisionError), MiniKafka() as kafka:  # noqa: PT012
        kafka.scheduler.report_failure(RuntimeError("bug"))
        raise ZeroDivisionError


def test_a_handlers_bug_is_reported_and_answered(kafka, monkeypatch):
    from minikafka.messages.metadata import MetadataRequest

    def broken(*_):
        raise RuntimeError("bug")

    kafka.brokers[1]._handlers["Metadata"] = broken
    promise = kafka.network.request("lab-1", "broker-1", MetadataRequest(topics=None))
    with pytest.raises(errors.InternalError):
        kafka.driver.settle()
    assert promise.done() or kafka.poisoned
    kafka.scheduler.failure = None


@pytest.mark.parametrize("clock", ["virtual", "system"])
def test_a_closed_cluster_leaves_nothing(clock):
    threads = threading.active_count()
    kafka = MiniKafka(brokers=3, clock=clock)
    kafka.create_topic("orders", partitions=2, replication_factor=3)
    kafka.close()
    kafka.close()
    assert threading.active_count() == threads
    assert kafka.scheduler.idle
    assert kafka.scheduler.next_deadline_ms() is None
    assert bootstrap.find(kafka.bootstrap_servers) is None
    for call in (lambda: kafka.create_topic("x"), lambda: kafka.advance(1), lambda: kafka.kill(1)):
        with pytest.raises(errors.IllegalStateError, match="closed"):
            call()
    assert "closed" in repr(kafka)


def test_clients_live_and_die_on_the_cluster(kafka):
    kafka.create_topic("orders")
    producer = kafka.producer()
    assert producer.send("orders", b"v").get(timeout=10).offset == 0
    consumer = kafka.consumer("orders", group_id="g", auto_offset_reset="earliest", session_timeout_ms=10_000)
    assert kafka.clients == [producer, consumer]
    assert [record.value for batch in consumer.poll(timeout_ms=5000).values() for record in batch] == [b"v"]
    kafka.crash(consumer)
    assert kafka.clients == [producer]
    assert kafka.group("g").committed == {}
    assert len(kafka.group("g").members) == 1  # it did not say good-bye
    kafka.advance(seconds=11)
    assert kafka.group("g").state == "Empty"
    admin = kafka.admin()
    assert admin.list_topics() is not None
    admin.close()
    producer.close()
    assert kafka.clients == []


def test_closed_clusters_are_garbage():
    import weakref

    kafka = MiniKafka(brokers=2)
    kafka.create_topic("orders")
    gone = weakref.ref(kafka)
    kafka.close()
    del kafka
    gc.collect()
    assert gone() is None


def test_crash_takes_only_its_own_clients(kafka):
    with pytest.raises(errors.IllegalArgumentError, match="does not live on cluster"):
        kafka.crash(object())


def test_close_crashes_what_is_left():
    class Client:
        crashed = False

        def _crash(self):
            self.crashed = True

    kafka = MiniKafka()
    left, gone, crashed = Client(), Client(), Client()
    for client in (left, gone, crashed):
        kafka.endpoint.attach(client)
    kafka.endpoint.detach(gone)
    assert kafka.clients == [left, crashed]
    kafka.crash(crashed)
    assert crashed.crashed
    assert kafka.clients == [left]
    kafka.close()
    assert left.crashed
    assert not gone.crashed


def trace(seed):
    """Everything that passes the network in a run, as text."""
    with MiniKafka(brokers=3, seed=seed, start_ms=0, name="traced") as kafka:
        seen = []
        kafka.network.observers.append(
            lambda kind, exchange, _: seen.append(
                f"{kafka.now_ms} {kind} {exchange.source} {exchange.destination} {exchange.message!r}"
            )
        )
        kafka.create_topic("orders", partitions=4, replication_factor=2)
        kafka.kill(2)
        kafka.advance(seconds=15)
        kafka.start(2)
        kafka.advance(seconds=15)
        return seen, kafka.image.cluster_id


def test_one_seed_gives_one_run():
    assert trace(1) == trace(1)
    assert trace(1) != trace(2)


_HASH_SEED_RUN = """
import hashlib
from minikafka import MiniKafka
digest = hashlib.sha256()
with MiniKafka(brokers=3, seed=3, start_ms=0, name="traced") as kafka:
    kafka.network.observers.append(
        lambda kind, exchange, response: digest.update(
            f"{kafka.now_ms} {kind} {exchange.source} {exchange.destination} {exchange.message} {response}".encode()
        )
    )
    kafka.create_topic("orders", partitions=6, replication_factor=3)
    kafka.create_topic("bills", partitions=4, replication_factor=2)
    producer = kafka.producer()
    for number in range(40):
        producer.send(("orders", "bills")[number % 2], key=b"%d" % number, value=b"v")
    producer.flush()
    consumers = [kafka.consumer("orders", "bills", group_id="g", auto_offset_reset="earliest") for _ in "ab"]
    for _ in range(30):
        for consumer in consumers:
            consumer.poll(timeout_ms=100)
    kafka.kill(2)
    kafka.advance(seconds=15)
    kafka.start(2)
    kafka.advance(seconds=15)
print(digest.hexdigest())
"""


def test_the_hash_seed_changes_nothing():
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", _HASH_SEED_RUN],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


# The package


def test_the_public_names():
    for name in minikafka.__all__:
        assert getattr(minikafka, name) is not None
    assert set(minikafka.__all__) <= set(dir(minikafka))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        minikafka.nonsense  # noqa: B018


def test_import_is_lean():
    code = (
        "import sys, minikafka\n"
        "minikafka.MiniKafka().close()\n"
        "heavy = {'asyncio', 'dataclasses', 'inspect', 'uuid', 'logging', 'socket', 'kafka'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def _raise(error):
    raise error


def test_time_by_hand():
    """In process, in one thread: what needs no time is done at once, what needs some says so."""
    with MiniKafka(clock="manual") as kafka:
        before_ms = kafka.now_ms
        kafka.create_topic("t")
        kafka.producer().send("t", b"v").get(timeout=10)
        consumer = kafka.consumer("t", group_id="g", auto_offset_reset="earliest", session_timeout_ms=10_000)
        [[record]] = consumer.poll(timeout_ms=1000).values()
        assert record.value == b"v"
        consumer.commit()
        assert kafka.group("g").lag == 0
        assert kafka.now_ms == before_ms
        kafka.crash(consumer)
        kafka.advance(seconds=10)
        assert kafka.group("g").members == ()
        assert kafka.now_ms == before_ms + 10_000
        kafka.driver.patience_s = 0.01
        with pytest.raises(errors.StuckError, match="advance"):
            kafka.producer().send("not-yet-made", b"v")


def test_crashing_a_client_that_another_thread_has_just_closed(monkeypatch):
    with MiniKafka() as kafka:
        consumer = kafka.consumer()
        lock = kafka.driver.lock

        class LateLock:
            def __enter__(self):
                lock.acquire()
                consumer.close()

            def __exit__(self, *exc_info):
                lock.release()

        with monkeypatch.context() as patch:
            patch.setattr(kafka.driver, "lock", LateLock())
            consumer.close = lambda: (patch.undo(), type(consumer).close(consumer))
            with pytest.raises(errors.IllegalArgumentError, match="does not live"):
                kafka.crash(consumer)
