"""What clients on sockets get: records a second, and the broker's CPU time for a batch; beside rivals and floors.

minikafka is in a process of its own here, as `minikafka serve` is. The clients are at their defaults, but that
librdkafka's queue is long enough for all the records. At its defaults kafka-python reads the last records of a
partition, asks for more of that one while it hands out the others, and waits for ``fetch_max_wait_ms``, with minikafka
as with Kafka itself; a rival that obeys neither that nor ``max_partition_fetch_bytes`` saves it the wait. So the two
are compared with a client that needs neither, from the moment that it knows where to read.

CPU time is that of the whole process, kernel and all. Part of it is nobody's to save: the kernel's work for the
sockets, told by a bare asyncio server that moves the same bytes, and its first touch of the memory that keeps the
records.
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

    Action = Callable[[str], float]
    """Does something with the broker at an address; gives the seconds that count."""

RECORDS = 100_000
VALUE = b"x" * 100
PARTITIONS = 4
ROUNDS = 5
TIMEOUT_S = 60.0

BOOTSTRAP_MS = 5000

Rates = dict[str, float]


def measure() -> Iterator[Figure]:
    """The figures of the wire."""
    yield from _cpu_figures()
    confluent: dict[str, Action] = {
        "100 B records produced by confluent-kafka": produce_confluent,
        "100 B records consumed by confluent-kafka": consume_confluent,
    }
    yield from _rates(confluent, 200_000, 0)
    kafka_python: dict[str, Action] = {
        "100 B records produced by kafka-python 3": produce_kafka_python,
        "100 B records consumed by kafka-python 3, without waits": consume_kafka_python_without_waits,
    }
    yield from _rates(kafka_python, 17_000, 0.9)
    with BrokerProcess() as broker:
        broker.create_topic("t", PARTITIONS)
        produce_kafka_python(broker.bootstrap)
        seconds = min(consume_kafka_python(broker.bootstrap) for _ in range(ROUNDS))
        yield Figure("... at its defaults", RECORDS / seconds, "records/s", 17_000, False)


def _rates(actions: dict[str, Action], bound: float, rival_bound: float) -> Iterator[Figure]:
    """What minikafka reaches, what its rivals do, and how the two compare."""
    for title, found in rates(actions).items():
        ours = found.pop("")
        yield Figure(title, ours, "records/s", bound, False)
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


def rates(actions: dict[str, Action]) -> dict[str, Rates]:
    """Records a second of each action, by broker; minikafka's under the name ""; the best of some rounds."""
    found: dict[str, Rates] = {title: {} for title in actions}
    brokers = dict(everybody())
    for _ in range(ROUNDS):  # in turns, so that none has the quiet moments of the machine to itself
        for name, start in list(brokers.items()):
            try:
                with start() as broker:
                    broker.create_topic("t", PARTITIONS)
                    for title, action in actions.items():
                        rate = RECORDS / action(broker.bootstrap)
                        found[title][name] = max(rate, found[title].get(name, 0))
            except Exception as error:
                if not name:
                    raise
                print(f"without a rival: {name} does not serve this client: {error}")
                del brokers[name]
    return found


def produce_confluent(bootstrap: str) -> float:
    """Produce all records by librdkafka, and wait until they are acknowledged; who reads them sees none missing."""
    from confluent_kafka import Producer

    started = time.perf_counter()
    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": 2 * RECORDS})
    send = producer.produce
    for number in range(RECORDS):
        send("t", VALUE, partition=number % PARTITIONS)
    assert producer.flush(TIMEOUT_S) == 0
    return time.perf_counter() - started


def consume_confluent(bootstrap: str) -> float:
    """Read all records by librdkafka, from the beginning, without a group's rebalance."""
    from confluent_kafka import Consumer, TopicPartition

    started = time.perf_counter()
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g", "enable.auto.commit": False})
    consumer.assign([TopicPartition("t", number, 0) for number in range(PARTITIONS)])
    _read(lambda: consumer.consume(10_000, timeout=1.0))
    consumer.close()
    return time.perf_counter() - started


def produce_kafka_python(bootstrap: str) -> float:
    """Produce all records by kafka-python, and wait until they are acknowledged."""
    from kafka import KafkaProducer

    started = time.perf_counter()
    producer = KafkaProducer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=BOOTSTRAP_MS)
    send = producer.send
    futures = [send("t", VALUE, partition=number % PARTITIONS) for number in range(RECORDS)]
    producer.flush(TIMEOUT_S)
    assert all(future.succeeded() for future in futures)
    producer.close()
    return time.perf_counter() - started


def consume_kafka_python(bootstrap: str) -> float:
    """Read all records by kafka-python, from the beginning, without a group."""
    started = time.perf_counter()
    consumer = _kafka_python_consumer(bootstrap)
    _read(lambda: [each for found in consumer.poll(1000).values() for each in found])
    consumer.close()
    return time.perf_counter() - started


def consume_kafka_python_without_waits(bootstrap: str) -> float:
    """The same where one fetch may bring everything and none waits; the time counts once it knows its positions."""
    consumer = _kafka_python_consumer(bootstrap, fetch_max_wait_ms=10, max_partition_fetch_bytes=1 << 24)
    for partition in consumer.assignment():
        consumer.position(partition)
    started = time.perf_counter()
    _read(lambda: [each for found in consumer.poll(1000).values() for each in found])
    seconds = time.perf_counter() - started
    consumer.close()
    return seconds


def _kafka_python_consumer(bootstrap: str, **options: Any) -> Any:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", **options)
    consumer.assign([TopicPartition("t", number) for number in range(PARTITIONS)])
    return consumer


def _read(poll: Callable[[], list[Any]]) -> None:
    seen = 0
    deadline = time.monotonic() + TIMEOUT_S
    while seen < RECORDS:
        assert time.monotonic() < deadline, f"{seen} of {RECORDS} records came within {TIMEOUT_S} s"
        seen += len(poll())
