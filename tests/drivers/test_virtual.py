import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from random import Random

import pytest

from minikafka.drivers.virtual import MAX_VIRTUAL_WAIT_MS, VirtualDriver, _waits
from minikafka.errors import IllegalStateError, InternalError, StuckError
from minikafka.scheduler import Promise, Scheduler


@pytest.fixture
def scheduler():
    scheduler = Scheduler(Random(1), 0)
    yield scheduler
    scheduler.close()


@pytest.fixture
def driver(scheduler):
    driver = VirtualDriver(scheduler)
    yield driver
    driver.close()


def in_thread(function, *args):
    """Run in a thread of its own; join() raises what it raised."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(function, *args)
    pool.shutdown(wait=False)
    return future


def test_a_minute_passes_at_once(driver, scheduler):
    assert not driver.wait(Promise(), 60_000)
    assert scheduler.now_ms == 60_000


def test_a_day_of_timers_passes_at_once(driver, scheduler):
    seen = []

    def every_second():
        seen.append(scheduler.now_ms)
        scheduler.call_later(1000, every_second)

    every_second()
    driver.advance(86_400_000)
    assert len(seen) == 86_401
    assert scheduler.now_ms == 86_400_000


def test_wait_ends_when_the_promise_is_done(driver, scheduler):
    promise = Promise()
    scheduler.call_later(250, promise.set_result, None)
    assert driver.wait(promise, 60_000)
    assert scheduler.now_ms == 250


def test_a_zero_timeout_runs_what_is_ready_and_takes_no_time(driver, scheduler):
    promise = Promise()
    scheduler.call_soon(scheduler.call_soon, promise.set_result, None)
    assert driver.wait(promise, 0)
    assert scheduler.now_ms == 0


def test_an_infinite_timeout_is_no_timeout(driver):
    with pytest.raises(StuckError, match="48 virtual hours"):
        driver.wait(Promise(), float("inf"))


def test_nothing_to_wait_for_is_stuck(driver, scheduler):
    with pytest.raises(StuckError):
        driver.wait(Promise())
    assert scheduler.now_ms == MAX_VIRTUAL_WAIT_MS


def test_a_promise_after_a_day_is_not_stuck(driver, scheduler):
    assert driver.wait(scheduler.sleep(86_400_000))


def test_run_gives_value_and_exception(driver, scheduler):
    async def work(fail):
        await scheduler.sleep(5)
        if fail:
            raise ValueError("no")
        return "done"

    assert driver.run(work(False)) == "done"
    with pytest.raises(ValueError, match="no"):
        driver.run(work(True))
    assert scheduler.failure is None


def test_a_task_that_fails_under_a_blocked_caller_is_heard(driver, scheduler):
    async def fail():
        await scheduler.sleep(5)
        raise ValueError("no")

    async def work():
        await scheduler.spawn(fail())

    with pytest.raises(ValueError, match="no"):
        driver.run(work())
    assert scheduler.failure is None


def test_a_stuck_run_closes_its_coroutine(driver):
    seen = []

    async def work():
        try:
            await Promise()
        finally:
            seen.append("closed")

    with pytest.raises(StuckError):
        driver.run(work())
    assert seen == ["closed"]


def test_a_bug_reaches_whoever_waits(driver, scheduler):
    def bug():
        raise ZeroDivisionError("bug")

    scheduler.call_later(5, bug)
    with pytest.raises(InternalError, match="bug") as caught:
        driver.wait(Promise(), 1000)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(InternalError):
        driver.settle()
    with pytest.raises(InternalError):
        driver.advance(1)


def test_advance_runs_what_falls_due_and_what_follows(driver, scheduler):
    seen = []
    scheduler.call_later(10, lambda: scheduler.call_later(10, lambda: seen.append(scheduler.now_ms)))
    scheduler.call_later(30, seen.append, "at the end")
    scheduler.call_later(31, seen.append, "too late")
    driver.advance(30)
    assert seen == [20, "at the end"]
    assert scheduler.now_ms == 30


def test_settle_takes_no_time(driver, scheduler):
    seen = []
    scheduler.call_soon(seen.append, "ready")
    scheduler.call_later(1, seen.append, "later")
    driver.settle()
    assert seen == ["ready"]
    assert scheduler.now_ms == 0


def test_a_callback_may_call_the_library_again(driver, scheduler):
    async def inner():
        await scheduler.sleep(7)
        return scheduler.now_ms

    async def outer():
        await scheduler.sleep(3)
        with driver.released():
            return driver.run(inner())

    assert driver.run(outer()) == 10


def test_released_lets_other_threads_in(driver):
    def other():
        with driver.lock:
            return "in"

    with driver.lock, driver.lock, driver.released():
        assert in_thread(other).result() == "in"
    with driver.released():
        pass


class TestThreads:
    def test_a_long_poll_waits_for_the_thread_that_works(self, driver, scheduler):
        """The worker takes its (real) time; a naive jump would fire its deadline meanwhile."""
        started, missed = threading.Event(), []

        def work():
            driver.wait(Promise(), 10)
            for _ in range(5):
                deadline = scheduler.call_later(30_000, missed.append, "deadline")
                started.set()
                until = time.monotonic() + 0.02
                while time.monotonic() < until:
                    pass
                with driver.lock:
                    deadline.cancel()
                driver.wait(Promise(), 10)

        worker = in_thread(work)
        started.wait()
        driver.wait(Promise(), 300_000)
        worker.result()
        assert missed == []

    def test_a_short_wait_ends_at_its_own_limit(self, driver, scheduler):
        ends, both = [], threading.Barrier(2)

        def short():
            driver.wait(Promise(), 1)
            both.wait()
            with driver.lock:
                driver.wait(Promise(), 1000)
                ends.append(scheduler.now_ms)

        worker = in_thread(short)
        both.wait()
        driver.wait(Promise(), 60_000)
        worker.result()
        assert 1001 <= ends[0] < 60_000

    def test_a_thread_that_was_woken_but_did_not_run_yet_works(self, driver):
        """On a loaded machine it takes its time until it runs."""
        event, frames = threading.Event(), []

        def waiting():
            while (
                frame := sys._current_frames()[worker.ident]
            ).f_code is not threading.Condition.wait.__code__:
                assert worker.is_alive()
            return frame

        worker = threading.Thread(target=event.wait)
        worker.start()
        frame = waiting()
        while not _waits(frame):
            pass
        interval = sys.getswitchinterval()
        sys.setswitchinterval(10)  # nobody else runs between the two lines
        try:
            event.set()
            frames.append(_waits(frame))
        finally:
            sys.setswitchinterval(interval)
        worker.join()
        assert frames == [False]

    def test_a_joining_thread_does_not_hold_time_up(self, driver, scheduler):
        driver.wait(Promise(), 1)
        worker = threading.Thread(target=driver.wait, args=(Promise(), 60_000))
        worker.start()
        worker.join()
        assert scheduler.now_ms == 60_001

    def test_nor_does_an_idle_pool_thread(self, driver, scheduler):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(driver.wait, Promise(), 10).result()
            driver.wait(Promise(), 60_000)
        assert scheduler.now_ms == 60_010

    def test_nor_does_a_dead_thread(self, driver, scheduler):
        worker = threading.Thread(target=driver.wait, args=(Promise(), 10))
        worker.start()
        worker.join()
        driver.wait(Promise(), 60_000)
        assert scheduler.now_ms == 60_010

    def test_time_creeps_past_a_thread_that_waits_for_a_lock(self, driver, scheduler):
        """The user's own lock, held across a call that needs time to pass."""
        mine, entered = threading.Lock(), SimpleQueue()

        def other():
            driver.wait(Promise(), 1)
            entered.put(None)
            with mine:
                pass

        with mine:
            worker = in_thread(other)
            entered.get()
            assert driver.wait(scheduler.sleep(5), 1000)
        worker.result()

    def test_one_thread_keeps_what_another_waits_for(self, driver, scheduler):
        promise = Promise()

        def producer():
            driver.wait(Promise(), 500)
            with driver.lock:
                promise.set_result("sent")

        worker = in_thread(producer)
        driver.wait(promise)
        worker.result()
        assert promise.result() == "sent"
        assert scheduler.now_ms == 500

    def test_an_endless_wait_outlasts_a_thread_that_stands_still(self, driver, scheduler):
        promise = Promise()
        registered, lock = threading.Event(), threading.Lock()

        def stand_still():
            driver.wait(Promise(), 1)
            lock.acquire()
            threading.Timer(0.3, lock.release).start()
            registered.set()
            # Neither parked in the library nor in a wait written in Python: it stands still where it is.
            lock.acquire()
            with driver.lock:
                promise.set_result(None)

        worker = in_thread(stand_still)
        registered.wait()
        assert driver.wait(promise, None)
        worker.result()
        assert scheduler.now_ms == 1

    def test_closing_wakes_those_who_wait(self, driver, scheduler):
        waiting = threading.Event()

        def wait():
            scheduler.call_soon(waiting.set)
            driver.wait(Promise(), None)

        driver.wait(Promise(), 1)
        blocker = threading.Event()
        worker = in_thread(wait)
        # This thread works (it is not parked), so the worker's endless wait does not run out.
        while not waiting.is_set():
            pass
        with driver.lock:
            scheduler.close()
        with pytest.raises(IllegalStateError, match="closed"):
            worker.result()
        blocker.set()
