"""Waits that never sleep: they run the cluster until something is so, and say why if it is not.

Under virtual time a wait costs no real time; its timeout counts the cluster's milliseconds, but with time by
hand, where no wait moves the clock: there it counts real ones.
"""

from __future__ import annotations

from minikafka import inspection
from minikafka.cluster_views import DEFAULT_TIMEOUT_MS
from minikafka.structs import TopicPartition
from minikafka.wait_failures import names, not_assigned, not_committed, not_true, too_few_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.cluster import MiniKafka
    from minikafka.consumer import KafkaConsumer

_POLL_MS = 100


class WaitTimeout(AssertionError):
    """What was waited for did not come; the message says what there is instead, and why."""


def wait_until(
    kafka: MiniKafka,
    predicate: Callable[[], object],
    *,
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
    what: str | None = None,
) -> None:
    """Run the cluster until `predicate()` is true.

    Args:
        kafka: the cluster.
        predicate: looked at whenever something may have happened. It must not call a client.
        timeout_ms: how long at most, in the cluster's ms.
        what: named in the failure.

    Raises:
        WaitTimeout: it was still false after `timeout_ms`.
    """
    if not _run_until(kafka, predicate, timeout_ms):
        raise WaitTimeout(f"{not_true(predicate, what, timeout_ms)}\n{inspection.describe(kafka)}")


def _run_until(kafka: MiniKafka, predicate: Callable[[], object], timeout_ms: int) -> bool:
    driver = kafka.driver
    left_ms = timeout_ms
    while True:
        driver.settle()
        if predicate():
            return True
        if left_ms <= 0:
            return False
        left_ms -= driver.let_pass(left_ms)


def wait_for_records(
    kafka: MiniKafka,
    topic: str,
    n: int = 1,
    *,
    partition: int | None = None,
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
) -> list[ConsumerRecord]:
    """Run the cluster until a consumer could read at least `n` records of the topic; returns all there are.

    Args:
        kafka: the cluster.
        topic: the topic; it may not exist yet.
        n: how many records.
        partition: count only this one's; by default all.
        timeout_ms: how long at most, in the cluster's ms.

    Raises:
        WaitTimeout: there were fewer after `timeout_ms`; the message shows them.
    """
    found: list[ConsumerRecord] = []

    def enough() -> bool:
        found[:] = inspection.records(kafka, topic, partition) if topic in kafka.image.topics else []
        return len(found) >= n

    if _run_until(kafka, enough, timeout_ms):
        return found
    lines = too_few_records(topic, partition, n, found, timeout_ms)
    if topic in kafka.image.topics:
        view = inspection.topic(kafka, topic)
        lines.append(str(view))
        unreplicated = [each for each in view.partitions if each.log_end_offset > each.high_watermark]
        lines += [
            f"  {each.topic}-{each.partition} holds {each.log_end_offset - each.high_watermark} more that "
            f"not every in-sync replica has: in sync are {list(each.isr)}"
            for each in unreplicated
        ]
    else:
        lines.append(
            f"there is no topic {topic!r}: there are {', '.join(sorted(kafka.image.topics)) or 'none'}"
        )
    raise WaitTimeout("\n".join(lines))


def wait_for_commit(
    kafka: MiniKafka,
    group_id: str,
    partition: TopicPartition,
    offset: int,
    *,
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
) -> int:
    """Run the cluster until the group has committed at least `offset` for the partition; returns what it has.

    Nobody's `poll` is called: consumers that run in no other thread only do what they do between polls.

    Raises:
        WaitTimeout: it had not after `timeout_ms`; the message says who owns the partition, where it stands,
            what there is to read and what may keep it from being read.
    """
    partition = TopicPartition(*partition)

    def committed() -> int | None:
        return inspection.group(kafka, group_id).committed.get(partition)

    if _run_until(kafka, lambda: (committed() or -1) >= offset or committed() == offset, timeout_ms):
        return committed() or 0
    lines = [
        not_committed(group_id, partition, offset, committed(), timeout_ms),
        str(inspection.group(kafka, group_id)),
        *explain(kafka, group_id, [partition]),
    ]
    raise WaitTimeout("\n".join(lines))


