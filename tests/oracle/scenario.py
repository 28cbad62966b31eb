"""What a scenario is: a function with an area, and the registry that finds them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from tests.oracle.clients import CLIENTS, RAW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.oracle.stage import Stage

    Run = Callable[[Stage], None]

__all__ = ["CLIENTS", "RAW", "Scenario", "all_scenarios", "scenario"]


@dataclass(frozen=True)
class Scenario:
    """A play that every cluster is to perform alike.

    Args:
        name: of the function; unique within its area.
        area: the row of the report that it counts for.
        run: performs it on a `Stage`.
        clients: who performs it, each in a performance of its own; `RAW` needs no client library.
        nodes: how many brokers it needs.
        config: broker options besides `tests.oracle.clusters.CONFIG`; such a scenario gets a cluster of its own.
        slow: whether it takes so long in real time that it is left to ``make oracle-recorded``.
    """

    name: str
    area: str
    run: Run
    clients: tuple[str, ...]
    nodes: int = 1
    config: Mapping[str, object] = field(default_factory=dict)
    slow: bool = False

    @property
    def where(self) -> str:
        """``AREA/NAME``: what tolerances refer to."""
        return f"{self.area}/{self.name}"


_SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *,
    area: str,
    clients: tuple[str, ...] = (RAW,),
    nodes: int = 1,
    config: Mapping[str, object] | None = None,
    slow: bool = False,
) -> Callable[[Run], Run]:
    """Declare the function below to be a `Scenario`."""

    def declare(run: Run) -> Run:
        made = Scenario(run.__name__, area, run, clients, nodes, config or {}, slow)
        if made.where in _SCENARIOS:
            raise ValueError(f"there are two scenarios {made.where}")
        _SCENARIOS[made.where] = made
        return run

    return declare


def all_scenarios() -> Iterator[Scenario]:
    """Every scenario of every module in ``tests/oracle/scenarios``."""
    package = import_module("tests.oracle.scenarios")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    yield from _SCENARIOS.values()
