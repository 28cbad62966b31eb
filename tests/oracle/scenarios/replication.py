"""Three brokers, of which the first never dies: deaths, elections, in-sync replicas, catching up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, RAW, scenario
from tests.oracle.stage import batch

from minikafka.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from minikafka.messages.elect_leaders import ElectLeadersRequest, TopicPartitions
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "replication"
PREFERRED, UNCLEAN = 0, 1
CONFIG = {
    # So that deaths are noticed soon, and leaders stay where they were elected to.
    "broker.session.timeout.ms": 2000,
    "auto.leader.rebalance.enable": "false",
}


def _state(stage: Stage, topic: str, node: int) -> list[Any]:
    """Leader, epoch, replicas and in-sync replicas of partition 0, as a broker tells them."""
    [told] = stage.describe(topic, node)
    return [
        told["leader_id"], told["leader_epoch"], told["replica_nodes"], sorted(told["isr_nodes"]),
        sorted(told["offline_replicas"]), told["error_code"],
    ]  # fmt: skip


def _wait_leader(stage: Stage, topic: str, leader: int, node: int) -> None:
    """Until a broker tells of a leader, and the leader itself serves."""
    stage.until(f"leader {leader}", lambda: _state(stage, topic, node)[0] == leader)
    if leader > 0:
        stage.until("it to serve", lambda: _latest(stage, topic, leader)["error_code"] == 0)


def _wait_isr(stage: Stage, topic: str, isr: Sequence[int], node: int) -> None:
    stage.until(f"in-sync replicas {isr}", lambda: _state(stage, topic, node)[3] == sorted(isr))


def _latest(stage: Stage, topic: str, node: int, **fields: Any) -> dict[str, Any]:
    partition = ListOffsetsPartition(**{"partition_index": 0, "timestamp": -1, **fields})
    asked = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=topic, partitions=[partition])])
    told: dict[str, Any] = stage.ask(asked, node=node)["topics"][0]["partitions"][0]
    return told


def _elect(stage: Stage, kind: int, topic: str, node: int) -> dict[str, Any]:
    asked = ElectLeadersRequest(
        election_type=kind,
        topic_partitions=[TopicPartitions(topic=topic, partitions=[0])],
        timeout_ms=10_000,
    )
    return stage.ask(asked, node=node)


def _values(stage: Stage, topic: str, node: int) -> list[Any]:
    told = stage.fetch(topic, node=node)
    return [each["value"] for made in told["records"] or [] for each in made["records"]]


def _produced(told: dict[str, Any]) -> list[Any]:
    return [told["error_code"], told["base_offset"]]


def _all_up(stage: Stage) -> None:
    """Every broker knows of every other: what a scenario begins with, whatever the one before has done."""
    topic = stage.topic("everybody", assignment={0: [1, 2, 3]})
    _wait_isr(stage, topic, [1, 2, 3], 1)


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def records_reach_every_replica(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [1, 2, 3]})
    stage.saw("acks=all", stage.produce(topic, batch(b"a", b"b")))
    stage.saw("state", _state(stage, topic, 1))
    stage.saw("watermark", stage.fetch(topic)["high_watermark"])
    for node in (2, 3):
        stage.saw(f"produce to follower {node}", _produced(stage.produce(topic, batch(b"x"), node=node)))
        told = _latest(stage, topic, node)
        stage.saw(f"list offsets of follower {node}", told)


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def a_leader_dies_and_comes_back(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [2, 3, 1]})
    stage.saw("before", _produced(stage.produce(topic, batch(b"a"), node=2)))
    stage.cluster.kill(2)
    try:
        _wait_leader(stage, topic, 3, 1)
        stage.saw("state", _state(stage, topic, 1))
        stage.saw("produce to the new leader", _produced(stage.produce(topic, batch(b"b"), node=3)))
        stage.saw("produce to another", _produced(stage.produce(topic, batch(b"b"), node=1)))
        stage.saw("fetch with the old epoch", stage.fetch(topic, leader_epoch=0, node=3)["error_code"])
        stage.saw("fetch with a later epoch", stage.fetch(topic, leader_epoch=9, node=3)["error_code"])
    finally:
        stage.cluster.start(2)
    _wait_isr(stage, topic, [1, 2, 3], 1)
    stage.saw("back", _state(stage, topic, 1))
    stage.saw("records", _values(stage, topic, 3))


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def a_leader_stops_in_an_orderly_way(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [2, 3, 1]})
    stage.produce(topic, batch(b"a"), node=2)
    stage.cluster.stop(2)
    try:
        _wait_leader(stage, topic, 3, 1)
        stage.saw("state", _state(stage, topic, 1))
        stage.saw("produce", _produced(stage.produce(topic, batch(b"b"), node=3)))
    finally:
        stage.cluster.start(2)
    _wait_isr(stage, topic, [1, 2, 3], 1)
    stage.saw("back", _state(stage, topic, 1))


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def too_few_replicas_in_sync(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [1, 2]}, configs={"min.insync.replicas": 2})
    stage.saw("both", _produced(stage.produce(topic, batch(b"a"))))
    stage.cluster.kill(2)
    try:
        _wait_isr(stage, topic, [1], 1)
        stage.saw("state", _state(stage, topic, 1))
        stage.saw("acks=all", _produced(stage.produce(topic, batch(b"b"))))
        stage.saw("acks=1", _produced(stage.produce(topic, batch(b"c"), acks=1)))
        stage.saw("watermark", stage.fetch(topic, max_wait_ms=0)["high_watermark"])
        stage.saw("readable", _values(stage, topic, 1))
    finally:
        stage.cluster.start(2)
    _wait_isr(stage, topic, [1, 2], 1)
    stage.until("the watermark", lambda: stage.fetch(topic, max_wait_ms=0)["high_watermark"] == 2)
    stage.saw("readable again", _values(stage, topic, 1))
    stage.saw("acks=all again", _produced(stage.produce(topic, batch(b"d"))))


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def nobody_in_sync_is_left(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [2]})
    stage.produce(topic, batch(b"a"), node=2)
    stage.cluster.kill(2)
    try:
        _wait_leader(stage, topic, -1, 1)
        told = _state(stage, topic, 1)
        stage.saw("state", [told[0], told[2], told[4], told[5]])
        stage.saw("produce", _produced(stage.produce(topic, batch(b"b"), node=1)))
        stage.saw("elect", _elect(stage, PREFERRED, topic, 1))
        stage.saw("elect unclean", _elect(stage, UNCLEAN, topic, 1))
    finally:
        stage.cluster.start(2)
    _wait_leader(stage, topic, 2, 1)
    stage.saw("back", _state(stage, topic, 1))
    stage.saw("records", _values(stage, topic, 2))


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def the_preferred_leader_is_elected(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [2, 3]})
    stage.saw("not needed", _elect(stage, PREFERRED, topic, 1))
    stage.saw("unknown", _elect(stage, PREFERRED, stage.name("nope"), 1))
    stage.cluster.kill(2)
    try:
        _wait_leader(stage, topic, 3, 1)
        stage.saw("it is down", _elect(stage, PREFERRED, topic, 1))
    finally:
        stage.cluster.start(2)
    _wait_isr(stage, topic, [2, 3], 1)
    stage.saw("before", _state(stage, topic, 1))
    stage.saw("elected", _elect(stage, PREFERRED, topic, 1))
    _wait_leader(stage, topic, 2, 1)
    stage.saw("after", _state(stage, topic, 1))
    stage.saw("unclean not needed", _elect(stage, UNCLEAN, topic, 1))


def _lag_behind(stage: Stage, topic: str) -> None:
    """Partition 0 of [2, 3]: broker 3 misses a record that broker 2 has, and leaves the in-sync replicas."""
    stage.produce(topic, batch(b"a"), node=2)
    stage.cluster.kill(3)
    _wait_isr(stage, topic, [2], 1)
    stage.saw("alone", _produced(stage.produce(topic, batch(b"b"), node=2)))


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def an_unclean_leader_by_request(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [2, 3]}, configs={"min.insync.replicas": 1})
    _lag_behind(stage, topic)
    stage.cluster.kill(2)
    _wait_leader(stage, topic, -1, 1)
    stage.cluster.start(3)
    stage.until("broker 3", lambda: _state(stage, topic, 1)[4] == [2])
    stage.saw("still nobody", _state(stage, topic, 1)[0])
    stage.saw("preferred", _elect(stage, PREFERRED, topic, 1))
    stage.saw("unclean", _elect(stage, UNCLEAN, topic, 1))
    _wait_leader(stage, topic, 3, 1)
    stage.saw("state", _state(stage, topic, 1))
    stage.saw("lost", _values(stage, topic, 3))
    stage.saw("produce", _produced(stage.produce(topic, batch(b"c"), node=3)))
    stage.cluster.start(2)
    _wait_isr(stage, topic, [2, 3], 1)
    stage.saw("both", _values(stage, topic, 3))
    stage.saw("epochs", _epochs(stage, topic, 3))


def _epochs(stage: Stage, topic: str, node: int) -> list[Any]:
    found = []
    for epoch in range(6):
        asked = OffsetForLeaderEpochRequest(
            replica_id=-1,
            topics=[
                OffsetForLeaderTopic(
                    topic=topic, partitions=[OffsetForLeaderPartition(partition=0, leader_epoch=epoch)]
                )
            ],
        )
        [told] = stage.ask(asked, node=node)["topics"][0]["partitions"]
        found.append([told["leader_epoch"], told["end_offset"]])
    return found


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def an_unclean_leader_by_option(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(
        assignment={0: [2, 3]}, configs={"min.insync.replicas": 1, "unclean.leader.election.enable": "true"}
    )
    _lag_behind(stage, topic)
    stage.cluster.kill(2)
    _wait_leader(stage, topic, -1, 1)
    stage.cluster.start(3)
    _wait_leader(stage, topic, 3, 1)
    stage.saw("state", _state(stage, topic, 1))
    stage.saw("lost", _values(stage, topic, 3))
    stage.cluster.start(2)
    _wait_isr(stage, topic, [2, 3], 1)
    stage.saw("both", _values(stage, topic, 3))


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def a_follower_catches_up(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [1, 2]}, configs={"min.insync.replicas": 1})
    stage.cluster.kill(2)
    _wait_isr(stage, topic, [1], 1)
    for number in range(20):
        stage.produce(topic, batch(b"%d" % number))
    stage.cluster.start(2)
    _wait_isr(stage, topic, [1, 2], 1)
    stage.saw("watermark", stage.fetch(topic)["high_watermark"])
    stage.saw("state", _state(stage, topic, 1))


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def placement_is_refused(stage: Stage) -> None:
    from tests.oracle.scenarios.topics import create

    for label, partitions, factor, assignment in (
        ("four replicas", 1, 4, None), ("unequal", -1, -1, {0: [1, 2], 1: [1]}), ("twice", -1, -1, {0: [1, 1]}),
        ("unknown", -1, -1, {0: [1, 9]}),
    ):  # fmt: skip
        stage.saw(label, create(stage, stage.name("t"), partitions, factor, assignment))
    topic = stage.topic_name("spread")
    stage.saw("three of each", create(stage, topic, 6, 3))
    stage.until("leaders", lambda: all(each["leader_id"] > 0 for each in stage.describe(topic)))
    leaders = sorted(each["leader_id"] for each in stage.describe(topic))
    stage.saw("leaders are spread", leaders)


@scenario(area=AREA, nodes=3, config=CONFIG, slow=True)
def a_partition_moves(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [1, 2]})
    stage.produce(topic, batch(b"a"))

    def move(label: str, replicas: list[int] | None, name: str = topic, partition: int = 0) -> None:
        asked = AlterPartitionReassignmentsRequest(
            topics=[
                ReassignableTopic(
                    name=name,
                    partitions=[ReassignablePartition(partition_index=partition, replicas=replicas)],
                )
            ],
            timeout_ms=10_000,
        )
        stage.saw(label, stage.ask(asked, 0))

    move("to 2 and 3", [2, 3])
    stage.until("it to have moved", lambda: _state(stage, topic, 1)[2:4] == [[2, 3], [2, 3]])
    stage.saw("leader moved along", _state(stage, topic, 1)[0])
    move("unknown broker", [2, 9])
    move("nobody", [])
    move("twice", [2, 2])
    move("cancel nothing", None)
    move("unknown topic", [1], stage.name("nope"))
    move("unknown partition", [1], partition=5)
    # A new leader of Kafka's may not know yet how far its records are replicated, and shows none of them until then.
    stage.until("the records", lambda: bool(_values(stage, topic, stage.leader(topic))))
    stage.saw("records", _values(stage, topic, stage.leader(topic)))


@scenario(area=AREA, nodes=3, config=CONFIG, clients=CLIENTS, slow=True)
def a_client_survives_its_leaders_death(stage: Stage) -> None:
    _all_up(stage)
    topic = stage.topic(assignment={0: [2, 3, 1]})
    producer = stage.client.producer(retry_backoff_ms=50)
    stage.saw("before", producer.send(topic, b"a", partition=0, timestamp_ms=stage.T0))
    stage.cluster.kill(2)
    try:
        stage.saw("after", producer.send(topic, b"b", partition=0, timestamp_ms=stage.T0))
        consumer = stage.client.consumer(auto_offset_reset="earliest")
        consumer.assign([(topic, 0)])
        stage.saw("read", [each["value"] for each in consumer.read(2, timeout_ms=15_000)])
    finally:
        stage.cluster.start(2)
    _wait_isr(stage, topic, [1, 2, 3], 1)


def _spread_coordinators(stage: Stage) -> bool:
    """Elect the preferred leaders; whether a broker that may die leads one of the coordinators' partitions."""
    stage.ask(ElectLeadersRequest(election_type=PREFERRED, topic_partitions=None, timeout_ms=10_000))
    return any(each["leader_id"] in (2, 3) for each in stage.describe("__consumer_offsets"))


