"""What commands write: lines and JSON as UTF-8 to stdout, tables, and progress to stderr."""

from __future__ import annotations

import json
import os
import sys
import time

import click

from minikafka.cli.failures import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_REDRAW_S = 0.2
_LINE_EVERY_S = 1.0


def write_line(line: str | bytes) -> None:
    """A line on stdout, whatever the locale; `flush` sends it.

    Raises:
        BrokenPipeError: nobody reads.
        Failure: it cannot be written, to a disk that is full for one.
    """
    stream = sys.stdout.buffer
    try:
        stream.write(line.encode() if isinstance(line, str) else line)
        stream.write(b"\n")
    except OSError as error:
        raise _unwritten(error) from None


def flush() -> None:
    """Send what was written.

    Raises:
        BrokenPipeError: nobody reads.
        Failure: it cannot be written.
    """
    try:
        sys.stdout.buffer.flush()
    except OSError as error:
        raise _unwritten(error) from None


def _unwritten(error: OSError) -> Exception:
    """What to raise for an error of stdout's."""
    if isinstance(error, BrokenPipeError):
        return error
    silence_stdout()
    return Failure(f"cannot write to stdout: {error.strerror}")


def silence_stdout() -> None:
    """Nobody reads: what is still to be written, be it by Python at its end, goes nowhere."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # it is no file


def write_json(document: object) -> None:
    """A document on a line of its own."""
    write_line(json.dumps(document, ensure_ascii=False))


def write_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Left-aligned columns, as Kafka's tools write them; ``-`` for None."""
    cells = [list(headings), *(["-" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    for line in cells:
        write_line(" ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def note(text: str) -> None:
    """A line for the user, on stderr."""
    click.echo(f"minikafka: {text}", err=True)


class Progress:
    """Counts what is done, on stderr: a line that is redrawn on a terminal, else a line a second.

    Args:
        what: the things counted, such as ``"records sent"``.
        shown: True or False; None: only if stderr is a terminal that it has for itself.
        shared: whether other things are read or written there, if it is one.
    """

    def __init__(self, what: str, shown: bool | None, *, shared: bool) -> None:
        self._what = what
        self._redraws = sys.stderr.isatty()
        self._shown = self._redraws and not shared if shown is None else shown
        self._asked_for = bool(shown)
        self._started = time.monotonic()
        self._next = self._started + _REDRAW_S
        self._drawn = False

    def show(self, count: int) -> None:
        """So many are done."""
        if not self._shown:
            return
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (_REDRAW_S if self._redraws else _LINE_EVERY_S)
        self._write(count, now, "\r" if self._redraws else "\n")
        self._drawn = True

    def close(self, count: int) -> None:
        """The work is over: the last count, if one was shown before or asked for."""
        if self._drawn or self._asked_for:
            self._write(count, time.monotonic(), "\n")

    def _write(self, count: int, now: float, end: str) -> None:
        rate = count / max(now - self._started, 0.001)
        sys.stderr.write(f"{count:,} {self._what}, {rate:,.0f}/s{'  ' if self._redraws else ''}{end}")
        sys.stderr.flush()
