"""Commits what a member of a group has written, before it leaves the group."""

from __future__ import annotations

import time

from minikafka.cli.connection import errors_of_kafka, kafka_python
from minikafka.cli.failures import failure_for
from minikafka.cli.output import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_POLL_MS = 3000
"""Long, for kafka-python loses an assignment that arrives just when the time of a poll is up. What was written and is
not committed is read again, and ends the poll as soon as this member has it."""

_LEAST_MS = 100
_TRY_AGAIN = (
    "CommitFailedError",
    "IllegalGenerationError",
    "KafkaTimeoutError",
    "RebalanceInProgressError",
    "RetriableError",
    "UnknownMemberIdError",
)


def commit_written(consumer: Any, written: Mapping[Any, int], timeout_ms: int) -> bool:
    """Commit, and join the group again where a rebalance stands in the way.

    kafka-python's own commit at close gives up when the group is just rebalancing, which it does by itself a moment
    after a consumer's first assignment; what was written would be read again.

    Args:
        consumer: kafka-python's, a member of a group.
        written: the offsets to go on from, by partition.
        timeout_ms: how long to try.

    Returns:
        Whether the consumer still stands where it did: it may commit its position in other partitions, too.

    Raises:
        Failure: the group did not take them in that time.
    """
    errors = errors_of_kafka()
    deadline = time.monotonic() + timeout_ms / 1000
    mine = dict(written)
    as_read = True
    while mine:
        left_ms = int((deadline - time.monotonic()) * 1000)
        try:
            consumer.commit(_offsets(mine), timeout_ms=max(left_ms, 1))
            return as_read
        except tuple(getattr(errors, name) for name in _TRY_AGAIN) as error:
            if left_ms <= _LEAST_MS:
                raise failure_for(error) from None
        as_read = False
        mine = _still_mine(consumer, written, deadline)
    if written:
        note("another member of the group has the partitions now; what was read last is not committed")
    return as_read


def _still_mine(consumer: Any, written: Mapping[Any, int], deadline: float) -> dict[Any, int]:
    """Take part in the rebalance; what of `written` this member has after it. Records that come are not taken."""
    while True:
        consumer.poll(timeout_ms=_POLL_MS, max_records=1)
        assigned = consumer.assignment()
        if assigned or time.monotonic() >= deadline:
            return {partition: offset for partition, offset in written.items() if partition in assigned}


def _offsets(written: Mapping[Any, int]) -> dict[Any, Any]:
    metadata = kafka_python().OffsetAndMetadata
    return {partition: metadata(offset, "", -1) for partition, offset in written.items()}
