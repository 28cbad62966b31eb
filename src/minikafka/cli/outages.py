"""Tells the user when a long-running command waits because no broker answers: kafka-python keeps trying silently."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager

from minikafka.cli.failures import one_line
from minikafka.cli.output import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECTIONS = "kafka.net.manager"
"""The logger that tells of connections that could not be made; kafka-python has no other way to say so."""

_SAY_AGAIN_S = 30


class OutageNotes(logging.Handler):
    """Turns failed connections into a line on stderr, one in half a minute."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._silent_until = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """A connection failed."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _SAY_AGAIN_S
            note(one_line(f"a broker does not answer, trying again: {record.getMessage()}"))


@contextmanager
def outages_told() -> Iterator[None]:
    """Inside, the user hears of brokers that do not answer."""
    logger = logging.getLogger(_CONNECTIONS)
    handler = OutageNotes()
    before = logger.level
    logger.addHandler(handler)
    if logger.getEffectiveLevel() > logging.ERROR:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
