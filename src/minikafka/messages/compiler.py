"""Compiles message schemas: constructors, and one straight-line encoder and decoder per class and version."""

from __future__ import annotations

import struct
from functools import cache

from minikafka.codec import ProtocolError, read_uvarint, write_uvarint
from minikafka.errors import UnsupportedVersionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from minikafka.messages.fields import Field
    from minikafka.messages.schema import Body, Message

    B = TypeVar("B", bound=Body)

_FORMATS = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint16": "H",
    "uint32": "I",
    "float64": "d",
    "boolean": "?",
}


def check_version(cls: type[Body], version: int) -> None:
    """Raise UnsupportedVersionError unless `cls` has this version."""
    if not cls.min_version <= version <= cls.max_version:
        raise UnsupportedVersionError(
            f"{cls.__name__} has versions {cls.min_version} to {cls.max_version}, not {version}"
        )


def encode_message(message: Body, version: int) -> bytes:
    """See `Message.encode`."""
    cls = type(message)
    check_version(cls, version)
    buffer = bytearray()
    try:
        encoder(cls, version, _flexible(cls, version))(message, buffer)
    except (struct.error, TypeError, AttributeError, ValueError) as error:
        raise ProtocolError(f"{cls.__name__} v{version} cannot be encoded: {error}") from error
    return bytes(buffer)


def decode_message(cls: type[B], data: bytes, version: int) -> B:
    """See `Message.decode`."""
    check_version(cls, version)
    try:
        message, position = decoder(cls, version, _flexible(cls, version))(data, 0, len(data))
    except (struct.error, IndexError, UnicodeDecodeError, OverflowError) as error:
        raise ProtocolError(f"{cls.__name__} v{version}: malformed: {error}") from error
    if position != len(data):
        raise ProtocolError(f"{cls.__name__} v{version}: {len(data) - position} bytes left over")
    decoded: B = message
    return decoded


def _flexible(cls: type[Body], version: int) -> bool:
    return cls.flexible_since is not None and version >= cls.flexible_since


# -- constructors -------------------------------------------------------------------------------------------


def compile_init(cls: type[Message]) -> Callable[..., None]:
    """A constructor with one keyword-only parameter per field."""
    scope: dict[str, Any] = {"_missing": _MISSING}
    parameters, body = [], []
    for index, field in enumerate(cls.fields):
        name = field.name
        if field.kind == "array" and field.default == ():
            parameters.append(f"{name}=_missing")
            body.append(f" self.{name} = [] if {name} is _missing else {name}")
        elif field.kind == "struct" and field.default == ():
            scope[f"_c{index}"] = field.element
            parameters.append(f"{name}=_missing")
            body.append(f" self.{name} = _c{index}() if {name} is _missing else {name}")
        else:
            scope[f"_d{index}"] = field.default
            parameters.append(f"{name}=_d{index}")
            body.append(f" self.{name} = {name}")
    signature = "self, *, " + ", ".join(parameters) if parameters else "self"
    return _define("__init__", f"def __init__({signature}):", body, scope)


_MISSING = object()


def _define(name: str, head: str, body: list[str], scope: dict[str, Any]) -> Callable[..., Any]:
    exec("\n".join([head, *(body or [" pass"])]), scope)
    function: Callable[..., Any] = scope[name]
    return function


# -- encoders -----------------------------------------------------------------------------------------------


def encoder(cls: type[Message], version: int, flexible: bool) -> Callable[[Any, bytearray], None]:
    """The function that appends a `cls` of this version to a bytearray."""
    found = cls._encoders.get((version, flexible))
    if found is None:
        found = cls._encoders[version, flexible] = _Encoder(cls, version, flexible).compile()
    return found


