"""Which partitions have moved from whom to whom while the sticky assignor balances (KIP-54)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.structs import TopicPartition

    Pair = tuple[str, str]


class PartitionMovements:
    """Remembers movements, so that two partitions of a topic do not swap their owners for nothing."""

    def __init__(self) -> None:
        self._pairs: dict[TopicPartition, Pair] = {}
        # Dicts as ordered sets: the choice of `substitute` must not depend on hashes.
        self._by_topic: dict[str, dict[Pair, dict[TopicPartition, None]]] = {}

    def moved(self, partition: TopicPartition, old: str, new: str) -> None:
        """Note that `partition` moves from `old` to `new`."""
        first = old
        if partition in self._pairs:
            first, _ = self._forget(partition)
        if first != new:
            self._pairs[partition] = (first, new)
            self._by_topic.setdefault(partition.topic, {}).setdefault((first, new), {})[partition] = None

    def substitute(self, partition: TopicPartition, old: str, new: str) -> TopicPartition:
        """The partition to move instead: one of the topic that moved the other way before, if there is one."""
        movements = self._by_topic.get(partition.topic)
        if movements is None:
            return partition
        if partition in self._pairs:
            old = self._pairs[partition][0]
        reverse = movements.get((new, old))
        return partition if not reverse else next(iter(reverse))

    def _forget(self, partition: TopicPartition) -> Pair:
        pair = self._pairs.pop(partition)
        movements = self._by_topic[partition.topic]
        del movements[pair][partition]
        if not movements[pair]:
            del movements[pair]
        if not movements:
            del self._by_topic[partition.topic]
        return pair
