"""The one scheduler: ready actions, timers in virtual or real milliseconds, promises and tasks.

It never reads a clock: a driver tells it the time with `advance_to`. Everything that happens in a cluster
happens in an action run by `step`, one at a time, in an order that depends on nothing but the calls made.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush

from minikafka.errors import Cancelled, IllegalStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from random import Random
    from typing import Any, Generic, TypeVar

    T = TypeVar("T")
else:
    T = object

    class Generic:
        """Stands in for typing.Generic, which costs start-up time and does nothing at run time."""

        def __class_getitem__(cls, item: object) -> type:
            return cls


_PENDING = object()
_PURGE_MIN = 1024


class Promise(Generic[T]):
    """A value that will be there later; awaitable in the core's coroutines.

    Callbacks run at once, in order, inside `set_result` / `set_exception`; they must be short and must not
    raise. A coroutine that awaits the promise is resumed by the scheduler in an action of its own.
    """

    __slots__ = ("_callbacks", "_exception", "_value")

    def __init__(self) -> None:
        self._value: Any = _PENDING
        self._exception: BaseException | None = None
        self._callbacks: list[Callable[[Promise[T]], object]] | None = None

    @staticmethod
    def resolved(value: T) -> Promise[T]:
        """A promise that already has its value."""
        promise: Promise[T] = Promise()
        promise._value = value
        return promise

    @staticmethod
    def failed(error: BaseException) -> Promise[Any]:
        """A promise that has already failed."""
        promise: Promise[Any] = Promise()
        promise.set_exception(error)
        return promise

    def done(self) -> bool:
        """Whether the promise has a value or an exception."""
        return self._value is not _PENDING

    def result(self) -> T:
        """The value; raises the exception it failed with, or IllegalStateError while it is pending."""
        if self._exception is not None:
            raise self._exception
        if self._value is _PENDING:
            raise IllegalStateError("the promise is still pending")
        value: T = self._value
        return value

    def exception(self) -> BaseException | None:
        """The exception the promise failed with, or None."""
        return self._exception

    def set_result(self, value: T) -> None:
        """Keep the promise. Raises IllegalStateError if it is already done."""
        if self._value is not _PENDING:
            raise IllegalStateError("the promise is already done")
        self._value = value
        if self._callbacks is not None:
            self._run_callbacks()

    def set_exception(self, error: BaseException) -> None:
        """Break the promise. Raises IllegalStateError if it is already done."""
        if self._value is not _PENDING:
            raise IllegalStateError("the promise is already done")
        self._value = None
        self._exception = error
        if self._callbacks is not None:
            self._run_callbacks()

    def _run_callbacks(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            callback(self)

    def add_callback(self, callback: Callable[[Promise[T]], object]) -> None:
        """Call `callback(promise)` when the promise is done (at once if it is)."""
        if self._value is not _PENDING:
            callback(self)
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def remove_callback(self, callback: Callable[[Promise[T]], object]) -> None:
        """Forget a callback that has not run; unknown callbacks are ignored."""
        if self._callbacks is not None and callback in self._callbacks:
            self._callbacks.remove(callback)

    def __await__(self) -> Generator[Promise[Any], None, T]:
        if self._value is _PENDING:
            yield self
        return self.result()


class Timer:
    """An action with a deadline; `cancel` makes it never happen."""

    __slots__ = ("action", "args", "deadline_ms")

    def __init__(self, deadline_ms: int, action: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.deadline_ms: int = deadline_ms
        self.action: Callable[..., object] | None = action
        self.args: tuple[()] = args

    @property
    def cancelled(self) -> bool:
        """Whether the timer was cancelled or has fired."""
        return self.action is None

    def cancel(self) -> None:
        """Never run the action. Cancelling twice, or after it ran, does nothing."""
        self.action = None
        self.args = ()


class Task(Promise[T]):
    """A coroutine that the scheduler runs; itself the promise of the coroutine's value."""

    __slots__ = ("_coroutine", "_scheduler", "_waiting_for", "name")

    def __init__(self, scheduler: Scheduler, coroutine: Coroutine[Any, Any, T], name: str) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._coroutine = coroutine
        self._waiting_for: Promise[Any] | None = None
        self.name: str = name

    def cancel(self) -> None:
        """Stop the coroutine where it waits (its ``finally`` blocks run) and fail with Cancelled."""
        if self.done():
            return
        if self._waiting_for is not None:
            self._waiting_for.remove_callback(self._wake)
            self._waiting_for = None
        self._coroutine.close()
        self._finish()
        self.set_exception(Cancelled(f"task {self.name} was cancelled"))

    def _wake(self, _: Promise[Any]) -> None:
        self._waiting_for = None
        self._scheduler.call_soon(self._resume)

    def _resume(self) -> None:
        if self.done():
            return
        try:
            awaited = self._coroutine.send(None)
        except StopIteration as stop:
            self._finish()
            self.set_result(stop.value)
        except Exception as error:
            unheard = not self._callbacks
            self._finish()
            self.set_exception(error)
            if unheard:
                # Nobody waits for this task, so nobody would ever hear of its failure.
                self._scheduler.report_failure(error)
        else:
            self._waiting_for = awaited
            awaited.add_callback(self._wake)

    def _finish(self) -> None:
        self._scheduler.forget(self)


