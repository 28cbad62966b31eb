"""The aborted transactions of a log, so that read_committed readers can skip their records.

Mirrors org.apache.kafka.storage.internals.log.TransactionIndex, with one index for the log where Kafka keeps
one for each segment (an entry belongs to the segment that holds its abort marker, and goes with it).
"""

from __future__ import annotations

from bisect import bisect_left


class AbortedTxn:
    """One aborted transaction of a partition.

    Args:
        producer_id: whose it was.
        first_offset: of its first record.
        last_offset: of its abort marker.
        last_stable_offset: of the log once the marker was there.
    """

    __slots__ = ("first_offset", "last_offset", "last_stable_offset", "producer_id")

    def __init__(
        self, producer_id: int, first_offset: int, last_offset: int, last_stable_offset: int
    ) -> None:
        self.producer_id: int = producer_id
        self.first_offset: int = first_offset
        self.last_offset: int = last_offset
        self.last_stable_offset: int = last_stable_offset

    def as_tuple(self) -> tuple[int, int, int, int]:
        """(producer id, first offset, last offset, last stable offset)."""
        return self.producer_id, self.first_offset, self.last_offset, self.last_stable_offset

    def __repr__(self) -> str:
        return f"AbortedTxn(producer {self.producer_id}, {self.first_offset}..{self.last_offset})"


class TransactionIndex:
    """Aborted transactions in the order of their markers."""

    __slots__ = ("_last_offsets", "_transactions")

    def __init__(self) -> None:
        self._transactions: list[AbortedTxn] = []
        self._last_offsets: list[int] = []

    def append(self, transaction: AbortedTxn) -> None:
        """Add one; its marker must come after all others.

        Raises:
            ValueError: it does not.
        """
        if self._last_offsets and self._last_offsets[-1] >= transaction.last_offset:
            raise ValueError(
                f"The last offset of appended transactions must increase sequentially, but "
                f"{transaction.last_offset} is not greater than current last offset "
                f"{self._last_offsets[-1]}"
            )
        self._transactions.append(transaction)
        self._last_offsets.append(transaction.last_offset)

    def collect(self, fetch_offset: int, upper_bound_offset: int) -> list[AbortedTxn]:
        """Those that overlap a fetched range.

        Args:
            fetch_offset: where the range begins.
            upper_bound_offset: where it ends (exclusive).
        """
        found: list[AbortedTxn] = []
        transactions = self._transactions
        for at in range(bisect_left(self._last_offsets, fetch_offset), len(transactions)):
            transaction = transactions[at]
            if transaction.first_offset < upper_bound_offset:
                found.append(transaction)
            if transaction.last_stable_offset >= upper_bound_offset:
                break
        return found

    def truncate_to(self, offset: int) -> None:
        """Drop those whose marker is at or after `offset`."""
        keep = bisect_left(self._last_offsets, offset)
        del self._last_offsets[keep:], self._transactions[keep:]

    def delete_before(self, offset: int) -> None:
        """Drop those whose marker is before `offset` (its segment is gone)."""
        gone = bisect_left(self._last_offsets, offset)
        del self._last_offsets[:gone], self._transactions[:gone]

    def entries(self) -> list[AbortedTxn]:
        """All of them, in the order of their markers."""
        return list(self._transactions)

    def _check(self) -> None:
        assert self._last_offsets == [each.last_offset for each in self._transactions]
        assert all(a < b for a, b in zip(self._last_offsets, self._last_offsets[1:]))
        assert all(each.first_offset < each.last_offset for each in self._transactions)
