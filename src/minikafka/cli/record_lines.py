r"""Lines of text as records, and JSON lines as records: what `produce` reads.

A line is ``[HEADERS\t][KEY SEPARATOR]VALUE``, as for kafka-console-producer with parse.headers and parse.key;
headers are ``NAME:VALUE,NAME:VALUE``.
"""

from __future__ import annotations

import base64
import json
from typing import NamedTuple

from minikafka.cli.failures import Failure, one_line
from minikafka.cli.options import LARGEST_LONG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Headers = list[tuple[str, bytes | None]]


class NewRecord(NamedTuple):
    """What is to be produced.

    Fields:
        key, value: None: null.
        headers: in order.
        partition: None: the partitioner chooses.
        timestamp: in ms since the Unix epoch; None: now.
    """

    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None
    timestamp: int | None = None


class LineReader:
    """Makes records of lines.

    Args:
        key_separator: between key and value; None: lines have no key.
        headers_separator: after the headers; None: lines have no headers.
        null_marker: a key or value that is exactly this is null.
    """

    def __init__(
        self, key_separator: bytes | None, headers_separator: bytes | None, null_marker: bytes | None
    ) -> None:
        self._key_separator = key_separator
        self._headers_separator = headers_separator
        self._null = null_marker

    def record(self, line: bytes, number: int) -> NewRecord:
        """The record of a line without its end.

        Raises:
            Failure: a separator is missing. `number` tells which line it is.
        """
        headers: Headers = []
        key = None
        if self._headers_separator is not None:
            text, found, line = line.partition(self._headers_separator)
            if not found:
                raise Failure(f"line {number}: no headers separator {shown(self._headers_separator)}")
            headers = [self._header(each, number) for each in text.split(b",")] if text else []
        if self._key_separator is not None:
            key, found, line = line.partition(self._key_separator)
            if not found:
                raise Failure(f"line {number}: no key separator {shown(self._key_separator)}")
        return NewRecord(self._or_null(key), self._or_null(line), headers)

    def _header(self, text: bytes, number: int) -> tuple[str, bytes | None]:
        name, colon, value = text.partition(b":")
        if not colon:
            raise Failure(f"line {number}: header {shown(text)}: expected NAME:VALUE")
        return name.decode(errors="replace"), value

    def _or_null(self, data: bytes | None) -> bytes | None:
        return None if data == self._null else data


def shown(data: bytes) -> str:
    """Bytes in a message."""
    return repr(data.decode(errors="replace"))


def record_of_json(line: bytes, number: int) -> NewRecord:
    """The record of a JSON line, in the shape that `consume --json` writes; all but the value may be missing.

    Raises:
        Failure: it is not JSON, or not of that shape.
    """
    try:
        document = _json(line)
        if not isinstance(document, dict) or not {"value", "value_base64"} & set(document):
            raise ValueError("expected an object with a value or a value_base64")
        headers = document.get("headers") or []
        if not isinstance(headers, list) or not all(isinstance(header, dict) for header in headers):
            raise ValueError(f'headers={headers!r}: expected a list of {{"key": ..., "value": ...}}')
        return NewRecord(
            _data(document, "key"),
            _data(document, "value"),
            [(_text(header.get("key"), "a header's key"), _data(header, "value")) for header in headers],
            _number(document, "partition"),
            _number(document, "timestamp"),
        )
    except (ValueError, TypeError) as error:
        raise Failure(one_line(f"line {number}: not a record in JSON: {error}")) from None


def _json(line: bytes) -> Any:
    try:
        return json.loads(line.decode())
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _data(document: dict[str, Any], name: str) -> bytes | None:
    text, encoded = document.get(name), document.get(f"{name}_base64")
    if text is not None and encoded is not None:
        raise ValueError(f"both {name} and {name}_base64 are given: expected one of them")
    if encoded is not None:
        try:
            return base64.b64decode(_text(encoded, f"{name}_base64"), validate=True)
        except ValueError as error:
            raise ValueError(f"{name}_base64={encoded!r}: {error}") from None
    try:
        return None if text is None else _text(text, name).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}={text!r}: {error.reason}") from None


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name}={value!r} is not a string")
    return value


def _number(document: dict[str, Any], name: str) -> int | None:
    value = document.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"{name}={value!r} is not a number")
    if value is not None and not -LARGEST_LONG - 1 <= value <= LARGEST_LONG:
        raise ValueError(f"{name}={value!r} is more than 64 bits hold")
    return value
