"""The machine's wall clock, read once for each cluster to say when its time begins."""

from __future__ import annotations

from time import time_ns


def wall_clock_ms() -> int:
    """The time now, in ms since the Unix epoch."""
    return time_ns() // 1_000_000
