"""A client's connection to its cluster: bootstrap, requests to nodes, and keeping the metadata fresh.

Mirrors what kafka-python's connection manager and Java's NetworkClient do above the sockets: request
timeouts, reconnect backoff, the least loaded node, and one coalesced metadata refresh at a time.
"""

from __future__ import annotations

from minikafka.client.metadata import ClusterMetadata, is_retriable
from minikafka.client.options import milliseconds
from minikafka.errors import (
    ErrorCode,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MetadataEmptyBrokerList,
    NodeNotReadyError,
    error_for_code,
)
from minikafka.scheduler import Promise
from minikafka.structs import broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeVar

    from minikafka.errors import ErrorTable
    from minikafka.messages.metadata import MetadataResponse
    from minikafka.messages.schema import Request, Response
    from minikafka.ports import Driver, Endpoint, Transport
    from minikafka.scheduler import Scheduler, Timer

    T = TypeVar("T")

_JITTER = 0.2


class NetworkClient:
    """Sends requests for one client and owns its `ClusterMetadata`.

    Args:
        endpoint: the cluster, as `minikafka.bootstrap.find` gives it.
        kind: ``"producer"``, ``"consumer"`` or ``"admin"``; the client's address is made of it.
        options: the client's configuration by kafka-python's names. Read are ``client_id``,
            ``request_timeout_ms`` (default 30000), ``retry_backoff_ms`` (100), ``reconnect_backoff_ms`` (50),
            ``reconnect_backoff_max_ms`` (30000), ``metadata_max_age_ms`` (300000) and
            ``allow_auto_create_topics`` (True).
        errors: the exception classes the client's user sees. What fails inside is always one of minikafka's
            own classes; faces translate at the border.
    """

    def __init__(
        self, endpoint: Endpoint, kind: str, options: Mapping[str, object], errors: ErrorTable
    ) -> None:
        self.endpoint = endpoint
        self.scheduler: Scheduler = endpoint.scheduler
        self.transport: Transport = endpoint.transport
        self.driver: Driver = endpoint.driver
        self.errors = errors
        self.address: str = endpoint.new_address(kind)
        client_id = options.get("client_id")
        self.client_id: str = f"kafka-python-{self.address}" if client_id is None else str(client_id)
        self.metadata: ClusterMetadata = ClusterMetadata(
            allow_auto_create_topics=bool(options.get("allow_auto_create_topics", True))
        )
        self.request_timeout_ms: int = milliseconds(options.get("request_timeout_ms", 30000))
        self.retry_backoff_ms: int = milliseconds(options.get("retry_backoff_ms", 100))
        self.metadata_max_age_ms: int = milliseconds(options.get("metadata_max_age_ms", 300000))
        self._reconnects = _ReconnectBackoff(
            milliseconds(options.get("reconnect_backoff_ms", 50)),
            milliseconds(options.get("reconnect_backoff_max_ms", 30000)),
        )
        self.bootstrapped: bool = False
        self.closed: bool = False
        self.last_refresh_ms: int | None = None
        """When metadata last came in, in ms since the epoch."""
        self._last_attempt_ms: int | None = None
        self._in_flight: dict[int, int] = {}
        self._next_node = 0
        self._wanted: Promise[None] | None = None
        """Kept by the next refresh, which has not started yet."""
        self._running: Promise[None] | None = None
        """Kept by the refresh whose request is in flight."""
        self._running_version = -1
        self._asked_version = -1
        self._age_timer: Timer | None = None
        self._retry_timer: Timer | None = None

    # Bootstrap

    async def bootstrap(self, timeout_ms: float | None) -> None:
        """Fetch the first metadata from whichever bootstrap node answers.

        Args:
            timeout_ms: how long to try; None tries for ever.

        Raises:
            KafkaTimeoutError: no node answered in time.
        """
        scheduler = self.scheduler
        give_up_ms = None if timeout_ms is None else scheduler.now_ms + milliseconds(timeout_ms)
        tries = 0
        while not self.closed:
            for address in self.endpoint.bootstrap_nodes():
                left_ms = None if give_up_ms is None else give_up_ms - scheduler.now_ms
                if await self._try_bootstrap(address, left_ms):
                    return
            tries += 1
            delay_ms = self._reconnects.delay_after(tries)
            if give_up_ms is not None and scheduler.now_ms + delay_ms > give_up_ms:
                await scheduler.sleep(max(0, give_up_ms - scheduler.now_ms))
                raise KafkaTimeoutError(
                    f"Unable to bootstrap from {self.endpoint.name}: no broker answered "
                    f"within {timeout_ms:g} ms (bootstrap_timeout_ms)"
                )
            await scheduler.sleep(delay_ms)
        raise IllegalStateError("the client was closed while it was bootstrapping")

    async def _try_bootstrap(self, address: str, left_ms: int | None) -> bool:
        if not self.transport.reachable(self.address, address):
            return False
        timeout_ms = self.request_timeout_ms if left_ms is None else min(left_ms, self.request_timeout_ms)
        request = self.metadata.request()
        version = self.metadata.wanted_version
        try:
            response = await self._request(address, request, max(1, timeout_ms))
        except KafkaError:
            return False
        if not response.brokers:  # type: ignore[attr-defined]
            return False
        self.bootstrapped = True
        self._apply(response, version)  # type: ignore[arg-type]
        return True

    def bootstrap_connected(self) -> bool:
        """Whether a bootstrap node could be reached now."""
        return not self.closed and any(
            self.transport.reachable(self.address, address) for address in self.endpoint.bootstrap_nodes()
        )

    # Requests

    def send(self, node_id: int, request: Request, timeout_ms: int | None = None) -> Promise[Response]:
        """Send a request to a broker.

        Args:
            node_id: the broker.
            request: the message.
            timeout_ms: how long to wait for the response; request_timeout_ms when None.

        The promise fails with KafkaConnectionError when the broker cannot be reached or goes away, and with
        KafkaTimeoutError when the time is over.
        """
        if self.closed:
            return Promise.failed(KafkaConnectionError(f"client {self.client_id} is closed"))
        in_flight = self._in_flight
        in_flight[node_id] = in_flight.get(node_id, 0) + 1
        promise = self._request(broker_address(node_id), request, timeout_ms or self.request_timeout_ms)

        def settle(done: Promise[Response]) -> None:
            in_flight[node_id] -= 1
            if isinstance(done._exception, KafkaConnectionError):
                self._reconnects.failed(node_id, self)
            elif self._reconnects.any:
                self._reconnects.succeeded(node_id)

        promise.add_callback(settle)
        return promise

    def _request(self, address: str, request: Request, timeout_ms: int) -> Promise[Response]:
        return self.transport.request(
            self.address, address, request, client_id=self.client_id, timeout_ms=timeout_ms
        )

    def send_one_way(self, node_id: int, request: Request) -> None:
        """Send a request that the protocol never answers (produce with acks=0)."""
        if not self.closed:
            self.transport.send_one_way(
                self.address, broker_address(node_id), request, client_id=self.client_id
            )

    def in_flight_request_count(self, node_id: int | None = None) -> int:
        """How many requests wait for a response, from one broker or from all."""
        if node_id is None:
            return sum(self._in_flight.values())
        return self._in_flight.get(node_id, 0)

    def connection_delay_ms(self, node_id: int) -> int:
        """How long reconnect_backoff_ms keeps this client from trying the node again; 0: try now."""
        return self._reconnects.delay_ms(node_id, self.scheduler.now_ms)

    def connect(self, node_id: int) -> bool:
        """Whether a connection to the node is there or could be opened; a failure starts its backoff."""
        if self.transport.reachable(self.address, broker_address(node_id)):
            return True
        self._reconnects.failed(node_id, self)
        return False

    def least_loaded_node(self) -> int:
        """The broker to ask what any broker can answer: out of backoff, with the fewest requests in flight.

        Raises:
            NodeNotReadyError: no broker is known.
        """
        nodes = [broker.nodeId for broker in self.metadata.brokers()]
        if not nodes:
            raise NodeNotReadyError("no broker is known yet")
        start = self._next_node % len(nodes)
        self._next_node += 1
        return min(
            nodes[start:] + nodes[:start],
            key=lambda node: (self.connection_delay_ms(node), self._in_flight.get(node, 0)),
        )

    # Metadata

    def request_metadata_update(self) -> Promise[None]:
        """Refresh the metadata soon; the promise is kept once an answer to this question has come.

        Callers share one refresh. retry_backoff_ms lie between two tries, except that a topic wanted for the
        first time is asked for at once (Java: Metadata.requestUpdateForNewTopics). The promise fails with
        the error of the try.
        """
        if self.closed:
            return Promise.failed(KafkaConnectionError(f"client {self.client_id} is closed"))
        if self._running is not None and self._running_version == self.metadata.wanted_version:
            return self._running
        wanted = self._wanted
        if wanted is None:
            wanted = self._wanted = Promise()
            self._schedule_refresh()
        return wanted

    def _schedule_refresh(self) -> None:
        if self._running is not None or self.closed:
            return
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self._retry_timer = None
        delay_ms = self._refresh_delay_ms()
        if delay_ms > 0:
            self._retry_timer = self.scheduler.call_later(delay_ms, self._start_refresh)
        else:
            self._start_refresh()

    def _refresh_delay_ms(self) -> int:
        if self._last_attempt_ms is None or self._asked_version != self.metadata.wanted_version:
            return 0
        return max(0, self._last_attempt_ms + self.retry_backoff_ms - self.scheduler.now_ms)

    def _start_refresh(self) -> None:
        self._retry_timer = None
        self._running, self._wanted = self._wanted or Promise(), None
        self._running_version = self._asked_version = self.metadata.wanted_version
        self._last_attempt_ms = self.scheduler.now_ms
        try:
            node_id = self.least_loaded_node()
        except NodeNotReadyError as error:
            self.scheduler.call_soon(self._refresh_failed, error)
            return
        delay_ms = self.connection_delay_ms(node_id)
        if delay_ms > 0:
            not_ready = NodeNotReadyError(f"every broker is in reconnect backoff, for {delay_ms} ms or more")
            self.scheduler.call_later(delay_ms, self._refresh_failed, not_ready)
            return
        self.send(node_id, self.metadata.request()).add_callback(self._refreshed)

    def _refreshed(self, promise: Promise[Response]) -> None:
        error = promise.exception()
        if error is None and not promise.result().brokers:  # type: ignore[attr-defined]
            error = MetadataEmptyBrokerList("the metadata response names no broker")
        if error is not None:
            self._refresh_failed(error)
            return
        running, self._running = self._running, None
        self._apply(promise.result(), self._running_version)  # type: ignore[arg-type]
        if running is not None:
            running.set_result(None)
        if self._wanted is not None or self.metadata.incomplete:
            self._schedule_refresh()

    def _refresh_failed(self, error: BaseException) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.set_exception(error)
        # A refresh that was wanted stays wanted until one succeeds.
        self._schedule_refresh()

    def _apply(self, response: MetadataResponse, version: int) -> None:
        if self.closed:
            return
        self._last_attempt_ms = self.last_refresh_ms = self.scheduler.now_ms
        self._asked_version = version
        self.metadata.update(response)
        if self._age_timer is not None:
            self._age_timer.cancel()
        self._age_timer = self.scheduler.call_later(self.metadata_max_age_ms, self._too_old)

    def _too_old(self) -> None:
        self._age_timer = None
        if not self.closed:
            self.request_metadata_update()

    async def ensure_topics(self, topics: Iterable[str], timeout_ms: float) -> None:
        """Track topics and wait until the metadata describes them all.

        Raises:
            KafkaTimeoutError: some topic stayed unknown.
            KafkaConnectionError: the client was closed meanwhile.
            TopicAuthorizationFailedError, InvalidTopicError ...: what the brokers said, if it cannot pass.
        """
        wanted = list(topics)
        metadata = self.metadata
        for topic in wanted:
            metadata.add_topic(topic)
        missing = [topic for topic in wanted if not metadata.knows_topic(topic)]
        if not missing:
            return
        give_up_ms = self.scheduler.now_ms + milliseconds(timeout_ms)
        while missing:
            for topic in missing:
                # An invalid name is no longer tracked once it has been refused.
                metadata.add_topic(topic)
            updated = self.request_metadata_update()
            try:
                if not await self._within(updated, give_up_ms):
                    break
            except KafkaError as error:
                # Of a client that is closed every further try fails at once, and no time would pass between them.
                if not error.retriable or self.closed:
                    raise
            missing = [topic for topic in wanted if not metadata.knows_topic(topic)]
            for topic in missing:
                code = metadata.topic_errors.get(topic, ErrorCode.NONE)
                if code != ErrorCode.NONE and not is_retriable(code):
                    raise error_for_code(code, topic)
            if missing and self.scheduler.now_ms >= give_up_ms:
                break
        if missing:
            raise KafkaTimeoutError(
                f"Failed to update metadata after {timeout_ms / 1000:.1f} secs: topic {missing[0]!r} is "
                f"{self._why_missing(missing[0])}"
            )

    def _why_missing(self, topic: str) -> str:
        code = self.metadata.topic_errors.get(topic)
        return "not described by any broker" if code is None else f"answered with {ErrorCode(code).name}"

    async def _within(self, promise: Promise[T], give_up_ms: int) -> bool:
        """Wait for a promise until a time; False when it is still pending then. Raises what it fails with."""
        if not promise.done():
            either: Promise[None] = Promise()

            def finish(_: object = None) -> None:
                if not either.done():
                    either.set_result(None)

            timer = self.scheduler.call_at(give_up_ms, finish)
            promise.add_callback(finish)
            await either
            timer.cancel()
            promise.remove_callback(finish)
            if not promise.done():
                return False
        promise.result()
        return True

    # The end

    def close(self) -> None:
        """Close every connection: requests in flight fail and nothing is sent any more."""
        if self.closed:
            return
        self.closed = True
        for timer in (self._age_timer, self._retry_timer):
            if timer is not None:
                timer.cancel()
        self._age_timer = self._retry_timer = None
        self.transport.disconnect(self.address)
        closed = KafkaConnectionError(f"client {self.client_id} is closed")
        for promise in (self._running, self._wanted):
            if promise is not None and not promise.done():
                promise.set_exception(closed)
        self._running = self._wanted = None


