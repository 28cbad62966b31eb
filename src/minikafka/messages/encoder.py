"""Writes the source of encoders: straight-line code that appends one message of one version to a bytearray.

In the source `m` is the message, `b` the bytearray, `n` a length, `x` an element, `s` a value's bytes.
Fields of fixed size that follow one another are written by one struct.
"""

from __future__ import annotations

import struct

from minikafka.codec import ProtocolError, write_uvarint
from minikafka.errors import UnsupportedVersionError
from minikafka.messages.compiler import FORMATS, define, structure
from minikafka.messages.schema import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.messages.fields import Field


def encoder(cls: type[Message], version: int, flexible: bool) -> Callable[[Any, bytearray], None]:
    """The function that appends a `cls` of this version to a bytearray; made once."""
    found = cls._encoders.get((version, flexible))
    if found is None:
        found = cls._encoders[version, flexible] = _Encoder(version, flexible).compile(cls)
    return found


class _Encoder:
    """Collects the lines of one encoder."""

    def __init__(self, version: int, flexible: bool) -> None:
        self.version = version
        self.flexible = flexible
        self.lines: list[str] = []
        self.layout = ""
        self.packed: list[str] = []
        self.scope: dict[str, Any] = {
            "_uvarint": write_uvarint,
            "_refuse": _refuse,
            "_check_uuid": _check_uuid,
            "_records": _joined_records,
            "_pack": struct.pack,
            "_pack_h": structure("h").pack,
            "_pack_i": structure("i").pack,
        }

    def compile(self, cls: type[Message]) -> Callable[[Any, bytearray], None]:
        """The encoder of `cls`."""
        tagged = []
        for field in cls.fields:
            if not field.in_version(self.version):
                if not field.ignorable:
                    self._emit(f"if {self._differs(field)}: {self._refusal(field)}")
            elif self.flexible and field.tag is not None:
                tagged.append(field)
            else:
                self._field(field, 1)
        if not self.flexible:
            self._flush()
        elif tagged:
            self._flush()
            self._tags(sorted(tagged, key=lambda field: field.tag or 0))
        else:
            self.layout += "x"  # no tagged fields: a zero
            self._flush()
        return define("encode", "def encode(m, b):", self.lines, self.scope)

    def _emit(self, line: str, depth: int = 1) -> None:
        self.lines.append(" " * depth + line)

    def _flush(self, depth: int = 1) -> None:
        """Write the fields of fixed size that were collected."""
        if self.layout == "x":
            self._emit("b.append(0)", depth)
            self.layout = ""
        elif self.layout:
            name = f"_pack_{self.layout.replace('?', 'z')}"
            self.scope[name] = structure(self.layout).pack
            self._emit(f"b += {name}({', '.join(self.packed)})", depth)
            self.layout, self.packed = "", []

    def _differs(self, field: Field) -> str:
        """Source that is true if the field has another value than its default."""
        value = f"m.{field.name}"
        if field.kind == "array" and field.default == ():
            return value
        if field.kind == "struct" and field.default == ():
            self.scope[f"_shared_{field.name}"] = field.absent()
            inner = self._struct_differs(value, f"_shared_{field.name}", field.element)
            if inner:
                return inner
        self.scope[f"_default_{field.name}"] = field.absent()
        return f"{value} != _default_{field.name}"

    def _struct_differs(self, value: str, shared: str, element: type[Message]) -> str:
        """The same of a struct of plain values, field by field, which spares building and comparing messages."""
        tests = []
        for field in element.fields:
            if field.kind in ("array", "struct"):
                return ""
            name = f"_default_{element.__name__}_{field.name}"
            self.scope[name] = field.default
            tests.append(f"{value}.{field.name} != {name}")
        # Nearly always it is the very default that a message is made with.
        return f"({value} is not {shared} and ({' or '.join(tests)}))"

    def _refusal(self, field: Field) -> str:
        return f"_refuse(m, {field.name!r}, {self.version})"

    def _field(self, field: Field, depth: int) -> None:
        value = f"m.{field.name}"
        if field.kind in FORMATS:
            if field.kind == "uuid":
                self._emit(f"if len({value}) != 16: _check_uuid(m, {field.name!r})", depth)
            self.layout += FORMATS[field.kind]
            self.packed.append(value)
            return
        self._flush(depth)
        nullable = field.nullable_in(self.version) or field.kind == "records"
        if nullable:
            self._emit(f"if {value} is None: {self._null(field)}", depth)
            self._emit("else:", depth)
            depth += 1
        elif field.nullable is not None:
            self._emit(f"if {value} is None: {self._refusal(field)}", depth)
        if field.kind == "struct":
            if nullable:
                self._emit("b.append(1)", depth)
            self._emit(f"{self._encoder_of(field.element)}({value}, b)", depth)
        elif field.kind == "array":
            self._array(field.element, value, depth)
        else:
            self._bytes(field.kind, value, self.flexible and field.compact, depth)

    def _null(self, field: Field) -> str:
        if field.kind == "struct":
            return "b.append(255)"
        if self.flexible and field.compact:
            return "b.append(0)"
        return "b += _pack_h(-1)" if field.kind == "string" else "b += _pack_i(-1)"

    def _encoder_of(self, element: type[Message]) -> str:
        name = f"_encode_{element.__name__}"
        self.scope[name] = encoder(element, self.version, self.flexible)
        return name

    def _bytes(self, kind: str, value: str, compact: bool, depth: int) -> None:
        source = {"string": f"{value}.encode()", "binary": value, "records": f"_records({value})"}[kind]
        self._emit(f"s = {source}", depth)
        if compact:
            self._compact_length("len(s)", depth)
        else:
            self._emit(f"b += {'_pack_h' if kind == 'string' else '_pack_i'}(len(s))", depth)
        self._emit("b += s", depth)

    def _compact_length(self, length: str, depth: int) -> None:
        self._emit(f"n = {length} + 1", depth)
        self._emit("if n < 128: b.append(n)", depth)
        self._emit("else: _uvarint(b, n)", depth)

    def _array(self, element: type[Message] | str, value: str, depth: int) -> None:
        if self.flexible:
            self._compact_length(f"len({value})", depth)
        else:
            self._emit(f"b += _pack_i(len({value}))", depth)
        if not isinstance(element, str):
            self._emit(f"for x in {value}: {self._encoder_of(element)}(x, b)", depth)
        elif element in FORMATS and element != "uuid":
            self._emit(f"if {value}: b += _pack('>%d{FORMATS[element]}' % len({value}), *{value})", depth)
        else:
            self._emit(f"for x in {value}:", depth)
            if element == "uuid":
                self._emit("if len(x) != 16: _check_uuid(m, x)", depth + 1)
                self._emit("b += x", depth + 1)
            else:
                self._bytes(element, "x", self.flexible, depth + 1)

    def _tags(self, tagged: list[Field]) -> None:
        """The tagged fields that differ from their defaults, in the order of their tags (KIP-482)."""
        self._emit(f"if not ({' or '.join(map(self._differs, tagged))}): b.append(0)")
        self._emit("else:")
        self._emit("count = 0; tags = bytearray(); body = b", 2)
        for field in tagged:
            self._emit(f"if {self._differs(field)}:", 2)
            self._emit("b = bytearray()", 3)
            self._field(field, 3)
            self._flush(3)
            self._emit(f"count += 1; _uvarint(tags, {field.tag}); _uvarint(tags, len(b)); tags += b", 3)
        self._emit("b = body; b.append(count); b += tags", 2)


