"""Deserializers in all the shapes that kafka-python takes, reduced to one: ``f(topic, headers, data)``."""

from __future__ import annotations

from minikafka.client.serializers import positional_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Headers = list[tuple[str, bytes | None]]
    Deserialize = Callable[[str, Headers, bytes | None], Any]

_VERSION_2_PARAMETERS = 2


def bind_deserializer(deserializer: Any, option: str) -> Deserialize | None:
    """A deserializer option as one function, or None for "bytes as they are".

    Args:
        deserializer: None; a callable ``f(data)``; an object with ``deserialize(topic, headers, data)``
            (kafka-python 3) or ``deserialize(topic, data)`` (kafka-python 2).
        option: ``"key_deserializer"`` or ``"value_deserializer"``, for the error message.

    Raises:
        TypeError: it is none of these.
    """
    if deserializer is None:
        return None
    method = getattr(deserializer, "deserialize", None)
    if callable(method):
        if positional_parameters(method) == _VERSION_2_PARAMETERS:
            return lambda topic, _, data: method(topic, data)
        return method  # type: ignore[no-any-return]
    if callable(deserializer):
        return lambda _, __, data: deserializer(data)
    raise TypeError(
        f"{option}={deserializer!r}: expected a callable, or an object with deserialize(topic, headers, data)"
    )
