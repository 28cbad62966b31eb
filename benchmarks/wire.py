"""What clients on sockets get: records a second, and the broker's CPU time for a batch; beside rivals and floors.

minikafka is in a process of its own here, as `minikafka serve` is. The clients are at their defaults, but that
librdkafka's queue is long enough for all the records. CPU time is that of the whole process, kernel and all. Part of
it is nobody's to save: the kernel's work for the sockets, told by a bare asyncio server that moves the same bytes,
and its first touch of the memory that keeps the records.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from benchmarks.broker_process import BrokerProcess
from benchmarks.figures import Figure
from benchmarks.rivals import everybody
from benchmarks.wire_cpu import cpu_per_batch, first_touch, floor_per_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Action = Callable[[str], None]

RECORDS = 100_000
VALUE = b"x" * 100
PARTITIONS = 4
ROUNDS = 3
TIMEOUT_S = 60.0

BOOTSTRAP_MS = 5000

Rates = dict[str, float]


def measure() -> Iterator[Figure]:
    """The figures of the wire."""
    yield from _cpu_figures()
    for client, produce, consume, bound, rival_bound in (
        ("confluent-kafka", produce_confluent, consume_confluent, 200_000, 0),
        ("kafka-python 3", produce_kafka_python, consume_kafka_python, 17_000, 0.9),
    ):
        produced, consumed = rates(produce, consume)
        for verb, found in (("produced", produced), ("consumed", consumed)):
            ours = found.pop("")
            yield Figure(f"100 B records {verb} by {client}", ours, "records/s", bound, False)
            for name, rate in found.items():
                yield Figure(f"... by {name}", rate, "records/s", 0, False)
                yield Figure(f"... minikafka / {name}", ours / rate, "ratio", rival_bound, False)


def _cpu_figures() -> Iterator[Figure]:
    produced, fetched = cpu_per_batch()
    floor_produced, floor_fetched = floor_per_batch()
    for verb, seconds, floor in (
        ("produced", produced, floor_produced),
        ("fetched", fetched, floor_fetched),
    ):
        yield Figure(f"broker CPU per {verb} batch of 16 KB", seconds * 1e6, "µs", 60, True)
        yield Figure("... of which a bare server needs", floor * 1e6, "µs", math.inf, True)
    for verb, seconds in zip(("produced", "fetched"), client_cpu_per_batch()):
        name = f"broker CPU per batch {verb} by kafka-python 3, up to 16 KB"
        yield Figure(name, seconds * 1e6, "µs", math.inf, True)
    yield Figure("the kernel's first touch of 16 KB", first_touch() * 1e6, "µs", math.inf, True)


def client_cpu_per_batch() -> tuple[float, float]:
    """The broker's CPU seconds for a batch of kafka-python's at its defaults, produced and fetched.

    It sends batches before they are full, and the broker sleeps in between; it fetches many at a time.
    """
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        with BrokerProcess() as broker:
            broker.create_topic("t", PARTITIONS)
            for index, action in enumerate((produce_kafka_python, consume_kafka_python)):
                before = broker.cpu_seconds()
                action(broker.bootstrap)
                used = broker.cpu_seconds() - before
                best[index] = min(best[index], used / broker.batches("t"))
    return best[0], best[1]


def rates(produce: Action, consume: Action) -> tuple[Rates, Rates]:
    """Records a second each way, by broker; minikafka's under the name ""; the best of some rounds."""
    produced: Rates = {}
    consumed: Rates = {}
    brokers = dict(everybody())
    for _ in range(
        ROUNDS
    ):  # one after the other, so that none has the quiet moments of the machine to itself
        for name, start in list(brokers.items()):
            try:
                with start() as broker:
                    broker.create_topic("t", PARTITIONS)
                    for found, action in ((produced, produce), (consumed, consume)):
                        started = time.perf_counter()
                        action(broker.bootstrap)
                        rate = RECORDS / (time.perf_counter() - started)
                        found[name] = max(rate, found.get(name, 0))
            except Exception as error:
                if not name:
                    raise
                print(f"without a rival: {name} does not serve this client: {error}")
                del brokers[name]
    return produced, consumed


def produce_confluent(bootstrap: str) -> None:
    """Produce all records by librdkafka, and wait until they are acknowledged; who reads them sees none missing."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": 2 * RECORDS})
    send = producer.produce
    for number in range(RECORDS):
        send("t", VALUE, partition=number % PARTITIONS)
    assert producer.flush(TIMEOUT_S) == 0


def consume_confluent(bootstrap: str) -> None:
    """Read all records by librdkafka, from the beginning, without a group's rebalance."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g", "enable.auto.commit": False})
    consumer.assign([TopicPartition("t", number, 0) for number in range(PARTITIONS)])
    _read(lambda: consumer.consume(10_000, timeout=1.0))
    consumer.close()


def produce_kafka_python(bootstrap: str) -> None:
    """Produce all records by kafka-python, and wait until they are acknowledged."""
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=BOOTSTRAP_MS)
    send = producer.send
    futures = [send("t", VALUE, partition=number % PARTITIONS) for number in range(RECORDS)]
    producer.flush(TIMEOUT_S)
    assert all(future.succeeded() for future in futures)
    producer.close()


def consume_kafka_python(bootstrap: str) -> None:
    """Read all records by kafka-python, from the beginning, without a group."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition("t", number) for number in range(PARTITIONS)])
    _read(lambda: [each for found in consumer.poll(1000).values() for each in found])
    consumer.close()


def _read(poll: Callable[[], list[Any]]) -> None:
    seen = 0
    deadline = time.monotonic() + TIMEOUT_S
    while seen < RECORDS:
        assert time.monotonic() < deadline, f"{seen} of {RECORDS} records came within {TIMEOUT_S} s"
        seen += len(poll())
