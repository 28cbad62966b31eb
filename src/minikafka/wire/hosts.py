"""Whose event loop a listener lives in: one of its own on a thread, or the caller's.

Both hosts have a `loop` to put work into from any thread, and `end`, which has the last work done there.
"""

from __future__ import annotations

import asyncio
import threading

from minikafka.logs import logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    Work = Callable[[], object]

log: Logger = logger("wire")

_LAST_TURNS = 6
"""A connection that was just accepted needs a few turns of the loop to be one, and to say that it is gone."""

_LOOK_AGAIN_S = 0.05
"""A loop that was to do something may have been stopped by its owner instead."""


class OwnLoop:
    """An event loop on a thread that nothing else uses."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._run, name="minikafka-wire", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def end(self, last: Work) -> None:
        """Have `last` done, end the thread, and wait for that unless this is the thread."""
        self.loop.call_soon_threadsafe(self._last, last)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _last(self, last: Work) -> None:
        try:
            last()
        finally:
            self.loop.stop()

    def _run(self) -> None:
        loop = self.loop
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(_wind_down())
            loop.close()


class CallersLoop:
    """The event loop that runs in the calling thread.

    Args:
        on_loop_end: done in the loop when its owner ends it first: `asyncio.run` cancels all tasks before.
    """

    def __init__(self, on_loop_end: Work) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._on_loop_end = on_loop_end
        self._ended = threading.Event()
        self._over: asyncio.Future[None] = self.loop.create_future()
        self._guard: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Be told of the loop's end."""
        self._guard = self.loop.create_task(self._wait_for_end(), name="minikafka-wire")

    async def _wait_for_end(self) -> None:
        try:
            await self._over
        except asyncio.CancelledError:
            if not self._ended.is_set():
                self._on_loop_end()
            await _some_turns()
            raise
        await _some_turns()

    def end(self, last: Work) -> None:
        """Have `last` done; in another thread wait for that, as long as the loop runs at all."""
        if threading.get_ident() == self._thread or not self.loop.is_running():
            self._last(last)
            return
        self.loop.call_soon_threadsafe(self._last, last)
        while not self._ended.wait(_LOOK_AGAIN_S):
            if not self.loop.is_running():
                self._last(last)

    async def ended(self) -> None:
        """In the loop, after `end`: wait until everything that `end` closed is gone."""
        if self._guard is not None and self.loop is asyncio.get_running_loop():
            await asyncio.wait([self._guard])

    def _last(self, last: Work) -> None:
        if self._ended.is_set():
            return
        self._ended.set()
        last()
        if not self._over.done() and not self.loop.is_closed():
            self._over.set_result(None)


async def _wind_down() -> None:
    """Let connections that are being accepted, or lost, come to their end."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
    await _some_turns()


async def _some_turns() -> None:
    for _ in range(_LAST_TURNS):
        await asyncio.sleep(0)
