"""The commands behind ``make oracle-up`` and its kin."""

from __future__ import annotations

import argparse
import sys

from tests.oracle.artifacts import KAFKA_VERSION, OracleMissingError
from tests.oracle.clusters import CONFIG, REAL_CONFIG
from tests.oracle.kafka_server import RealKafka, end_running, running


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start a real Kafka and leave it running")
    up.add_argument("--version", default=KAFKA_VERSION)
    up.add_argument("--nodes", type=int, default=1)
    commands.add_parser("down", help="end it")
    arguments = parser.parse_args()
    try:
        return _COMMANDS[arguments.command](arguments)
    except OracleMissingError as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 0


def _up(arguments: argparse.Namespace) -> int:
    state = running()
    if state is None:
        end_running()
        server = RealKafka(
            arguments.nodes, version=arguments.version, config={**CONFIG, **REAL_CONFIG}, outlives=True
        )
        server.start().leave_running()
        state = running()
        assert state is not None
    print(f"Apache Kafka {state['version']} on {state['bootstrap_servers']}")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    print("ended" if end_running() else "nothing was running")
    return 0


_COMMANDS = {"up": _up, "down": _down}

if __name__ == "__main__":
    sys.exit(main())
