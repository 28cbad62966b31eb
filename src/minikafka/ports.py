"""The interfaces by which rooms that never import each other meet: transport, driver, endpoint."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractContextManager
    from typing import Any, Protocol, TypeVar

    from minikafka.messages.schema import Request, Response
    from minikafka.scheduler import Promise, Scheduler
    from minikafka.structs import RequestContext

    T = TypeVar("T")

    class Handler(Protocol):
        """What a node binds to its address: takes a request, answers now or later.

        None instead of a response means that the protocol has no answer (produce with acks=0).
        """

        def __call__(
            self, request: Request, context: RequestContext
        ) -> Response | Promise[Response | None] | None: ...

    class Transport(Protocol):
        """What a node sends with. `minikafka.network.Network` is the in-process one."""

        def request(
            self,
            source: str,
            destination: str,
            message: Request,
            *,
            client_id: str | None = None,
            timeout_ms: int | None = None,
            lost_after_ms: int | None = None,
            api_version: int | None = None,
            client_host: str | None = None,
            hurry: Promise[None] | None = None,
        ) -> Promise[Response]:
            """Send a request; the promise is kept with the response.

            It fails with KafkaConnectionError when the destination is down, goes down before it answers, or
            the connection is cut; with KafkaTimeoutError when `timeout_ms` pass without an answer.
            `lost_after_ms` is a timeout for requests that may rightly be parked without end: it counts only
            when the request or its response was lost on the way.
            `api_version` is the version that the request is spoken in, by default the newest one.
            `client_host` is where a client on a socket connects from, as Java shows it: ``"/127.0.0.1"``.
            `hurry` is explained in `minikafka.structs.RequestContext`.
            """
            ...

        def ask(
            self,
            source: str,
            destination: str,
            message: Request,
            client_id: str | None,
            api_version: int,
            client_host: str,
            hurry: Promise[None] | None,
        ) -> Response | Promise[Response]:
            """`request` for a caller that no node has called, such as a socket: the answer, if it can be had now.

            Where nothing waits to be done and nothing can happen to the message on its way, the node handles it
            within this call; what it sets off, others do afterwards, as ever.
            """
            ...

        def send_one_way(
            self, source: str, destination: str, message: Request, *, client_id: str | None = None
        ) -> None:
            """Send a request that the protocol never answers (produce with acks=0)."""
            ...

        def disconnect(self, address: str) -> None:
            """Close every connection of a node: all that is in flight from it or to it fails."""
            ...

        def reachable(self, source: str, destination: str) -> bool:
            """Whether a connection from `source` to `destination` could be opened now."""
            ...

    class Driver(Protocol):
        """Who turns the scheduler: virtual time, or real time with a thread."""

        @property
        def lock(self) -> AbstractContextManager[Any]:
            """Guards the single-threaded core; re-entrant."""
            ...

        def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
            """Run a coroutine in the calling thread, turning the scheduler while it waits."""
            ...

        def wait(self, promise: Promise[Any], timeout_ms: float | None = None) -> bool:
            """Turn the scheduler until `promise` is done (True) or `timeout_ms` have passed (False)."""
            ...

        def released(self) -> AbstractContextManager[Any]:
            """Give the lock up around a user's callback, which may block or call the library."""
            ...

        def tell_time(self) -> None:
            """Bring the scheduler's time up to now; virtual time only moves while somebody waits."""
            ...

        def clock_name(self) -> str:
            """``"virtual"``, ``"system"`` or ``"manual"``."""
            ...


class Endpoint:
    """Everything a client needs to live on a cluster; found by bootstrap address in `minikafka.bootstrap`.

    Args:
        name: the cluster's name, part of its bootstrap address.
        scheduler: the cluster's scheduler.
        transport: how to reach the brokers.
        driver: who turns the scheduler while a client blocks.
        bootstrap_nodes: a function giving the network addresses a client may bootstrap from.
        attach: called with each client that is made, so that the cluster can close or crash it.
        detach: called with each client that was closed.
    """

    __slots__ = (
        "_next_client",
        "attach",
        "bootstrap_nodes",
        "detach",
        "driver",
        "name",
        "scheduler",
        "transport",
    )

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        transport: Transport,
        driver: Driver,
        bootstrap_nodes: Callable[[], list[str]],
        attach: Callable[[object], object],
        detach: Callable[[object], object],
    ) -> None:
        self.name: str = name
        self.scheduler: Scheduler = scheduler
        self.transport: Transport = transport
        self.driver: Driver = driver
        self.bootstrap_nodes: Callable[[], list[str]] = bootstrap_nodes
        self.attach: Callable[[object], object] = attach
        self.detach: Callable[[object], object] = detach
        self._next_client = 0

    def new_address(self, kind: str) -> str:
        """A network address for a new client of this kind: ``"producer-1"``."""
        self._next_client += 1
        return f"{kind}-{self._next_client}"
