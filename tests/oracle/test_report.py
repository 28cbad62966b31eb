"""The judge's own parts: placeholders, tolerances, the table, and what docs/fidelity.md says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.oracle.artifacts import KAFKA_VERSION
from tests.oracle.java_parity import ASSIGNORS, PARTITIONER
from tests.oracle.normalise import Normaliser
from tests.oracle.recordings import dumps, load, save, versions
from tests.oracle.report import (
    Difference,
    Report,
    section,
    tolerance_list,
    version_list,
    write_section,
)
from tests.oracle.scenario import all_scenarios
from tests.oracle.tolerances import DECLARED, Tolerance, Tolerances

NOW_MS = 1_764_000_000_000


def test_the_document_lists_every_tolerance() -> None:
    assert section("oracle tolerances") == tolerance_list(DECLARED)


def test_the_document_lists_what_other_versions_answer() -> None:
    assert section("oracle versions") == version_list(KAFKA_VERSION)


def test_the_document_has_the_table_of_every_area_and_nothing_differs() -> None:
    rows = [line.strip("|").split("|") for line in section("oracle").splitlines() if line.startswith("| ")]
    table = {cells[0].strip(): [int(cell) for cell in cells[1:]] for cells in rows[1:]}
    areas = {each.area for each in all_scenarios()} | {PARTITIONER, ASSIGNORS}
    assert set(table) == areas | {"**all**"}
    for run, agreeing, tolerated, differing in table.values():
        assert run == agreeing + tolerated
        assert differing == 0


def test_each_tolerance_says_what_and_why() -> None:
    for each in DECLARED:
        assert each.what
        assert each.reason
    assert len(set(DECLARED)) == len(DECLARED)


def test_placeholders_are_the_same_for_the_same_thing() -> None:
    normalise = Normaliser({"orders-1a2b": "orders"}, NOW_MS)
    one, two = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"
    seen = {
        "topic": "orders-1a2b",
        "ids": [f"client-{one}", two, f"again {one}"],
        "time": NOW_MS + 5,
        "long_ago": 1_600_000_000_000,
        "port": 4711,
        "text": f"orders-1a2b-0 at {NOW_MS} on 127.0.0.1:4711",
        "throttle_time_ms": 3,
        "flag": True,
        "producer_id": 0,
    }
    assert normalise(seen) == {
        "topic": "orders",
        "ids": ["client-<id 1>", "<id 2>", "again <id 1>"],
        "time": "<now>",
        "long_ago": 1_600_000_000_000,
        "port": "<port>",
        "text": "orders-0 at <now> on <address>",
        "flag": True,
        "producer_id": "<producer id>",
    }


def test_a_zero_id_is_kept() -> None:
    zero = "00000000-0000-0000-0000-000000000000"
    assert Normaliser({}, NOW_MS)([zero, {"producer_id": -1, "session_id": 0}]) == [
        zero,
        {"producer_id": -1, "session_id": 0},
    ]


def test_tolerances_that_nothing_needs_are_told() -> None:
    narrow = Tolerance("area/one", "step", "what", "why", clients="raw", kafka="4.*", path="*.error_message")
    other = Tolerance("area/two", "*", "what", "why")
    tolerances = Tolerances((narrow, other))
    assert tolerances.find("area/one", "step", "raw", "4.2.1", ".a.error_message") is narrow
    assert tolerances.find("area/one", "step", "raw", "3.9.1", ".a.error_message") is None
    assert tolerances.find("area/one", "step", "confluent", "4.2.1", ".a.error_message") is None
    assert tolerances.find("area/one", "step", "raw", "4.2.1", ".a.error_code") is None
    assert tolerances.find("area/one", "another", "raw", "4.2.1", ".a.error_message") is None
    assert tolerances.unused() == [other]


def test_the_table_counts_each_performance_once() -> None:
    report = Report()
    difference = Difference("a/x", "step", "raw", "wire", 1, 2, ".offset")
    report.count("a", [], 0)
    report.count("a", [], 2)
    report.count("b", [difference, difference], 1)
    assert report.table().splitlines()[2:] == [
        "| a | 2 | 1 | 1 | 0 |",
        "| b | 1 | 0 | 0 | 1 |",
        "| **all** | 3 | 1 | 1 | 1 |",
    ]
    assert str(difference).splitlines()[0] == "a/x, step 'step' at .offset, raw, wire"


def test_a_section_is_replaced(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("head\n<!-- x: begin -->\n\nold\n\n<!-- x: end -->\ntail\n")
    write_section("x", "new", document)
    write_section("x", "newer", document)
    assert document.read_text() == "head\n<!-- x: begin -->\n\nnewer\n\n<!-- x: end -->\ntail\n"
    with pytest.raises(ValueError, match="lacks the markers"):
        write_section("y", "new", document)


def test_recordings_come_back_as_they_were(tmp_path: Path) -> None:
    answers = {"b": {"raw": [["step", {"text": "ä" * 200, "list": list(range(80)), "null": None}]]}, "a": {}}
    save("4.2.1", "area", answers, tmp_path)
    assert load("4.2.1", "area", tmp_path) == answers
    assert versions(tmp_path) == ["4.2.1"]
    assert max(map(len, dumps({"list": list(range(80))}).splitlines())) <= 110
    save("4.2.1", "area", {}, tmp_path)
    assert load("4.2.1", "area", tmp_path) == {}
