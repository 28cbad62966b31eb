"""OffsetCommit, OffsetFetch, OffsetDelete: a group's offsets."""

from __future__ import annotations

from typing import Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.cases.produce import NOWHERE
from tests.oracle.raw.names import TOO_LONG
from tests.oracle.raw.scene import Group, Scene, Topic

from minikafka.errors import UnsupportedVersionError
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

# OffsetCommit


def commit(group: Group | str, *topics: OffsetCommitRequestTopic, **options: Any) -> OffsetCommitRequest:
    """By a member, or by nobody."""
    member = Group(group, -1, "") if isinstance(group, str) else group
    values: dict[str, Any] = {
        "group_id": member.id,
        "generation_id_or_member_epoch": member.generation,
        "member_id": member.member_id,
        "group_instance_id": member.instance_id,
        **options,
    }
    return OffsetCommitRequest(topics=list(topics), **values)


def of(topic: Topic, *offsets: Any, metadata: str | None = "") -> OffsetCommitRequestTopic:
    """One topic's offsets: of its partitions in order, or pairs (partition, offset)."""
    pairs = [each if isinstance(each, tuple) else (index, each) for index, each in enumerate(offsets)]
    return OffsetCommitRequestTopic(
        name=topic.name,
        topic_id=topic.id,
        partitions=[
            OffsetCommitRequestPartition(
                partition_index=index, committed_offset=offset, committed_metadata=metadata
            )
            for index, offset in pairs
        ],
    )


def _alone(*offsets: Any, metadata: str | None = "", topic: Topic | None = None, **options: Any) -> Any:
    """By nobody, to a group of the case's own; then what is there."""

    def build(s: Scene) -> Any:
        s.coordinator(s.name())
        where = topic or s.readable()
        return [
            commit(s.name(), of(where, *offsets, metadata=metadata), **options),
            fetch_all(s.name()),
        ]

    return build


def _member(**options: Any) -> Any:
    """By the member of `stable`."""
    return lambda s: commit(s.stable(), of(s.readable(), 3, metadata="at 3"), **options)


def fetch_all(*groups: str) -> OffsetFetchRequest:
    """All that groups have committed, in the newest version."""
    return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=each, topics=None) for each in groups])


def _epoch(epoch: int) -> Any:
    def build(s: Scene) -> Any:
        s.coordinator(s.name())
        request = commit(s.name(), of(s.readable(), 3))
        request.topics[0].partitions[0].committed_leader_epoch = epoch
        return [request, fetch_all(s.name())]

    return case(build, first=6)


_COMMIT = table(
    "OffsetCommit",
    lambda s: commit("", of(NOWHERE, 1, metadata="m")),
    good={
        "by nobody": _alone(5),
        "two partitions": _alone(5, 0),
        "with metadata": _alone(5, metadata="some words"),
        "with null metadata": _alone(5, metadata=None),
        "beyond the end": _alone(1000),
        "a leader epoch": _epoch(0),
        "by a member": _member(),
        "by a static member": case(lambda s: commit(s.static(), of(s.readable(), 3)), first=7),
        "a retention time": case(_alone(5, retention_time_ms=1000), last=4),
        "by nobody to a group whose members left": lambda s: commit(
            s.empty().id, of(s.readable(), 7, metadata="at 7")
        ),
        "before the assignment": lambda s: commit(s.group(sync=False), of(s.readable(), 1)),
        "two topics": lambda s: (
            s.coordinator(s.name()),
            [commit(s.name(), of(s.readable(), 1), of(s.trimmed(), 5)), fetch_all(s.name())],
        )[-1],
    },
    bad={
        # The group without a name comes into being, and must not stay for the other cases.
        "no group": lambda s: [commit("", of(s.readable(), 1)), DeleteGroupsRequest(groups_names=[""])],
        "unknown topic": _alone(5, topic=NOWHERE),
        "unknown partition": _alone((7, 5)),
        "negative partition": _alone((-1, 5)),
        "no topic name and no id": _alone(5, topic=Topic("", bytes(16))),
        "a topic name that is none": _alone(5, topic=Topic("no/topic", bytes(range(1, 17)))),
        "a topic name that is too long": _alone(5, topic=Topic(TOO_LONG, bytes(range(1, 17)))),
        "negative offset": _alone(-1),
        "offset -100": _alone(-100),
        "offset 2^63-1": _alone((1 << 63) - 1),
        "leader epoch -2": _epoch(-2),
        "leader epoch of the future": _epoch(99),
        "metadata that is too long": _alone(5, metadata="x" * 4097),
        "metadata that is just not too long": _alone(5, metadata="x" * 4096),
        "no topics": lambda s: (s.coordinator(s.name()), commit(s.name()))[-1],
        "no partitions": lambda s: (s.coordinator(s.name()), commit(s.name(), of(s.readable())))[-1],
        "a partition twice": _alone((0, 5), (0, 6)),
        "a topic twice": lambda s: (
            s.coordinator(s.name()),
            [commit(s.name(), of(s.readable(), 5), of(s.readable(), 6)), fetch_all(s.name())],
        )[-1],
        "one good and one unknown topic": lambda s: (
            s.coordinator(s.name()),
            commit(s.name(), of(NOWHERE, 5), of(s.readable(), 6)),
        )[-1],
        "stale generation": _member(generation_id_or_member_epoch=0),
        "newer generation": _member(generation_id_or_member_epoch=50),
        "generation -1 of a member": _member(generation_id_or_member_epoch=-1),
        "nobody to a group with members": lambda s: commit(
            s.stable().id, of(s.readable(), 3, metadata="at 3")
        ),
        "unknown member": _member(member_id="nobody"),
        "no member, but a generation": _member(member_id=""),
        "unknown member of an unknown group": lambda s: (
            s.coordinator(s.name()),
            commit(Group(s.name(), 3, "nobody"), of(s.readable(), 1)),
        )[-1],
        "a generation of an unknown group": lambda s: (
            s.coordinator(s.name()),
            commit(Group(s.name(), 3, ""), of(s.readable(), 1)),
        )[-1],
        "a member id of an unknown group, no generation": lambda s: (
            s.coordinator(s.name()),
            commit(Group(s.name(), -1, "nobody"), of(s.readable(), 1)),
        )[-1],
        "unknown instance": case(_member(group_instance_id="instance-9"), first=7),
        "an instance with another member id": case(
            lambda s: commit(s.static(), of(s.readable(), 3), member_id="other"), first=7
        ),
        "an internal topic": lambda s: (
            s.coordinator(s.name()),
            commit(s.name(), of(_offsets_topic(s), 0)),
        )[-1],
        "another broker": case(
            lambda s: At(s.another(s.name()), commit(s.name(), of(s.readable(), 1))), nodes=3
        ),
    },
)


