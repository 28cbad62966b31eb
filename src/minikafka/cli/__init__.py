"""The command line: ``minikafka serve | topics | produce | consume | groups``.

It needs the extra ``minikafka[cli]``: click, and kafka-python 3 as the client that speaks over sockets.
"""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130
"""The exit code after Ctrl-C; `minikafka.cli.failures` has the others, and takes longer to import."""


def main() -> None:
    """Run the command line on `sys.argv`, and leave with one of the codes of `minikafka.cli.failures.Exit`."""
    try:
        _open_closed_streams()
        _run()
    except KeyboardInterrupt:  # while modules are still being imported
        raise SystemExit(INTERRUPTED) from None


def _run() -> None:
    try:
        import click  # noqa: F401
    except ImportError:
        print(
            "minikafka: the command line needs an extra that is not installed: pip install 'minikafka[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    from minikafka.cli.app import minikafka

    minikafka(prog_name="minikafka")


def _open_closed_streams() -> None:
    """Give a process that was started without stdin, stdout or stderr (``>&-``) an empty one.

    A socket would otherwise be given the number of what is missing, and be taken for it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
