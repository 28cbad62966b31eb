from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.errors import Cancelled, IllegalStateError
from minikafka.scheduler import Promise, Scheduler


@pytest.fixture
def scheduler():
    scheduler = Scheduler(Random(1), 1000)
    yield scheduler
    scheduler.close()


class TestPromise:
    def test_is_pending_until_it_has_a_value(self):
        promise = Promise()
        assert not promise.done()
        with pytest.raises(IllegalStateError, match="pending"):
            promise.result()
        promise.set_result(7)
        assert promise.done()
        assert promise.result() == 7
        assert promise.exception() is None

    def test_is_kept_once(self):
        promise = Promise.resolved(1)
        with pytest.raises(IllegalStateError):
            promise.set_result(2)
        with pytest.raises(IllegalStateError):
            promise.set_exception(ValueError())

    def test_can_be_none(self):
        promise = Promise()
        promise.set_result(None)
        assert promise.done()
        assert promise.result() is None

    def test_raises_what_it_failed_with(self):
        with pytest.raises(ValueError, match="no"):
            Promise.failed(ValueError("no")).result()

    def test_calls_back_in_order_and_at_once_when_done(self):
        promise, seen = Promise(), []
        promise.add_callback(lambda p: seen.append(("first", p.result())))
        promise.add_callback(lambda p: seen.append(("second", p.result())))
        promise.set_result(1)
        promise.add_callback(lambda p: seen.append(("late", p.result())))
        assert seen == [("first", 1), ("second", 1), ("late", 1)]

    def test_forgets_a_removed_callback(self):
        promise, seen = Promise(), []
        promise.add_callback(seen.append)
        promise.remove_callback(seen.append)
        promise.remove_callback(print)
        promise.set_result(1)
        assert seen == []


class TestActions:
    def test_run_one_at_a_time_in_order(self, scheduler):
        seen = []
        scheduler.call_soon(lambda: (seen.append(1), scheduler.call_soon(seen.append, 3)))
        scheduler.call_soon(seen.append, 2)
        assert scheduler.step()
        assert seen == [1]
        scheduler.run_ready()
        assert seen == [1, 2, 3]
        assert not scheduler.step()

    def test_run_ready_stops_when_the_promise_is_done(self, scheduler):
        promise, seen = Promise(), []
        scheduler.call_soon(promise.set_result, None)
        scheduler.call_soon(seen.append, 1)
        scheduler.run_ready(until=promise)
        assert seen == []

    def test_an_exception_poisons_and_the_first_is_kept(self, scheduler):
        def fail(text):
            raise ValueError(text)

        scheduler.call_soon(fail, "first")
        scheduler.call_soon(fail, "second")
        scheduler.run_ready()
        assert str(scheduler.failure) == "first"


class TestTimers:
    def test_fire_at_their_deadline_and_not_before(self, scheduler):
        seen = []
        scheduler.call_at(1500, seen.append, "due")
        scheduler.advance_to(1499)
        scheduler.run_ready()
        assert seen == []
        assert scheduler.next_deadline_ms() == 1500
        scheduler.advance_to(1500)
        scheduler.run_ready()
        assert seen == ["due"]
        assert scheduler.next_deadline_ms() is None

    def test_never_fire_once_cancelled(self, scheduler):
        seen = []
        timer = scheduler.call_later(10, seen.append, 1)
        timer.cancel()
        timer.cancel()
        assert timer.cancelled
        assert scheduler.next_deadline_ms() is None
        scheduler.advance_to(5000)
        scheduler.run_ready()
        assert seen == []

    def test_time_never_goes_back(self, scheduler):
        scheduler.advance_to(500)
        assert scheduler.now_ms == 1000

    def test_sleep_is_kept_in_time(self, scheduler):
        promise = scheduler.sleep(20)
        scheduler.advance_to(1020)
        scheduler.run_ready()
        assert promise.done()

    def test_cancelled_timers_do_not_pile_up(self, scheduler):
        for _ in range(10_000):
            scheduler.call_later(1_000_000, print).cancel()
        assert len(scheduler._timers) < 2_100

    @given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=40))
    def test_keep_deadline_order_and_then_call_order(self, entries):
        scheduler = Scheduler(Random(1), 0)
        seen = []
        timers = [scheduler.call_at(at, seen.append, (at, i)) for i, (at, _) in enumerate(entries)]
        for timer, (_, cancel) in zip(timers, entries):
            if cancel:
                timer.cancel()
        while (deadline := scheduler.next_deadline_ms()) is not None:
            scheduler.advance_to(deadline)
            scheduler.run_ready()
        assert seen == sorted((at, i) for i, (at, cancel) in enumerate(entries) if not cancel)


class TestTasks:
    def test_return_the_value_of_their_coroutine(self, scheduler):
        async def double():
            return 2 * await gate

        gate = Promise()
        task = scheduler.spawn(double())
        scheduler.run_ready()
        assert not task.done()
        gate.set_result(21)
        scheduler.run_ready()
        assert task.result() == 42

    def test_a_failure_reaches_who_awaits_it(self, scheduler):
        async def fail():
            raise ValueError("no")

        async def outer():
            try:
                await scheduler.spawn(fail())
            except ValueError:
                return "heard"

        task = scheduler.spawn(outer())
        scheduler.run_ready()
        assert task.result() == "heard"
        assert scheduler.failure is None

    def test_a_failure_nobody_awaits_poisons(self, scheduler):
        async def fail():
            raise ValueError("unheard")

        scheduler.spawn(fail())
        scheduler.run_ready()
        assert str(scheduler.failure) == "unheard"

    def test_a_failure_is_unheard_once_its_listener_left(self, scheduler):
        async def fail():
            raise ValueError("unheard")

        task = scheduler.spawn(fail())
        task.add_callback(print)
        task.remove_callback(print)
        scheduler.run_ready()
        assert str(scheduler.failure) == "unheard"

    def test_cancel_runs_finally_and_fails_with_cancelled(self, scheduler):
        seen = []

        async def wait():
            try:
                await Promise()
            finally:
                seen.append("finally")

        task = scheduler.spawn(wait())
        scheduler.run_ready()
        task.cancel()
        task.cancel()
        assert seen == ["finally"]
        with pytest.raises(Cancelled):
            task.result()
        assert scheduler.failure is None

    def test_cancel_between_wake_and_resume(self, scheduler):
        gate, seen = Promise(), []

        async def wait():
            await gate
            seen.append("resumed")

        task = scheduler.spawn(wait())
        scheduler.run_ready()
        gate.set_result(None)
        task.cancel()
        scheduler.run_ready()
        assert seen == []

    def test_close_cancels_all_and_leaves_nothing(self, scheduler):
        async def wait():
            try:
                await Promise()
            finally:
                scheduler.spawn(wait(), "late")

        tasks = [scheduler.spawn(wait()) for _ in range(3)]
        scheduler.run_ready()
        scheduler.call_later(5, print)
        scheduler.close()
        assert all(task.done() for task in tasks)
        assert not scheduler.step()
        assert scheduler.next_deadline_ms() is None
        assert not scheduler._tasks

    def test_on_work_is_told_of_actions_and_timers(self, scheduler):
        calls = []
        scheduler.on_work = lambda: calls.append(1)
        scheduler.call_soon(print)
        scheduler.call_later(1, print)
        scheduler.spawn(_nothing())
        assert len(calls) == 3


async def _nothing():
    pass
