"""Real time: the scheduler follows the machine's clock."""

from __future__ import annotations

import time

from minikafka.drivers.background import BackgroundDriver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.scheduler import Scheduler

_STEP_MS = 5


class SystemDriver(BackgroundDriver):
    """Keeps the scheduler's time equal to the wall clock's, counted by a monotonic clock.

    Args:
        scheduler: the cluster's scheduler, whose `now_ms` is the wall clock's at the start.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._origin_ms = scheduler.now_ms
        self._origin = time.monotonic()
        super().__init__(scheduler)

    def clock_name(self) -> str:
        """``"system"``."""
        return "system"

    def _now_ms(self) -> int:
        return self._origin_ms + int((time.monotonic() - self._origin) * 1000)

    def tell_time(self) -> None:
        """Bring the scheduler's time up to the clock's."""
        self.scheduler.advance_to(self._now_ms())

    def due_s(self) -> float | None:
        """The seconds until the next timer is due; None without timers."""
        deadline_ms = self.scheduler.next_deadline_ms()
        return None if deadline_ms is None else max(0.0, (deadline_ms - self._now_ms()) / 1000)

    def _limit(self, timeout_ms: float | None) -> _RealLimit:
        return _RealLimit(timeout_ms)

    def advance(self, delay_ms: int) -> None:
        """Let `delay_ms` real milliseconds pass."""
        with self.lock:
            self.wait(self.scheduler.sleep(delay_ms))

    def let_pass(self, limit_ms: int) -> int:
        """Wait a moment for something to happen; returns how many ms have passed, of `limit_ms` at most."""
        before_ms = self.scheduler.now_ms
        self.advance(min(limit_ms, _STEP_MS))
        return self.scheduler.now_ms - before_ms


class _RealLimit:
    """A timeout in real ms."""

    __slots__ = ("_end",)

    def __init__(self, timeout_ms: float | None) -> None:
        self._end = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000

    def left_s(self) -> float | None:
        return None if self._end is None else self._end - time.monotonic()
