"""An encoder that also writes what the schema forbids: nulls, wrong lengths, any bytes at any field.

It walks the same declarations as the compiled encoders, but slowly and without a check.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from minikafka.codec import write_uvarint
from minikafka.errors import UnsupportedVersionError
from minikafka.messages.compiler import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.messages.schema import Body


def encode(message: Body, version: int, overrides: Mapping[str, bytes], tags: bytes | None = None) -> bytes:
    """The body, with some fields replaced.

    Args:
        message: what is to be encoded.
        version: in which version.
        overrides: bytes by the path of the field which they replace.
        tags: what stands at the place of the outermost tagged fields; None for none.

    Raises:
        UnsupportedVersionError: this version, or this message, has no such field.
    """
    out = bytearray()
    left = dict(overrides)
    _struct(out, message, version, message.is_flexible(version), "", left, tags)
    if left:
        raise UnsupportedVersionError(f"{type(message).__name__} v{version} has no {', '.join(left)}")
    return bytes(out)


def _struct(
    out: bytearray,
    message: Any,
    version: int,
    flexible: bool,
    path: str,
    overrides: dict[str, bytes],
    tags: bytes | None = None,
) -> None:
    for field in message.fields:
        if not field.in_version(version) or field.tag is not None:
            continue
        name = path + field.name
        if name in overrides:
            out += overrides.pop(name)
        else:
            _value(
                out,
                getattr(message, field.name),
                field.kind,
                field.element,
                version,
                flexible,
                name,
                overrides,
            )
    if flexible:
        out += b"\0" if tags is None else tags


def _value(
    out: bytearray,
    value: Any,
    kind: str,
    element: Any,
    version: int,
    flexible: bool,
    path: str,
    overrides: dict[str, bytes],
) -> None:
    if kind in FORMATS:
        out += struct.pack(">" + FORMATS[kind], value)
    elif kind == "struct":
        if value is None:
            out += b"\xff"
            return
        out += b"\1"
        _struct(out, value, version, flexible, path + ".", overrides)
    elif kind == "array":
        out += length(None if value is None else len(value), flexible, ">i")
        for index, item in enumerate(value or ()):
            if isinstance(element, str):
                _value(out, item, element, None, version, flexible, f"{path}.{index}", overrides)
            else:
                _struct(out, item, version, flexible, f"{path}.{index}.", overrides)
    else:
        data = value.encode() if isinstance(value, str) else value
        out += length(None if data is None else len(data), flexible, ">h" if kind == "string" else ">i")
        out += data or b""


def length(count: int | None, flexible: bool, layout: str) -> bytes:
    """A length as it is written before a string, bytes or an array; None for null."""
    if flexible:
        out = bytearray()
        write_uvarint(out, 0 if count is None else count + 1)
        return bytes(out)
    return struct.pack(layout, -1 if count is None else count)
