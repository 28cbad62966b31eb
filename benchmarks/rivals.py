"""What the figures of the wire are compared with: other brokers that pip can install, each behind one face."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from benchmarks.broker_process import BrokerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_S = 10.0


class Rival(Protocol):
    """A broker that listens; a context manager."""

    bootstrap: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic."""
        ...


class MockCluster:
    """librdkafka's own mock cluster: it lives in a confluent-kafka client. A new topic has four partitions."""

    def __enter__(self) -> Self:
        from confluent_kafka import Producer

        self._owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self._owner.list_topics(timeout=START_S).brokers.values()
        self.bootstrap: str = f"{broker.host}:{broker.port}"
        return self

    def __exit__(self, *exc_info: object) -> None:
        del self._owner

    def create_topic(self, name: str, partitions: int) -> None:
        """Have the topic made, by asking for it."""
        found = self._owner.list_topics(name, timeout=START_S).topics[name]
        assert len(found.partitions) == partitions, "librdkafka's mock cluster makes four partitions"


class Noida:
    """noida-db, a binary from PyPI that speaks Kafka's protocol among others."""

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.bootstrap: str = f"127.0.0.1:{port}"
        options = ["--only", "kafka", "--kafka-port", str(port), "--data-dir", self._folder]
        self._process = subprocess.Popen(
            [noida_binary(), "start", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    return self
            time.sleep(0.01)
        self.__exit__()
        raise TimeoutError("noida-db does not listen")

    def __exit__(self, *exc_info: object) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def create_topic(self, name: str, partitions: int) -> None:
        """Create the topic by an admin client."""
        from confluent_kafka.admin import AdminClient, NewTopic

        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for future in admin.create_topics([NewTopic(name, partitions, 1)]).values():
            future.result(START_S)


def noida_binary() -> str:
    """Where noida-db's binary is; raises LookupError where it cannot be had."""
    found = find_spec("noida_db")
    if found is None or found.origin is None:
        raise LookupError("noida-db is not installed")
    binary = Path(found.origin).with_name("noida-db")
    if not os.access(binary, os.X_OK):
        raise LookupError("noida-db has no binary for this platform")
    return str(binary)


def rivals() -> dict[str, Callable[[], Rival]]:
    """Every rival that can be had here, by name."""
    found: dict[str, Callable[[], Rival]] = {}
    if find_spec("confluent_kafka") is not None:
        found["librdkafka's mock cluster"] = MockCluster
    try:
        noida_binary()
    except LookupError as missing:
        print(f"without a rival: {missing}")
    else:
        found["noida-db"] = Noida
    return found


def everybody() -> Iterator[tuple[str, Callable[[], Any]]]:
    """minikafka in a process of its own, under the name ``""``, and the rivals."""
    yield "", BrokerProcess
    yield from rivals().items()
