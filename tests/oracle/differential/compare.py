"""Compares what a program has shown on two clusters, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.judge import differing_places
from tests.oracle.report import Difference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.oracle.tolerances import Tolerances

WHERE = "differential"


def differences(
    program: Sequence[Sequence[Any]],
    expected: Sequence[Sequence[Any]],
    actual: Sequence[Sequence[Any]],
    tolerances: Tolerances,
    *,
    target: str,
    kafka: str = "*",
) -> tuple[list[Difference], int]:
    """What differs without being tolerated, and how many places are tolerated.

    Args:
        program: the operations, which tell what a difference is about.
        expected: what the real Kafka has shown.
        actual: what minikafka has shown.
        tolerances: those that count.
        target: where minikafka was, such as ``in-process``.
        kafka: the real Kafka's version.
    """
    found: list[Difference] = []
    tolerated = 0
    for index, (operation, theirs, ours) in enumerate(zip(program, expected, actual, strict=True)):
        for path, theirs_there, ours_there in differing_places(theirs[1], ours[1]):
            if tolerances.find(WHERE, _kind(operation), "raw", kafka, path):
                tolerated += 1
            else:
                step = f"{index}: {operation[0]}"
                found.append(Difference(WHERE, step, "raw", target, theirs_there, ours_there, path))
    return found, tolerated


_OPERATIONS = 4
"""Kafka's AlterConfigOp types are 0 to 3."""


def _kind(operation: Sequence[Any]) -> str:
    """What a tolerance calls an operation."""
    name, arguments = operation
    if name == "describe_config":
        return f"{name} {arguments['name']}"
    if name == "alter_config" and not 0 <= arguments["how"] < _OPERATIONS:
        return "alter_config of an unknown kind"
    return str(name)


def report(program: Sequence[Sequence[Any]], found: Sequence[Difference]) -> str:
    """A program and where it went apart, for people."""
    lines = [f"{index:3} {name} {arguments}" for index, (name, arguments) in enumerate(program)]
    return "\n".join(["this program shows different things:", *lines, *map(str, found)])
