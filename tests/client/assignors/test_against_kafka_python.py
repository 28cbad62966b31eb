"""The assignors beside kafka-python's own, on random groups."""

from __future__ import annotations

import logging

from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor as TheirCooperative
from kafka.coordinator.assignors.range import RangePartitionAssignor as TheirRange
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor as TheirRoundRobin
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor as TheirSticky
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription

from minikafka.client.assignors.abstract import Assignment, Member, Subscription
from minikafka.client.assignors.cooperative_sticky import CooperativeStickyAssignor
from minikafka.client.assignors.range import RangePartitionAssignor
from minikafka.client.assignors.round_robin import RoundRobinPartitionAssignor
from minikafka.client.assignors.sticky import StickyPartitionAssignor, encode_user_data
from minikafka.structs import TopicPartition

# It warns of every topic without metadata.
logging.getLogger("kafka").setLevel(logging.CRITICAL)

TOPICS = ["t0", "t1", "t2", "t3"]


class Cluster:
    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts

    def topics(self) -> set[str]:
        return set(self.counts)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self.counts[topic])) if topic in self.counts else None


class TheirMember:
    def __init__(self, member_id, group_instance_id, metadata):
        self.member_id = member_id
        self.group_instance_id = group_instance_id
        self.metadata = metadata


def their_member(member: Member) -> TheirMember:
    """The member as kafka-python reads it from the bytes that ours writes."""
    metadata = ConsumerProtocolSubscription.decode(member.metadata.encode())
    if metadata.user_data:
        # kafka-python 3 expects a version in front, which Java does not write.
        metadata.user_data = b"\x00\x01" + metadata.user_data
    return TheirMember(member.member_id, member.group_instance_id, metadata)


def partitions(assignment) -> dict[str, list[int]]:
    return {topic: list(indexes) for topic, indexes in assignment.assigned_partitions if indexes}


def theirs(assignor, cluster, members) -> dict[str, dict[str, list[int]]]:
    assigned = assignor.assign(cluster, [their_member(member) for member in members])
    return {member_id: partitions(each) for member_id, each in assigned.items()}


def ours(assignor, cluster, members) -> dict[str, dict[str, list[int]]]:
    assigned = assignor.assign(cluster, members)
    # The bytes, too, must say the same to kafka-python.
    return {member_id: their_reading(each.encode()) for member_id, each in assigned.items()}


def their_reading(data: bytes) -> dict[str, list[int]]:
    decoded = ConsumerProtocolAssignment.decode(data)
    return {each.topic: list(each.partitions) for each in decoded.assigned_partitions if each.partitions}


clusters = st.builds(Cluster, st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 7), min_size=1))


@st.composite
def members(draw, *, identical: bool | None = None, version: int = 0) -> list[Member]:
    ids = draw(st.lists(st.integers(0, 20), min_size=1, max_size=7, unique=True))
    static = draw(st.integers(0, len(ids)))
    same = draw(st.booleans()) if identical is None else identical
    subscriptions = st.lists(st.sampled_from(TOPICS), min_size=1, unique=True)
    shared = draw(subscriptions)
    return [
        Member(
            f"member-{number:02}",
            f"instance-{99 - number}" if index < static else None,
            Subscription(version, shared if same else draw(subscriptions)),
        )
        for index, number in enumerate(ids)
    ]


@settings(max_examples=100, deadline=None)
@given(clusters, members())
def test_range(cluster, group):
    assert ours(RangePartitionAssignor(), cluster, group) == theirs(TheirRange, cluster, group)


@settings(max_examples=100, deadline=None)
@given(clusters, members(identical=True))
def test_round_robin(cluster, group):
    assert ours(RoundRobinPartitionAssignor(), cluster, group) == theirs(TheirRoundRobin, cluster, group)


def test_round_robin_passes_over_members_without_the_topic():
    # kafka-python 3.0.12 raises a KeyError here; this is what its documentation, and Java, say.
    group = [
        Member("c0", None, Subscription(0, ["t0"])),
        Member("c1", None, Subscription(0, ["t0", "t1"])),
        Member("c2", None, Subscription(0, ["t0", "t1", "t2"])),
    ]
    assigned = ours(RoundRobinPartitionAssignor(), Cluster({"t0": 1, "t1": 2, "t2": 3}), group)
    assert assigned == {"c0": {"t0": [0]}, "c1": {"t1": [0]}, "c2": {"t1": [1], "t2": [0, 1, 2]}}


def claim(member: Member, owned: list[TopicPartition], generation: int, cooperative: bool) -> Member:
    topics = member.metadata.topics
    if cooperative:
        metadata = Subscription(1, topics, b"", owned)
    else:
        metadata = Subscription(0, topics, encode_user_data(owned, generation))
    return Member(member.member_id, member.group_instance_id, metadata)


