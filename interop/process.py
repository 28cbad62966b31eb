"""A client in a process of its own, which says in lines of JSON what it does; it can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
WAIT_S = 30

Line = dict[str, Any]
Parse = Callable[[str], Line | None]


def python(client: str) -> list[str]:
    """The command that runs one of the clients of `interop`: ``python("confluent")``."""
    return [sys.executable, "-W", "ignore", "-m", "interop", client]


class Process:
    """A running client.

    Args:
        command: what to run.
        parse: makes a line of what it writes to stdout or stderr; None for one that says nothing.

    Attributes:
        lines: what it has said.
    """

    def __init__(self, command: Sequence[str], parse: Parse | None = None) -> None:
        self.lines: list[Line] = []
        self._parse: Parse = parse or _json
        self._said = threading.Condition()
        self._errors: list[str] = []
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(stream,))
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Any) -> None:
        for text in stream:
            line = self._parse(text)
            with self._said:
                if line is None:
                    self._errors.append(text)
                else:
                    self.lines.append(line)
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until something that its lines tell has happened.

        Raises:
            AssertionError: it ended, or much time has passed.
        """
        deadline = time.monotonic() + WAIT_S
        with self._said:
            while not happened():
                ended = self._process.poll() is not None and not any(
                    each.is_alive() for each in self._readers
                )
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    raise AssertionError(f"{what}: {self!r}")
                self._said.wait(min(left, 0.1))

    @property
    def assigned(self) -> frozenset[int] | None:
        """The partitions that it owns, as far as it has said so; None before it has any say."""
        found = [line["assigned"] for line in list(self.lines) if "assigned" in line]
        return frozenset(found[-1]) if found else None

    @property
    def text(self) -> str:
        """What it wrote and was not parsed."""
        return "".join(self._errors)

    def told(self, key: str) -> list[Any]:
        """What it said under that key: ``told("acknowledged")``."""
        return [line[key] for line in list(self.lines) if key in line]

    def end(self, text: str = "") -> None:
        """Write to its stdin, end that, and wait for the process to end well."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text)
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            code = self._process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it does not end: {self!r}") from None
        self._join()
        assert code == 0, repr(self)

    def kill(self) -> None:
        """End it on the spot, as a crash would."""
        self._process.kill()
        self._process.wait(WAIT_S)
        self._join()

    def terminate(self) -> None:
        """Ask it by SIGTERM to end, and wait."""
        self._process.terminate()
        self._process.wait(WAIT_S)
        self._join()

    def interrupt(self) -> None:
        """Ask it by SIGINT to end well, and wait."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(WAIT_S)
        self._join()
        assert code == 0, repr(self)

    def _join(self) -> None:
        for reader in self._readers:
            reader.join(WAIT_S)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def __repr__(self) -> str:
        return (
            f"<{self._process.args} returned {self._process.poll()}; said {self.lines[-5:]}, "
            f"{''.join(self._errors[-20:])!r}>"
        )


def _json(text: str) -> Line | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
