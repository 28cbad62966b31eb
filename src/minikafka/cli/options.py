"""Options that several commands share, and the reading of ``KEY=VALUE``."""

from __future__ import annotations

import logging
import re

import click
from click.core import ParameterSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

LOG_LEVELS = ("debug", "info", "warning", "error", "off")

LARGEST_SHORT = 2**15 - 1
LARGEST_INT = 2**31 - 1
LARGEST_LONG = 2**63 - 1
"""The largest numbers of Kafka's protocol: kafka-python waits for ever where it cannot encode one."""


def key_values(entries: Iterable[str], option: str) -> dict[str, str]:
    """The pairs of ``KEY=VALUE`` texts; a later one wins.

    Raises:
        click.BadParameter: an entry has no ``=`` or no key.
    """
    pairs = {}
    for entry in entries:
        key, equals, value = entry.partition("=")
        if not equals or not key.strip():
            raise click.BadParameter(f"{entry!r}: expected KEY=VALUE", param_hint=option)
        pairs[key.strip()] = value
    return pairs


_ESCAPES = {r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\0": "\0", r"\\": "\\"}


def unescaped(text: str) -> bytes:
    r"""A separator as typed in a shell: ``\t``, ``\n``, ``\r``, ``\0`` and ``\\`` stand for what they mean."""
    return re.sub(r"\\[tnr0\\]", lambda match: _ESCAPES[match.group()], text).encode()


def log_to_stderr(level: str, loggers: Iterable[str]) -> None:
    """Let these loggers write to stderr from a level on; none of them does otherwise."""
    for name in loggers:
        each = logging.getLogger(name)
        for handler in list(each.handlers):
            each.removeHandler(handler)
        each.propagate = False
        if level == "off":
            each.addHandler(logging.NullHandler())
            each.setLevel(logging.CRITICAL)
            continue
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        each.addHandler(handler)
        each.setLevel(level.upper())


def refuse_beside(option: str, others: dict[str, str]) -> None:
    """Raise UsageError if one of the `others` was typed, which mean nothing where `option` is, or is not, given.

    Args:
        option: what is to be said of them, such as ``"are for text, not for --json"``.
        others: the options as they are typed, by the names of their parameters.
    """
    context = click.get_current_context()
    typed = [
        shown
        for name, shown in others.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if typed:
        raise click.UsageError(f"{', '.join(typed)}: {option}")


def json_option(command: F) -> F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")(command)


def progress_option(command: F) -> F:
    """``--progress / --no-progress``."""
    return click.option(
        "--progress/--no-progress",
        default=None,
        help="Count on stderr while the work goes on; by default where a terminal has nothing else to show.",
    )(command)
