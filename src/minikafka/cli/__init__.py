"""The command line: ``minikafka serve | topics | produce | consume | groups``.

It needs the extra ``minikafka[cli]``: click, and kafka-python 3 as the client that speaks over sockets.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line on `sys.argv`, and leave with one of the codes of `minikafka.cli.failures.Exit`."""
    try:
        import click  # noqa: F401
    except ImportError:
        import sys

        print(
            "minikafka: the command line needs an extra that is not installed: pip install 'minikafka[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    from minikafka.cli.app import minikafka

    minikafka(prog_name="minikafka")
