"""The ways into a cluster's state that `MiniKafka` offers; they are imported when they are first used."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.cluster import MiniKafka
    from minikafka.consumer import KafkaConsumer
    from minikafka.inspection import GroupView, TopicView
    from minikafka.structs import TopicPartition

DEFAULT_TIMEOUT_MS = 60_000
"""Of a wait: longer than a session timeout, so that the dead member of a group is noticed in time."""


class ClusterViews:
    """Looking inside, and waiting without sleeping; `minikafka.inspection` and `minikafka.waits` do the work."""

    @property
    def _whole(self) -> MiniKafka:
        """This object as what it is: there is no other user of these views than `MiniKafka`."""
        return self  # type: ignore[return-value]

    def records(
        self, topic: str, partition: int | None = None, *, isolation: str = "read_uncommitted"
    ) -> list[ConsumerRecord]:
        """What a consumer of the topic could read now; see `minikafka.inspection.records`."""
        from minikafka.inspection import records

        return records(self._whole, topic, partition, isolation=isolation)

    def topic(self, name: str) -> TopicView:
        """A topic as it is now; see `minikafka.inspection.topic`."""
        from minikafka.inspection import topic

        return topic(self._whole, name)

    def group(self, group_id: str) -> GroupView:
        """A consumer group as its coordinator sees it now; see `minikafka.inspection.group`."""
        from minikafka.inspection import group

        return group(self._whole, group_id)

    def wait_until(
        self,
        predicate: Callable[[], object],
        *,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
        what: str | None = None,
    ) -> None:
        """Run the cluster until `predicate()` is true; see `minikafka.waits.wait_until`."""
        from minikafka.waits import wait_until

        wait_until(self._whole, predicate, timeout_ms=timeout_ms, what=what)

    def wait_for_records(
        self,
        topic: str,
        n: int = 1,
        *,
        partition: int | None = None,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
    ) -> list[ConsumerRecord]:
        """Run the cluster until `n` records can be read; see `minikafka.waits.wait_for_records`."""
        from minikafka.waits import wait_for_records

        return wait_for_records(self._whole, topic, n, partition=partition, timeout_ms=timeout_ms)

    def wait_for_assignment(
        self,
        consumer: KafkaConsumer | Sequence[KafkaConsumer],
        partitions: Iterable[TopicPartition] | None = None,
        *,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
    ) -> set[TopicPartition]:
        """Poll until the group has assigned partitions; see `minikafka.waits.wait_for_assignment`."""
        from minikafka.waits import wait_for_assignment

        return wait_for_assignment(self._whole, consumer, partitions, timeout_ms=timeout_ms)

    def wait_for_commit(
        self,
        group_id: str,
        partition: TopicPartition,
        offset: int,
        *,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
    ) -> int:
        """Run the cluster until the group has committed `offset`; see `minikafka.waits.wait_for_commit`."""
        from minikafka.waits import wait_for_commit

        return wait_for_commit(self._whole, group_id, partition, offset, timeout_ms=timeout_ms)
