"""Virtual time: a blocking call runs the scheduler, and time jumps when nothing else can run.

With several application threads, time jumps only when every one of them is parked: inside the library, or
in a wait of the standard library that another thread must end (a join, a queue, a future). A thread that
stands still outside of both (a lock of its own, a real sleep) does not stop the world: time then creeps, one
deadline at a time.
"""

from __future__ import annotations

import sys
import threading
import time
from os import sep
from os.path import dirname

from minikafka.drivers.base import BaseDriver
from minikafka.errors import StuckError
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from minikafka.scheduler import Scheduler

MAX_VIRTUAL_WAIT_MS = 48 * 3600 * 1000
"""An unbounded wait that lasts two virtual days is a hang; the test is told instead."""

_SETTLE_S = 0.0005
"""Real seconds between two looks at threads that are still working."""

_CREEP_S = 0.1
"""Real seconds that threads outside the library may stand still before time moves by one deadline."""

_CREEP_LOOKS = 100
"""How often they must have been seen there meanwhile: on a loaded machine a thread that works is not run for
longer than `_CREEP_S`, and then whoever looks at it is not run often, either."""

_CONDITION_WAIT = threading.Condition.wait.__code__

_STDLIB = dirname(threading.__file__) + sep
_WAITING_FILES = frozenset(
    _STDLIB + path.replace("/", sep)
    for path in (
        "threading.py",
        "queue.py",
        "selectors.py",
        "concurrent/futures/_base.py",
        "concurrent/futures/thread.py",
        "multiprocessing/connection.py",
    )
)


def _waits(frame: FrameType | None) -> bool:
    """Whether a thread's innermost frame is a wait of the standard library that nobody has ended yet."""
    return frame is not None and frame.f_code.co_filename in _WAITING_FILES and not _was_woken(frame)


def _was_woken(frame: FrameType) -> bool:
    """Whether the thread sleeps in `threading.Condition.wait` and was notified: it only has to be run again.

    Events, barriers, queues and futures wait there. The lock that the thread sleeps on is released by whoever
    notifies it.
    """
    if frame.f_code is not _CONDITION_WAIT:
        return False
    waiter = frame.f_locals.get("waiter")
    return waiter is not None and not waiter.locked()


