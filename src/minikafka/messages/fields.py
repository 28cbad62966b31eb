"""The field declarations of the protocol schema: type, versions, nullability, tag and default."""

from __future__ import annotations

from minikafka.structs import ZERO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from minikafka.messages.schema import Message

    class Declaration(Protocol):
        """Declares a field of a primitive type; the arguments are `Field`'s.

        It is typed as Any, so that ``acks: int = int16()`` reads as what `acks` holds.
        """

        def __call__(
            self,
            since: int = 0,
            until: int = ...,
            *,
            default: object = ...,
            nullable: int | None = None,
            tag: int | None = None,
            ignorable: bool = False,
            compact: bool = True,
        ) -> Any: ...


LATEST = 32767
"""An upper version bound meaning "and every later one"."""


class Field:
    """One declared field.

    Args:
        kind: the type: a primitive's name, ``"array"`` or ``"struct"``.
        default: the value that stands for absence; () is a new list for an array, a struct of defaults for a struct.
        since: the first version that carries the field.
        until: the last version that carries it.
        nullable: the first version in which the field may be null, or None where it never may.
        tag: the tag number of a tagged field, or None.
        ignorable: whether a value that a version cannot carry is dropped instead of refused.
        element: the element type of an array (a primitive's name or a message class), or a struct's class.
        compact: whether flexible versions write its length as a varint; the client id of a header never does.
    """

    __slots__ = (
        "_shared",
        "compact",
        "default",
        "element",
        "ignorable",
        "kind",
        "name",
        "nullable",
        "since",
        "tag",
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
        ignorable: bool,
        element: Any = None,
        compact: bool = True,
    ) -> None:
        self.kind: str = kind
        self.default: object = default
        self.since: int = since
        self.until: int = until
        self.nullable: int | None = nullable
        self.tag: int | None = tag
        self.ignorable: bool = ignorable
        self.element: Any = element
        self.compact: bool = compact
        self.name: str = ""
        self._shared: Any = None

    def in_version(self, version: int) -> bool:
        """Whether a message of this version carries the field at all."""
        return self.since <= version <= self.until

    def nullable_in(self, version: int) -> bool:
        """Whether the field may be null in this version."""
        return self.nullable is not None and version >= self.nullable

    def absent(self) -> Any:
        """A value that stands for the field's absence: its default.

        That is a new list, or always the same struct, which nobody changes: a message is a value.
        """
        if self.default == () and self.kind == "array":
            return []
        if self.default == () and self.kind == "struct":
            if self._shared is None:
                self._shared = self.element()
            return self._shared
        return self.default


def _primitive(kind: str, zero: object) -> Declaration:
    def declare(
        since: int = 0,
        until: int = LATEST,
        *,
        default: object = zero,
        nullable: int | None = None,
        tag: int | None = None,
        ignorable: bool = False,
        compact: bool = True,
    ) -> Any:
        return Field(kind, default, since, until, nullable, tag, ignorable, None, compact)

    declare.__name__ = kind
    return declare


int8: Declaration = _primitive("int8", 0)
int16: Declaration = _primitive("int16", 0)
int32: Declaration = _primitive("int32", 0)
int64: Declaration = _primitive("int64", 0)
uint16: Declaration = _primitive("uint16", 0)
uint32: Declaration = _primitive("uint32", 0)
float64: Declaration = _primitive("float64", 0.0)
boolean: Declaration = _primitive("boolean", False)
string: Declaration = _primitive("string", "")
binary: Declaration = _primitive("binary", b"")
uuid: Declaration = _primitive("uuid", ZERO_UUID)
record_data: Declaration = _primitive("records", None)


def array(
    element: type[Message] | str,
    since: int = 0,
    until: int = LATEST,
    *,
    default: tuple[()] | None = (),
    nullable: int | None = None,
    tag: int | None = None,
    ignorable: bool = False,
) -> Any:
    """An array of a primitive (by its name) or of a message class; `default` is () (a new list) or None."""
    return Field("array", default, since, until, nullable, tag, ignorable, element)


def struct(
    element: type[Message],
    since: int = 0,
    until: int = LATEST,
    *,
    default: tuple[()] | None = (),
    nullable: int | None = None,
    tag: int | None = None,
    ignorable: bool = False,
) -> Any:
    """A nested message; `default` is () (a new one with its own defaults) or None."""
    return Field("struct", default, since, until, nullable, tag, ignorable, element)
