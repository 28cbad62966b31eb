"""Turns protocol messages and record batches into plain data that JSON can hold and people can read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from minikafka.log.record_batch import RecordBatch, split_batches
from minikafka.messages.schema import Message

if TYPE_CHECKING:
    from typing import Any

_CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


def as_plain(message: Message, version: int) -> dict[str, Any]:
    """A message as a dict: the fields that this version carries, under Kafka's names in snake case."""
    return {
        field.name: _field(getattr(message, field.name), field.kind, field.element, version)
        for field in message.fields
        if field.in_version(version)
    }


def _field(value: Any, kind: str, element: Any, version: int) -> Any:
    if value is None:
        return None
    if kind == "array":
        inner = element if isinstance(element, str) else "struct"
        return [_field(each, inner, element, version) for each in value]
    if kind == "struct":
        return as_plain(value, version)
    if kind == "uuid":
        return str(UUID(bytes=value))
    if kind == "records":
        return batches(value)
    return text(value) if isinstance(value, (bytes, bytearray, memoryview)) else value


def text(value: bytes | str | None) -> str | None:
    """Bytes as a text where they are one, else as ``hex:…``; long ones by their length and first bytes."""
    if value is None or isinstance(value, str):
        return value
    value = bytes(value)
    if len(value) > 200:
        return f"{len(value)} bytes: {text(value[:16])}…"
    return value.decode("ascii") if value.isascii() and value.decode().isprintable() else f"hex:{value.hex()}"


def batches(data: bytes | list[RecordBatch] | None) -> list[dict[str, Any]] | None:
    """What stands in a records field: every whole batch with its records.

    Kafka may cut off the last batch of a Fetch answer; it is left out, as every client does.
    """
    if data is None:
        return None
    found = (
        split_batches(data, allow_partial=True) if isinstance(data, (bytes, bytearray, memoryview)) else data
    )
    return [batch_as_plain(batch) for batch in found]


def batch_as_plain(batch: RecordBatch) -> dict[str, Any]:
    """The header that matters to clients, and the records."""
    return {
        "base_offset": batch.base_offset,
        "last_offset": batch.last_offset,
        "leader_epoch": batch.partition_leader_epoch,
        "compression": _CODECS[batch.compression],
        "timestamp_type": ("CreateTime", "LogAppendTime")[batch.timestamp_type],
        "max_timestamp": batch.max_timestamp,
        "producer_id": batch.producer_id,
        "producer_epoch": batch.producer_epoch,
        "base_sequence": batch.base_sequence,
        "transactional": batch.is_transactional,
        "control": batch.is_control,
        "records": [
            {
                "offset": batch.base_offset + delta,
                "timestamp": timestamp,
                "key": text(key),
                "value": text(value),
                "headers": [[name, text(header)] for name, header in headers],
            }
            for delta, timestamp, key, value, headers in batch.records
        ],
    }
