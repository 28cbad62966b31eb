from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.client.partitioner import (
    DefaultPartitioner,
    StickyPartitioner,
    adopt_partitioner,
    bind_partitioner,
    murmur2,
    partition_for_key,
)

kafka_partitioner = pytest.importorskip("kafka.partitioner")


class Cluster:
    def __init__(self, partitions, available):
        self._partitions, self._available = set(partitions), set(available)

    def topics(self):
        return {"t"}

    def partitions_for_topic(self, topic):
        return self._partitions if topic == "t" else None

    def available_partitions_for_topic(self, topic):
        return self._available if topic == "t" else None

    def sorted_partitions(self, topic, available=False):
        return sorted((self._available if available else self._partitions) if topic == "t" else ())


@given(st.binary(max_size=70))
@settings(max_examples=300)
def test_murmur2_is_kafka_pythons(data):
    assert murmur2(data) == kafka_partitioner.murmur2(data)
    assert murmur2(bytearray(data)) == murmur2(data)


# org.apache.kafka.common.utils.UtilsTest#testMurmur2
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_javas(key, expected):
    assert murmur2(key) == expected & 0xFFFFFFFF


@given(st.binary(max_size=30), st.integers(1, 50))
@settings(max_examples=100)
def test_keys_go_where_kafka_python_sends_them(key, count):
    cluster = Cluster(range(count), range(count))
    theirs = kafka_partitioner.DefaultPartitioner().partition("t", None, key, None, b"", cluster)
    for ours in (DefaultPartitioner(), StickyPartitioner()):
        assert ours.partition("t", None, key, None, b"", cluster) == theirs
    assert partition_for_key(key, range(count)) == theirs


def test_default_partitioner_draws_available_partitions_for_null_keys():
    partitioner = DefaultPartitioner(Random(1))
    drawn = {partitioner.partition("t", None, None, None, b"", Cluster(range(4), [1, 3])) for _ in range(50)}
    assert drawn == {1, 3}
    nobody = {partitioner.partition("t", None, None, None, b"", Cluster(range(3), [])) for _ in range(50)}
    assert nobody == {0, 1, 2}
    with pytest.raises(ValueError, match="not found"):
        partitioner.partition("other", None, None, None, b"", Cluster(range(3), []))


def test_sticky_partitioner_moves_on_with_a_new_batch_only():
    partitioner = StickyPartitioner(Random(1))
    cluster = Cluster(range(3), range(3))
    first = partitioner.partition("t", None, None, None, b"", cluster)
    assert all(partitioner.partition("t", None, None, None, b"", cluster) == first for _ in range(10))
    partitioner.on_new_batch("t", cluster, first)
    second = partitioner.partition("t", None, None, None, b"", cluster)
    assert second != first
    partitioner.on_new_batch("t", cluster, first)
    assert partitioner.partition("t", None, None, None, b"", cluster) == second
    others = [p for p in range(3) if p != second]
    assert partitioner.partition("t", None, None, None, b"", Cluster(range(3), others)) in others


def test_shapes():
    cluster = Cluster([2, 0, 1], [1, 0])
    calls = []

    def old(key, partitions, available):
        calls.append((key, partitions, available))
        return 2

    assert bind_partitioner(old)("t", "k", b"k", "v", b"v", cluster) == 2
    assert calls == [(b"k", [0, 1, 2], [0, 1])]

    class New:
        def partition(self, topic, key, serialized_key, value, serialized_value, cluster):
            return (topic, key, serialized_key, value, serialized_value)

    assert bind_partitioner(New())("t", "k", b"k", "v", b"v", cluster) == ("t", "k", b"k", "v", b"v")

    class Between:
        def partition(self, topic, serialized_key, cluster):
            return (topic, serialized_key)

    assert bind_partitioner(Between())("t", "k", b"k", "v", b"v", cluster) == ("t", b"k")
    assert DefaultPartitioner()(b"k", [0, 1, 2], []) == partition_for_key(b"k", [0, 1, 2])
    with pytest.raises(TypeError, match="partitioner=3"):
        bind_partitioner(3)


def test_adopted_partitioners_draw_from_the_clusters_chance():
    random = Random(3)
    adopted = adopt_partitioner(kafka_partitioner.StickyPartitioner(), random)
    assert type(adopted) is StickyPartitioner
    assert adopted.random is random
    own = DefaultPartitioner()
    assert adopt_partitioner(own, random) is own
    assert own.random is random

    class Mine(kafka_partitioner.DefaultPartitioner):
        pass

    mine = Mine()
    assert adopt_partitioner(mine, random) is mine
