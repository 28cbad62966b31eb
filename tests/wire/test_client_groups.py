"""Groups whose members are clients of several libraries, each in a process of its own, so that it can crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from interop.process import Process, python

from minikafka import MiniKafka

pytest.importorskip("confluent_kafka")
pytest.importorskip("aiokafka")
pytest.importorskip("kafka")

Start = Callable[..., Process]
ALL = ("kafka_python_3", "confluent", "aio_kafka")


@pytest.fixture
def kafka(listening: Callable[..., MiniKafka]) -> MiniKafka:
    cluster = listening(group_min_session_timeout_ms=1)
    cluster.create_topic("t", 6)
    return cluster


@pytest.fixture
def start_at() -> Iterator[Callable[..., Process]]:
    """Starts members of the group g of a cluster."""
    with ExitStack() as stack:

        def run(kafka: MiniKafka, client: str, *more: str) -> Process:
            process = Process([*python(client), "member", kafka.listening_on or "", "t", "g", *more])
            stack.callback(process.kill)
            return process

        yield run


@pytest.fixture
def start(kafka: MiniKafka, start_at: Callable[..., Process]) -> Start:
    """Starts members of the group g."""
    return lambda client, *more: start_at(kafka, client, *more)


def wait_until_shared(members: list[Process], mine: Any = None) -> None:
    """Wait until the members own all six partitions, each some and none twice."""

    def shared() -> bool:
        if mine is not None:
            mine.poll(timeout_ms=20)
        owned = [each.assigned or frozenset() for each in members]
        if mine is not None:
            owned.append(frozenset(each.partition for each in mine.assignment()))
        return all(owned) and sorted(part for each in owned for part in each) == list(range(6))

    members[0].wait_for(shared, f"{len(members)} members share the partitions")


def test_members_of_all_libraries_share_join_leave_and_crash(kafka: MiniKafka, start: Start) -> None:
    with closing(
        kafka.consumer("t", group_id="g", auto_offset_reset="earliest", heartbeat_interval_ms=100)
    ) as mine:
        members = [start(client) for client in ALL]
        wait_until_shared(members, mine)
        assert len(kafka.group("g").members) == 4

        leaver = members.pop(1)
        leaver.end()
        wait_until_shared(members, mine)

        crashed = members.pop(1)
        crashed.kill()
        wait_until_shared(members, mine)
        assert len(kafka.group("g").members) == 2

        members.append(start("confluent"))
        wait_until_shared(members, mine)
    wait_until_shared(members)
    with closing(kafka.producer()) as producer:
        values = [f"value-{partition}" for partition in range(6)]
        for partition, value in enumerate(values):
            producer.send("t", value.encode(), partition=partition).get(timeout=10)
    members[0].wait_for(
        lambda: sorted(value for each in members for value in each.told("value")) == values,
        "every record is read by one of them",
    )


@pytest.mark.parametrize(
    ("leader", "joiner"),
    [("kafka_python_3", "kafka_python_3"), ("confluent", "confluent"), ("confluent", "kafka_python_3")],
)
def test_cooperative_members_keep_what_they_have(
    kafka: MiniKafka, start: Start, leader: str, joiner: str
) -> None:
    first = start(leader, "cooperative-sticky")
    wait_until_shared([first])
    second = start(joiner, "cooperative-sticky")
    wait_until_shared([first, second])
    owned = [frozenset(each) for each in first.told("assigned")]
    kept = first.assigned
    assert kept is not None
    assert len(kept) == 3
    joined = owned.index(frozenset(range(6)))
    assert all(kept <= each for each in owned[joined:]), owned
    second.end()
    wait_until_shared([first])


@pytest.mark.parametrize("client", ALL)
def test_a_static_member_comes_back_to_its_partitions(kafka: MiniKafka, start: Start, client: str) -> None:
    one, two = start(client, "range", "one"), start(client, "range", "two")
    wait_until_shared([one, two])
    before = two.assigned
    generation = kafka.group("g").generation
    two.kill()
    back = start(client, "range", "two")
    back.wait_for(lambda: back.assigned == before, "the partitions are there again")
    assert kafka.group("g").generation == generation


def test_the_coordinator_dies_and_comes_back(
    listening: Callable[..., MiniKafka], start_at: Callable[..., Process]
) -> None:
    """Every member finds the new coordinator, which knows the group and its offsets; nothing is left unread."""
    kafka = listening(3, broker_session_timeout_ms=200, group_min_session_timeout_ms=1)
    kafka.create_topic("t", 6, 3)
    members = [start_at(kafka, client) for client in ALL]
    wait_until_shared(members)
    with closing(kafka.producer()) as producer:
        for turn in range(3):
            coordinator = kafka.group("g").coordinator
            kafka.kill(coordinator)
            values = [f"{turn}-{partition}" for partition in range(6)]
            futures = [
                producer.send("t", value.encode(), partition=partition)
                for partition, value in enumerate(values)
            ]
            for future in futures:
                future.get(timeout=30)
            members[0].wait_for(
                lambda values=values: (
                    {value for each in members for value in each.told("value")} >= set(values)
                ),
                "every record is read",
            )
            members[0].wait_for(
                lambda dead=coordinator: kafka.group("g").coordinator not in (None, dead),
                "another broker coordinates",
            )
            kafka.start(coordinator)
    wait_until_shared(members)
    assert kafka.group("g").state == "Stable"
    while members:
        # In the midst of a rebalance librdkafka leaves first and commits then, which Kafka refuses, too.
        wait_until_shared(members)
        members[0].wait_for(lambda: kafka.group("g").state == "Stable", "the group is Stable")
        members.pop().end()
    assert kafka.group("g").lag == 0
