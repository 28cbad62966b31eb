"""How a figure is measured and reported: a name, a value, a bound, and whether it holds."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Figure(NamedTuple):
    """One measured figure against its bound."""

    name: str
    value: float
    unit: str
    bound: float
    at_most: bool
    """Whether the bound is a ceiling (True) or a floor (False)."""

    @property
    def holds(self) -> bool:
        """Whether the value is on the right side of its bound."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        relation = "<=" if self.at_most else ">="
        verdict = "ok  " if self.holds else "MISS"
        return f"{verdict} {self.name:<62} {self.value:>12,.3f} {self.unit:<10} ({relation} {self.bound:,g})"


def best_seconds(action: Callable[[], object], repeat: int = 5) -> float:
    """The best of several timings of `action`, in seconds, with the collector run in between."""
    best = float("inf")
    for _ in range(repeat):
        gc.collect()
        started = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - started)
    return best


def median(values: list[float]) -> float:
    """The middle one of the values."""
    return sorted(values)[len(values) // 2]
