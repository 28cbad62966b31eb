"""JoinGroup, SyncGroup, Heartbeat, LeaveGroup, offsets and group administration over a whole broker."""

from __future__ import annotations

import pytest

from minikafka.errors import ErrorCode
from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.heartbeat import HeartbeatRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity
from minikafka.messages.list_groups import ListGroupsRequest
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
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment


def join_request(member_id="", **options):
    options = {"group_id": "g", "session_timeout_ms": 10_000, "rebalance_timeout_ms": 60_000, **options}
    return JoinGroupRequest(
        member_id=member_id,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        **options,
    )


def join(lab, **options):
    """Join the group alone, and sync."""
    required = lab.ask(join_request(**options))
    assert required.error_code == ErrorCode.MEMBER_ID_REQUIRED
    joined = lab.ask(join_request(required.member_id, **options))
    assert joined.error_code == 0
    group_id = options.get("group_id", "g")
    synced = lab.ask(
        SyncGroupRequest(
            group_id=group_id,
            generation_id=joined.generation_id,
            member_id=joined.member_id,
            protocol_type="consumer",
            protocol_name="range",
            assignments=[SyncGroupRequestAssignment(member_id=joined.member_id, assignment=b"all")],
        )
    )
    assert (synced.error_code, synced.assignment) == (0, b"all")
    return joined


def commit(lab, offset, *, topic="orders", partition=0, group="g", member_id="", generation=-1, **options):
    request = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=generation,
        member_id=member_id,
        topics=[
            OffsetCommitRequestTopic(
                name=topic,
                topic_id=options.pop("topic_id", bytes(16)),
                partitions=[
                    OffsetCommitRequestPartition(
                        partition_index=partition, committed_offset=offset, committed_metadata="note"
                    )
                ],
            )
        ],
    )
    return lab.ask(request, **options).topics[0].partitions[0].error_code


def committed(lab, *partitions, group="g", **options):
    """The committed offsets by (topic, partition); all of them without `partitions`."""
    topics = None
    if partitions:
        topics = [
            OffsetFetchRequestTopics(name=topic, partition_indexes=[index]) for topic, index in partitions
        ]
    request = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=topics)], **options)
    (answer,) = lab.ask(request).groups
    assert answer.error_code == 0
    return {
        (topic.name, partition.partition_index): partition.committed_offset
        for topic in answer.topics
        for partition in topic.partitions
    }


@pytest.fixture
def grouped(orders):
    orders.coordinator("g")
    return orders


# Membership


def test_a_member_joins_beats_and_leaves(grouped):
    joined = join(grouped)
    beat = HeartbeatRequest(group_id="g", generation_id=joined.generation_id, member_id=joined.member_id)
    assert grouped.ask(beat).error_code == 0
    stale = HeartbeatRequest(group_id="g", generation_id=9, member_id=joined.member_id)
    assert grouped.ask(stale).error_code == ErrorCode.ILLEGAL_GENERATION
    left = grouped.ask(LeaveGroupRequest(group_id="g", members=[MemberIdentity(member_id=joined.member_id)]))
    assert (left.error_code, left.members[0].error_code) == (0, 0)
    assert grouped.ask(beat).error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_silent_member_is_evicted(grouped):
    joined = join(grouped)
    grouped.kafka.advance(ms=10_001)
    assert grouped.kafka.group("g").members == ()
    beat = HeartbeatRequest(group_id="g", generation_id=joined.generation_id, member_id=joined.member_id)
    assert grouped.ask(beat).error_code == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"group_id": ""}, ErrorCode.INVALID_GROUP_ID),
        ({"session_timeout_ms": 1}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"member_id": "who"}, ErrorCode.UNKNOWN_MEMBER_ID),
    ],
)
def test_join_refusals(grouped, options, code):
    assert grouped.ask(join_request(**options)).error_code == code


def test_before_the_offsets_topic_is_there(lab):
    assert lab.ask(join_request()).error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    beat = lab.ask(HeartbeatRequest(group_id="g", generation_id=1, member_id="m"))
    assert beat.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    leave = lab.ask(LeaveGroupRequest(group_id="g", members=[MemberIdentity(member_id="m")]))
    assert leave.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE


