"""How long clients on sockets wait: a confluent-kafka group's first record, and the survivor of a group.

Everything is at librdkafka's defaults. The rival is its own mock cluster, in the same run; it is not asked for the
survivor, who waits there for a whole session timeout.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, Producer

from benchmarks.figures import Figure, median
from minikafka import MiniKafka
from minikafka.wire.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROUNDS = 5
_SURVIVORS = 3
_TIMEOUT_S = 60
_PARTITIONS = 4


def measure() -> Iterator[Figure]:
    """Measure every figure of this suite."""
    shares: list[float] = []
    seconds = [_first_record(shares) for _ in range(_ROUNDS)]
    rival = _first_record_of_the_mock()
    yield Figure("from listen() to the first record of a group", median(seconds), "s", 1.0, True)
    yield Figure("... as a ratio to librdkafka's mock cluster", median(seconds) / rival, "", 1.0, True)
    yield Figure("... the broker's own share, once all is imported", median(shares[1:]), "ms", 10, True)
    survivors = [_survivor() for _ in range(_SURVIVORS)]
    yield Figure("after a clean leave the survivor has read on (prompt)", median(survivors), "s", 1.0, True)


def _consumer(servers: str, **options: str) -> Any:
    return Consumer(
        {"bootstrap.servers": servers, "group.id": "g", "auto.offset.reset": "earliest", **options}
    )


def _first_record(shares: list[float]) -> float:
    with MiniKafka(clock="system") as kafka:
        kafka.create_topic("t", _PARTITIONS)
        with kafka.producer() as producer:
            producer.send("t", b"first").get(timeout=_TIMEOUT_S)
        started = time.perf_counter()
        servers = kafka.listen()
        with _OwnShare() as share, closing(_consumer(servers)) as consumer:
            consumer.subscribe(["t"])
            message = consumer.poll(_TIMEOUT_S)
            assert message.value() == b"first"
            seconds = time.perf_counter() - started
            shares.append(share.ms)
    return seconds


class _OwnShare:
    """The CPU time that the sockets' thread spends on requests: decoding, handling, encoding, writing."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._serve: Callable[[Peer], None] = Peer.serve

    def __enter__(self) -> _OwnShare:
        serve = self._serve

        def timed(peer: Peer) -> None:
            started = time.thread_time()
            serve(peer)
            self.ms += (time.thread_time() - started) * 1000

        Peer.serve = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *exc_info: object) -> None:
        Peer.serve = self._serve  # type: ignore[method-assign]


def _first_record_of_the_mock() -> float:
    """The mock makes a topic when somebody produces to it, so the clock starts with the consumer."""
    with closing(_consumer("mock", **{"test.mock.num.brokers": "1"})) as host:
        (broker,) = host.list_topics(timeout=_TIMEOUT_S).brokers.values()
        servers = f"{broker.host}:{broker.port}"
        producer = Producer({"bootstrap.servers": servers})
        producer.produce("t", b"first")
        assert producer.flush(_TIMEOUT_S) == 0
        started = time.perf_counter()
        with closing(_consumer(servers)) as consumer:
            consumer.subscribe(["t"])
            assert consumer.poll(_TIMEOUT_S).value() == b"first"
            return time.perf_counter() - started


def _survivor() -> float:
    """From the leave of one of two members to the other's last record of all partitions."""
    with MiniKafka(clock="system") as kafka:
        kafka.create_topic("t", _PARTITIONS)
        servers = kafka.listen(prompt_rebalances=True)
        with kafka.producer() as producer, closing(_consumer(servers)) as survivor:
            leaver = _consumer(servers)
            members = (survivor, leaver)
            for member in members:
                member.subscribe(["t"])
            while any(len(member.assignment()) != _PARTITIONS // 2 for member in members) or not _held(kafka):
                for member in members:
                    member.poll(0.02)
            leaver.close()
            started = time.perf_counter()
            for partition in range(_PARTITIONS):
                producer.send("t", b"next", partition=partition)
            producer.flush()
            read = 0
            while read < _PARTITIONS:
                read += survivor.poll(_TIMEOUT_S) is not None
            return time.perf_counter() - started


def _held(kafka: MiniKafka) -> bool:
    """Whether every member has sent the heartbeat that it hears of the rebalance by."""
    return any(
        len(group.held_heartbeats) == len(group.members) == 2  # type: ignore[attr-defined]
        for _, shard in kafka.group_shards()
        for group in shard.groups.all()
    )