def _offsets_topic(s: Scene) -> Topic:
    from tests.oracle.raw.cases import produce

    return produce._offsets_topic(s)


# OffsetFetch


def fetch(group_id: str, *topics: Any, **options: Any) -> Any:
    """Topics as (topic, partitions...), or None for all: in every version's own shape."""

    def build(s: Scene) -> OffsetFetchRequest:
        every = topics == (None,)
        if s.version < 8:
            if options.get("member_id") or options.get("member_epoch", -1) != -1:
                raise UnsupportedVersionError("no members")
            asked = (
                None
                if every
                else [
                    OffsetFetchRequestTopic(name=topic.name, partition_indexes=list(indexes))
                    for topic, *indexes in topics
                ]
            )
            return OffsetFetchRequest(
                group_id=group_id, topics=asked, require_stable=options.get("require_stable", False)
            )
        return several((group_id, *topics), **options)(s)

    return build


def several(*groups: Any, require_stable: bool = False, **member: Any) -> Any:
    """Several groups, each (id, topics...)."""

    def build(s: Scene) -> OffsetFetchRequest:
        if s.version < 8:
            raise UnsupportedVersionError("one group only")
        return OffsetFetchRequest(
            require_stable=require_stable,
            groups=[
                OffsetFetchRequestGroup(
                    group_id=group_id,
                    topics=None
                    if topics == [None]
                    else [
                        OffsetFetchRequestTopics(
                            name=topic.name, topic_id=topic.id, partition_indexes=list(indexes)
                        )
                        for topic, *indexes in topics
                    ],
                    **member,
                )
                for group_id, *topics in groups
            ],
        )

    return build


def _empty(*indexes: int, **options: Any) -> Any:
    return lambda s: fetch(s.empty().id, (s.readable(), *indexes), **options)(s)


