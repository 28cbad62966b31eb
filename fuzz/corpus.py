"""Inputs to begin with: what each target is meant to read, as hypothesis strategies, and as files for atheris."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.lab import frame
from fuzz.odd_messages import SUBSCRIPTIONS, carried, messages_of, odd_requests, record_data
from fuzz.targets import TARGETS, bodies
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.compression import compress
from minikafka.coordinator import CoordinatorRecord
from minikafka.groups.records import encode_record
from minikafka.messages import coordinator_records as records
from minikafka.messages.registry import API_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

SERVED = tuple(API_KEYS[name] for name in CLIENT_APIS)
"""The API keys of all that a broker answers."""

_FRAMES = odd_requests(SERVED).map(lambda each: frame(*each))
_STREAMS = st.lists(_FRAMES, min_size=1, max_size=3).map(b"".join)
_RECORDS = st.builds(
    CoordinatorRecord, messages_of(records.GroupMetadataKey), messages_of(records.GroupMetadataValue)
) | st.builds(CoordinatorRecord, messages_of(records.OffsetCommitKey), messages_of(records.OffsetCommitValue))


def _message(number: int) -> SearchStrategy[bytes]:
    cls, version = bodies()[number]
    head = number.to_bytes(2, "big")
    return messages_of(cls).map(lambda message: head + carried(message, version).encode(version))


def _coordinator_record(record: CoordinatorRecord) -> bytes:
    key, value = encode_record(record)
    return bytes([len(key) & 255]) + key + (value or b"")


def _compressed(codec: int, data: bytes) -> bytes:
    return bytes([codec]) + compress(codec, data)


GOOD: dict[str, SearchStrategy[bytes]] = {
    "frames": _STREAMS,
    "messages": st.integers(0, len(bodies()) - 1).flatmap(_message),
    "record_batches": record_data().map(lambda data: data or b""),
    "compressed": st.builds(_compressed, st.integers(0, 4), st.binary(max_size=200)),
    "coordinator_records": _RECORDS.map(_coordinator_record),
    "consumer_protocol": st.sampled_from(SUBSCRIPTIONS),
    "variable_length_integers": st.binary(min_size=1, max_size=12),
    "cluster": _STREAMS,
}
"""For each target, inputs that it takes."""

assert GOOD.keys() == TARGETS.keys()


def write(target: str, folder: Path, count: int = 300) -> None:
    """Write good inputs of a target to files; the same each time."""
    folder.mkdir(parents=True, exist_ok=True)

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=GOOD[target])
    def keep(data: bytes) -> None:
        (folder / sha1(data).hexdigest()).write_bytes(data)

    keep()