class VirtualDriver(BaseDriver):
    """Turns the scheduler in whichever thread waits, and moves time by jumps.

    Args:
        scheduler: the cluster's scheduler.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._threads: dict[int, threading.Thread] = {}
        self._parked: dict[int, _Parking] = {}
        self._standstill = _Standstill()
        self._creeps = False
        """Whether the last jump was allowed although a thread outside the library stands still."""

    def clock_name(self) -> str:
        """``"virtual"``."""
        return "virtual"

    def _wait(self, promise: Promise[Any], timeout_ms: float | None) -> None:
        scheduler = self.scheduler
        limit_ms = scheduler.now_ms + (MAX_VIRTUAL_WAIT_MS if timeout_ms is None else int(timeout_ms))
        me = threading.get_ident()
        if me not in self._threads:
            self._threads[me] = threading.current_thread()
        outer = self._parked.get(me)
        self._parked[me] = _Parking(promise, limit_ms, timeout_ms is None)
        try:
            self._turn(promise, limit_ms)
        finally:
            if outer is None:
                del self._parked[me]
            else:
                self._parked[me] = outer
        if timeout_ms is None and not promise.done() and scheduler.failure is None and not scheduler.closed:
            raise StuckError(
                f"waited {MAX_VIRTUAL_WAIT_MS // 3_600_000} virtual hours: nothing will ever end it; "
                "give it a timeout, or produce what it waits for first"
            )

    def _turn(self, promise: Promise[Any], limit_ms: int) -> None:
        scheduler = self.scheduler
        while not promise.done() and scheduler.failure is None and not scheduler.closed:
            scheduler.run_ready(until=promise)
            if promise.done() or scheduler.now_ms >= limit_ms:
                break
            jump_ms = limit_ms
            if len(self._threads) > 1:
                if not self._may_jump():
                    continue
                jump_ms = min(parking.limit_ms for parking in self._parked.values())
            deadline_ms = scheduler.next_deadline_ms()
            if deadline_ms is None and self._creeps and all(each.endless for each in self._parked.values()):
                # A thread stands still that may yet end these waits, and time has nowhere to creep to.
                continue
            scheduler.advance_to(jump_ms if deadline_ms is None else min(deadline_ms, jump_ms))
        if len(self._threads) > 1:
            self.changed.notify_all()

    def _may_jump(self) -> bool:
        """Whether all other threads are parked; if not, let them work a little first."""
        me = threading.get_ident()
        frames = sys._current_frames()
        settled = True
        working: list[tuple[int, int, int]] = []
        for ident, thread in list(self._threads.items()):
            if ident == me:
                continue
            if not thread.is_alive():
                del self._threads[ident]
                continue
            parking = self._parked.get(ident)
            if parking is not None:
                settled = settled and not parking.over(self.scheduler)
                continue
            frame = frames.get(ident)
            if not _waits(frame) or self._wakes_up(ident):
                working.append((ident, id(frame), -1 if frame is None else frame.f_lasti))
        self._creeps = bool(working)
        if settled and not working:
            return True
        if settled and self._standstill.lasts(working):
            return True
        self.changed.notify_all()
        self.changed.wait(_SETTLE_S)
        return False

    def _wakes_up(self, ident: int) -> bool:
        """Whether a thread that waits for another goes on when it is given a moment."""
        self.changed.wait(_SETTLE_S)
        if ident in self._parked:
            return True
        return not _waits(sys._current_frames().get(ident))

    def advance(self, delay_ms: int) -> None:
        """Run everything that happens in the next `delay_ms` virtual milliseconds."""
        self.wait(Promise(), delay_ms)

    def let_pass(self, limit_ms: int) -> int:
        """Run until the next timer has done its work; returns how many ms have passed, `limit_ms` at most."""
        scheduler = self.scheduler
        before_ms = scheduler.now_ms
        deadline_ms = scheduler.next_deadline_ms()
        self.advance(limit_ms if deadline_ms is None else min(limit_ms, max(0, deadline_ms - before_ms)))
        return scheduler.now_ms - before_ms

    def settle(self) -> None:
        """Run everything that can happen without time passing."""
        with self.lock:
            self.scheduler.run_ready()
        self.check_health()

    def close(self) -> None:
        """Nothing to stop: virtual time has no thread of its own."""
        with self.lock:
            self._threads.clear()
            self.changed.notify_all()


class _Parking:
    """A thread's wait: over when its promise is done or its limit has come; `endless` without a timeout."""

    __slots__ = ("endless", "limit_ms", "promise")

    def __init__(self, promise: Promise[Any], limit_ms: int, endless: bool) -> None:
        self.promise = promise
        self.limit_ms = limit_ms
        self.endless = endless

    def over(self, scheduler: Scheduler) -> bool:
        return self.promise.done() or scheduler.now_ms >= self.limit_ms


class _Standstill:
    """Notices that threads outside the library have not moved for a while, by real time."""

    __slots__ = ("_looks", "_places", "_since")

    def __init__(self) -> None:
        self._places: list[tuple[int, int, int]] = []
        self._since = 0.0
        self._looks = 0

    def lasts(self, places: list[tuple[int, int, int]]) -> bool:
        """Whether the threads were at these places all through `_CREEP_S`; starts over when they were."""
        now = time.monotonic()
        self._looks += 1
        lasts = places == self._places
        if lasts and (now - self._since < _CREEP_S or self._looks < _CREEP_LOOKS):
            return False
        self._places = places
        self._since = now
        self._looks = 0
        return lasts
