"""Records as `consume` writes them: Kafka's fields with separators, and JSON lines."""

from __future__ import annotations

import base64
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIELDS = ("timestamp", "partition", "offset", "headers", "key", "value")
"""What can be printed of a record, in the order of kafka-console-consumer's formatter."""

TIMESTAMP_TYPES = {0: "CreateTime", 1: "LogAppendTime"}


class TextFormat:
    """Some fields of a record, as kafka-console-consumer prints them.

    Args:
        fields: some of `FIELDS`; the order is always Kafka's.
        separator: between fields.
        null: stands for a null key or value.
    """

    def __init__(self, fields: set[str], separator: bytes, null: bytes) -> None:
        self._fields = [field for field in FIELDS if field in fields]
        self._separator = separator
        self._null = null

    def line(self, record: Any) -> bytes:
        """A record of kafka-python's, without a line end."""
        return self._separator.join(self._field(name, record) for name in self._fields)

    def _field(self, name: str, record: Any) -> bytes:
        if name == "timestamp":
            kind = TIMESTAMP_TYPES.get(record.timestamp_type)
            return f"{kind}:{record.timestamp}".encode() if kind else b"NO_TIMESTAMP"
        if name == "partition":
            return b"Partition:%d" % record.partition
        if name == "offset":
            return b"Offset:%d" % record.offset
        if name == "headers":
            return b",".join(self._header(*header) for header in record.headers) or b"NO_HEADERS"
        data: bytes | None = record.key if name == "key" else record.value
        return self._null if data is None else data

    def _header(self, name: str, value: bytes | None) -> bytes:
        return name.encode() + b":" + (self._null if value is None else value)


class JsonFormat:
    """A record as a JSON object."""

    def line(self, record: Any) -> bytes:
        """A record of kafka-python's, without a line end."""
        return json.dumps(record_document(record), ensure_ascii=False).encode()


def record_document(record: Any) -> dict[str, object]:
    """The record's JSON: bytes as text under their name, or as base64 under ``NAME_base64`` if they are not UTF-8."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "timestamp_type": TIMESTAMP_TYPES.get(record.timestamp_type),
        **_data("key", record.key),
        **_data("value", record.value),
        "headers": [{"key": name, **_data("value", value)} for name, value in record.headers],
    }


def _data(name: str, data: bytes | None) -> dict[str, str | None]:
    if data is None:
        return {name: None}
    try:
        return {name: bytes(data).decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode()}
