from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.log.leader_epochs import LeaderEpochs

ascending = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=6).map(
    lambda steps: [
        (sum(s[0] + 1 for s in steps[: i + 1]), sum(s[1] for s in steps[: i + 1])) for i in range(len(steps))
    ]
)


@given(ascending, st.integers(-1, 30), st.integers(30, 40))
def test_end_offsets(entries, epoch, log_end):
    epochs = LeaderEpochs(entries)
    epochs._check()
    assert epochs.entries() == entries
    known = [e for e, _ in entries]
    higher = [start for e, start in entries if e > epoch]
    lower = [e for e in known if e <= epoch]
    if epoch == -1 or (epoch not in known[-1:] and not higher):
        expected = (-1, -1)
    elif known and known[-1] == epoch:
        expected = (epoch, log_end)
    else:
        expected = (lower[-1] if lower else epoch, higher[0])
    assert epochs.end_offset_for(epoch, log_end) == expected


@given(ascending, st.integers(0, 30))
def test_truncation(entries, offset):
    from_end = LeaderEpochs(entries)
    from_end.truncate_from_end(offset)
    assert from_end.entries() == [(e, s) for e, s in entries if s < offset]
    from_start = LeaderEpochs(entries)
    from_start.truncate_from_start(offset)
    passed = [e for e, s in entries if s <= offset]
    expected = [(e, s) for e, s in entries if s > offset]
    assert from_start.entries() == ([(passed[-1], offset)] if passed else []) + expected


@given(ascending, st.integers(0, 30))
def test_epoch_of_an_offset(entries, offset):
    reached = [e for e, s in entries if s <= offset]
    assert LeaderEpochs(entries).epoch_for_offset(offset) == (reached[-1] if reached else -1)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12)), max_size=12))
def test_assignment_keeps_both_ascending(assignments):
    epochs = LeaderEpochs()
    for epoch, start in assignments:
        before = epochs.entries()
        epochs.assign(epoch, start)
        epochs._check()
        if before and before[-1][0] == epoch and before[-1][1] <= start:
            assert epochs.entries() == before
        else:
            assert epochs.entries()[-1] == (epoch, start)
    assert epochs.latest_epoch == (epochs.entries()[-1][0] if epochs.entries() else -1)


def test_negative_entries_are_refused():
    for epoch, start in [(-1, 0), (0, -1)]:
        with pytest.raises(ValueError, match="Received invalid partition leader epoch entry"):
            LeaderEpochs().assign(epoch, start)
