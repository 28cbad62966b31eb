"""The raw part of ``make oracle``, ``make oracle-record`` and ``make oracle-replay``."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.oracle.artifacts import KAFKA_VERSION, OracleMissingError
from tests.oracle.raw import recording, sides
from tests.oracle.raw.cases import all_cases
from tests.oracle.raw.compare import compare
from tests.oracle.raw.run import run
from tests.oracle.raw.tolerances import DECLARED, RawTolerances
from tests.oracle.report import Report, tolerance_list, write_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.oracle.raw.case import Case
    from tests.oracle.raw.recording import Answers

Cases = dict[str, "list[Case]"]


def ask_real(cases: Cases, version: str) -> Iterator[tuple[str, Answers]]:
    """What a real Kafka answers, API by API; an API that needs clusters of two sizes comes twice."""
    for nodes in _sizes(cases):
        with sides.real(nodes, version) as cluster:
            for api, each in cases.items():
                print(f"{api}, {nodes} {'broker' if nodes == 1 else 'brokers'}", file=sys.stderr, flush=True)
                yield api, run(each, cluster)


def ask_minikafka(cases: Cases) -> Iterator[tuple[str, Answers]]:
    """What minikafka answers, likewise."""
    with ExitStack() as stack:
        clusters = [stack.enter_context(sides.minikafka(nodes)) for nodes in _sizes(cases)]
        for api, each in cases.items():
            for cluster in clusters:
                yield api, run(each, cluster)


def _sizes(cases: Cases) -> list[int]:
    return sorted({case.nodes for each in cases.values() for case in each})


def record(cases: Cases, version: str) -> None:
    """Keep what a real Kafka answers: API by API, so that nothing is lost if one of them fails.

    The version that minikafka follows is kept whole; of others only what differs from it.
    """
    for api, answers in ask_real(cases, version):
        found = {**recording.load(api, version), **answers}
        if version != KAFKA_VERSION:
            found = recording.differing(found, recording.load(api))
        # In the order of the cases, and without those that are no longer there.
        recording.save(
            api, {case.name: found[case.name] for case in all_cases()[api] if case.name in found}, version
        )


def report_of(cases: Cases, version: str, tolerances: RawTolerances, *, live: bool) -> Report:
    """Have minikafka answer, and compare that with a real Kafka that runs, or with what was recorded of one."""
    kafka: dict[str, Answers] = {}
    if live:
        for api, answers in ask_real(cases, version):
            kafka.setdefault(api, {}).update(answers)
    else:
        kafka = {api: recording.load(api, version) for api in cases}
    report = Report()
    for api, answers in ask_minikafka(cases):
        compare(api, kafka[api], answers, tolerances, report)
    return report


def write(report: Report, version: str) -> None:
    """Put the figures and the tolerances into docs/fidelity.md."""
    count = sum(map(len, all_cases().values()))
    sentence = (
        f"{count} requests, in every version that can tell them, to Apache Kafka {version} and to minikafka on "
        "sockets; each in each version counts once."
    )
    write_section("raw", f"{sentence}\n\n{report.table()}")
    write_section("raw tolerances", tolerance_list(DECLARED))


def main() -> int:
    """The command line; 1 if something differs that is not tolerated, or is tolerated and does not differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.raw", description=__doc__)
    parser.add_argument("what", choices=["live", "record", "replay"])
    parser.add_argument("apis", nargs="*", help="Kafka's names of APIs; all by default")
    parser.add_argument("--case", help="only cases with these words in their names")
    parser.add_argument("--version", default=KAFKA_VERSION, help="of Apache Kafka")
    parser.add_argument("--write", action="store_true", help="put the table into docs/fidelity.md")
    options = parser.parse_args()
    cases = {
        api: [case for case in each if options.case is None or options.case in case.name]
        for api, each in all_cases().items()
        if not options.apis or api in options.apis
    }
    tolerances = RawTolerances(DECLARED)
    try:
        if options.what == "record":
            record(cases, options.version)
            return 0
        report = report_of(cases, options.version, tolerances, live=options.what == "live")
    except OracleMissingError as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 0
    for difference in report.differences:
        print(difference)
    print(report.table())
    unused = tolerances.unused() if not options.apis and options.case is None else []
    for each in unused:
        print("not needed:", each)
    if options.write:
        write(report, options.version)
    return 1 if report.differences or unused else 0


if __name__ == "__main__":
    sys.exit(main())