def wait_for_assignment(
    kafka: MiniKafka,
    consumer: KafkaConsumer | Sequence[KafkaConsumer],
    partitions: Iterable[TopicPartition] | None = None,
    *,
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
) -> set[TopicPartition]:
    """Poll a consumer until its group has assigned partitions to it; returns them. No record is consumed.

    Args:
        kafka: the cluster.
        consumer: the consumer, or several of this thread: a rebalance needs all members to poll.
        partitions: wait for exactly these (of all the consumers together); by default for any.
        timeout_ms: how long at most, in the cluster's ms.

    Raises:
        WaitTimeout: it did not come to it; the message says who owns what and who keeps the group waiting.
    """
    consumers: list[KafkaConsumer] = (
        list(consumer) if isinstance(consumer, list | tuple) else [consumer]  # type: ignore[list-item]
    )
    wanted = None if partitions is None else {TopicPartition(*each) for each in partitions}
    virtual = kafka.driver.clock_name() == "virtual"
    left_ms = timeout_ms
    while True:
        before_ms = kafka.now_ms
        for each in consumers:
            # Positions stay where they are, so that the same records come again.
            each.poll(timeout_ms=0, update_offsets=False)
        assigned = [{TopicPartition(*tp) for tp in each.assignment()} for each in consumers]
        together = set().union(*assigned)
        if all(_in_stable_group(kafka, each) for each in consumers) and (
            together == wanted if wanted is not None else all(assigned)
        ):
            return together
        # The polls themselves take a virtual millisecond each.
        left_ms -= kafka.now_ms - before_ms
        if left_ms <= 0:
            break
        if virtual:
            kafka.driver.advance(min(left_ms, _POLL_MS))
            left_ms -= min(left_ms, _POLL_MS)
        else:
            left_ms -= kafka.driver.let_pass(left_ms)
    lines = not_assigned(consumers, assigned, wanted, timeout_ms)
    for group_id in dict.fromkeys(each.config["group_id"] for each in consumers):
        if group_id is None:
            lines.append("  a consumer without group_id joins no group: nobody assigns partitions to it")
            continue
        view = inspection.group(kafka, group_id)
        lines.append(str(view))
        if view.state == "PreparingRebalance":
            lines.append("  the group waits for members that do not poll: give all consumers of this thread")
        if view.state == "Stable" and len(view.members) > len(view.assignment):
            lines.append(f"  {len(view.members)} members share {len(view.assignment)} partition(s)")
    raise WaitTimeout("\n".join(lines))


def _in_stable_group(kafka: MiniKafka, consumer: KafkaConsumer) -> bool:
    group_id = consumer.config["group_id"]
    return group_id is not None and inspection.group(kafka, group_id).state == "Stable"


def explain(kafka: MiniKafka, group_id: str, partitions: Iterable[TopicPartition]) -> list[str]:
    """Why the consumers of a group may not have got on with these partitions: one line for each finding."""
    lines: list[str] = []
    members = [
        client for client in kafka.clients if getattr(client, "config", {}).get("group_id") == group_id
    ]
    consumers: list[Any] = [client for client in members if hasattr(client, "poll")]
    if not consumers:
        return [f"  no consumer of group {group_id!r} lives on this cluster"]
    for tp in partitions:
        owners = [consumer for consumer in consumers if tp in consumer.assignment()]
        if not owners:
            lines.append(
                f"  no consumer of group {group_id!r} has {names([tp])}: did it poll after the rebalance?"
            )
        for consumer in owners:
            lines += _explain_owner(kafka, consumer, tp)
    return lines


def _explain_owner(kafka: MiniKafka, consumer: KafkaConsumer, tp: TopicPartition) -> list[str]:
    log = inspection.leader_log(kafka, tp)
    start, end = (log.log_start_offset, log.high_watermark) if log is not None else (0, 0)
    reset = consumer.config["auto_offset_reset"]
    position = _position(consumer, tp)
    committed = inspection.group(kafka, consumer.config["group_id"]).committed.get(tp)
    name = names([tp])
    lines = [
        f"  {_client(consumer)} has {name}: position {'not known yet' if position is None else position}, "
        f"end {end}, auto_offset_reset={reset!r}"
    ]
    if tp in consumer.paused():
        lines.append(f"  {name} is paused")
    if reset == "latest" and committed is None and position is not None and position > start:
        lines.append(
            f"  offsets {start}..{position - 1} of {name} lie before the position and were never committed: "
            "auto_offset_reset='latest' skips what was produced before the assignment"
        )
    if position == end:
        lines.append(f"  {name} is read to its end")
    if not consumer.config["enable_auto_commit"]:
        lines.append(
            f"  {_client(consumer)} has enable_auto_commit=False: it commits when commit() is called"
        )
    return lines


def _position(consumer: KafkaConsumer, tp: TopicPartition) -> int | None:
    """Where the consumer is, without asking anybody as `position()` does."""
    state = consumer._core.subscription.assignment.get(tp)
    return None if state is None or not state.has_position else state.offset


def _client(consumer: KafkaConsumer) -> str:
    return str(consumer.config["client_id"])
