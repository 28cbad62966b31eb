"""Committed offsets: who may commit and when, OffsetFetch, OffsetDelete, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, scenario
from tests.oracle.scenarios.groups import Group, _two
from tests.oracle.stage import batch

from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from minikafka.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from minikafka.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)

if TYPE_CHECKING:
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "commits"


def commit(
    group: Group,
    topic: str,
    offset: int = 1,
    member: str = "",
    generation: int = -1,
    instance: str | None = None,
    partition: int = 0,
    metadata: str | None = "",
    version: int | None = None,
    epoch: int = -1,
) -> dict[str, Any]:
    """OffsetCommit of one partition: the answer."""
    return group.ask(
        OffsetCommitRequest(
            group_id=group.id,
            generation_id_or_member_epoch=generation,
            member_id=member,
            group_instance_id=instance,
            topics=[
                OffsetCommitRequestTopic(
                    name=topic,
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=partition,
                            committed_offset=offset,
                            committed_metadata=metadata,
                            committed_leader_epoch=epoch,
                        )
                    ],
                )
            ],
        ),
        version,
    )


def committed(
    group: Group, topic: str | None, partitions: tuple[int, ...] = (0,), **fields: Any
) -> dict[str, Any]:
    """OffsetFetch of one group: of a topic's partitions, or for None of all that are committed."""
    topics = (
        None if topic is None else [OffsetFetchRequestTopics(name=topic, partition_indexes=list(partitions))]
    )
    [told] = group.ask(
        OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group.id, topics=topics)], **fields)
    )["groups"]
    return told


