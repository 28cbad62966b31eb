"""Real time: one background thread turns the scheduler by the machine's clock."""

from __future__ import annotations

import threading
import time

from minikafka.drivers.base import BaseDriver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.scheduler import Promise, Scheduler


class SystemDriver(BaseDriver):
    """Keeps the scheduler's time equal to the wall clock's, counted by a monotonic clock.

    Args:
        scheduler: the cluster's scheduler, whose `now_ms` is the wall clock's at the start.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._origin_ms = scheduler.now_ms
        self._origin = time.monotonic()
        self._closing = False
        self._sleeping = False
        scheduler.on_work = self._on_work
        self._thread = threading.Thread(target=self._run, name="minikafka-clock", daemon=True)
        self._thread.start()

    def clock_name(self) -> str:
        """``"system"``."""
        return "system"

    def _now_ms(self) -> int:
        return self._origin_ms + int((time.monotonic() - self._origin) * 1000)

    def tell_time(self) -> None:
        """Bring the scheduler's time up to the clock's."""
        self.scheduler.advance_to(self._now_ms())

    def _on_work(self) -> None:
        if self._sleeping:
            self._sleeping = False
            self.changed.notify_all()

    def _turn(self) -> None:
        scheduler = self.scheduler
        scheduler.advance_to(self._now_ms())
        scheduler.run_ready()

    def _run(self) -> None:
        scheduler = self.scheduler
        with self.lock:
            while not self._closing and scheduler.failure is None:
                self._turn()
                self.changed.notify_all()
                deadline_ms = scheduler.next_deadline_ms()
                if not scheduler.idle:
                    continue
                self._sleeping = True
                wait_s = None if deadline_ms is None else max(0.0, (deadline_ms - self._now_ms()) / 1000)
                self.changed.wait(wait_s)
                self._sleeping = False
            self.changed.notify_all()

    def _wait(self, promise: Promise[Any], timeout_ms: float | None) -> None:
        scheduler = self.scheduler
        end = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        while not promise.done() and not scheduler.closed:
            self._turn()
            if promise.done() or scheduler.failure is not None:
                break
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            if scheduler.idle:
                self._sleep_until_change(left)
        self.changed.notify_all()

    def _sleep_until_change(self, left_s: float | None) -> None:
        """Sleep until other threads change something, the next timer is due, or `left_s` have passed."""
        deadline_ms = self.scheduler.next_deadline_ms()
        if deadline_ms is not None:
            due_s = max(0.0, (deadline_ms - self._now_ms()) / 1000)
            left_s = due_s if left_s is None else min(due_s, left_s)
        self._sleeping = True
        self.changed.wait(left_s)

    def advance(self, delay_ms: int) -> None:
        """Let `delay_ms` real milliseconds pass."""
        with self.lock:
            self.wait(self.scheduler.sleep(delay_ms))

    def settle(self) -> None:
        """Run everything that is ready now."""
        with self.lock:
            self._turn()
        self.check_health()

    def close(self) -> None:
        """Stop the background thread and wait for its end."""
        with self.lock:
            self._closing = True
            self.scheduler.on_work = None
            self.changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()
