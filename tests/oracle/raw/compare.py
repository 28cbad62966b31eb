"""Where two answers differ, and which of the differences are tolerated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle.clients import RAW
from tests.oracle.report import Difference, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.oracle.raw.recording import Answers
    from tests.oracle.raw.tolerances import RawTolerances

ABSENT = "(nothing)"


def differences(kafka: Any, ours: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two plain values differ, with what is there on either side."""
    if isinstance(kafka, dict) and isinstance(ours, dict) and ("closed" in kafka) == ("closed" in ours):
        for key in [*kafka, *(key for key in ours if key not in kafka)]:
            yield from differences(kafka.get(key, ABSENT), ours.get(key, ABSENT), f"{path}.{key}".lstrip("."))
    elif isinstance(kafka, list) and isinstance(ours, list):
        for index in range(max(len(kafka), len(ours))):
            yield from differences(
                kafka[index] if index < len(kafka) else ABSENT,
                ours[index] if index < len(ours) else ABSENT,
                f"{path}.{index}".lstrip("."),
            )
    elif kafka != ours:
        yield path, kafka, ours


def compare(api: str, kafka: Answers, ours: Answers, tolerances: RawTolerances, report: Report) -> None:
    """Compare all that was asked here with what a real Kafka has answered; one case in one version counts once.

    Args:
        api: whose answers these are.
        kafka: the real Kafka's; a case or version that is missing differs.
        ours: minikafka's.
        tolerances: what may differ.
        report: what takes the outcome.
    """
    for case, by_version in ours.items():
        for version, answer in by_version.items():
            where, step = f"{api}/{case}", f"v{version}"
            recorded = kafka.get(case, {}).get(version, ABSENT)
            differing, tolerated = [], 0
            for path, theirs, here in differences(recorded, answer):
                if tolerances.find(where, step, path, theirs, here) is None:
                    differing.append(Difference(where, step, RAW, "wire", theirs, here, path))
                else:
                    tolerated += 1
            report.count(api, differing, tolerated)