@scenario(area=AREA)
def without_members(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    stage.saw("nothing yet", committed(group, topic))
    stage.saw("all of nothing", committed(group, None))
    stage.saw("commit", commit(group, topic, 5, metadata="note"))
    stage.saw("committed", committed(group, topic, (0, 1)))
    stage.saw("all", committed(group, None))
    stage.saw("described", group.describe())
    stage.saw("again, lower", commit(group, topic, 2, metadata=None))
    stage.saw("committed", committed(group, topic))
    stage.saw("with an epoch", commit(group, topic, 3, epoch=7))
    stage.saw("committed", committed(group, topic))
    stage.saw("with a generation", commit(group, topic, 9, generation=1))
    stage.saw("with a member", commit(group, topic, 9, member="nobody"))
    stage.saw("with both", commit(group, topic, 9, member="nobody", generation=1))
    stage.saw("with an instance", commit(group, topic, 9, instance="i"))


@scenario(area=AREA)
def with_a_member(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    member, generation = group.stable()
    stage.saw("its own", commit(group, topic, 1, member, generation))
    stage.saw("old generation", commit(group, topic, 2, member, generation - 1))
    stage.saw("later generation", commit(group, topic, 2, member, generation + 1))
    stage.saw("stranger", commit(group, topic, 2, "nobody", generation))
    stage.saw("no member", commit(group, topic, 2))
    stage.saw("no generation", commit(group, topic, 2, member, -1))
    stage.saw("unknown instance", commit(group, topic, 2, member, generation, "i"))
    stage.saw("committed", committed(group, topic))


@scenario(area=AREA)
def with_a_static_member(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    member, generation = group.stable(instance="i")
    stage.saw("its own", commit(group, topic, 1, member, generation, "i"))
    stage.saw("without the instance", commit(group, topic, 2, member, generation))
    back = group.join(instance="i")
    stage.saw("fenced", commit(group, topic, 3, member, generation, "i"))
    stage.saw("the new one", commit(group, topic, 4, back["member_id"], back["generation_id"], "i"))
    stage.saw("committed", committed(group, topic))


@scenario(area=AREA)
def while_a_group_rebalances(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    leader, generation = group.stable()
    waiting = group.begin_join(group.new_member_id())
    group.wait_for_state("PreparingRebalance")
    stage.saw("preparing", commit(group, topic, 1, leader, generation))
    joined = group.join(leader)
    follower = waiting.result()["member_id"]
    generation = joined["generation_id"]
    for label, member in (("leader", leader), ("follower", follower)):
        stage.saw(f"completing, {label}", commit(group, topic, 2, member, generation))
    stage.saw("completing, old generation", commit(group, topic, 2, leader, generation - 1))
    stage.saw("completing, stranger", commit(group, topic, 2, "nobody", generation))
    stage.saw("committed", committed(group, topic))


@scenario(area=AREA)
def values_of_every_kind(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    for offset in (0, 1 << 40, -1, -2):
        stage.saw(f"offset {offset}", commit(group, topic, offset))
        stage.saw(f"committed {offset}", committed(group, topic))
    stage.saw("longest note", commit(group, topic, 1, metadata="x" * 4096))
    stage.saw("too long a note", commit(group, topic, 1, metadata="x" * 4097))
    stage.saw("unknown partition", commit(group, topic, 1, partition=9))
    stage.saw("negative partition", commit(group, topic, 1, partition=-1))
    stage.saw("unknown topic", commit(group, stage.name("nope"), 1))
    stage.saw("illegal topic", commit(group, "a b", 1))
    stage.saw("empty group", stage.ask(OffsetCommitRequest(group_id="", topics=[])))
    stage.saw("no topics", group.ask(OffsetCommitRequest(group_id=group.id, topics=[])))


@scenario(area=AREA)
def in_every_version(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    for version in range(2, 10):
        stage.saw(f"commit {version}", commit(group, topic, version, version=version))
    for version in range(1, 8):
        topics = [OffsetFetchRequestTopic(name=topic, partition_indexes=[0, 3])]
        asked = OffsetFetchRequest(group_id=group.id, topics=topics)
        stage.saw(f"fetch {version}", group.ask(asked, version))
        if version >= 2:
            asked = OffsetFetchRequest(group_id=group.id, topics=None)
            stage.saw(f"fetch all {version}", group.ask(asked, version))


@scenario(area=AREA)
def fetched_oddly(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    commit(group, topic, 3)
    stage.saw("unknown topic", committed(group, stage.name("nope")))
    stage.saw("no partitions", committed(group, topic, ()))
    stage.saw("stable ones", committed(group, topic, require_stable=True))
    wanted = [
        OffsetFetchRequestGroup(group_id=name, topics=None) for name in (group.id, stage.name("other"), "")
    ]
    told = group.ask(OffsetFetchRequest(groups=wanted))["groups"]
    stage.saw("several groups", sorted(told, key=lambda each: str(each["group_id"])))
    stage.saw("no groups", group.ask(OffsetFetchRequest(groups=[])))


@scenario(area=AREA)
def deleted(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic(partitions=2)

    def delete(name: str, partition: int) -> dict[str, Any]:
        return group.ask(
            OffsetDeleteRequest(
                group_id=group.id,
                topics=[
                    OffsetDeleteRequestTopic(
                        name=name, partitions=[OffsetDeleteRequestPartition(partition_index=partition)]
                    )
                ],
            )
        )

    stage.saw("no group", delete(topic, 0))
    commit(group, topic, 1)
    commit(group, topic, 1, partition=1)
    stage.saw("one", delete(topic, 0))
    stage.saw("unknown partition", delete(topic, 7))
    stage.saw("unknown topic", delete(stage.name("nope"), 0))
    stage.saw("committed", committed(group, topic, (0, 1)))
    stage.saw("the last", delete(topic, 1))
    stage.saw("described", group.describe())


@scenario(area=AREA)
def offsets_go_with_their_group(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    commit(group, topic, 1)
    stage.saw(
        "deleted", stage.ask(DeleteGroupsRequest(groups_names=[group.id]), node=stage.coordinator(group.id))
    )
    stage.saw("committed", committed(group, topic))


@scenario(area=AREA)
def offsets_go_with_their_topic(stage: Stage) -> None:
    from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState

    group, topic = Group(stage), stage.topic()
    commit(group, topic, 1)
    stage.ask(DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], timeout_ms=10_000))
    stage.until("the offset to go", lambda: not committed(group, None)["topics"])
    stage.saw("described", group.describe())


@scenario(area=AREA)
def members_of_a_completing_group_stay_owners(stage: Stage) -> None:
    group, topic = Group(stage), stage.topic()
    first, second = _two(group)
    group.sync(first["member_id"], first["generation_id"], {})
    for label, member in (("leader", first), ("follower", second)):
        stage.saw(label, commit(group, topic, 1, member["member_id"], first["generation_id"]))


@scenario(area=AREA, clients=CLIENTS)
def by_a_consumer(stage: Stage) -> None:
    topic, group = stage.topic(), stage.name("g")
    stage.coordinator(group)
    stage.produce(topic, batch(b"a", b"b", b"c"))
    consumer = stage.client.consumer(
        topic, group=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    stage.saw("read", [each["value"] for each in consumer.read(2)])
    stage.saw("nothing committed", consumer.committed((topic, 0)))
    consumer.commit({(topic, 0): 2})
    stage.saw("committed", consumer.committed((topic, 0)))
    stage.attempt("from outside", lambda: stage.client.group_offsets(group))
    stage.attempt("beyond the log", lambda: consumer.commit({(topic, 0): 99}))
    consumer.commit({(topic, 0): 1})
    consumer.close()
    other = stage.client.consumer(topic, group=group, auto_offset_reset="earliest", enable_auto_commit=False)
    stage.saw("resumed", [each["value"] for each in other.read(2)])


@scenario(area=AREA, clients=CLIENTS)
def by_the_admin_client(stage: Stage) -> None:
    topic, group = stage.topic(), stage.name("g")
    stage.coordinator(group)
    stage.produce(topic, batch(b"a", b"b", b"c"))
    stage.attempt("set", lambda: stage.client.set_group_offset(group, (topic, 0), 2))
    stage.attempt("told", lambda: stage.client.group_offsets(group))
    consumer = stage.client.consumer(
        topic, group=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    stage.saw("read", [each["value"] for each in consumer.read(1)])
    stage.attempt("set while it lives", lambda: stage.client.set_group_offset(group, (topic, 0), 0))
    stage.attempt("deleted while it lives", lambda: stage.client.delete_group(group))
    consumer.close()
    stage.attempt("deleted", lambda: stage.client.delete_group(group))
    stage.attempt("deleted again", lambda: stage.client.delete_group(group))
