"""The JVM's part: tools and clients that are compiled and resolved once; skipped where the machine lacks them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.jvm.pairs import WITHOUT_FEATURES, Pair
from tests.jvm.tool_shell import ToolShell
from tests.oracle.artifacts import OracleMissingError, class_path
from tests.oracle.kafka_server import RealKafka

from minikafka import MiniKafka

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOURCES = Path(__file__).with_name("java")


@pytest.fixture(scope="session")
def jars() -> str:
    """The class path of Kafka's clients and tools; skips where there is no Java, Maven or artifact."""
    try:
        return class_path()
    except OracleMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def classes(jars: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own Java programs, compiled."""
    target = tmp_path_factory.mktemp("classes")
    sources = sorted(str(file) for file in _SOURCES.glob("*.java"))
    try:
        subprocess.run(["javac", "-d", str(target), "-cp", jars, *sources], check=True)
    except FileNotFoundError:
        pytest.skip("no javac on this machine: the JVM tests need a JDK, not only a JRE")
    return target


@pytest.fixture(scope="session")
def tools(classes: Path) -> Iterator[ToolShell]:
    """Kafka's console tools in one JVM."""
    with ToolShell(classes) as shell:
        yield shell


def _pair(tools: ToolShell, brokers: int, directory: Path) -> Iterator[Pair]:
    with (
        RealKafka(brokers, features=WITHOUT_FEATURES) as real,
        MiniKafka(brokers, clock="system") as mini,
    ):
        mini.listen()
        yield Pair(tools, real, mini, directory)


@pytest.fixture(scope="session")
def single_brokers(tools: ToolShell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A real Kafka and a minikafka of one broker each."""
    yield from _pair(tools, 1, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def three_brokers(tools: ToolShell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A real Kafka and a minikafka of three brokers each."""
    yield from _pair(tools, 3, tmp_path_factory.mktemp("files"))


@pytest.fixture
def one(single_brokers: Pair) -> Iterator[Pair]:
    """The pair of one broker; every difference is told at the end of the test."""
    yield single_brokers
    single_brokers.leave()
    single_brokers.check()


@pytest.fixture
def three(three_brokers: Pair) -> Iterator[Pair]:
    """The pair of three brokers; every difference is told at the end of the test."""
    yield three_brokers
    three_brokers.leave()
    three_brokers.check()
