"""Bad names, and the bad ways of naming partitions: what the cases of many APIs try alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_LONG = "x" * 250
"""One letter more than a topic's name may have."""


def bad_partitions(ask: Callable[..., Any]) -> dict[str, Any]:
    """Rows of a `table` for an API that is asked about partitions.

    Args:
        ask: makes the request of topics as (name, partitions...).
    """
    return {
        "unknown topic": lambda s: ask(("nowhere", 0)),
        "unknown partition": lambda s: ask((s.readable().name, 9)),
        "negative partition": lambda s: ask((s.readable().name, -1)),
        "no topic name": lambda s: ask(("", 0)),
        "a topic name that is none": lambda s: ask(("no/topic", 0)),
        "a topic name that is too long": lambda s: ask((TOO_LONG, 0)),
        "no topics": lambda s: ask(),
        "no partitions": lambda s: ask((s.readable().name,)),
        "a partition twice": lambda s: ask((s.readable().name, 0, 0)),
        "a topic twice": lambda s: ask((s.readable().name, 0), (s.readable().name, 1)),
    }
