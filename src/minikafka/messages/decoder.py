"""Writes the source of decoders: straight-line code that reads one message of one version from bytes.

In the source `u` are the bytes, `p` the position, `end` where the bytes end, `m` the message, `m1` one that it
holds, and so on; `n` a length, `xs` an array, `x` a plain element. Fields of fixed size that follow one another, and
the length behind them, are read at once.
Reading past the end raises struct.error or IndexError, which `decode_at` turns into ProtocolError; slices,
which never raise, are checked against `end` first, so that no input makes anything larger than itself.
"""

from __future__ import annotations

import struct

from minikafka.codec import LONGEST_STRING, ProtocolError, read_uvarint
from minikafka.messages.compiler import FORMATS, define, structure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.messages.fields import Field
    from minikafka.messages.schema import Message


def decoder(
    cls: type[Message], version: int, flexible: bool, *, lenient: bool = False
) -> Callable[[bytes, int, int], tuple[Any, int]]:
    """Make the function that reads a `cls` of this version: (data, position, end) to (message, position).

    Args:
        cls: the message's class.
        version: the version.
        flexible: whether it is a flexible one.
        lenient: whether what is not UTF-8 in a string is replaced by U+FFFD, as Java does; else the function raises
            UnicodeDecodeError.
    """
    return _Decoder(version, flexible, lenient).compile(cls)


