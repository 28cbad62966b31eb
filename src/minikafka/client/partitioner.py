"""Choosing partitions: murmur2 as Java has it, sticky null keys (KIP-480), and users' own partitioners."""

from __future__ import annotations

from struct import unpack_from

from minikafka.client.serializers import positional_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random
    from typing import Any

    from minikafka.client.metadata import ClusterMetadata

    PartitionFunction = Callable[[str, Any, bytes | None, Any, bytes | None, ClusterMetadata], int | None]

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_REMEMBERED_KEYS = 4096


def murmur2(data: bytes | bytearray | memoryview) -> int:
    """The 32-bit murmur2 hash, unsigned, as Java's Utils.murmur2 computes it (there signed)."""
    length = len(data)
    whole = length & ~3
    h = _SEED ^ length
    for k in unpack_from(f"<{whole >> 2}I", data):
        k = (k * _M) & _MASK
        h = ((h * _M) & _MASK) ^ (((k ^ (k >> 24)) * _M) & _MASK)
    if whole != length:
        h = ((h ^ int.from_bytes(data[whole:], "little")) * _M) & _MASK
    h = ((h ^ (h >> 13)) * _M) & _MASK
    return h ^ (h >> 15)


def partition_for_key(key: bytes, partitions: Sequence[int]) -> int:
    """The partition of a key among all partitions in ascending order (Java: BuiltInPartitioner)."""
    return partitions[(murmur2(key) & 0x7FFFFFFF) % len(partitions)]


class Partitioner:
    """Base class of user-defined partitioners, in kafka-python 3's shape."""

    def partition(
        self,
        topic: str,
        key: Any,
        serialized_key: bytes | None,
        value: Any,
        serialized_value: bytes | None,
        cluster: ClusterMetadata,
    ) -> int | None:
        """The partition for a record."""
        raise NotImplementedError


class DefaultPartitioner(Partitioner):
    """Keys by murmur2, null keys at random among the partitions that have a leader.

    Args:
        random: the source of chance; a producer gives its cluster's to one made without.
    """

    def __init__(self, random: Random | None = None) -> None:
        self.random = random
        self._hashes: dict[bytes, int] = {}

    def partition(
        self,
        topic: str,
        key: Any,  # noqa: ARG002 - kafka-python's shape
        serialized_key: bytes | None,
        value: Any,  # noqa: ARG002
        serialized_value: bytes | None,  # noqa: ARG002
        cluster: ClusterMetadata,
    ) -> int | None:
        """See `Partitioner.partition`.

        Raises:
            ValueError: the topic is unknown.
        """
        partitions = _known_partitions(topic, cluster)
        if serialized_key is not None:
            hashed = self._hashes.get(serialized_key)
            if hashed is None:
                hashed = self._remember(serialized_key)
            return partitions[hashed % len(partitions)]
        return self._choose(_available_partitions(topic, cluster) or partitions)

    def _remember(self, key: bytes) -> int:
        # Applications use few keys and many records: hashing in Python is what would cost most.
        if len(self._hashes) >= _REMEMBERED_KEYS:
            self._hashes.clear()
        hashed = self._hashes[key] = murmur2(key) & 0x7FFFFFFF
        return hashed

    def __call__(self, key: bytes | None, all_partitions: Sequence[int], available: Sequence[int]) -> int:
        """kafka-python 2's shape of the same."""
        if key is not None:
            return partition_for_key(key, all_partitions)
        return self._choose(available or all_partitions)

    def _choose(self, partitions: Sequence[int]) -> int:
        if len(partitions) == 1:
            return partitions[0]
        if self.random is None:
            raise ValueError("this partitioner belongs to no producer yet: give it a random.Random")
        return self.random.choice(partitions)