class _Encoder:
    """Writes the source of one encoder."""

    def __init__(self, cls: type[Message], version: int, flexible: bool) -> None:
        self.cls, self.version, self.flexible = cls, version, flexible
        self.lines: list[str] = []
        self.fixed: list[tuple[str, str]] = []
        self.scope: dict[str, Any] = {
            "_uvarint": write_uvarint,
            "_refuse": _refuse,
            "_join": join_records,
            "_pack16": _structure("h").pack,
            "_pack32": _structure("i").pack,
        }

    def compile(self) -> Callable[[Any, bytearray], None]:
        tagged = []
        for field in self.cls.fields:
            if not field.in_version(self.version):
                if not field.ignorable:
                    self._refuse_unless_default(field)
            elif self.flexible and field.tagged_in(self.version):
                tagged.append(field)
            else:
                self._field(field, f"m.{field.name}")
        self._flush()
        if self.flexible:
            self._tags(tagged)
        return _define("encode", "def encode(m, b):", self.lines, self.scope)

    def _emit(self, line: str, depth: int = 1) -> None:
        self.lines.append(" " * depth + line)

    def _flush(self) -> None:
        """Write the fixed-size fields collected so far by one struct."""
        if self.fixed:
            layout = "".join(kind for kind, _ in self.fixed)
            name = f"_pack_{layout.replace('?', 'B')}_{len(self.scope)}"
            self.scope[name] = _structure(layout).pack
            self._emit(f"b += {name}({', '.join(value for _, value in self.fixed)})")
            self.fixed = []

    def _refuse_unless_default(self, field: Field) -> None:
        name = f"_r_{field.name}"
        if field.kind == "struct" and field.default == ():
            self.scope[name] = field.element
            self._emit(f"if m.{field.name} != {name}(): _refuse(m, {field.name!r}, {self.version})")
        elif field.kind == "array" and field.default == ():
            self._emit(f"if m.{field.name}: _refuse(m, {field.name!r}, {self.version})")
        else:
            self.scope[name] = field.default
            self._emit(f"if m.{field.name} != {name}: _refuse(m, {field.name!r}, {self.version})")

    def _field(self, field: Field, value: str) -> None:
        if field.kind in _FORMATS:
            self.fixed.append((_FORMATS[field.kind], value))
            return
        self._flush()
        self._variable(field.kind, field.element, value, field.nullable_in(self.version), 1, field.name)

    def _variable(self, kind: str, element: Any, value: str, nullable: bool, depth: int, label: str) -> None:
        if kind == "uuid":
            self._emit(f"b += {value}", depth)
        elif kind == "struct":
            self._struct(element, value, nullable, depth)
        elif kind == "array":
            self._array(element, value, nullable, depth, label)
        else:
            self._bytes_like(kind, value, nullable or kind == "records", depth, label)

    def _struct(self, element: type[Message], value: str, nullable: bool, depth: int) -> None:
        name = f"_e_{element.__name__}"
        self.scope[name] = encoder(element, self.version, self.flexible)
        if nullable:
            self._emit(f"if {value} is None: b.append(255)", depth)
            self._emit(f"else: b.append(1); {name}({value}, b)", depth)
        else:
            self._emit(f"{name}({value}, b)", depth)

    def _length(self, expression: str, wide: bool, depth: int) -> None:
        if self.flexible:
            self._emit(f"n = {expression} + 1", depth)
            self._emit("if n < 128: b.append(n)", depth)
            self._emit("else: _uvarint(b, n)", depth)
        else:
            self._emit(f"b += _pack{32 if wide else 16}({expression})", depth)

    def _null(self, value: str, nullable: bool, wide: bool, depth: int, label: str) -> int:
        null = "b.append(0)" if self.flexible else f"b += _pack{32 if wide else 16}(-1)"
        if not nullable:
            null = f"_refuse(m, {label!r}, {self.version})"
        self._emit(f"if {value} is None: {null}", depth)
        self._emit("else:", depth)
        return depth + 1

    def _bytes_like(self, kind: str, value: str, nullable: bool, depth: int, label: str) -> None:
        wide = kind != "string"
        depth = self._null(value, nullable, wide, depth, label)
        convert = {"string": ".encode()", "binary": "", "records": ""}[kind]
        self._emit(f"s = _join({value})" if kind == "records" else f"s = {value}{convert}", depth)
        self._length("len(s)", wide, depth)
        self._emit("b += s", depth)

    def _array(self, element: Any, value: str, nullable: bool, depth: int, label: str) -> None:
        depth = self._null(value, nullable, True, depth, label)
        self._length(f"len({value})", True, depth)
        if isinstance(element, str):
            self._emit(f"for x in {value}:", depth)
            if element in _FORMATS:
                name = f"_pack_one_{element}"
                self.scope[name] = _structure(_FORMATS[element]).pack
                self._emit(f"b += {name}(x)", depth + 1)
            else:
                self._variable(element, None, "x", False, depth + 1, label)
        else:
            name = f"_e_{element.__name__}"
            self.scope[name] = encoder(element, self.version, self.flexible)
            self._emit(f"for x in {value}: {name}(x, b)", depth)

    def _tags(self, tagged: list[Field]) -> None:
        if not tagged:
            self._emit("b.append(0)")
            return
        self._emit("o = b; tags = []")
        for field in sorted(tagged, key=lambda item: item.tag or 0):
            default = f"_t_{field.name}"
            if field.kind == "array" and field.default == ():
                self._emit(f"if m.{field.name}:")
            elif field.kind == "struct" and field.default == ():
                self.scope[default] = field.element
                self._emit(f"if m.{field.name} != {default}():")
            else:
                self.scope[default] = field.default
                self._emit(f"if m.{field.name} != {default}:")
            self._emit("b = bytearray()", 2)
            value = f"m.{field.name}"
            if field.kind in _FORMATS:
                name = f"_pack_one_{field.kind}"
                self.scope[name] = _structure(_FORMATS[field.kind]).pack
                self._emit(f"b += {name}({value})", 2)
            else:
                self._variable(
                    field.kind, field.element, value, field.nullable_in(self.version), 2, field.name
                )
            self._emit(f"tags.append(({field.tag}, b))", 2)
        self._emit("b = o; _uvarint(b, len(tags))")
        self._emit("for tag, x in tags: _uvarint(b, tag); _uvarint(b, len(x)); b += x")


