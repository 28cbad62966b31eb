"""Finds a real Kafka's jars: resolved once by Maven, the class path cached in the git-ignored `.oracle` folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("MINIKAFKA_ORACLE_CACHE", ROOT / ".oracle"))
"""Class paths, data directories and logs of real Kafkas; never committed."""
POM = Path(__file__).with_name("pom.xml")
KAFKA_VERSION = "4.2.1"
"""The Kafka that minikafka follows."""
_RESOLVE_TIMEOUT_S = 600


class OracleMissingError(Exception):
    """This machine cannot run a real Kafka; the text says what it lacks."""


@cache
def java() -> str:
    """The java command.

    Raises:
        OracleMissingError: there is none, or it does not run.
    """
    found = shutil.which("java")
    if found is None or subprocess.run([found, "-version"], capture_output=True, check=False).returncode:
        raise OracleMissingError("no Java on this machine: a real Kafka needs Java 17 or newer")
    return found


@cache
def class_path(version: str = KAFKA_VERSION) -> str:
    """Kafka's broker, clients and tools with all that they need, as Java's ``-cp`` takes it.

    Raises:
        OracleMissingError: no Java, no Maven, or the artifacts do not resolve.
    """
    java()
    CACHE.mkdir(parents=True, exist_ok=True)
    file = CACHE / f"class-path-{version}.txt"
    with (CACHE / f"class-path-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_whole(file):
            _resolve(version, file)
    return file.read_text()


def _is_whole(file: Path) -> bool:
    return file.exists() and all(Path(jar).exists() for jar in file.read_text().split(os.pathsep))


def _resolve(version: str, file: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise OracleMissingError("no Maven on this machine: it fetches the real Kafka's jars")
    command = [
        maven,
        "--quiet",
        "--batch-mode",
        f"--file={POM}",
        f"-Dkafka.version={version}",
        "dependency:build-classpath",
        f"-Dmdep.outputFile={file}",
        "-Dmdep.includeScope=runtime",
        *(() if version.startswith("3.") else ("--activate-profiles=log4j2",)),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_RESOLVE_TIMEOUT_S)
    if run.returncode or not _is_whole(file):
        file.unlink(missing_ok=True)
        lines = (run.stdout + run.stderr).strip().splitlines() or ["Maven said nothing"]
        raise OracleMissingError(f"Apache Kafka {version} does not resolve: {lines[0]}")
