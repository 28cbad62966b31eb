"""Which leader epoch begins at which offset of a log.

Mirrors org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache (KIP-101, KIP-279).
"""

from __future__ import annotations

from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

UNDEFINED_EPOCH = -1
UNDEFINED_EPOCH_OFFSET = -1


class LeaderEpochs:
    """Start offsets by leader epoch, both ascending."""

    __slots__ = ("_epochs", "_starts")

    def __init__(self, entries: Iterable[tuple[int, int]] = ()) -> None:
        self._epochs: list[int] = []
        self._starts: list[int] = []
        for epoch, start_offset in entries:
            self.assign(epoch, start_offset)

    @property
    def latest_epoch(self) -> int:
        """The newest epoch; -1 when there is none."""
        return self._epochs[-1] if self._epochs else UNDEFINED_EPOCH

    def entries(self) -> list[tuple[int, int]]:
        """(epoch, start offset), ascending."""
        return list(zip(self._epochs, self._starts))

    def assign(self, epoch: int, start_offset: int) -> None:
        """Note that `epoch` begins at `start_offset`; once assigned an epoch only ever moves down.

        Entries that contradict the new one (no smaller epoch, or no smaller offset) are dropped.

        Raises:
            ValueError: the epoch or the offset is negative.
        """
        if epoch < 0 or start_offset < 0:
            raise ValueError(
                f"Received invalid partition leader epoch entry (epoch={epoch}, startOffset={start_offset})"
            )
        epochs, starts = self._epochs, self._starts
        if epochs and epochs[-1] == epoch and starts[-1] <= start_offset:
            return
        while epochs and (epochs[-1] >= epoch or starts[-1] >= start_offset):
            epochs.pop()
            starts.pop()
        epochs.append(epoch)
        starts.append(start_offset)

    def end_offset_for(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """The largest epoch <= the asked one and where it ends; (-1, -1) when that is undefined.

        Args:
            epoch: the asked epoch.
            log_end_offset: the end of the newest epoch.
        """
        epochs = self._epochs
        if epoch == UNDEFINED_EPOCH:
            return UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET
        if epochs and epochs[-1] == epoch:
            return epoch, log_end_offset
        higher = bisect_right(epochs, epoch)
        if higher == len(epochs):
            return UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET
        if higher == 0:
            # Older than anything known: that data is gone, and the follower starts where the log now does.
            return epoch, self._starts[0]
        return epochs[higher - 1], self._starts[higher]

    def epoch_for_offset(self, offset: int) -> int:
        """The epoch that an offset belongs to; -1 before the first."""
        at = bisect_right(self._starts, offset)
        return self._epochs[at - 1] if at else UNDEFINED_EPOCH

    def truncate_from_end(self, end_offset: int) -> None:
        """Drop the epochs that begin at or after `end_offset`."""
        starts = self._starts
        if end_offset < 0:
            return
        while starts and starts[-1] >= end_offset:
            starts.pop()
            self._epochs.pop()

    def truncate_from_start(self, start_offset: int) -> None:
        """Drop the epochs that end at or before `start_offset`; the one that spans it now begins there."""
        starts = self._starts
        passed = bisect_right(starts, start_offset)
        if passed:
            del starts[: passed - 1], self._epochs[: passed - 1]
            starts[0] = start_offset

    def clear(self) -> None:
        """Forget everything."""
        self._epochs.clear()
        self._starts.clear()

    def _check(self) -> None:
        assert len(self._epochs) == len(self._starts)
        assert all(a < b for a, b in zip(self._epochs, self._epochs[1:])), self.entries()
        assert all(a < b for a, b in zip(self._starts, self._starts[1:])), self.entries()
        assert not self._epochs or (self._epochs[0] >= 0 and self._starts[0] >= 0), self.entries()

    def __repr__(self) -> str:
        return f"LeaderEpochs({self.entries()})"
