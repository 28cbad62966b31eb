"""What the drivers share that are turned in the background: by a thread, or by an asyncio loop."""

from __future__ import annotations

import threading

from minikafka.drivers.base import BaseDriver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle
    from collections.abc import Callable
    from typing import Any, Protocol

    from minikafka.scheduler import Promise, Scheduler

    class Limit(Protocol):
        """How long a wait may last."""

        def left_s(self) -> float | None:
            """The real seconds until somebody should look again; None: there is no limit; 0: it is over."""
            ...

    class Turner(Protocol):
        """Who turns the scheduler when nobody waits."""

        def start(self) -> None:
            """Begin."""
            ...

        def wake(self) -> None:
            """There is work, or an earlier timer; called under the lock."""
            ...

        def end(self) -> None:
            """Turn no more; called under the lock."""
            ...


class BackgroundDriver(BaseDriver):
    """Turned by whoever waits, and else in the background, so that work is done as soon as there is any.

    Args:
        scheduler: the cluster's scheduler.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._sleeping = False
        """Whether a thread sleeps on `changed` and was not woken since."""
        self._closed = False
        self._turner: Turner = ThreadTurner(self)
        scheduler.on_work = self._on_work
        self._turner.start()

    def due_s(self) -> float | None:
        """The real seconds until the next timer is due; None if time alone makes none due."""
        raise NotImplementedError

    def _limit(self, timeout_ms: float | None) -> Limit:
        raise NotImplementedError

    def turn(self) -> None:
        """Run everything that is ready now; the caller holds the lock."""
        self.tell_time()
        self.scheduler.run_ready()

    def turn_in_loop(self, loop: AbstractEventLoop, on_closed: Callable[[], object] | None = None) -> None:
        """From now on, the loop that runs in the calling thread turns the scheduler, and no thread does.

        Args:
            loop: the loop.
            on_closed: called under the lock when there is work and the loop turns out to be closed; has to find
                somebody else to turn the scheduler. By default a thread does it again.
        """
        self._hand_over(LoopTurner(self, loop, on_closed or self.turn_in_thread))

    def turn_in_thread(self) -> None:
        """From now on, a thread turns the scheduler again."""
        with self.lock:
            if not isinstance(self._turner, ThreadTurner):
                self._hand_over(ThreadTurner(self))

    def _hand_over(self, turner: Turner) -> None:
        with self.lock:
            self._turner.end()  # gives the lock up until the thread has ended
            if not self._closed:
                self._turner = turner
                turner.start()

    def _on_work(self) -> None:
        self.wake_sleepers()
        self._turner.wake()

    def wake_sleepers(self) -> None:
        """Have the threads that sleep look again."""
        if self._sleeping:
            self._sleeping = False
            self.changed.notify_all()

    def sleep(self, left_s: float | None) -> None:
        """Sleep until other threads change something, the next timer is due, or `left_s` have passed."""
        due_s = self.due_s()
        if due_s is not None:
            left_s = due_s if left_s is None else min(due_s, left_s)
        self._sleeping = True
        self.changed.wait(left_s)

    def _wait(self, promise: Promise[Any], timeout_ms: float | None) -> None:
        scheduler = self.scheduler
        limit = self._limit(timeout_ms)
        while not promise.done() and not scheduler.closed:
            self.turn()
            if promise.done() or scheduler.failure is not None:
                break
            left_s = limit.left_s()
            if left_s is not None and left_s <= 0:
                break
            if scheduler.idle:
                self.sleep(left_s)
        self.changed.notify_all()

    def settle(self) -> None:
        """Run everything that is ready now."""
        with self.lock:
            self.turn()
        self.check_health()

    def close(self) -> None:
        """End what turns the scheduler in the background."""
        with self.lock:
            self._closed = True
            self.scheduler.on_work = None
            self._turner.end()
            self.changed.notify_all()


class ThreadTurner:
    """A thread that turns the scheduler and sleeps in between.

    It has a condition of its own, for most of what wakes the threads that wait leaves it nothing to do: whoever
    schedules an action turns the scheduler himself, and waking a thread costs more than many a request.

    Args:
        driver: whose scheduler.
    """

    def __init__(self, driver: BackgroundDriver) -> None:
        self._driver = driver
        self._ended = False
        self._condition = threading.Condition(driver.lock)
        self._asleep = False
        self._until_ms: int | None = None
        """The deadline of the scheduler's that it sleeps up to; None: there was none."""
        self._thread = threading.Thread(target=self._run, name="minikafka-clock", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Have the thread look again if there is work, or a timer that is due before it would."""
        if self._asleep and self._has_news():
            self._asleep = False
            self._condition.notify()

    def _has_news(self) -> bool:
        scheduler = self._driver.scheduler
        if not scheduler.idle:
            return True
        deadline_ms = scheduler.next_deadline_ms()
        return deadline_ms is not None and (self._until_ms is None or deadline_ms < self._until_ms)

    def end(self) -> None:
        """Stop the thread and wait for its end, unless this is it."""
        self._ended = True
        self._condition.notify()
        if threading.current_thread() is not self._thread:
            with self._driver.released():
                self._thread.join()

    def _run(self) -> None:
        driver = self._driver
        scheduler = driver.scheduler
        with driver.lock:
            while not self._ended and scheduler.failure is None:
                driver.turn()
                driver.changed.notify_all()
                if scheduler.idle and not self._ended:
                    self._until_ms = scheduler.next_deadline_ms()
                    self._asleep = True
                    self._condition.wait(driver.due_s())
                    self._asleep = False
            driver.changed.notify_all()


class LoopTurner:
    """Turns the scheduler in callbacks of an asyncio loop; no thread is needed.

    Args:
        driver: whose scheduler.
        loop: the loop that runs in the calling thread.
        on_closed: called when there is work and the loop is closed.
    """

    def __init__(
        self, driver: BackgroundDriver, loop: AbstractEventLoop, on_closed: Callable[[], object]
    ) -> None:
        self._driver = driver
        self._loop = loop
        self._on_closed = on_closed
        self._thread = threading.get_ident()
        self._timer: TimerHandle | None = None
        self._called = False
        self._turning = False
        self._ended = False

    def start(self) -> None:
        """Do what there is to do, in the loop's next turn."""
        self._called = True
        self._loop.call_soon(self._turn)

    def wake(self) -> None:
        """Have the loop turn the scheduler, or look at its timers earlier than it would."""
        if self._ended:
            return
        if not self._loop.is_closed():
            if self._called or self._turning or not self._has_news():
                return
            self._called = True
            try:
                if threading.get_ident() == self._thread:
                    self._loop.call_soon(self._turn)
                else:
                    self._loop.call_soon_threadsafe(self._turn)
                return
            except RuntimeError:
                if not self._loop.is_closed():
                    raise  # else it was closed in its own thread just now
        self._on_closed()

    def _has_news(self) -> bool:
        if not self._driver.scheduler.idle:
            return True
        due_s = self._driver.due_s()
        if due_s is None:
            return False
        return self._timer is None or self._loop.time() + due_s < self._timer.when()

    def end(self) -> None:
        """Leave the loop alone."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()

    def _turn(self) -> None:
        driver = self._driver
        with driver.lock:
            self._called = False
            if self._ended or driver.scheduler.failure is not None:
                return
            self._turning = True
            try:
                driver.turn()
            finally:
                self._turning = False
            driver.changed.notify_all()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            due_s = driver.due_s()
            if due_s is not None:
                self._timer = self._loop.call_later(due_s, self._turn)
