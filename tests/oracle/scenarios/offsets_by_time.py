"""ListOffsets in every form: earliest, latest, by time, the largest timestamp, local and tiered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, scenario
from tests.oracle.stage import batch

from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic

if TYPE_CHECKING:
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "list-offsets"
LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED = -1, -2, -3, -4, -5
SPECS = (LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED)


def _list(
    stage: Stage, topic: str, timestamp: int, version: int | None = None, **fields: Any
) -> dict[str, Any]:
    isolation = fields.pop("isolation_level", 0)
    replica = fields.pop("replica_id", -1)
    partition = ListOffsetsPartition(**{"partition_index": 0, "timestamp": timestamp, **fields})
    request = ListOffsetsRequest(
        replica_id=replica,
        isolation_level=isolation,
        topics=[ListOffsetsTopic(name=topic, partitions=[partition])],
        timeout_ms=5000,
    )
    answer = stage.ask(request, version)
    if "topics" not in answer:
        return answer
    told: dict[str, Any] = answer["topics"][0]["partitions"][0]
    return told


@scenario(area=AREA)
def of_an_empty_log(stage: Stage) -> None:
    topic = stage.topic()
    for spec in (*SPECS, 0, stage.T0):
        stage.saw(str(spec), _list(stage, topic, spec))


@scenario(area=AREA)
def of_a_full_log(stage: Stage) -> None:
    topic = stage.topic()
    for number in range(3):
        stage.produce(topic, batch(b"a", b"b", start_ms=stage.T0 + 100 * number))
    for spec in (
        *SPECS,
        0,
        stage.T0,
        stage.T0 + 1,
        stage.T0 + 2,
        stage.T0 + 101,
        stage.T0 + 201,
        stage.T0 + 202,
    ):
        stage.saw(str(spec), _list(stage, topic, spec))


@scenario(area=AREA)
def of_times_that_are_out_of_order(stage: Stage) -> None:
    topic = stage.topic()
    for shift in (50, 10, 90, 20, 90, 30):
        stage.produce(topic, batch((stage.T0 + shift, None, b"v"), (stage.T0 + shift - 5, None, b"w")))
    for spec in (MAX_TIMESTAMP, *(stage.T0 + shift for shift in range(0, 100, 5))):
        stage.saw(str(spec), _list(stage, topic, spec))


@scenario(area=AREA)
def of_compressed_batches(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a", b"b", b"c", compression=1))
    stage.produce(topic, batch(b"d", b"e", compression=4, start_ms=stage.T0 + 50))
    for spec in (MAX_TIMESTAMP, *(stage.T0 + shift for shift in (0, 1, 2, 3, 50, 51, 52))):
        stage.saw(str(spec), _list(stage, topic, spec))


@scenario(area=AREA)
def under_log_append_time(stage: Stage) -> None:
    topic = stage.topic(configs={"message.timestamp.type": "LogAppendTime"})
    stage.produce(topic, batch(b"a", b"b"))
    for spec in (*SPECS, stage.T0, 0):
        stage.saw(str(spec), _list(stage, topic, spec))


@scenario(area=AREA)
def after_delete_records(stage: Stage) -> None:
    from tests.oracle.scenarios.retention import delete_records

    topic = stage.topic()
    for number in range(3):
        stage.produce(topic, batch(b"a", b"b", start_ms=stage.T0 + 100 * number))
    delete_records(stage, topic, 3)
    for spec in (*SPECS, 0, stage.T0, stage.T0 + 100, stage.T0 + 101, stage.T0 + 200):
        stage.saw(str(spec), _list(stage, topic, spec))
    delete_records(stage, topic, -1)
    for spec in (*SPECS, 0):
        stage.saw(f"all gone, {spec}", _list(stage, topic, spec))


@scenario(area=AREA)
def of_specs_that_do_not_exist(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a"))
    for spec in (-7, -8, -100):
        stage.saw(str(spec), _list(stage, topic, spec))


@scenario(area=AREA)
def in_old_versions(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a", b"b"))
    for version in range(1, 10):
        for spec in (*SPECS, stage.T0):
            stage.saw(f"version {version}, {spec}", _list(stage, topic, spec, version))


@scenario(area=AREA)
def of_unknown_topics_and_partitions(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("partition 1", _list(stage, topic, LATEST, partition_index=1))
    stage.saw("partition -1", _list(stage, topic, LATEST, partition_index=-1))
    stage.saw("topic", _list(stage, stage.name("nope"), LATEST))
    stage.saw("illegal topic", _list(stage, "a b", LATEST))


@scenario(area=AREA)
def with_leader_epochs(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a"))
    for epoch in (-1, 0, 1, 5):
        stage.saw(f"epoch {epoch}", _list(stage, topic, LATEST, current_leader_epoch=epoch))


@scenario(area=AREA)
def with_isolation_levels(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"a"))
    for level in (0, 1):
        for spec in (LATEST, EARLIEST, MAX_TIMESTAMP):
            stage.saw(f"level {level}, {spec}", _list(stage, topic, spec, isolation_level=level))


@scenario(area=AREA)
def of_a_partition_asked_twice(stage: Stage) -> None:
    topic = stage.topic()
    partitions = [ListOffsetsPartition(partition_index=0, timestamp=spec) for spec in (LATEST, EARLIEST)]
    request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=topic, partitions=partitions)])
    stage.saw("twice", stage.ask(request))


@scenario(area=AREA, clients=CLIENTS)
def by_the_admin_client(stage: Stage) -> None:
    topic = stage.topic()
    for number in range(3):
        stage.produce(topic, batch(b"a", b"b", start_ms=stage.T0 + 100 * number))
    for spec in (LATEST, EARLIEST, MAX_TIMESTAMP, stage.T0 + 50, stage.T0 + 5000):
        stage.attempt(str(spec), lambda spec=spec: stage.client.list_offset((topic, 0), spec))
