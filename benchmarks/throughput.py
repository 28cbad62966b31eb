"""Records a second, as a ratio of the floor: append a namedtuple to a list, then iterate over it."""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, best_seconds
from minikafka import KafkaConsumer, KafkaProducer, MiniKafka, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDS = 100_000
VALUE = b"x" * 100
PARTITIONS = 3


def floor_seconds(count: int = RECORDS) -> float:
    """The time that the floor takes for `count` records."""
    from minikafka.client.consumer_record import ConsumerRecord

    def run() -> None:
        log: list[ConsumerRecord] = []
        append = log.append
        for offset in range(count):
            append(ConsumerRecord("t", 0, 0, offset, 0, 0, None, VALUE, [], None, -1, 100, -1))
        seen = 0
        for _ in log:
            seen += 1
        assert seen == count

    return best_seconds(run)


def produce(producer: KafkaProducer, count: int, partitions: int = PARTITIONS) -> None:
    """Send `count` records to explicit partitions and wait until they are acknowledged."""
    send = producer.send
    for number in range(count):
        send("t", value=VALUE, partition=number % partitions)
    producer.flush()


def consume(consumer: KafkaConsumer, count: int) -> None:
    """Poll until `count` records came."""
    seen = 0
    while seen < count:
        for records in consumer.poll(timeout_ms=1000).values():
            for _ in records:
                seen += 1


def assign_seconds(count: int = RECORDS, partitions: int = PARTITIONS, repeat: int = 5) -> float:
    """Produce, then consume by assign; the best of several runs, each on a cluster of its own."""
    return min(_run_seconds(None, count, partitions) for _ in range(repeat))


def assign_and_group_seconds(repeat: int = 7) -> tuple[float, float]:
    """The same by assign and by a group, in turns, so that both meet the machine in the same moods."""
    runs = [[_run_seconds(group_id, RECORDS, PARTITIONS) for group_id in (None, "g")] for _ in range(repeat)]
    assigned, grouped = map(min, zip(*runs))
    return assigned, grouped


def _run_seconds(group_id: str | None, count: int, partitions: int) -> float:
    """One run on a cluster of its own.

    One record goes ahead of the others: what a client does once (a producer id, first metadata, first
    positions, a group's join) is part of the figures of `benchmarks.startup`, not of the cost of a record.
    """
    with MiniKafka() as kafka:
        kafka.create_topic("t", partitions=partitions)
        producer = kafka.producer()
        consumer = kafka.consumer(group_id=group_id, auto_offset_reset="earliest")
        if group_id is None:
            consumer.assign([TopicPartition("t", number) for number in range(partitions)])
        else:
            consumer.subscribe(["t"])
        produce(producer, 1, partitions)
        consume(consumer, 1)
        gc.collect()
        started = time.perf_counter()
        produce(producer, count, partitions)
        consume(consumer, count)
        return time.perf_counter() - started


def overhead_bytes() -> float:
    """Memory per stored record above its value."""
    count = 50_000
    with MiniKafka() as kafka:
        kafka.create_topic("t", partitions=PARTITIONS)
        producer = kafka.producer()
        produce(producer, 1000)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(count):
            producer.send("t", value=VALUE, partition=number % PARTITIONS)
        producer.flush()
        used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    return used / count


def measure() -> Iterator[Figure]:
    """The throughput, memory and scaling figures.

    A million is compared in floors, for a list of a million namedtuples costs more per record, too; a
    thousand is not, for there the floor itself is all but free.
    """
    floor = floor_seconds()
    assigned, grouped = assign_and_group_seconds()
    yield Figure("floor: namedtuples to a list and back", RECORDS / floor, "records/s", 0, False)
    yield Figure("produce + consume by assign", RECORDS / assigned, "records/s", 0, False)
    yield Figure("assign / floor", floor / assigned, "ratio", 0.35, False)
    yield Figure("group / assign", assigned / grouped, "ratio", 0.9, False)
    yield Figure("memory overhead per stored record", overhead_bytes(), "bytes", 350, True)
    small = assign_seconds(1_000) / 1_000
    yield Figure("cost per record, 1,000 / 100,000 records", small / (assigned / RECORDS), "ratio", 1.5, True)
    million = assign_seconds(1_000_000, repeat=1) / floor_seconds(1_000_000)
    yield Figure(
        "cost per record in floors, 1,000,000 / 100,000 records",
        million / (assigned / floor),
        "ratio",
        1.5,
        True,
    )
    many = assign_seconds(RECORDS, partitions=1000, repeat=2) / RECORDS
    one = assign_seconds(RECORDS, partitions=1, repeat=2) / RECORDS
    yield Figure("cost per record, 1,000 partitions / 1 partition", many / one, "ratio", 2.0, True)