def _refuse(message: Message, field: str, version: int) -> None:
    value = getattr(message, field)
    raise UnsupportedVersionError(f"{type(message).__name__} v{version} cannot carry {field}={value!r}")


def join_records(value: Any) -> bytes:
    """The encoded form of a records field: bytes as they are, or the batches of a list one after another."""
    return b"".join([batch.encode() for batch in value]) if isinstance(value, list | tuple) else value


@cache
def _structure(layout: str) -> struct.Struct:
    return struct.Struct(">" + layout)


# -- decoders -----------------------------------------------------------------------------------------------


def decoder(cls: type[Message], version: int, flexible: bool) -> Callable[[bytes, int, int], tuple[Any, int]]:
    """The function that reads a `cls` of this version: (data, position, end) to (message, position)."""
    found = cls._decoders.get((version, flexible))
    if found is None:
        found = cls._decoders[version, flexible] = _Decoder(cls, version, flexible).compile()
    return found


class _Decoder:
    """Writes the source of one decoder."""

    def __init__(self, cls: type[Message], version: int, flexible: bool) -> None:
        self.cls, self.version, self.flexible = cls, version, flexible
        self.lines: list[str] = []
        self.fixed: list[tuple[str, str]] = []
        self.scope: dict[str, Any] = {
            "_cls": cls,
            "_new": cls.__new__,
            "_uvarint": read_uvarint,
            "_short": _short,
            "_null": _null,
            "_size16": _structure("h").unpack_from,
            "_size32": _structure("i").unpack_from,
        }

    def compile(self) -> Callable[[bytes, int, int], tuple[Any, int]]:
        self._emit("m = _new(_cls)")
        tagged = []
        for index, field in enumerate(self.cls.fields):
            if field.in_version(self.version) and not (self.flexible and field.tagged_in(self.version)):
                self._field(field)
                continue
            self._default(index, field)
            if field.in_version(self.version):
                tagged.append(field)
        self._flush()
        if self.flexible:
            self._tags(tagged)
        self._emit("return m, p")
        return _define("decode", "def decode(u, p, end):", self.lines, self.scope)

    def _emit(self, line: str, depth: int = 1) -> None:
        self.lines.append(" " * depth + line)

    def _default(self, index: int, field: Field) -> None:
        target = f"m.{field.name}"
        if field.default == () and field.kind == "array":
            self._emit(f"{target} = []")
        elif field.default == () and field.kind == "struct":
            self.scope[f"_c{index}"] = field.element
            self._emit(f"{target} = _c{index}()")
        else:
            self.scope[f"_d{index}"] = field.default
            self._emit(f"{target} = _d{index}")

    def _flush(self) -> None:
        if self.fixed:
            layout = "".join(kind for kind, _ in self.fixed)
            name = f"_unpack_{len(self.scope)}"
            self.scope[name] = _structure(layout).unpack_from
            targets = ", ".join(target for _, target in self.fixed)
            comma = "," if len(self.fixed) == 1 else ""
            self._emit(f"{targets}{comma} = {name}(u, p); p += {_structure(layout).size}")
            self.fixed = []

    def _field(self, field: Field) -> None:
        if field.kind in _FORMATS:
            self.fixed.append((_FORMATS[field.kind], f"m.{field.name}"))
            return
        self._flush()
        self._variable(field.kind, field.element, f"m.{field.name}", field.nullable_in(self.version), 1)

    def _variable(self, kind: str, element: Any, target: str, nullable: bool, depth: int) -> None:
        if kind == "uuid":
            self._emit(f"q = p + 16; {target} = u[p:q]", depth)
            self._emit("if q > end: _short(_cls)", depth)
            self._emit("p = q", depth)
        elif kind == "struct":
            self._struct(element, target, nullable, depth)
        elif kind == "array":
            self._array(element, target, nullable, depth)
        else:
            self._bytes_like(kind, target, nullable or kind == "records", depth)

    def _struct(self, element: type[Message], target: str, nullable: bool, depth: int) -> None:
        name = f"_d_{element.__name__}"
        self.scope[name] = decoder(element, self.version, self.flexible)
        if nullable:
            self._emit("if p >= end: _short(_cls)", depth)
            self._emit(f"if u[p] > 127: {target} = None; p += 1", depth)
            self._emit(f"else: {target}, p = {name}(u, p + 1, end)", depth)
        else:
            self._emit(f"{target}, p = {name}(u, p, end)", depth)

    def _length(self, wide: bool, depth: int) -> None:
        """Leaves the length in n, -1 for null."""
        if self.flexible:
            self._emit("n = u[p] - 1; p += 1", depth)
            self._emit("if n > 126: n, p = _uvarint(u, p - 1); n -= 1", depth)
        else:
            self._emit(f"n, = _size{32 if wide else 16}(u, p); p += {4 if wide else 2}", depth)

    def _null_or(self, target: str, nullable: bool, depth: int) -> None:
        self._emit("if n < 0:", depth)
        self._emit(f"{target} = None" if nullable else "_null(_cls)", depth + 1)
        self._emit("elif n > end - p: _short(_cls)", depth)
        self._emit("else:", depth)

    def _bytes_like(self, kind: str, target: str, nullable: bool, depth: int) -> None:
        self._length(kind != "string", depth)
        self._null_or(target, nullable, depth)
        convert = "str(u[p:p + n], 'utf-8')" if kind == "string" else "u[p:p + n]"
        self._emit(f"{target} = {convert}; p += n", depth + 1)

    def _array(self, element: Any, target: str, nullable: bool, depth: int) -> None:
        # Every element takes at least one byte, so a length beyond what is left is refused before
        # anything of that size is made.
        self._length(True, depth)
        self._null_or(target, nullable, depth)
        depth += 1
        if isinstance(element, str) and element in _FORMATS:
            layout, size = _FORMATS[element], _structure(_FORMATS[element]).size
            self.scope["_run"] = struct.unpack_from
            self._emit(f"if n * {size} > end - p: _short(_cls)", depth)
            self._emit(f"{target} = list(_run('>%d{layout}' % n, u, p)); p += n * {size}", depth)
            return
        self._emit(f"xs = {target} = []", depth)
        self._emit("for _ in range(n):", depth)
        if isinstance(element, str):
            self._variable(element, None, "x", False, depth + 1)
        else:
            name = f"_d_{element.__name__}"
            self.scope[name] = decoder(element, self.version, self.flexible)
            self._emit(f"x, p = {name}(u, p, end)", depth + 1)
        self._emit("xs.append(x)", depth + 1)

    def _tags(self, tagged: list[Field]) -> None:
        self._emit("count, p = _uvarint(u, p)")
        self._emit("for _ in range(count):")
        self._emit("tag, p = _uvarint(u, p); size, p = _uvarint(u, p); stop = p + size", 2)
        self._emit("if stop > end: _short(_cls)", 2)
        keyword = "if"
        for field in tagged:
            self._emit(f"{keyword} tag == {field.tag}:", 2)
            target = f"m.{field.name}"
            if field.kind in _FORMATS:
                name = f"_one_{field.kind}"
                self.scope[name] = _structure(_FORMATS[field.kind]).unpack_from
                self._emit(f"{target}, = {name}(u, p); p += {_structure(_FORMATS[field.kind]).size}", 3)
            else:
                self._variable(field.kind, field.element, target, field.nullable_in(self.version), 3)
            self._emit("if p != stop: _short(_cls)", 3)
            keyword = "elif"
        self._emit("p = stop", 2)


def _short(cls: type[Message]) -> None:
    raise ProtocolError(f"{cls.__name__}: the input ends inside a field, or a length is beyond its end")


def _null(cls: type[Message]) -> None:
    raise ProtocolError(f"{cls.__name__}: null in a field that is never null")
