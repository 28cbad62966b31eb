"""How long clients on sockets wait: a confluent-kafka group's first record, and the survivor of a group.

Everything is at librdkafka's defaults. At those a member hears of a rebalance by its next heartbeat, up to three
seconds later, with Kafka and with `prompt_rebalances=False`; else at once. The rivals are measured in the same run;
with librdkafka's own mock cluster the survivor waits for a whole session timeout.
"""

from __future__ import annotations

import math
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, Producer

from benchmarks.figures import Figure, median
from benchmarks.rivals import MockCluster, Rival, rivals
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
    yield Figure("from listen() to the first record of a group", median(seconds), "s", 1.0, True)
    yield Figure("... the broker's own share, once all is imported", median(shares[1:]), "ms", 10, True)
    others = rivals()
    for name, start in others.items():
        rival = _first_record_of(start)
        yield Figure(f"... by {name}", rival, "s", math.inf, True)
        yield Figure(f"... minikafka / {name}", median(seconds) / rival, "ratio", _bound(start), True)
    survivors = [_survivor(None) for _ in range(_SURVIVORS)]
    yield Figure("after a clean leave the survivor has read on", median(survivors), "s", 1.0, True)
    usual = median([_survivor(False) for _ in range(_SURVIVORS)])
    yield Figure("... with prompt_rebalances=False, as with Kafka", usual, "s", 4.0, True)
    for name, start in others.items():
        rival = _survivor_of(start)
        yield Figure(f"... by {name}", rival, "s", math.inf, True)
        yield Figure(f"... minikafka / {name}", median(survivors) / rival, "ratio", _bound(start), True)


def _bound(start: Callable[[], Rival]) -> float:
    """What librdkafka's mock cluster takes is the bound that was set; the others are told for comparison."""
    return 1.0 if start is MockCluster else math.inf


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


def _first_record_of(start: Callable[[], Rival]) -> float:
    """The clock starts with the consumer, for librdkafka's mock makes a topic when somebody produces to it."""
    with start() as broker:
        broker.create_topic("t", _PARTITIONS)
        _produce(broker.bootstrap, b"first", 1)
        started = time.perf_counter()
        with closing(_consumer(broker.bootstrap)) as consumer:
            consumer.subscribe(["t"])
            assert consumer.poll(_TIMEOUT_S).value() == b"first"
            return time.perf_counter() - started


def _produce(servers: str, value: bytes, partitions: int) -> None:
    producer = Producer({"bootstrap.servers": servers})
    for partition in range(partitions):
        producer.produce("t", value, partition=partition)
    assert producer.flush(_TIMEOUT_S) == 0


def _survivor(prompt: bool | None) -> float:
    """From the leave of one of two members to the other's last record of all partitions."""
    with MiniKafka(clock="system") as kafka:
        kafka.create_topic("t", _PARTITIONS)
        servers = kafka.listen(prompt_rebalances=prompt)
        return _read_on(servers, (lambda: True) if prompt is False else (lambda: _held(kafka)))


def _survivor_of(start: Callable[[], Rival]) -> float:
    with start() as broker:
        broker.create_topic("t", _PARTITIONS)
        return _read_on(broker.bootstrap, lambda: True)


def _read_on(servers: str, ready: Callable[[], bool]) -> float:
    with closing(_consumer(servers)) as survivor:
        leaver = _consumer(servers)
        members = (survivor, leaver)
        for member in members:
            member.subscribe(["t"])
        while any(len(member.assignment()) != _PARTITIONS // 2 for member in members) or not ready():
            for member in members:
                member.poll(0.02)
        leaver.close()
        started = time.perf_counter()
        _produce(servers, b"next", _PARTITIONS)
        read = 0
        while read < _PARTITIONS:
            message = survivor.poll(_TIMEOUT_S)
            assert message is not None, f"nothing came within {_TIMEOUT_S} s"
            read += message.error() is None
        return time.perf_counter() - started


def _held(kafka: MiniKafka) -> bool:
    """Whether every member has sent the heartbeat that it hears of the rebalance by."""
    return any(
        len(group.held_heartbeats) == len(group.members) == 2  # type: ignore[attr-defined]
        for _, shard in kafka.group_shards()
        for group in shard.groups.all()
    )
