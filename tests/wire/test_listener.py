from __future__ import annotations

import errno
import logging
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition
from minikafka.errors import ErrorCode, IllegalArgumentError, IllegalStateError
from minikafka.log.record_batch import RecordBatch, split_batches
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.describe_cluster import DescribeClusterRequest
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.heartbeat import HeartbeatRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.wire.listener import Listener

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
        ("127.0.0.1", 0, {"max_connections": -1}),
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


def test_a_fetch_that_waits_does_not_hold_a_closed_connections_place(
    listening: Start, connect: Connect
) -> None:
    """A peer that goes while its request is parked is forgotten at once, and so makes room for another."""
    kafka = listening(limits={"max_connections": 1})
    kafka.create_topic("t")
    for _ in range(5):
        client = connect(kafka.listening_on)
        client.send(fetch(max_wait_ms=60_000), 11)
        kafka.wait_until(lambda: any(peer._connection.current for peer in kafka._listener._peers))
        client.close()
        kafka.wait_until(lambda: not kafka._listener._peers, timeout_ms=10_000)
    connect(kafka.listening_on).ask(ApiVersionsRequest(), 0)
    assert not kafka.network._pending


def test_half_a_request_is_closed_when_it_idles(listening: Start, connect: Connect) -> None:
    kafka = listening(connections_max_idle_ms=60)
    client = connect(kafka.listening_on)
    client.socket.sendall(struct.pack(">i", 1000) + b"half")
    assert client.is_closed()


def test_a_client_that_reads_nothing_is_closed_when_it_idles(
    listening: Start,
    connect: Connect,
    encode_frame: Callable[..., bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kafka = listening(limits={"connections_max_idle_ms": 200, "write_buffer_bytes": 1000})
    kafka.create_topic("t", 200)
    client = connect(kafka.listening_on)
    client.ask(ApiVersionsRequest(), 0)
    # Small requests, and more of answers than any system keeps for somebody who does not read.
    request = encode_frame(MetadataRequest(topics=[MetadataRequestTopic(name="t")]), 1)
    with caplog.at_level(logging.INFO, "minikafka.wire"):
        client.socket.sendall(request * 3000)
        kafka.wait_until(lambda: not kafka._listener._peers)
    assert "nothing moved for 200 ms" in caplog.text
    kafka.check_health()


def test_a_large_request_is_only_as_large_as_what_has_come_of_it(kafka: MiniKafka, connect: Connect) -> None:
    """A frame that is announced costs nothing before its bytes are there."""
    clients = [connect(kafka.listening_on) for _ in range(20)]
    for client in clients:
        client.socket.sendall(struct.pack(">i", 100 * 1024 * 1024) + b"0" * 10)
    modest = connect(kafka.listening_on)
    modest.ask(ApiVersionsRequest(), 0)
    kafka.wait_until(lambda: sum(peer._connection.buffered == 14 for peer in kafka._listener._peers) == 20)


def test_the_cluster_was_told_the_limits(listening: Start, connect: Connect) -> None:
    kafka = listening(config={"socket.request.max.bytes": 100, "max.connections": 5})
    client = connect(kafka.listening_on)
    client.ask(ApiVersionsRequest(), 0)
    client.socket.sendall(struct.pack(">i", 101))
    assert client.is_closed()
    mine = connect(kafka.listening_on)
    broker = DescribeConfigsResource(
        resource_type=4, resource_name="1", configuration_keys=["socket.request.max.bytes", "max.connections"]
    )
    (described,) = mine.ask(DescribeConfigsRequest(resources=[broker])).results
    assert {each.name: each.value for each in described.configs} == {
        "socket.request.max.bytes": "100",
        "max.connections": "5",
    }


def test_what_is_advertised_is_what_clients_are_told(listening: Start, connect: Connect) -> None:
    kafka = listening(2, host="0.0.0.0", limits={"advertised_host": "localhost"})
    ports = [listening_port(address) for address in addresses(kafka)]
    assert addresses(kafka) == [f"localhost:{port}" for port in ports]
    metadata = connect(f"127.0.0.1:{ports[1]}").ask(MetadataRequest(topics=[]))
    assert [(broker.host, broker.port) for broker in metadata.brokers] == [
        ("localhost", port) for port in ports
    ]


def test_the_ports_of_a_proxy_are_advertised(listening: Start, connect: Connect) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    kafka = listening(2, port=[free, 0], limits={"advertised_host": "proxy", "advertised_port": [1, 2]})
    assert kafka.listening_on == "proxy:1,proxy:2"
    metadata = connect(f"127.0.0.1:{free}").ask(MetadataRequest(topics=[]))
    assert [(broker.host, broker.port) for broker in metadata.brokers] == [("proxy", 1), ("proxy", 2)]


def listening_port(address: str) -> int:
    return int(address.rsplit(":", 1)[1])


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "/127.0.0.1"), ("::1", "/0:0:0:0:0:0:0:1")])
def test_the_coordinator_knows_where_a_member_connects_from(
    listening: Start, connect: Connect, host: str, shown: str
) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    kafka = listening(host=host)
    client = connect(kafka.listening_on)
    assert kafka.listening_on.startswith("[::1]:" if host == "::1" else "127.0.0.1:")
    join = JoinGroupRequest(
        group_id="g",
        session_timeout_ms=10_000,
        rebalance_timeout_ms=10_000,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
    )
    assert client.ask(join, 2).error_code == 0
    (group,) = client.ask(DescribeGroupsRequest(groups=["g"]), 5).groups
    assert [member.client_host for member in group.members] == [shown]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("brokers", [1, 3])
