"""Programs that a test starts, listens to and ends."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PATIENCE_S = 90


class Program:
    """A running program whose output is read line by line."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        self.lines: list[str] = []
        """What it has said so far."""

    def wait_for(self, text: str) -> str:
        """Read on until a line contains `text`; that line.

        Raises:
            AssertionError: the program ended, or was ended after a minute and a half.
        """
        assert self._process.stdout is not None
        patience = threading.Timer(_PATIENCE_S, self._process.kill)
        patience.start()
        try:
            for line in self._process.stdout:
                self.lines.append(line)
                if text in line:
                    return line
        finally:
            patience.cancel()
        raise AssertionError(f"no {text!r} in what it said:\n{''.join(self.lines)}")

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        assert self._process.stdout is not None
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        self._process.stdout.close()


@contextmanager
def program(*command: str) -> Iterator[Program]:
    """Start a program; it ends with the block."""
    running = Program(command)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run ``minikafka serve`` on free ports; the bootstrap servers."""
    with program(sys.executable, "-m", "minikafka", "serve", "--port", "0", *options) as server:
        yield server.wait_for("ready").split()[-1]
