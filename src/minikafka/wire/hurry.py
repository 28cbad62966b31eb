"""How long a connection waits for an answer that could be given now: `minikafka.structs.RequestContext.hurry`.

Two kinds of requests may have a promise that hurries them. Of clients with ``prompt_rebalances`` Heartbeats have one,
without which they are not held at all, and Fetches: whatever comes after them on their connection hurries them, for
requests of a connection are answered in order. And if the cluster's time is moved by hand, the ``max_wait_ms`` of a
Fetch are real ones: a client that polls would else wait for somebody to move the clock, with all that it sends after
it.
"""

from __future__ import annotations

from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle
    from collections.abc import Callable
    from typing import Any

    from minikafka.messages.api_versions import ApiVersionsRequest
    from minikafka.messages.schema import Request

    Work = Callable[[], object]
    Run = Callable[[Work], object]

_LONGEST_HEARTBEAT_MS = 2900
"""In real time; the coordinator does not hold one longer in the cluster's."""

_JAVA = "apache-kafka-java"
_LIBRDKAFKA = "rdkafka"
"""Part of librdkafka's name, and of the version of what is built upon it: ``"2.16.1-rdkafka-2.16.0"``."""


def is_patient(request: ApiVersionsRequest) -> bool:
    """Whether a client goes on with everything else while a heartbeat of its own is not answered.

    Known to do so are librdkafka, all that is built upon it, and the Java client: they send heartbeats in the
    background, by a connection that nothing else waits for. A client that sends them in its poll loop would not
    poll meanwhile (kafkajs).
    """
    software = request.client_software_name
    return software == _JAVA or _LIBRDKAFKA in software or _LIBRDKAFKA in request.client_software_version


class Hurry:
    """What makes the brokers answer one request of a connection now.

    Args:
        run: does something inside the gate, and delivers the answers that come of it.
        limit_ms: real ms after which the answer is wanted at all events; None: the brokers keep the time.
        yields: whether it is wanted as soon as the client sends something else.
    """

    __slots__ = ("_limit_ms", "_run", "_timer", "promise", "yields")

    def __init__(self, run: Run, limit_ms: int | None, yields: bool) -> None:
        self.promise: Promise[None] = Promise()
        self.yields: bool = yields
        self._run = run
        self._limit_ms = limit_ms
        self._timer: TimerHandle | None = None

    def start(self, loop: AbstractEventLoop) -> None:
        """The request is parked: count the time."""
        if self._limit_ms is not None:
            self._timer = loop.call_later(self._limit_ms / 1000, self.now)

    def now(self) -> None:
        """Have the request answered; if it was, nothing happens."""
        self.stop()
        if not self.promise.done():
            self._run(self._keep)

    def stop(self) -> None:
        """The request is answered: count no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _keep(self) -> None:
        self.promise.set_result(None)


class Hurries:
    """Which requests of a connection are parked with a promise that ends it.

    Args:
        run: does something inside the gate, and delivers the answers that come of it.
        by_hand: whether the cluster's time stands still but for `MiniKafka.advance`.
        prompt_rebalances: whether the client has them; see `minikafka.wire.options.ListenerOptions`.
    """

    __slots__ = ("_by_hand", "_prompt_rebalances", "_run")

    def __init__(self, run: Run, *, by_hand: bool, prompt_rebalances: bool) -> None:
        self._run = run
        self._by_hand = by_hand
        self._prompt_rebalances = prompt_rebalances

    def of(self, request: Request, *, more_has_come: bool) -> Hurry | None:
        """The promise for a request, None for one that is answered as in Kafka."""
        prompt, by_hand = self._prompt_rebalances, self._by_hand
        if request.api_name == "Fetch" and (prompt or by_hand):
            fetch: Any = request
            hurry = Hurry(self._run, fetch.max_wait_ms if by_hand else None, yields=prompt)
            if prompt and more_has_come:
                hurry.promise.set_result(None)
            return hurry
        if request.api_name == "Heartbeat" and prompt and not more_has_come:
            return Hurry(self._run, _LONGEST_HEARTBEAT_MS if by_hand else None, yields=True)
        return None
