"""Writes the source of encoders: straight-line code that appends one message of one version to a bytearray.

In the source `m` is the message, `m1` one that it holds, and so on; `b` the bytearray, `n` a length, `x` a plain
element, `s` a value's bytes. Fields of fixed size that follow one another are written by one struct.
"""

from __future__ import annotations

import struct

from minikafka.codec import LONGEST_STRING, ProtocolError, StringTooLongError, write_uvarint
from minikafka.errors import UnsupportedVersionError
from minikafka.messages.compiler import FORMATS, define, structure
from minikafka.messages.schema import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.messages.fields import Field


def encoder(cls: type[Message], version: int, flexible: bool) -> Callable[[Any, bytearray], None]:
    """Make the function that appends a `cls` of this version to a bytearray."""
    return _Encoder(version, flexible).compile(cls)


class _Encoder:
    """Collects the lines of one encoder."""

    def __init__(self, version: int, flexible: bool) -> None:
        self.version = version
        self.flexible = flexible
        self.lines: list[str] = []
        self.level = 0
        """How many messages the one that is written is inside of."""
        self.layout = ""
        self.packed: list[str] = []
        self.scope: dict[str, Any] = {
            "_uvarint": write_uvarint,
            "_string_size": _write_string_size,
            "_refuse": _refuse,
            "_check_uuid": _check_uuid,
            "_records": _pieces_of_records,
            "_pack": struct.pack,
            "_pack_h": structure("h").pack,
            "_pack_i": structure("i").pack,
        }

    def compile(self, cls: type[Message]) -> Callable[[Any, bytearray], None]:
        """The encoder of `cls`."""
        self._message(cls, "m", 1)
        return define("encode", "def encode(m, b):", self.lines, self.scope)

    def _message(self, cls: type[Message], name: str, depth: int) -> None:
        """Write the fields of the `cls` that has this name in the source."""
        tagged = []
        for field in cls.fields:
            if not field.in_version(self.version):
                if not field.ignorable:
                    self._emit(f"if {self._differs(field, name)}: {self._refusal(field, name)}", depth)
            elif self.flexible and field.tag is not None:
                tagged.append(field)
            else:
                self._field(field, name, depth)
        if self.flexible and not tagged:
            self.layout += "x"  # no tagged fields: a zero
        self._flush(depth)
        if self.flexible and tagged:
            self._tags(sorted(tagged, key=lambda field: field.tag or 0), name, depth)

    def _inner(self, cls: type[Message], head: str, value: str, depth: int) -> None:
        """Write a message inside of another: `head` has a place for its name, `value` is where it comes from."""
        self.level += 1
        name = f"m{self.level}"
        self._emit(head.format(name, value), depth)
        self._message(cls, name, depth + head.startswith("for"))
        self.level -= 1

    def _emit(self, line: str, depth: int) -> None:
        self.lines.append(" " * depth + line)

    def _flush(self, depth: int) -> None:
        """Write the fields of fixed size that were collected."""
        if self.layout == "x":
            self._emit("b.append(0)", depth)
            self.layout = ""
        elif self.layout:
            name = f"_pack_{self.layout.replace('?', 'z')}"
            self.scope[name] = structure(self.layout).pack
            self._emit(f"b += {name}({', '.join(self.packed)})", depth)
            self.layout, self.packed = "", []

    def _differs(self, field: Field, name: str) -> str:
        """Source that is true if the field has another value than its default."""
        value = f"{name}.{field.name}"
        if field.kind == "array" and field.default == ():
            return value
        if field.kind == "struct" and field.default == ():
            shared = self._constant(field.absent())
            inner = self._struct_differs(value, shared, field.element)
            if inner:
                return inner
        return f"{value} != {self._constant(field.absent())}"

    def _constant(self, value: object) -> str:
        """The name of a value in the source."""
        name = f"_constant{len(self.scope)}"
        self.scope[name] = value
        return name

    def _struct_differs(self, value: str, shared: str, element: type[Message]) -> str:
        """The same of a struct of plain values, field by field, which spares building and comparing messages."""
        tests = []
        for field in element.fields:
            if field.kind in ("array", "struct"):
                return ""
            tests.append(f"{value}.{field.name} != {self._constant(field.default)}")
        # Nearly always it is the very default that a message is made with.
        return f"({value} is not {shared} and ({' or '.join(tests)}))"

    def _refusal(self, field: Field, name: str) -> str:
        return f"_refuse({name}, {field.name!r}, {self.version})"

    def _field(self, field: Field, name: str, depth: int) -> None:
        value = f"{name}.{field.name}"
        if field.kind in FORMATS:
            if field.kind == "uuid":
                self._emit(f"if len({value}) != 16: _check_uuid({name}, {field.name!r})", depth)
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
            self._emit(f"if {value} is None: {self._refusal(field, name)}", depth)
        if field.kind == "struct":
            if nullable:
                self._emit("b.append(1)", depth)
            self._inner(field.element, "{} = {}", value, depth)
        elif field.kind == "array":
            self._array(field.element, name, value, depth)
        else:
            self._bytes(field.kind, value, self.flexible and field.compact, depth)

    def _null(self, field: Field) -> str:
        if field.kind == "struct":
            return "b.append(255)"
        if self.flexible and field.compact:
            return "b.append(0)"
        return "b += _pack_h(-1)" if field.kind == "string" else "b += _pack_i(-1)"

    def _bytes(self, kind: str, value: str, compact: bool, depth: int) -> None:
        if kind == "records":
            self._emit(f"s, size = _records({value})", depth)
            length = "size"
        else:
            self._emit(f"s = {value}.encode()" if kind == "string" else f"s = {value}", depth)
            length = "len(s)"
        if compact:
            self._compact_length(length, depth, "_string_size" if kind == "string" else "_uvarint")
        else:
            self._emit(f"b += {'_pack_h' if kind == 'string' else '_pack_i'}({length})", depth)
        self._emit("for x in s: b += x" if kind == "records" else "b += s", depth)

    def _compact_length(self, length: str, depth: int, write: str = "_uvarint") -> None:
        self._emit(f"n = {length} + 1", depth)
        self._emit("if n < 128: b.append(n)", depth)
        self._emit(f"else: {write}(b, n)", depth)

    def _array(self, element: type[Message] | str, name: str, value: str, depth: int) -> None:
        if self.flexible:
            self._compact_length(f"len({value})", depth)
        else:
            self._emit(f"b += _pack_i(len({value}))", depth)
        if not isinstance(element, str):
            self._inner(element, "for {} in {}:", value, depth)
        elif element in FORMATS and element != "uuid":
            self._emit(f"if {value}: b += _pack('>%d{FORMATS[element]}' % len({value}), *{value})", depth)
        else:
            self._emit(f"for x in {value}:", depth)
            if element == "uuid":
                self._emit(f"if len(x) != 16: _check_uuid({name}, x)", depth + 1)
                self._emit("b += x", depth + 1)
            else:
                self._bytes(element, "x", self.flexible, depth + 1)

    def _tags(self, tagged: list[Field], name: str, depth: int) -> None:
        """The tagged fields that differ from their defaults, in the order of their tags (KIP-482)."""
        differences = [self._differs(field, name) for field in tagged]
        count, tags, body = (f"{each}{self.level}" for each in ("count", "tags", "body"))
        self._emit(f"if not ({' or '.join(differences)}): b.append(0)", depth)
        self._emit("else:", depth)
        depth += 1
        self._emit(f"{count} = 0; {tags} = bytearray(); {body} = b", depth)
        for field, differs in zip(tagged, differences):
            self._emit(f"if {differs}:", depth)
            self._emit("b = bytearray()", depth + 1)
            self._field(field, name, depth + 1)
            self._flush(depth + 1)
            told = f"_uvarint({tags}, {field.tag}); _uvarint({tags}, len(b)); {tags} += b"
            self._emit(f"{count} += 1; {told}", depth + 1)
        self._emit(f"b = {body}; b.append({count}); b += {tags}", depth)


