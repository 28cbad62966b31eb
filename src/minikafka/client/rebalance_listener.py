"""The callbacks an application may have for changes of its consumer's assignment."""

from __future__ import annotations

from abc import ABC, abstractmethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set

    from minikafka.structs import TopicPartition


class ConsumerRebalanceListener(ABC):
    """Told about partitions that come and go; called inside `poll` and `close`, in the calling thread.

    An exception raised by a method reaches the caller of `poll` as the cause of a KafkaError, after the
    rebalance step has been completed.
    """

    @abstractmethod
    def on_partitions_revoked(self, revoked: Set[TopicPartition]) -> None:
        """Partitions are about to be given up; offsets may still be committed."""

    @abstractmethod
    def on_partitions_assigned(self, assigned: Set[TopicPartition]) -> None:
        """Partitions came: all of them under an eager assignor, the new ones under a cooperative one."""

    def on_partitions_lost(self, lost: Set[TopicPartition]) -> None:
        """The member was thrown out of its group: others may own the partitions already (KIP-429)."""
        self.on_partitions_revoked(lost)


class AsyncConsumerRebalanceListener(ABC):
    """The same with coroutine methods; they may await what `commit_async` returns."""

    @abstractmethod
    async def on_partitions_revoked(self, revoked: Set[TopicPartition]) -> None:
        """See `ConsumerRebalanceListener.on_partitions_revoked`."""

    @abstractmethod
    async def on_partitions_assigned(self, assigned: Set[TopicPartition]) -> None:
        """See `ConsumerRebalanceListener.on_partitions_assigned`."""

    async def on_partitions_lost(self, lost: Set[TopicPartition]) -> None:
        """See `ConsumerRebalanceListener.on_partitions_lost`."""
        await self.on_partitions_revoked(lost)


_LISTENER_NAMES = ("ConsumerRebalanceListener", "AsyncConsumerRebalanceListener")


def is_listener(listener: object) -> bool:
    """Whether an object is a listener: of this module's classes, or of kafka-python's of the same names."""
    if isinstance(listener, (ConsumerRebalanceListener, AsyncConsumerRebalanceListener)):
        return True
    return any(
        base.__name__ in _LISTENER_NAMES and base.__module__.partition(".")[0] == "kafka"
        for base in type(listener).__mro__
    )
