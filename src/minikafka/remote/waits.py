"""The waits of `minikafka.waits` on a real cluster: they look again and again, in real time, up to the timeout."""

from __future__ import annotations

import time

from minikafka.structs import TopicPartition
from minikafka.wait_failures import not_assigned, not_committed, not_true, too_few_records
from minikafka.waits import WaitTimeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.remote.cluster import RealCluster

_STEP_S = 0.02
_POLL_MS = (100, 200, 400, 800, 1600, 3200)
"""How long to poll, one time after the other; the last for ever.

kafka-python 3.0.12 never finishes a rebalance for new metadata (of a pattern, or of a topic that it did not know
when it joined) that spans polls, however many there are: at some time one has to be long enough.
"""


def run_until(predicate: Callable[[], object], timeout_ms: int) -> bool:
    """Look until `predicate()` is true; False if it was not within `timeout_ms`. Looks at least once."""
    deadline = time.monotonic() + timeout_ms / 1000
    while not predicate():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_STEP_S)
    return True


def wait_until(
    kafka: RealCluster, predicate: Callable[[], object], *, timeout_ms: int, what: str | None = None
) -> None:
    """Look until `predicate()` is true. Raises WaitTimeout if it was still false after `timeout_ms`."""
    if not run_until(predicate, timeout_ms):
        raise WaitTimeout(f"{not_true(predicate, what, timeout_ms)}\n{kafka.describe()}")


def wait_for_records(
    kafka: RealCluster, topic: str, n: int, *, partition: int | None, timeout_ms: int
) -> list[ConsumerRecord]:
    """Look until the topic has at least `n` records; returns all there are. Raises WaitTimeout."""
    found: list[ConsumerRecord] = []

    def enough() -> bool:
        found[:] = kafka.records(topic, partition) if kafka.has_topic(topic) else []
        return len(found) >= n

    if run_until(enough, timeout_ms):
        return found
    lines = too_few_records(topic, partition, n, found, timeout_ms)
    raise WaitTimeout("\n".join([*lines, kafka.describe()]))


def wait_for_commit(
    kafka: RealCluster, group_id: str, partition: TopicPartition, offset: int, *, timeout_ms: int
) -> int:
    """Look until the group has committed at least `offset`; returns what it has. Raises WaitTimeout."""
    wanted = TopicPartition(*partition)
    has: int | None = None

    def committed() -> bool:
        nonlocal has
        has = kafka.group(group_id).committed.get(wanted)
        return has is not None and has >= offset

    if run_until(committed, timeout_ms):
        return has or 0
    failure = not_committed(group_id, wanted, offset, has, timeout_ms)
    raise WaitTimeout(f"{failure}\n{kafka.group(group_id)}")


def wait_for_assignment(
    kafka: RealCluster,
    consumer: Any,
    partitions: Iterable[TopicPartition] | None,
    *,
    timeout_ms: int,
) -> set[TopicPartition]:
    """Poll until the group has assigned partitions; no record is consumed. Raises WaitTimeout."""
    consumers = list(consumer) if isinstance(consumer, list | tuple) else [consumer]
    wanted = None if partitions is None else {TopicPartition(*each) for each in partitions}
    assigned: list[set[TopicPartition]] = []
    poll_ms = iter(_POLL_MS)
    for each in consumers:
        _learn_topics(each)

    def settled() -> bool:
        length_ms = next(poll_ms, _POLL_MS[-1])
        for each in consumers:
            # Positions stay where they are, so that the same records come again.
            each.poll(timeout_ms=length_ms, update_offsets=False)
        assigned[:] = [{TopicPartition(*tp) for tp in each.assignment()} for each in consumers]
        together = set().union(*assigned)
        if not (together == wanted if wanted is not None else all(assigned)):
            return False
        return all(_is_in_stable_group(kafka, each) for each in consumers)

    if run_until(settled, timeout_ms):
        return set().union(*assigned)
    lines = not_assigned(consumers, assigned, wanted, timeout_ms)
    raise WaitTimeout("\n".join([*lines, kafka.describe()]))


def _learn_topics(consumer: Any) -> None:
    """Have a consumer know its topics before it joins, so that no rebalance for new metadata follows."""
    for topic in consumer.subscription() or ():
        consumer.partitions_for_topic(topic)
    if not consumer.subscription():
        consumer.topics()  # of a pattern


def _is_in_stable_group(kafka: RealCluster, consumer: Any) -> bool:
    group_id = consumer.config["group_id"]
    return group_id is not None and kafka.group(group_id).state == "Stable"