_FETCH = table(
    "OffsetFetch",
    lambda s: fetch("nobody", (NOWHERE, 0))(s),
    good={
        "one partition": _empty(0),
        "two partitions": _empty(0, 1),
        "all": case(lambda s: fetch(s.stable().id, None)(s), first=2),
        "of a group with members": lambda s: fetch(s.stable().id, (s.readable(), 0))(s),
        "stable offsets only": case(_empty(0, require_stable=True), first=7),
        "several groups": lambda s: several(
            (s.empty().id, (s.readable(), 0)), (s.stable().id, (s.readable(), 0))
        )(s),
        "all of several groups": lambda s: several((s.stable().id, None), (s.empty().id, (s.readable(), 1)))(
            s
        ),
        "as a member": case(
            lambda s: fetch(s.stable().id, (s.readable(), 0), member_id=s.stable().member_id, member_epoch=1)(
                s
            ),
            first=9,
        ),
        "never committed": lambda s: fetch(s.stable().id, (s.readable(), 1))(s),
    },
    bad={
        "no group": lambda s: fetch("", (s.readable(), 0))(s),
        "unknown group": lambda s: fetch("nobody", (s.readable(), 0))(s),
        "all of an unknown group": case(lambda s: fetch("nobody", None)(s), first=2),
        "unknown topic": lambda s: fetch(s.empty().id, (NOWHERE, 0))(s),
        "unknown partition": _empty(9),
        "negative partition": _empty(-1),
        "no topic name and no id": lambda s: fetch(s.empty().id, (Topic("", bytes(16)), 0))(s),
        "a topic name that is none": lambda s: fetch(
            s.empty().id, (Topic("no/topic", bytes(range(1, 17))), 0)
        )(s),
        "a topic name that is too long": lambda s: fetch(
            s.empty().id, (Topic(TOO_LONG, bytes(range(1, 17))), 0)
        )(s),
        "no topics": lambda s: fetch(s.empty().id)(s),
        "no partitions": _empty(),
        "a partition twice": _empty(0, 0),
        "a topic twice": lambda s: fetch(s.empty().id, (s.readable(), 0), (s.readable(), 1))(s),
        "good and unknown topics": lambda s: fetch(s.empty().id, (NOWHERE, 0), (s.readable(), 0))(s),
        "no groups": several(),
        "a group twice": lambda s: several(
            (s.empty().id, (s.readable(), 0)), (s.empty().id, (s.readable(), 1))
        )(s),
        "good and unknown groups": lambda s: several(
            ("nobody", (s.readable(), 0)), (s.empty().id, (s.readable(), 0))
        )(s),
        "a good group and one without a name": lambda s: several(
            ("", (s.readable(), 0)), (s.empty().id, (s.readable(), 0))
        )(s),
        "an unknown member": case(
            lambda s: fetch(s.stable().id, (s.readable(), 0), member_id="nobody", member_epoch=1)(s), first=9
        ),
        "a wrong member epoch": case(
            lambda s: fetch(s.stable().id, (s.readable(), 0), member_id=s.stable().member_id, member_epoch=9)(
                s
            ),
            first=9,
        ),
        "a member of an unknown group": case(
            lambda s: fetch("nobody", (s.readable(), 0), member_id="nobody", member_epoch=1)(s), first=9
        ),
        "another broker": case(
            lambda s: At(s.another(s.name()), fetch(s.name(), (s.readable(), 0))(s)), nodes=3
        ),
    },
)

# OffsetDelete


def delete(group_id: str, *topics: Any) -> OffsetDeleteRequest:
    """Topics as (name, partitions...)."""
    return OffsetDeleteRequest(
        group_id=group_id,
        topics=[
            OffsetDeleteRequestTopic(
                name=name,
                partitions=[OffsetDeleteRequestPartition(partition_index=index) for index in indexes],
            )
            for name, *indexes in topics
        ],
    )


def _committed(s: Scene) -> str:
    s.commit(s.name(), s.readable(), {0: 1, 1: 2})
    return s.name()


def _deleted(*indexes: int, topic: str | None = None) -> Any:
    def build(s: Scene) -> Any:
        group_id = _committed(s)
        return [
            delete(group_id, (s.readable().name if topic is None else topic, *indexes)),
            fetch_all(group_id),
        ]

    return build


_DELETE = table(
    "OffsetDelete",
    lambda s: delete("nobody", ("nowhere", 0)),
    good={
        "one": _deleted(0),
        "all": _deleted(0, 1),
        "of a group with members, another topic": lambda s: [
            (s.commit(g.id, s.trimmed(), {0: 5}, g), delete(g.id, (s.trimmed().name, 0)))[-1]
            for g in [s.group(topics=["elsewhere"])]
        ],
    },
    bad={
        "no group": lambda s: delete("", (s.readable().name, 0)),
        "unknown group": lambda s: delete("nobody", (s.readable().name, 0)),
        "unknown topic": _deleted(0, topic="nowhere"),
        "unknown partition": _deleted(9),
        "negative partition": _deleted(-1),
        "no topic name": _deleted(0, topic=""),
        "a topic name that is none": _deleted(0, topic="no/topic"),
        "a topic name that is too long": _deleted(0, topic=TOO_LONG),
        "no topics": lambda s: delete(_committed(s)),
        "no topics of an unknown group": lambda s: delete("nobody"),
        "no partitions": _deleted(),
        "a partition twice": _deleted(0, 0),
        "a topic twice": lambda s: delete(_committed(s), (s.readable().name, 0), (s.readable().name, 1)),
        "never committed": lambda s: delete(_committed(s), (s.trimmed().name, 0)),
        "good and unknown topics": lambda s: delete(_committed(s), ("nowhere", 0), (s.readable().name, 0)),
        "a topic that is subscribed": lambda s: delete(s.stable().id, (s.readable().name, 0)),
        "of a group of another type": lambda s: delete(
            s.group(protocol_type="connect", protocols=["compatible"]).id, (s.readable().name, 0)
        ),
        "before the assignment": lambda s: delete(s.group(sync=False).id, (s.readable().name, 0)),
        "another broker": case(
            lambda s: At(s.another(s.name()), delete(s.name(), (s.readable().name, 0))), nodes=3
        ),
    },
)

CASES = [*_COMMIT, *_FETCH, *_DELETE]
