"""All raw cases, one module for each family of APIs."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.raw.case import Case

MODULES = (
    "produce",
    "fetch",
    "offsets_in_logs",
    "cluster",
    "groups",
    "group_offsets",
    "topics",
    "configs",
    "replicas",
    "producer_ids",
    "console",
)


@cache
def all_cases() -> dict[str, list[Case]]:
    """Every case, by API."""
    found: dict[str, list[Case]] = {}
    for name in MODULES:
        for case in import_module(f"tests.oracle.raw.cases.{name}").CASES:
            found.setdefault(case.api, []).append(case)
    return found
