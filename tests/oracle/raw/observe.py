"""What was answered, as plain values that are the same wherever the answer means the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.oracle.raw.canonical import canonical

from minikafka.errors import ErrorCode
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.schema import Message
from minikafka.structs import ZERO_UUID

if TYPE_CHECKING:
    from tests.oracle.raw.scene import Scene

    from minikafka.messages.fields import Field

CLOSED = {"closed": True}
"""The broker closed the connection."""
UNANSWERED = {"unanswered": True}
"""The broker gave no answer and goes on serving the connection."""

NEWER = {"answered": True}
"""A Kafka that is newer than the one that minikafka follows answers in a version that is not known here."""

_DROPPED = {"throttle_time_ms"}
_CODES = re.compile(r"error_code$")
_NOW = 1_600_000_000_000
"""Times after this are of the run, not of the case."""
_TIMES = {"timestamp", "log_append_time_ms", "max_timestamp", "base_timestamp"}
_SIZES = {"total_bytes", "usable_bytes"}
_UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ID_TEXT = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")


class Observer:
    """Turns the answers of one case into plain values.

    Args:
        scene: the case's stage, which knows what its values are called.
        own: whether elements with foreign names are left out.
    """

    def __init__(self, scene: Scene, own: bool) -> None:
        self._scene = scene
        self._own = own
        self._symbols: dict[Any, str] = scene.symbols
        self._counts: dict[str, int] = {}

    def response(self, response: Any, version: int) -> dict[str, Any]:
        """A decoded response, every field that this version has."""
        return canonical(response.api_name, self._message(response, version))

    def _message(self, message: Message, version: int) -> dict[str, Any]:
        return {
            field.name: self._field(field, getattr(message, field.name), version)
            for field in message.fields
            if field.in_version(version) and field.name not in _DROPPED
        }

    def _field(self, field: Field, value: Any, version: int) -> Any:
        if value is None:
            return None
        if field.kind == "struct":
            return self._message(value, version)
        if field.kind == "records":
            return [self._batch(each) for each in _batches(value)]
        if field.kind == "array":
            return self._array(field, value, version)
        return self._scalar(field.name, value)

    def _array(self, field: Field, value: list[Any], version: int) -> list[Any]:
        if isinstance(field.element, str):
            return [self._scalar(field.name, each) for each in value]
        items = [self._message(each, version) for each in value]
        if self._own:
            items = [each for each in items if self._is_own(each)]
        return items

    def _is_own(self, item: dict[str, Any]) -> bool:
        if item.keys() == {"resource_name", "resource_type"}:
            return str(item["resource_name"]).startswith("~")
        for key in ("name", "topic", "group_id", "topic_name"):
            if isinstance(item.get(key), str) and not item[key].startswith("~"):
                return False
        return True

    def _scalar(self, name: str, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        if _CODES.search(name):
            return ErrorCode(value).name
        if isinstance(value, int):
            return self._number(name, value)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes) and len(value) == 16 and name.endswith("id"):
            return None if value == ZERO_UUID else self._symbol(value, "id")
        return self.text(value.decode("latin-1"))

    def _number(self, name: str, value: int) -> Any:
        if name == "port":
            return "<port>" if value > 0 else value
        if name in _TIMES and value > _NOW:
            return "<now>"
        if name in _SIZES and value > 0:
            return "<size>"
        if (name == "producer_id" and value >= 0) or (name == "session_id" and value > 0):
            return self._symbol((name, value), name.replace("_", " "))
        if name == "controller_id" and value > 0:
            return "<controller>"
        return value

    def text(self, text: str) -> str:
        """A text without what is of one run only."""
        for value, symbol in self._symbols.items():
            if isinstance(value, str) and value and value in text:
                text = text.replace(value, f"<{symbol}>")
        text = self._scene.told(text)
        text = _UUID_TEXT.sub(lambda match: self._symbol(match[0], "uuid"), text)
        return _ID_TEXT.sub(self._id_text, text)

    def _id_text(self, match: re.Match[str]) -> str:
        for value, symbol in self._symbols.items():
            if isinstance(value, bytes) and uuid_text(value) == match[0]:
                return f"<{symbol}>"
        is_random = re.search("[A-Z]", match[0]) and re.search("[a-z]", match[0])
        return "<uuid>" if is_random else match[0]

    def _symbol(self, value: Any, kind: str) -> str:
        if value not in self._symbols:
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._symbols[value] = f"{kind} {count}"
        return f"<{self._symbols[value]}>"

    def _batch(self, batch: RecordBatch) -> dict[str, Any]:
        return {
            "base_offset": batch.base_offset,
            "last_offset": batch.last_offset,
            "leader_epoch": batch.partition_leader_epoch,
            "compression": batch.compression,
            "timestamp_type": batch.timestamp_type,
            "control": batch.is_control,
            "transactional": batch.is_transactional,
            "producer_id": self._number("producer_id", batch.producer_id),
            "producer_epoch": batch.producer_epoch,
            "base_sequence": batch.base_sequence,
            "base_timestamp": self._number("timestamp", batch.base_timestamp),
            "max_timestamp": self._number("timestamp", batch.max_timestamp),
            "size": len(batch.encode()),
            "records": [self._record(*record) for record in batch.records],
        }

    def _record(self, delta: int, timestamp: int, key: Any, value: Any, headers: Any) -> list[Any]:
        return [
            delta,
            self._number("timestamp", timestamp),
            *(None if each is None else each.decode("latin-1") for each in (key, value)),
            *([list(map(str, headers))] if headers else []),
        ]


def uuid_text(value: bytes) -> str:
    """A uuid as Kafka writes it."""
    import base64

    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _batches(value: Any) -> list[RecordBatch]:
    if isinstance(value, list):
        return value
    data = bytes(value)
    found = []
    position = 0
    while position + 12 <= len(data):
        end = position + 12 + int.from_bytes(data[position + 8 : position + 12], "big")
        if end > len(data):
            break
        found.append(RecordBatch.from_bytes(data[position:end]))
        position = end
    return found
