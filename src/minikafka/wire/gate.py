"""The way from the sockets' thread into the single-threaded core: one lock take for a batch of work."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.ports import Driver
    from minikafka.scheduler import Promise, Scheduler


class Gate:
    """Runs work of the sockets' thread under the driver's lock, and turns the scheduler right there.

    Most requests are answered before the lock is given up, so that no other thread has to wake.

    Args:
        driver: whose lock guards the core.
        scheduler: the core's.
    """

    def __init__(self, driver: Driver, scheduler: Scheduler) -> None:
        self.inside: bool = False
        """Whether the sockets' thread is inside; to be read under the lock."""
        self._driver = driver
        self._scheduler = scheduler

    def run(self, work: Callable[[], object]) -> None:
        """Do `work` and all that is ready after it, in the calling thread."""
        scheduler = self._scheduler
        with self._driver.lock:
            self._driver.tell_time()
            # Whoever sleeps is woken once at the end, not with every action that is scheduled.
            on_work, scheduler.on_work = scheduler.on_work, None
            self.inside = True
            try:
                work()
                scheduler.run_ready()
            finally:
                self.inside = False
                scheduler.on_work = on_work
            if on_work is not None:
                on_work()

    def turn(self, until: Promise[Any]) -> None:
        """Inside `run`: turn the scheduler until the promise is done or nothing is ready."""
        self._scheduler.run_ready(until)
