"""`python -m fuzz [--seconds N] [TARGET ...]`: each target under atheris for a while; exits 1 on a finding."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(".fuzz")
_EXECUTIONS = re.compile(r"Done (\d+) runs in (\d+) second|stat::number_of_executed_units:\s*(\d+)")


def main() -> int:
    """Run the targets that were named, or all; returns the exit code."""
    if find_spec("atheris") is None:
        print("skipped: there is no atheris for this Python (pip install 'minikafka[fuzz]')")
        return 0
    from fuzz.corpus import write
    from fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs (60)")
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"unknown target {min(unknown)!r}: expected some of {', '.join(TARGETS)}")
    findings = 0
    for name in arguments.targets or TARGETS:
        corpus = FOLDER / name
        write(name, corpus)
        findings += not run(name, corpus, arguments.seconds)
    return 1 if findings else 0


def run(name: str, corpus: Path, seconds: int) -> bool:
    """Fuzz one target; whether nothing was found."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "fuzz.run_target", name),
            f"-max_total_time={seconds}",
            "-timeout=20",
            "-rss_limit_mb=2048",
            "-max_len=4096",
            "-print_final_stats=1",
            f"-artifact_prefix={FOLDER}/{name}-",
            str(corpus),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found = _EXECUTIONS.search(done.stdout)
    count = next(filter(None, (found[1], found[3]))) if found else "?"
    verdict = "ok     " if done.returncode == 0 else "FINDING"
    print(f"{verdict} {name:<26} {count:>10} inputs in {seconds} s", flush=True)
    if done.returncode:
        print(done.stdout[-6000:])
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