class Scheduler:
    """Runs actions one at a time and owns every timer and task of a cluster.

    Args:
        random: the one source of chance; a seeded one makes the whole run repeatable.
        now_ms: the time to start at, in ms since the Unix epoch.
    """

    __slots__ = (
        "_purge_at",
        "_ready",
        "_sequence",
        "_tasks",
        "_timers",
        "closed",
        "failure",
        "now_ms",
        "on_work",
        "random",
    )

    def __init__(self, random: Random, now_ms: int) -> None:
        self.random: Random = random
        self.now_ms: int = now_ms
        self.failure: BaseException | None = None
        self.on_work: Callable[[], object] | None = None
        """Called when an action or timer was added, so that a driver in another thread can wake."""
        self.closed: bool = False
        self._ready: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._timers: list[tuple[int, int, Timer]] = []
        self._sequence = 0
        self._purge_at = _PURGE_MIN
        self._tasks: dict[Task[Any], None] = {}

    def call_soon(self, action: Callable[..., object], *args: Any) -> None:
        """Run `action(*args)` after everything that is ready now."""
        self._ready.append((action, args))
        if self.on_work is not None:
            self.on_work()

    def call_at(self, deadline_ms: int, action: Callable[..., object], *args: Any) -> Timer:
        """Run `action(*args)` once the time is `deadline_ms` (ms since the epoch); ties keep call order."""
        timer = Timer(deadline_ms, action, args)
        self._sequence += 1
        heappush(self._timers, (deadline_ms, self._sequence, timer))
        if len(self._timers) > self._purge_at:
            self._purge()
        if self.on_work is not None:
            self.on_work()
        return timer

    def _purge(self) -> None:
        """Drop cancelled timers, which otherwise stay in the heap until they are due."""
        self._timers = [entry for entry in self._timers if entry[2].action is not None]
        heapify(self._timers)
        self._purge_at = max(_PURGE_MIN, 2 * len(self._timers))

    def call_later(self, delay_ms: int, action: Callable[..., object], *args: Any) -> Timer:
        """Run `action(*args)` in `delay_ms` milliseconds."""
        return self.call_at(self.now_ms + delay_ms, action, *args)

    def sleep(self, delay_ms: int) -> Promise[None]:
        """A promise kept in `delay_ms` milliseconds."""
        promise: Promise[None] = Promise()
        self.call_at(self.now_ms + delay_ms, _keep, promise)
        return promise

    def spawn(self, coroutine: Coroutine[Any, Any, T], name: str = "task") -> Task[T]:
        """Run a coroutine that awaits nothing but promises; it starts with the next actions.

        On a closed scheduler the task is cancelled before it starts.
        """
        task = Task(self, coroutine, name)
        if self.closed:
            task.cancel()
            return task
        self._tasks[task] = None
        self.call_soon(task._resume)
        return task

    def forget(self, task: Task[Any]) -> None:
        """A finished task's good-bye."""
        self._tasks.pop(task, None)

    def step(self) -> bool:
        """Run one ready action, or else the timer that is due now; False when there is neither."""
        if not self._ready and not self._collect_due():
            return False
        action, args = self._ready.popleft()
        try:
            action(*args)
        except Exception as error:
            self.report_failure(error)
        return True

    def run_ready(self, until: Promise[Any] | None = None) -> None:
        """Step until nothing is ready now, or `until` is done."""
        ready = self._ready
        while (until is None or until._value is _PENDING) and (ready or self._collect_due()):
            # `step`, written out: a request takes several.
            action, args = ready.popleft()
            try:
                action(*args)
            except Exception as error:
                self.report_failure(error)

    def _collect_due(self) -> bool:
        timers = self._timers
        while timers and timers[0][0] <= self.now_ms:
            timer = heappop(timers)[2]
            if timer.action is not None:
                self._ready.append((timer.action, timer.args))
                timer.action = None
                return True
        return False

    def next_deadline_ms(self) -> int | None:
        """When the next timer is due, or None."""
        timers = self._timers
        while timers:
            if timers[0][2].action is not None:
                return timers[0][0]
            heappop(timers)
        return None

    def advance_to(self, now_ms: int) -> None:
        """Tell the time. Time never goes back: an earlier time is ignored."""
        if now_ms > self.now_ms:
            self.now_ms = now_ms

    @property
    def idle(self) -> bool:
        """Whether no action is ready (timers may still be pending)."""
        return not self._ready

    def report_failure(self, error: BaseException) -> None:
        """An exception nobody was there to take: a bug. The first is kept and poisons the cluster."""
        if self.failure is None:
            self.failure = error

    def close(self) -> None:
        """Cancel every task and drop every action and timer."""
        self.closed = True
        for task in list(self._tasks):
            task.cancel()
        self._ready.clear()
        self._timers.clear()


def _keep(promise: Promise[None]) -> None:
    if not promise.done():
        promise.set_result(None)
