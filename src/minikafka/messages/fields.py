"""The field declarations of the protocol schema: type, versions, nullability, tag and default."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LATEST = 32767
"""An upper version bound meaning "and every later one"."""


class Field:
    """One declared field.

    Args:
        kind: the type: a primitive's name, ``"array"`` or ``"struct"``.
        element: the element type of an array (a primitive's name or a message class) or a struct's class.
        since, until: the first and last version that carry the field.
        nullable: the first version in which the field may be null, or None where it never may.
        tag: the tag number, for a tagged field.
        tagged: the first version in which it is tagged.
        default: the value that stands for absence; arrays default to a new empty list.
        ignorable: whether a value that a version cannot carry is dropped instead of refused.
    """

    __slots__ = (
        "default",
        "element",
        "ignorable",
        "kind",
        "name",
        "nullable",
        "since",
        "tag",
        "tagged",
        "until",
    )

    def __init__(
        self,
        kind: str,
        default: object,
        since: int,
        until: int,
        nullable: int | None,
        tag: int | None,
        tagged: int | None,
        ignorable: bool,
        element: Any = None,
    ) -> None:
        self.kind = kind
        self.default = default
        self.since = since
        self.until = until
        self.nullable = nullable
        self.tag = tag
        self.tagged = since if tag is not None and tagged is None else tagged
        self.ignorable = ignorable
        self.element = element
        self.name = ""

    def in_version(self, version: int) -> bool:
        """Whether a message of this version carries the field at all."""
        return self.since <= version <= self.until

    def tagged_in(self, version: int) -> bool:
        """Whether a message of this version carries the field as a tagged one."""
        return (
            self.tag is not None
            and self.tagged is not None
            and self.in_version(version)
            and version >= self.tagged
        )

    def nullable_in(self, version: int) -> bool:
        """Whether the field may be null in this version."""
        return self.nullable is not None and version >= self.nullable


def _primitive(kind: str, zero: object) -> Any:
    def declare(
        since: int = 0,
        until: int = LATEST,
        *,
        default: Any = zero,
        nullable: int | None = None,
        tag: int | None = None,
        tagged: int | None = None,
        ignorable: bool = False,
    ) -> Any:
        return Field(kind, default, since, until, nullable, tag, tagged, ignorable)

    declare.__name__ = kind
    return declare


int8 = _primitive("int8", 0)
int16 = _primitive("int16", 0)
int32 = _primitive("int32", 0)
int64 = _primitive("int64", 0)
uint16 = _primitive("uint16", 0)
uint32 = _primitive("uint32", 0)
float64 = _primitive("float64", 0.0)
boolean = _primitive("boolean", False)
string = _primitive("string", "")
binary = _primitive("binary", b"")
uuid = _primitive("uuid", bytes(16))
record_data = _primitive("records", None)


def array(
    element: Any,
    since: int = 0,
    until: int = LATEST,
    *,
    default: Any = (),
    nullable: int | None = None,
    tag: int | None = None,
    tagged: int | None = None,
    ignorable: bool = False,
) -> Any:
    """An array of a primitive (by its name) or of a message class; `default` is () (a new list) or None."""
    return Field("array", default, since, until, nullable, tag, tagged, ignorable, element)


def struct(
    element: Any,
    since: int = 0,
    until: int = LATEST,
    *,
    default: Any = (),
    nullable: int | None = None,
    tag: int | None = None,
    tagged: int | None = None,
    ignorable: bool = False,
) -> Any:
    """A nested message; `default` is () (a new one with its own defaults) or None."""
    return Field("struct", default, since, until, nullable, tag, tagged, ignorable, element)
