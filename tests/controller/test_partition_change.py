import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.controller.partition_change import (
    Election,
    change_partition,
    completed_reassignment,
    elect,
    reassigned,
    reverted,
)
from minikafka.errors import InvalidReplicationAssignmentError
from minikafka.image import NO_LEADER, PartitionImage


@pytest.mark.parametrize(
    ("leader", "isr", "alive", "election", "expected"),
    [
        (1, (1, 2, 3), (1, 2, 3), Election.ONLINE, (1, False)),
        (2, (1, 2, 3), (1, 2, 3), Election.ONLINE, (2, False)),
        (2, (1, 2, 3), (1, 2, 3), Election.PREFERRED, (1, False)),
        (2, (2, 3), (1, 2, 3), Election.PREFERRED, (2, False)),
        (1, (1, 2, 3), (2, 3), Election.ONLINE, (2, False)),
        (1, (3, 2), (2, 3), Election.ONLINE, (2, False)),  # in the order of the replicas
        (1, (1,), (2, 3), Election.ONLINE, (NO_LEADER, False)),
        (1, (1,), (2, 3), Election.PREFERRED, (NO_LEADER, False)),
        (1, (1,), (3,), Election.UNCLEAN, (3, True)),
        (1, (1, 2), (2, 3), Election.UNCLEAN, (2, False)),
        (1, (1,), (), Election.UNCLEAN, (NO_LEADER, False)),
    ],
)
def test_elections(leader, isr, alive, election, expected):
    assert elect(leader, (1, 2, 3), isr, alive.__contains__, election) == expected


def test_a_new_leader_raises_both_epochs():
    before = PartitionImage((1, 2, 3), (1, 2, 3), 1, 4, 9)
    after = change_partition(before, (2, 3).__contains__, isr=(2, 3))
    assert (after.leader, after.leader_epoch, after.isr, after.partition_epoch) == (2, 5, (2, 3), 10)


def test_an_isr_change_raises_the_partition_epoch_alone():
    before = PartitionImage((1, 2, 3), (1, 2, 3), 1, 4, 9)
    after = change_partition(before, (1, 2, 3).__contains__, isr=(1, 2))
    assert (after.leader, after.leader_epoch, after.isr, after.partition_epoch) == (1, 4, (1, 2), 10)


def test_the_last_of_the_isr_stays_in_it():
    before = PartitionImage((1, 2), (1,), 1)
    after = change_partition(before, (2,).__contains__, isr=())
    assert (after.leader, after.isr, after.leader_epoch) == (NO_LEADER, (1,), 1)
    assert change_partition(after, (2,).__contains__) is None
    back = change_partition(after, (1, 2).__contains__)
    assert (back.leader, back.isr, back.leader_epoch) == (1, (1,), 2)


def test_an_unclean_leader_is_alone_in_its_isr():
    before = PartitionImage((1, 2, 3), (1,), NO_LEADER, 5)
    after = change_partition(before, (3,).__contains__, Election.UNCLEAN)
    assert (after.leader, after.isr, after.leader_epoch) == (3, (3,), 6)


def test_no_change_is_none():
    before = PartitionImage((1, 2), (1, 2), 1)
    assert change_partition(before, (1, 2).__contains__, isr=(1, 2)) is None


class TestReassignment:
    @pytest.mark.parametrize(
        ("replicas", "isr", "adding", "removing", "expected"),
        [
            ((1, 2, 3), (1, 2, 3), (), (), None),
            ((4, 1), (1,), (4,), (1,), None),
            ((4, 1), (1, 4), (4,), (1,), ((4,), (4,))),
            ((4, 5, 1), (1, 4), (4, 5), (1,), None),
            ((1, 2), (1, 2), (), (2,), ((1,), (1,))),
            ((1, 2), (2,), (), (2,), None),
        ],
    )
    def test_completion(self, replicas, isr, adding, removing, expected):
        assert completed_reassignment(replicas, isr, adding, removing) == expected

    def test_begins_with_both_sets(self):
        assert reassigned((1, 2, 3), (3, 4)) == ([3, 4, 1, 2], [4], [1, 2])

    def test_a_new_order_completes_at_once(self):
        before = PartitionImage((1, 2), (1, 2), 1)
        replicas, adding, removing = reassigned(before.replicas, (2, 1))
        after = change_partition(
            before, (1, 2).__contains__, replicas=replicas, adding=adding, removing=removing
        )
        assert (after.replicas, after.leader, after.leader_epoch) == ((2, 1), 1, 0)

    def test_a_removed_replica_raises_the_leader_epoch(self):
        before = PartitionImage((1, 2), (1, 2), 1)
        after = change_partition(before, (1, 2).__contains__, replicas=(1, 2), adding=(), removing=(2,))
        assert (after.replicas, after.isr, after.leader, after.leader_epoch) == ((1,), (1,), 1, 1)
        assert after.removing_replicas == ()

    def test_revert(self):
        partition = PartitionImage((4, 1, 2), (1, 4), 1, adding_replicas=(4,), removing_replicas=(1,))
        assert reverted(partition) == ([1, 2], [1], False)
        partition = PartitionImage((4, 1, 2), (4,), 4, adding_replicas=(4,), removing_replicas=(1,))
        assert reverted(partition) == ([1, 2], [1], True)
        partition = PartitionImage((4,), (4,), 4, adding_replicas=(4,))
        with pytest.raises(InvalidReplicationAssignmentError):
            reverted(partition)


NODES = st.lists(st.integers(1, 5), min_size=1, max_size=5, unique=True).map(tuple)


@given(NODES, st.data())
def test_what_holds_for_every_change(replicas, data):
    isr = tuple(data.draw(st.lists(st.sampled_from(replicas), min_size=1, unique=True)))
    leader = data.draw(st.sampled_from((*isr, NO_LEADER)))
    before = PartitionImage(replicas, isr, leader, 3, 7)
    alive = data.draw(st.sets(st.integers(1, 5)))
    election = data.draw(st.sampled_from(Election))
    target_isr = data.draw(st.none() | st.lists(st.sampled_from(replicas), unique=True))
    options = {}
    if data.draw(st.booleans()):
        target, adding, removing = reassigned(replicas, data.draw(NODES))
        options = {"replicas": target, "adding": adding, "removing": removing}
    after = change_partition(before, alive.__contains__, election, isr=target_isr, **options)
    if after is None:
        return
    assert after.partition_epoch == 8
    assert after.leader_epoch in (3, 4)
    assert after.isr
    assert set(after.isr) <= set(after.replicas) | set(before.isr)
    if after.leader != NO_LEADER:
        assert after.leader in alive
        assert after.leader in after.isr
    if after.leader != leader:
        assert after.leader_epoch == 4
    if not after.adding_replicas and not after.removing_replicas and options:
        assert set(after.replicas) <= set(after.isr) or set(after.replicas) == set(replicas)
