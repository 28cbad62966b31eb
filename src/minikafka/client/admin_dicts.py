"""Messages as plain dicts, in the shape that kafka-python's ``to_dict()`` gives them."""

from __future__ import annotations

from minikafka.client.admin_types import ACLOperation
from minikafka.structs import ZERO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.messages.fields import Field
    from minikafka.messages.schema import Message, Response

_OPERATIONS = "authorized_operations"
_NOT_TOLD = -(2**31)
_FIRST_OPERATION = ACLOperation.READ


def to_dict(message: Message, version: int) -> dict[str, Any]:
    """The fields that this version of a message has, in the order of the schema.

    Ids become strings, bytes become text (what is no UTF-8 is escaped), and authorized operations become the
    list of their names, or None where the broker did not tell them.
    """
    return {
        _OPERATIONS if field.name.endswith(_OPERATIONS) else field.name: _plain(
            field, getattr(message, field.name), version
        )
        for field in message.fields
        if field.in_version(version)
    }


def response_dict(response: Response) -> dict[str, Any]:
    """A response as a dict, without the throttle time."""
    result = to_dict(response, response.max_version)
    result.pop("throttle_time_ms", None)
    return result


def _plain(field: Field, value: Any, version: int) -> Any:
    if value is None:
        return None
    if field.kind == "array":
        return list(value) if isinstance(field.element, str) else [to_dict(each, version) for each in value]
    if field.kind == "struct":
        return to_dict(value, version)
    if field.name.endswith(_OPERATIONS):
        return operation_names(value)
    convert = _CONVERSIONS.get(field.kind)
    return value if convert is None else convert(value)


def operation_names(bits: int) -> list[str] | None:
    """The names of the operations in a bit field, in ascending order; None if the broker did not tell."""
    if bits == _NOT_TOLD:
        return None
    return [
        operation.name
        for operation in ACLOperation
        if operation >= _FIRST_OPERATION and bits & (1 << operation)
    ]


def uuid_text(value: bytes) -> str | None:
    """An id of sixteen bytes in the usual spelling; None for the zero id, which stands for none."""
    if value == ZERO_UUID:
        return None
    digits = value.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _text(value: bytes) -> str:
    return bytes(value).decode(errors="backslashreplace")


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "uuid": uuid_text,
    "binary": _text,
    # In process an error code may be an enum's member, which prints otherwise than the number it is.
    "int8": int,
    "int16": int,
    "int32": int,
    "int64": int,
}


class ResponseObject:
    """A response as kafka-python hands it out: its fields as attributes, and `to_dict`."""

    __slots__ = ("_response",)

    def __init__(self, response: Response) -> None:
        self._response = response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def to_dict(self) -> dict[str, Any]:
        """The response as a dict."""
        return to_dict(self._response, self._response.max_version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResponseObject) and self._response == other._response

    def __repr__(self) -> str:
        return repr(self._response)
