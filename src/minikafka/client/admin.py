"""The admin client's core: who is asked what. The families of calls (``admin_topics`` ...) are built on it."""

from __future__ import annotations

from minikafka.client.network_client import NetworkClient
from minikafka.errors import ErrorCode, KafkaError, NodeNotReadyError, error_for_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from minikafka.client.admin_options import AdminOptions
    from minikafka.errors import ErrorTable
    from minikafka.messages.find_coordinator import Coordinator
    from minikafka.messages.schema import Request
    from minikafka.ports import Driver, Endpoint
    from minikafka.scheduler import Scheduler

    Answers = Callable[[Any], Iterable[Any]]
    """The parts of a response that carry an error_code each."""

_CONTROLLER_TIMEOUT_MS = 30_000
_CONTROLLER_RETRY_MS = 1000
_GROUP = 0


class AdminCore:
    """Sends an admin client's requests to any broker, to a certain one, to the controller, to coordinators.

    Args:
        endpoint: the cluster.
        options: the checked options.
        errors: the exception classes the user sees. What is raised in here are minikafka's own.
    """

    def __init__(self, endpoint: Endpoint, options: AdminOptions, errors: ErrorTable) -> None:
        self.options = options
        self.errors = errors
        self.client: NetworkClient = NetworkClient(endpoint, "admin", options.config, errors)
        self.scheduler: Scheduler = endpoint.scheduler
        self.driver: Driver = endpoint.driver
        self._controller_id: int | None = None

    async def bootstrap(self, timeout_ms: float | None) -> None:
        """Fetch the first metadata; raises KafkaTimeoutError when no broker answers in time."""
        await self.client.bootstrap(timeout_ms)

    def timeout_ms(self, given: float | None) -> int:
        """The timeout of a call: what the caller gave, else request_timeout_ms."""
        return int(given or self.options.request_timeout_ms)

    def node_ids(self) -> list[int]:
        """The brokers that are known."""
        return [broker.nodeId for broker in self.client.metadata.brokers()]

    # Any broker, or a certain one

    async def ask(self, request: Request, node_id: int | None = None) -> Any:
        """The answer of a broker; of any that can be reached if `node_id` is None.

        Raises:
            KafkaConnectionError: the broker cannot be reached, or went away.
            KafkaTimeoutError: it did not answer within request_timeout_ms.
        """
        return await self.client.send(self._any_node() if node_id is None else node_id, request)

    def _any_node(self) -> int:
        for _ in self.node_ids():
            node_id = self.client.least_loaded_node()
            # kafka-python prefers nodes that it is connected to, which a node that is down is not.
            if self.client.connect(node_id):
                return node_id
        return self.client.least_loaded_node()

    # The controller

    async def ask_controller(
        self, request: Request, answers: Answers, raise_errors: bool = True, ignored: Iterable[int] = ()
    ) -> Any:
        """The answer of the broker that clients take for the controller; asked once more if it is not.

        Args:
            request: what to ask.
            answers: the parts of the response that carry an error code.
            raise_errors: whether an error code is raised.
            ignored: error codes that are not raised.
        """
        response = await self.ask(request, await self._controller())
        if any(part.error_code == ErrorCode.NOT_CONTROLLER for part in answers(response)):
            self._controller_id = None
            response = await self.ask(request, await self._controller())
        if raise_errors:
            for part in answers(response):
                if part.error_code not in (ErrorCode.NONE, *ignored):
                    raise failure(request.api_name, part)
        return response

    async def _controller(self) -> int:
        from minikafka.messages.metadata import MetadataRequest

        known = self._controller_id
        if known is not None and self.client.connect(known):
            return known
        deadline_ms = self.scheduler.now_ms + _CONTROLLER_TIMEOUT_MS
        while self.scheduler.now_ms < deadline_ms:
            response = await self.ask(MetadataRequest(topics=[], allow_auto_topic_creation=False))
            controller_id: int = response.controller_id
            if controller_id != -1:
                self._controller_id = controller_id
                return controller_id
            await self.scheduler.sleep(_CONTROLLER_RETRY_MS)
        raise NodeNotReadyError("controller")

    # Coordinators

    async def coordinators(self, group_ids: Iterable[str]) -> dict[int, list[str]]:
        """The groups that each coordinator coordinates, in the order asked for.

        Raises:
            GroupAuthorizationFailedError ...: what the brokers said, if it cannot pass, or did not pass
                within request_timeout_ms.
        """
        wanted = list(dict.fromkeys(group_ids))
        found: dict[str, int] = {}
        deadline_ms = self.scheduler.now_ms + self.options.request_timeout_ms
        while missing := [group_id for group_id in wanted if group_id not in found]:
            # The very first look-up creates __consumer_offsets, and is told to come again.
            error = await self._look_up(missing, found)
            if error is None:
                continue
            if not error.retriable or self.scheduler.now_ms >= deadline_ms:
                raise error
            await self.scheduler.sleep(self.options.retry_backoff_ms)
        nodes: dict[int, list[str]] = {}
        for group_id in wanted:
            nodes.setdefault(found[group_id], []).append(group_id)
        return nodes

    async def _look_up(self, group_ids: list[str], found: dict[str, int]) -> KafkaError | None:
        """Ask for coordinators and note those that are told; the first error."""
        from minikafka.messages.find_coordinator import FindCoordinatorRequest

        response = await self.ask(FindCoordinatorRequest(key_type=_GROUP, coordinator_keys=group_ids))
        error: KafkaError | None = None
        coordinators: list[Coordinator] = response.coordinators
        for coordinator in coordinators:
            if coordinator.error_code == ErrorCode.NONE:
                found[coordinator.key] = coordinator.node_id
            elif error is None:
                error = error_for_code(
                    coordinator.error_code, coordinator.error_message or f"group {coordinator.key!r}"
                )
        return error

    async def coordinator(self, group_id: str) -> int:
        """The coordinator of one group; raises as `coordinators`."""
        return next(iter(await self.coordinators([group_id])))

    # Errors as results

    def error_class(self, code: int) -> type[BaseException]:
        """The user's exception class for an error code; NoError for 0."""
        return type(self.errors.error_for_code(code))

    def error_text(self, code: int, message: str | None = None) -> str:
        """What an error code says as text."""
        return str(self.errors.error_for_code(code, message))

    def close(self) -> None:
        """Close every connection."""
        self.client.close()


def failure(api_name: str, part: Any) -> KafkaError:
    """The exception for a part of a response: what it is about, and what the broker said."""
    subject = next(
        (
            f" {field}={getattr(part, field)!r}"
            for field in ("name", "partition_id", "partition_index", "group_id")
            if getattr(part, field, None) is not None
        ),
        "",
    )
    said = getattr(part, "error_message", None)
    return error_for_code(part.error_code, f"{api_name}{subject}" + (f": {said}" if said else ""))


def refuse_text(name: str, value: object) -> None:
    """Refuse a string where a list of strings is meant; its characters would be taken for names.

    Raises:
        TypeError: it is a string.
    """
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{name}={value!r}: expected a list of names")
