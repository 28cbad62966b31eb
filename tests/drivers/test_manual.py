import threading
from random import Random

import pytest

from minikafka.drivers.manual import ManualDriver
from minikafka.errors import IllegalStateError, InternalError, StuckError
from minikafka.scheduler import Promise, Scheduler

START_MS = 1_700_000_000_000


@pytest.fixture
def scheduler():
    return Scheduler(Random(1), START_MS)


@pytest.fixture
def driver(scheduler):
    before = threading.active_count()
    driver = ManualDriver(scheduler)
    yield driver
    driver.close()
    scheduler.close()
    assert threading.active_count() == before


def test_work_is_done_at_once_without_a_waiter(driver, scheduler):
    done = threading.Event()
    with driver.lock:
        scheduler.call_soon(done.set)
    assert done.wait(10)
    assert scheduler.now_ms == START_MS


def test_time_moves_from_timer_to_timer_and_no_further(driver, scheduler):
    seen = []
    with driver.lock:
        for delay_ms in (10, 20, 30):
            scheduler.call_later(delay_ms, lambda: seen.append(scheduler.now_ms - START_MS))
    driver.advance(25)
    assert seen == [10, 20]
    assert scheduler.now_ms == START_MS + 25
    driver.advance(5)
    assert seen == [10, 20, 30]


def test_a_timer_that_is_set_on_the_way_fires_in_time(driver, scheduler):
    seen = []
    with driver.lock:
        scheduler.call_later(
            10, lambda: scheduler.call_later(5, lambda: seen.append(scheduler.now_ms - START_MS))
        )
    driver.advance(100)
    assert seen == [15]


def test_a_timeout_ends_when_another_thread_advances(driver, scheduler):
    waiting = threading.Event()
    ended = []

    def wait():
        with driver.lock:
            waiting.set()
            ended.append((driver.wait(Promise(), 500), scheduler.now_ms - START_MS))

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(10)
    driver.advance(499)
    assert ended == []
    driver.advance(1)
    thread.join(10)
    assert ended == [(False, 500)]


def test_a_wait_without_patience_left_says_that_the_clock_stands(driver):
    driver.patience_s = 0.01
    with pytest.raises(StuckError, match=r"advance\(\)"):
        driver.wait(Promise(), 500)


def test_a_wait_of_no_time_does_not_wait(driver):
    assert not driver.wait(Promise(), 0)


def test_a_closed_cluster_ends_the_wait(driver, scheduler):
    def close():
        with driver.lock:
            scheduler.close()
            driver.changed.notify_all()

    thread = threading.Timer(0, close)
    thread.start()
    with pytest.raises(IllegalStateError):
        driver.wait(Promise())
    thread.join()


def test_a_bug_ends_the_advance(driver, scheduler):
    later = []
    with driver.lock:
        scheduler.call_later(10, lambda: 1 // 0)
        scheduler.call_later(20, later.append, 1)
    with pytest.raises(InternalError):
        driver.advance(30)
    assert later == []


def test_letting_time_pass_counts_real_ms_and_moves_no_clock(driver, scheduler):
    passed_ms = driver.let_pass(3)
    assert 1 <= passed_ms <= 3
    assert scheduler.now_ms == START_MS
