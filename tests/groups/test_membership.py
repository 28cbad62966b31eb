"""Join, sync, heartbeat and leave in every state, with their deadlines."""

import pytest

NONE, NOT_COORDINATOR, ILLEGAL_GENERATION, INCONSISTENT_PROTOCOL, INVALID_GROUP_ID = 0, 16, 22, 23, 24
UNKNOWN_MEMBER_ID, INVALID_SESSION_TIMEOUT, REBALANCE_IN_PROGRESS, MEMBER_ID_REQUIRED = 25, 26, 27, 79
GROUP_MAX_SIZE_REACHED, COORDINATOR_NOT_AVAILABLE = 81, 15


# One member alone


def test_a_first_member_goes_through_every_state(coordinator):
    c = coordinator
    announced = c.join().result()
    assert announced.error_code == MEMBER_ID_REQUIRED
    assert announced.member_id.startswith("c-")
    assert len(announced.member_id) == 2 + 36
    assert c.state() == "Empty"
    parked = c.join(announced.member_id)
    assert c.state() == "PreparingRebalance"
    c.advance(0)
    joined = parked.result()
    assert (joined.error_code, joined.generation_id, joined.protocol_name) == (NONE, 1, "range")
    assert joined.leader == joined.member_id == announced.member_id
    assert [each.member_id for each in joined.members] == [announced.member_id]
    assert joined.members[0].metadata == c.subscription("t")
    assert c.state() == "CompletingRebalance"
    synced = c.sync(joined.member_id, 1, {joined.member_id: b"mine"}).result()
    assert (synced.error_code, synced.assignment, synced.protocol_name) == (NONE, b"mine", "range")
    assert c.state() == "Stable"
    assert c.heartbeat(joined.member_id, 1) == NONE
    assert c.leave(joined.member_id) == [NONE]
    assert (c.state(), c.group().generation_id) == ("Empty", 2)


def test_before_version_4_a_member_needs_no_id_of_its_own(coordinator):
    parked = coordinator.join(version=3)
    coordinator.advance(0)
    assert parked.result().member_id.startswith("c-")


def test_version_0_takes_the_session_timeout_for_a_rebalance_timeout(coordinator):
    coordinator.join(version=0, rebalance_ms=-1)
    assert coordinator.group().rebalance_timeout_ms == 10_000


@pytest.mark.parametrize("version", [3, 6])
def test_old_versions_have_no_null_protocol_name(coordinator, version):
    assert coordinator.join("unknown", version=version).result().protocol_name == ""
    assert coordinator.join("unknown", version=9).result().protocol_name is None


def test_member_ids_come_from_the_seed(new_coordinator):
    ids = [[new_coordinator(seed=seed).join().result().member_id for _ in "ab"] for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0][0][-36:][14] == "4"  # a UUID of version 4


@pytest.mark.parametrize(("session_ms", "code"), [(5_999, 26), (6_000, 79), (1_800_000, 79), (1_800_001, 26)])
def test_session_timeouts_have_bounds(coordinator, session_ms, code):
    assert coordinator.code(coordinator.join(session_ms=session_ms)) == code


def test_a_protocol_that_is_named_twice_counts_once(coordinator):
    c = coordinator
    twice = (("range", ("t",)), ("range", ("u",)), ("roundrobin", ("t",)))
    first, second = (c.join(protocols=twice, version=3) for _ in "ab")
    c.advance(0)
    assert first.result().protocol_name == "range"
    rejoined = [c.join(each.result().member_id, version=3) for each in (first, second)]
    c.advance(0)
    assert [each.result().protocol_name for each in rejoined] == ["range", "range"]


def test_group_ids_are_not_empty(coordinator):
    c = coordinator
    assert c.code(c.join(group_id="")) == INVALID_GROUP_ID
    assert c.code(c.sync("m", 1, group_id="")) == INVALID_GROUP_ID
    assert c.heartbeat("m", 1, group_id="") == INVALID_GROUP_ID


