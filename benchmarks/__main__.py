"""`python -m benchmarks [startup|throughput|rebalance|latency|wire ...]`: measures, prints, and exits 1 on a miss."""

from __future__ import annotations

import importlib
import sys

SUITES = ("startup", "throughput", "rebalance", "latency", "wire")


def main(arguments: list[str]) -> int:
    """Run the named suites, or all; returns the exit code."""
    unknown = [name for name in arguments if name not in SUITES]
    if unknown:
        print(f"unknown suite {unknown[0]!r}: expected some of {', '.join(SUITES)}", file=sys.stderr)
        return 2
    missed = 0
    for name in arguments or SUITES:
        for figure in importlib.import_module(f"benchmarks.{name}").measure():
            print(figure, flush=True)
            missed += not figure.holds
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
