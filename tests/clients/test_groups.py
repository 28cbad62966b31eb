"""One group of clients of all languages: it is joined and left, and members crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from interop.process import Process, python

from minikafka import MiniKafka

PARTITIONS = 12


def wait_until_shared(members: list[Process], partitions: int = 6) -> None:
    def shared() -> bool:
        owned = [each.assigned or frozenset() for each in members]
        return all(owned) and sorted(part for each in owned for part in each) == list(range(partitions))

    members[0].wait_for(shared, f"{len(members)} members share the partitions")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def test_members_of_all_languages_share_leave_and_crash(
    kafka: MiniKafka, programs: dict[str, Any], stack: ExitStack
) -> None:
    kafka.create_topic("t", PARTITIONS)
    servers = kafka.listening_on
    assert servers is not None
    mine = stack.enter_context(
        closing(kafka.consumer("t", group_id="g", auto_offset_reset="earliest", heartbeat_interval_ms=100))
    )
    members: dict[str, Process] = {}
    for name, program in programs.items():
        members[name] = program.member(servers, "t", "g")
        stack.callback(members[name].kill)
    for name in ("kafka_python_3", "confluent", "aio_kafka"):
        members[name] = Process([*python(name), "member", servers, "t", "g"])
        stack.callback(members[name].kill)

    def wait_until_shared() -> None:
        def shared() -> bool:
            mine.poll(timeout_ms=20)
            owned = [each.assigned or frozenset() for each in members.values()]
            owned.append(frozenset(each.partition for each in mine.assignment()))
            return all(owned) and sorted(part for each in owned for part in each) == list(range(PARTITIONS))

        next(iter(members.values())).wait_for(shared, f"{list(members)} share the partitions")

    wait_until_shared()
    for name, program in programs.items():
        program.leave(members.pop(name))
        wait_until_shared()
    for name, program in programs.items():
        members[name] = program.member(servers, "t", "g")
        stack.callback(members[name].kill)
    wait_until_shared()
    for name in programs:
        members.pop(name).kill()
    wait_until_shared()
    assert len(kafka.group("g").members) == 4


@pytest.mark.parametrize("name", ["kcat", "franz-go"])
def test_a_static_member_comes_back_to_its_partitions(
    kafka: MiniKafka, programs: dict[str, Any], stack: ExitStack, name: str
) -> None:
    if name not in programs:
        pytest.skip(f"{name} is not there")
    kafka.create_topic("t", 6)

    def start(instance: str) -> Process:
        member = programs[name].member(kafka.listening_on, "t", "g", "range", instance)
        stack.callback(member.kill)
        return member

    one, two = start("one"), start("two")
    wait_until_shared([one, two])
    before = two.assigned
    generation = kafka.group("g").generation
    two.kill()
    back = start("two")
    back.wait_for(lambda: back.assigned == before, "the partitions are there again")
    assert kafka.group("g").generation == generation


def test_cooperative_members_keep_what_they_have(
    kafka: MiniKafka, programs: dict[str, Any], stack: ExitStack
) -> None:
    if "franz-go" not in programs:
        pytest.skip("franz-go is not there")
    kafka.create_topic("t", 6)
    servers = kafka.listening_on or ""
    first = programs["franz-go"].member(servers, "t", "g", "cooperative-sticky")
    stack.callback(first.kill)
    wait_until_shared([first])
    second = Process([*python("confluent"), "member", servers, "t", "g", "cooperative-sticky"])
    stack.callback(second.kill)
    wait_until_shared([first, second])
    owned = [frozenset(each) for each in first.told("assigned")]
    kept = first.assigned
    assert kept is not None
    assert len(kept) == 3
    assert all(kept <= each for each in owned[owned.index(frozenset(range(6))) :]), owned


def test_the_coordinator_dies_and_comes_back(
    listening: Callable[..., MiniKafka], programs: dict[str, Any], stack: ExitStack
) -> None:
    kafka = listening(3, broker_session_timeout_ms=200)
    kafka.create_topic("t", 6, 3)
    members = [program.member(kafka.listening_on, "t", "g") for program in programs.values()]
    for member in members:
        stack.callback(member.kill)
    wait_until_shared(members)
    producer = stack.enter_context(closing(kafka.producer()))
    for turn in range(2):
        coordinator = kafka.group("g").coordinator
        assert coordinator is not None
        kafka.kill(coordinator)
        values = {f"{turn}-{partition}" for partition in range(6)}
        for value in values:
            producer.send("t", value.encode(), partition=int(value[-1])).get(timeout=30)
        members[0].wait_for(
            lambda values=values: {value for each in members for value in each.told("value")} >= values,
            "every record is read",
        )
        members[0].wait_for(
            lambda dead=coordinator: kafka.group("g").coordinator not in (None, dead),
            "another broker coordinates",
        )
        kafka.start(coordinator)
    wait_until_shared(members)
