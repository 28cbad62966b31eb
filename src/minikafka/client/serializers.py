"""Serializers in all the shapes that kafka-python takes, reduced to one: ``f(topic, headers, data)``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Headers = list[tuple[str, bytes]]
    SerializeFunction = Callable[[str, Headers, Any], Any]


class Serializer:
    """Base class of user-defined serializers, in kafka-python 3's shape."""

    def serialize(self, topic: str, headers: Headers, data: Any) -> bytes | None:
        """Turn a key or value into bytes; None stays None (a tombstone)."""
        raise NotImplementedError

    def close(self) -> None:
        """Called when the producer closes."""


class Deserializer:
    """Base class of user-defined deserializers, in kafka-python 3's shape."""

    def deserialize(self, topic: str, headers: Headers, data: bytes | None) -> Any:
        """Turn the bytes of a key or value into what the application works with."""
        raise NotImplementedError

    def close(self) -> None:
        """Called when the consumer closes."""


def positional_parameters(function: Any) -> int | None:
    """How many positional arguments a function or method takes; None when that cannot be told."""
    bound = getattr(function, "__self__", None) is not None
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None or code.co_flags & 0x04:  # CO_VARARGS
        return None
    return int(code.co_argcount) - bound


def bind_serializer(serializer: Any, option: str) -> SerializeFunction | None:
    """A serializer option as one function, or None for "bytes as they are".

    Args:
        serializer: None; a callable ``f(data)``; an object with ``serialize(topic, headers, data)``
            (kafka-python 3) or ``serialize(topic, data)`` (kafka-python 2).
        option: ``"key_serializer"`` or ``"value_serializer"``, for the error message.

    Raises:
        TypeError: it is none of these.
    """
    if serializer is None:
        return None
    method = getattr(serializer, "serialize", None)
    if callable(method):
        if positional_parameters(method) == 2:
            return lambda topic, _headers, data: method(topic, data)
        return method  # type: ignore[no-any-return]
    if callable(serializer):
        return lambda _topic, _headers, data: serializer(data)
    raise TypeError(
        f"{option}={serializer!r}: expected a callable, or an object with serialize(topic, headers, data)"
    )