@st.composite
def claims(draw, group: list[Member], cluster: Cluster, cooperative: bool) -> list[Member]:
    """The group, with what its members say they owned: disjoint, or out of date and in conflict."""
    everything = [
        TopicPartition(topic, index) for topic in TOPICS for index in range(cluster.counts.get(topic, 0) + 1)
    ]
    owners = [draw(st.integers(-1, len(group) - 1)) for _ in everything]
    return [
        claim(
            member,
            [tp for tp, owner in zip(everything, owners) if owner == index],
            draw(st.integers(1, 3)),
            cooperative,
        )
        for index, member in enumerate(group)
    ]


def check_balance(assigned: dict[str, list[TopicPartition]], group: list[Member], cluster: Cluster) -> None:
    """Everything subscribed is assigned once, to a subscriber, and no move would make it more even."""
    flat = [tp for each in assigned.values() for tp in each]
    subscribed = {topic for member in group for topic in member.metadata.topics if topic in cluster.counts}
    assert sorted(flat) == sorted(
        TopicPartition(topic, index) for topic in subscribed for index in range(cluster.counts[topic])
    )
    for member in group:
        for other in group:
            for tp in assigned[other.member_id]:
                assert tp.topic in other.metadata.topics
                if tp.topic in member.metadata.topics:
                    assert len(assigned[other.member_id]) <= len(assigned[member.member_id]) + 1


def flat(assigned: dict[str, dict[str, list[int]]]) -> dict[str, list[TopicPartition]]:
    return {
        member_id: [TopicPartition(topic, index) for topic, indexes in each.items() for index in indexes]
        for member_id, each in assigned.items()
    }


@settings(max_examples=100, deadline=None)
@given(st.data(), clusters)
def test_sticky_from_nothing(data, cluster):
    group = data.draw(members())
    assigned = ours(StickyPartitionAssignor(), cluster, group)
    assert assigned == theirs(TheirSticky(), cluster, group)
    check_balance(flat(assigned), group, cluster)


@settings(max_examples=150, deadline=None)
@given(st.data(), clusters)
def test_sticky_after_claims(data, cluster):
    group = data.draw(claims(data.draw(members()), cluster, cooperative=False))
    assigned = ours(StickyPartitionAssignor(), cluster, group)
    assert assigned == theirs(TheirSticky(), cluster, group)
    check_balance(flat(assigned), group, cluster)


@settings(max_examples=150, deadline=None)
@given(st.data(), clusters)
def test_cooperative_sticky(data, cluster):
    group = data.draw(claims(data.draw(members(version=1)), cluster, cooperative=True))
    assigned = ours(CooperativeStickyAssignor(), cluster, group)
    assert assigned == theirs(TheirCooperative(), cluster, group)
    owners = {tp: member.member_id for member in group for tp in member.metadata.owned_partitions}
    for member_id, each in flat(assigned).items():
        for tp in each:
            assert owners.get(tp, member_id) == member_id
    # Nobody owns what was withheld, so that it is assigned in the next round; where members subscribe to
    # different topics, the algorithm may find something better to do meanwhile, but not for ever.
    owned = flat(assigned)
    for _ in range(10):
        group = [claim(member, owned[member.member_id], -1, True) for member in group]
        before, owned = owned, flat(ours(CooperativeStickyAssignor(), cluster, group))
        if before == owned:
            break
    check_balance(owned, group, cluster)


@settings(max_examples=100, deadline=None)
@given(st.data(), clusters)
def test_equal_subscriptions_take_two_cooperative_rounds(data, cluster):
    group = data.draw(claims(data.draw(members(identical=True, version=1)), cluster, cooperative=True))
    first = flat(ours(CooperativeStickyAssignor(), cluster, group))
    group = [claim(member, first[member.member_id], -1, True) for member in group]
    second = flat(ours(CooperativeStickyAssignor(), cluster, group))
    check_balance(second, group, cluster)
    assert all(set(first[member_id]) <= set(each) for member_id, each in second.items())


@settings(max_examples=100, deadline=None)
@given(st.data(), clusters)
def test_members_that_go_take_only_their_own_partitions_along(data, cluster):
    group = data.draw(members(identical=True))
    first = flat(ours(StickyPartitionAssignor(), cluster, group))
    if len(group) < 2:
        return
    left = [claim(member, first[member.member_id], 1, False) for member in group[1:]]
    after = flat(ours(StickyPartitionAssignor(), cluster, left))
    check_balance(after, left, cluster)
    for member in left:
        assert set(first[member.member_id]) <= set(after[member.member_id])


def test_subscription_bytes_are_kafka_pythons():
    owned = [TopicPartition("b", 1), TopicPartition("a", 0), TopicPartition("b", 0)]
    written = Subscription(1, ["a", "b"], b"x", owned).encode()
    read = ConsumerProtocolSubscription.decode(written)
    assert (read.version, read.topics, read.user_data) == (1, ["a", "b"], b"x")
    assert [(each.topic, each.partitions) for each in read.owned_partitions] == [("b", [0, 1]), ("a", [0])]
    assert Subscription.decode(read.encode()).owned_partitions == [("b", 0), ("b", 1), ("a", 0)]


def test_an_assignment_from_nowhere_is_empty():
    assert Assignment.decode(b"").partitions() == []