def test_unknown_groups(coordinator):
    c = coordinator
    assert c.code(c.join("m")) == UNKNOWN_MEMBER_ID
    assert c.code(c.sync("m", 1)) == UNKNOWN_MEMBER_ID
    assert c.heartbeat("m", 1) == UNKNOWN_MEMBER_ID
    assert c.leave("m", ("", "i")) == [UNKNOWN_MEMBER_ID] * 2
    assert c.group() is None


@pytest.mark.parametrize("protocols", [(), (("sticky", ("t",)),)])
def test_protocols_must_fit(coordinator, protocols):
    coordinator.stable_group(1)
    assert coordinator.code(coordinator.join(protocols=protocols)) == INCONSISTENT_PROTOCOL
    assert coordinator.code(coordinator.join(protocols=(("range", ()),), protocol_type="connect")) == 23


def test_an_empty_group_wants_some_protocol(coordinator):
    assert coordinator.code(coordinator.join(protocols=())) == INCONSISTENT_PROTOCOL
    assert coordinator.code(coordinator.join(protocol_type="")) == INCONSISTENT_PROTOCOL
    assert coordinator.state() == "Empty"  # Kafka creates the group all the same


# A table: state by event


def in_state(coordinator, state):
    """A group in that state with two members of the generation: leader, follower, generation."""
    c = coordinator
    (leader, follower), generation = c.stable_group(2)
    if state == "PreparingRebalance":
        c.join(leader)
    elif state == "CompletingRebalance":
        joins = [c.join(leader), c.join(follower)]
        assert [c.code(join) for join in joins] == [NONE, NONE]
        generation += 1
    elif state == "Empty":
        c.leave(leader, follower)
        generation = c.group().generation_id
    assert c.state() == state
    return leader, follower, generation


STATES = ["Empty", "PreparingRebalance", "CompletingRebalance", "Stable"]
PARKED = None
TABLE = {
    # event: answer in each of STATES
    "heartbeat": (UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, NONE, NONE),
    "heartbeat of an old generation": (
        UNKNOWN_MEMBER_ID,
        ILLEGAL_GENERATION,
        ILLEGAL_GENERATION,
        ILLEGAL_GENERATION,
    ),
    "heartbeat of a stranger": (UNKNOWN_MEMBER_ID,) * 4,
    "sync of a follower": (UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, PARKED, NONE),
    "sync of the leader": (UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, NONE, NONE),
    "sync of an old generation": (
        UNKNOWN_MEMBER_ID,
        ILLEGAL_GENERATION,
        ILLEGAL_GENERATION,
        ILLEGAL_GENERATION,
    ),
    "sync of a stranger": (UNKNOWN_MEMBER_ID,) * 4,
    "sync with another protocol": (UNKNOWN_MEMBER_ID, INCONSISTENT_PROTOCOL, INCONSISTENT_PROTOCOL, 23),
    "rejoin of a follower": (UNKNOWN_MEMBER_ID, NONE, NONE, NONE),
    "rejoin of the leader": (UNKNOWN_MEMBER_ID, PARKED, NONE, PARKED),
    "rejoin of a follower with other metadata": (UNKNOWN_MEMBER_ID, NONE, PARKED, PARKED),
    "join of a stranger": (UNKNOWN_MEMBER_ID,) * 4,
    "join of a new member": (MEMBER_ID_REQUIRED,) * 4,
    "leave of a follower": (UNKNOWN_MEMBER_ID, NONE, NONE, NONE),
    "leave of a stranger": (UNKNOWN_MEMBER_ID,) * 4,
}