def misfit(message: Message, version: int) -> ProtocolError | None:
    """Names the first field whose value its type cannot carry, after an encoder has failed."""
    for field in message.fields:
        value = getattr(message, field.name)
        if not field.in_version(version) or (value is None and field.nullable_in(version)):
            continue
        is_array = field.kind == "array" and isinstance(value, list)
        kind = field.element if is_array else field.kind
        for item in value if is_array else [value]:
            if isinstance(item, Message):
                inner = misfit(item, version)
                if inner is not None:
                    return inner
                continue
            if not _fits(kind, item):
                return ProtocolError(f"{_named(message, field, value)} is not of the type {kind}")
            if kind == "string" and len(item.encode("utf-8", "surrogatepass")) > LONGEST_STRING:
                return StringTooLongError(
                    f"{_named(message, field, item)} is longer than {LONGEST_STRING} bytes"
                )
    return None


def _named(message: Message, field: Field, value: object) -> str:
    return f"{type(message).__name__}.{field.name}={value!r:.100}"


def _fits(kind: object, value: object) -> bool:
    if kind == "records":
        return value is None or isinstance(value, bytes | bytearray | memoryview | list)
    if kind == "binary":
        return isinstance(value, bytes | bytearray | memoryview)
    if kind == "string":
        return isinstance(value, str)
    if isinstance(kind, str) and kind in FORMATS:
        try:
            structure(FORMATS[kind]).pack(value)
        except struct.error:
            return False
        return True
    return False


def _write_string_size(buffer: bytearray, size: int) -> None:
    """Append the size of a compact string, plus one."""
    if size > LONGEST_STRING + 1:
        raise ValueError("a string is too long")  # which one is found out by `misfit`
    write_uvarint(buffer, size)


def _refuse(message: Message, field: str, version: int) -> None:
    value = getattr(message, field)
    raise UnsupportedVersionError(f"{type(message).__name__} v{version} cannot carry {field}={value!r}")


def _check_uuid(message: Message, field: str | bytes) -> None:
    raise ProtocolError(f"{type(message).__name__}.{field!r}: a uuid takes 16 bytes")


def _pieces_of_records(value: Any) -> tuple[list[bytes | memoryview], int]:
    """A records field as pieces of bytes, and their size: as they are, or its batches one after another."""
    if not isinstance(value, list):
        return [value], len(value)
    pieces: list[bytes | memoryview] = []
    size = 0
    for batch in value:
        pieces += batch.pieces()
        size += batch.size_in_bytes
    return pieces, size
