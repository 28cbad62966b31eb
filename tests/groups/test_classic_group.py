"""The group in memory: transitions, members, votes, leaders, commit rules."""

import pytest

from minikafka import errors
from minikafka.groups.classic_group import ClassicGroup
from minikafka.groups.classic_member import ClassicGroupMember
from minikafka.groups.classic_state import VALID_PREVIOUS_STATES, ClassicGroupState
from minikafka.groups.offset_store import CommittedOffset
from minikafka.scheduler import Promise

S = ClassicGroupState


def member(member_id="m1", *, instance_id=None, protocols=(("range", b""),), rebalance_ms=60_000):
    return ClassicGroupMember(member_id, instance_id, "c", "/h", rebalance_ms, 10_000, "consumer", protocols)


def group_in(state):
    """A group with one member, `m1` of generation 3, forced into a state."""
    group = ClassicGroup("g", generation_id=2)
    if state is S.EMPTY:
        group.generation_id = 3
        return group
    group.add(member())
    group.transition_to(S.PREPARING_REBALANCE, 1)
    if state is S.PREPARING_REBALANCE:
        group.generation_id = 3
        return group
    group.init_next_generation(1)
    if state is S.COMPLETING_REBALANCE:
        return group
    group.transition_to(S.STABLE if state is S.STABLE else S.DEAD, 1)
    return group


LEGAL = {
    (S.PREPARING_REBALANCE, S.EMPTY),
    (S.STABLE, S.PREPARING_REBALANCE),
    (S.COMPLETING_REBALANCE, S.PREPARING_REBALANCE),
    (S.EMPTY, S.PREPARING_REBALANCE),
    (S.PREPARING_REBALANCE, S.COMPLETING_REBALANCE),
    (S.COMPLETING_REBALANCE, S.STABLE),
    *((state, S.DEAD) for state in S),
}


@pytest.mark.parametrize("before", S)
@pytest.mark.parametrize("after", S)
def test_transitions_are_those_of_the_table(before, after):
    group = ClassicGroup("g", before)
    if (before, after) in LEGAL:
        group.transition_to(after, 5)
        assert (group.previous_state, group.state, group.state_timestamp_ms) == (before, after, 5)
    else:
        with pytest.raises(errors.IllegalStateError, match=before.value):
            group.transition_to(after, 5)
        assert group.state is before
    assert ((before, after) in LEGAL) == (before in VALID_PREVIOUS_STATES[after])


def test_the_first_member_leads_and_sets_the_protocol_type():
    group = ClassicGroup("g")
    group.add(member("m1"))
    group.add(member("m2"))
    assert (group.leader_id, group.protocol_type) == ("m1", "consumer")
    group.remove("m1")
    assert group.leader_id == "m2"
    group.remove("m2")
    assert group.leader_id is None
    assert group.supported_protocols == {}


def test_counts_of_parked_joins_follow_every_change():
    group = ClassicGroup("g")
    group.pending_join_members["m2"] = None
    group.add(member("m1"), Promise())
    assert not group.has_all_members_joined
    group.add(member("m2"))
    assert group.num_awaiting_join == 1
    group.update_member(group.members["m2"], (("range", b"2"),), 1, 2, Promise())
    assert group.has_all_members_joined
    group.complete_join(group.members["m1"], "answer")
    assert group.num_awaiting_join == 1
    group.remove("m2")
    assert group.num_awaiting_join == 0


def test_members_that_do_not_fit_are_refused():
    group = ClassicGroup("g")
    group.add(member("m1", instance_id="i"))
    with pytest.raises(errors.IllegalStateError, match="static member i"):
        group.add(member("m2", instance_id="i"))
    group.transition_to(S.PREPARING_REBALANCE, 1)
    with pytest.raises(errors.IllegalStateError, match="protocols"):
        group.add(member("m3", protocols=(("sticky", b""),)))
    assert list(group.members) == ["m1"]
    assert group.static_members == {"i": "m1"}


@pytest.mark.parametrize(
    ("members", "selected"),
    [
        (["ab", "ab", "ba"], "a"),
        (["ab", "b"], "b"),
        (["ab", "ba", "bac"], "b"),
        (["abc", "cba"], "a"),  # a tie: Java's HashMap iterates a before c
        (["ca", "ac", "ca"], "c"),
    ],
)
def test_the_vote(members, selected):
    group = ClassicGroup("g")
    for number, protocols in enumerate(members):
        group.add(member(f"m{number}", protocols=tuple((name, b"") for name in protocols)))
    assert group.select_protocol() == selected


def test_a_tie_goes_by_java_hash_order_and_not_by_join_order():
    for order in (("range", "roundrobin"), ("roundrobin", "range")):
        group = ClassicGroup("g")
        group.add(member("m1", protocols=tuple((name, b"") for name in order)))
        group.add(member("m2", protocols=tuple((name, b"") for name in reversed(order))))
        assert group.select_protocol() == "range"


def test_only_a_member_that_joined_leads_the_next_generation():
    group = ClassicGroup("g")
    assert not group.elect_joined_leader()
    group.add(member("m1"))
    group.add(member("m2"))
    assert not group.elect_joined_leader()
    group.update_member(group.members["m2"], (("range", b""),), 1, 1, Promise())
    assert group.elect_joined_leader()
    assert group.leader_id == "m2"


