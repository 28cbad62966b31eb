from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.controller.placement import place_replicas
from minikafka.errors import InvalidReplicationFactorError
from minikafka.image import BrokerImage


def brokers(racks, fenced=()):
    return [
        BrokerImage(node_id, "host", 9092, rack, fenced=node_id in fenced) for node_id, rack in racks.items()
    ]


@given(
    st.dictionaries(st.integers(1, 12), st.sampled_from([None, "a", "b", "c"]), min_size=1),
    st.data(),
)
def test_what_holds_for_every_placement(racks, data):
    fenced = data.draw(st.sets(st.sampled_from(sorted(racks)), max_size=len(racks) - 1))
    factor = data.draw(st.integers(1, len(racks)))
    count = data.draw(st.integers(1, 12))
    placed = place_replicas(Random(data.draw(st.integers(0, 99))), brokers(racks, fenced), count, factor)
    assert len(placed) == count
    for replicas in placed:
        assert len(set(replicas)) == len(replicas) == factor
        assert replicas[0] not in fenced
        assert set(replicas) <= set(racks)
    if not fenced:
        leaders = Counter(replicas[0] for replicas in placed)
        if len(set(racks.values())) == 1:
            assert max(leaders.values()) - min(leaders[node_id] for node_id in racks) <= 1


@given(st.integers(0, 99), st.integers(1, 12), st.integers(1, 3))
def test_replicas_lie_on_as_many_racks_as_there_are(seed, partitions, factor):
    racks = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c", 6: "c"}
    for replicas in place_replicas(Random(seed), brokers(racks), partitions, factor):
        assert len({racks[node_id] for node_id in replicas}) == factor


def test_one_rack_is_striped():
    placed = place_replicas(Random(1), brokers(dict.fromkeys((1, 2, 3, 4))), 4, 3)
    start = placed[0][0]
    for offset, replicas in enumerate(placed):
        assert replicas == [(start - 1 + offset + each) % 4 + 1 for each in range(3)]


def test_the_start_is_drawn():
    racks = dict.fromkeys((1, 2, 3))
    assert {place_replicas(Random(seed), brokers(racks), 1, 1)[0][0] for seed in range(20)} == {1, 2, 3}


def test_fenced_brokers_are_taken_last():
    placed = place_replicas(Random(1), brokers(dict.fromkeys((1, 2, 3)), fenced=(3,)), 6, 2)
    assert all(3 not in replicas for replicas in placed)
    placed = place_replicas(Random(1), brokers(dict.fromkeys((1, 2, 3)), fenced=(3,)), 2, 3)
    assert [replicas[2] for replicas in placed] == [3, 3]


@pytest.mark.parametrize(
    ("racks", "fenced", "factor", "message"),
    [
        ({1: None}, (), 2, "target replication factor of 2 cannot be reached because only 1 broker"),
        ({1: None}, (1,), 1, "All brokers are currently fenced"),
        ({1: None}, (), 0, "must be positive"),
    ],
)
def test_refusals(racks, fenced, factor, message):
    with pytest.raises(InvalidReplicationFactorError, match=message):
        place_replicas(Random(0), brokers(racks, fenced), 1, factor)
