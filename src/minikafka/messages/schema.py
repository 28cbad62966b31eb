"""`Message`: a value whose field declarations are its protocol schema, and what is made from them.

A message class is cheap to define; its constructor and, for each version, its straight-line encoder and
decoder are compiled (`minikafka.messages.compiler`) when they are first used, and kept.
"""

from __future__ import annotations

from minikafka.messages.fields import Field
from minikafka.messages.registry import APIS

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
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        api: str | None = None,
        since: int = 0,
        until: int | None = None,
        flexible: int | None = None,
    ) -> MessageMeta:
        fields: list[Field] = []
        for attribute, value in list(namespace.items()):
            if isinstance(value, Field):
                value.name = attribute
                fields.append(value)
                del namespace[attribute]
        if "__slots__" not in namespace:
            namespace["__slots__"] = tuple(field.name for field in fields)
        namespace["fields"] = tuple(fields)
        namespace["_constructed"] = 0
        if api is not None:
            namespace["api_name"] = api
            namespace["api_key"], since, until, flexible = APIS[api]
        if until is not None:
            namespace["_encoders"] = {}
            namespace["_decoders"] = {}
            namespace["min_version"], namespace["max_version"] = since, until
            namespace["flexible_since"] = flexible
        return super().__new__(mcs, name, bases, namespace)


_CONSTRUCTED_OFTEN = 20


# No field_specifiers: a declaration stands for the field's default, so every argument may be left out.
@dataclass_transform(kw_only_default=True, eq_default=True)
class Message(metaclass=MessageMeta):
    """A value of the protocol, compared by its fields; nobody changes it once it was sent.

    Args:
        values: every declared field by keyword; those left out have their schema's default.
    """

    fields: ClassVar[tuple[Field, ...]]
    """The declared fields, in the order of the schema."""
    _constructed: ClassVar[int]

    def __init__(self, **values: Any) -> None:
        # A class that is constructed often gets a compiled constructor in place of this one. Compiling takes
        # as long as some hundred of these, so a cluster's start, which makes few of each class, goes without.
        cls = type(self)
        cls._constructed += 1
        if cls._constructed > _CONSTRUCTED_OFTEN:
            from minikafka.messages.compiler import compile_init

            cls.__init__ = compile_init(cls)  # type: ignore[method-assign]
            cls.__init__(self, **values)
            return
        for field in cls.fields:
            name = field.name
            setattr(self, name, values.pop(name) if name in values else field.absent())
        if values:
            raise TypeError(f"{cls.__name__} has no field {next(iter(values))!r}")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in self.fields)

    def __repr__(self) -> str:
        inner = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in self.fields)
        return f"{type(self).__name__}({inner})"


class Body(Message):
    """A message with versions of its own: a request, a response, a header, or the data of a record."""

    min_version: ClassVar[int] = 0
    """The first version this class can be encoded in."""
    max_version: ClassVar[int] = 0
    """The last version this class can be encoded in; the one spoken in process."""
    flexible_since: ClassVar[int | None] = None
    """The first version with compact lengths and tagged fields (KIP-482), or None."""
    _encoders: ClassVar[dict[int, Callable[[Any, bytearray], None]]] = {}
    _decoders: ClassVar[dict[int, Callable[[bytes, int, int], tuple[Any, int]]]] = {}

    def encode(self, version: int) -> bytes:
        """The body in the protocol's encoding of this version, without a header.

        Raises:
            UnsupportedVersionError: the class has no such version, or a field has a value that the version
                cannot carry and that must not be dropped.
            ProtocolError: a field has a value that its type cannot carry.
        """
        from minikafka.messages.compiler import encode_message

        return bytes(encode_message(self, version))

    @classmethod
    def decode(cls, data: bytes | bytearray | memoryview, version: int) -> Self:
        """The message that `data` encodes, the whole of it.

        Raises:
            UnsupportedVersionError: the class has no such version.
            ProtocolError: `data` is not the encoding of such a message.
        """
        from minikafka.messages.compiler import decode_message

        return decode_message(cls, data if type(data) is bytes else bytes(data), version)

    @classmethod
    def decode_at(cls, data: bytes, position: int, version: int, end: int | None = None) -> tuple[Self, int]:
        """The message that begins at `position`, and the position behind it: a header before its body.

        Args:
            data: what it is in.
            position: where it begins.
            version: its version.
            end: what it must not reach beyond; None for the end of `data`.

        Raises:
            UnsupportedVersionError: the class has no such version.
            ProtocolError: there is no such message at `position`.
        """
        from minikafka.messages.compiler import decode_at

        return decode_at(cls, data, position, version, end)

    @classmethod
    def is_flexible(cls, version: int) -> bool:
        """Whether this version has compact lengths and tagged fields (KIP-482)."""
        return cls.flexible_since is not None and version >= cls.flexible_since


class Response(Body):
    """A message that answers a request."""

    api_key: ClassVar[int] = -1
    """Kafka's number for the API."""
    api_name: ClassVar[str] = ""
    """Kafka's name for the API: ``"Produce"``."""

    @classmethod
    def header_version(cls, version: int) -> int:
        """The version of the `ResponseHeader` in front of a body of this version."""
        # Whoever asks for the versions cannot know yet whether the answer's header is flexible (KIP-511).
        return int(cls.is_flexible(version) and cls.api_name != "ApiVersions")


class _ResponseClass:
    """Finds a request's response class when it is first asked for."""

    __slots__ = ()

    def __get__(self, instance: object, owner: type[Request]) -> type[Response]:
        from minikafka.messages.registry import response_class

        return response_class(owner.api_key)


class Request(Body):
    """A message that asks for a response."""

    api_key: ClassVar[int] = -1
    """Kafka's number for the API."""
    api_name: ClassVar[str] = ""
    """Kafka's name for the API: ``"Produce"``."""
    response_class: ClassVar[_ResponseClass] = _ResponseClass()
    """The class of the answer: ``ProduceRequest.response_class is ProduceResponse``."""

    @classmethod
    def header_version(cls, version: int) -> int:
        """The version of the `RequestHeader` in front of a body of this version."""
        return 2 if cls.is_flexible(version) else 1
