"""The commands behind ``make oracle``, ``make oracle-record``, ``make oracle-up`` and ``make oracle-down``."""

from __future__ import annotations

import argparse
import sys
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tests.oracle import java_parity, recordings
from tests.oracle.artifacts import KAFKA_VERSION, OracleMissingError
from tests.oracle.clusters import CONFIG, REAL
from tests.oracle.judge import RAISED, Clusters, compare, perform, recorded, targets
from tests.oracle.kafka_server import RealKafka, end_running, running
from tests.oracle.report import Report, tolerance_list, version_list, write_section
from tests.oracle.scenario import all_scenarios
from tests.oracle.tolerances import DECLARED, Tolerances

if TYPE_CHECKING:
    from tests.oracle.scenario import Scenario


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("live", "perform every scenario on a real Kafka and on minikafka, and compare"),
        ("replay", "perform every scenario on minikafka, and compare with the recordings"),
        ("record", "perform every scenario on a real Kafka, and keep what it answers"),
        ("up", "start a real Kafka and leave it running"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--version", default=KAFKA_VERSION, help="of Apache Kafka")
        command.add_argument("--nodes", type=int, default=1, help="of the Kafka that is left running")
        command.add_argument("--write", action="store_true", help="put the table into docs/fidelity.md")
        command.add_argument("scenarios", nargs="*", default=["*"], help="patterns of AREA/NAME")
    commands.add_parser("down", help="end the Kafka that was left running")
    arguments = parser.parse_args()
    try:
        return _COMMANDS[arguments.command](arguments)
    except OracleMissingError as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 0


def _chosen(patterns: list[str]) -> list[Scenario]:
    return [
        each
        for each in all_scenarios()
        if any(fnmatchcase(each.where, pattern) or each.area == pattern for pattern in patterns)
    ]


def _compare(arguments: argparse.Namespace) -> int:
    live = arguments.command == "live"
    tolerances = Tolerances(DECLARED)
    report = Report()
    scenarios = _chosen(arguments.scenarios)
    _compare_java(arguments, tolerances, report)
    with Clusters(arguments.version) as clusters:
        for each in scenarios:
            for client in each.clients:
                began = time.monotonic()
                if live:
                    expected = perform(each, clusters.get(REAL, each), client)
                else:
                    expected = recorded(each, client, arguments.version)
                took = [time.monotonic() - began]
                for target in targets(client):
                    began = time.monotonic()
                    actual = perform(each, clusters.get(target, each), client)
                    took.append(time.monotonic() - began)
                    differing, tolerated = compare(
                        each, client, target, expected or [], actual, tolerances, arguments.version
                    )
                    report.count(each.area, differing, tolerated)
                    for difference in differing:
                        print(difference)
                if max(took) > 3:
                    print(f"({each.where} {client} took {[round(s, 1) for s in took]} s)")
    print(report.table())
    unused = tolerances.unused() if live and arguments.scenarios == ["*"] else []
    for tolerance in unused:
        print(f"not needed: {tolerance}")
    if arguments.write:
        _write(report, arguments.version, len(scenarios))
    return 1 if report.differences or unused else 0


def _compare_java(arguments: argparse.Namespace, tolerances: Tolerances, report: Report) -> None:
    """The partitioner and the assignors of the Java client, where all scenarios are wanted."""
    if arguments.scenarios != ["*"]:
        return
    if arguments.command == "live":
        answers = java_parity.ask_java(arguments.version)
    else:
        answers = {
            name: recordings.load(arguments.version, name)
            for name in (java_parity.PARTITIONER, java_parity.ASSIGNORS)
        }
    for area, differing, tolerated in java_parity.disagreements(answers, tolerances, arguments.version):
        report.count(area, differing, tolerated)
        for difference in differing:
            print(difference)


def _write(report: Report, version: str, count: int) -> None:
    sentence = (
        f"{count} scenarios, performed by each of their clients on Apache Kafka {version} and on minikafka, in "
        "process and on sockets; each performance on minikafka counts once."
    )
    write_section("oracle", f"{sentence}\n\n{report.table()}")
    write_section("oracle tolerances", tolerance_list(DECLARED))
    write_section("oracle versions", version_list(KAFKA_VERSION))


def _record(arguments: argparse.Namespace) -> int:
    """The version that minikafka follows is kept whole; of others only what differs from it."""
    version = arguments.version
    whole = version == KAFKA_VERSION
    if arguments.scenarios == ["*"]:
        java_parity.record(version, KAFKA_VERSION)
    broken = 0
    with Clusters(version) as clusters:
        for area, scenarios in _by_area(_chosen(arguments.scenarios)).items():
            answers = recordings.load(version, area)
            for each in scenarios:
                answers.pop(each.name, None)
                for client in each.clients:
                    steps = perform(each, clusters.get(REAL, each), client)
                    if RAISED in [label for label, _ in steps]:
                        broken += 1
                        print(f"{each.where} {client} broke off: {steps[-1]}")
                    elif whole or steps != recorded(each, client, KAFKA_VERSION):
                        answers.setdefault(each.name, {})[client] = steps
            known = {each.name for each in all_scenarios() if each.area == area}
            recordings.save(version, area, {name: told for name, told in answers.items() if name in known})
            print(f"{area}: {len(scenarios)} performed, {len(answers)} kept")
    return 1 if broken else 0


def _by_area(scenarios: list[Scenario]) -> dict[str, list[Scenario]]:
    areas: dict[str, list[Scenario]] = {}
    for each in scenarios:
        areas.setdefault(each.area, []).append(each)
    return areas


def _up(arguments: argparse.Namespace) -> int:
    state = running()
    if state is None:
        end_running()
        server = RealKafka(arguments.nodes, version=arguments.version, config=CONFIG, outlives=True)
        server.start().leave_running()
        state = running()
        assert state is not None
    print(f"Apache Kafka {state['version']} on {state['bootstrap_servers']}")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    print("ended" if end_running() else "nothing was running")
    return 0


_COMMANDS = {"live": _compare, "replay": _compare, "record": _record, "up": _up, "down": _down}

if __name__ == "__main__":
    sys.exit(main())