def misfit(message: Message, version: int) -> str:
    """Names the first field whose value its type cannot carry, after an encoder has failed; or nothing."""
    for field in message.fields:
        value = getattr(message, field.name)
        if not field.in_version(version) or (value is None and field.nullable_in(version)):
            continue
        is_array = field.kind == "array" and isinstance(value, list)
        kind = field.element if is_array else field.kind
        for item in value if is_array else [value]:
            if isinstance(item, Message):
                inner = misfit(item, version)
                if inner:
                    return inner
            elif not _fits(kind, item):
                return f"{type(message).__name__}.{field.name}={value!r:.100} is not of the type {kind}"
    return ""


def _fits(kind: object, value: object) -> bool:
    if kind == "records":
        return value is None or isinstance(value, bytes | bytearray | memoryview | list)
    if kind == "binary":
        return isinstance(value, bytes | bytearray | memoryview)
    if kind == "string":
        return isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) < 1 << 15
    if isinstance(kind, str) and kind in FORMATS:
        try:
            structure(FORMATS[kind]).pack(value)
        except struct.error:
            return False
        return True
    return False


def _refuse(message: Message, field: str, version: int) -> None:
    value = getattr(message, field)
    raise UnsupportedVersionError(f"{type(message).__name__} v{version} cannot carry {field}={value!r}")


def _check_uuid(message: Message, field: str | bytes) -> None:
    raise ProtocolError(f"{type(message).__name__}.{field!r}: a uuid takes 16 bytes")


def _joined_records(value: Any) -> bytes | memoryview:
    """A records field as bytes: as they are, or its batches one after another."""
    if isinstance(value, list):
        return b"".join([batch.encode() for batch in value])
    found: bytes | memoryview = value
    return found
