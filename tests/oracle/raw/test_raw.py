"""Every API in every version, by raw requests: minikafka answers what a real Kafka has answered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.oracle.raw import recording, sides
from tests.oracle.raw.cases import all_cases
from tests.oracle.raw.cluster import Cluster
from tests.oracle.raw.compare import compare
from tests.oracle.raw.run import ends, own_name, run
from tests.oracle.raw.tolerances import DECLARED, RawTolerances
from tests.oracle.recordings import versions
from tests.oracle.report import Report

from minikafka.broker.dispatch import CLIENT_APIS

EVERYTHING = os.environ.get("MINIKAFKA_RAW") == "all"
"""Whether to ask in every version, not only where the protocol changes most."""
_MOST_SHOWN = 20


@pytest.fixture(scope="module")
def cluster() -> Iterator[Callable[[int], Cluster]]:
    """A listening cluster of so many brokers, which all cases share."""
    with ExitStack() as stack:
        started: dict[int, Cluster] = {}

        def start(nodes: int) -> Cluster:
            if nodes not in started:
                started[nodes] = stack.enter_context(sides.minikafka(nodes))
            return started[nodes]

        yield start


@pytest.mark.parametrize("nodes", [1, 3])
@pytest.mark.parametrize("api", CLIENT_APIS)
def test_minikafka_answers_what_kafka_has_answered(
    api: str, nodes: int, cluster: Callable[[int], Cluster]
) -> None:
    side = cluster(nodes)
    report = Report()
    found = run(all_cases()[api], side, everything=EVERYTHING)
    compare(api, recording.load(api), found, RawTolerances(DECLARED), report)
    shown = "\n".join(map(str, report.differences[:_MOST_SHOWN]))
    assert not report.differences, f"{len(report.differences)} differences:\n{shown}"
    side.check_health()


@pytest.mark.parametrize("api", CLIENT_APIS)
def test_every_api_has_good_and_bad_cases(api: str) -> None:
    cases = all_cases()[api]
    own = [case for case in cases if not case.is_malformed]
    assert any(not case.bad for case in own)
    assert sum(case.bad for case in own) >= 5
    assert sum(case.bad for case in cases) >= 10
    assert len({own_name(case, 0) for case in cases}) == len(cases), "two cases would share their topics"


@pytest.mark.parametrize("api", CLIENT_APIS)
def test_every_case_was_recorded_in_the_versions_that_can_tell_it(api: str) -> None:
    recorded = recording.load(api)
    assert [*recorded] == [case.name for case in all_cases()[api]]
    for case in all_cases()[api]:
        assert recorded[case.name], f"{case} cannot be told in any version, or is not recorded"
        assert {*recorded[case.name]} <= {*case.versions}
        assert ends(case)


@pytest.mark.parametrize("version", versions())
def test_nothing_is_recorded_of_cases_that_are_gone(version: str) -> None:
    for file in (recording.FOLDER / version / "raw").glob("*.json"):
        known = {case.name for case in all_cases()[file.stem]}
        assert {*recording.load(file.stem, version)} <= known
