"""What Kafka's Java clients decide by themselves, without a broker: partitions of keys, assignments of groups.

The inputs are made here from fixed seeds; small programs in ``tests/oracle/java``, run against Kafka's jars,
answer them; the answers are recorded, and minikafka's partitioner and assignors are held to them.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.oracle import recordings
from tests.oracle.artifacts import CACHE, OracleMissingError, class_path, java
from tests.oracle.clusters import IN_PROCESS
from tests.oracle.report import Difference

from minikafka.client.assignors.abstract import Assignment, Member, Subscription
from minikafka.client.assignors.cooperative_sticky import CooperativeStickyAssignor
from minikafka.client.assignors.range import RangePartitionAssignor
from minikafka.client.assignors.round_robin import RoundRobinPartitionAssignor
from minikafka.client.assignors.sticky import StickyPartitionAssignor
from minikafka.client.partitioner import murmur2, partition_for_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.oracle.tolerances import Tolerances

    Divided = dict[str, dict[str, list[int]]]
    """What each member of a group got: its partitions by topic."""

JAVA = Path(__file__).with_name("java")
PARTITIONER, ASSIGNORS = "java-partitioner", "java-assignors"
"""The names of the recordings, and the areas of the report."""
JAVA_CLIENT = "java"
KEYS = 1000
INPUTS = 200
COUNTS = (1, 2, 3, 7, 12, 50, 100)
_TIMEOUT_S = 300

_MINE = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}


def sample_keys() -> list[bytes]:
    """1,000 keys: every length from 0 to 99, texts and bytes."""
    chance = random.Random(1)
    made = [f"customer-{number}".encode() for number in range(KEYS // 2)]
    made += [chance.randbytes(number % 100) for number in range(KEYS - len(made))]
    return made


def inputs() -> list[dict[str, Any]]:
    """200 groups: topics and members that come, go and change their minds from round to round."""
    return [_input(random.Random(seed)) for seed in range(INPUTS)]


def _input(chance: random.Random) -> dict[str, Any]:
    topics = {f"t{number}": chance.randint(1, 7) for number in range(chance.randint(1, 4))}
    same = chance.random() < 0.5
    members = {f"m{number}": _wants(chance, topics, same) for number in range(chance.randint(1, 5))}
    static = chance.random() < 0.3
    rounds = []
    for _ in range(chance.randint(1, 4)):
        rounds.append(
            {
                "topics": dict(topics),
                "members": [
                    {"id": name, "topics": wanted, "instance": f"i{name[1:]}" if static else None}
                    for name, wanted in members.items()
                ],
            }
        )
        change = chance.random()
        if change < 0.3 and len(members) > 1:
            del members[chance.choice(list(members))]
        elif change < 0.6:
            members[f"m{len(members) + 10 * len(rounds)}"] = _wants(chance, topics, same)
        elif change < 0.8:
            topics[chance.choice(list(topics))] += chance.randint(1, 3)
        elif not same:
            members[chance.choice(list(members))] = _wants(chance, topics, same)
    return {"rounds": rounds}


def _wants(chance: random.Random, topics: dict[str, int], same: bool) -> list[str]:
    return sorted(topics) if same else sorted(chance.sample(sorted(topics), chance.randint(1, len(topics))))


# Java


def run_java(program: str, given: Any, version: str) -> Any:
    """Run one of the programs on Kafka's jars: JSON in, JSON out.

    Raises:
        OracleMissingError: no Java, or the jars do not resolve.
    """
    classes = CACHE / f"classes-{version}"
    classes.mkdir(parents=True, exist_ok=True)
    path = class_path(version)
    source = JAVA / f"{program}.java"
    compiled = subprocess.run(
        [_javac(), "-nowarn", "-d", str(classes), "-cp", path, str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if compiled.returncode:
        raise RuntimeError(f"{source.name} does not compile:\n{compiled.stderr}")
    run = subprocess.run(
        [
            java(),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
            "-cp",
            f"{classes}{os.pathsep}{path}",
            program,
        ],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=_TIMEOUT_S,
    )
    return json.loads(run.stdout[run.stdout.index("[") :])


def _javac() -> str:
    java()
    found = shutil.which("javac")
    if found is None:
        raise OracleMissingError(
            "no Java compiler on this machine: the programs in tests/oracle/java need one"
        )
    return found


def ask_java(version: str) -> dict[str, dict[str, Any]]:
    """Both recordings, anew."""
    hashes = run_java("Partitions", {"counts": COUNTS, "keys": [key.hex() for key in sample_keys()]}, version)
    divided = run_java("Assignments", inputs(), version)
    return {
        PARTITIONER: {"keys": [[key.hex(), *told] for key, told in zip(sample_keys(), hashes, strict=True)]},
        ASSIGNORS: {f"input {number:03}": told for number, told in enumerate(divided)},
    }


def record(version: str, base: str) -> None:
    """Keep what Java answers; for another version than `base` only what differs."""
    for name, answers in ask_java(version).items():
        known = {} if version == base else recordings.load(base, name)
        recordings.save(version, name, {key: told for key, told in answers.items() if known.get(key) != told})


# minikafka


def partitions_of_keys() -> list[list[Any]]:
    """What minikafka's partitioner says of the keys, as the recording has it."""
    return [
        [
            key.hex(),
            int.from_bytes(murmur2(key).to_bytes(4, "big"), signed=True),
            *(partition_for_key(key, range(count)) for count in COUNTS),
        ]
        for key in sample_keys()
    ]


