"""Runs a service library call by library call, and kills it at a chosen one.

What dies is what dies with a process: its clients stop on the spot (no commit, no goodbye, nothing that was
still to be sent), and whatever the service tries afterwards, in an ``except`` or ``finally``, does not
happen.
"""

from __future__ import annotations

from collections import Counter
from functools import cache, wraps

from minikafka import bootstrap
from minikafka.errors import IllegalStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from minikafka.cluster import MiniKafka


class ServiceKilled(BaseException):
    """Ends the service where it stands. No Exception, so that no ``except Exception`` keeps it alive."""


class CrashHarness:
    """Starts a service on a cluster, kills it, starts it again.

    Args:
        kafka: the cluster that the service's clients connect to (for a service that says ``from kafka import
            ...``: with `minikafka.patch` on).
        downtime_ms: virtual ms between a crash and the next start; by default longer than a session timeout,
            so that the restarted service does not wait for its own ghost.
    """

    def __init__(self, kafka: MiniKafka, downtime_ms: int = 60_000) -> None:
        self.kafka = kafka
        self.downtime_ms = downtime_ms
        self.calls: list[str] = []
        """The library calls of the last run, as ``"KafkaConsumer.poll"``; the last one was killed, if any."""
        self._clients: list[object] = []
        self._kill_at: int | None = None
        self._inside = False
        self._dead = False

    def run(self, service: Callable[[], object], kill_at: int | None = None) -> bool:
        """Run the service until it returns (True), or until its library call number `kill_at` (False).

        Args:
            service: starts the service's clients, works, and returns when it is idle.
            kill_at: 1 for the first library call after a client was made; None lets it come to its end.
        """
        endpoint = bootstrap.find(self.kafka.bootstrap_servers)
        if endpoint is None:
            raise IllegalStateError(f"the cluster at {self.kafka.bootstrap_servers} is closed")
        self.calls, self._clients, self._kill_at, self._dead = [], [], kill_at, False
        attach = endpoint.attach

        def attach_counted(client: object) -> object:
            self._clients.append(client)
            cls: type = type(client)
            client.__class__ = _counted_class(cls)
            vars(client)["_crash_harness"] = self
            return attach(client)

        endpoint.attach = attach_counted
        try:
            service()
            return not self._dead
        except ServiceKilled:
            return False
        finally:
            endpoint.attach = attach
            for client in self._clients:
                vars(client)["_crash_harness"] = None

    def run_through(self, service: Callable[[], object], kill_at: Iterable[int]) -> None:
        """Run the service, killed at each of these calls in turn and restarted, then once to its end."""
        for call in kill_at:
            if not self.run(service, call):
                self.kafka.advance(seconds=self.downtime_ms / 1000)
        self.run(service)

    def enter(self, name: str) -> bool:
        """A library call begins: whether it is the service's own. Raises ServiceKilled at the chosen one."""
        if self._dead:
            raise ServiceKilled
        if self._inside:
            return False
        self.calls.append(name)
        if len(self.calls) == self._kill_at:
            self._dead = True
            alive = self.kafka.clients
            for client in self._clients:
                if client in alive:
                    self.kafka.crash(client)  # type: ignore[arg-type]
            raise ServiceKilled
        self._inside = True
        return True

    def leave(self) -> None:
        """The service's own library call is over."""
        self._inside = False


_NOT_CALLS = frozenset({"config", "DEFAULT_CONFIG"})


@cache
def _counted_class(cls: type) -> type:
    """`cls` with each public method telling the harness of its client that it was called."""
    names = [
        name
        for name in sorted(dir(cls))
        if (not name.startswith("_") or name == "__next__")
        and name not in _NOT_CALLS
        and callable(getattr(cls, name))
    ]
    namespace: dict[str, Any] = {name: _counted(cls, name) for name in names}
    namespace.update(
        __slots__=(), __module__=cls.__module__, __qualname__=cls.__qualname__, __doc__=cls.__doc__
    )
    return type(cls.__name__, (cls,), namespace)


def _counted(cls: type, name: str) -> Callable[..., object]:
    method = getattr(cls, name)

    @wraps(method)
    def call(self: object, *args: object, **kwargs: object) -> object:
        harness: CrashHarness | None = vars(self).get("_crash_harness")
        if harness is None or not harness.enter(f"{cls.__name__}.{name}"):
            return method(self, *args, **kwargs)
        try:
            return method(self, *args, **kwargs)
        finally:
            harness.leave()

    return call


def assert_at_least_once(acknowledged: Iterable[object], handled: Iterable[object]) -> None:
    """Everything that was acknowledged was handled, once or more often.

    Raises:
        AssertionError: something was lost; it names what.
    """
    counts = Counter(handled)
    lost = [item for item in acknowledged if not counts[item]]
    if lost:
        raise AssertionError(f"lost: {', '.join(map(repr, lost))} (handled: {dict(counts)!r})")
