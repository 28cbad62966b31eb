"""A cluster that listens, in a process of its own, which tells how much CPU time it has used."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka import MiniKafka


class BrokerProcess:
    """One broker behind a socket, in another process; a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.broker_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.bootstrap: str = self._ask("listen")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.communicate("quit\n")

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic."""
        self._ask(f"topic {name} {partitions}")

    def cpu_seconds(self) -> float:
        """The CPU time that the process has used."""
        return float(self._ask("cpu"))

    def batches(self, topic: str) -> int:
        """How many record batches the topic's logs hold."""
        return int(self._ask(f"batches {topic}"))

    def _ask(self, command: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def main() -> None:
    """Obey the commands on standard input, one a line, each answered by a line."""
    from minikafka import MiniKafka

    with MiniKafka(clock="system") as kafka:
        commands: dict[str, Callable[..., object]] = {
            "listen": kafka.listen,
            "topic": lambda name, partitions: kafka.create_topic(name, int(partitions)),
            "cpu": time.process_time,
            "batches": lambda name: _batches(kafka, name),
        }
        for line in sys.stdin:
            name, *arguments = line.split()
            if name == "quit":
                break
            print(commands[name](*arguments), flush=True)


def _batches(kafka: MiniKafka, topic: str) -> int:
    logs = (log for (name, _), log in kafka.logs(1).items() if name == topic)
    return sum(len(segment.batches) for log in logs for segment in log.segments)


if __name__ == "__main__":
    main()