def test_the_wrong_broker_says_so(make_lab):
    lab = make_lab(brokers=2)
    node_id = lab.coordinator("g").node_id
    assert lab.ask(join_request(), 3 - node_id).error_code == ErrorCode.NOT_COORDINATOR


# Offsets


def test_a_commit_before_the_offsets_topic_is_there_still_tells_of_unknown_partitions(orders):
    request = OffsetCommitRequest(
        group_id="g",
        topics=[
            OffsetCommitRequestTopic(
                name="orders",
                partitions=[OffsetCommitRequestPartition(partition_index=index) for index in (0, 9)],
            )
        ],
    )
    told = orders.ask(request, version=9).topics[0].partitions
    assert [(each.partition_index, each.error_code) for each in told] == [
        (0, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ]


def test_commit_and_fetch(grouped):
    assert commit(grouped, 5) == 0
    assert commit(grouped, 6, partition=1) == 0
    assert committed(grouped) == {("orders", 0): 5, ("orders", 1): 6}
    assert committed(grouped, ("orders", 1), ("other", 0)) == {("orders", 1): 6, ("other", 0): -1}
    assert committed(grouped, group="nobody") == {}
    assert committed(grouped, ("orders", 0), group="nobody") == {("orders", 0): -1}
    assert committed(grouped, ("orders", 0), require_stable=True) == {("orders", 0): 5}


def test_commit_of_members(grouped):
    joined = join(grouped)
    good = {"member_id": joined.member_id, "generation": joined.generation_id}
    assert commit(grouped, 1, **good) == 0
    assert commit(grouped, 1, **{**good, "generation": 7}) == ErrorCode.ILLEGAL_GENERATION
    assert commit(grouped, 1, **{**good, "member_id": "x"}) == ErrorCode.UNKNOWN_MEMBER_ID
    assert commit(grouped, 1) == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"topic": "x"}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"partition": 9}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"topic": "", "topic_id": b"x" * 16}, ErrorCode.UNKNOWN_TOPIC_ID),
    ],
)
def test_commit_refusals(grouped, options, code):
    assert commit(grouped, 1, **options) == code
    assert committed(grouped) == {}


def test_offsets_by_topic_id(grouped):
    topic_id = grouped.image.topics["orders"].topic_id
    assert commit(grouped, 3, topic="", topic_id=topic_id) == 0
    request = OffsetFetchRequest(
        groups=[
            OffsetFetchRequestGroup(
                group_id="g",
                topics=[
                    OffsetFetchRequestTopics(topic_id=topic_id, partition_indexes=[0]),
                    OffsetFetchRequestTopics(topic_id=b"x" * 16, partition_indexes=[0]),
                ],
            )
        ]
    )
    known, unknown = grouped.ask(request).groups[0].topics
    assert (known.topic_id, known.partitions[0].committed_offset) == (topic_id, 3)
    assert (unknown.topic_id, unknown.partitions[0].error_code) == (b"x" * 16, ErrorCode.UNKNOWN_TOPIC_ID)
    everything = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id="g", topics=None)])
    assert grouped.ask(everything).groups[0].topics[0].topic_id == topic_id


def test_several_groups_in_one_fetch_and_old_versions(grouped):
    commit(grouped, 4, group="a")
    commit(grouped, 5, group="b")
    request = OffsetFetchRequest(
        groups=[OffsetFetchRequestGroup(group_id=group, topics=None) for group in ("a", "b")]
    )
    offsets = [group.topics[0].partitions[0].committed_offset for group in grouped.ask(request).groups]
    assert offsets == [4, 5]
    old = OffsetFetchRequest(
        group_id="a", topics=[OffsetFetchRequestTopic(name="orders", partition_indexes=[0])]
    )
    assert grouped.ask(old, version=5).topics[0].partitions[0].committed_offset == 4


def test_offsets_survive_a_restart(grouped):
    commit(grouped, 5)
    grouped.kafka.kill(1)
    grouped.kafka.start(1)
    grouped.coordinator("g")
    assert committed(grouped) == {("orders", 0): 5}