def divide(name: str, given: dict[str, Any], theirs: list[Divided]) -> list[Divided]:
    """What one of minikafka's assignors makes of each round, where every round before ended as Java's did."""
    return [_divide(name, given["rounds"], number, theirs) for number in range(len(given["rounds"]))]


class _Topics:
    """What assignors ask of the metadata."""

    def __init__(self, topics: dict[str, int]) -> None:
        self._topics = topics

    def topics(self) -> set[str]:
        return set(self._topics)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self._topics[topic])) if topic in self._topics else None


def _divide(name: str, rounds: list[dict[str, Any]], number: int, theirs: list[Divided]) -> Divided:
    """Divide one round, with members that own what Java's last rounds gave them."""
    members = []
    for member in rounds[number]["members"]:
        assignor = _MINE[name]()
        if number and member["id"] in theirs[number - 1]:
            assignor.on_assignment(Assignment(0, theirs[number - 1][member["id"]].items()), number)
        told = assignor.metadata(member["topics"])
        # Java's members say in which generation they got what they own; kafka-python's do not.
        generation = number if told.owned_partitions else -1
        told = Subscription(2, told.topics, told.user_data, told.owned_partitions, generation)
        members.append(Member(member["id"], member["instance"], told))
    divided = _MINE[name]().assign(_Topics(rounds[number]["topics"]), members)
    result: Divided = {}
    for member_id, assignment in sorted(divided.items()):
        by_topic: dict[str, list[int]] = {}
        for topic, partition in sorted(assignment.partitions()):
            by_topic.setdefault(topic, []).append(partition)
        result[member_id] = by_topic
    return result


def disagreements(
    answers: dict[str, dict[str, Any]], tolerances: Tolerances, version: str
) -> Iterator[tuple[str, list[Difference], int]]:
    """Compares minikafka with Java's answers: area, what differs, and how much of it is tolerated, one by one."""
    expected = answers[PARTITIONER]["keys"]
    differing = [
        Difference(f"{PARTITIONER}/keys", theirs[0], JAVA_CLIENT, IN_PROCESS, theirs, ours)
        for theirs, ours in zip(expected, partitions_of_keys(), strict=True)
        if theirs != ours
    ]
    yield PARTITIONER, differing, 0
    for (label, by_assignor), given in zip(answers[ASSIGNORS].items(), inputs(), strict=True):
        for name, theirs in by_assignor.items():
            yield ASSIGNORS, *_compare_rounds(label, name, given, theirs, tolerances, version)


def _compare_rounds(
    label: str, name: str, given: dict[str, Any], theirs: list[Divided], tolerances: Tolerances, version: str
) -> tuple[list[Difference], int]:
    found = []
    tolerated = 0
    where = f"{ASSIGNORS}/{name}"
    for number, ours in enumerate(divide(name, given, theirs)):
        if ours == theirs[number]:
            continue
        before = theirs[number - 1] if number else {}
        same = len({tuple(member["topics"]) for member in given["rounds"][number]["members"]}) == 1
        # What the step is called decides whether it can be tolerated: only what is as good as Java's is.
        good = number and same and as_good(name, ours, theirs[number], before)
        step = "as good" if good else f"{label}, round {number}"
        if tolerances.find(where, step, JAVA_CLIENT, version):
            tolerated += 1
        else:
            found.append(Difference(where, step, JAVA_CLIENT, IN_PROCESS, theirs[number], ours))
    return found, tolerated


def as_good(name: str, ours: Divided, theirs: Divided, before: Divided) -> bool:
    """Whether two divisions are equally even, and leave as much where it was.

    The cooperative assignor withholds what moves until the next round, so only how much it gives counts here.
    """
    even = (
        sum(_sizes(ours)) == sum(_sizes(theirs))
        if name.startswith("coop")
        else _sizes(ours) == _sizes(theirs)
    )
    return even and _kept(ours, before) == _kept(theirs, before)


def _sizes(divided: Divided) -> list[int]:
    return sorted(sum(map(len, topics.values())) for topics in divided.values())


def _kept(divided: Divided, before: Divided) -> int:
    return len(_pairs(divided) & _pairs(before))


def _pairs(divided: Divided) -> set[tuple[str, str, int]]:
    return {
        (member, topic, index)
        for member, topics in divided.items()
        for topic, indexes in topics.items()
        for index in indexes
    }