def send(c, event, leader, follower, generation):
    other = (("range", ("t", "u")),)
    return {
        "heartbeat": lambda: c.heartbeat(follower, generation),
        "heartbeat of an old generation": lambda: c.heartbeat(follower, generation - 1),
        "heartbeat of a stranger": lambda: c.heartbeat("x", generation),
        "sync of a follower": lambda: c.code(c.sync(follower, generation)),
        "sync of the leader": lambda: c.code(c.sync(leader, generation)),
        "sync of an old generation": lambda: c.code(c.sync(follower, generation - 1)),
        "sync of a stranger": lambda: c.code(c.sync("x", generation)),
        "sync with another protocol": lambda: c.code(c.sync(follower, generation, protocol_name="x")),
        "rejoin of a follower": lambda: c.code(c.join(follower)),
        "rejoin of the leader": lambda: c.code(c.join(leader)),
        "rejoin of a follower with other metadata": lambda: c.code(c.join(follower, protocols=other)),
        "join of a stranger": lambda: c.code(c.join("x")),
        "join of a new member": lambda: c.code(c.join()),
        "leave of a follower": lambda: c.leave(follower)[0],
        "leave of a stranger": lambda: c.leave("x")[0],
    }[event]()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", TABLE)
def test_answer_to_event_by_state(coordinator, state, event):
    members = in_state(coordinator, state)
    assert send(coordinator, event, *members) == TABLE[event][STATES.index(state)]


def test_a_dead_group_sends_everybody_away(coordinator):
    c = coordinator
    (leader, follower), generation = c.stable_group(2)
    parked = c.join(leader)
    group = c.group()
    c.runtime.unload(c.partition)
    assert group.state.value == "Dead"
    assert c.code(parked) == NOT_COORDINATOR
    assert c.heartbeat(follower, generation) == NOT_COORDINATOR


# Rebalances


def test_a_second_member_makes_the_first_rejoin(coordinator):
    c = coordinator
    (first,), generation = c.stable_group(1)
    second, parked = c.new_member()
    assert c.state() == "PreparingRebalance"
    assert c.heartbeat(first, generation) == REBALANCE_IN_PROGRESS
    rejoined = c.join(first)
    assert rejoined.result().generation_id == parked.result().generation_id == generation + 1
    assert [each.member_id for each in rejoined.result().members] == [first, second]
    assert parked.result().members == []
    waiting = c.sync(second, 2)
    assert not waiting.done()
    c.sync(first, 2, {first: b"1", second: b"2"})
    assert waiting.result().assignment == b"2"


def test_the_leader_may_leave_members_without_an_assignment(coordinator):
    c = coordinator
    (leader, follower), generation = c.stable_group(2)
    c.join(leader)
    c.join(follower)
    waiting = c.sync(follower, generation + 1)
    c.sync(leader, generation + 1, {leader: b"all", "nobody": b"x"})
    assert waiting.result().assignment == b""


def test_a_follower_that_lost_the_answer_gets_it_again(coordinator):
    c = coordinator
    (leader, follower), generation = c.stable_group(2)
    again = c.join(follower).result()
    assert (again.generation_id, again.leader, again.members) == (generation, leader, [])
    c.join(leader)
    c.join(follower)
    again = c.join(leader).result()
    assert (again.generation_id, len(again.members)) == (generation + 1, 2)


def test_new_metadata_while_completing_sends_the_waiting_back(coordinator):
    c = coordinator
    (leader, follower), generation = c.stable_group(2)
    c.join(leader)
    c.join(follower)
    waiting = c.sync(follower, generation + 1)
    c.join(leader, protocols=(("range", ("t", "u")),))
    assert c.code(waiting) == REBALANCE_IN_PROGRESS
    assert c.state() == "PreparingRebalance"


def test_members_that_do_not_rejoin_in_time_are_removed(coordinator):
    c = coordinator
    (leader, follower), generation = c.stable_group(2, session_ms=100_000, rebalance_ms=30_000)
    new, parked = c.new_member(session_ms=100_000, rebalance_ms=30_000)
    c.join(follower, session_ms=100_000, rebalance_ms=30_000)
    c.advance(29_999)
    assert not parked.done()
    c.advance(1)
    assert parked.result().generation_id == generation + 1
    assert list(c.group().members) == [follower, new]
    assert c.group().leader_id == follower
    assert c.heartbeat(leader, generation) == UNKNOWN_MEMBER_ID


