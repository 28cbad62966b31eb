"""Recordings of a real Kafka's answers: one file for each API, an answer once for all versions that share it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.oracle.artifacts import KAFKA_VERSION
from tests.oracle.raw.canonical import canonical

FOLDER = Path(__file__).resolve().parents[1] / "recordings"

Answers = dict[str, dict[int, Any]]
"""Answers by case and version."""


def path(api: str, kafka: str = KAFKA_VERSION) -> Path:
    """Where an API's recording is."""
    return FOLDER / kafka / "raw" / f"{api}.json"


def differing(found: Answers, whole: Answers) -> Answers:
    """What of the answers differs from those of the version that was recorded whole."""
    left = {
        case: {
            version: answer
            for version, answer in by_version.items()
            if whole.get(case, {}).get(version) != answer
        }
        for case, by_version in found.items()
    }
    return {case: by_version for case, by_version in left.items() if by_version}


def save(api: str, found: Answers, kafka: str = KAFKA_VERSION) -> None:
    """Write an API's recording; nothing to keep removes the file."""
    file = path(api, kafka)
    if not found:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f" {json.dumps(name)}: [\n{_rows(versions)}\n ]" for name, versions in found.items()]
    head = f'{{"api": "{api}", "kafka": "{kafka}", "cases": {{\n'
    file.write_text(head + ",\n".join(lines) + "\n}}\n")


def _rows(by_version: dict[int, Any]) -> str:
    rows: list[tuple[list[int], str]] = []
    for version, answer in by_version.items():
        text = json.dumps(answer)
        for versions, same in rows:
            if same == text:
                versions.append(version)
                break
        else:
            rows.append(([version], text))
    return ",\n".join(
        f'  {{"versions": {json.dumps(versions)}, "answers": {text}}}' for versions, text in rows
    )


def load(api: str, kafka: str = KAFKA_VERSION) -> Answers:
    """What was recorded of an API; nothing if there is no recording."""
    file = path(api, kafka)
    if not file.exists():
        return {}
    cases = json.loads(file.read_text())["cases"]
    return {
        name: dict(
            sorted((version, canonical(api, row["answers"])) for row in rows for version in row["versions"])
        )
        for name, rows in cases.items()
    }
