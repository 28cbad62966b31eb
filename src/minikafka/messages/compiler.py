"""Compiles message classes on first use: constructors, and one encoder and decoder per class and version."""

from __future__ import annotations

import struct
from functools import cache

from minikafka.codec import ProtocolError
from minikafka.errors import UnsupportedVersionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from minikafka.messages.schema import Body, Message

    B = TypeVar("B", bound=Body)

FORMATS = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint16": "H",
    "uint32": "I",
    "float64": "d",
    "boolean": "?",
    "uuid": "16s",
}
"""The types of fixed size, by their letter in the struct module's language."""


@cache
def structure(layout: str) -> struct.Struct:
    """The big-endian struct of a layout."""
    return struct.Struct(">" + layout)


def define(name: str, head: str, body: list[str], scope: dict[str, Any]) -> Callable[..., Any]:
    """The function that these lines of source define; `scope` holds the names they use."""
    exec("\n".join([head, *(body or [" pass"])]), scope)
    function: Callable[..., Any] = scope[name]
    return function


def check_version(cls: type[Body], version: int) -> None:
    """Raise UnsupportedVersionError unless `cls` has this version."""
    if not cls.min_version <= version <= cls.max_version:
        raise UnsupportedVersionError(
            f"{cls.__name__} has versions {cls.min_version} to {cls.max_version}, not {version}"
        )


def encode_message(message: Body, version: int, before: bytes = b"") -> bytearray:
    """See `Body.encode`; the buffer begins with the bytes `before`, and nobody else has it."""
    cls = type(message)
    encode = cls._encoders.get(version)
    if encode is None:
        from minikafka.messages.encoder import encoder

        check_version(cls, version)
        encode = cls._encoders[version] = encoder(cls, version, cls.is_flexible(version))
    buffer = bytearray(before)
    try:
        encode(message, buffer)
    except (struct.error, TypeError, AttributeError, ValueError) as error:
        from minikafka.messages.encoder import misfit

        culprit = misfit(message, version) or ProtocolError(str(error))
        raise type(culprit)(f"{cls.__name__} v{version} cannot be encoded: {culprit.args[0]}") from error
    return buffer


def decode_message(cls: type[B], data: bytes, version: int) -> B:
    """See `Body.decode`."""
    message, position = decode_at(cls, data, 0, version)
    if position != len(data):
        raise ProtocolError(f"{cls.__name__} v{version}: {len(data) - position} bytes left over")
    return message


def decode_at(
    cls: type[B], data: bytes, position: int, version: int, end: int | None = None
) -> tuple[B, int]:
    """See `Body.decode_at`."""
    if end is None:
        end = len(data)
    decode = cls._decoders.get(version)
    if decode is None:
        from minikafka.messages.decoder import decoder

        check_version(cls, version)
        decode = cls._decoders[version] = decoder(cls, version, cls.is_flexible(version))
    found: tuple[B, int]
    try:
        try:
            found = decode(data, position, end)
        except UnicodeDecodeError:
            found = _lenient_decoder(cls, version)(data, position, end)
    except (struct.error, IndexError) as error:
        raise ProtocolError(f"{cls.__name__} v{version} is malformed: {error}") from error
    if found[1] > end:
        # What has a fixed size was read from the bytes behind.
        raise ProtocolError(f"{cls.__name__} v{version} is malformed: the input ends inside a field")
    return found


@cache
def _lenient_decoder(cls: type[Body], version: int) -> Callable[[bytes, int, int], tuple[Any, int]]:
    """The decoder of messages whose strings are not UTF-8; hardly anybody sends them."""
    from minikafka.messages.decoder import decoder

    return decoder(cls, version, cls.is_flexible(version), lenient=True)


def compile_init(cls: type[Message]) -> Callable[..., None]:
    """A constructor with one keyword-only parameter per field."""
    scope: dict[str, Any] = {"_missing": _MISSING}
    parameters, body = [], []
    for index, field in enumerate(cls.fields):
        name = field.name
        if field.default == () and field.kind == "array":
            parameters.append(f"{name}=_missing")
            body.append(f" self.{name} = [] if {name} is _missing else {name}")
        else:
            scope[f"_default{index}"] = field.absent()
            parameters.append(f"{name}=_default{index}")
            body.append(f" self.{name} = {name}")
    signature = "self, *, " + ", ".join(parameters) if parameters else "self"
    return define("__init__", f"def __init__({signature}):", body, scope)


_MISSING = object()
