"""Positions against logs that were cut off: validation by leader epoch (KIP-320), and what it leads to."""

import pytest

from minikafka.client.coordinator_client import CoordinatorClient
from minikafka.cluster import MiniKafka
from minikafka.errors import ErrorCode, KafkaConnectionError, LogTruncationError
from minikafka.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from minikafka.structs import OffsetAndMetadata, TopicPartition

T0 = TopicPartition("t", 0)


@pytest.fixture
def kafka():
    options = {"unclean.leader.election.enable": True, "replica.lag.time.max.ms": 10_000}
    with MiniKafka(brokers=3, seed=7, config=options) as cluster:
        cluster.create_topic("t", replication_factor=2)
        yield cluster


def fill(kafka, count, acks=1):
    with kafka.producer(acks=acks, enable_idempotence=False) as producer:
        for index in range(count):
            producer.send("t", b"%d" % index, partition=0)


def lose_the_end(kafka, consumer):
    """5 records on both replicas, 5 more only on the leader; they are read, and then the leader is lost."""
    fill(kafka, 5, acks="all")
    partition = kafka.image.topics["t"].partitions[0]
    leader = partition.leader
    (follower,) = (replica for replica in partition.replicas if replica != leader)
    kafka.faults.cut(leader, follower)
    kafka.advance(seconds=20)
    fill(kafka, 5)
    seen = []
    while len(seen) < 10:
        seen += consumer.poll(1000).get(T0, [])
    kafka.kill(leader)
    kafka.advance(seconds=30)
    fill(kafka, 1)
    assert kafka.image.topics["t"].partitions[0].leader == follower


def test_a_client_that_is_closed_looks_offsets_up_no_longer(kafka, monkeypatch):
    """It would ask for ever, and let nobody else have the lock."""
    core = kafka.consumer()._core
    client = core.client
    ask = client.request_metadata_update

    def ask_while_open():
        assert not client.closed
        return ask()

    monkeypatch.setattr(client, "request_metadata_update", ask_while_open)
    kafka.faults.drop("ListOffsets")
    kafka.scheduler.call_later(250, client.close)
    with pytest.raises(KafkaConnectionError, match="was closed"):
        kafka.driver.run(core.look_up({T0: 0}, 60_000))


def test_a_consumer_that_crashes_looks_for_its_coordinator_no_longer(kafka, monkeypatch):
    """A position without a timeout would never be told."""
    consumer = kafka.consumer(group_id="g")
    consumer.assign([T0])
    client = consumer._core.client
    look_up = CoordinatorClient.look_up
    tries = []

    def look_up_once_at_most(coordinator):
        tries.append(client.closed)
        assert tries.count(True) <= 1
        return look_up(coordinator)

    monkeypatch.setattr(CoordinatorClient, "look_up", look_up_once_at_most)
    kafka.faults.drop("FindCoordinator")
    kafka.scheduler.call_later(250, consumer._crash)
    with pytest.raises(KafkaConnectionError):
        consumer.position(T0)


@pytest.mark.parametrize("policy", ["earliest", "latest"])
def test_a_position_beyond_the_cut_goes_back_to_it(kafka, policy):
    consumer = kafka.consumer(auto_offset_reset=policy)
    consumer.assign([T0])
    assert consumer.position(T0) == 0
    lose_the_end(kafka, consumer)
    seen = []
    for _ in range(5):
        seen += [record.offset for record in consumer.poll(5000).get(T0, [])]
    assert seen == [5]
    assert consumer.position(T0) == 6


def test_without_a_policy_the_application_is_told_where(kafka):
    consumer = kafka.consumer(auto_offset_reset="none")
    consumer.assign([T0])
    consumer.seek(T0, 0)
    lose_the_end(kafka, consumer)
    with pytest.raises(LogTruncationError) as raised:  # noqa: PT012 - some poll meets the new leader
        for _ in range(5):
            consumer.poll(5000)
    diverged = raised.value.divergent_offsets[T0]
    assert isinstance(diverged, OffsetAndMetadata)
    assert diverged.offset == 5
    consumer.seek(T0, diverged.offset)
    assert [record.offset for record in consumer.poll(5000)[T0]] == [5]


def test_a_new_leader_without_losses_changes_nothing(kafka):
    fill(kafka, 5, acks="all")
    consumer = kafka.consumer(auto_offset_reset="none")
    consumer.assign([T0])
    consumer.seek(T0, 0)
    assert len(consumer.poll(5000)[T0]) == 5
    asked = []
    kafka.network.observers.append(
        lambda kind, exchange, response: (
            asked.append(exchange.message)
            if kind == "request"
            and exchange.source.startswith("consumer")
            and "Epoch" in exchange.message.api_name
            else None
        )
    )
    kafka.stop(kafka.image.topics["t"].partitions[0].leader)
    fill(kafka, 3)
    seen = []
    for _ in range(5):
        seen += [record.offset for record in consumer.poll(5000).get(T0, [])]
    assert seen == [5, 6, 7]
    assert len(asked) <= 2, "once for the new leader, not with every poll"


def test_validation_survives_lost_messages(kafka):
    kafka.faults.drop("OffsetForLeaderEpoch", source="consumer", times=2)
    consumer = kafka.consumer(auto_offset_reset="earliest", request_timeout_ms=2000)
    consumer.assign([T0])
    assert consumer.position(T0) == 0
    lose_the_end(kafka, consumer)
    seen = []
    for _ in range(5):
        seen += [record.offset for record in consumer.poll(10_000).get(T0, [])]
    assert seen == [5]


def answer_list_offsets_with(kafka, code, times):
    left = [times]
    for node_id, broker in kafka.brokers.items():

        def handle(request, context, broker=broker):
            if request.api_name != "ListOffsets" or not left[0]:
                return broker.handle(request, context)
            left[0] -= 1
            answer = ListOffsetsPartitionResponse(partition_index=0, error_code=code)
            return ListOffsetsResponse(topics=[ListOffsetsTopicResponse(name="t", partitions=[answer])])

        kafka.network.bind(f"broker-{node_id}", handle)


@pytest.mark.parametrize(
    "code",
    [
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.OFFSET_NOT_AVAILABLE,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.UNKNOWN_SERVER_ERROR,
    ],
)
def test_look_ups_are_repeated(kafka, code):
    consumer = kafka.consumer(auto_offset_reset="latest")
    consumer.assign([T0])
    answer_list_offsets_with(kafka, code, 2)
    assert consumer.end_offsets([T0]) == {T0: 0}
    answer_list_offsets_with(kafka, code, 2)
    assert consumer.position(T0) == 0


def test_look_ups_that_are_not_allowed(kafka):
    from minikafka.errors import TopicAuthorizationFailedError

    consumer = kafka.consumer(auto_offset_reset="latest")
    consumer.assign([T0])
    consumer.poll(0)
    answer_list_offsets_with(kafka, ErrorCode.TOPIC_AUTHORIZATION_FAILED, 1)
    with pytest.raises(TopicAuthorizationFailedError, match="t"):
        consumer.end_offsets([T0])
    consumer.seek_to_end(T0)
    answer_list_offsets_with(kafka, ErrorCode.TOPIC_AUTHORIZATION_FAILED, 1)
    with pytest.raises(TopicAuthorizationFailedError, match="t"):
        consumer.poll(1000)
    assert consumer.position(T0) == 0
