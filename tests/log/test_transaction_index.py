from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.log.transaction_index import AbortedTxn, TransactionIndex


@st.composite
def histories(draw):
    """Transactions as a log would index them: overlapping at will, in the order of their markers."""
    open_at: dict[int, int] = {}
    found = []
    for offset in range(draw(st.integers(0, 40))):
        producer = draw(st.integers(0, 3))
        if producer in open_at and draw(st.booleans()):
            first = open_at.pop(producer)
            found.append(AbortedTxn(producer, first, offset, min(open_at.values(), default=offset + 1)))
        else:
            open_at.setdefault(producer, offset)
    return found


@given(histories(), st.integers(0, 40), st.integers(0, 40))
def test_collect_finds_what_overlaps(history, start, length):
    index = TransactionIndex()
    for each in history:
        index.append(each)
    index._check()
    upper = start + length
    expected = [each for each in history if each.last_offset >= start and each.first_offset < upper]
    assert index.collect(start, upper) == expected


@given(histories(), st.integers(0, 40))
def test_cutting(history, offset):
    front, end = TransactionIndex(), TransactionIndex()
    for each in history:
        front.append(each)
        end.append(each)
    front.delete_before(offset)
    end.truncate_to(offset)
    assert front.entries() == [each for each in history if each.last_offset >= offset]
    assert end.entries() == [each for each in history if each.last_offset < offset]


def test_markers_ascend():
    index = TransactionIndex()
    index.append(AbortedTxn(1, 0, 5, 6))
    with pytest.raises(ValueError, match="must increase"):
        index.append(AbortedTxn(2, 1, 5, 6))