class _Decoder:
    """Collects the lines of one decoder."""

    def __init__(self, version: int, flexible: bool, lenient: bool) -> None:
        self.version = version
        self.flexible = flexible
        self.decode = ".decode('utf-8', 'replace')" if lenient else ".decode()"
        self.lines: list[str] = []
        self.level = 0
        """How many messages the one that is read is inside of."""
        self.cls = ""
        """The name of its class in the source."""
        self.layout = ""
        self.targets: list[str] = []
        self.scope: dict[str, Any] = {
            "_uvarint": read_uvarint,
            "_string_size": _string_size,
            "_unpack": struct.unpack_from,
            "_short": _short,
            "_null": _null,
            "_skip_tags": skip_tags,
        }

    def compile(self, cls: type[Message]) -> Callable[[bytes, int, int], tuple[Any, int]]:
        """The decoder of `cls`."""
        self.scope["_new"] = cls.__new__
        self._message(cls, "m", 1)
        self._emit("return m, p", 1)
        return define("decode", "def decode(u, p, end):", self.lines, self.scope)

    def _message(self, cls: type[Message], name: str, depth: int) -> None:
        """Read a `cls` that gets this name in the source."""
        outer, self.cls = self.cls, f"_cls_{cls.__name__}"
        self.scope[self.cls] = cls
        self._emit(f"{name} = _new({self.cls})", depth)
        tagged = []
        for field in cls.fields:
            carried = field.in_version(self.version)
            if carried and not (self.flexible and field.tag is not None):
                self._field(field, name, depth)
                continue
            self._absent(field, name, depth)
            if carried:
                tagged.append(field)
        if self.flexible:
            self._tags(tagged, name, depth)
        self._flush(depth)
        self.cls = outer

    def _inner(self, cls: type[Message], depth: int) -> str:
        """Read a message inside of another, and give its name."""
        self.level += 1
        name = f"m{self.level}"
        self._message(cls, name, depth)
        self.level -= 1
        return name

    def _emit(self, line: str, depth: int) -> None:
        self.lines.append(" " * depth + line)

    def _read(self, letter: str, target: str) -> None:
        """Collect something of fixed size."""
        self.layout += letter
        self.targets.append(target)

    def _flush(self, depth: int) -> None:
        """Read everything of fixed size that was collected."""
        if self.layout == "B":
            self._emit(f"{self.targets[0]} = u[p]; p += 1", depth)
            self.layout, self.targets = "", []
        elif self.layout:
            name = f"_unpack_{self.layout.replace('?', 'z')}"
            found = structure(self.layout)
            self.scope[name] = found.unpack_from
            self._emit(f"{', '.join(self.targets)}, = {name}(u, p); p += {found.size}", depth)
            self.layout, self.targets = "", []

    def _absent(self, field: Field, name: str, depth: int) -> None:
        target = f"{name}.{field.name}"
        if field.default == () and field.kind == "array":
            self._emit(f"{target} = []", depth)
        else:
            default = f"_default{len(self.scope)}"
            self.scope[default] = field.absent()
            self._emit(f"{target} = {default}", depth)

    def _field(self, field: Field, name: str, depth: int) -> None:
        target = f"{name}.{field.name}"
        nullable = field.nullable_in(self.version) or field.kind == "records"
        compact = self.flexible and field.compact
        if field.kind in FORMATS:
            self._read(FORMATS[field.kind], target)
        elif field.kind == "struct":
            self._struct(field.element, target, nullable, depth)
        elif field.kind == "array":
            self._array(field.element, target, nullable, depth)
        else:
            self._bytes(field.kind, target, nullable, compact, depth)

    def _struct(self, element: type[Message], target: str, nullable: bool, depth: int) -> None:
        if nullable:
            self._read("b", "n")
            self._flush(depth)
            self._emit(f"if n < 0: {target} = None", depth)
            self._emit("else:", depth)
            depth += 1
        else:
            self._flush(depth)
        self._emit(f"{target} = {self._inner(element, depth)}", depth)

    def _length(self, compact: bool, letter: str, depth: int, read: str = "_uvarint") -> None:
        """Read a length to `n`; -1 stands for null. A compact one of more than a byte is read by `read`."""
        self._read("B" if compact else letter, "n")
        self._flush(depth)
        if compact:
            self._emit(f"if n > 127: n, p = {read}(u, p - 1)", depth)
            self._emit("n -= 1", depth)

    def _checked(self, target: str, nullable: bool, size: int, depth: int) -> None:
        """Deal with null, and refuse a length `n` of things of `size` bytes at least that cannot be there."""
        needed = f"n * {size}" if size > 1 else "n"
        self._emit(f"if n < 0: {target} = None" if nullable else f"if n < 0: _null({self.cls})", depth)
        self._emit(f"elif {needed} > end - p: _short({self.cls})", depth)
        self._emit("else:", depth)

    def _bytes(self, kind: str, target: str, nullable: bool, compact: bool, depth: int) -> None:
        if kind == "string":
            self._length(compact, "h", depth, "_string_size")
        else:
            self._length(compact, "i", depth)
        self._checked(target, nullable, 1, depth)
        value = f"u[p:p + n]{self.decode if kind == 'string' else ''}"
        self._emit(f"{target} = {value}; p += n", depth + 1)

    def _array(self, element: type[Message] | str, target: str, nullable: bool, depth: int) -> None:
        self._length(self.flexible, "i", depth)
        letter = FORMATS.get(element, "") if isinstance(element, str) else ""
        size = structure(letter).size if letter else 1
        self._checked(target, nullable, size, depth)
        depth += 1
        if letter and element != "uuid":
            self._emit(f"{target} = list(_unpack('>%d{letter}' % n, u, p)); p += n * {size}", depth)
            return
        items = f"xs{self.level}"
        self._emit(f"{target} = {items} = []", depth)
        self._emit("for _ in range(n):", depth)
        item = "x"
        if element == "uuid":
            self._emit("x = u[p:p + 16]; p += 16", depth + 1)
        elif isinstance(element, str):
            self._bytes(element, "x", False, self.flexible, depth + 1)
        else:
            item = self._inner(element, depth + 1)
        self._emit(f"{items}.append({item})", depth + 1)

    def _tags(self, tagged: list[Field], name: str, depth: int) -> None:
        self._read("B", "n")
        self._flush(depth)
        if not tagged:
            self._emit("if n: p = _skip_tags(u, p - 1, end)", depth)
            return
        tag, stop = f"tag{self.level}", f"stop{self.level}"
        self._emit("if n:", depth)
        self._emit("n, p = _uvarint(u, p - 1)", depth + 1)
        self._emit("for _ in range(n):", depth + 1)
        depth += 2
        self._emit(f"{tag}, p = _uvarint(u, p); n, p = _uvarint(u, p); {stop} = p + n", depth)
        self._emit(f"if {stop} > end: _short({self.cls})", depth)
        keyword = "if"
        for field in tagged:
            self._emit(f"{keyword} {tag} == {field.tag}:", depth)
            self._field(field, name, depth + 1)
            self._flush(depth + 1)
            self._emit(f"if p != {stop}: _short({self.cls})", depth + 1)
            keyword = "elif"
        self._emit(f"p = {stop}", depth)


def skip_tags(data: bytes, position: int, end: int) -> int:
    """The position behind a section of tagged fields that are all unknown."""
    count, position = read_uvarint(data, position)
    for _ in range(count):
        _, position = read_uvarint(data, position)
        size, position = read_uvarint(data, position)
        position += size
        if position > end:
            raise ProtocolError("a tagged field is longer than the message")
    return position


def _string_size(data: bytes, position: int) -> tuple[int, int]:
    """The size of a compact string, plus one, and the position behind it."""
    size, position = read_uvarint(data, position)
    if size > LONGEST_STRING + 1:
        raise ProtocolError(f"a string of {size - 1} bytes: at most {LONGEST_STRING} are allowed")
    return size, position


def _short(cls: type[Message]) -> None:
    raise ProtocolError(f"{cls.__name__}: the input ends inside a field, or a length is beyond its end")


def _null(cls: type[Message]) -> None:
    raise ProtocolError(f"{cls.__name__}: null in a field that is never null")
