"""Positions of assigned partitions: what needs a reset, what a validation, what may be fetched."""

from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from minikafka.client.subscription import EARLIEST, LATEST, SubscriptionState, is_topic_partition
from minikafka.errors import IllegalStateError, NoOffsetForPartitionError
from minikafka.structs import TopicPartition

PARTITIONS = [TopicPartition("t", index) for index in range(4)]
partitions = st.sampled_from(PARTITIONS)


class Positions(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.state = SubscriptionState("earliest", Random(1))
        self.state.assign_from_user(PARTITIONS[:2])

    def each(self, tp):
        return self.state.assignment.get(tp)

    @rule(wanted=st.lists(partitions, unique=True, min_size=1))
    def assign(self, wanted):
        kept = {tp: self.state.assignment[tp] for tp in wanted if tp in self.state.assignment}
        self.state.assign_from_user(wanted)
        assert set(self.state.assignment) == set(wanted)
        assert all(self.state.assignment[tp] is state for tp, state in kept.items())

    @rule(tp=partitions, offset=st.integers(0, 9), epoch=st.integers(-1, 3))
    def seek(self, tp, offset, epoch):
        if state := self.each(tp):
            state.seek(offset, epoch)

    @rule(tp=partitions, strategy=st.sampled_from([EARLIEST, LATEST]))
    def reset(self, tp, strategy):
        if state := self.each(tp):
            state.reset(strategy)

    @rule(tp=partitions, epoch=st.integers(-1, 5))
    def new_leader(self, tp, epoch):
        if state := self.each(tp):
            state.maybe_validate(epoch)
            # Once is enough for one leader.
            if not state.awaiting_validation:
                assert not state.maybe_validate(epoch)

    @rule(tp=partitions)
    def validated(self, tp):
        if (state := self.each(tp)) and state.awaiting_validation:
            state.complete_validation(state.leader_epoch)

    @rule(tp=partitions, paused=st.booleans())
    def pause(self, tp, paused):
        if state := self.each(tp):
            state.paused = paused
            state.refresh()

    @rule()
    def settle(self):
        self.state.settle()

    @rule()
    def reset_missing(self):
        self.state.reset_missing_positions()
        assert not self.state.missing_positions()

    @invariant()
    def nothing_is_forgotten(self):
        for tp, state in self.state.assignment.items():
            assert not (state.awaiting_validation and state.reset_strategy is not None)
            assert state.fetchable == (
                state.offset >= 0 and not state.paused and not state.awaiting_validation
            )
            if state.offset < 0 or state.awaiting_validation:
                assert tp in self.state.unsettled
            assert (tp in self.state.missing_positions()) == (
                state.offset < 0 and state.reset_strategy is None
            )
        assert set(self.state.all_consumed()) == {
            tp for tp, s in self.state.assignment.items() if s.offset >= 0
        }


TestPositions = Positions.TestCase
TestPositions.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_a_partition_taken_away_is_not_fetchable():
    subscription = SubscriptionState("latest", Random(1))
    subscription.assign_from_user(PARTITIONS[:2])
    state = subscription.assignment[PARTITIONS[0]]
    state.seek(3)
    assert state.fetchable
    subscription.assign_from_user(PARTITIONS[1:2])
    assert not state.fetchable


def test_no_policy():
    subscription = SubscriptionState("none", Random(1))
    subscription.assign_from_user(PARTITIONS[:1])
    with pytest.raises(NoOffsetForPartitionError, match="partition=0"):
        subscription.reset_missing_positions()


def test_only_subscribed_topics_are_taken():
    subscription = SubscriptionState("latest", Random(1))
    subscription.subscribe(["u"], None, None)
    with pytest.raises(ValueError, match="not subscribed"):
        subscription.assign_from_subscribed(PARTITIONS[:1])
    with pytest.raises(IllegalStateError, match="subscribed to topics"):
        subscription.assign_from_user(PARTITIONS[:1])
    subscription.unsubscribe()
    subscription.assign_from_user(PARTITIONS[:1])


def test_new_partitions_come_in_an_order_that_only_the_seed_decides():
    def order(seed):
        subscription = SubscriptionState("latest", Random(seed))
        subscription.subscribe(["t"], None, None)
        subscription.assign_from_subscribed(PARTITIONS)
        return list(subscription.assignment)

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(20)}) > 1


def test_what_a_topic_partition_is():
    from kafka import TopicPartition as Theirs

    assert is_topic_partition(PARTITIONS[0])
    assert is_topic_partition(Theirs("t", 0))
    assert not is_topic_partition(("t", 0))