def test_offsets_move_with_the_coordinator(make_lab):
    lab = make_lab(brokers=3)
    lab.kafka.create_topic("orders")
    node_id = lab.coordinator("g").node_id
    commit(lab, 5, node_id=node_id)
    lab.kafka.stop(node_id)
    other = next(iter(lab.kafka.brokers))
    answer = lab.ask(FindCoordinatorRequest(coordinator_keys=["g"]), other).coordinators[0]
    lab.settle()
    assert answer.node_id not in (-1, node_id)
    request = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id="g", topics=None)])
    (group,) = lab.ask(request, answer.node_id).groups
    assert group.topics[0].partitions[0].committed_offset == 5


def test_offsets_of_a_deleted_topic_are_forgotten(grouped):
    commit(grouped, 5)
    grouped.kafka.create_topic("other")
    commit(grouped, 6, topic="other")
    grouped.kafka.delete_topic("orders")
    grouped.settle()
    assert committed(grouped) == {("other", 0): 6}


def delete_offsets(lab, topic="orders", partition=0, group="g"):
    request = OffsetDeleteRequest(
        group_id=group,
        topics=[
            OffsetDeleteRequestTopic(
                name=topic, partitions=[OffsetDeleteRequestPartition(partition_index=partition)]
            )
        ],
    )
    response = lab.ask(request)
    return response.error_code or response.topics[0].partitions[0].error_code


def test_offset_delete(grouped):
    commit(grouped, 5)
    assert delete_offsets(grouped, "x") == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert delete_offsets(grouped, group="nobody") == ErrorCode.GROUP_ID_NOT_FOUND
    assert delete_offsets(grouped, group="") == ErrorCode.INVALID_GROUP_ID
    assert committed(grouped) == {("orders", 0): 5}
    assert delete_offsets(grouped) == 0
    assert committed(grouped) == {}


# Administration


def test_describe_list_and_delete(grouped):
    joined = join(grouped)
    commit(grouped, 1, group="only-offsets")
    request = DescribeGroupsRequest(
        groups=["only-offsets", "g", "nobody"], include_authorized_operations=True
    )
    offsets, group, nobody = grouped.ask(request).groups
    assert (group.group_id, group.group_state, group.protocol_type) == ("g", "Stable", "consumer")
    assert [member.member_id for member in group.members] == [joined.member_id]
    assert group.authorized_operations == 3400
    assert offsets.group_state == "Empty"
    assert (nobody.group_state, nobody.error_code) == ("Dead", ErrorCode.GROUP_ID_NOT_FOUND)

    listed = grouped.ask(ListGroupsRequest())
    assert sorted(each.group_id for each in listed.groups) == ["g", "only-offsets"]
    stable = grouped.ask(ListGroupsRequest(states_filter=["Stable"]))
    assert [each.group_id for each in stable.groups] == ["g"]

    deleted = grouped.ask(DeleteGroupsRequest(groups_names=["g", "only-offsets", "nobody", "g"])).results
    assert [(each.group_id, each.error_code) for each in deleted] == [
        ("g", ErrorCode.NON_EMPTY_GROUP),
        ("only-offsets", 0),
        ("nobody", ErrorCode.GROUP_ID_NOT_FOUND),
    ]
    assert [each.group_id for each in grouped.ask(ListGroupsRequest()).groups] == ["g"]


def test_administration_without_an_offsets_topic(lab):
    (described,) = lab.ask(DescribeGroupsRequest(groups=["g"])).groups
    assert described.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert lab.ask(ListGroupsRequest()).groups == []
    (deleted,) = lab.ask(DeleteGroupsRequest(groups_names=["g"])).results
    assert deleted.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"session_timeout_ms": 1}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"group_id": ""}, ErrorCode.INVALID_GROUP_ID),
    ],
)
def test_what_is_wrong_with_a_join_is_told_with_the_members_id(lab, options, code):
    refused = lab.ask(join_request("member-1", **options))
    assert (refused.error_code, refused.member_id) == (code, "member-1")
