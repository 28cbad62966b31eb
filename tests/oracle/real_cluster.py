"""Runs the tests of the fixtures over a real cluster, and those of an example, on a real Kafka."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

from tests.oracle.artifacts import ROOT, OracleMissingError
from tests.oracle.clusters import Real, start_real


def main() -> int:
    """Whether all of them pass, as an exit status; 0 with a message where there is no real Kafka."""
    running = Real.running()
    if running is not None:
        return _run(running.bootstrap_servers)
    try:
        server = start_real()
    except OracleMissingError as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 0
    with closing(server):
        return _run(server.bootstrap_servers)


def _run(bootstrap_servers: str) -> int:
    pytest = [sys.executable, "-m", "pytest", "--quiet", "-rs"]
    own = subprocess.run(
        [*pytest, "tests/remote"],
        cwd=ROOT,
        env={**os.environ, "MINIKAFKA_ORACLE": bootstrap_servers},
        check=False,
    )
    example = subprocess.run(
        [*pytest, f"--minikafka-bootstrap-servers={bootstrap_servers}", "examples/order_service"],
        cwd=ROOT,
        check=False,
    )
    return own.returncode or example.returncode


if __name__ == "__main__":
    sys.exit(main())
