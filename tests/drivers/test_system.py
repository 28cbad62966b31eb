import threading
import time
from random import Random

import pytest

from minikafka.drivers.system import SystemDriver
from minikafka.errors import IllegalStateError, InternalError
from minikafka.scheduler import Promise, Scheduler


@pytest.fixture
def scheduler():
    return Scheduler(Random(1), 1_700_000_000_000)


@pytest.fixture
def driver(scheduler):
    before = threading.active_count()
    driver = SystemDriver(scheduler)
    yield driver
    driver.close()
    scheduler.close()
    assert threading.active_count() == before


def test_leaves_no_thread(driver):
    assert any(thread.name == "minikafka-clock" for thread in threading.enumerate())
    driver.close()
    assert not any(thread.name == "minikafka-clock" for thread in threading.enumerate())


def test_timers_fire_by_the_real_clock_without_a_waiter(driver, scheduler):
    fired = threading.Event()
    with driver.lock:
        scheduler.call_later(20, fired.set)
    assert fired.wait(10)
    assert scheduler.now_ms >= 1_700_000_000_020


def test_wait_takes_real_time(driver, scheduler):
    started = time.monotonic()
    assert not driver.wait(Promise(), 30)
    assert time.monotonic() - started >= 0.03


def test_wait_ends_when_another_thread_keeps_the_promise(driver, scheduler):
    promise = Promise()

    def keep():
        with driver.lock:
            scheduler.call_soon(promise.set_result, "kept")

    thread = threading.Thread(target=keep)
    thread.start()
    assert driver.wait(promise, 10_000)
    thread.join()


def test_run_and_advance(driver, scheduler):
    async def work():
        await scheduler.sleep(5)
        return "done"

    assert driver.run(work()) == "done"
    before = scheduler.now_ms
    driver.advance(15)
    assert scheduler.now_ms >= before + 15
    driver.settle()


def test_a_bug_reaches_whoever_waits(driver, scheduler):
    def bug():
        raise ZeroDivisionError("bug")

    with driver.lock:
        scheduler.call_soon(bug)
    with pytest.raises(InternalError, match="bug"):
        driver.wait(Promise(), 10_000)


def test_closing_wakes_those_who_wait(driver, scheduler):
    entered, errors = threading.Event(), []

    def wait():
        with driver.lock:
            scheduler.call_soon(entered.set)
            try:
                driver.wait(Promise())
            except IllegalStateError as error:
                errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    entered.wait()
    with driver.lock:
        scheduler.close()
    driver.close()
    thread.join()
    assert len(errors) == 1


def test_the_clocks_thread_sleeps_while_others_do_the_work(driver):
    turner = driver._turner
    scheduler = driver.scheduler
    with driver.lock:
        scheduler.call_later(600_000, print)
    assert asleep(driver)
    with driver.lock:
        scheduler.on_work()  # as at the end of a request
        scheduler.call_later(700_000, print)
        assert turner._asleep
        scheduler.call_later(500_000, print)  # due before it would look again
        assert not turner._asleep
    assert asleep(driver)
    done = threading.Event()
    with driver.lock:
        scheduler.call_soon(done.set)
        assert not turner._asleep
    assert done.wait(10)


def asleep(driver):
    """Whether the clock's thread falls asleep; waits for it, which lets go of the lock."""
    with driver.lock:
        return driver.changed.wait_for(lambda: driver._turner._asleep and driver.scheduler.idle, 10)
