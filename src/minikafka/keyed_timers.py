"""Timers under keys, where arming a key again replaces its timer (Kafka's CoordinatorTimer)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.scheduler import Scheduler, Timer

    TimerKey = tuple[str, ...]


class _Entry:
    __slots__ = ("action", "args", "deadline_ms", "timer")

    def __init__(
        self, deadline_ms: int, action: Callable[..., object], args: tuple[Any, ...], timer: Timer
    ) -> None:
        self.deadline_ms = deadline_ms
        self.action = action
        self.args = args
        self.timer = timer


class KeyedTimers:
    """The timers of one owner.

    Pushing a deadline back, which every heartbeat does, costs a dict look-up: the scheduler's timer stays
    where it is and is set anew when it fires early.

    Args:
        scheduler: runs the timers.
        run: called as `run(action, args)` for a timer that is due.
    """

    __slots__ = ("_entries", "_run", "_scheduler")

    def __init__(
        self, scheduler: Scheduler, run: Callable[[Callable[..., Any], tuple[Any, ...]], object]
    ) -> None:
        self._scheduler = scheduler
        self._run = run
        self._entries: dict[TimerKey, _Entry] = {}

    def schedule(self, key: TimerKey, delay_ms: int, action: Callable[..., object], *args: Any) -> None:
        """Run `action(*args)` in `delay_ms` ms instead of whatever the key was armed with."""
        deadline_ms = self._scheduler.now_ms + delay_ms
        entry = self._entries.get(key)
        if entry is not None and entry.timer.deadline_ms <= deadline_ms:
            entry.deadline_ms = deadline_ms
            entry.action = action
            entry.args = args
            return
        if entry is not None:
            entry.timer.cancel()
        timer = self._scheduler.call_at(deadline_ms, self._fire, key)
        self._entries[key] = _Entry(deadline_ms, action, args, timer)

    def cancel(self, key: TimerKey) -> None:
        """Never run the key's action; unknown keys are ignored."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            entry.timer.cancel()

    def cancel_all(self) -> None:
        """Cancel every key."""
        for entry in self._entries.values():
            entry.timer.cancel()
        self._entries.clear()

    def deadline_ms(self, key: TimerKey) -> int | None:
        """When the key's action is due, None if it is not armed."""
        entry = self._entries.get(key)
        return None if entry is None else entry.deadline_ms

    def __len__(self) -> int:
        return len(self._entries)

    def _fire(self, key: TimerKey) -> None:
        entry = self._entries[key]
        if entry.deadline_ms > self._scheduler.now_ms:
            entry.timer = self._scheduler.call_at(entry.deadline_ms, self._fire, key)
            return
        del self._entries[key]
        self._run(entry.action, entry.args)