def test_a_cluster_that_listens_has_its_coordinators_ready(
    listening: Start, connect: Connect, brokers: int
) -> None:
    """The first FindCoordinator names one, and it answers."""
    kafka = listening(brokers)
    client = connect(addresses(kafka)[0])
    for group_id in map(str, range(20)):
        found = client.ask(FindCoordinatorRequest(key=group_id), 3)
        assert found.error_code == 0
        coordinator = connect(f"{found.host}:{found.port}")
        answer = coordinator.ask(HeartbeatRequest(group_id=group_id, member_id="m"), 3)
        assert answer.error_code == ErrorCode.UNKNOWN_MEMBER_ID
    partitions = kafka.topic("__consumer_offsets").partitions
    assert (len(partitions), len(partitions[0].isr)) == (50, brokers)


def test_with_too_few_brokers_there_are_no_coordinators(listening: Start, connect: Connect) -> None:
    """As in Kafka, where the topic cannot be made either."""
    kafka = listening(2, offsets_topic_replication_factor=3)
    answer = connect(addresses(kafka)[0]).ask(FindCoordinatorRequest(key="g"), 3)
    assert answer.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE


def test_a_broker_that_is_down_coordinates_nothing(connect: Connect) -> None:
    with MiniKafka(3, clock="system") as kafka:
        kafka.stop(3)
        client = connect(kafka.listen().split(",")[0])
        found = [client.ask(FindCoordinatorRequest(key=str(index)), 3) for index in range(20)]
        assert {each.error_code for each in found} == {0}
        assert {each.node_id for each in found} == {1, 2}


def test_closing_in_another_thread(listening: Start, connect: Connect) -> None:
    kafka = listening(2)
    kafka.create_topic("t")
    leader = addresses(kafka)[kafka.topic("t").partitions[0].leader - 1]
    clients = [connect(leader) for _ in range(3)]
    for client in clients:
        client.send(fetch(max_wait_ms=60_000), 11)
    thread = threading.Thread(target=kafka.close)
    thread.start()
    assert all(client.is_closed() for client in clients)
    thread.join(10)
    assert threads() == []


def test_closing_while_another_thread_begins_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = MiniKafka(clock="system")
    closing = threading.Thread(target=kafka.close)
    open_one = Listener.open

    def close_and_open(listener: Listener, node_id: int) -> None:
        closing.start()
        while not kafka._closed:
            pass
        open_one(listener, node_id)

    monkeypatch.setattr(Listener, "open", close_and_open)
    kafka.listen()
    closing.join(10)
    assert kafka.listening_on is None
    assert threads() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_that_ends_leaves_the_sockets_to_its_parent() -> None:
    code = """
import os, socket, sys
from minikafka import MiniKafka
kafka = MiniKafka(clock="system")
host, port = kafka.listen().split(":")
child = os.fork()
if child == 0:
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
with socket.create_connection((host, int(port)), timeout=10) as client:
    client.sendall(b"\\0\\0\\0\\x13\\0\\x12\\0\\0\\0\\0\\0\\1\\0\\x09minikafka")
    assert client.recv(4)
kafka.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("clock", ["system", "manual"])
@pytest.mark.parametrize("in_loop", [False, True])
def test_an_interpreter_that_ends_without_a_close(clock: str, in_loop: bool) -> None:
    """Nothing is complained of, with every warning on."""
    code = f"""
import asyncio, socket
from minikafka import MiniKafka
kafka = MiniKafka(2, clock={clock!r})

def ask(servers):
    host, port = servers.split(",")[0].split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"\\0\\0\\0\\x13\\0\\x12\\0\\0\\0\\0\\0\\1\\0\\x09minikafka")
        assert client.recv(4)

async def main():
    servers = await kafka.listen_in_loop()
    await asyncio.get_running_loop().run_in_executor(None, ask, servers)

if {in_loop}:
    asyncio.run(main())
else:
    ask(kafka.listen())
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, timeout=60, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_broker_without_files_left_accepts_later(
    listening: Start, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("minikafka.wire.door._ACCEPT_AGAIN_S", 0.01)
    accept = socket.socket.accept
    failures = [OSError(errno.EMFILE, "Too many open files")] * 3

    def fail_at_first(listening: socket.socket) -> Any:
        if failures:
            raise failures.pop()
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", fail_at_first)
    kafka = listening()
    with caplog.at_level(logging.WARNING, "minikafka.wire"):
        connect(kafka.listening_on).ask(ApiVersionsRequest(), 0)
    assert not failures
    assert "broker-1 cannot accept connections: [Errno 24]" in caplog.text


def test_a_connection_that_is_reset_before_it_is_accepted_is_nobodys_bug(
    kafka: MiniKafka, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS sets no option of such a socket; here nobody can, as long as the option does not exist."""
    with monkeypatch.context() as patch:
        patch.setattr(socket, "SO_KEEPALIVE", 9999)
        assert connect(kafka.listening_on).is_closed()
    assert connect(kafka.listening_on).ask(ApiVersionsRequest(), 0).error_code == 0
    assert not kafka.poisoned


def test_a_port_that_is_taken_between_two_lives_leaves_the_broker_down(
    listening: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be started once the port is free."""
    kafka = listening(2)
    kafka.kill(1)
    with monkeypatch.context() as patched:
        patched.setattr("minikafka.wire.port._RESERVES", True)
        port = kafka._listener._ports[1]
        patched.setattr(type(port), "listen", _taken)
        with pytest.raises(IllegalArgumentError, match="taken"):
            kafka.start(1)
    assert 1 not in kafka.brokers
    kafka.start(1)
    assert 1 in kafka.brokers


def _taken(*_: object) -> None:
    raise IllegalArgumentError("the port is taken")
