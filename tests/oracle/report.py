"""The table of a comparison: by area what was run, what agrees, what is tolerated and what differs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.oracle.recordings import FOLDER, dumps, load, versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from tests.oracle.tolerances import Tolerance

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "fidelity.md"


@dataclass(frozen=True)
class Difference:
    """One observation that is not the same on both sides.

    Args:
        where: ``AREA/SCENARIO``.
        step: the label of the step.
        path: the place within the observation that differs; empty for the whole of it.
        client: who saw it.
        target: what was compared with the real Kafka, such as ``in-process``.
        expected: what the real Kafka has shown.
        actual: what minikafka has shown.
    """

    where: str
    step: str
    client: str
    target: str
    expected: Any
    actual: Any
    path: str = ""

    def __str__(self) -> str:
        return (
            f"{self.where}, step {self.step!r}{self.path and ' at ' + self.path}, {self.client}, {self.target}\n"
            f"  Kafka:     {dumps(self.expected, 13)}\n"
            f"  minikafka: {dumps(self.actual, 13)}"
        )


@dataclass
class Tally:
    """How the comparisons of one area went. One scenario counts once for each target that it ran on."""

    run: int = 0
    agreeing: int = 0
    tolerated: int = 0
    differing: int = 0


@dataclass
class Report:
    """What a whole comparison has shown."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def count(self, area: str, differing: Sequence[Difference], tolerated: int) -> None:
        """Take in one comparison: what differs unexplained, and how many differences are tolerated."""
        tally = self.tallies.setdefault(area, Tally())
        tally.run += 1
        if differing:
            tally.differing += 1
            self.differences += differing
        elif tolerated:
            tally.tolerated += 1
        else:
            tally.agreeing += 1

    def table(self) -> str:
        """The figures, as Markdown."""
        lines = ["| area | run | agreeing | tolerated | differing |", "|---|---:|---:|---:|---:|"]
        total = Tally()
        for area, tally in sorted(self.tallies.items()):
            lines.append(_row(area, tally))
            for name in ("run", "agreeing", "tolerated", "differing"):
                setattr(total, name, getattr(total, name) + getattr(tally, name))
        lines.append(_row("**all**", total))
        return "\n".join(lines)


def _row(area: str, tally: Tally) -> str:
    return f"| {area} | {tally.run} | {tally.agreeing} | {tally.tolerated} | {tally.differing} |"


def tolerance_list(tolerances: Iterable[Tolerance]) -> str:
    """The declared differences, as Markdown; those with one reason are told once."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in tolerances:
        found.setdefault((each.what, each.reason), []).append(each.where)
    rows = [f"| {_cell(what)} | {_cell(reason)} |" for what, reason in found]
    return "\n".join(["| what differs | why |", "|---|---|", *rows])


def version_list(base: str) -> str:
    """What other recorded versions of Kafka answer differently than `base`, as Markdown."""
    lines = ["| Kafka | scenarios whose answers differ |", "|---|---|"]
    for version in versions():
        if version == base:
            continue
        found = [
            f"`{file.stem}/{name}`"
            for file in sorted((FOLDER / version).glob("*.json"))
            for name in load(version, file.stem)
        ]
        lines.append(f"| {version} | {', '.join(found) or 'none'} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def write_section(name: str, text: str, document: Path = DOCUMENT) -> None:
    """Replace what stands between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->`` in a document.

    Raises:
        ValueError: the document has no such markers.
    """
    content = document.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    if content.count(begin) != 1 or content.count(end) != 1:
        raise ValueError(f"{document.name} lacks the markers {begin.strip()} and {end.strip()}")
    head, rest = content.split(begin)
    _, tail = rest.split(end)
    document.write_text(f"{head}{begin}\n{text}\n\n{end}{tail}", encoding="utf-8")


def section(name: str, document: Path = DOCUMENT) -> str:
    """What stands between the markers of `write_section`. Raises ValueError if they are not there."""
    content = document.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    if content.count(begin) != 1 or content.count(end) != 1:
        raise ValueError(f"{document.name} lacks the markers {begin.strip()} and {end.strip()}")
    return content.split(begin)[1].split(end)[0].strip()
