"""Sends a leader's ISR changes to the controller (Kafka's AlterPartitionManager)."""

from __future__ import annotations

from minikafka.errors import ErrorCode
from minikafka.structs import CONTROLLER, broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.image import MetadataImage
    from minikafka.messages.alter_partition import AlterPartitionResponse, PartitionData
    from minikafka.messages.schema import Request, Response
    from minikafka.ports import Transport
    from minikafka.replica.isr import PendingIsrChange
    from minikafka.replica.partition import Partition
    from minikafka.scheduler import Promise, Scheduler, Timer

    Item = tuple[Partition, PendingIsrChange]

RETRY_MS = 50
"""How long after a failure the changes are sent again; doubled each time."""
MAX_RETRY_MS = 1000


class AlterPartitionManager:
    """One request at a time; what is submitted meanwhile goes together into the next.

    Args:
        node_id: this broker.
        scheduler: where it runs.
        transport: how to reach the controller.
        image: gives the newest metadata image.
        timeout_ms: how long an answer may take (request.timeout.ms).
    """

    __slots__ = (
        "_image",
        "_in_flight",
        "_node_id",
        "_retry_ms",
        "_scheduler",
        "_stopped",
        "_timeout_ms",
        "_timer",
        "_transport",
        "_unsent",
    )

    def __init__(
        self,
        node_id: int,
        scheduler: Scheduler,
        transport: Transport,
        image: Callable[[], MetadataImage],
        timeout_ms: int,
    ) -> None:
        self._node_id = node_id
        self._scheduler = scheduler
        self._transport = transport
        self._image = image
        self._timeout_ms = timeout_ms
        self._unsent: dict[Partition, PendingIsrChange] = {}
        self._in_flight = False
        self._timer: Timer | None = None
        self._retry_ms = RETRY_MS
        self._stopped = False

    def submit(self, partition: Partition, change: PendingIsrChange) -> None:
        """Ask for a change; a change of the same partition that was not sent yet is out of date."""
        self._unsent[partition] = change
        if not self._in_flight and self._timer is None:
            self._timer = self._scheduler.call_at(self._scheduler.now_ms, self._send)

    def stop(self) -> None:
        """Send nothing more, and act upon no answer."""
        self._stopped = True
        self._unsent.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _send(self) -> None:
        self._timer = None
        # A change that the metadata has overtaken would be refused.
        items = [(each, change) for each, change in self._unsent.items() if each.pending_isr is change]
        self._unsent.clear()
        if not items:
            return
        self._in_flight = True
        promise = self._transport.request(
            broker_address(self._node_id), CONTROLLER, self._request(items), timeout_ms=self._timeout_ms
        )
        promise.add_callback(lambda done: self._answered(items, done))

    def _request(self, items: list[Item]) -> Request:
        from minikafka.messages.alter_partition import (
            AlterPartitionRequest,
            BrokerState,
            PartitionData,
            TopicData,
        )

        broker_epoch = self._broker_epoch()
        topics: dict[bytes, list[PartitionData]] = {}
        for partition, change in items:
            states = []
            for broker_id in change.isr:
                replica = partition.remote_replicas.get(broker_id)
                epoch = broker_epoch if replica is None else replica.broker_epoch
                states.append(BrokerState(broker_id=broker_id, broker_epoch=-1 if epoch is None else epoch))
            topics.setdefault(partition.topic_id, []).append(
                PartitionData(
                    partition_index=partition.topic_partition[1],
                    leader_epoch=change.leader_epoch,
                    new_isr_with_epochs=states,
                    partition_epoch=change.partition_epoch,
                )
            )
        return AlterPartitionRequest(
            broker_id=self._node_id,
            broker_epoch=broker_epoch,
            topics=[
                TopicData(topic_id=topic_id, partitions=partitions) for topic_id, partitions in topics.items()
            ],
        )

    def _broker_epoch(self) -> int:
        broker = self._image().brokers.get(self._node_id)
        return -1 if broker is None else broker.epoch

    def _answered(self, items: list[Item], promise: Promise[Response]) -> None:
        from minikafka.messages.alter_partition import AlterPartitionResponse

        self._in_flight = False
        if self._stopped:
            return
        response = None if promise.exception() is not None else promise.result()
        if not isinstance(response, AlterPartitionResponse) or response.error_code != ErrorCode.NONE:
            again = items
        else:
            self._retry_ms = RETRY_MS
            again = self._hand_out(items, response)
        for partition, change in again:
            self._unsent.setdefault(partition, change)
        if again:
            self._timer = self._scheduler.call_later(self._retry_ms, self._send)
            self._retry_ms = min(2 * self._retry_ms, MAX_RETRY_MS)
        elif self._unsent:
            self._send()

    def _hand_out(self, items: list[Item], response: AlterPartitionResponse) -> list[Item]:
        answers = {
            (topic.topic_id, data.partition_index): data
            for topic in response.topics
            for data in topic.partitions
        }
        again = []
        for partition, change in items:
            data = answers.get((partition.topic_id, partition.topic_partition[1]))
            if data is None or partition.isr_change_answered(
                change, data.error_code, data.isr, data.leader_epoch, data.partition_epoch
            ):
                again.append((partition, change))
        return again
