"""Small tools for handlers whose answer comes later."""

from __future__ import annotations

from minikafka.errors import KafkaConnectionError
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    T = TypeVar("T")
    U = TypeVar("U")


class ConnectionClosed(KafkaConnectionError):
    """Raised by a handler that tells of an error by closing the connection, for want of an answer."""


def mapped(promise: Promise[T], function: Callable[[T], U]) -> Promise[U]:
    """`function(value)` once the promise has its value; a failure passes through."""
    answer: Promise[U] = Promise()

    def complete(done: Promise[T]) -> None:
        error = done.exception()
        if error is None:
            try:
                value = function(done.result())
            except Exception as raised:
                error = raised
            else:
                answer.set_result(value)
                return
        answer.set_exception(error)

    promise.add_callback(complete)
    return answer


def recovered(promise: Promise[T], function: Callable[[BaseException], T]) -> Promise[T]:
    """The promise's value, or `function(error)` if it fails (which may raise the error again)."""
    answer: Promise[T] = Promise()

    def complete(done: Promise[T]) -> None:
        error = done.exception()
        if error is None:
            answer.set_result(done.result())
            return
        try:
            value = function(error)
        except Exception as raised:
            answer.set_exception(raised)
        else:
            answer.set_result(value)

    promise.add_callback(complete)
    return answer


def gathered(promises: Iterable[Promise[T]]) -> Promise[list[T]]:
    """All values, in order, once every promise has its own; the first failure in order fails it."""
    waiting = list(promises)
    answer: Promise[list[T]] = Promise()
    left = len(waiting)

    def count(_: Promise[T] | None) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            return
        errors = [error for each in waiting if (error := each.exception()) is not None]
        if errors:
            answer.set_exception(errors[0])
        else:
            answer.set_result([each.result() for each in waiting])

    if not waiting:
        return Promise.resolved([])
    for promise in waiting:
        promise.add_callback(count)
    return answer


MALFORMED_REQUEST = (
    "This most likely occurs because of a request being malformed by the client library or the message was "
    "sent to an incompatible broker. See the broker logs for more details."
)
"""What Kafka says of an INVALID_REQUEST for which it has no words of its own."""
