"""CreateTopics, DeleteTopics, CreatePartitions: rules, validation and its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, scenario
from tests.oracle.stage import batch

from minikafka.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from minikafka.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "topics"


def create(
    stage: Stage,
    name: str,
    partitions: int = 1,
    replication_factor: int = 1,
    assignment: Mapping[int, Sequence[int]] | None = None,
    configs: Mapping[str, str | None] | None = None,
    validate_only: bool = False,
) -> dict[str, Any]:
    """CreateTopics of one topic: its answer, with only the options that were asked for."""
    asked = CreateTopicsRequest(
        topics=[new_topic(name, partitions, replication_factor, assignment, configs)],
        timeout_ms=10_000,
        validate_only=validate_only,
    )
    [told] = stage.ask(asked)["topics"]
    return shortened(told, configs or {})


def new_topic(
    name: str,
    partitions: int = 1,
    replication_factor: int = 1,
    assignment: Mapping[int, Sequence[int]] | None = None,
    configs: Mapping[str, str | None] | None = None,
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replication_factor,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=list(brokers))
            for index, brokers in (assignment or {}).items()
        ],
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in (configs or {}).items()],
    )


def shortened(told: dict[str, Any], configs: Mapping[str, str | None]) -> dict[str, Any]:
    """A topic's answer with only some of its options: the others are another area's."""
    kept = [each for each in told["configs"] or [] if each["name"] in configs]
    return {**told, "configs": kept}


@scenario(area=AREA)
def good_topics(stage: Stage) -> None:
    stage.saw("one partition", create(stage, stage.topic_name("a")))
    stage.saw("three partitions", create(stage, stage.topic_name("b"), 3))
    stage.saw("defaults", create(stage, stage.topic_name("c"), -1, -1))
    stage.saw("assigned", create(stage, stage.topic_name("d"), -1, -1, {0: [1], 1: [1]}))
    stage.saw("assigned out of order", create(stage, stage.topic_name("e"), -1, -1, {1: [1], 0: [1]}))
    stage.saw("options", create(stage, stage.topic_name("f"), configs={"retention.ms": "5"}))
    stage.saw("longest name", create(stage, stage.topic_name("g" * 240)))


@scenario(area=AREA)
def names_that_are_refused(stage: Stage) -> None:
    for name in ("", ".", "..", "a b", "a/b", "ä", "x" * 250, "a,b", "a\tb"):
        stage.saw(repr(name), create(stage, name))


@scenario(area=AREA)
def names_that_collide(stage: Stage) -> None:
    dotted = stage.topic_name("a.b")
    stage.saw("dots", create(stage, dotted))
    stage.names[dotted.replace(".", "_")] = "a_b"
    stage.saw("underscores", create(stage, dotted.replace(".", "_")))
    stage.saw("again", create(stage, dotted))


@scenario(area=AREA)
def counts_that_are_refused(stage: Stage) -> None:
    for partitions, factor in ((0, 1), (-2, 1), (1, 0), (1, -2), (1, 2), (1, 3), (10_001, 1)):
        stage.saw(
            f"{partitions} partitions, {factor} replicas", create(stage, stage.name("t"), partitions, factor)
        )


@scenario(area=AREA)
def assignments_that_are_refused(stage: Stage) -> None:
    for label, partitions, factor, assignment in (
        ("and partitions", 1, -1, {0: [1]}), ("and factor", -1, 1, {0: [1]}),
        ("a gap", -1, -1, {0: [1], 2: [1]}), ("not from 0", -1, -1, {1: [1]}),
        ("no replicas", -1, -1, {0: []}), ("twice", -1, -1, {0: [1, 1]}),
        ("unknown broker", -1, -1, {0: [9]}), ("negative broker", -1, -1, {0: [-1]}),
        ("negative partition", -1, -1, {-1: [1]}),
    ):  # fmt: skip
        stage.saw(label, create(stage, stage.name("t"), partitions, factor, assignment))


@scenario(area=AREA)
def options_that_are_refused(stage: Stage) -> None:
    for key, value in (
        ("retention.ms", "soon"), ("retention.ms", None), ("nope", "1"), ("cleanup.policy", "x"),
        ("segment.bytes", "13"), ("min.insync.replicas", "0"), ("remote.storage.enable", "true"),
        ("message.format.version", "2.0"), ("", "1"),
    ):  # fmt: skip
        stage.saw(f"{key}={value}", create(stage, stage.name("t"), configs={key: value}))


@scenario(area=AREA)
def more_replicas_in_sync_than_there_are(stage: Stage) -> None:
    topic = stage.topic_name()
    stage.saw("created", create(stage, topic, configs={"min.insync.replicas": "2"}))
    stage.until("its leader", lambda: bool(stage.describe(topic)) and stage.leader(topic) == 1)
    stage.until("the broker to know", lambda: stage.produce(topic, batch(b"v"), acks=1)["error_code"] == 0)
    stage.saw("acks=all", stage.produce(topic, batch(b"v")))


@scenario(area=AREA)
def only_validated(stage: Stage) -> None:
    name = stage.name("t")
    stage.saw("good", create(stage, name, 2, validate_only=True))
    stage.saw("bad", create(stage, name, 0, validate_only=True))
    stage.saw("not there", stage.describe(name))


@scenario(area=AREA)
def existing_topics(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("again", create(stage, topic))
    stage.saw("validated", create(stage, topic, validate_only=True))
    stage.saw("internal", create(stage, "__cluster_metadata"))


@scenario(area=AREA)
def several_in_one_request(stage: Stage) -> None:
    good, bad = stage.topic_name("good"), stage.name("bad")
    asked = CreateTopicsRequest(topics=[new_topic(good), new_topic(bad, 0)], timeout_ms=10_000)
    answers = sorted(stage.ask(asked)["topics"], key=lambda told: str(told["name"]))
    stage.saw("one good, one bad", [shortened(told, {}) for told in answers])
    twice = stage.name("twice")
    asked = CreateTopicsRequest(topics=[new_topic(twice), new_topic(twice)], timeout_ms=10_000)
    stage.saw("the same twice", [shortened(told, {}) for told in stage.ask(asked)["topics"]])
    stage.saw("none", stage.ask(CreateTopicsRequest(topics=[])))


@scenario(area=AREA)
def created_in_old_versions(stage: Stage) -> None:
    for version in range(2, 8):
        asked = CreateTopicsRequest(
            topics=[new_topic(stage.topic_name(f"v{version}"))], timeout_ms=10_000, validate_only=False
        )
        [told] = stage.ask(asked, version)["topics"]
        stage.saw(f"version {version}", {**told, "configs": bool(told.get("configs"))})


@scenario(area=AREA)
def deleted_topics(stage: Stage) -> None:
    topic = stage.topic()

    def delete(**state: Any) -> dict[str, Any]:
        return stage.ask(DeleteTopicsRequest(topics=[DeleteTopicState(**state)], timeout_ms=10_000))

    stage.saw("there", delete(name=topic))
    stage.until("it to be gone", lambda: not stage.describe(topic))
    stage.saw("gone", delete(name=topic))
    stage.saw("unknown id", delete(name=None, topic_id=bytes(range(16))))
    stage.saw("illegal name", delete(name="a b"))
    stage.saw("produce", stage.produce(topic, batch(b"v")))
    stage.saw("fetch", stage.fetch(topic, max_wait_ms=0))
    stage.saw("none", stage.ask(DeleteTopicsRequest(topics=[])))


@scenario(area=AREA)
def a_topic_that_comes_again_is_new(stage: Stage) -> None:
    topic = stage.topic()
    stage.produce(topic, batch(b"old"))
    stage.ask(DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], timeout_ms=10_000))
    stage.until("it to be gone", lambda: not stage.describe(topic))
    stage.saw("created", create(stage, topic))
    stage.until("it to be ready", lambda: stage.fetch(topic, max_wait_ms=0)["error_code"] == 0)
    stage.saw("empty", stage.fetch(topic, max_wait_ms=0))


def _grow(
    stage: Stage,
    name: str,
    count: int,
    assignments: Sequence[Sequence[int]] | None = None,
    validate_only: bool = False,
) -> dict[str, Any]:
    asked = CreatePartitionsRequest(
        topics=[
            CreatePartitionsTopic(
                name=name,
                count=count,
                assignments=None
                if assignments is None
                else [CreatePartitionsAssignment(broker_ids=list(brokers)) for brokers in assignments],
            )
        ],
        timeout_ms=10_000,
        validate_only=validate_only,
    )
    [told] = stage.ask(asked)["results"]
    return told


@scenario(area=AREA)
def more_partitions(stage: Stage) -> None:
    topic = stage.topic(partitions=2)
    stage.saw("validated", _grow(stage, topic, 3, validate_only=True))
    stage.saw("to three", _grow(stage, topic, 3))
    stage.saw("to five, assigned", _grow(stage, topic, 5, [[1], [1]]))
    stage.until("them", lambda: len(stage.describe(topic)) == 5)
    stage.saw("described", [[each["partition_index"], each["leader_id"]] for each in stage.describe(topic)])


@scenario(area=AREA)
def partition_counts_that_are_refused(stage: Stage) -> None:
    topic = stage.topic(partitions=2)
    for label, count, assignments in (
        ("same", 2, None), ("fewer", 1, None), ("none", 0, None), ("negative", -1, None),
        ("too few assigned", 4, [[1]]), ("too many assigned", 3, [[1], [1]]), ("unknown broker", 3, [[9]]),
        ("twice", 3, [[1, 1]]), ("another factor", 3, [[1, 2]]), ("empty", 3, [[]]), ("no lists", 3, []),
    ):  # fmt: skip
        stage.saw(label, _grow(stage, topic, count, assignments))
    stage.saw("unknown", _grow(stage, stage.name("nope"), 3))
    stage.saw("illegal", _grow(stage, "a b", 3))


@scenario(area=AREA)
def the_same_topic_grown_twice(stage: Stage) -> None:
    topic = stage.topic()
    asked = CreatePartitionsRequest(
        topics=[CreatePartitionsTopic(name=topic, count=count, assignments=None) for count in (2, 3)],
        timeout_ms=10_000,
    )
    stage.saw("twice", stage.ask(asked)["results"])


@scenario(area=AREA, clients=CLIENTS)
def by_the_admin_client(stage: Stage) -> None:
    topic = stage.topic_name()
    client = stage.client
    stage.attempt("created", lambda: client.create_topic(topic, 2, configs={"retention.ms": "5"}))
    stage.until("its leader", lambda: bool(stage.describe(topic)) and stage.leader(topic, 1) == 1)
    stage.attempt("described", lambda: client.describe_topic(topic))
    stage.attempt("again", lambda: client.create_topic(topic))
    stage.attempt("no partitions", lambda: client.create_topic(stage.name("t"), 0))
    stage.attempt("too many replicas", lambda: client.create_topic(stage.name("t"), 1, 5))
    stage.attempt("bad option", lambda: client.create_topic(stage.name("t"), configs={"retention.ms": "x"}))
    stage.attempt("bad name", lambda: client.create_topic("a b"))
    stage.attempt("grown", lambda: client.create_partitions(topic, 4))
    stage.until("four partitions", lambda: len(stage.describe(topic)) == 4)
    stage.attempt("shrunk", lambda: client.create_partitions(topic, 1))
    stage.attempt("deleted", lambda: client.delete_topic(topic))
    stage.until("it to be gone", lambda: not stage.describe(topic))
    stage.attempt("deleted again", lambda: client.delete_topic(topic))
