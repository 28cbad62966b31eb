"""This broker's block of producer ids, fetched from the controller (Kafka's RPCProducerIdManager)."""

from __future__ import annotations

from minikafka.broker.answers import mapped
from minikafka.broker.forwarding import forward
from minikafka.errors import ErrorCode, error_for_code
from minikafka.messages.allocate_producer_ids import AllocateProducerIdsRequest, AllocateProducerIdsResponse
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.schema import Response


class ProducerIds:
    """Gives each id once in the life of the cluster, for blocks are never given twice.

    Simplification: the next block is fetched when the present one is used up; Kafka fetches it a little
    before.
    """

    __slots__ = ("_broker", "_end", "_fetching", "_next", "_waiting")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._next = 0
        self._end = 0
        self._fetching = False
        self._waiting: list[Promise[int]] = []

    def allocate(self) -> Promise[int]:
        """The next producer id."""
        if self._next < self._end:
            self._next += 1
            return Promise.resolved(self._next - 1)
        promise: Promise[int] = Promise()
        self._waiting.append(promise)
        if not self._fetching:
            self._fetching = True
            broker = self._broker
            registration = broker.image.brokers.get(broker.node_id)
            request = AllocateProducerIdsRequest(
                broker_id=broker.node_id, broker_epoch=-1 if registration is None else registration.epoch
            )
            mapped(forward(broker, request), self._take).add_callback(self._fetched)
        return promise

    def _take(self, response: Response) -> None:
        assert isinstance(response, AllocateProducerIdsResponse)
        if response.error_code != ErrorCode.NONE:
            raise error_for_code(response.error_code)
        self._next = response.producer_id_start
        self._end = self._next + response.producer_id_len

    def _fetched(self, promise: Promise[None]) -> None:
        self._fetching = False
        error = promise.exception()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if error is not None:
                each.set_exception(error)
            else:
                self.allocate().add_callback(lambda given, each=each: each.set_result(given.result()))  # type: ignore[misc]
