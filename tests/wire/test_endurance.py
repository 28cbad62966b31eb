"""A thousand connections at once, and two hundred clusters one after another: all are served, nothing is left."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from minikafka import MiniKafka
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.metadata import MetadataRequest
from minikafka.messages.schema import Request

resource = pytest.importorskip("resource")

Start = Callable[..., MiniKafka]
Connect = Callable[[str], Any]
Frame = Callable[..., bytes]

CONNECTIONS = 1000
CLUSTERS = 200
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER so that closing sends RST."""
QUESTION = MetadataRequest(topics=[])
OURS = (
    "minikafka",
    "asyncio",
    "socket",
    "_socket",
    "selectors",
    "select",
    "threading",
    "_thread",
    "concurrent",
)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Allows as many open files as both ends of all the connections take."""
    wanted = 2 * CONNECTIONS + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY, -1) and hard < wanted:
        pytest.skip(f"{wanted} open files are needed, and this system allows {hard}")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_files() -> int:
    """How many file descriptors this process has; 0 where the system does not tell."""
    return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0


def living_objects() -> Counter[str]:
    """How many objects there are of each class that has to do with clusters, sockets, threads and tasks."""
    gc.collect()
    found: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        if str(kind.__module__).split(".")[0] in OURS or kind.__name__ in (
            "coroutine",
            "generator",
            "function",
        ):
            found[f"{kind.__module__}.{kind.__qualname__}"] += 1
    return found


def long_poll() -> Request:
    partition = FetchPartition(partition=0, partition_max_bytes=1000)
    return FetchRequest(
        max_wait_ms=600_000, min_bytes=1, topics=[FetchTopic(topic="t", partitions=[partition])]
    )


def test_a_thousand_connections(
    many_files: None, listening: Start, connect: Connect, encode_frame: Frame
) -> None:
    before = open_files()
    kafka = listening()
    kafka.create_topic("t")
    clients = [connect(kafka.listening_on) for _ in range(CONNECTIONS)]
    busy, idle, slow, waiting, deaf = (clients[start::5] for start in range(5))
    whole = encode_frame(QUESTION, 9)

    for client in waiting:
        client.send(long_poll(), 11)
    for client in slow:
        client.socket.sendall(whole[:7])
    for client in deaf:
        client.socket.sendall(whole * 20)  # it will read nothing
    for client in busy:
        client.socket.sendall(whole * 3)
    for client in busy:
        assert [client.receive(MetadataRequest, 9)[0] for _ in range(3)] == [1, 1, 1]
    for client in slow:
        client.socket.sendall(whole[7:12])
    for client in idle:
        assert client.ask(QUESTION, 9).brokers
    for client in slow:
        client.socket.sendall(whole[12:])
        assert client.receive(MetadataRequest, 9)[1].brokers

    producer = kafka.producer()
    producer.send("t", b"v").get(timeout=10)
    producer.close()
    for client in waiting:  # each long poll has ended
        assert client.receive(FetchRequest, 11)[1].responses[0].partitions[0].records
    assert threading.active_count() < 10  # nobody has a thread of its own

    gone, left = clients[: CONNECTIONS // 2], clients[CONNECTIONS // 2 :]
    for number, client in enumerate(gone):  # the clients end these
        if number % 2:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
    assert busy[-1].ask(QUESTION, 9).brokers
    kafka.stop(1)  # and the cluster those
    for client in left:
        while not client.is_closed():
            pass  # what had been answered before
        client.close()
    kafka.check_health()
    kafka.close()
    assert open_files() <= before


def one_cluster(number: int, connect: Connect) -> None:
    """A cluster with a client that was answered, one that waits, and one in the midst of a request."""
    with MiniKafka(clock="system") as kafka:
        kafka.create_topic("t")
        where = kafka.listen()
        clients = [connect(where) for _ in range(3)]
        clients[0].ask(ApiVersionsRequest(), 0)
        clients[1].send(long_poll(), 11)
        clients[2].socket.sendall(b"\0\0")
        if number % 2:
            clients[0].close()
    for client in clients:
        assert client.socket.fileno() == -1 or client.is_closed()
        client.close()


def test_two_hundred_clusters(connect: Connect, connections: list[Any]) -> None:
    def run(count: int) -> tuple[Counter[str], int, int, int]:
        for number in range(count):
            one_cluster(number, connect)
        connections.clear()
        return living_objects(), open_files(), threading.active_count(), sys.getallocatedblocks()

    run(10)  # what is made once has been made
    objects, files, threads, blocks = run(10)
    later, files_later, threads_later, blocks_later = run(CLUSTERS - 20)
    assert files_later <= files
    assert threads_later <= threads
    assert blocks_later - blocks < 5 * CLUSTERS  # pieces of memory; a cluster takes thousands
    assert not {name: count for name, count in (later - objects).items() if count > CLUSTERS // 10}
    with pytest.raises(RuntimeError):
        asyncio.all_tasks()  # no loop is left running here
