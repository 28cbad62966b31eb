"""A rebalance of 100 members over 1,000 partitions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.figures import Figure
from minikafka import KafkaConsumer, MiniKafka

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTITIONS = 1000


def measure() -> Iterator[Figure]:
    """All members of a large group join again because one more came."""
    with MiniKafka() as kafka:
        kafka.create_topic("t", partitions=PARTITIONS)
        members = [kafka.consumer("t", group_id="g") for _ in range(99)]
        _poll_until_stable(kafka, members)
        members.append(kafka.consumer("t", group_id="g"))
        started = time.perf_counter()
        _poll_until_stable(kafka, members)
        seconds = time.perf_counter() - started
        owned = sorted(len(member.assignment()) for member in members)
        assert owned == [10] * 100, owned
    yield Figure("rebalance of 100 members over 1,000 partitions", seconds, "s", 1, True)


def _poll_until_stable(kafka: MiniKafka, members: list[KafkaConsumer]) -> None:
    """Let every member poll until each has its share of the partitions."""
    share = PARTITIONS // len(members)
    for _ in range(200):
        for member in members:
            member.poll(timeout_ms=0)
        kafka.advance(ms=10)
        owned = [len(member.assignment()) for member in members]
        if sum(owned) == PARTITIONS and min(owned) >= share:
            return
    raise AssertionError("the group did not become stable")
