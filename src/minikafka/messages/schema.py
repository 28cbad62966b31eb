"""`Message`: a value whose field declarations are its protocol schema, and what is made from them.

A message class is cheap to define; its constructor and, for each version, its straight-line encoder and
decoder are compiled (`minikafka.messages.compiler`) when they are first used, and kept.
"""

from __future__ import annotations

from minikafka.messages.fields import (
    Field,
    array,
    binary,
    boolean,
    float64,
    int8,
    int16,
    int32,
    int64,
    record_data,
    string,
    struct,
    uint16,
    uint32,
    uuid,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Protocol, Self, dataclass_transform

    class Encodable(Protocol):
        """Something that has an encoded form: a record batch."""

        def encode(self) -> bytes:
            """The encoded form."""
            ...

    Records = bytes | list[Any] | None
    """What a records field holds: encoded batches, a list of record batches, or null."""
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """Says nothing at run time."""
        return lambda cls: cls


class MessageMeta(type):
    """Turns the declared fields into slots and remembers them in order."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **options: Any
    ) -> MessageMeta:
        fields: list[Field] = []
        for attribute, value in list(namespace.items()):
            if isinstance(value, Field):
                value.name = attribute
                fields.append(value)
                del namespace[attribute]
        namespace["__slots__"] = tuple(field.name for field in fields)
        namespace["fields"] = tuple(fields)
        namespace["_encoders"] = {}
        namespace["_decoders"] = {}
        cls = super().__new__(mcs, name, bases, namespace)
        for option, value in options.items():
            type.__setattr__(cls, _OPTIONS[option], value)
        return cls

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **_: Any) -> None:
        super().__init__(name, bases, namespace)


_OPTIONS = {
    "key": "api_key",
    "name": "api_name",
    "since": "min_version",
    "until": "max_version",
    "flexible": "flexible_since",
}


@dataclass_transform(
    kw_only_default=True,
    eq_default=True,
    field_specifiers=(
        array,
        binary,
        boolean,
        float64,
        int8,
        int16,
        int32,
        int64,
        record_data,
        string,
        struct,
        uint16,
        uint32,
        uuid,
    ),
)
class Message(metaclass=MessageMeta):
    """A value of the protocol, compared by its fields; nobody changes it once it was sent.

    Args:
        fields: every declared field by keyword; those left out have their schema's default.
    """

    fields: ClassVar[tuple[Field, ...]]
    _encoders: ClassVar[dict[tuple[int, bool], Callable[[Any, bytearray], None]]]
    _decoders: ClassVar[dict[tuple[int, bool], Callable[[bytes, int, int], tuple[Any, int]]]]

    def __init__(self, **values: Any) -> None:
        # The first construction compiles the constructor; it takes this one's place in the class.
        from minikafka.messages.compiler import compile_init

        cls = type(self)
        cls.__init__ = compile_init(cls)  # type: ignore[method-assign]
        cls.__init__(self, **values)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in self.fields)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        inner = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in self.fields)
        return f"{type(self).__name__}({inner})"


class Body(Message):
    """A message with versions of its own: a request, a response, or the data of a record."""

    min_version: ClassVar[int] = 0
    """The first version this class can be encoded in."""
    max_version: ClassVar[int] = 0
    """The last version this class can be encoded in; the one spoken in process."""
    flexible_since: ClassVar[int | None] = None
    """The first version with compact lengths and tagged fields (KIP-482), or None."""

    def encode(self, version: int) -> bytes:
        """The body in the protocol's encoding of this version.

        Raises:
            UnsupportedVersionError: the class has no such version, or a field has a value that the version
                cannot carry and that must not be dropped.
        """
        from minikafka.messages.compiler import encode_message

        return encode_message(self, version)

    @classmethod
    def decode(cls, data: bytes | bytearray | memoryview, version: int) -> Self:
        """The message that `data` encodes.

        Raises:
            UnsupportedVersionError: the class has no such version.
            ProtocolError: `data` is not the encoding of such a message.
        """
        from minikafka.messages.compiler import decode_message

        return decode_message(cls, bytes(data), version)


class Response(Body):
    """A message that answers a request."""

    api_key: ClassVar[int] = -1
    api_name: ClassVar[str] = ""


class Request(Body):
    """A message that asks for a response."""

    api_key: ClassVar[int] = -1
    """Kafka's number for the API."""
    api_name: ClassVar[str] = ""
    """Kafka's name for the API: ``"Produce"``."""

    @classmethod
    def response_type(cls) -> type[Response]:
        """The class of this request's response."""
        from minikafka.messages.registry import response_class

        return response_class(cls.api_key)
