"""Consumers and their groups as clients see them: reset policies, auto-commit, rebalances, static members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.clients import KAFKA_PYTHON
from tests.oracle.scenario import CLIENTS, scenario
from tests.oracle.stage import batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.oracle.clients import Consumer
    from tests.oracle.stage import Stage

AREA = "consumers"
QUICK = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 100, "enable_auto_commit": False}


def _filled(stage: Stage, partitions: int = 1, records: int = 3) -> str:
    topic = stage.topic(partitions=partitions)
    for partition in range(partitions):
        values = [b"p%d-%d" % (partition, number) for number in range(records)]
        stage.produce(topic, batch(*values), partition)
    return topic


def _group(stage: Stage) -> str:
    group = stage.name("g")
    stage.coordinator(group)
    return group


def _share(consumers: Sequence[Consumer]) -> list[int]:
    return sorted(len(each.assignment()) for each in consumers)


@scenario(area=AREA, clients=CLIENTS)
def reset_policies(stage: Stage) -> None:
    topic = _filled(stage)
    for policy in ("earliest", "latest"):
        consumer = stage.client.consumer(auto_offset_reset=policy)
        consumer.assign([(topic, 0)])
        stage.saw(policy, [each["offset"] for each in consumer.read(3, timeout_ms=1000)])
        consumer.close()


@scenario(area=AREA, clients=(KAFKA_PYTHON,))
def no_reset_policy(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumer = stage.client.consumer(topic, group=group, auto_offset_reset="none", **QUICK)
    stage.attempt("nothing committed", lambda: consumer.read(1, timeout_ms=3000))


@scenario(area=AREA, clients=(KAFKA_PYTHON,))
def out_of_range_without_a_policy(stage: Stage) -> None:
    topic = _filled(stage)
    consumer = stage.client.consumer(auto_offset_reset="none")
    consumer.assign([(topic, 0)])
    consumer.seek((topic, 0), 99)
    stage.attempt("beyond the end", lambda: consumer.read(1, timeout_ms=3000))


@scenario(area=AREA, clients=CLIENTS)
def out_of_range_with_a_policy(stage: Stage) -> None:
    topic = _filled(stage)
    for policy in ("earliest", "latest"):
        consumer = stage.client.consumer(auto_offset_reset=policy)
        consumer.assign([(topic, 0)])
        consumer.read(1, timeout_ms=400)
        consumer.seek((topic, 0), 99)
        stage.saw(policy, [each["offset"] for each in consumer.read(3, timeout_ms=1200)])
        consumer.close()


@scenario(area=AREA, clients=CLIENTS)
def auto_commit_on_close(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumer = stage.client.consumer(topic, group=group, auto_offset_reset="earliest")
    stage.saw("read", [each["offset"] for each in consumer.read(2)])
    consumer.close()
    stage.attempt("committed", lambda: stage.client.group_offsets(group))


@scenario(area=AREA, clients=CLIENTS)
def auto_commit_by_interval(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumer = stage.client.consumer(
        topic, group=group, auto_offset_reset="earliest", auto_commit_interval_ms=100
    )
    stage.saw("read", [each["offset"] for each in consumer.read(3)])

    def told() -> bool:
        consumer.read(1, timeout_ms=50)
        return list(stage.client.group_offsets(group).values()) == [3]

    stage.until("the commit", told)
    stage.attempt("committed", lambda: stage.client.group_offsets(group))


@scenario(area=AREA, clients=CLIENTS)
def no_auto_commit(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumer = stage.client.consumer(
        topic, group=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    stage.saw("read", [each["offset"] for each in consumer.read(2)])
    consumer.close()
    other = stage.client.consumer(topic, group=group, auto_offset_reset="earliest", enable_auto_commit=False)
    stage.saw("read again", [each["offset"] for each in other.read(2)])


@scenario(area=AREA, clients=CLIENTS)
def a_commit_of_positions(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumer = stage.client.consumer(
        topic, group=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    consumer.read(2)
    consumer.commit()
    stage.saw("committed", consumer.committed((topic, 0)))
    stage.saw("position", consumer.position((topic, 0)))


@scenario(area=AREA, clients=CLIENTS)
def two_members_share(stage: Stage) -> None:
    topic, group = _filled(stage, partitions=4), _group(stage)
    consumers = [
        stage.client.consumer(topic, group=group, auto_offset_reset="earliest", **QUICK) for _ in "ab"
    ]
    stage.settle(consumers, lambda: _share(consumers) == [2, 2])
    stage.saw("shares", _share(consumers))
    stage.attempt("described", lambda: stage.client.describe_group(group))
    consumers[0].close()
    stage.settle(consumers[1:], lambda: _share(consumers[1:]) == [4])
    stage.saw("alone", _share(consumers[1:]))
    consumers[1].close()
    stage.attempt("empty", lambda: stage.client.describe_group(group))


@scenario(area=AREA, clients=CLIENTS)
def more_members_than_partitions(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumers = [stage.client.consumer(topic, group=group, **QUICK) for _ in "ab"]
    stage.settle(
        consumers,
        lambda: _share(consumers) == [0, 1] and stage.client.describe_group(group)["members"] == 2,
    )
    stage.saw("shares", _share(consumers))


@scenario(area=AREA, clients=CLIENTS)
def each_strategy_divides(stage: Stage) -> None:
    topic = stage.topic(partitions=5)
    for strategy in ("range", "roundrobin", "cooperative-sticky"):
        group = _group(stage)
        consumers = [
            stage.client.consumer(topic, group=group, partition_assignment_strategy=[strategy], **QUICK)
            for _ in "ab"
        ]
        stage.settle(consumers, lambda: _share(consumers) == [2, 3])  # noqa: B023
        stage.saw(strategy, _share(consumers))
        told = stage.client.describe_group(group)
        stage.saw(f"{strategy} described", [told["protocol"], told["members"]])
        for consumer in consumers:
            consumer.close()


@scenario(area=AREA, clients=CLIENTS)
def a_static_member_keeps_its_partitions(stage: Stage) -> None:
    topic, group = _filled(stage, partitions=2), _group(stage)
    consumer = stage.client.consumer(topic, group=group, group_instance_id="i", **QUICK)
    stage.settle([consumer], lambda: _share([consumer]) == [2])
    consumer.close()
    told = stage.client.describe_group(group)
    stage.saw("after close", [told["state"], told["members"]])
    again = stage.client.consumer(topic, group=group, group_instance_id="i", **QUICK)
    stage.settle([again], lambda: _share([again]) == [2])
    stage.saw("back", _share([again]))


@scenario(area=AREA, clients=CLIENTS)
def new_partitions_are_found(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumer = stage.client.consumer(topic, group=group, metadata_max_age_ms=300, **QUICK)
    stage.settle([consumer], lambda: _share([consumer]) == [1])
    stage.client.create_partitions(topic, 3)
    # kafka-python 3.0.12 may lose a rebalance for new metadata that spans polls.
    stage.settle([consumer], lambda: _share([consumer]) == [3], poll_ms=1000)
    stage.saw("assigned", _share([consumer]))


@scenario(area=AREA, clients=CLIENTS)
def unsubscribing_leaves_the_group(stage: Stage) -> None:
    topic, group = _filled(stage), _group(stage)
    consumer = stage.client.consumer(topic, group=group, **QUICK)
    stage.settle([consumer], lambda: _share([consumer]) == [1])
    consumer.unsubscribe()
    stage.settle([consumer], lambda: stage.client.describe_group(group)["members"] == 0)
    stage.saw("assignment", consumer.assignment())
    consumer.subscribe([topic])
    stage.settle([consumer], lambda: _share([consumer]) == [1])
    stage.saw("subscribed again", _share([consumer]))


@scenario(area=AREA, clients=CLIENTS)
def a_position_is_kept_over_a_rebalance(stage: Stage) -> None:
    topic, group = _filled(stage, partitions=2), _group(stage)
    first = stage.client.consumer(topic, group=group, auto_offset_reset="earliest", **QUICK)
    found = [each["value"] for each in first.read(6)]
    stage.saw("read", sorted(found))
    first.commit()
    second = stage.client.consumer(topic, group=group, auto_offset_reset="earliest", **QUICK)
    again = stage.settle([first, second], lambda: _share([first, second]) == [1, 1])
    stage.saw("nothing twice", again)
    for partition in range(2):
        stage.produce(topic, batch(b"new"), partition)
    found = [each["value"] for each in (*first.read(1), *second.read(1))]
    stage.saw("new ones", found)


@scenario(area=AREA, clients=CLIENTS)
def consumers_of_different_topics(stage: Stage) -> None:
    one, two, group = _filled(stage), stage.topic("u", partitions=2), _group(stage)
    first = stage.client.consumer(one, group=group, **QUICK)
    second = stage.client.consumer(two, group=group, **QUICK)
    stage.settle([first, second], lambda: _share([first]) == [1] and _share([second]) == [2])
    stage.saw("first", first.assignment())
    stage.saw("second", second.assignment())


@scenario(area=AREA, clients=CLIENTS)
def groups_without_members(stage: Stage) -> None:
    stage.coordinator(stage.name("g"))
    stage.attempt("described", lambda: stage.client.describe_group(stage.name("nobody")))
    stage.attempt("offsets", lambda: stage.client.group_offsets(stage.name("nobody")))
    stage.attempt("deleted", lambda: stage.client.delete_group(stage.name("nobody")))