def test_generations_start_with_members_and_end_without():
    group = ClassicGroup("g")
    group.add(member("m1", protocols=(("range", b"\0\0\0\0\0\1\0\1t\xff\xff\xff\xff"),)))
    group.transition_to(S.PREPARING_REBALANCE, 1)
    group.init_next_generation(2)
    assert (group.state, group.generation_id, group.protocol_name) == (S.COMPLETING_REBALANCE, 1, "range")
    assert group.subscribed_topics == {"t"}
    group.transition_to(S.PREPARING_REBALANCE, 3)
    group.remove("m1")
    group.init_next_generation(4)
    assert (group.state, group.generation_id, group.protocol_name) == (S.EMPTY, 2, None)
    assert group.subscribed_topics == set()


@pytest.mark.parametrize(
    "metadata", [b"", b"\0\0\0\0\0\2\0\1t", b"\0\0\0\0\0\1\0\2t", b"\0\0\0\0\0\1\0\1\xff"]
)
def test_unreadable_subscriptions_leave_the_topics_unknown(metadata):
    group = ClassicGroup("g")
    group.add(member("m1", protocols=(("range", metadata),)))
    group.protocol_name = "range"
    group.subscribed_topics = group.compute_subscribed_topics()
    assert group.subscribed_topics is None
    assert group.is_subscribed_to("anything")


def test_other_protocol_types_subscribe_to_nothing():
    group = ClassicGroup("g", protocol_type="connect")
    assert group.compute_subscribed_topics() is None
    assert not group.is_subscribed_to("t")


OK = None
UNKNOWN = errors.UnknownMemberIdError
GENERATION = errors.IllegalGenerationError
REBALANCE = errors.RebalanceInProgressError
DEAD = errors.CoordinatorNotAvailableError
FENCED = errors.FencedInstanceIdError

COMMITTERS = {
    "simple": ("", None, -1),
    "member": ("m1", None, 3),
    "member of an old generation": ("m1", None, 2),
    "member without generation": ("m1", None, -1),
    "stranger": ("x", None, 3),
    "unknown instance": ("m1", "i", 3),
}
COMMIT_RULES = {
    # state: outcome for each committer, in COMMITTERS' order; then the same within a transaction
    S.EMPTY: ((OK, UNKNOWN, UNKNOWN, OK, UNKNOWN, UNKNOWN), (OK, UNKNOWN, UNKNOWN, OK, UNKNOWN, UNKNOWN)),
    S.PREPARING_REBALANCE: (
        (UNKNOWN, OK, GENERATION, GENERATION, UNKNOWN, UNKNOWN),
        (OK, OK, GENERATION, GENERATION, UNKNOWN, UNKNOWN),
    ),
    S.COMPLETING_REBALANCE: (
        (UNKNOWN, REBALANCE, GENERATION, GENERATION, UNKNOWN, UNKNOWN),
        (OK, OK, GENERATION, GENERATION, UNKNOWN, UNKNOWN),
    ),
    S.STABLE: (
        (UNKNOWN, OK, GENERATION, GENERATION, UNKNOWN, UNKNOWN),
        (OK, OK, GENERATION, GENERATION, UNKNOWN, UNKNOWN),
    ),
    S.DEAD: ((DEAD,) * 6, (DEAD,) * 6),
}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("transactional", [False, True])
@pytest.mark.parametrize("committer", COMMITTERS)
def test_who_may_commit_in_which_state(state, transactional, committer):
    group = group_in(state)
    expected = COMMIT_RULES[state][transactional][list(COMMITTERS).index(committer)]
    member_id, instance_id, generation = COMMITTERS[committer]
    if expected is None:
        group.validate_offset_commit(member_id, instance_id, generation, transactional)
    else:
        with pytest.raises(expected):
            group.validate_offset_commit(member_id, instance_id, generation, transactional)


def test_a_replaced_static_member_may_not_commit():
    group = ClassicGroup("g")
    group.add(member("m1", instance_id="i"))
    group.exchange_static_member("i", "m1", "m2")
    assert group.leader_id == "m2"
    with pytest.raises(FENCED, match="m2"):
        group.validate_offset_commit("m1", "i", 0, False)


@pytest.mark.parametrize("state", S)
def test_what_may_be_deleted_in_which_state(state):
    group = group_in(state)
    expected = {S.EMPTY: None, S.DEAD: errors.GroupIdNotFoundError}.get(state, errors.NonEmptyGroupError)
    if expected is None:
        group.validate_delete_group()
    else:
        with pytest.raises(expected):
            group.validate_delete_group()
    if state is S.DEAD:
        with pytest.raises(errors.GroupIdNotFoundError):
            group.validate_offset_delete()
    else:
        group.validate_offset_delete()
        group.protocol_type = "connect"
        if state is S.EMPTY:
            group.validate_offset_delete()
        else:
            with pytest.raises(errors.NonEmptyGroupError):
                group.validate_offset_delete()


def test_from_when_the_retention_of_offsets_counts():
    offset = CommittedOffset(5, -1, "", commit_timestamp_ms=77)
    simple = ClassicGroup("g", state_timestamp_ms=500)
    assert simple.offset_expiration_base()(offset) == 77
    empty = ClassicGroup("g", protocol_type="consumer", state_timestamp_ms=500)
    assert empty.offset_expiration_base()(offset) == 500
    empty.state_timestamp_ms = None
    assert empty.offset_expiration_base()(offset) == 77
    for state in (S.PREPARING_REBALANCE, S.COMPLETING_REBALANCE):
        assert group_in(state).offset_expiration_base() is None
    stable = group_in(S.STABLE)
    assert stable.offset_expiration_base() is None  # its one subscription cannot be read
    stable.subscribed_topics = frozenset("t")
    assert stable.offset_expiration_base()(offset) == 77