class StickyPartitioner(DefaultPartitioner):
    """Keys by murmur2; null keys stay on one partition per topic until its batch is full (KIP-480)."""

    def __init__(self, random: Random | None = None) -> None:
        super().__init__(random)
        self.sticky: dict[str, int] = {}
        """The partition that each topic's null keys go to now."""

    def partition(
        self,
        topic: str,
        key: Any,
        serialized_key: bytes | None,
        value: Any,
        serialized_value: bytes | None,
        cluster: ClusterMetadata,
    ) -> int | None:
        """See `Partitioner.partition`."""
        if serialized_key is not None:
            return super().partition(topic, key, serialized_key, value, serialized_value, cluster)
        partition = self.sticky.get(topic)
        if partition is not None:
            available = _available_partitions(topic, cluster) or _known_partitions(topic, cluster)
            if partition in available:
                return partition
        return self._pick(topic, cluster, None)

    def on_new_batch(self, topic: str, cluster: ClusterMetadata, prev_partition: int) -> None:
        """Move on to another partition; the record that would have opened a new batch goes there."""
        if self.sticky.get(topic) == prev_partition:
            self._pick(topic, cluster, prev_partition)

    def _pick(self, topic: str, cluster: ClusterMetadata, avoid: int | None) -> int:
        available = _available_partitions(topic, cluster)
        candidates = [p for p in available if p != avoid] or available
        partition = self._choose(candidates or sorted(_known_partitions(topic, cluster)))
        self.sticky[topic] = partition
        return partition


def _known_partitions(topic: str, cluster: ClusterMetadata) -> list[int]:
    partitions = cluster.sorted_partitions(topic)
    if not partitions:
        raise ValueError(f"Topic {topic} not found in ClusterMetadata")
    return partitions


def _available_partitions(topic: str, cluster: ClusterMetadata) -> list[int]:
    return cluster.sorted_partitions(topic, available=True)


_KAFKA_PYTHON_CLASSES: dict[str, type[DefaultPartitioner]] = {
    "DefaultPartitioner": DefaultPartitioner,
    "StickyPartitioner": StickyPartitioner,
}


def adopt_partitioner(partitioner: Any, random: Random) -> Any:
    """A partitioner option as the object to use: built-in ones draw from the cluster's source of chance.

    kafka-python's own built-in partitioners, which draw from a global source, are replaced by their equals.
    """
    cls = type(partitioner)
    if cls.__module__.startswith("kafka.partitioner"):
        own = _KAFKA_PYTHON_CLASSES.get(cls.__name__)
        return partitioner if own is None else own(random)
    if isinstance(partitioner, DefaultPartitioner) and partitioner.random is None:
        partitioner.random = random
    return partitioner


def bind_partitioner(partitioner: Any) -> PartitionFunction:
    """A partitioner of any shape as one function in kafka-python 3's shape.

    Args:
        partitioner: an object with ``partition(topic, key, serialized_key, value, serialized_value,
            cluster)`` or ``partition(topic, serialized_key, cluster)`` (kafka-python 3), or a callable
            ``f(key_bytes, all_partitions, available_partitions)`` (kafka-python 2).

    Raises:
        TypeError: it is none of these.
    """
    method = getattr(partitioner, "partition", None)
    if callable(method):
        if positional_parameters(method) == 3:
            return lambda topic, _key, key_bytes, _value, _value_bytes, cluster: method(
                topic, key_bytes, cluster
            )
        return method  # type: ignore[no-any-return]
    if not callable(partitioner):
        raise TypeError(
            f"partitioner={partitioner!r}: expected an object with partition(topic, key, serialized_key, "
            "value, serialized_value, cluster), or a callable (key_bytes, all_partitions, available)"
        )

    def call(
        topic: str, _key: Any, key_bytes: bytes | None, _value: Any, _bytes: bytes | None, cluster: Any
    ) -> int | None:
        partitions = list(_known_partitions(topic, cluster))
        chosen: int | None = partitioner(key_bytes, partitions, list(_available_partitions(topic, cluster)))
        return chosen

    return call
