"""Programs with what a real Kafka has shown of them, kept as JSON: one file for each disagreement there once was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.recordings import FOLDER as RECORDINGS
from tests.oracle.recordings import dumps

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

FOLDER = RECORDINGS.parent / "differential" / "recordings"


class Recording(NamedTuple):
    """A program, and what Apache Kafka of a version has shown of it."""

    kafka: str
    program: list[Any]
    seen: list[Any]


def load(file: Path) -> Recording:
    """Read a recording."""
    return Recording(**json.loads(file.read_text(encoding="utf-8")))


def save(name: str, recording: Recording) -> None:
    """Write a recording for the test suite to replay."""
    FOLDER.mkdir(exist_ok=True)
    text = dumps(recording._asdict()) + "\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
