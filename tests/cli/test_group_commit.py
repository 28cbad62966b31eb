"""What a member of a group commits before it leaves, on a consumer that does what the test says."""

import pytest

pytest.importorskip("click")
pytest.importorskip("kafka")

from kafka import TopicPartition, errors

from minikafka.cli.failures import Failure
from minikafka.cli.group_commit import commit_written

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


class Consumer:
    """Refuses the first commits, and has other partitions after each poll."""

    def __init__(self, refusals=(), assignments=()):
        self.refusals = list(refusals)
        self.assignments = list(assignments)
        self.assigned = {FIRST, SECOND}
        self.committed = None

    def commit(self, offsets, timeout_ms):
        if self.refusals:
            raise self.refusals.pop(0)
        self.committed = {partition: each.offset for partition, each in offsets.items()}

    def poll(self, timeout_ms, max_records):
        self.assigned = self.assignments.pop(0)
        return {}

    def assignment(self):
        return self.assigned


def test_what_was_written_is_committed():
    consumer = Consumer()
    assert commit_written(consumer, {FIRST: 3, SECOND: 1}, 1000)
    assert consumer.committed == {FIRST: 3, SECOND: 1}


def test_a_rebalance_is_waited_for():
    consumer = Consumer(
        [errors.CommitFailedError(), errors.RebalanceInProgressError()], [set(), {FIRST}, {FIRST}]
    )
    assert not commit_written(consumer, {FIRST: 3, SECOND: 1}, 10_000)
    assert consumer.committed == {FIRST: 3}


def test_what_another_member_has_now_is_left_to_it(capsys):
    consumer = Consumer([errors.CommitFailedError()], [{SECOND}])
    assert not commit_written(consumer, {FIRST: 3}, 10_000)
    assert consumer.committed is None
    assert "another member of the group has the partitions now" in capsys.readouterr().err


def test_nothing_is_committed_where_nothing_was_written(capsys):
    consumer = Consumer()
    assert commit_written(consumer, {}, 1000)
    assert (consumer.committed, capsys.readouterr().err) == (None, "")


def test_a_group_that_does_not_take_it_is_told():
    with pytest.raises(Failure, match="CommitFailed"):
        commit_written(Consumer([errors.CommitFailedError()]), {FIRST: 3}, 1)
