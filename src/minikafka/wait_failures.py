"""What a wait that failed says of what it waited for, alike for a cluster in process and a real one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.structs import TopicPartition

_MOST_RECORDS = 10


def not_true(predicate: Callable[[], object], what: str | None, timeout_ms: int) -> str:
    """A predicate was still false; `what` names it."""
    name = what or getattr(predicate, "__name__", repr(predicate))
    return f"waited {timeout_ms} ms for {name}"


def too_few_records(
    topic: str, partition: int | None, n: int, found: Sequence[ConsumerRecord], timeout_ms: int
) -> list[str]:
    """There were fewer than `n` records in a topic, or one partition of it; the last of them are shown."""
    where = repr(topic) if partition is None else f"partition {partition} of {topic!r}"
    return [
        f"waited {timeout_ms} ms for {n} record(s) in {where}; there are {len(found)}",
        *(
            f"  {record.partition}:{record.offset} {record.key!r} -> {record.value!r}"
            for record in found[-_MOST_RECORDS:]
        ),
    ]


def not_committed(group_id: str, tp: TopicPartition, offset: int, has: int | None, timeout_ms: int) -> str:
    """A group has committed less than `offset`; None for nothing at all."""
    return (
        f"waited {timeout_ms} ms for group {group_id!r} to commit offset {offset} of {tp.topic}-{tp.partition}; "
        f"it has committed {'nothing' if has is None else has}"
    )


def not_assigned(
    consumers: Sequence[Any],
    assigned: Sequence[Iterable[TopicPartition]],
    wanted: Iterable[TopicPartition] | None,
    timeout_ms: int,
) -> list[str]:
    """Consumers have other partitions than the ones that were wanted (None: than any), each as told."""
    lines = [f"waited {timeout_ms} ms for an assignment{'' if wanted is None else f' of {names(wanted)}'}"]
    for consumer, has in zip(consumers, assigned):
        subscribed = ", ".join(sorted(consumer.subscription() or ())) or "nothing"
        lines.append(f"  {consumer.config['client_id']} subscribes to {subscribed} and has {names(has)}")
    return lines


def names(partitions: Iterable[TopicPartition]) -> str:
    """Partitions as ``"orders-0, orders-1"``, in order; ``"nothing"`` for none."""
    return ", ".join(f"{tp.topic}-{tp.partition}" for tp in sorted(partitions)) or "nothing"
