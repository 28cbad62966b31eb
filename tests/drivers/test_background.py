"""The event loop as what turns the scheduler."""

import asyncio
import threading
from random import Random

import pytest

from minikafka.drivers.manual import ManualDriver
from minikafka.drivers.system import SystemDriver
from minikafka.scheduler import Promise, Scheduler

WAIT_S = 10


def clock_threads():
    return [thread.name for thread in threading.enumerate() if thread.name == "minikafka-clock"]


@pytest.fixture(params=[SystemDriver, ManualDriver])
def driver(request):
    driver = request.param(Scheduler(Random(1), 1_700_000_000_000))
    yield driver
    driver.close()
    driver.scheduler.close()
    assert clock_threads() == []


async def in_loop(call):
    """What another thread calls the function with, awaited."""
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()
    call(lambda: loop.call_soon_threadsafe(arrived.set))
    await asyncio.wait_for(arrived.wait(), WAIT_S)


def test_the_loop_takes_the_threads_place(driver):
    scheduler = driver.scheduler

    async def main():
        with driver.lock:
            driver.turn_in_loop(asyncio.get_running_loop())
        assert clock_threads() == []

        def add(action):
            with driver.lock:
                scheduler.call_soon(action)

        await in_loop(add)

        def add_from_a_thread(action):
            thread = threading.Thread(target=add, args=(action,))
            thread.start()
            thread.join()

        await in_loop(add_from_a_thread)
        driver.turn_in_thread()
        assert clock_threads() == ["minikafka-clock"]
        await in_loop(add)

    asyncio.run(main())


def test_an_earlier_timer_is_not_overslept():
    driver = SystemDriver(Scheduler(Random(1), 0))
    scheduler = driver.scheduler
    fired = []

    async def main():
        driver.turn_in_loop(asyncio.get_running_loop())
        with driver.lock:
            scheduler.call_later(3_600_000, fired.append, "late")
        await asyncio.sleep(0)

        def add(action):
            with driver.lock:
                scheduler.call_later(5, fired.append, "early")
                scheduler.call_later(5, action)

        await in_loop(add)

    asyncio.run(main())
    assert fired == ["early"]
    driver.close()
    scheduler.close()


def test_a_thread_waits_for_what_the_loop_does(driver):
    scheduler = driver.scheduler

    async def main():
        driver.turn_in_loop(asyncio.get_running_loop())
        promise = Promise()

        async def keep():
            with driver.lock:
                scheduler.call_soon(promise.set_result, None)

        waiting = asyncio.get_running_loop().run_in_executor(None, driver.wait, promise, 10_000)
        await keep()
        assert await asyncio.wait_for(waiting, WAIT_S)

    asyncio.run(main())


def test_a_blocking_call_in_the_loop_turns_the_scheduler_itself(driver):
    async def main():
        driver.turn_in_loop(asyncio.get_running_loop())
        promise = Promise()
        with driver.lock:
            driver.scheduler.call_soon(driver.scheduler.call_soon, promise.set_result, None)
        assert driver.wait(promise, 10_000)

    asyncio.run(main())


def test_a_loop_that_was_closed_gives_way_to_a_thread(driver):
    loop = asyncio.new_event_loop()

    async def main():
        driver.turn_in_loop(loop)

    loop.run_until_complete(main())
    loop.close()
    done = threading.Event()
    with driver.lock:
        driver.scheduler.call_soon(done.set)
    assert done.wait(WAIT_S)
    assert clock_threads() == ["minikafka-clock"]


def test_a_loop_that_is_closed_while_another_thread_calls_it(driver, monkeypatch):
    """It is open when it is asked, and closed when it is told."""
    loop = asyncio.new_event_loop()

    async def main():
        driver.turn_in_loop(loop)
        await asyncio.sleep(0)

    loop.run_until_complete(main())
    tell = loop.call_soon_threadsafe

    def close_and_tell(*args):
        loop.close()
        tell(*args)

    monkeypatch.setattr(loop, "call_soon_threadsafe", close_and_tell)
    done = threading.Event()

    def work():
        with driver.lock:
            driver.scheduler.call_soon(done.set)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(WAIT_S)
    assert done.wait(WAIT_S)
    assert clock_threads() == ["minikafka-clock"]


def test_a_driver_that_is_closed_while_its_thread_comes_to_an_end(driver, monkeypatch):
    """Nobody turns it afterwards."""
    turner = driver._turner
    end = turner.end

    def end_and_close():
        monkeypatch.setattr(turner, "end", end)
        end()
        driver.close()

    monkeypatch.setattr(turner, "end", end_and_close)
    loop = asyncio.new_event_loop()

    async def main():
        driver.turn_in_loop(loop)
        assert driver._turner is turner

    loop.run_until_complete(main())
    loop.close()
