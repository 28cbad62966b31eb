"""Performs scenarios on clusters, and compares what was seen with what a real Kafka has shown."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import zip_longest
from typing import TYPE_CHECKING

from tests.oracle import recordings
from tests.oracle.clients import CONFLUENT, RAW
from tests.oracle.closing import Closing
from tests.oracle.clusters import IN_PROCESS, REAL, WIRE, MiniInProcess, MiniOnSockets, Real, start_real
from tests.oracle.normalise import Normaliser
from tests.oracle.report import Difference
from tests.oracle.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from tests.oracle.clients import Client
    from tests.oracle.clusters import Cluster
    from tests.oracle.scenario import Scenario
    from tests.oracle.tolerances import Tolerances

RAISED = "raised"
"""The label of a step that no scenario should have: it broke off there."""


def perform(scenario: Scenario, cluster: Cluster, client_name: str) -> list[list[Any]]:
    """Perform a scenario: what was seen, with placeholders."""
    stage = Stage(cluster, _client(cluster, client_name))
    try:
        scenario.run(stage)
    except Exception as error:
        stage.saw(RAISED, f"{type(error).__name__}: {error}")
    finally:
        try:
            stage.clean()
        except Exception as error:
            stage.saw(RAISED, f"in the end: {type(error).__name__}: {error}")
    normalise = Normaliser(stage.names)
    return [[label, normalise(value)] for label, value in stage.steps]


def _client(cluster: Cluster, name: str) -> Client | None:
    if name == RAW:
        return None
    if name == CONFLUENT:
        from tests.oracle.confluent_client import ConfluentClient

        return ConfluentClient(cluster)
    from tests.oracle.kafka_python_client import KafkaPythonClient

    return KafkaPythonClient(cluster, "minikafka" if cluster.kind == IN_PROCESS else "kafka")


def targets(client_name: str) -> tuple[str, ...]:
    """The kinds of minikafka that a client's performance is repeated on."""
    return (WIRE,) if client_name == CONFLUENT else (IN_PROCESS, WIRE)


class Clusters(Closing):
    """Keeps clusters that scenarios may share, by kind, size and options; closes them at its end.

    Args:
        version: of the real Kafkas that it starts.
        reuse: whether what ``make oracle-up`` left running may be used.
    """

    def __init__(self, version: str | None = None, *, reuse: bool = True) -> None:
        self.version = version
        self._reuse = reuse
        self._stack = ExitStack()
        self._kept: dict[tuple[Any, ...], Cluster] = {}

    def get(self, kind: str, scenario: Scenario) -> Cluster:
        """A cluster for a scenario: a new one in process, else one that the like of it share."""
        if kind == IN_PROCESS:
            self._drop((IN_PROCESS,))
            return self._keep((IN_PROCESS,), MiniInProcess(scenario.nodes, scenario.config))
        key = (kind, scenario.nodes, *sorted(scenario.config.items()))
        if key not in self._kept:
            self._keep(key, self._real(scenario) if kind == REAL else self._wire(scenario))
        return self._kept[key]

    def _wire(self, scenario: Scenario) -> Cluster:
        return MiniOnSockets(scenario.nodes, scenario.config)

    def _real(self, scenario: Scenario) -> Cluster:
        if self._reuse and scenario.nodes == 1 and not scenario.config:
            found = Real.running()
            if found is not None and found.version == (self.version or found.version):
                return found
        server = start_real(scenario.nodes, self.version, scenario.config)
        self._stack.callback(server.close)
        return Real.of(server)

    def _keep(self, key: tuple[Any, ...], cluster: Cluster) -> Cluster:
        self._kept[key] = cluster
        return cluster

    def _drop(self, key: tuple[Any, ...]) -> None:
        cluster = self._kept.pop(key, None)
        if cluster is not None:
            cluster.close()

    def close(self) -> None:
        for key in list(self._kept):
            self._drop(key)
        self._stack.close()


def compare(
    scenario: Scenario,
    client: str,
    target: str,
    expected: Iterable[list[Any]],
    actual: Iterable[list[Any]],
    tolerances: Tolerances,
    kafka: str = "*",
) -> tuple[list[Difference], int]:
    """What differs without being tolerated, and how many places differ and are."""
    found: list[Difference] = []
    tolerated = 0
    for theirs, ours in zip_longest(expected, actual, fillvalue=["(no such step)", None]):
        out_of_step = theirs[0] != ours[0]
        step = f"{theirs[0]} | {ours[0]}" if out_of_step else theirs[0]
        places = [("", theirs[1], ours[1])] if out_of_step else differing_places(theirs[1], ours[1])
        for path, theirs_there, ours_there in places:
            if tolerances.find(scenario.where, step, client, kafka, path):
                tolerated += 1
            else:
                where = scenario.where
                found.append(Difference(where, step, client, target, theirs_there, ours_there, path))
        if out_of_step:
            break
    return found, tolerated


def differing_places(expected: Any, actual: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The innermost places where two observations differ: path, and what stands there on each side."""
    if isinstance(expected, dict) and isinstance(actual, dict) and expected.keys() == actual.keys():
        for name, value in expected.items():
            yield from differing_places(value, actual[name], f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, value in enumerate(expected):
            yield from differing_places(value, actual[index], f"{path}[{index}]")
    elif expected != actual or type(expected) is not type(actual):
        yield path, expected, actual


def recorded(scenario: Scenario, client: str, version: str) -> list[list[Any]] | None:
    """What a real Kafka of a version has shown, or None: nothing was recorded."""
    steps: list[list[Any]] | None = recordings.load(version, scenario.area).get(scenario.name, {}).get(client)
    return steps
