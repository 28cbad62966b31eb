"""What both drivers share: the one lock, and running a coroutine in the thread that called."""

from __future__ import annotations

from threading import Condition, RLock

from minikafka.errors import IllegalStateError, InternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any, TypeVar

    from minikafka.scheduler import Promise, Scheduler

    T = TypeVar("T")


class Released:
    """A context in which the calling thread does not hold the driver's lock, however deep it held it."""

    __slots__ = ("_lock", "_state")

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._state: Any = None

    def __enter__(self) -> None:
        # Condition variables release a re-entrant lock of any depth by the same two methods.
        self._state = self._lock._release_save() if self._lock._is_owned() else None

    def __exit__(self, *exc_info: object) -> None:
        if self._state is not None:
            self._lock._acquire_restore(self._state)


def _listen(_: Promise[Any]) -> None:
    """Does nothing but being there."""


class BaseDriver:
    """The lock and the foreground coroutine runner; subclasses know how to wait."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.lock: RLock = RLock()
        self.changed: Condition = Condition(self.lock)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the calling thread until it returns; see `minikafka.ports.Driver.run`."""
        with self.lock:
            # Deadlines are counted from now, not from whenever the scheduler was turned last.
            self.tell_time()
            send = coroutine.send
            try:
                while True:
                    awaited: Promise[Any] = send(None)
                    self.wait(awaited)
            except StopIteration as stop:
                value: T = stop.value
                return value
            finally:
                coroutine.close()

    def wait(self, promise: Promise[Any], timeout_ms: float | None = None) -> bool:
        """Turn the scheduler until the promise is done (True) or `timeout_ms` have passed (False).

        Raises:
            StuckError: virtual time, no timeout was given, and nothing can ever keep the promise.
            IllegalStateError: the cluster was closed meanwhile.
            InternalError: the cluster is poisoned by a bug.
        """
        with self.lock:
            if promise.done():
                self.check_health()
                return True
            # A failing task asks whether somebody listens; whoever blocks here does.
            promise.add_callback(_listen)
            try:
                self._wait(promise, None if timeout_ms == float("inf") else timeout_ms)
            finally:
                promise.remove_callback(_listen)
            self.check_health()
            if not promise.done() and self.scheduler.closed:
                raise IllegalStateError("the cluster was closed while a call was waiting")
            return promise.done()

    def _wait(self, promise: Promise[Any], timeout_ms: float | None) -> None:
        raise NotImplementedError

    def tell_time(self) -> None:
        """Bring the scheduler's time up to now; virtual time only moves while somebody waits."""

    def released(self) -> Released:
        """Give the lock up around a user's callback."""
        return Released(self.lock)

    def check_health(self) -> None:
        """Raise InternalError if a bug has poisoned the cluster."""
        failure = self.scheduler.failure
        if failure is not None:
            raise InternalError(f"the cluster is poisoned by an internal error: {failure!r}") from failure
