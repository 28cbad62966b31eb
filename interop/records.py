"""A record as each Python client is given it and gives it back."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One record of a topic.

    Attributes:
        partition: where it goes, or comes from.
        key: or None.
        value: or None.
        headers: name and value.
    """

    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


LARGEST = 10_000_000
"""The largest batch, in bytes, that `write` and `read` of every client take."""
