"""Replaces what differs from run to run (ids, ports, the time of day) by placeholders that stay the same."""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_ADDRESS = re.compile(r"\b(127\.0\.0\.1|localhost|minikafka-\d+):\d+")
_MILLISECONDS = re.compile(r"\b1[5-9]\d{11}\b")
_ZERO = str(UUID(int=0))
_DAY_MS = 86_400_000
_BY_FIELD = {
    "broker_epoch": "<broker epoch>",
    "cluster_id": "<cluster id>",
    "controller_id": "<controller>",
    "host": "<host>",
    "log_dir": "<log directory>",
    "port": "<port>",
    "throttle_time_ms": None,
}
"""Fields whose values say nothing; None leaves the field out."""
_IDS = {"producer_id": ("<producer id>", 0), "session_id": ("<session>", 1)}
"""Fields that hold an id, and the smallest: what is below it means something."""


class Normaliser:
    """Gives the same placeholder to the same thing within one scenario.

    Args:
        names: the unique names that a run made up, and what to call them: ``{"o7-orders": "orders"}``.
        now_ms: the middle of the two days whose times are called ``<now>``; by default this moment.
    """

    def __init__(self, names: Mapping[str, str] | None = None, now_ms: int | None = None) -> None:
        self.names = names if names is not None else {}
        self._now_ms = round(time.time() * 1000) if now_ms is None else now_ms
        self._ids: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        """The value with placeholders; dicts keep their order, tuples become lists."""
        if isinstance(value, dict):
            return {
                self._text(str(name)): self._member(str(name), each)
                for name, each in value.items()
                if _BY_FIELD.get(str(name), "") is not None
            }
        if isinstance(value, (list, tuple)):
            return [self(each) for each in value]
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value - self._now_ms) < _DAY_MS:
            return "<now>"
        return value

    def _member(self, name: str, value: Any) -> Any:
        if name in _BY_FIELD:
            return _BY_FIELD[name]
        if name in _IDS:
            placeholder, smallest = _IDS[name]
            if isinstance(value, int) and value >= smallest:
                return placeholder
        return self(value)

    def _text(self, value: str) -> str:
        for name in sorted(self.names, key=len, reverse=True):
            value = value.replace(name, self.names[name])
        value = _UUID.sub(lambda match: self._id(match[0]), value)
        for known, placeholder in self._ids.items():
            if len(known) == 22:
                value = value.replace(known, placeholder)
        value = _ADDRESS.sub("<address>", value)
        return _MILLISECONDS.sub(self._time, value)

    def _id(self, found: str) -> str:
        if found == _ZERO:
            return found
        if found not in self._ids:
            placeholder = f"<id {1 + sum(len(known) != 22 for known in self._ids)}>"
            self._ids[found] = placeholder
            # Kafka writes a topic's id in messages to people this way.
            self._ids[base64.urlsafe_b64encode(UUID(found).bytes).decode().rstrip("=")] = placeholder
        return self._ids[found]

    def _time(self, match: re.Match[str]) -> str:
        return "<now>" if abs(int(match[0]) - self._now_ms) < _DAY_MS else match[0]
