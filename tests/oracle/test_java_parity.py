"""minikafka's partitioner and assignors against the recorded answers of Kafka's Java client."""

from __future__ import annotations

from tests.oracle import java_parity, recordings
from tests.oracle.artifacts import KAFKA_VERSION
from tests.oracle.tolerances import DECLARED, Tolerances

ANSWERS = {
    name: recordings.load(KAFKA_VERSION, name) for name in (java_parity.PARTITIONER, java_parity.ASSIGNORS)
}


def test_the_recordings_belong_to_these_inputs() -> None:
    keys = [key.hex() for key in java_parity.sample_keys()]
    assert len(keys) == 1000
    assert [told[0] for told in ANSWERS[java_parity.PARTITIONER]["keys"]] == keys
    groups = java_parity.inputs()
    assert len(groups) == len(ANSWERS[java_parity.ASSIGNORS]) == 200
    for given, told in zip(groups, ANSWERS[java_parity.ASSIGNORS].values(), strict=True):
        for rounds in told.values():
            members = [sorted(member["id"] for member in each["members"]) for each in given["rounds"]]
            assert [sorted(divided) for divided in rounds] == members


def test_keys_go_where_java_sends_them_and_groups_divide_as_java_divides_them() -> None:
    tolerances = Tolerances(DECLARED)
    compared = 0
    for _, differing, _ in java_parity.disagreements(ANSWERS, tolerances, KAFKA_VERSION):
        compared += 1
        assert not differing, "\n".join(map(str, differing))
    assert compared == 1 + 200 * 4


def test_what_is_tolerated_of_sticky_assignors_is_judged() -> None:
    before = {"a": {"t": [0, 1, 2, 3]}}
    theirs = {"a": {"t": [0, 1]}, "b": {"t": [2, 3]}}
    assert java_parity.as_good("sticky", {"a": {"t": [2, 3]}, "b": {"t": [0, 1]}}, theirs, before)
    assert not java_parity.as_good("sticky", {"a": {"t": [0, 1, 2]}, "b": {"t": [3]}}, theirs, before)
    moved = {"a": {"t": [0]}, "b": {"t": [1, 2, 3]}}
    assert not java_parity.as_good("cooperative-sticky", moved, theirs, before)
