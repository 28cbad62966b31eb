"""The clients of this stage: programs of other languages, each run by the same commands."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from interop.process import ROOT, Line, Process
from interop.told import session_ms

from minikafka import MiniKafka

BUILT = ROOT / ".clients"
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


class Record(NamedTuple):
    """A record as every client can tell it."""

    key: str | None
    value: str | None
    headers: tuple[tuple[str, str], ...]


class Program:
    """A client that takes the commands of kafkajs/client.js and franz_go/main.go.

    Args:
        command: how it is started.
    """

    def __init__(self, *command: str) -> None:
        self._command = command

    def start(self, command: str, servers: str, *args: object) -> Process:
        """Run one of its commands."""
        return Process([*self._command, command, servers, *map(str, args)])

    def produce(self, servers: str, topic: str, codec: str, values: list[str | None]) -> None:
        """One record for each value, under the key k with the header h=1."""
        named = ["null" if value is None else value for value in values]
        self.start("produce", servers, topic, codec, *named).end()

    def consume(self, servers: str, topic: str, group: str, count: int) -> list[Record]:
        """So many records for a group, which then has committed them."""
        process = self.start("consume", servers, topic, group, count)
        process.end()
        return [
            Record(line["key"], line["value"], tuple((name, value) for name, value in line["headers"]))
            for line in process.lines
        ]

    def member(self, servers: str, topic: str, group: str, *more: str) -> Process:
        """A member of a group; more is the assignor (range) and the instance id of a static member."""
        return self.start("member", servers, topic, group, *more)

    def leave(self, member: Process) -> None:
        """Have a member leave its group."""
        member.end()

    def load(self, servers: str, topic: str) -> Process:
        """Numbers, one after the other until it is ended, each acknowledged before the next one is sent."""
        return self.start("load", servers, topic)


class Kcat(Program):
    """kcat, which has options where the others have commands."""

    def run(self, servers: str, *options: str, parse: Callable[[str], Line | None] | None = None) -> Process:
        """Run it with these options."""
        return Process(["kcat", "-b", servers, *options], parse)

    def produce(self, servers: str, topic: str, codec: str, values: list[str | None]) -> None:
        process = self.run(servers, "-P", "-t", topic, "-K", ":", "-H", "h=1", "-z", codec, "-Z")
        process.end("".join(f"k:{value or ''}\n" for value in values))

    def consume(self, servers: str, topic: str, group: str, count: int) -> list[Record]:
        options = ["-X", "auto.offset.reset=earliest", "-X", "enable.auto.offset.store=true"]
        process = self.run(servers, *options, "-G", group, "-c", str(count), "-J", "-u", topic)
        process.end()
        return [
            Record(line["key"], line["payload"], tuple(zip(headers[::2], headers[1::2])))
            for line in process.lines
            for headers in [line.get("headers", [])]
        ]

    def member(self, servers: str, topic: str, group: str, *more: str) -> Process:
        instance = more[1] if len(more) > 1 else None
        settings = {
            "auto.offset.reset": "earliest",
            "session.timeout.ms": session_ms(instance),
            "heartbeat.interval.ms": 100,
            "partition.assignment.strategy": more[0] if more else "range",
            **({"group.instance.id": instance} if instance else {}),
        }
        options = [word for name, value in settings.items() for word in ("-X", f"{name}={value}")]
        return self.run(servers, *options, "-G", group, "-J", "-u", topic, parse=_kcat_line)

    def leave(self, member: Process) -> None:
        member.terminate()


def _kcat_line(text: str) -> Line | None:
    """A record; or ``% Group g rebalanced (memberid m): assigned: t [0], t [1]``."""
    if text.startswith("{"):
        told = json.loads(text)
        return {**told, "value": told["payload"]}
    if "rebalanced" not in text:
        return None
    _, _, assigned = text.partition(": assigned: ")
    return {"assigned": [int(number) for number in re.findall(r"\[(\d+)\]", assigned)]}


def _kcat() -> Program:
    if shutil.which("kcat") is None:
        pytest.skip("kcat is not installed (Debian: apt-get install kcat)")
    return Kcat()


def _kafkajs() -> Program:
    if shutil.which("node") is None or not (BUILT / "kafkajs" / "node_modules").exists():
        pytest.skip("kafkajs is not installed: Node and npm are needed, then make test-clients")
    return Program("node", str(BUILT / "kafkajs" / "client.js"))


def _franz_go() -> Program:
    path = BUILT / "franz_go" / "client"
    if not path.exists():
        pytest.skip("franz-go is not built: Go is needed, then make test-clients")
    return Program(str(path))


PROGRAMS = {"kcat": _kcat, "kafkajs": _kafkajs, "franz-go": _franz_go}


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    """Each client in turn."""
    return PROGRAMS[request.param]()


@pytest.fixture
def programs() -> dict[str, Program]:
    """Those clients that there are, by their names."""
    found = {}
    for name, find in PROGRAMS.items():
        try:
            found[name] = find()
        except pytest.skip.Exception:
            continue
    if not found:
        pytest.skip("there is neither kcat nor Node nor Go")
    return found


@pytest.fixture
def listening() -> Iterator[Callable[..., MiniKafka]]:
    """Starts clusters that listen."""
    with ExitStack() as stack:

        def start(brokers: int = 1, **options: object) -> MiniKafka:
            cluster = MiniKafka(brokers, clock="system", group_min_session_timeout_ms=1, **options)  # type: ignore[arg-type]
            stack.callback(cluster.close)
            cluster.listen()
            return cluster

        yield start


@pytest.fixture
def kafka(listening: Callable[..., MiniKafka]) -> MiniKafka:
    """One broker that listens."""
    return listening()


@pytest.fixture
def versions() -> dict[str, str]:
    """The clients' versions, as far as their own files tell."""
    package = json.loads((Path(__file__).parent / "kafkajs" / "package.json").read_text())
    module = (Path(__file__).parent / "franz_go" / "go.mod").read_text()
    found = re.search(r"twmb/franz-go v(\S+)", module)
    assert found is not None
    return {"kafkajs": package["dependencies"]["kafkajs"], "franz-go": found[1]}
