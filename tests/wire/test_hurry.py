"""Answers that are held back, and what hurries them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from minikafka import MiniKafka
from minikafka.errors import ErrorCode
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.heartbeat import HeartbeatRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.leave_group import LeaveGroupRequest
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

Start = Callable[..., MiniKafka]
Connect = Callable[[str], Any]
WAIT_S = 20


@pytest.fixture
def kafka(listening: Start) -> MiniKafka:
    kafka = listening(limits={"prompt_rebalances": True})
    kafka.create_topic("t")
    return kafka


def join(client: Any, member_id: str = "") -> Any:
    request = JoinGroupRequest(
        group_id="g",
        session_timeout_ms=45_000,
        rebalance_timeout_ms=45_000,
        member_id=member_id,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
    )
    return client.ask(request, 3)


def sole_member(client: Any) -> HeartbeatRequest:
    """The heartbeat of a member that is alone in a Stable group."""
    joined = join(client)
    who, generation = joined.member_id, joined.generation_id
    assignments = [SyncGroupRequestAssignment(member_id=who, assignment=b"")]
    client.ask(
        SyncGroupRequest(group_id="g", generation_id=generation, member_id=who, assignments=assignments), 3
    )
    return HeartbeatRequest(group_id="g", generation_id=generation, member_id=who)


def held(kafka: MiniKafka) -> int:
    return sum(
        len(group.held_heartbeats)  # type: ignore[attr-defined]
        for _, shard in kafka.group_shards()
        for group in shard.groups.all()
    )


def parked_fetch(max_wait_ms: int = 60_000) -> FetchRequest:
    partition = FetchPartition(partition=0, partition_max_bytes=1 << 20)
    return FetchRequest(
        max_wait_ms=max_wait_ms, min_bytes=1, topics=[FetchTopic(topic="t", partitions=[partition])]
    )


def test_a_member_hears_of_a_rebalance_by_the_heartbeat_that_it_has_sent(
    kafka: MiniKafka, connect: Connect
) -> None:
    first, second = connect(kafka.listening_on), connect(kafka.listening_on)
    first.send(sole_member(first), 3)
    kafka.wait_until(lambda: held(kafka) == 1)
    second.send(
        JoinGroupRequest(
            group_id="g",
            session_timeout_ms=45_000,
            rebalance_timeout_ms=45_000,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        ),
        3,
    )
    _, answer = first.receive(HeartbeatRequest, 3)
    assert answer.error_code == ErrorCode.REBALANCE_IN_PROGRESS


def test_a_heartbeat_yields_to_the_next_request_and_is_answered_first(
    kafka: MiniKafka, connect: Connect
) -> None:
    client = connect(kafka.listening_on)
    heartbeat = sole_member(client)
    client.send(heartbeat, 3, 1)
    kafka.wait_until(lambda: held(kafka) == 1)
    client.send(ApiVersionsRequest(), 0, 2)
    correlation_id, answer = client.receive(HeartbeatRequest, 3)
    assert (correlation_id, answer.error_code) == (1, 0)
    assert client.receive(ApiVersionsRequest, 0)[0] == 2
    assert held(kafka) == 0


def test_a_heartbeat_that_came_with_another_request_is_not_held(
    kafka: MiniKafka, connect: Connect, encode_frame: Callable[..., bytes]
) -> None:
    client = connect(kafka.listening_on)
    heartbeat = sole_member(client)
    client.socket.sendall(encode_frame(heartbeat, 3, 1) + encode_frame(ApiVersionsRequest(), 0, 2))
    assert client.receive(HeartbeatRequest, 3)[0] == 1
    assert client.receive(ApiVersionsRequest, 0)[0] == 2


def test_a_connection_that_ends_lets_its_heartbeat_go(kafka: MiniKafka, connect: Connect) -> None:
    client = connect(kafka.listening_on)
    client.send(sole_member(client), 3)
    kafka.wait_until(lambda: held(kafka) == 1)
    client.close()
    kafka.wait_until(lambda: held(kafka) == 0)


def test_a_member_that_leaves_by_the_same_connection(kafka: MiniKafka, connect: Connect) -> None:
    client = connect(kafka.listening_on)
    heartbeat = sole_member(client)
    client.send(heartbeat, 3)
    client.send(LeaveGroupRequest(group_id="g", member_id=heartbeat.member_id), 2)
    assert client.receive(HeartbeatRequest, 3)[1].error_code == 0
    assert client.receive(LeaveGroupRequest, 2)[1].error_code == 0


def test_a_fetch_yields_to_the_next_request(kafka: MiniKafka, connect: Connect) -> None:
    client = connect(kafka.listening_on)
    for index in range(0, 10, 2):
        client.send(parked_fetch(), 11, index)
        client.send(ApiVersionsRequest(), 0, index + 1)
        correlation_id, answer = client.receive(FetchRequest, 11)
        assert (correlation_id, answer.error_code) == (index, 0)
        assert client.receive(ApiVersionsRequest, 0)[0] == index + 1


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("librdkafka", "2.6.1"),
        ("confluent-kafka-python", "2.16.1-rdkafka-2.16.0"),
        ("apache-kafka-java", "4.2.1"),
    ],
)
def test_by_default_the_heartbeats_of_patient_clients_are_held_and_their_fetches_yield(
    listening: Start, connect: Connect, name: str, version: str
) -> None:
    kafka = listening()
    kafka.create_topic("t")
    client = connect(kafka.listening_on)
    client.ask(ApiVersionsRequest(client_software_name=name, client_software_version=version), 3)
    client.send(sole_member(client), 3, 1)
    kafka.wait_until(lambda: held(kafka) == 1)
    client.send(parked_fetch(), 11, 2)
    client.send(ApiVersionsRequest(), 0, 3)
    assert client.receive(HeartbeatRequest, 3)[0] == 1
    assert client.receive(FetchRequest, 11)[0] == 2
    assert client.receive(ApiVersionsRequest, 0)[0] == 3


@pytest.mark.parametrize(
    ("limits", "name"),
    [({}, "kafkajs"), ({}, "kafka-python"), ({"prompt_rebalances": False}, "librdkafka")],
)
def test_whose_heartbeats_are_not_held(
    listening: Start, connect: Connect, limits: dict[str, Any], name: str
) -> None:
    kafka = listening(limits=limits)
    client = connect(kafka.listening_on)
    client.ask(ApiVersionsRequest(client_software_name=name, client_software_version="2.0.0"), 3)
    assert client.ask(sole_member(client), 3).error_code == 0
    assert held(kafka) == 0


def test_by_default_nothing_is_held_and_nothing_yields(listening: Start, connect: Connect) -> None:
    kafka = listening()
    kafka.create_topic("t")
    client = connect(kafka.listening_on)
    assert client.ask(sole_member(client), 3).error_code == 0
    client.send(parked_fetch(), 11, 1)
    client.send(ApiVersionsRequest(), 0, 2)
    other = connect(kafka.listening_on)
    other.ask(ApiVersionsRequest(), 0)
    kafka.wait_until(lambda: any(peer._connection.buffered for peer in kafka._listener._peers))  # type: ignore[union-attr]
    producer = kafka.producer()
    producer.send("t", b"v").get(timeout=10)
    producer.close()
    _, answer = client.receive(FetchRequest, 11)
    assert answer.responses[0].partitions[0].records
    client.receive(ApiVersionsRequest, 0)


def test_brokers_going_down_let_everything_go(kafka: MiniKafka, connect: Connect) -> None:
    client = connect(kafka.listening_on)
    client.send(sole_member(client), 3)
    kafka.wait_until(lambda: held(kafka) == 1)
    kafka.kill(1)
    assert client.is_closed()
    kafka.start(1)
    kafka.check_health()


@pytest.mark.parametrize("limits", [{}, {"prompt_rebalances": True}])
def test_the_survivor_of_a_real_group_hears_at_once_of_a_leave(
    listening: Start, limits: dict[str, Any]
) -> None:
    """It joins again without another heartbeat in between, by the answer to the one that is held."""
    kafka = listening(limits=limits)
    confluent_kafka = pytest.importorskip("confluent_kafka")
    config = {"bootstrap.servers": kafka.listening_on, "group.id": "g", "auto.offset.reset": "earliest"}
    kafka.create_topic("u", 2)
    told: list[str] = []
    with closing(confluent_kafka.Consumer(config)) as survivor:
        leaver = confluent_kafka.Consumer(config)
        try:
            for consumer in (survivor, leaver):
                consumer.subscribe(["u"])
            deadline = time.monotonic() + WAIT_S
            while (
                len(survivor.assignment()) != 1 or len(leaver.assignment()) != 1 or held(kafka) != 2
            ) and time.monotonic() < deadline:
                survivor.poll(0.02)
                leaver.poll(0.02)
            assert held(kafka) == 2
            kafka.network.observers.append(
                lambda kind, exchange, _: (
                    told.append(exchange.message.api_name) if kind == "request" else None
                )
            )
        finally:
            leaver.close()
        while len(survivor.assignment()) != 2 and time.monotonic() < deadline:
            survivor.poll(0.02)
        kafka.network.observers.clear()
        assert len(survivor.assignment()) == 2
    assert "Heartbeat" not in told[told.index("LeaveGroup") : told.index("JoinGroup")]
