"""Fetch: where reading may begin, limits, sessions, epochs, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, scenario
from tests.oracle.stage import batch

from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic
from minikafka.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

if TYPE_CHECKING:
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "fetch"


def _filled(stage: Stage, batches: int = 5, **configs: object) -> str:
    """A topic of batches of two records each."""
    topic = stage.topic(configs=configs)
    for number in range(batches):
        stage.produce(topic, batch(b"%d-a" % number, b"%d-b" % number, start_ms=stage.T0 + 10 * number))
    return topic


def _offsets(told: dict[str, Any]) -> list[list[int]]:
    return [[each["base_offset"], each["last_offset"]] for each in told["records"]]


@scenario(area=AREA)
def at_every_offset(stage: Stage) -> None:
    topic = _filled(stage, 2)
    for offset in range(6):
        told = stage.fetch(topic, offset=offset, max_wait_ms=0)
        stage.saw(f"offset {offset}", told)


@scenario(area=AREA)
def out_of_range(stage: Stage) -> None:
    topic = _filled(stage, 2)
    for offset in (-1, -2, 5, 1 << 40):
        stage.saw(f"offset {offset}", stage.fetch(topic, offset=offset, max_wait_ms=0))


@scenario(area=AREA)
def unknown_topics_and_partitions(stage: Stage) -> None:
    topic = _filled(stage, 1)
    stage.saw("unknown partition", stage.fetch(topic, 3, max_wait_ms=0))
    stage.saw("negative partition", stage.fetch(topic, -1, max_wait_ms=0))
    stage.saw("unknown topic", stage.fetch(stage.name("nope"), max_wait_ms=0))
    stage.saw("illegal topic", stage.fetch("a b", max_wait_ms=0))
    stage.saw("no topics", stage.ask(FetchRequest(max_wait_ms=0, min_bytes=0, topics=[])))


@scenario(area=AREA)
def limits_give_at_least_one_batch(stage: Stage) -> None:
    topic = _filled(stage)
    size = len(batch(b"0-a", b"0-b").encode())
    for label, limit in (
        ("0", 0),
        ("1", 1),
        ("one", size),
        ("one and a half", size * 3 // 2),
        ("two", 2 * size),
    ):
        stage.saw(label, _offsets(stage.fetch(topic, max_bytes=limit)))


@scenario(area=AREA)
def the_request_limit_spans_partitions(stage: Stage) -> None:
    topic = stage.topic(partitions=3)
    for partition in range(3):
        stage.produce(topic, batch(b"x" * 100), partition)
    size = len(batch(b"x" * 100).encode())
    for label, limit in (("nothing", 0), ("one", size), ("two", 2 * size), ("all", 3 * size)):
        request = FetchRequest(
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=limit,
            topics=[
                FetchTopic(
                    topic=topic,
                    partitions=[
                        FetchPartition(partition=p, fetch_offset=0, partition_max_bytes=1 << 20)
                        for p in range(3)
                    ],
                )
            ],
        )
        [told] = stage.ask(request)["responses"]
        stage.saw(label, [[each["partition_index"], len(each["records"])] for each in told["partitions"]])


@scenario(area=AREA)
def leader_epochs(stage: Stage) -> None:
    topic = _filled(stage, 1)
    for epoch in (-1, 0, 1, 7):
        stage.saw(f"epoch {epoch}", stage.fetch(topic, leader_epoch=epoch, max_wait_ms=0))


@scenario(area=AREA)
def offset_for_leader_epoch(stage: Stage) -> None:
    topic = _filled(stage, 2)
    for current, asked in ((-1, 0), (0, 0), (0, 1), (0, -1), (1, 0), (-1, 9)):
        request = OffsetForLeaderEpochRequest(
            replica_id=-1,
            topics=[
                OffsetForLeaderTopic(
                    topic=name,
                    partitions=[
                        OffsetForLeaderPartition(
                            partition=partition, current_leader_epoch=current, leader_epoch=asked
                        )
                        for partition in (0, 5)
                    ],
                )
                for name in (topic,)
            ],
        )
        stage.saw(f"current {current}, asked {asked}", stage.ask(request))


@scenario(area=AREA)
def isolation_levels(stage: Stage) -> None:
    topic = _filled(stage, 1)
    for level in (0, 1):
        stage.saw(f"level {level}", stage.fetch(topic, isolation=level))


@scenario(area=AREA)
def versions_tell_what_they_can(stage: Stage) -> None:
    topic = _filled(stage, 1)
    for version in range(4, 13):
        stage.saw(f"version {version}", stage.fetch(topic, version=version))


@scenario(area=AREA)
def min_bytes_waits_for_more(stage: Stage) -> None:
    topic = _filled(stage, 1)
    began = stage.cluster.now_ms()
    request = FetchRequest(
        max_wait_ms=400,
        min_bytes=1 << 20,
        topics=[
            FetchTopic(
                topic=topic,
                partitions=[FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1 << 20)],
            )
        ],
    )
    [told] = stage.ask(request)["responses"]
    stage.saw("what there is", _offsets(told["partitions"][0]))
    stage.saw("after max_wait_ms", stage.cluster.now_ms() - began >= 390)


@scenario(area=AREA)
def sessions(stage: Stage) -> None:
    topic = stage.topic(partitions=2)
    stage.produce(topic, batch(b"a"), 0)

    def partition(index: int, offset: int) -> FetchPartition:
        return FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=1 << 20)

    def ask(
        label: str, session: int, epoch: int, *partitions: FetchPartition, forget: tuple[int, ...] = ()
    ) -> int:
        told = stage.ask(
            FetchRequest(
                max_wait_ms=0,
                min_bytes=0,
                session_id=session,
                session_epoch=epoch,
                topics=[FetchTopic(topic=topic, partitions=list(partitions))] if partitions else [],
                forgotten_topics_data=[ForgottenTopic(topic=topic, partitions=list(forget))]
                if forget
                else [],
            )
        )
        stage.saw(label, told)
        found: int = told["session_id"]
        return found

    session = ask("new", 0, 0, partition(0, 0), partition(1, 0))
    ask("nothing new", session, 1, partition(0, 1))
    stage.produce(topic, batch(b"b"), 1)
    ask("what changed", session, 2)
    ask("wrong epoch", session, 9)
    ask("unknown session", session + 77777, 1)
    ask("forgotten", session, 3, forget=(1,))
    stage.produce(topic, batch(b"c"), 1)
    ask("forgotten stays silent", session, 4)
    ask("closed", session, -1)
    ask("gone", session, 5)
    ask("epoch without a session", 0, 3)


@scenario(area=AREA, clients=CLIENTS)
def seek_and_read_on(stage: Stage) -> None:
    topic = _filled(stage)
    consumer = stage.client.consumer(auto_offset_reset="earliest")
    consumer.assign([(topic, 0)])
    stage.saw("from the beginning", [each["offset"] for each in consumer.read(10)])
    for offset in (3, 0, 8, 9):
        consumer.seek((topic, 0), offset)
        stage.saw(f"from {offset}", [each["value"] for each in consumer.read(10 - offset)])
        stage.saw(f"position after {offset}", consumer.position((topic, 0)))


@scenario(area=AREA, clients=CLIENTS)
def paused_partitions_stay_silent(stage: Stage) -> None:
    topic = stage.topic(partitions=2)
    for partition in range(2):
        stage.produce(topic, batch(b"p%d" % partition), partition)
    consumer = stage.client.consumer(auto_offset_reset="earliest")
    consumer.assign([(topic, 0), (topic, 1)])
    consumer.pause((topic, 1))
    stage.saw("one paused", [each["partition"] for each in consumer.read(2, timeout_ms=800)])
    consumer.resume((topic, 1))
    stage.saw("resumed", [each["partition"] for each in consumer.read(1)])


@scenario(area=AREA, clients=CLIENTS)
def watermarks(stage: Stage) -> None:
    topic = _filled(stage)
    consumer = stage.client.consumer()
    consumer.assign([(topic, 0)])
    stage.saw("full", consumer.watermarks((topic, 0)))
    stage.saw("deleted to", stage.client.delete_records((topic, 0), 4))
    stage.saw("cut", consumer.watermarks((topic, 0)))


@scenario(area=AREA, clients=CLIENTS)
def offsets_for_times(stage: Stage) -> None:
    topic = _filled(stage)
    consumer = stage.client.consumer()
    consumer.assign([(topic, 0)])
    for shift in (-1000, 0, 1, 2, 9, 10, 11, 40, 41, 42, 100_000):
        stage.saw(f"T0 {shift:+}", consumer.offset_for_time((topic, 0), stage.T0 + shift))
