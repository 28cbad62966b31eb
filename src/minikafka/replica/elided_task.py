"""A periodic task that leaves out the ticks at which nothing can have changed.

Kafka's brokers look at everything every few minutes. Under virtual time a week of idleness would then be
thousands of looks in vain, so a task here has a timer only while there is something that could have changed,
and always fires at the times at which Kafka's would.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.scheduler import Scheduler, Timer


class ElidedTask:
    """Runs at multiples of an interval.

    Args:
        scheduler: where it runs.
        interval_ms: the time from tick to tick.
        initial_delay_ms: the time from `start` to the first tick.
        run: called at a tick; returns the earliest time at which it could have something to do again without
            another `touch`, or None.
    """

    __slots__ = (
        "_initial_delay_ms",
        "_interval_ms",
        "_origin_ms",
        "_run",
        "_scheduler",
        "_timer",
        "is_due",
    )

    def __init__(
        self, scheduler: Scheduler, interval_ms: int, initial_delay_ms: int, run: Callable[[], int | None]
    ) -> None:
        self._scheduler = scheduler
        self._interval_ms = max(interval_ms, 1)
        self._initial_delay_ms = initial_delay_ms
        self._origin_ms = 0
        self._run = run
        self._timer: Timer | None = None
        self.is_due: bool = True
        """Whether `touch` has nothing to do: it runs at the very next tick, or not at all."""

    def start(self) -> None:
        """Begin to count ticks."""
        self._origin_ms = self._scheduler.now_ms + self._initial_delay_ms
        self.is_due = False

    def touch(self) -> None:
        """Something has changed: run at the next tick."""
        if not self.is_due:
            self.is_due = True
            self._arm(self._scheduler.now_ms + 1)

    def stop(self) -> None:
        """Never run again."""
        self.is_due = True
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, earliest_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        ticks = max(0, -((self._origin_ms - earliest_ms) // self._interval_ms))
        self._timer = self._scheduler.call_at(self._origin_ms + ticks * self._interval_ms, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.is_due = False
        next_ms = self._run()
        if next_ms is not None and not self.is_due:
            self._arm(max(next_ms, self._scheduler.now_ms + 1))