def test_a_rebalance_that_nobody_joins_empties_the_group(coordinator):
    c = coordinator
    (leader, _follower), generation = c.stable_group(2, session_ms=100_000, rebalance_ms=30_000)
    c.leave(leader)
    assert c.state() == "PreparingRebalance"
    c.advance(30_000)
    assert (c.state(), c.group().generation_id) == ("Empty", generation + 1)


def test_the_sync_deadline_removes_those_who_did_not_sync(coordinator):
    c = coordinator
    options = {"session_ms": 100_000, "rebalance_ms": 30_000}
    (leader, follower), generation = c.stable_group(2, **options)
    c.join(leader, **options)
    c.join(follower, **options)
    waiting = c.sync(follower, generation + 1)
    c.advance(29_999)
    assert not waiting.done()
    c.advance(1)
    assert c.code(waiting) == REBALANCE_IN_PROGRESS
    assert list(c.group().members) == [follower]
    assert c.state() == "PreparingRebalance"


def test_the_sync_deadline_also_holds_in_a_stable_group(coordinator):
    c = coordinator
    options = {"session_ms": 100_000, "rebalance_ms": 30_000}
    (leader, follower), generation = c.stable_group(2, **options)
    c.join(leader, **options)
    c.join(follower, **options)
    c.sync(leader, generation + 1)
    assert c.state() == "Stable"
    c.advance(30_000)
    assert list(c.group().members) == [leader]
    assert c.state() == "PreparingRebalance"


def test_the_initial_rebalance_waits_for_members_up_to_the_rebalance_timeout(new_coordinator):
    c = new_coordinator(group_initial_rebalance_delay_ms=3_000)
    _, first = c.new_member(rebalance_ms=7_000)
    c.advance(2_000)
    c.new_member(rebalance_ms=7_000)
    c.advance(1_000)  # 3 s: somebody joined, so wait again
    assert not first.done()
    c.advance(2_000)
    c.new_member(rebalance_ms=7_000)
    c.advance(1_000)  # 6 s: once more, but only for what is left of 7 s
    assert not first.done()
    c.new_member(rebalance_ms=7_000)
    c.advance(1_000)
    assert first.result().generation_id == 1
    assert len(first.result().members) == 4


def test_the_initial_rebalance_ends_after_a_delay_without_news(new_coordinator):
    c = new_coordinator(group_initial_rebalance_delay_ms=3_000)
    _, first = c.new_member()
    c.advance(2_999)
    assert not first.done()
    c.advance(1)
    assert first.done()


def test_a_pending_member_holds_a_rebalance_up_until_its_session_ends(coordinator):
    c = coordinator
    (leader,), generation = c.stable_group(1, session_ms=60_000)
    c.join(session_ms=10_000)  # gets an id, and never comes back
    rejoined = c.join(leader, session_ms=60_000)
    assert not rejoined.done()
    c.advance(9_999)
    assert not rejoined.done()
    c.advance(1)
    assert rejoined.result().generation_id == generation + 1
    assert c.group().pending_join_members == {}


def test_a_pending_member_may_leave(coordinator):
    c = coordinator
    (leader,), _ = c.stable_group(1)
    pending = c.join().result().member_id
    rejoined = c.join(leader)
    assert c.leave(pending) == [NONE]
    assert rejoined.done()


def test_a_pending_member_cannot_turn_static(coordinator):
    c = coordinator
    pending = c.join().result().member_id
    assert c.code(c.join(pending, instance_id="i")) == -1


# Sessions


def test_a_silent_member_is_removed_exactly_at_its_session_timeout(coordinator):
    c = coordinator
    (leader, _follower), generation = c.stable_group(2, session_ms=10_000)
    c.advance(9_999)
    assert c.heartbeat(leader, generation) == NONE
    assert len(c.group().members) == 2
    c.advance(1)
    assert list(c.group().members) == [leader]
    assert c.heartbeat(leader, generation) == REBALANCE_IN_PROGRESS


def test_a_commit_keeps_the_session_alive(coordinator):
    c = coordinator
    (leader,), generation = c.stable_group(1, session_ms=10_000)
    for _ in range(3):
        c.advance(9_000)
        assert c.commit_code(1, member_id=leader, generation_id=generation) == NONE
    c.advance(10_000)
    assert c.state() == "Empty"


