"""What a real Kafka answered, as JSON beside this module: one file for each version and area."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

FOLDER = Path(__file__).with_name("recordings")


def path_of(version: str, area: str, folder: Path = FOLDER) -> Path:
    """Where an area's answers are kept: ``recordings/4.2.1/produce.json``."""
    return folder / version / f"{area}.json"


def load(version: str, area: str, folder: Path = FOLDER) -> dict[str, Any]:
    """An area's answers by scenario; empty if there are none."""
    file = path_of(version, area, folder)
    if not file.exists():
        return {}
    answers: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["answers"]
    return answers


def save(version: str, area: str, answers: dict[str, Any], folder: Path = FOLDER) -> None:
    """Write an area's answers, in the order of their names; none removes the file."""
    file = path_of(version, area, folder)
    if not answers:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"kafka": version, "area": area, "answers": dict(sorted(answers.items()))}
    file.write_text(dumps(content) + "\n", encoding="utf-8")


def dumps(value: Any, indent: int = 0, width: int = 110) -> str:
    """JSON in which whatever fits a line is on one, so that people can read and compare it."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= width or not isinstance(value, (dict, list)) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [
            f"{pad}{json.dumps(str(name), ensure_ascii=False)}: {dumps(each, indent + 2, width)}"
            for name, each in value.items()
        ]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    lines = [pad + dumps(each, indent + 2, width) for each in value]
    return "[\n" + ",\n".join(lines) + "\n" + " " * indent + "]"


def versions(folder: Path = FOLDER) -> list[str]:
    """The Kafka versions that something was recorded of."""
    return sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.exists() else []
