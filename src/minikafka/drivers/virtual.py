"""Virtual time: a blocking call runs the scheduler, and time jumps when nothing else can run.

With several application threads, time jumps only when every one of them is parked: inside the library, or
in a wait of the standard library that another thread must end (a join, a lock, a queue).
"""

from __future__ import annotations

import sys
import threading

from minikafka.drivers.base import BaseDriver
from minikafka.errors import StuckError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from minikafka.scheduler import Promise, Scheduler

MAX_VIRTUAL_WAIT_MS = 48 * 3600 * 1000
"""An unbounded wait that lasts two virtual days is a hang; the test is told instead."""

_SETTLE_S = 0.0005
"""Real seconds between two looks at threads that are still working."""

_WAITING_MODULES = ("threading.py", "queue.py", "_base.py", "selectors.py", "connection.py")


def _waits(frame: FrameType | None) -> bool:
    """Whether a thread's innermost frame is a wait of the standard library for another thread."""
    return frame is not None and frame.f_code.co_filename.endswith(_WAITING_MODULES)


class VirtualDriver(BaseDriver):
    """Turns the scheduler in whichever thread waits, and moves time by jumps.

    Args:
        scheduler: the cluster's scheduler.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._threads: dict[int, threading.Thread] = {}
        self._parked: dict[int, _Parking] = {}

    def clock_name(self) -> str:
        """``"virtual"``."""
        return "virtual"

    def wait(self, promise: Promise[Any], timeout_ms: float | None = None) -> bool:
        """Turn the scheduler until the promise is done or virtual `timeout_ms` have passed.

        Raises:
            StuckError: no timeout was given and nothing can ever keep the promise.
            InternalError: the cluster is poisoned by a bug.
        """
        scheduler = self.scheduler
        with self.lock:
            if timeout_ms == float("inf"):
                timeout_ms = None
            limit_ms = scheduler.now_ms + (MAX_VIRTUAL_WAIT_MS if timeout_ms is None else int(timeout_ms))
            me = threading.get_ident()
            if me not in self._threads:
                self._threads[me] = threading.current_thread()
            parking = _Parking(promise, limit_ms)
            outer = self._parked.get(me)
            self._parked[me] = parking
            try:
                self._turn(promise, limit_ms)
            finally:
                if outer is None:
                    del self._parked[me]
                else:
                    self._parked[me] = outer
            self.check_health()
            if promise.done():
                return True
            if timeout_ms is None:
                raise StuckError(
                    f"waited {MAX_VIRTUAL_WAIT_MS // 3_600_000} virtual hours: nothing will ever end it; "
                    "give it a timeout, or produce what it waits for first"
                )
            return False

    def _turn(self, promise: Promise[Any], limit_ms: int) -> None:
        scheduler = self.scheduler
        while not promise.done() and scheduler.failure is None:
            scheduler.run_ready(until=promise)
            if promise.done() or scheduler.now_ms >= limit_ms:
                break
            if len(self._threads) > 1 and not self._may_jump():
                continue
            deadline_ms = scheduler.next_deadline_ms()
            scheduler.advance_to(limit_ms if deadline_ms is None else min(deadline_ms, limit_ms))
        self.changed.notify_all()

    def _may_jump(self) -> bool:
        """Whether all other threads are parked; if not, let them work a little first."""
        me = threading.get_ident()
        frames = None
        settled = True
        for ident, thread in list(self._threads.items()):
            if ident == me:
                continue
            if not thread.is_alive():
                del self._threads[ident]
                continue
            parking = self._parked.get(ident)
            if parking is not None:
                if parking.over(self.scheduler):
                    settled = False
                continue
            if frames is None:
                frames = sys._current_frames()
            if not _waits(frames.get(ident)) or self._wakes_up(ident):
                settled = False
        if not settled:
            self.changed.notify_all()
            self.changed.wait(_SETTLE_S)
        return settled

    def _wakes_up(self, ident: int) -> bool:
        self.changed.wait(_SETTLE_S)
        if ident in self._parked:
            return True
        return not _waits(sys._current_frames().get(ident))

    def advance(self, delay_ms: int) -> None:
        """Run everything that happens in the next `delay_ms` virtual milliseconds."""
        scheduler = self.scheduler
        with self.lock:
            end_ms = scheduler.now_ms + delay_ms
            scheduler.run_ready()
            while scheduler.failure is None:
                deadline_ms = scheduler.next_deadline_ms()
                if deadline_ms is None or deadline_ms > end_ms:
                    break
                scheduler.advance_to(deadline_ms)
                scheduler.run_ready()
            scheduler.advance_to(end_ms)
            scheduler.run_ready()
            self.changed.notify_all()
        self.check_health()

    def settle(self) -> None:
        """Run everything that can happen without time passing."""
        with self.lock:
            self.scheduler.run_ready()
        self.check_health()

    def close(self) -> None:
        """Nothing to stop: virtual time has no thread of its own."""
        self._threads.clear()


class _Parking:
    """A thread's wait: over when its promise is done or its limit has come."""

    __slots__ = ("limit_ms", "promise")

    def __init__(self, promise: Promise[Any], limit_ms: int) -> None:
        self.promise = promise
        self.limit_ms = limit_ms

    def over(self, scheduler: Scheduler) -> bool:
        return self.promise.done() or scheduler.now_ms >= self.limit_ms
