"""Which brokers get the replicas of new partitions (Kafka's StripedReplicaPlacer).

Racks are visited in turn and brokers within a rack in turn, so that leaders and replicas spread evenly and the
replicas of a partition lie on as many racks as there are. The start is drawn at random. Fenced brokers are
taken only when a rack has no other, and never as the first replica.
"""

from __future__ import annotations

from minikafka.errors import InvalidReplicationFactorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from minikafka.image import BrokerImage


class _BrokerList:
    """Brokers given out in a ring, each once an epoch; the ring begins one further on in each epoch."""

    __slots__ = ("_epoch", "_index", "_offset", "brokers")

    def __init__(self) -> None:
        self.brokers: list[int] = []
        self._index = 0
        self._offset = 0
        self._epoch = 0

    def initialize(self, random: Random) -> None:
        if self.brokers:
            self.brokers.sort()
            self._offset = random.randrange(len(self.brokers))

    def next(self, epoch: int) -> int | None:
        count = len(self.brokers)
        if not count:
            return None
        if self._epoch != epoch:
            self._epoch = epoch
            self._index = 0
            self._offset = (self._offset + 1) % count
        if self._index >= count:
            return None
        broker = self.brokers[(self._index + self._offset) % count]
        self._index += 1
        return broker


class _Rack:
    __slots__ = ("fenced", "unfenced")

    def __init__(self) -> None:
        self.fenced = _BrokerList()
        self.unfenced = _BrokerList()

    def next(self, epoch: int) -> int | None:
        broker = self.unfenced.next(epoch)
        return self.fenced.next(epoch) if broker is None else broker


class _RackList:
    __slots__ = ("_epoch", "_names", "_offset", "_racks", "_random", "total", "unfenced")

    def __init__(self, random: Random, brokers: Iterable[BrokerImage]) -> None:
        self._random = random
        self._racks: dict[str | None, _Rack] = {}
        self.total = 0
        self.unfenced = 0
        for broker in brokers:
            rack = self._racks.setdefault(broker.rack, _Rack())
            (rack.fenced if broker.fenced else rack.unfenced).brokers.append(broker.node_id)
            self.total += 1
            self.unfenced += not broker.fenced
        for rack in self._racks.values():
            rack.fenced.initialize(random)
            rack.unfenced.initialize(random)
        self._names = sorted(self._racks, key=lambda name: (name is not None, name or ""))
        self._offset = random.randrange(len(self._names)) if self._names else 0
        self._epoch = 0

    def place(self, replication_factor: int) -> list[int]:
        names, racks = self._names, self._racks
        if self._epoch == self.unfenced and self.unfenced > 1:
            self._shuffle()
            self._epoch = 0
        epoch = self._epoch
        if self._offset == len(names):
            self._offset = 0
        first = self._offset
        while (leader := racks[names[first]].unfenced.next(epoch)) is None:
            first = (first + 1) % len(names)
        replicas = [leader]
        at = self._offset
        # The leader's rack is passed over once: it has had its turn.
        passed_over: int | None = first
        while len(replicas) < replication_factor:
            replica = None
            if at == passed_over:
                passed_over = None
            else:
                replica = racks[names[at]].next(epoch)
            at = (at + 1) % len(names)
            if replica is not None:
                replicas.append(replica)
        self._epoch += 1
        self._offset += 1
        return replicas

    def _shuffle(self) -> None:
        self._random.shuffle(self._names)
        for rack in self._racks.values():
            self._random.shuffle(rack.fenced.brokers)
            self._random.shuffle(rack.unfenced.brokers)


def place_replicas(
    random: Random, brokers: Iterable[BrokerImage], partitions: int, replication_factor: int
) -> list[list[int]]:
    """The replicas of each new partition, the preferred leader first.

    Args:
        random: draws where to begin.
        brokers: every registered broker that is not shutting down.
        partitions: how many partitions.
        replication_factor: how many replicas each.

    Raises:
        InvalidReplicationFactorError: there are not so many brokers, or all of them are fenced.
    """
    racks = _RackList(random, brokers)
    if replication_factor <= 0:
        raise InvalidReplicationFactorError(
            f"Invalid replication factor {replication_factor}: the replication factor must be positive."
        )
    if racks.unfenced == 0:
        raise InvalidReplicationFactorError("All brokers are currently fenced.")
    if replication_factor > racks.total:
        raise InvalidReplicationFactorError(
            f"The target replication factor of {replication_factor} cannot be reached because only "
            f"{racks.total} broker(s) are registered."
        )
    return [racks.place(replication_factor) for _ in range(partitions)]
