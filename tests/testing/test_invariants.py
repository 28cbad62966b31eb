"""Each invariant notices the cluster being broken in its way."""

import pytest

from minikafka import TopicPartition
from minikafka.testing.invariants import Acknowledged, History, InvariantViolated, check_all, check_liveness

TP = TopicPartition("orders", 0)


@pytest.fixture
def kafka(minikafka_cluster):
    kafka = minikafka_cluster(brokers=3, topics={"orders": {"partitions": 1, "replication_factor": 3}})
    producer = kafka.producer()
    for number in range(3):
        producer.send("orders", b"%d" % number).get(timeout=10)
    return kafka


@pytest.fixture
def history(kafka):
    history = History()
    history.acknowledged += [Acknowledged(TP, number, b"%d" % number) for number in range(3)]
    check_all(kafka, history)
    return history


def leader(kafka):
    return kafka.topic("orders").partitions[0].leader


def follower(kafka):
    return next(node_id for node_id in kafka.node_ids if node_id != leader(kafka))


def test_a_healthy_cluster_passes(kafka, history):
    check_all(kafka)
    check_liveness(kafka, history)


def test_a_lost_acknowledged_record_is_noticed(kafka, history):
    history.acknowledged.append(Acknowledged(TP, 1, b"something else"))
    with pytest.raises(InvariantViolated, match=r"acknowledged_records_stay.*something else"):
        check_all(kafka, history)


def test_a_replica_that_lost_its_tail_is_noticed(kafka, history):
    kafka.logs(follower(kafka))[TP].truncate_to(1)
    with pytest.raises(InvariantViolated, match="in_sync_replicas_reach_the_high_watermark"):
        check_all(kafka, history)


def test_a_falling_high_watermark_is_noticed(kafka, history):
    kafka.logs(leader(kafka))[TP].update_high_watermark(1)
    with pytest.raises(InvariantViolated, match="high_watermark_never_falls"):
        check_all(kafka, history)


def test_an_internal_error_is_noticed(minikafka_cluster):
    kafka = minikafka_cluster()
    kafka.scheduler.failure = ZeroDivisionError("bug")
    with pytest.raises(InvariantViolated, match=r"no_internal_error.*bug"):
        check_all(kafka)
    kafka.scheduler.failure = None


def test_a_second_leader_of_an_epoch_is_noticed(kafka, history):
    history.leaders[TP, kafka.topic("orders").partitions[0].leader_epoch] = follower(kafka)
    with pytest.raises(InvariantViolated, match="one_leader_per_epoch"):
        check_all(kafka, history)


def test_a_falling_epoch_is_noticed(kafka, history):
    history.leader_epochs[TP] = 99
    with pytest.raises(InvariantViolated, match="epoch fell from 99"):
        check_all(kafka, history)


def test_an_owner_that_changes_within_a_generation_is_noticed(kafka, history):
    consumer = kafka.consumer("orders", group_id="billing")
    kafka.wait_for_assignment(consumer)
    check_all(kafka, history)
    kafka.advance(seconds=30)
    check_all(kafka, history)
    history.generations["billing"].owners[TP] = "somebody else"
    with pytest.raises(InvariantViolated, match="owners changed within generation 1"):
        check_all(kafka, history)


def test_a_cluster_that_does_not_heal_is_noticed(kafka, history):
    kafka.kill(follower(kafka))
    kafka.advance(seconds=30)
    with pytest.raises(InvariantViolated, match="every_isr_is_full"):
        check_liveness(kafka, history, within_ms=5000)


def test_a_topic_made_anew_has_no_past(kafka, history):
    kafka.delete_topic("orders")
    kafka.create_topic("orders", partitions=1, replication_factor=3)
    check_all(kafka, history)
    assert history.acknowledged == []
