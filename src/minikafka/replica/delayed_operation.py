"""An operation that waits for partitions to change, or for its deadline (Kafka's DelayedOperation).

There is no purgatory apart from the partitions themselves: each keeps the operations that watch it and has them
look again at every change of its state.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.replica.partition import Partition
    from minikafka.scheduler import Scheduler, Timer


class DelayedOperation:
    """Completed exactly once: by a change, by its deadline, or never if it is cancelled."""

    __slots__ = ("_partitions", "_timer", "is_completed")

    is_fetch = False
    """Whether the end of the log matters, which moves more often than anything else."""

    def __init__(self) -> None:
        self._partitions: list[Partition] = []
        self._timer: Timer | None = None
        self.is_completed: bool = False

    def watch(self, partitions: Iterable[Partition]) -> None:
        """Look again whenever one of these partitions changes."""
        for partition in partitions:
            self._watchers(partition)[self] = None
            self._partitions.append(partition)

    def _watchers(self, partition: Partition) -> dict[DelayedOperation, None]:
        return partition.fetch_watchers if self.is_fetch else partition.watchers

    def expire_at(self, scheduler: Scheduler, deadline_ms: int) -> None:
        """Complete at `deadline_ms` at the latest, with what there is then."""
        self._timer = scheduler.call_at(deadline_ms, self._expire)

    def try_complete(self, partition: Partition) -> None:
        """A watched partition has changed: complete if that was what was missing."""
        raise NotImplementedError

    def on_complete(self) -> None:
        """Give the answer."""
        raise NotImplementedError

    def on_expiration(self) -> None:
        """The deadline has come before completion."""

    def force_complete(self) -> None:
        """Complete now, unless that has happened."""
        if not self.is_completed:
            self.cancel()
            self.on_complete()

    def cancel(self) -> None:
        """Watch no longer, and never answer."""
        self.is_completed = True
        if self._timer is not None:
            self._timer.cancel()
        for partition in self._partitions:
            self._watchers(partition).pop(self, None)
        self._partitions.clear()

    def _expire(self) -> None:
        self._timer = None
        if not self.is_completed:
            self.on_expiration()
            self.force_complete()
