"""`minikafka serve` in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from interop.process import Process


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Where it listens; it is stopped by Ctrl-C and must end well."""
    serve = Process([sys.executable, "-m", "minikafka", "serve", "--port", "0", "--json", *options])
    try:
        serve.wait_for(lambda: bool(serve.told("bootstrap_servers")), "it is ready")
        yield serve.told("bootstrap_servers")[0]
        serve.interrupt()
    finally:
        serve.kill()
