from __future__ import annotations

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minikafka import MiniKafka

pytest.importorskip("click")
pytest.importorskip("kafka")

from click.testing import CliRunner, Result

from minikafka.cli.app import minikafka

WAIT_S = 30


class Cli:
    """Runs commands in this process, against a cluster."""

    def __init__(self, servers: str) -> None:
        self.servers = servers

    def __call__(self, *arguments: str, stdin: str | bytes = "") -> Result:
        """The result, whatever the exit code."""
        result = CliRunner().invoke(
            minikafka,
            arguments,
            input=stdin,
            env={"MINIKAFKA_BOOTSTRAP_SERVER": self.servers},
            prog_name="minikafka",
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    def out(self, *arguments: str, stdin: str | bytes = "") -> str:
        """What it wrote to stdout; it must succeed."""
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, stdin: str | bytes = "") -> Any:
        """The document that it wrote."""
        return json.loads(self.out(*arguments, "--json", stdin=stdin))

    def json_lines(self, *arguments: str, stdin: str | bytes = "") -> list[Any]:
        """The lines that it wrote."""
        return [json.loads(line) for line in self.out(*arguments, "--json", stdin=stdin).splitlines()]


@pytest.fixture(scope="module")
def kafka() -> Iterator[MiniKafka]:
    """Two brokers that listen."""
    with MiniKafka(2, clock="system") as cluster:
        cluster.listen()
        yield cluster


@pytest.fixture
def cli(kafka: MiniKafka) -> Cli:
    """Commands against the two brokers."""
    assert kafka.listening_on is not None
    return Cli(kafka.listening_on)


@pytest.fixture
def cli_at() -> Callable[[str], Cli]:
    """Commands against the brokers at an address."""
    return Cli


@pytest.fixture
def topic(kafka: MiniKafka, request: pytest.FixtureRequest) -> str:
    """A topic of the test's own, with two partitions."""
    name = f"t{zlib.crc32(request.node.name.encode())}"
    kafka.create_topic(name, 2)
    return name


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """Commands set logging up, as they may in a process of their own; other tests share this one."""
    loggers = [logging.getLogger(name) for name in ("minikafka", "kafka")]
    before = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    yield
    for each, (handlers, level, propagate) in zip(loggers, before):
        each.handlers[:] = handlers
        each.setLevel(level)
        each.propagate = propagate


@pytest.fixture(scope="module", autouse=True)
def _sockets_of_kafka_python() -> Iterator[None]:
    """A client of kafka-python's that finds no broker leaves its sockets to the garbage collector."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Process:
    """`python -m minikafka` in a process of its own."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "minikafka", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def line(self) -> str:
        """The next line of stdout; empty at the end."""
        assert self.popen.stdout is not None
        return self.popen.stdout.readline()

    def write(self, text: str) -> None:
        """To its stdin."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(text)
        self.popen.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.popen.send_signal(number)

    def end(self, stdin: str | None = None) -> tuple[int, str, str]:
        """Exit code, the rest of stdout, stderr; waits for the end."""
        out, err = self.popen.communicate(stdin, timeout=WAIT_S)
        return self.popen.returncode, out, err

    def exit_code(self) -> int:
        """Waits for the end."""
        return self.popen.wait(WAIT_S)

    def kill(self) -> None:
        """If it still runs."""
        with self.popen:
            if self.popen.poll() is None:
                self.popen.kill()


@pytest.fixture
def spawn() -> Iterator[Callable[..., Process]]:
    """Starts processes, which do not outlive the test."""
    processes: list[Process] = []

    def start(*arguments: str, **options: Any) -> Process:
        processes.append(Process(*arguments, **options))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """Commands against a `minikafka serve` in a process of its own."""
    ready = tmp_path_factory.mktemp("served") / "ready"
    process = Process("serve", "--port", "0", "--ready-file", str(ready))
    try:
        assert process.line().startswith("minikafka is ready on ")
        yield Cli(Path(ready).read_text().strip())
    finally:
        process.kill()
