from random import Random

import pytest

from minikafka.errors import ErrorCode, IllegalArgumentError
from minikafka.faults import DELIVER, Action, Envelope, Fate, FaultPlan


class Named:
    def __init__(self, api_name):
        self.api_name = api_name


def envelope(api="Produce", source="producer-1", destination="broker-1"):
    return Envelope(source, destination, Named(api), 1000)


@pytest.fixture
def plan():
    return FaultPlan(Random(7))


def test_without_rules_everything_is_delivered(plan):
    assert not plan.active
    assert plan.fate(envelope()) is DELIVER


def test_a_rule_is_spent_after_its_times(plan):
    rule = plan.drop("Produce", times=2)
    actions = [plan.fate(envelope()).action for _ in range(3)]
    assert actions == [Action.DROP, Action.DROP, Action.DELIVER]
    assert rule.applied == 2
    assert rule.spent


def test_skip_lets_messages_pass_first(plan):
    plan.drop("Produce", skip=2)
    assert [plan.fate(envelope()).action for _ in range(4)] == [
        Action.DELIVER,
        Action.DELIVER,
        Action.DROP,
        Action.DELIVER,
    ]


def test_times_none_is_always(plan):
    plan.lose_reply(times=None)
    assert {plan.fate(envelope()).action for _ in range(100)} == {Action.LOSE_REPLY}


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({"api": "Produce"}, True),
        ({"api": "Fetch"}, False),
        ({"source": "producer-1"}, True),
        ({"source": "producer"}, True),
        ({"source": "prod"}, False),
        ({"source": "consumer"}, False),
        ({"destination": 1}, True),
        ({"destination": "broker-1"}, True),
        ({"destination": "broker"}, True),
        ({"destination": 10}, False),
        ({"when": lambda envelope: envelope.sent_ms == 1000}, True),
        ({"when": lambda envelope: False}, False),
        ({"source": "producer", "destination": 2}, False),
    ],
)
def test_filters(plan, filters, matches):
    plan.duplicate(**filters)
    assert plan.fate(envelope()).action is (Action.DUPLICATE if matches else Action.DELIVER)


def test_broker_1_is_not_broker_10(plan):
    plan.drop(destination=1)
    assert plan.fate(envelope(destination="broker-10")) is DELIVER


def test_the_first_rule_that_matches_decides(plan):
    plan.disconnect("Fetch")
    plan.answer(ErrorCode.NOT_LEADER_OR_FOLLOWER, "Produce")
    plan.drop()
    fates = [plan.fate(envelope()) for _ in range(2)]
    assert (fates[0].action, fates[0].error) == (Action.ANSWER_ERROR, ErrorCode.NOT_LEADER_OR_FOLLOWER)
    assert fates[1].action is Action.DROP


def test_delays_are_for_ever_by_default_and_drawn_from_a_range(plan):
    plan.delay((5, 9))
    delays = [plan.fate(envelope()).delay_ms for _ in range(50)]
    assert set(delays) == {5, 6, 7, 8, 9}
    again = FaultPlan(Random(7))
    again.delay((5, 9))
    assert [again.fate(envelope()).delay_ms for _ in range(50)] == delays


def test_the_chooser_is_asked_first(plan):
    fates = iter([Fate(Action.DROP), None])
    plan.chooser = lambda envelope: next(fates)
    plan.duplicate(times=None)
    assert plan.active
    assert plan.fate(envelope()).action is Action.DROP
    assert plan.fate(envelope()).action is Action.DUPLICATE


def test_cut_and_heal(plan):
    changes = []
    plan.on_links_changed = lambda: changes.append(1)
    plan.cut(1, 2)
    plan.drop()
    assert plan.is_cut("broker-1", "broker-2")
    assert plan.is_cut("broker-2", "broker-1")
    assert not plan.is_cut("broker-1", "broker-3")
    plan.heal()
    assert not plan.is_cut("broker-1", "broker-2")
    assert not plan.active
    assert len(changes) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": 0}, "times=0"),
        ({"skip": -1}, "skip=-1"),
        ({"topic": "orders"}, "unknown filter 'topic'"),
        ({"api": "Prduce"}, "api='Prduce'"),
    ],
)
def test_nonsense_is_refused(plan, options, message):
    with pytest.raises(IllegalArgumentError, match=message):
        plan.drop(**options)


def test_reprs_say_what_happens():
    assert "Produce producer-1 -> broker-1" in repr(envelope())
    assert "answer_error NOT_LEADER_OR_FOLLOWER" in repr(
        Fate(Action.ANSWER_ERROR, error=ErrorCode.NOT_LEADER_OR_FOLLOWER)
    )


def test_an_answer_needs_an_error_code_that_there_is(plan):
    with pytest.raises(IllegalArgumentError, match="error=99999"):
        plan.answer(99999)