class _ReconnectBackoff:
    """Exponential backoff per node after failed connections, with 20 percent of jitter (KIP-144)."""

    __slots__ = ("_failures", "_first_ms", "_max_ms")

    def __init__(self, first_ms: int, max_ms: int) -> None:
        self._first_ms = first_ms
        self._max_ms = max(first_ms, max_ms)
        self._failures: dict[int, tuple[int, int]] = {}

    @property
    def any(self) -> bool:
        """Whether some node has failed since it last answered."""
        return bool(self._failures)

    def delay_after(self, tries: int) -> int:
        """The delay in ms after so many tries in a row, without jitter."""
        return int(min(self._max_ms, self._first_ms * 2 ** min(tries - 1, 30)))

    def failed(self, node_id: int, client: NetworkClient) -> None:
        """A connection to the node broke or could not be made."""
        tries = self._failures.get(node_id, (0, 0))[0] + 1
        jitter = 1 + _JITTER * (2 * client.scheduler.random.random() - 1)
        delay_ms = int(self.delay_after(tries) * jitter)
        self._failures[node_id] = (tries, client.scheduler.now_ms + delay_ms)

    def succeeded(self, node_id: int) -> None:
        """The node has answered."""
        self._failures.pop(node_id, None)

    def delay_ms(self, node_id: int, now_ms: int) -> int:
        """How long to leave the node alone."""
        known = self._failures.get(node_id)
        return 0 if known is None else max(0, known[1] - now_ms)
