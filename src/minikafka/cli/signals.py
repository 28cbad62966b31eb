"""Ctrl-C and SIGTERM, as something that a command waits for or is told of."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

from minikafka.cli.failures import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def terminating() -> Iterator[None]:
    """Inside, SIGTERM ends the command as Ctrl-C does: what has to be finished is finished."""

    def leave(*_: object) -> None:
        raise SystemExit(Exit.TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Stop:
    """Inside its ``with`` block the first Ctrl-C or SIGTERM is noted; a second one acts as it always does."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        """Which came; None: none so far."""
        self._came = threading.Event()
        self._before: dict[signal.Signals, object] = {}

    def wait(self, seconds: float) -> bool:
        """Wait for a signal, so long at most; tells whether one came."""
        return self._came.wait(seconds)

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        self._restore()
        self._came.set()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)  # type: ignore[arg-type]
