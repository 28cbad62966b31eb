"""What the commands of every Python client share: how a member of a group and a load tell what they do."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from itertools import count, takewhile
from typing import Any

SESSION_MS = 2000
"""After so long a member that crashed is gone."""

STATIC_SESSION_MS = 30_000
"""... and a static one; it is back before that."""

LOAD_MS = 60_000
"""So long a record may be on its way while brokers die."""


def session_ms(instance: str | None) -> int:
    """The session timeout of a member with or without an instance id."""
    return SESSION_MS if instance is None else STATIC_SESSION_MS


def tell(**what: Any) -> None:
    """Say something to whoever runs this."""
    print(json.dumps(what), flush=True)


class Told:
    """What a loop asks of whoever runs it, and tells."""

    def __init__(self, ended: threading.Event) -> None:
        self._ended = ended
        self._assigned: set[int] | None = None

    @property
    def goes_on(self) -> bool:
        """False once stdin has ended."""
        return not self._ended.is_set()

    def interrupt_at_the_end(self) -> None:
        """From now on the end of stdin raises KeyboardInterrupt in the main thread."""

        main = threading.main_thread().ident
        assert main is not None
        # A process that was started in a shell's background ignores the signal.
        signal.signal(signal.SIGINT, signal.default_int_handler)

        def interrupt() -> None:
            self._ended.wait()
            # To that very thread: another one's signal does not end the wait for a socket that it sleeps in.
            signal.pthread_kill(main, signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()

    def owns(self, partitions: set[int]) -> None:
        """Tell the assignment when it has changed."""
        if partitions != self._assigned:
            self._assigned = partitions
            tell(assigned=sorted(partitions))

    def numbers(self) -> Iterator[int]:
        """From 0 on, until stdin has ended."""
        return takewhile(lambda _: self.goes_on, count())

    def acknowledged(self, number: int) -> None:
        """Tell that a record was acknowledged."""
        tell(acknowledged=str(number))

    def read(self, partition: int, offset: int, value: bytes | None) -> None:
        """Tell a record."""
        tell(partition=partition, offset=offset, value=None if value is None else value.decode())
