"""Finding a group's coordinator, and sending it requests (the lower half of kafka-python's BaseCoordinator)."""

from __future__ import annotations

from minikafka.client.waiting import remaining_ms, wait_until
from minikafka.errors import (
    CoordinatorNotAvailableError,
    ErrorCode,
    InvalidMetadataError,
    KafkaError,
    NodeNotReadyError,
    RetriableError,
    error_for_code,
)
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.client.network_client import NetworkClient
    from minikafka.client.waiting import Deadline
    from minikafka.messages.schema import Request, Response

_GROUP = 0
"""FindCoordinator's key type for groups."""


class CoordinatorClient:
    """Knows who coordinates one group.

    Args:
        client: sends the requests.
        group_id: the group.
        on_found: called whenever a coordinator was found.
    """

    def __init__(self, client: NetworkClient, group_id: str, on_found: Callable[[], object]) -> None:
        self._client = client
        self._scheduler = client.scheduler
        self._on_found = on_found
        self._looking: Promise[int] | None = None
        self._look_again_ms = 0
        self.group_id = group_id
        self.node_id: int | None = None

    def current(self) -> int | None:
        """The coordinator's node id; None when it is unknown, or its connection has failed."""
        if self.node_id is not None and self._client.connection_delay_ms(self.node_id) > 0:
            self.node_id = None
        return self.node_id

    def dead(self) -> None:
        """Forget the coordinator: it is gone, or it no longer coordinates this group."""
        self.node_id = None

    async def ensure_ready(self, deadline_ms: Deadline) -> bool:
        """Find the coordinator; False if the time is over first.

        Raises:
            GroupAuthorizationFailedError ...: the brokers refuse for good.
            KafkaConnectionError, NodeNotReadyError: the client was closed meanwhile.
        """
        while self.current() is None:
            # The pause outlives a call that had no time for it: a loop of short polls does not flood the brokers.
            pause_ms = self._look_again_ms - self._scheduler.now_ms
            if pause_ms > 0:
                left_ms = remaining_ms(self._scheduler, deadline_ms)
                await self._scheduler.sleep(pause_ms if left_ms is None else min(pause_ms, left_ms))
                if left_ms is not None and left_ms <= pause_ms:
                    return False
            found = self.look_up()
            if not await wait_until(self._scheduler, found, deadline_ms):
                return False
            error = found.exception()
            if error is None:
                continue
            if not isinstance(error, RetriableError) or self._client.closed:
                raise error  # with a client that is closed every further try would fail at once
            self._look_again_ms = self._scheduler.now_ms + self._client.retry_backoff_ms
            if isinstance(error, InvalidMetadataError):
                await wait_until(self._scheduler, self._client.request_metadata_update(), deadline_ms)
        return True

    def look_up(self) -> Promise[int]:
        """Ask any broker who the coordinator is; callers share one request."""
        from minikafka.messages.find_coordinator import FindCoordinatorRequest

        if self._looking is not None:
            return self._looking
        try:
            node_id = self._client.least_loaded_node()
        except NodeNotReadyError as error:
            return Promise.failed(error)
        if self._client.closed or self._client.connection_delay_ms(node_id) > 0:
            return Promise.failed(NodeNotReadyError(f"broker {node_id} is in reconnect backoff"))
        looking: Promise[int] = Promise()
        self._looking = looking
        request = FindCoordinatorRequest(key=self.group_id, key_type=_GROUP, coordinator_keys=[self.group_id])
        self._client.send(node_id, request).add_callback(lambda done: self._answered(looking, done))
        return looking

    def _answered(self, looking: Promise[int], done: Promise[Response]) -> None:
        self._looking = None
        try:
            node_id = _coordinator_of(done.result(), self.group_id)
        except KafkaError as error:
            looking.set_exception(error)
            return
        if self._client.connection_delay_ms(node_id) > 0:
            looking.set_exception(NodeNotReadyError(f"coordinator {node_id} is in reconnect backoff"))
            return
        self.node_id = node_id
        self._on_found()
        looking.set_result(self.node_id)

    def send(self, request: Request, timeout_ms: int | None = None) -> Promise[Response]:
        """Send a request to the coordinator; one that gets no answer means that it is dead.

        The promise fails with CoordinatorNotAvailableError while it is unknown.
        """
        node_id = self.current()
        if node_id is None:
            return Promise.failed(
                CoordinatorNotAvailableError(f"the coordinator of {self.group_id!r} is unknown")
            )
        promise = self._client.send(node_id, request, timeout_ms)
        promise.add_callback(lambda done: self._check(node_id, done))
        return promise

    def _check(self, node_id: int, done: Promise[Response]) -> None:
        if done.exception() is not None and self.node_id == node_id:
            self.dead()


def _coordinator_of(response: Response, group_id: str) -> int:
    from minikafka.messages.find_coordinator import FindCoordinatorResponse

    assert isinstance(response, FindCoordinatorResponse)
    found = response.coordinators[0] if response.coordinators else response
    if found.error_code != ErrorCode.NONE:
        raise error_for_code(found.error_code, found.error_message or f"group {group_id!r}")
    return found.node_id
