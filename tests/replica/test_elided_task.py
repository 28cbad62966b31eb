from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.replica.elided_task import ElidedTask
from minikafka.scheduler import Scheduler


def advance(scheduler, until_ms):
    while (deadline_ms := scheduler.next_deadline_ms()) is not None and deadline_ms <= until_ms:
        scheduler.advance_to(deadline_ms)
        scheduler.run_ready()
    scheduler.advance_to(until_ms)


@pytest.fixture
def scheduler():
    return Scheduler(Random(0), 1000)


def new_task(scheduler, interval_ms, initial_delay_ms, run):
    task = ElidedTask(scheduler, interval_ms, initial_delay_ms, run)
    task.touch()  # too early to mean anything
    task.start()
    return task


def test_idleness_has_no_timer(scheduler):
    new_task(scheduler, 100, 30, lambda: None)
    assert scheduler.next_deadline_ms() is None


def test_runs_at_the_ticks_of_a_periodic_task(scheduler):
    ran = []
    task = new_task(scheduler, 100, 30, lambda: ran.append(scheduler.now_ms))
    task.touch()
    task.touch()
    advance(scheduler, 1330)
    task.touch()
    advance(scheduler, 5000)
    assert ran == [1030, 1430]


def test_says_itself_when_to_look_again(scheduler):
    ran = []
    task = new_task(
        scheduler, 100, 30, lambda: ran.append(scheduler.now_ms) or (1555 if len(ran) < 2 else None)
    )
    task.touch()
    advance(scheduler, 5000)
    assert ran == [1030, 1630]


def test_a_touch_comes_before_a_far_tick(scheduler):
    ran = []
    task = new_task(
        scheduler, 100, 0, lambda: ran.append(scheduler.now_ms) or (4000 if len(ran) < 2 else None)
    )
    task.touch()
    advance(scheduler, 1250)
    task.touch()
    advance(scheduler, 9000)
    assert ran == [1100, 1300]


def test_stop(scheduler):
    task = new_task(scheduler, 100, 0, lambda: pytest.fail("ran"))
    task.touch()
    task.stop()
    task.touch()
    advance(scheduler, 5000)


@given(st.lists(st.integers(1, 500), max_size=8), st.integers(1, 70), st.integers(0, 90))
def test_every_touch_is_seen_at_the_next_tick(gaps, interval_ms, delay_ms):
    scheduler = Scheduler(Random(0), 1000)
    ran = []
    task = new_task(scheduler, interval_ms, delay_ms, lambda: ran.append(scheduler.now_ms))
    expected = []
    for gap in gaps:
        advance(scheduler, scheduler.now_ms + gap)
        task.touch()
        ticks = max(0, -((1000 + delay_ms - scheduler.now_ms - 1) // interval_ms))
        expected.append(1000 + delay_ms + ticks * interval_ms)
    advance(scheduler, 10_000)
    assert ran == sorted(set(expected))
