"""KafkaProducer on a real cluster: what is acknowledged is there, once, in order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.cluster import MiniKafka
from minikafka.errors import (
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    UnknownTopicOrPartitionError,
)
from minikafka.producer import KafkaProducer
from minikafka.structs import TopicPartition


@pytest.fixture
def kafka():
    with MiniKafka(brokers=3, seed=7) as cluster:
        yield cluster


def make(kafka, **options):
    return KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, **options)


def leader(kafka, topic, partition=0):
    return kafka.image.topics[topic].partitions[partition].leader


def values(kafka, topic, partition=0):
    log = kafka.logs(leader(kafka, topic, partition))[TopicPartition(topic, partition)]
    read, offset = [], log.log_start_offset
    while offset < log.log_end_offset:
        for batch in log.read(offset, 1 << 20).batches:
            read += [record[3] for record in batch.records]
            offset = batch.next_offset
    return read


def test_produce_to_a_replicated_topic(kafka):
    kafka.create_topic("t", partitions=3, replication_factor=3)
    with make(kafka) as producer:
        futures = [producer.send("t", b"%d" % i, partition=i % 3) for i in range(300)]
        producer.flush()
        assert [f.value.offset for f in futures] == [i // 3 for i in range(300)]
    for p in range(3):
        assert values(kafka, "t", p) == [b"%d" % i for i in range(p, 300, 3)]


def test_a_killed_leader_loses_nothing_and_doubles_nothing(kafka):
    kafka.create_topic("t", partitions=1, replication_factor=3)
    producer = make(kafka, batch_size=200)
    sent = [b"%d" % i for i in range(100)]
    futures = [producer.send("t", value, partition=0) for value in sent]
    kafka.faults.lose_reply("Produce", times=2)
    kafka.driver.settle()
    kafka.kill(leader(kafka, "t"))
    futures += [producer.send("t", b"%d" % i, partition=0) for i in range(100, 120)]
    producer.flush()
    assert [f.get().offset for f in futures[100:]] == list(range(100, 120))
    assert values(kafka, "t") == [b"%d" % i for i in range(120)]


@pytest.mark.parametrize("api", ["Produce", "Metadata", "InitProducerId"])
def test_lost_and_repeated_messages_change_nothing(kafka, api):
    kafka.create_topic("t", partitions=2, replication_factor=2)
    kafka.faults.lose_reply(api, source="producer", times=2)
    kafka.faults.duplicate(api, source="producer", times=2)
    kafka.faults.disconnect(api, source="producer", times=2)
    with make(kafka, batch_size=300, delivery_timeout_ms=400_000) as producer:
        for i in range(60):
            producer.send("t", b"%d" % i, partition=i % 2)
    for p in range(2):
        assert values(kafka, "t", p) == [b"%d" % i for i in range(p, 60, 2)]


def test_unknown_topics_are_created_if_the_cluster_says_so(kafka):
    make(kafka).send("fresh", b"v").get()
    assert "fresh" in kafka.image.topics
    with MiniKafka(auto_create_topics_enable=False) as strict:
        producer = make(strict, max_block_ms=2000)
        with pytest.raises(KafkaTimeoutError, match="'fresh'"):
            producer.send("fresh", b"v")
        assert "fresh" not in strict.image.topics


def test_too_large_for_the_broker(kafka):
    kafka.create_topic("t", configs={"max.message.bytes": 1000})
    producer = make(kafka, enable_idempotence=False)
    with pytest.raises(MessageSizeTooLargeError):
        producer.send("t", b"x" * 2000, partition=0).get()
    # Many small records are split into batches that fit; idempotence keeps their order.
    producer = make(kafka)
    futures = [producer.send("t", b"%0100d" % i, partition=0) for i in range(50)]
    producer.flush()
    assert [f.value.offset for f in futures] == list(range(50))


def test_too_few_replicas(kafka):
    kafka.create_topic("t", replication_factor=3, configs={"min.insync.replicas": 3})
    follower = next(n for n in kafka.node_ids if n != leader(kafka, "t"))
    kafka.kill(follower)
    kafka.advance(seconds=60)
    producer = make(kafka, retries=2)
    with pytest.raises(NotEnoughReplicasError):
        producer.send("t", b"v", partition=0).get()


def test_a_topic_made_anew_has_another_id(kafka):
    kafka.create_topic("t")
    producer = make(kafka)
    producer.send("t", b"old", partition=0).get()
    kafka.delete_topic("t")
    kafka.create_topic("t")
    future = producer.send("t", b"new", partition=0)
    try:
        future.get()
    except UnknownTopicOrPartitionError:
        pytest.fail("the new topic was not found")
    assert values(kafka, "t") == [b"new"]


def test_log_append_time(kafka):
    kafka.create_topic("t", configs={"message.timestamp.type": "LogAppendTime"})
    meta = make(kafka).send("t", b"v", timestamp_ms=5).get()
    assert meta.timestamp == kafka.now_ms


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_acks(kafka, acks):
    kafka.create_topic("t", replication_factor=3)
    producer = make(kafka, acks=acks)
    offset = producer.send("t", b"v", partition=0).get().offset
    assert offset == (-1 if acks == 0 else 0)
    kafka.driver.settle()
    assert values(kafka, "t") == [b"v"]


def test_crash(kafka):
    kafka.create_topic("t")
    producer = make(kafka)
    producer.partitions_for("t")
    producer.send("t", b"v", partition=0)
    kafka.crash(producer)
    kafka.advance(seconds=200)
    assert values(kafka, "t") == []


def test_nothing_outlives_the_cluster():
    with MiniKafka() as kafka:
        producer = make(kafka)
        address = kafka.bootstrap_servers
    producer.close()
    with pytest.raises(KafkaTimeoutError):
        KafkaProducer(bootstrap_servers=address)


_step = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 2), st.integers(8, 300)),
    st.tuples(st.just("advance"), st.sampled_from([0, 1, 50, 150, 40_000])),
    st.tuples(st.sampled_from(["lose_reply", "duplicate", "disconnect", "drop"]), st.integers(1, 2)),
    st.tuples(st.just("answer"), st.sampled_from([6, 7, 19, 20])),
    st.tuples(st.just("bounce"), st.integers(1, 2)),
)


@settings(max_examples=40)
@given(st.lists(_step, min_size=3, max_size=30), st.sampled_from([150, 1000, 16384]))
def test_whatever_happens_acknowledged_records_are_there_once_and_in_order(steps, batch_size):
    with MiniKafka(brokers=2, seed=1) as kafka:
        kafka.create_topic("t", partitions=3, replication_factor=2)
        producer = make(kafka, batch_size=batch_size, delivery_timeout_ms=10**9)
        sent = {0: [], 1: [], 2: []}
        for step in steps:
            what, arguments = step[0], step[1:]
            if what == "send":
                partition, size = arguments
                value = b"%0*d" % (size, len(sent[partition]))
                sent[partition].append((value, producer.send("t", value, partition=partition)))
            elif what == "advance":
                kafka.driver.advance(arguments[0])
            elif what == "answer":
                kafka.faults.answer(arguments[0], "Produce", source="producer")
            elif what == "bounce":
                kafka.kill(arguments[0])
                kafka.start(arguments[0])
            else:
                getattr(kafka.faults, what)("Produce", source="producer", times=arguments[0])
        kafka.faults.heal()
        producer.flush()
        for partition, records in sent.items():
            assert values(kafka, "t", partition) == [value for value, _ in records]
            for offset, (_, future) in enumerate(records):
                assert future.value.offset in (offset, -1)
        producer.close()


def test_records_without_acknowledgement_survive_the_close_of_their_producer(kafka):
    kafka.create_topic("fast")
    producer = kafka.producer(acks=0, enable_idempotence=False)
    for number in range(3):
        producer.send("fast", b"%d" % number)
    producer.close()
    assert [record.value for record in kafka.records("fast")] == [b"0", b"1", b"2"]
