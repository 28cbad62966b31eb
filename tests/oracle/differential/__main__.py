"""Plays random programs on minikafka and on a real Kafka until they disagree or there are enough of them.

``make oracle-differential``; ``DIFFERENTIAL_OPTIONS="--seconds 600 --area groups"`` for more.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import FlakyFailure
from hypothesis.internal.conjecture import engine
from tests.oracle.artifacts import KAFKA_VERSION, OracleMissingError
from tests.oracle.clusters import IN_PROCESS, MiniInProcess, Real, start_real
from tests.oracle.differential import recorded
from tests.oracle.differential.compare import differences, report
from tests.oracle.differential.player import Player
from tests.oracle.differential.programs import AREAS, programs
from tests.oracle.differential.tolerated import DECLARED
from tests.oracle.report import Report, tolerance_list, write_section
from tests.oracle.tolerances import Tolerances

if TYPE_CHECKING:
    from typing import Any


engine.MAX_SHRINKING_SECONDS = 30
"""A program on a real Kafka takes a tenth of a second: five minutes of shrinking, hypothesis's own bound, are long."""


_PATIENCE = (1, 5, 20)
"""A program that disagrees is played again with more time for what a real Kafka does behind a request's back."""


class Disagreement(Exception):
    """The two have shown different things; the text tells which."""


class Comparison:
    """Plays programs on both, and counts.

    Args:
        real: the real Kafka.
        seconds: how long to go on with each area.
    """

    def __init__(self, real: Real, seconds: float) -> None:
        self.real = real
        self.seconds = seconds
        self.report = Report()
        self.tolerances = Tolerances(DECLARED)
        self.steps: dict[str, int] = {}
        self.programs: dict[str, int] = {}
        self.unsteady = 0
        """Programs that disagreed once and not again."""
        self.hurried = 0
        """Programs that agreed only when a busy machine was given more time."""
        self.smallest: list[Any] = []
        self.seen: list[Any] = []

    def play(self, area: str, program: list[Any]) -> None:
        """One program. Raises Disagreement."""
        with MiniInProcess() as mini:
            player = Player(mini)
            ours = player.play(program)
        for patience in _PATIENCE:
            real_player = Player(self.real, guide=ours, patience=patience)
            theirs = real_player.play(program)
            end = _common(player.leaders, real_player.leaders, len(program))
            found, tolerated = differences(
                program[:end],
                theirs[:end],
                ours[:end],
                self.tolerances,
                target=IN_PROCESS,
                kafka=self.real.version,
            )
            if not found:
                break
        self.hurried += patience != _PATIENCE[0] and not found
        self.steps[area] = self.steps.get(area, 0) + end
        self.programs[area] = self.programs.get(area, 0) + 1
        if found:
            self.smallest, self.seen = program, theirs
            raise Disagreement(report(program, found))
        self.report.count(f"differential/{area}", (), tolerated)

    def run(self, area: str, number: int, max_size: int) -> str | None:
        """Programs of an area until time is up; the smallest that disagrees, as text, or None."""
        end = time.monotonic() + self.seconds
        round_ = 0
        while time.monotonic() < end:
            round_ += 1
            try:
                self._batch(area, number + round_, max_size, end)
            except Disagreement as error:
                return str(error)
            except FlakyFailure as error:
                # Not repeatable: a matter of the machine's haste, not of the program.
                self.unsteady += 1
                self.smallest = []
                told = [str(each) for each in error.exceptions if isinstance(each, Disagreement)]
                print("not repeatable:", *told[:1], sep="\n")
        return None

    def _batch(self, area: str, number: int, max_size: int, end: float) -> None:
        @seed(number)
        @settings(
            max_examples=50,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        @given(programs(area, max_size))
        def agree(program: list[Any]) -> None:
            if time.monotonic() < end or self.smallest:
                self.play(area, program)

        agree()


def _common(ours: list[Any], theirs: list[Any], length: int) -> int:
    """The steps until another member leads: which one follows does not follow from the program in Kafka."""
    for mine, other in zip_longest(ours, theirs):
        if mine != other:
            return min(each[0] for each in (mine, other) if each is not None)
    return length


def main() -> int:
    """Exit status 1 if there is a disagreement; 0 with a message where there is no real Kafka."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.differential", description=__doc__)
    parser.add_argument("--seconds", type=float, default=100, help="for all areas together")
    parser.add_argument("--area", choices=sorted(AREAS), action="append", help="only these")
    parser.add_argument("--seed", type=int, default=None, help="of the programs; by default the time")
    parser.add_argument("--size", type=int, default=30, help="operations of a program at most")
    parser.add_argument("--version", default=KAFKA_VERSION, help="of Apache Kafka")
    parser.add_argument("--address", help="of a real Kafka of that version that runs already")
    parser.add_argument(
        "--record", nargs="*", metavar="FILE", help="play these programs again and keep what is seen"
    )
    parser.add_argument("--write", action="store_true", help="put the figures into docs/fidelity.md")
    parser.add_argument("--keep", metavar="NAME", help="record what disagrees under this name")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        try:
            real = _real(arguments, stack)
        except OracleMissingError as error:
            print(f"skipped: {error}", file=sys.stderr)
            return 0
        if arguments.record is not None:
            return _record(real, arguments.record)
        return _compare(real, arguments)


def _real(arguments: argparse.Namespace, stack: ExitStack) -> Real:
    if arguments.address:
        return stack.enter_context(Real({1: arguments.address}, arguments.version))
    running = Real.running()
    if running is not None and running.version == arguments.version:
        return stack.enter_context(running)
    server = start_real(1, arguments.version)
    stack.callback(server.close)
    return stack.enter_context(Real.of(server))


def _compare(real: Real, arguments: argparse.Namespace) -> int:
    areas = arguments.area or sorted(AREAS)
    comparison = Comparison(real, arguments.seconds / len(areas))
    number = arguments.seed if arguments.seed is not None else int(time.time())
    print(f"seed {number}, Apache Kafka {real.version}")
    failed = 0
    for area in areas:
        comparison.smallest = []
        found = comparison.run(area, number, arguments.size)
        if found is not None:
            failed += 1
            print(f"--- {area}\n{found}")
            if arguments.keep:
                name = f"{arguments.keep}-{area}"
                recorded.save(name, recorded.Recording(real.version, comparison.smallest, comparison.seen))
    print(comparison.report.table())
    if arguments.write and not failed:
        _write(comparison)
    for area in areas:
        print(
            f"{area}: {comparison.programs.get(area, 0)} programs, {comparison.steps.get(area, 0)} operations"
        )
    print(
        f"operations in all: {sum(comparison.steps.values())}; given more time: {comparison.hurried} programs, "
        f"not repeatable: {comparison.unsteady}"
    )
    return 1 if failed else 0


def _write(comparison: Comparison) -> None:
    sentence = (
        f"{sum(comparison.programs.values())} random programs of {sum(comparison.steps.values())} operations, played "
        f"on Apache Kafka {comparison.real.version} and on minikafka in process."
    )
    text = f"{sentence}\n\n{comparison.report.table()}\n\n{tolerance_list(DECLARED)}"
    write_section("differential", text)


def _record(real: Real, files: list[str]) -> int:
    """Play recorded programs (all by default) on the real Kafka again."""
    for file in map(Path, files) if files else sorted(recorded.FOLDER.glob("*.json")):
        program = recorded.load(file).program
        with MiniInProcess() as mini:
            guide = Player(mini).play(program)
        seen = Player(real, guide=guide).play(program)
        recorded.save(file.stem, recorded.Recording(real.version, program, seen))
        print(f"{file.stem}: {len(program)} operations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
