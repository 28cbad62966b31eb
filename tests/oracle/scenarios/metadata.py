"""Metadata, DescribeTopicPartitions, DescribeCluster and FindCoordinator."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from tests.oracle.scenario import CLIENTS, scenario

from minikafka.messages.describe_cluster import DescribeClusterRequest
from minikafka.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    TopicRequest,
)
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic

if TYPE_CHECKING:
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "metadata"


def _ask(
    stage: Stage, *topics: MetadataRequestTopic, version: int | None = None, **fields: Any
) -> dict[str, Any]:
    fields.setdefault("allow_auto_topic_creation", False)
    return stage.ask(MetadataRequest(topics=list(topics), **fields), version)


def _ordered(told: dict[str, Any]) -> dict[str, Any]:
    """Kafka lists the partitions of a topic by hash."""
    for topic in told["topics"]:
        topic["partitions"].sort(key=lambda each: each["partition_index"])
    return told


@scenario(area=AREA)
def one_topic(stage: Stage) -> None:
    topic = stage.topic(partitions=3)
    stage.saw("by name", _ordered(_ask(stage, MetadataRequestTopic(name=topic))))
    told = _ask(stage, MetadataRequestTopic(name=topic))["topics"][0]
    by_id = MetadataRequestTopic(topic_id=UUID(told["topic_id"]).bytes, name=None)
    stage.saw("by id", _ordered(_ask(stage, by_id)))


@scenario(area=AREA)
def in_every_version(stage: Stage) -> None:
    topic = stage.topic()
    for version in range(13):
        fields = {} if version >= 4 else {"allow_auto_topic_creation": True}
        stage.saw(
            f"version {version}", _ask(stage, MetadataRequestTopic(name=topic), version=version, **fields)
        )


@scenario(area=AREA)
def topics_that_do_not_exist(stage: Stage) -> None:
    stage.saw("unknown name", _ask(stage, MetadataRequestTopic(name=stage.name("nope"))))
    stage.saw("unknown id", _ask(stage, MetadataRequestTopic(topic_id=bytes(range(16)), name=None)))
    for name in ("a b", "", ".", "x" * 250):
        stage.saw(f"illegal {name[:5]!r}", _ask(stage, MetadataRequestTopic(name=name)))
        allowed = _ask(stage, MetadataRequestTopic(name=name), allow_auto_topic_creation=True)
        stage.saw(f"illegal {name[:5]!r}, to be created", allowed)
    stage.saw("no topics", _ask(stage))


@scenario(area=AREA)
def a_topic_asked_for_twice(stage: Stage) -> None:
    topic = stage.topic()
    wanted = MetadataRequestTopic(name=topic)
    stage.saw("twice", _ask(stage, wanted, wanted)["topics"])


@scenario(area=AREA)
def a_topic_is_created_when_asked_for(stage: Stage) -> None:
    topic = stage.topic_name()
    wanted = MetadataRequestTopic(name=topic)
    first = _ask(stage, wanted, allow_auto_topic_creation=True)["topics"][0]
    stage.saw("at first", [first["error_code"], first["partitions"]])
    stage.until("it", lambda: bool(stage.describe(topic)))
    stage.saw("then", _ask(stage, wanted)["topics"])


@scenario(area=AREA)
def a_topic_is_not_created_against_the_clients_will(stage: Stage) -> None:
    topic = stage.name("nope")
    for _ in range(2):
        stage.saw("asked", _ask(stage, MetadataRequestTopic(name=topic))["topics"])


@scenario(area=AREA)
def all_topics(stage: Stage) -> None:
    topics = {stage.topic("a"), stage.topic("b")}
    told = stage.ask(MetadataRequest(topics=None))["topics"]
    found = sorted((each for each in told if each["name"] in topics), key=lambda each: str(each["name"]))
    stage.saw("ours", found)
    stage.coordinator(stage.name("g"))
    told = _ask(stage, MetadataRequestTopic(name="__consumer_offsets"))["topics"][0]
    stage.saw("internal", [told["is_internal"], len(told["partitions"])])


@scenario(area=AREA)
def authorized_operations(stage: Stage) -> None:
    topic = stage.topic()
    wanted = MetadataRequestTopic(name=topic)
    for version in (8, 10, 12):
        extra = {"include_cluster_authorized_operations": True} if version <= 10 else {}
        told = _ask(stage, wanted, version=version, include_topic_authorized_operations=True, **extra)
        stage.saw(f"version {version}", told)


@scenario(area=AREA)
def the_cluster(stage: Stage) -> None:
    for version, operations in ((0, False), (0, True), (1, False), (1, True)):
        asked = DescribeClusterRequest(include_cluster_authorized_operations=operations)
        stage.saw(f"version {version}, operations {operations}", stage.ask(asked, version))


@scenario(area=AREA)
def topic_partitions_by_pages(stage: Stage) -> None:
    first, second = stage.topic("a", partitions=3), stage.topic("b", partitions=2)
    wanted = [TopicRequest(name=second), TopicRequest(name=first)]

    def ask(label: str, limit: int, cursor: Cursor | None = None, topics: Any = wanted) -> None:
        asked = DescribeTopicPartitionsRequest(topics=topics, response_partition_limit=limit, cursor=cursor)
        stage.saw(label, stage.ask(asked))

    ask("all", 100)
    ask("two", 2)
    ask("the next", 2, Cursor(topic_name=first, partition_index=2))
    ask("exactly all", 5)
    ask("none", 0)
    ask("a cursor beyond", 5, Cursor(topic_name=second, partition_index=9))
    ask("unknown", 5, topics=[TopicRequest(name=stage.name("nope")), TopicRequest(name="a b")])


@scenario(area=AREA)
def coordinators(stage: Stage) -> None:
    group = stage.name("g")
    stage.coordinator(group)
    for version in range(4):
        stage.saw(f"version {version}", stage.ask(FindCoordinatorRequest(key=group, key_type=0), version))
    stage.saw("several", stage.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[group, group])))
    stage.saw("no keys", stage.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[])))
    stage.saw("empty", stage.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[""])))
    stage.saw("unknown kind", stage.ask(FindCoordinatorRequest(key_type=9, coordinator_keys=[group])))


@scenario(area=AREA, clients=CLIENTS)
def by_the_admin_client(stage: Stage) -> None:
    topic = stage.topic(partitions=2)
    stage.attempt("described", lambda: stage.client.describe_topic(topic))
    stage.attempt("missing", lambda: stage.client.describe_topic(stage.name("nope")))
