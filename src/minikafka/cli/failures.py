"""How a command ends: the exit codes, and one line on stderr for whatever went wrong."""

from __future__ import annotations

from enum import IntEnum

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


INSTALL = "pip install 'minikafka[cli]'"
"""What brings everything that the commands need."""


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    FAILED = 1
    """A broker refused, or something else went wrong; `serve`: a port is taken."""
    USAGE = 2
    """The command line makes no sense, or an extra is missing."""
    UNREACHABLE = 3
    """No broker answers."""
    TIMED_OUT = 4
    """The time was up before all was done."""
    NOT_FOUND = 5
    """There is no such topic, partition or group."""
    INTERRUPTED = 130
    """Ctrl-C, by the shells' convention. `serve` ends with DONE instead."""
    BROKEN_PIPE = 141
    """Nobody reads the output any more, by the shells' convention."""
    TERMINATED = 143
    """SIGTERM, by the shells' convention. `serve` ends with DONE instead."""


class Failure(Exception):
    """Ends a command with a line on stderr.

    Args:
        message: what went wrong; one line.
        exit_code: what the process leaves with.
    """

    def __init__(self, message: str, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message: str = message
        self.exit_code: Exit = exit_code

    def show(self) -> None:
        """Write the line."""
        click.echo(f"minikafka: {self.message}", err=True)


_NOT_FOUND = ("UnknownTopicOrPartitionError", "UnknownTopicIdError", "GroupIdNotFoundError")
_UNREACHABLE = ("KafkaConnectionError", "NodeNotReadyError", "MetadataEmptyBrokerList", "Cancelled")
_TELLING = ("InvalidRecord", "MessageSizeTooLarge", "RecordListTooLarge")
"""Errors whose text is a sentence with names and sizes, the broker's or kafka-python's."""

_TIMED_OUT = ("KafkaTimeoutError", "RequestTimedOutError")


def exit_for(error: type[BaseException]) -> Exit:
    """The exit code for a class of `kafka.errors`."""
    for names, code in (
        (_NOT_FOUND, Exit.NOT_FOUND),
        (_UNREACHABLE, Exit.UNREACHABLE),
        (_TIMED_OUT, Exit.TIMED_OUT),
    ):
        if any(cls.__name__ in names for cls in error.__mro__):
            return code
    return Exit.FAILED


def is_bootstrap_failure(error: BaseException) -> bool:
    """Whether kafka-python has found no broker. It has no class of its own for this."""
    return exit_for(type(error)) in (Exit.TIMED_OUT, Exit.UNREACHABLE) or "NoBrokers" in type(error).__name__


def failure_for(error: Any) -> Failure:
    """What to say of an exception of kafka-python's.

    Its texts quote whole requests and responses; where the broker's error has a description, that is said instead.
    """
    name = type(error).__name__.removesuffix("Error")
    described = getattr(error, "description", None)
    if name in _TELLING and error.args:
        described = error.args[0]
    if name == "UnsupportedCodec":
        described = f"{' '.join(map(str, error.args))} ({INSTALL})"
    text = described or " ".join(str(argument) for argument in error.args)
    return Failure(one_line(f"{name}: {text}" if text else name), exit_for(type(error)))


def error_name(error: type[BaseException]) -> str:
    """A class of `kafka.errors`, shown by its name and description: ``"NonEmptyGroup: The group is not empty"``."""
    name = error.__name__.removesuffix("Error")
    described = getattr(error, "description", None)
    return one_line(f"{name}: {described}" if described else name)


def one_line(text: str) -> str:
    """The text with every run of white space as one space, and not endless."""
    joined = " ".join(text.split())
    return joined if len(joined) <= 500 else joined[:499] + "…"
