"""Every scenario on minikafka, in process and on sockets, against what a real Kafka was recorded to show.

No Java is needed here. Scenarios that are slow in real time are performed in process only; ``make oracle-replay``
performs them all.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.oracle import recordings
from tests.oracle.artifacts import KAFKA_VERSION
from tests.oracle.clusters import IN_PROCESS
from tests.oracle.judge import RAISED, Clusters, compare, perform, recorded, targets
from tests.oracle.scenario import Scenario, all_scenarios
from tests.oracle.tolerances import DECLARED, Tolerances

pytest.importorskip("kafka")
pytest.importorskip("confluent_kafka")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

SCENARIOS = list(all_scenarios())
PERFORMANCES = [
    pytest.param(each, client, target, id=f"{each.where}-{client}-{target}")
    for each in SCENARIOS
    for client in each.clients
    for target in targets(client)
    if target == IN_PROCESS or not each.slow
]


@pytest.fixture(scope="module")
def clusters() -> Iterator[Clusters]:
    with Clusters() as kept:
        yield kept


@pytest.mark.parametrize(("scenario", "client", "target"), PERFORMANCES)
def test_minikafka_shows_what_kafka_has_shown(
    scenario: Scenario, client: str, target: str, clusters: Clusters
) -> None:
    expected = recorded(scenario, client, KAFKA_VERSION)
    assert expected, f"{scenario.where} was not recorded for {client}: make oracle-record"
    actual = perform(scenario, clusters.get(target, scenario), client)
    differing, _ = compare(scenario, client, target, expected, actual, Tolerances(DECLARED), KAFKA_VERSION)
    assert not differing, "\n".join(map(str, differing))


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) >= 100


@pytest.mark.parametrize("version", recordings.versions())
def test_recordings_are_whole(version: str) -> None:
    """No recorded performance broke off, and none is left of a scenario that is gone."""
    known = {(each.area, each.name) for each in SCENARIOS}
    areas = {area for area, _ in known}
    for file in (recordings.FOLDER / version).glob("*.json"):
        if file.stem not in areas:
            continue
        for name, by_client in recordings.load(version, file.stem).items():
            assert (file.stem, name) in known
            for steps in by_client.values():
                assert RAISED not in [label for label, _ in steps]


def test_a_difference_is_noticed() -> None:
    """The judge is not blind: a changed observation, a missing step and a surplus one all differ."""
    scenario = SCENARIOS[0]
    nothing = Tolerances(())
    seen = [["a", {"offset": 1, "names": ["x", "y"]}], ["b", None]]
    assert compare(scenario, "raw", "wire", seen, seen, nothing) == ([], 0)
    changed = [["a", {"offset": 1, "names": ["x", "z"]}], ["b", None]]
    [difference], tolerated = compare(scenario, "raw", "wire", seen, changed, nothing)
    assert (difference.path, difference.expected, difference.actual, tolerated) == (".names[1]", "y", "z", 0)
    assert compare(scenario, "raw", "wire", seen, seen[:1], nothing)[0]
    assert compare(scenario, "raw", "wire", seen[:1], seen, nothing)[0]
    assert compare(scenario, "raw", "wire", [["b", 0]], [["b", False]], nothing)[0]
