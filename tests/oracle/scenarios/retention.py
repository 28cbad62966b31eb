"""Retention by time and size, and DeleteRecords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, scenario
from tests.oracle.stage import batch

from minikafka.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)

if TYPE_CHECKING:
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "retention"


def delete_records(stage: Stage, topic: str, offset: int, partition: int = 0) -> dict[str, Any]:
    """Delete the records before an offset: the partition's answer."""
    asked = DeleteRecordsRequest(
        topics=[
            DeleteRecordsTopic(
                name=topic, partitions=[DeleteRecordsPartition(partition_index=partition, offset=offset)]
            )
        ],
        timeout_ms=5000,
    )
    told: dict[str, Any] = stage.ask(asked)["topics"][0]["partitions"][0]
    return told


def _log_start(stage: Stage, topic: str) -> int:
    start: int = stage.fetch(topic, offset=0, max_wait_ms=0)["log_start_offset"]
    if start >= 0:
        return start
    from tests.oracle.scenarios.offsets_by_time import EARLIEST, _list

    found: int = _list(stage, topic, EARLIEST)["offset"]
    return found


def _range(stage: Stage, topic: str) -> list[int]:
    from tests.oracle.scenarios.offsets_by_time import EARLIEST, LATEST, _list

    return [_list(stage, topic, spec)["offset"] for spec in (EARLIEST, LATEST)]


@scenario(area=AREA)
def records_that_are_too_old_go(stage: Stage) -> None:
    topic = stage.topic(configs={"retention.ms": 60_000})
    now = stage.cluster.now_ms()
    stage.produce(topic, batch((now - 120_000, None, b"old")))
    stage.until("the old record to go", lambda: _log_start(stage, topic) == 1)
    stage.produce(topic, batch((now, None, b"new")))
    stage.cluster.pass_time(700)
    stage.saw("range", _range(stage, topic))


@scenario(area=AREA)
def a_segment_stays_while_its_newest_record_is_young(stage: Stage) -> None:
    topic = stage.topic(configs={"retention.ms": 60_000})
    now = stage.cluster.now_ms()
    stage.produce(topic, batch((now - 120_000, None, b"old"), (now, None, b"new")))
    stage.cluster.pass_time(700)
    stage.saw("range", _range(stage, topic))


@scenario(area=AREA)
def retention_counts_append_time(stage: Stage) -> None:
    topic = stage.topic(configs={"retention.ms": 60_000, "message.timestamp.type": "LogAppendTime"})
    stage.produce(topic, batch(b"old by its own account"))
    stage.cluster.pass_time(700)
    stage.saw("range", _range(stage, topic))


@scenario(area=AREA)
def the_oldest_segments_go_beyond_the_size(stage: Stage) -> None:
    topic = stage.topic(configs={"retention.bytes": 2 << 20, "segment.bytes": 1 << 20})
    for number in range(40):
        stage.produce(topic, batch((stage.T0 + number, None, b"x" * 100_000)))
    stage.until("segments to go", lambda: _range(stage, topic)[0] > 0)
    stage.cluster.pass_time(700)
    stage.saw("range", _range(stage, topic))


@scenario(area=AREA)
def nothing_goes_without_limits(stage: Stage) -> None:
    topic = stage.topic(configs={"retention.ms": -1, "retention.bytes": -1})
    stage.produce(topic, batch(b"old"))
    stage.cluster.pass_time(700)
    stage.saw("range", _range(stage, topic))


@scenario(area=AREA)
def compacted_topics_keep_old_records(stage: Stage) -> None:
    topic = stage.topic(configs={"cleanup.policy": "compact", "retention.ms": 1000})
    stage.produce(topic, batch((stage.T0, b"k", b"v")))
    stage.cluster.pass_time(700)
    stage.saw("range", _range(stage, topic))


@scenario(area=AREA)
def a_changed_limit_acts(stage: Stage) -> None:
    from tests.oracle.scenarios.configs import alter

    topic = stage.topic(configs={"retention.ms": -1})
    stage.produce(topic, batch(b"old", b"older"))
    stage.cluster.pass_time(700)
    stage.saw("before", _range(stage, topic))
    alter(stage, topic, ("retention.ms", 0, "1000"))
    stage.until("the records to go", lambda: _range(stage, topic)[0] == 2)
    stage.saw("after", _range(stage, topic))


@scenario(area=AREA)
def delete_records_moves_the_start(stage: Stage) -> None:
    topic = stage.topic()
    for number in range(5):
        stage.produce(topic, batch(b"%d" % number, b"x"))
    for offset in (0, 3, 3, 2, 4, -1, -1, 10, 11, -2):
        stage.saw(f"to {offset}", delete_records(stage, topic, offset))
    stage.saw("range", _range(stage, topic))


@scenario(area=AREA)
def reading_after_delete_records(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a", b"b", b"c", b"d"))
    delete_records(stage, topic, 2)
    for offset in range(6):
        stage.saw(f"offset {offset}", stage.fetch(topic, offset=offset, max_wait_ms=0))


@scenario(area=AREA)
def delete_records_refuses(stage: Stage) -> None:
    topic = stage.topic()
    compacted = stage.topic("compacted", configs={"cleanup.policy": "compact"})
    both = stage.topic("both", configs={"cleanup.policy": "compact,delete"})
    stage.coordinator(stage.name("g"))
    stage.saw("partition", delete_records(stage, topic, 0, partition=4))
    stage.saw("topic", delete_records(stage, stage.name("nope"), 0))
    stage.saw("compacted", delete_records(stage, compacted, 0))
    stage.saw("compacted and deleted", delete_records(stage, both, 0))
    stage.saw("internal", delete_records(stage, "__consumer_offsets", 0))
    stage.saw("nothing", stage.ask(DeleteRecordsRequest(topics=[], timeout_ms=1000)))


@scenario(area=AREA, clients=CLIENTS)
def a_consumer_before_the_start_resets(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a", b"b", b"c", b"d"))
    delete_records(stage, topic, 2)
    for policy in ("earliest", "latest"):
        consumer = stage.client.consumer(auto_offset_reset=policy)
        consumer.assign([(topic, 0)])
        consumer.read(1, timeout_ms=500)
        consumer.seek((topic, 0), 0)
        stage.saw(policy, [each["value"] for each in consumer.read(2, timeout_ms=1000)])


@scenario(area=AREA, clients=CLIENTS)
def delete_records_by_the_admin_client(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a", b"b", b"c", b"d"))
    for offset in (2, -1, 9):
        stage.attempt(f"to {offset}", lambda offset=offset: stage.client.delete_records((topic, 0), offset))
