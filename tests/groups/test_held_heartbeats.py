"""Heartbeats whose answers wait for news."""

import pytest

from minikafka.groups.held_heartbeats import hold_ms
from minikafka.scheduler import Promise

NONE, NOT_COORDINATOR, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS = 0, 16, 22, 25, 27
FENCED_INSTANCE_ID = 82


@pytest.fixture
def stable(coordinator):
    """The coordinator of a Stable group of two, its members and their generation; sessions last 10 s."""
    (leader, follower), generation = coordinator.stable_group()
    return coordinator, leader, follower, generation


@pytest.mark.parametrize(
    ("session_ms", "expected_ms"), [(45_000, 2900), (10_000, 2900), (6_000, 2000), (300, 100)]
)
def test_how_long_a_heartbeat_is_held(session_ms, expected_ms):
    assert hold_ms(session_ms) == expected_ms


def test_without_a_promise_that_ends_it_nothing_is_held(stable):
    c, leader, _, generation = stable
    assert c.heartbeat(leader, generation) == NONE
    assert not c.group().held_heartbeats


def test_nothing_new_is_told_after_a_while(stable):
    c, leader, _, generation = stable
    answer = c.held_heartbeat(leader, generation)
    c.advance(2899)
    assert c.code(answer) is None
    c.advance(1)
    assert c.code(answer) == NONE
    assert not c.group().held_heartbeats


def test_a_rebalance_is_told_at_once(stable):
    c, leader, follower, generation = stable
    answer = c.held_heartbeat(leader, generation)
    assert c.leave(follower) == [NONE]
    assert c.code(answer) == REBALANCE_IN_PROGRESS


def test_a_rebalance_for_a_new_member_is_told_at_once(stable):
    c, leader, follower, generation = stable
    answers = [c.held_heartbeat(each, generation) for each in (leader, follower)]
    c.new_member()
    assert [c.code(answer) for answer in answers] == [REBALANCE_IN_PROGRESS] * 2


def test_whoever_leaves_is_told_that_it_is_unknown(stable):
    c, _, follower, generation = stable
    answer = c.held_heartbeat(follower, generation)
    c.leave(follower)
    assert c.code(answer) == UNKNOWN_MEMBER_ID


def test_a_hurried_answer_comes_at_once(stable):
    c, leader, _, generation = stable
    hurry = Promise()
    answer = c.held_heartbeat(leader, generation, hurry)
    hurry.set_result(None)
    assert c.code(answer) == NONE
    assert c.code(c.held_heartbeat(leader, generation, hurry)) == NONE


def test_the_next_heartbeat_answers_the_last_one(stable):
    c, leader, follower, generation = stable
    hurry = Promise()
    first = c.held_heartbeat(leader, generation, hurry)
    second = c.held_heartbeat(leader, generation)
    assert c.code(first) == NONE
    hurry.set_result(None)  # of a connection that is gone: it does not concern the second
    assert c.code(second) is None
    c.leave(follower)
    assert c.code(second) == REBALANCE_IN_PROGRESS


def test_only_a_stable_group_holds(coordinator):
    c = coordinator
    member, joined = c.new_member()
    c.advance(0)
    generation = joined.result().generation_id
    assert c.state() == "CompletingRebalance"
    assert c.code(c.held_heartbeat(member, generation)) == NONE
    c.finish_sync([member], generation)
    c.new_member()
    assert c.state() == "PreparingRebalance"
    assert c.code(c.held_heartbeat(member, generation)) == REBALANCE_IN_PROGRESS


def test_errors_are_told_at_once(stable):
    c, leader, _, generation = stable
    assert c.code(c.held_heartbeat(leader, generation + 1)) == ILLEGAL_GENERATION
    assert c.code(c.held_heartbeat("nobody", generation)) == UNKNOWN_MEMBER_ID


def test_the_session_counts_from_the_heartbeat_not_from_its_answer(stable):
    c, leader, follower, generation = stable
    c.advance(5000)
    answer = c.held_heartbeat(leader, generation)
    c.advance(4999)
    assert c.code(answer) == NONE
    assert set(c.group().members) == {leader, follower}
    c.advance(1)  # the follower was never heard of
    assert set(c.group().members) == {leader}
    c.join(leader)
    c.advance(0)
    c.finish_sync([leader], c.group().generation_id)
    c.advance(10_000)
    assert c.state() == "Empty"


def test_a_replaced_static_member_is_told_so(coordinator):
    c = coordinator
    joined = c.join(instance_id="i")
    c.advance(0)
    old, generation = joined.result().member_id, joined.result().generation_id
    c.finish_sync([old], generation)
    hurry = Promise()
    answer = c.held_heartbeat(old, generation, hurry, instance_id="i")
    c.join(instance_id="i")
    hurry.set_result(None)
    assert c.code(answer) == FENCED_INSTANCE_ID


def test_a_coordinator_that_resigns_answers(stable):
    c, leader, _, generation = stable
    answer = c.held_heartbeat(leader, generation)
    c.runtime.unload(c.partition)
    assert c.code(answer) == NOT_COORDINATOR
