"""Random programs on two minikafkas: in process under virtual time and on sockets in real time, which must agree.

This holds the harness, the determinism of a program and the two ways into a broker to account, without Java. What a
real Kafka has shown of some programs, all of which once told the two apart, is replayed besides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.oracle.clusters import MiniInProcess, MiniOnSockets
from tests.oracle.differential.compare import differences, report
from tests.oracle.differential.player import Player
from tests.oracle.differential.programs import AREAS, programs
from tests.oracle.differential.recorded import FOLDER, load
from tests.oracle.differential.tolerated import DECLARED
from tests.oracle.tolerances import Tolerances

NOTHING = Tolerances(())


@pytest.fixture(scope="module")
def on_sockets() -> Iterator[MiniOnSockets]:
    with MiniOnSockets() as cluster:
        yield cluster


def play_in_process(program: list) -> list:
    with MiniInProcess() as cluster:
        return Player(cluster).play(program)


@pytest.mark.parametrize("area", sorted(AREAS))
def test_in_process_and_by_sockets_alike(area: str, on_sockets: MiniOnSockets) -> None:
    @settings(max_examples=settings().max_examples // 5)
    @given(programs(area, max_size=12))
    def alike(program: list) -> None:
        in_process = play_in_process(program)
        wire = Player(on_sockets, guide=in_process).play(program)
        found, _ = differences(program, in_process, wire, NOTHING, target="wire")
        assert not found, report(program, found)

    alike()


@settings(max_examples=10)
@given(programs("everything", max_size=12))
def test_a_program_shows_the_same_twice(program: list) -> None:
    assert play_in_process(program) == play_in_process(program)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
@pytest.mark.parametrize("kind", ["in-process", "wire"])
def test_minikafka_shows_what_kafka_has_shown(file: Path, kind: str, on_sockets: MiniOnSockets) -> None:
    recording = load(file)
    if kind == "wire":
        actual = Player(on_sockets, guide=recording.seen).play(recording.program)
    else:
        actual = play_in_process(recording.program)
    found, _ = differences(
        recording.program, recording.seen, actual, Tolerances(DECLARED), target=kind, kafka=recording.kafka
    )
    assert not found, report(recording.program, found)


def test_a_program_is_plain_data() -> None:
    @settings(max_examples=10)
    @given(programs("everything"))
    def plain(program: list) -> None:
        assert json.loads(json.dumps(program)) == [[name, _listed(arguments)] for name, arguments in program]

    plain()


def _listed(value: object) -> object:
    if isinstance(value, dict):
        return {name: _listed(each) for name, each in value.items()}
    return [_listed(each) for each in value] if isinstance(value, (list, tuple)) else value
