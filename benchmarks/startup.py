"""How fast a cluster is there: in a fresh process, and in one that has already imported the library."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, best_seconds, median

if TYPE_CHECKING:
    from collections.abc import Iterator

_FRESH = """
import time
started = time.perf_counter()
import minikafka
with minikafka.MiniKafka():
    print((time.perf_counter() - started) * 1000)
"""


def _fresh_process_ms() -> float:
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    runs = [
        float(
            subprocess.run(
                [sys.executable, "-c", _FRESH], env=environment, capture_output=True, check=True
            ).stdout
        )
        for _ in range(12)
    ]
    return median(runs[1:])  # the first run may still write byte code


def measure() -> Iterator[Figure]:
    """The start-up figures."""
    yield Figure("fresh process: import to a started cluster", _fresh_process_ms(), "ms", 40, True)

    from minikafka import MiniKafka

    def start_one() -> None:
        for _ in range(20):
            kafka = MiniKafka()
            started.append(kafka)

    started: list[MiniKafka] = []
    seconds = best_seconds(start_one)
    for kafka in started:
        kafka.close()
    yield Figure("cluster start, 1 broker", seconds / 20 * 1000, "ms", 1, True)

    def start_three() -> None:
        for _ in range(10):
            kafka = MiniKafka(brokers=3)
            kafka.create_topic("orders", partitions=6, replication_factor=3)
            started.append(kafka)

    seconds = best_seconds(start_three)
    for kafka in started:
        kafka.close()
    started.clear()  # no later figure pays for the collector's way through them
    started.clear()
    yield Figure("cluster start, 3 brokers and a 6-partition RF 3 topic", seconds / 10 * 1000, "ms", 5, True)

    def one_test() -> None:
        with MiniKafka() as kafka:
            kafka.create_topic("orders")
            producer = kafka.producer()
            producer.send("orders", value=b"v")
            consumer = kafka.consumer("orders", group_id="billing", auto_offset_reset="earliest")
            polled = consumer.poll(timeout_ms=1000)
            assert sum(map(len, polled.values())) == 1, polled
            consumer.commit()
            consumer.close()
            producer.close()

    def many_tests() -> None:
        for _ in range(50):
            one_test()

    seconds = best_seconds(many_tests)
    yield Figure(
        "tests a second (start, topic, produce, group poll, commit, close)",
        50 / seconds,
        "tests/s",
        300,
        False,
    )

    with MiniKafka() as kafka:
        kafka.create_topic("orders")
        consumer = kafka.consumer("orders", group_id="billing")
        consumer.poll(timeout_ms=1000)
        seconds = best_seconds(lambda: consumer.poll(timeout_ms=60_000))
        yield Figure("a 60 s empty poll under virtual time", seconds * 1000, "ms", 10, True)
