from __future__ import annotations

import logging
import os
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition
from minikafka.errors import ErrorCode, IllegalArgumentError, IllegalStateError
from minikafka.log.record_batch import RecordBatch, split_batches
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.describe_cluster import DescribeClusterRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData

Start = Callable[..., MiniKafka]
Connect = Callable[[str], Any]


def addresses(kafka: MiniKafka) -> list[str]:
    return kafka.listening_on.split(",")


def threads() -> list[str]:
    """The names of the library's threads."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("minikafka"))


def produce(value: bytes = b"v", acks: int = -1, topic: str = "t") -> ProduceRequest:
    batch = RecordBatch.build([(0, 1000, None, value, ())])
    data = PartitionProduceData(index=0, records=batch.encode())
    return ProduceRequest(
        acks=acks, timeout_ms=5000, topic_data=[TopicProduceData(name=topic, partition_data=[data])]
    )


def fetch(max_wait_ms: int, offset: int = 0) -> FetchRequest:
    partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
    return FetchRequest(
        max_wait_ms=max_wait_ms, min_bytes=1, topics=[FetchTopic(topic="t", partitions=[partition])]
    )


def test_virtual_time_cannot_listen() -> None:
    with MiniKafka() as kafka:
        with pytest.raises(IllegalStateError, match="clock='system'"):
            kafka.listen()
        assert threads() == []


def test_listening_twice_is_refused(kafka: MiniKafka) -> None:
    with pytest.raises(IllegalStateError, match="listens already"):
        kafka.listen()


@pytest.mark.parametrize(
    ("host", "port", "options"),
    [
        ("no.such.host.invalid", 0, {}),
        ("127.0.0.1", 70000, {}),
        ("127.0.0.1", 0, {"max_connections": 0}),
    ],
)
def test_bad_arguments_leave_a_cluster_that_can_listen(host: str, port: int, options: dict[str, int]) -> None:
    with MiniKafka(clock="system") as kafka:
        with pytest.raises(IllegalArgumentError):
            kafka.listen(host, port, **options)
        kafka.listen()


def test_fixed_ports_and_taken_ports(listening: Start) -> None:
    first = listening()
    taken = int(addresses(first)[0].split(":")[1])
    with MiniKafka(clock="system") as second, pytest.raises(IllegalArgumentError, match=f"{taken}"):
        second.listen(port=taken)
    first.close()
    third = listening(port=taken)
    assert addresses(third) == [f"127.0.0.1:{taken}"]


def test_wire_clients_are_told_sockets_and_others_are_not(listening: Start, connect: Connect) -> None:
    kafka = listening(brokers=2)
    expected = {f"127.0.0.1:{port}" for port in (address.split(":")[1] for address in addresses(kafka))}
    client = connect(addresses(kafka)[1])
    metadata = client.ask(MetadataRequest(topics=[]))
    assert {f"{broker.host}:{broker.port}" for broker in metadata.brokers} == expected
    cluster = client.ask(DescribeClusterRequest())
    assert {f"{broker.host}:{broker.port}" for broker in cluster.brokers} == expected
    assert {broker.host for broker in kafka.image.alive_brokers()} == {kafka.name}
    kafka.create_topic("__consumer_offsets", 2)
    for version in (0, 3, 4, 6):
        question = (
            FindCoordinatorRequest(coordinator_keys=["g"]) if version > 3 else FindCoordinatorRequest(key="g")
        )
        found = client.ask(question, version)
        found = found.coordinators[0] if version > 3 else found
        assert f"{found.host}:{found.port}" in expected


def test_a_stale_leader_hint_names_the_socket(listening: Start, connect: Connect) -> None:
    kafka = listening(brokers=2)
    kafka.create_topic("t", 1, 1)
    leader = kafka.image.topics["t"].partitions[0].leader
    client = connect(addresses(kafka)[2 - leader])
    answer = client.ask(produce(), 12)
    partition = answer.responses[0].partition_responses[0]
    assert partition.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert partition.current_leader.leader_id == leader
    (endpoint,) = answer.node_endpoints
    assert f"{endpoint.host}:{endpoint.port}" == addresses(kafka)[leader - 1]


def test_pipelined_requests_are_answered_in_order(kafka: MiniKafka, connect: Connect) -> None:
    kafka.create_topic("t")
    client = connect(kafka.listening_on)
    client.send(fetch(max_wait_ms=60), 11, 1)  # parked, and the others wait behind it
    for correlation_id in range(2, 30):
        client.send(produce(), 9, correlation_id)
    client.send(MetadataRequest(topics=[]), 9, 30)
    kinds = [FetchRequest] + [ProduceRequest] * 28 + [MetadataRequest]
    versions = [11] + [9] * 29
    responses = [client.receive(kind, version) for kind, version in zip(kinds, versions)]
    assert [correlation_id for correlation_id, _ in responses] == list(range(1, 31))
    offsets = [each.responses[0].partition_responses[0].base_offset for _, each in responses[1:-1]]
    assert offsets == list(range(28))
    assert not split_batches(responses[0][1].responses[0].partitions[0].records or b"")


def test_a_parked_fetch_wakes_when_another_client_produces(kafka: MiniKafka, connect: Connect) -> None:
    kafka.create_topic("t")
    waiting = connect(kafka.listening_on)
    waiting.send(fetch(max_wait_ms=30_000), 11, 1)
    assert (
        connect(kafka.listening_on).ask(produce(b"one"), 9).responses[0].partition_responses[0].error_code
        == 0
    )
    _, response = waiting.receive(FetchRequest, 11)
    (batch,) = split_batches(response.responses[0].partitions[0].records)
    assert [record[3] for record in batch.records] == [b"one"]
    # ... and when an in-process client does.
    waiting.send(fetch(max_wait_ms=30_000, offset=1), 11, 2)
    producer = kafka.producer()
    producer.send("t", b"two").get(timeout=10)
    _, response = waiting.receive(FetchRequest, 11)
    (batch,) = split_batches(response.responses[0].partitions[0].records)
    assert [record[3] for record in batch.records] == [b"two"]
    producer.close()


def test_an_in_process_consumer_waits_for_a_wire_client(kafka: MiniKafka, connect: Connect) -> None:
    kafka.create_topic("t")
    consumer = kafka.consumer()
    consumer.assign([TopicPartition("t", 0)])
    consumer.seek_to_beginning()
    assert consumer.position(TopicPartition("t", 0)) == 0
    client = connect(kafka.listening_on)
    thread = threading.Thread(target=client.ask, args=(produce(b"hello"), 9))
    thread.start()
    found = consumer.poll(timeout_ms=10_000)
    thread.join()
    assert [record.value for records in found.values() for record in records] == [b"hello"]
    consumer.close()


def test_produce_without_acks(kafka: MiniKafka, connect: Connect) -> None:
    kafka.create_topic("t")
    client = connect(kafka.listening_on)
    for _ in range(3):
        client.send(produce(acks=0), 9)
    assert client.ask(MetadataRequest(topics=[]), 9) is not None  # the first answer that comes
    assert len(kafka.records("t")) == 3
    client.send(produce(acks=0, topic="unknown"), 9)
    assert client.is_closed()


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">i", 104857601),
        struct.pack(">ihhih", 10, 999, 0, 1, -1),
        struct.pack(">ihhih", 10, 0, 0, 1, -1),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_bytes_that_are_no_request_close_their_connection_alone(
    kafka: MiniKafka, connect: Connect, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = connect(kafka.listening_on), connect(kafka.listening_on)
    with caplog.at_level(logging.INFO, "minikafka.wire"):
        bad.socket.sendall(data)
        assert bad.is_closed()
        good.ask(MetadataRequest(topics=[]), 9)
    assert "malformed request" in caplog.text
    kafka.check_health()


def test_faults_meet_wire_clients(kafka: MiniKafka, connect: Connect) -> None:
    kafka.create_topic("t")
    kafka.faults.answer(ErrorCode.NOT_ENOUGH_REPLICAS, "Produce", source="client", times=1)
    client = connect(kafka.listening_on)
    partition = client.ask(produce(), 9).responses[0].partition_responses[0]
    assert partition.error_code == ErrorCode.NOT_ENOUGH_REPLICAS
    kafka.faults.disconnect("Metadata", source="client", times=1)
    client.send(MetadataRequest(topics=[]), 9)
    assert client.is_closed()
    assert len(kafka.records("t")) == 0


def test_a_killed_broker_closes_its_port_and_reopens_it(listening: Start, connect: Connect) -> None:
    kafka = listening(brokers=2)
    mine, other = (connect(address) for address in addresses(kafka))
    for client in (mine, other):
        client.ask(ApiVersionsRequest(), 0)
    before = kafka.listening_on
    kafka.kill(1)
    with pytest.raises(ConnectionRefusedError):
        connect(addresses(kafka)[0])
    assert mine.is_closed()
    other.ask(ApiVersionsRequest(), 0)
    kafka.start(1)
    assert kafka.listening_on == before
    connect(addresses(kafka)[0]).ask(ApiVersionsRequest(), 0)
    kafka.stop(2)
    assert other.is_closed()
    kafka.start(2)
    connect(addresses(kafka)[1]).ask(ApiVersionsRequest(), 0)


def test_idle_connections_are_closed(listening: Start, connect: Connect) -> None:
    kafka = listening(limits={"connections_max_idle_ms": 60})
    client = connect(kafka.listening_on)
    client.ask(ApiVersionsRequest(), 0)
    assert client.is_closed()


def test_the_limit_of_connections(listening: Start, connect: Connect) -> None:
    kafka = listening(limits={"max_connections": 2})
    first, second = connect(kafka.listening_on), connect(kafka.listening_on)
    for client in (first, second):
        client.ask(ApiVersionsRequest(), 0)
    assert connect(kafka.listening_on).is_closed()
    first.ask(ApiVersionsRequest(), 0)


def test_a_client_that_does_not_read_is_not_answered_without_end(listening: Start, connect: Connect) -> None:
    kafka = listening(limits={"write_buffer_bytes": 20_000, "read_buffer_bytes": 1000})
    for index in range(60):
        kafka.create_topic(f"a-topic-with-quite-a-long-name-{index}")
    greedy, modest = connect(kafka.listening_on), connect(kafka.listening_on)
    # Requests of some size, so that what the kernel holds for a reader that does not read is soon full.
    names = [MetadataRequestTopic(name=f"a-topic-with-quite-a-long-name-{index}") for index in range(25)]
    greedy.socket.settimeout(0.2)
    sent = 0
    while sent < 50_000:
        try:
            greedy.send(MetadataRequest(topics=names), 1, sent)
        except TimeoutError:
            break
        sent += 1
    assert sent < 50_000
    modest.ask(MetadataRequest(topics=[]), 9)
    greedy.socket.settimeout(10)
    # All that arrived whole is answered, in order, once it reads.
    for correlation_id in range(min(sent, 200)):
        assert greedy.receive(MetadataRequest, 1)[0] == correlation_id


def test_many_connections_at_once(kafka: MiniKafka, connect: Connect) -> None:
    clients = [connect(kafka.listening_on) for _ in range(200)]
    for client in clients:
        client.send(MetadataRequest(topics=[]), 9)
    for client in clients:
        assert client.receive(MetadataRequest, 9)[1].brokers
    assert threads() == ["minikafka-clock", "minikafka-wire"]


def test_clusters_leave_nothing_behind(connect: Connect) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0

    before = open_files()
    ports = []
    for _ in range(20):
        with MiniKafka(clock="system") as kafka:
            address = kafka.listen()
            ports.append(int(address.split(":")[1]))
            client = connect(address)
            client.ask(ApiVersionsRequest(), 0)
            client.send(MetadataRequest(topics=[MetadataRequestTopic(name="x")]), 9)
        assert threads() == []
        client.close()
    assert open_files() <= before
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_closing_while_clients_wait(listening: Start, connect: Connect) -> None:
    kafka = listening()
    kafka.create_topic("t")
    clients = [connect(kafka.listening_on) for _ in range(5)]
    for client in clients:
        client.send(fetch(max_wait_ms=60_000), 11)
    kafka.close()
    assert all(client.is_closed() for client in clients)


def test_a_bug_is_answered_and_poisons_the_cluster(connect: Connect) -> None:
    kafka = MiniKafka(clock="system")
    client = connect(kafka.listen())
    kafka.brokers[1]._handlers["Metadata"] = lambda *_: 1 // 0
    assert client.ask(DescribeClusterRequest()).error_code == 0
    response = client.ask(MetadataRequest(topics=[MetadataRequestTopic(name="x")]), 12)
    assert response.topics[0].error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    with pytest.raises(Exception, match="ZeroDivisionError"):
        kafka.close()
    assert client.is_closed()


def test_an_answer_that_cannot_be_told_poisons_the_cluster(connect: Connect) -> None:
    from minikafka.messages.metadata import MetadataResponse

    kafka = MiniKafka(clock="system")
    client = connect(kafka.listen())
    kafka.brokers[1]._handlers["Metadata"] = lambda *_: MetadataResponse(cluster_id=5)  # type: ignore[arg-type]
    response = client.ask(MetadataRequest(topics=[MetadataRequestTopic(name="x")]), 12)
    assert response.topics[0].error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    with pytest.raises(Exception, match="cluster_id"):
        kafka.close()
