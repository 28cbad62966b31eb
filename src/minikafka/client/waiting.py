"""Waiting for a promise until a time."""

from __future__ import annotations

from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.scheduler import Scheduler

Deadline = int | None
"""A time in ms since the epoch, or None for never."""


def keep(promise: Promise[None]) -> None:
    """Keep a promise that may have been kept already."""
    if not promise.done():
        promise.set_result(None)


async def wait_until(scheduler: Scheduler, promise: Promise[Any], deadline_ms: Deadline) -> bool:
    """Wait for a promise; whether it is done before `deadline_ms`. What it fails with is not raised."""
    if promise.done():
        return True
    either: Promise[None] = Promise()

    def finish(_: Promise[Any]) -> None:
        keep(either)

    timer = None if deadline_ms is None else scheduler.call_at(deadline_ms, keep, either)
    promise.add_callback(finish)
    try:
        await either
    finally:
        promise.remove_callback(finish)
        if timer is not None:
            timer.cancel()
    return promise.done()


def deadline_after(scheduler: Scheduler, timeout_ms: float | None) -> Deadline:
    """The time `timeout_ms` from now; None for None or infinity."""
    if timeout_ms is None or timeout_ms == float("inf"):
        return None
    # Rounding up: a timeout of half a millisecond is not a timeout of none.
    return scheduler.now_ms + -int(-timeout_ms // 1)


def remaining_ms(scheduler: Scheduler, deadline_ms: Deadline) -> int | None:
    """The ms left until a deadline, never below 0."""
    return None if deadline_ms is None else max(0, deadline_ms - scheduler.now_ms)