def test_parked_requests_stand_in_for_heartbeats(coordinator):
    c = coordinator
    (leader, follower), generation = c.stable_group(2, session_ms=10_000, rebalance_ms=60_000)
    rejoined = c.join(leader, session_ms=10_000, rebalance_ms=60_000)
    for _ in range(4):
        c.advance(9_000)
        assert c.heartbeat(follower, generation) == REBALANCE_IN_PROGRESS
    assert not rejoined.done()
    assert leader in c.group().members


def test_a_new_member_waits_five_minutes_at_most(coordinator):
    c = coordinator
    (leader,), _generation = c.stable_group(1, session_ms=400_000, rebalance_ms=600_000)
    _, parked = c.new_member(session_ms=10_000, rebalance_ms=600_000)
    c.advance(299_999)
    assert not parked.done()
    c.advance(1)
    assert (parked.result().error_code, parked.result().member_id) == (UNKNOWN_MEMBER_ID, "")
    assert list(c.group().members) == [leader]


# Leaving


def test_leaving_in_a_batch_starts_one_rebalance(coordinator):
    c = coordinator
    members, generation = c.stable_group(4)
    assert c.leave(members[1], "x", members[2]) == [NONE, UNKNOWN_MEMBER_ID, NONE]
    assert c.state() == "PreparingRebalance"
    rejoined = [c.join(members[0]), c.join(members[3])]
    assert {join.result().generation_id for join in rejoined} == {generation + 1}


def test_leaving_a_rebalance_may_complete_it(coordinator):
    c = coordinator
    (leader, follower), generation = c.stable_group(2)
    rejoined = c.join(leader)
    assert c.leave(follower) == [NONE]
    assert rejoined.result().generation_id == generation + 1


def test_whoever_is_removed_while_parked_gets_an_answer(coordinator):
    c = coordinator
    (leader, follower), _generation = c.stable_group(2)
    parked_join = c.join(leader)
    c.leave(leader)
    assert parked_join.result().error_code == UNKNOWN_MEMBER_ID
    assert parked_join.result().member_id == ""
    c.join(follower)
    new, parked = c.new_member()
    c.join(follower)
    assert parked.done()
    parked_sync = c.sync(new, c.group().generation_id)
    c.leave(new)
    assert c.code(parked_sync) == UNKNOWN_MEMBER_ID


def test_up_to_version_2_leave_has_one_member_and_one_error(coordinator):
    from minikafka.messages.leave_group import LeaveGroupRequest

    c = coordinator
    (leader,), _ = c.stable_group(1)
    for member_id, code in (("x", UNKNOWN_MEMBER_ID), (leader, NONE)):
        request = LeaveGroupRequest(group_id="g", member_id=member_id)
        response = c.call("leave_group", request, version=2).result()
        assert (response.error_code, response.members) == (code, [])


# Size


def test_a_full_group_takes_nobody_in(new_coordinator):
    c = new_coordinator(group_max_size=2)
    members, _ = c.stable_group(2)
    assert c.code(c.join()) == GROUP_MAX_SIZE_REACHED
    assert c.code(c.join(members[1])) == NONE
    c.join(members[0])
    refused = c.join().result()
    assert refused.error_code == MEMBER_ID_REQUIRED  # one of two has joined so far: there seems to be room
    c.join(members[1])
    assert c.code(c.join(refused.member_id)) == GROUP_MAX_SIZE_REACHED


def test_an_oversized_group_rebalances_when_it_is_loaded(new_coordinator):
    first = new_coordinator()
    members, generation = first.stable_group(3)
    c = new_coordinator(log=first.log, group_max_size=2)
    assert c.state() == "PreparingRebalance"
    joins = [c.join(member) for member in members]
    assert [c.code(join) for join in joins] == [PARKED, PARKED, GROUP_MAX_SIZE_REACHED]
    c.advance(60_000)
    assert len(c.group().members) == 2
    assert joins[0].result().generation_id == generation + 1
