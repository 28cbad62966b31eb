"""A real Apache Kafka in KRaft mode, of one or more nodes on loopback, as processes that this one starts and stops."""

from __future__ import annotations

import atexit
import base64
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.oracle.artifacts import CACHE, KAFKA_VERSION, class_path, java
from tests.oracle.closing import Closing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

_JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
_READY_TIMEOUT_S = 90
_STOP_TIMEOUT_S = 30
_POLL_S = 0.1
STATE = CACHE / "running.json"
"""Tells of the nodes that ``make oracle-up`` left running."""
_READY_LINE = "Kafka Server started"

_DEFAULTS = {
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # What minikafka changes too, so that both wait alike.
    "group.initial.rebalance.delay.ms": "0",
    # So that a short broker.session.timeout.ms does not end the session of a broker that lives.
    "broker.heartbeat.interval.ms": "200",
    "controlled.shutdown.enable": "true",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


class RealKafka(Closing):
    """A cluster of real Kafka brokers; node ids count from 1.

    The first node is the controller, too, and the only one, so that any number of the others may die.

    Args:
        nodes: how many.
        version: of Apache Kafka, such as ``"4.2.1"``.
        config: more broker options by Kafka's names, the same for every node.
        outlives: whether the nodes may outlive this process; by default they die with it, however it ends.
        features: levels of features that differ from the version's own, such as ``{"group.version": 0}``.

    Raises:
        OracleMissingError: this machine has no Java, or the artifacts do not resolve.
    """

    def __init__(
        self,
        nodes: int = 1,
        *,
        version: str = KAFKA_VERSION,
        config: Mapping[str, object] | None = None,
        outlives: bool = False,
        features: Mapping[str, int] | None = None,
    ) -> None:
        self.version = version
        self._outlives = outlives
        self._features = dict(features or {})
        self.node_ids = list(range(1, nodes + 1))
        self._class_path = class_path(version)
        CACHE.mkdir(parents=True, exist_ok=True)
        self.directory = Path(tempfile.mkdtemp(prefix=f"kafka-{version}-", dir=CACHE))
        self._controller_port, *ports = _free_ports(1 + nodes)
        self.ports = dict(zip(self.node_ids, ports, strict=True))
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._cluster_id = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=").replace("-", "A")
        internal = min(nodes, 3)
        self._config = {
            **_DEFAULTS,
            "offsets.topic.replication.factor": str(internal),
            "transaction.state.log.replication.factor": str(internal),
            "transaction.state.log.min.isr": str(min(internal, 2)),
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            **{name: str(value) for name, value in (config or {}).items()},
        }
        atexit.register(self.close)
        for node_id in self.node_ids:
            self._format(node_id)

    @property
    def bootstrap_servers(self) -> str:
        """All brokers: ``"127.0.0.1:41731,127.0.0.1:40197"``."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports.values())

    def start(self) -> Self:
        """Start every node and wait until all have started."""
        for node_id in self.node_ids:
            self._launch(node_id)
        for node_id in self.node_ids:
            self._wait_ready(node_id)
        return self

    def start_node(self, node_id: int) -> None:
        """Start one node that is down, and wait for it."""
        self._launch(node_id)
        self._wait_ready(node_id)

    def stop_node(self, node_id: int) -> None:
        """Shut one node down in an orderly way."""
        self._end(node_id, signal.SIGTERM)

    def kill_node(self, node_id: int) -> None:
        """Kill one node on the spot."""
        self._end(node_id, signal.SIGKILL)

    def close(self) -> None:
        """Kill what runs and remove its data. Closing twice does nothing."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait(_STOP_TIMEOUT_S)
        self._processes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.close)

    def leave_running(self) -> None:
        """Let the nodes outlive this process; `running` finds them, `end_running` ends them."""
        atexit.unregister(self.close)
        state = {
            "version": self.version,
            "bootstrap_servers": self.bootstrap_servers,
            "directory": str(self.directory),
            "processes": [process.pid for process in self._processes.values()],
        }
        STATE.write_text(json.dumps(state, indent=2) + "\n")

    def __enter__(self) -> Self:
        return self.start()

    # One node

    def log_file(self, node_id: int) -> Path:
        """What the node has written to its standard output."""
        return self.directory / f"node-{node_id}.log"

    def _format(self, node_id: int) -> None:
        listeners = f"PLAINTEXT://127.0.0.1:{self.ports[node_id]}"
        if node_id == 1:
            listeners += f",CONTROLLER://127.0.0.1:{self._controller_port}"
        properties = {
            **self._config,
            "node.id": str(node_id),
            "process.roles": "broker,controller" if node_id == 1 else "broker",
            "listeners": listeners,
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.ports[node_id]}",
            "log.dirs": str(self.directory / f"data-{node_id}"),
        }
        file = self._properties(node_id)
        file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        (self.directory / "log4j2.properties").write_text(_LOG4J2)
        (self.directory / "log4j.properties").write_text(_LOG4J)
        levels = (word for name, level in self._features.items() for word in ("--feature", f"{name}={level}"))
        command = self._java(
            "kafka.tools.StorageTool", "format", "-t", self._cluster_id, "-c", str(file), *levels
        )
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"formatting node {node_id} failed: {run.stdout}{run.stderr}")

    def _properties(self, node_id: int) -> Path:
        return self.directory / f"node-{node_id}.properties"

    def _java(self, main: str, *arguments: str) -> list[str]:
        logging = (
            f"-Dlog4j2.configurationFile={self.directory / 'log4j2.properties'}",
            f"-Dlog4j.configuration=file:{self.directory / 'log4j.properties'}",
        )
        return [java(), *_JVM, *logging, "-cp", self._class_path, main, *arguments]

    def _launch(self, node_id: int) -> None:
        with self.log_file(node_id).open("wb") as log:
            self._processes[node_id] = subprocess.Popen(
                self._java("kafka.Kafka", str(self._properties(node_id))),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=None if self._outlives else _die_with_parent,
            )

    def _wait_ready(self, node_id: int) -> None:
        process = self._processes[node_id]
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while _READY_LINE not in (text := self.log_file(node_id).read_text(errors="replace")):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"node {node_id} did not start:\n{text[-4000:]}")
            time.sleep(_POLL_S)

    def _end(self, node_id: int, how: signal.Signals) -> None:
        process = self._processes.pop(node_id)
        process.send_signal(how)
        process.wait(_STOP_TIMEOUT_S)


def running() -> dict[str, Any] | None:
    """What `RealKafka.leave_running` has written of the nodes that run now, or None."""
    if not STATE.exists():
        return None
    state: dict[str, Any] = json.loads(STATE.read_text())
    return state if all(_is_alive(pid) for pid in state["processes"]) else None


def end_running() -> bool:
    """End the nodes that were left running and remove their data; False if there are none."""
    if not STATE.exists():
        return False
    state = json.loads(STATE.read_text())
    for pid in filter(_is_alive, state["processes"]):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(state["directory"], ignore_errors=True)
    STATE.unlink()
    return True


def _is_alive(pid: int) -> bool:
    """Whether a process is one of our nodes: a pid may have been given to another since."""
    try:
        return b"kafka.Kafka" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """In the child: ask Linux to kill it when the process that started it is gone."""
    if hasattr(_LIBC, "prctl"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


_LOG4J2 = """\
rootLogger.level = INFO
rootLogger.appenderRef.stdout.ref = STDOUT
appender.stdout.type = Console
appender.stdout.name = STDOUT
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = [%d] %p %m (%c)%n
"""
_LOG4J = """\
log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
"""


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