def _committed_offset(told: dict[str, Any]) -> int:
    if told["error_code"]:
        return -1
    found: int = told["topics"][0]["partitions"][0]["committed_offset"]
    return found


@scenario(area=AREA, nodes=3, config=CONFIG, clients=(RAW,), slow=True)
def a_coordinator_moves_with_its_partition(stage: Stage) -> None:
    from tests.oracle.scenarios.commits import commit, committed
    from tests.oracle.scenarios.groups import Group

    _all_up(stage)
    topic = stage.topic(assignment={0: [1]})
    group = Group(stage)
    # Deaths before this have left the coordinators where they are; the first broker never dies.
    stage.until("a coordinator on another broker", lambda: _spread_coordinators(stage))
    while stage.coordinator(group.id) == 1:
        group = Group(stage)
    member, generation = group.stable(session_timeout_ms=60_000)
    stage.saw("commit", commit(group, topic, 7, member, generation))
    died = stage.coordinator(group.id)
    stage.cluster.kill(died)
    try:
        stage.until("another coordinator", lambda: stage.coordinator(group.id) != died)
        stage.until("it to have loaded", lambda: _committed_offset(committed(group, topic)) == 7)
        stage.saw("committed", committed(group, topic))
        stage.saw("heartbeat", group.heartbeat(member, generation))
        stage.saw("described", group.describe())
        stage.saw("commit again", commit(group, topic, 8, member, generation))
    finally:
        stage.cluster.start(died)
