"""Brings the newest metadata image to every broker, and knows who has it.

In place of KRaft's metadata log: each broker has at most one update in flight, a broker that missed some gets
the newest image only, and what is not acknowledged is sent again.
"""

from __future__ import annotations

from minikafka.controller.metadata_update import MetadataUpdate, MetadataUpdateResponse
from minikafka.scheduler import Promise
from minikafka.structs import CONTROLLER, broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.image import MetadataImage
    from minikafka.ports import Transport
    from minikafka.scheduler import Scheduler, Timer

RETRY_MS = 50
"""How long after a failure the update is sent again; doubled each time."""
MAX_RETRY_MS = 1000
TIMEOUT_MS = 2000
"""How long an acknowledgement may take (controller.quorum.fetch.timeout.ms)."""


class _Subscriber:
    """A broker and what it has acknowledged."""

    __slots__ = ("address", "applied", "in_flight", "retry_ms", "timer")

    def __init__(self, address: str) -> None:
        self.address = address
        self.applied = 0
        self.in_flight = False
        self.retry_ms = RETRY_MS
        self.timer: Timer | None = None


class MetadataPublisher:
    """Sends images to brokers.

    Args:
        scheduler: where retries run.
        transport: how to reach the brokers.
    """

    __slots__ = ("_flushing", "_image", "_scheduler", "_subscribers", "_transport", "_waiting")

    def __init__(self, scheduler: Scheduler, transport: Transport) -> None:
        self._scheduler = scheduler
        self._transport = transport
        self._image: MetadataImage | None = None
        self._subscribers: dict[int, _Subscriber] = {}
        self._flushing = False
        self._waiting: list[tuple[int, Promise[None]]] = []

    def add(self, node_id: int) -> None:
        """A broker process that has no metadata yet."""
        self.remove(node_id)
        self._subscribers[node_id] = _Subscriber(broker_address(node_id))
        self._flush_soon()

    def remove(self, node_id: int) -> None:
        """The broker's process is gone: it is told nothing more."""
        subscriber = self._subscribers.pop(node_id, None)
        if subscriber is not None and subscriber.timer is not None:
            subscriber.timer.cancel()
        self._check_waiting()

    def publish(self, image: MetadataImage) -> None:
        """Bring this image to every broker, beginning with the next actions."""
        self._image = image
        self._flush_soon()

    def applied(self) -> dict[int, int]:
        """The version that each broker has acknowledged, by node id."""
        return {node_id: subscriber.applied for node_id, subscriber in self._subscribers.items()}

    def applied_everywhere(self, version: int) -> Promise[None]:
        """Kept once every broker has applied an image of at least this version."""
        promise: Promise[None] = Promise()
        self._waiting.append((version, promise))
        self._check_waiting()
        return promise

    def retry_now(self) -> None:
        """A link was mended: whoever waits for another try has it now."""
        for subscriber in self._subscribers.values():
            if subscriber.timer is not None:
                subscriber.timer.cancel()
                subscriber.timer = None
                subscriber.retry_ms = RETRY_MS
        self._flush_soon()

    def _flush_soon(self) -> None:
        # Changes made in one action travel together.
        if not self._flushing:
            self._flushing = True
            self._scheduler.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        for node_id, subscriber in self._subscribers.items():
            self._send(node_id, subscriber)

    def _send(self, node_id: int, subscriber: _Subscriber) -> None:
        image = self._image
        if image is None or subscriber.in_flight or subscriber.timer is not None:
            return
        if subscriber.applied >= image.version:
            return
        subscriber.in_flight = True
        promise: Promise[Any] = self._transport.request(
            CONTROLLER,
            subscriber.address,
            MetadataUpdate(image),  # type: ignore[arg-type]
            timeout_ms=TIMEOUT_MS,
        )
        promise.add_callback(lambda done: self._answered(node_id, subscriber, done))

    def _answered(self, node_id: int, subscriber: _Subscriber, promise: Promise[Any]) -> None:
        if self._subscribers.get(node_id) is not subscriber:
            return
        subscriber.in_flight = False
        response = None if promise.exception() is not None else promise.result()
        if not isinstance(response, MetadataUpdateResponse) or response.error_code != 0:
            subscriber.timer = self._scheduler.call_later(
                subscriber.retry_ms, self._retry, node_id, subscriber
            )
            subscriber.retry_ms = min(subscriber.retry_ms * 2, MAX_RETRY_MS)
            return
        subscriber.retry_ms = RETRY_MS
        subscriber.applied = response.version
        self._check_waiting()
        self._send(node_id, subscriber)

    def _retry(self, node_id: int, subscriber: _Subscriber) -> None:
        subscriber.timer = None
        if self._subscribers.get(node_id) is subscriber:
            self._send(node_id, subscriber)

    def _check_waiting(self) -> None:
        if not self._waiting:
            return
        oldest = min((each.applied for each in self._subscribers.values()), default=None)
        waiting, self._waiting = self._waiting, []
        for version, promise in waiting:
            if oldest is None or oldest >= version:
                promise.set_result(None)
            else:
                self._waiting.append((version, promise))
