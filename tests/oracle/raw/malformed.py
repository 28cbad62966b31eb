"""Bad bytes for every API, made from its schema: wrong versions, cut bodies, nulls and lengths that cannot be."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tests.oracle.connection import sized
from tests.oracle.raw import loose
from tests.oracle.raw.case import Body, Case, Frame

from minikafka.errors import UnsupportedVersionError
from minikafka.messages.registry import APIS, request_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.oracle.raw.scene import Scene

    from minikafka.messages.fields import Field
    from minikafka.messages.schema import Message, Request

    Base = Callable[[Scene], Request]

_MAX_INT = 0x7FFFFFFF


def malformed(api: str, base: Base) -> list[Case]:
    """The cases of an API.

    Args:
        api: Kafka's name.
        base: a harmless good request with an element in each array.
    """
    cls: type[Request] = request_class(APIS[api][0])
    versions = range(cls.min_version, cls.max_version + 1)
    # A broker may take what is malformed for all there is.
    everything = api == "ListGroups"
    cases = [
        Case(api, name, _as_body(base, change), is_malformed=True, own=everything)
        for name, change in _WHOLE.items()
        if "tag" not in name or cls.is_flexible(cls.max_version)
    ]
    cases += [Case(api, name, build(base), is_malformed=True) for name, build in _FRAMES.items()]
    for path, field, there in _fields(cls, "", [*versions]):
        cases += [
            Case(
                api,
                f"{path}: {what}",
                _with_field(base, path, field, make),
                is_malformed=True,
                own=everything or what == "length -2",
            )
            for what, make in _FIELDS.get(field.kind, {}).items()
            if any(make(cls.is_flexible(version), field.nullable_in(version)) for version in there)
        ]
    return cases


def _fields(cls: type[Message], path: str, versions: list[int]) -> Iterator[tuple[str, Field, list[int]]]:
    """Every field with its path and the versions that have it."""
    for field in cls.fields:
        there = [version for version in versions if field.in_version(version)]
        if field.tag is not None or not there:
            continue
        yield path + field.name, field, there
        if field.kind == "array" and not isinstance(field.element, str):
            yield from _fields(field.element, f"{path}{field.name}.0.", there)


# A field's bytes; None where the version has no such thing


def _null(kind: str) -> Any:
    def make(flexible: bool, may_be_null: bool) -> bytes | None:
        return None if may_be_null else loose.length(None, flexible, ">h" if kind == "string" else ">i")

    return make


def _length(kind: str, length: int) -> Any:
    def make(flexible: bool, may_be_null: bool) -> bytes | None:
        if flexible:
            return None if length < 0 else loose.length(length, True, "")
        return (
            struct.pack(">h", max(length, -2) if length < 0 else 0x7FFF)
            if kind == "string"
            else struct.pack(">i", length)
        )

    return make


_FIELDS: dict[str, dict[str, Any]] = {
    "string": {
        "null": _null("string"),
        "length -2": _length("string", -2),
        "longer than the frame": _length("string", 10_000),
    },
    "binary": {"null": _null("binary"), "longer than the frame": _length("binary", 10_000)},
    "records": {"length -2": _length("records", -2), "longer than the frame": _length("records", 10_000)},
    "array": {
        "null": _null("array"),
        "length -2": _length("array", -2),
        "more than the frame holds": _length("array", _MAX_INT - 1),
    },
    "boolean": {"2": lambda flexible, may_be_null: b"\2"},
}


def _with_field(base: Base, path: str, field: Field, make: Any) -> Callable[[Scene], Body]:
    def build(scene: Scene) -> Body:
        request, version = base(scene), scene.version
        data = make(request.is_flexible(version), field.nullable_in(version))
        if data is None:
            raise UnsupportedVersionError("no such thing in this version")
        return _body(request, version, loose.encode(request, version, {path: data}))

    return build


# The whole body


def _body(request: Request, version: int, data: bytes, **more: Any) -> Body:
    spoken = min(max(version, request.min_version), request.max_version)
    return Body(data, request.api_key, version, request.header_version(spoken), **more)


def _as_body(base: Base, change: Callable[[Request, int], Body]) -> Callable[[Scene], Body]:
    return lambda scene: change(base(scene), scene.version)


def _plain(request: Request, version: int) -> bytes:
    return loose.encode(request, version, {})


def _flexible(request: Request, version: int) -> None:
    if not request.is_flexible(version):
        raise UnsupportedVersionError("no tags in this version")


def _tagged(tags: bytes) -> Callable[[Request, int], Body]:
    def change(request: Request, version: int) -> Body:
        _flexible(request, version)
        return _body(request, version, loose.encode(request, version, {}, tags))

    return change


def _header_tagged(tags: bytes) -> Callable[[Request, int], Body]:
    def change(request: Request, version: int) -> Body:
        _flexible(request, version)
        return _body(request, version, _plain(request, version), header_tags=tags)

    return change


def _newest_as(change: int) -> Callable[[Request, int], Body]:
    """Said once, in the newest version: the version in the header is wrong, the body is not."""

    def build(request: Request, version: int) -> Body:
        if version != request.max_version:
            raise UnsupportedVersionError("asked once")
        wrong = request.max_version + 1 if change > 0 else request.min_version - 1
        spoken = request.max_version if change > 0 else request.min_version
        return _body(request, wrong, _plain(request, spoken))

    return build


_WHOLE: dict[str, Callable[[Request, int], Body]] = {
    "the version after the last": _newest_as(1),
    "the version before the first": _newest_as(-1),
    "the body lacks its last byte": lambda request, version: _body(
        request, version, _plain(request, version)[:-1]
    ),
    "no body": lambda request, version: _body(request, version, b""),
    "bytes behind the body": lambda request, version: _body(
        request, version, _plain(request, version) + b"more"
    ),
    "no client id": lambda request, version: _body(
        request, version, _plain(request, version), client_id=None
    ),
    "an empty client id": lambda request, version: _body(
        request, version, _plain(request, version), client_id=""
    ),
    "an unknown tag": _tagged(b"\x01\x63\x02ab"),
    "an unknown tag in the header": _header_tagged(b"\x01\x63\x02ab"),
    "tags out of order": _tagged(b"\x02\x64\x01a\x63\x01a"),
    "one tag twice": _tagged(b"\x02\x63\x01a\x63\x01a"),
    "a tag longer than the frame": _tagged(b"\x01\x63\x7fa"),
    "more tags than there are": _tagged(b"\x7f"),
}


# The whole frame


def _frame(change: Callable[[bytes], bytes]) -> Callable[[Base], Callable[[Scene], Frame]]:
    def of(base: Base) -> Callable[[Scene], Frame]:
        def build(scene: Scene) -> Frame:
            request = base(scene)
            if scene.version != request.max_version:
                raise UnsupportedVersionError("asked once")
            return Frame(change(struct.pack(">hhi", request.api_key, scene.version, 7)))

        return build

    return of


_FRAMES = {
    "the frame ends in the header": _frame(lambda head: sized(head)),
    "the frame ends in the client id": _frame(lambda head: sized(head + b"\0\x20raw")),
    "a client id of length -2": _frame(lambda head: sized(head + b"\xff\xfe")),
}
