"""Time by hand: the cluster works at once, in the background, and its clock moves by `advance` alone.

A blocking call waits in real time until what it waits for is there. Its own timeouts, and a client's pauses before
it tries again, count the cluster's time, so nothing but another thread's `advance` ends them; a call that waits
while the clock stands still for `PATIENCE_S` real seconds is told that it hangs.
"""

from __future__ import annotations

import time

from minikafka.drivers.background import BackgroundDriver
from minikafka.errors import StuckError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.scheduler import Scheduler

PATIENCE_S = 30.0
"""Real seconds that a call waits while the clock stands still."""

_STEP_S = 0.005


class ManualDriver(BackgroundDriver):
    """Moves the scheduler's time only when it is told to.

    Args:
        scheduler: the cluster's scheduler.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.patience_s: float = PATIENCE_S
        super().__init__(scheduler)

    def clock_name(self) -> str:
        """``"manual"``."""
        return "manual"

    def due_s(self) -> float | None:
        """None: waiting makes no timer due."""
        return None

    def _limit(self, timeout_ms: float | None) -> _StandingClock:
        return _StandingClock(self.scheduler, timeout_ms, self.patience_s)

    def advance(self, delay_ms: int) -> None:
        """Move the clock by `delay_ms`, from timer to timer; all that comes of it inside the cluster is done."""
        scheduler = self.scheduler
        with self.lock:
            end_ms = scheduler.now_ms + delay_ms
            scheduler.run_ready()
            while not scheduler.closed and scheduler.failure is None:
                deadline_ms = scheduler.next_deadline_ms()
                if deadline_ms is None or deadline_ms > end_ms:
                    break
                scheduler.advance_to(deadline_ms)
                scheduler.run_ready()
            scheduler.advance_to(end_ms)
            self.changed.notify_all()
        self.check_health()

    def let_pass(self, limit_ms: int) -> int:
        """Wait a real moment for something to happen; returns how many real ms count, `limit_ms` at most."""
        before = time.monotonic()
        with self.lock:
            self.turn()
            self.sleep(min(_STEP_S, limit_ms / 1000))
        return min(limit_ms, max(1, int((time.monotonic() - before) * 1000)))


class _StandingClock:
    """A timeout of the cluster's ms, and the patience of those who wait for it in real time."""

    __slots__ = ("_end_ms", "_give_up", "_patience_s", "_scheduler", "_seen_ms")

    def __init__(self, scheduler: Scheduler, timeout_ms: float | None, patience_s: float) -> None:
        self._scheduler = scheduler
        self._end_ms = None if timeout_ms is None else scheduler.now_ms + timeout_ms
        self._patience_s = patience_s
        self._seen_ms = scheduler.now_ms
        self._give_up = time.monotonic() + patience_s

    def left_s(self) -> float | None:
        now_ms = self._scheduler.now_ms
        if self._end_ms is not None and now_ms >= self._end_ms:
            return 0
        if now_ms != self._seen_ms:
            self._seen_ms = now_ms
            self._give_up = time.monotonic() + self._patience_s
        left_s = self._give_up - time.monotonic()
        if left_s <= 0:
            raise StuckError(
                f"waited {self._patience_s:g} real seconds while the cluster's clock stood still; with "
                "clock='manual' a timeout, or a client's pause before it tries again (for a topic that has yet "
                "to be made, say), ends when another thread calls advance(); what else is waited for must come "
                "from another thread or from a client on a socket"
            )
        return left_s
