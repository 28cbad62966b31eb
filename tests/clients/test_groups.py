"""One group of clients of all languages: it is joined and left, and members crash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from interop.process import Process, python

from minikafka import MiniKafka

PARTITIONS = 12


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
