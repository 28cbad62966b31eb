"""kafka-python's Future: a value that comes later, with callbacks and errbacks."""

from __future__ import annotations

from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Self


class Future:
    """A result that is not there yet; `success` or `failure` completes it, once.

    Callbacks run in the order in which they were added; one added after completion runs at once. An
    exception in a callback is logged and goes no further, unless `error_on_callbacks` is set.
    """

    __slots__ = ("_callbacks", "_errbacks", "_exception", "_is_done", "_value")

    error_on_callbacks = False

    def __init__(self) -> None:
        self._is_done = False
        self._value: Any = None
        self._exception: BaseException | None = None
        self._callbacks: list[Callable[[Any], object]] = []
        self._errbacks: list[Callable[[Any], object]] = []

    @property
    def is_done(self) -> bool:
        """Whether the future has succeeded or failed."""
        return self._is_done

    @property
    def value(self) -> Any:
        """The result; None until there is one."""
        return self._value

    @property
    def exception(self) -> BaseException | None:
        """What the future failed with, or None."""
        return self._exception

    def succeeded(self) -> bool:
        """Whether there is a result."""
        return self.is_done and self.exception is None

    def failed(self) -> bool:
        """Whether it ended with an exception."""
        return self.is_done and self.exception is not None

    def retriable(self) -> bool:
        """Whether it failed with an error that may pass."""
        exception = self.exception
        return exception is not None and _is_retriable(exception)

    def success(self, value: Any) -> Self:
        """Complete with a result."""
        self._value = value
        self._is_done = True
        callbacks = self._callbacks
        self._callbacks, self._errbacks = [], []
        for callback in callbacks:
            run_callback(self, callback, value)
        return self

    def failure(self, error: BaseException | type[BaseException]) -> Self:
        """Complete with an exception, or with an instance of an exception class.

        Raises:
            TypeError: `error` is neither.
        """
        exception = error() if isinstance(error, type) else error
        if not isinstance(exception, BaseException):
            raise TypeError(f"a future must fail with an exception, not with {exception!r}")
        self._exception = exception
        self._is_done = True
        errbacks = self._errbacks
        self._callbacks, self._errbacks = [], []
        for errback in errbacks:
            run_callback(self, errback, exception)
        return self

    def add_callback(self, f: Callable[..., object], *args: Any, **kwargs: Any) -> Self:
        """Call ``f(*args, value, **kwargs)`` on success."""
        f = _bind(f, args, kwargs)
        if not self._is_done:
            self._callbacks.append(f)
        elif self._exception is None:
            run_callback(self, f, self._value)
        return self

    def add_errback(self, f: Callable[..., object], *args: Any, **kwargs: Any) -> Self:
        """Call ``f(*args, exception, **kwargs)`` on failure."""
        f = _bind(f, args, kwargs)
        if not self._is_done:
            self._errbacks.append(f)
        elif self._exception is not None:
            run_callback(self, f, self._exception)
        return self

    def add_both(self, f: Callable[..., object], *args: Any, **kwargs: Any) -> Self:
        """Call `f` on success and on failure alike."""
        self.add_callback(f, *args, **kwargs)
        self.add_errback(f, *args, **kwargs)
        return self

    def chain(self, future: Future) -> Self:
        """Complete another future as this one completes."""
        self.add_callback(future.success)
        self.add_errback(future.failure)
        return self

    def __await__(self) -> Generator[Promise[None], None, Any]:
        if not self.is_done:
            # What runs a listener's coroutine knows promises only.
            completed: Promise[None] = Promise()
            self.add_callback(lambda _: completed.set_result(None))
            self.add_errback(lambda _: completed.set_result(None))
            yield completed
        exception = self.exception
        if exception is not None:
            raise exception
        return self.value


def _is_retriable(exception: BaseException) -> bool:
    # Patched clients fail with another library's classes, where only the name is the same.
    return any(base.__name__ == "RetriableError" for base in type(exception).__mro__)


def _bind(
    f: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> Callable[[Any], object]:
    if not callable(f):
        raise TypeError(f"a callback must be callable, not {f!r}")
    if not args and not kwargs:
        return f
    from functools import partial

    return partial(f, *args, **kwargs)


def run_callback(future: Future, callback: Callable[[Any], object], value: object) -> None:
    """Run a user's callback; what it raises is logged, and raised only with `Future.error_on_callbacks`."""
    try:
        callback(value)
    except Exception:
        from minikafka.logs import logger

        logger("client.future").exception("Error processing callback")
        if future.error_on_callbacks:
            raise
