"""The clusters that scenarios run on, behind one face: minikafka in process, minikafka on sockets, a real Kafka."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from tests.oracle.closing import Closing
from tests.oracle.connection import CLIENT_ID, CLOSED, Connection
from tests.oracle.kafka_server import RealKafka, running
from tests.oracle.observe import as_plain

from minikafka import MiniKafka
from minikafka.errors import KafkaConnectionError
from minikafka.structs import broker_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

    from minikafka.messages.schema import Request, Response
    from minikafka.scheduler import Promise

CONFIG: dict[str, object] = {
    "group.min.session.timeout.ms": 100,
    "log.initial.task.delay.ms": 100,
    "log.retention.check.interval.ms": 300,
    # Records of scenarios have timestamps of long ago.
    "log.retention.ms": -1,
    "offsets.topic.num.partitions": 4,
}
"""Broker options that both sides are started with, so that scenarios need not wait long."""


IN_PROCESS, WIRE, REAL = "in-process", "wire", "real"


class Pending(Protocol):
    """A request that has been sent."""

    def result(self) -> dict[str, Any]:
        """Wait for the answer: plain data, or `CLOSED`."""

    def is_done(self) -> bool:
        """Whether the answer is there by now."""


class Cluster(Protocol):
    """What a scenario may do to a cluster besides using clients. Node ids count from 1."""

    kind: str
    """``"in-process"``, ``"wire"`` or ``"real"``."""
    bootstrap_servers: str
    node_ids: list[int]

    def now_ms(self) -> int:
        """The cluster's time, in ms since the Unix epoch."""

    def pass_time(self, ms: int) -> None:
        """Let time pass."""

    def ask(self, request: Request, version: int | None = None, node_id: int = 1) -> dict[str, Any]:
        """One request to one broker: the answer as plain data, or `CLOSED`."""

    def begin(self, request: Request, version: int | None = None, node_id: int = 1) -> Pending:
        """One request on a connection of its own, whose answer is not waited for yet."""

    def kill(self, node_id: int) -> None:
        """A broker dies on the spot."""

    def stop(self, node_id: int) -> None:
        """A broker shuts down in an orderly way."""

    def start(self, node_id: int) -> None:
        """A broker that is down comes back."""

    def close(self) -> None:
        """Leave nothing behind."""


class _PendingOnSocket:
    def __init__(self, connection: Connection, request: Request, version: int | None) -> None:
        self._connection = connection
        self._cls = type(request)
        self._version = request.max_version if version is None else version
        self._answer: dict[str, Any] | None = None
        connection.send(request, version)

    def result(self) -> dict[str, Any]:
        if self._answer is None:
            with self._connection as connection:
                self._answer = connection.receive(self._cls, self._version)
        return self._answer

    def is_done(self) -> bool:
        return self._answer is not None or self._connection.is_readable()


class _PendingInProcess:
    def __init__(self, kafka: MiniKafka, promise: Promise[Response], version: int) -> None:
        self._kafka = kafka
        self._promise = promise
        self._version = version

    def result(self) -> dict[str, Any]:
        with self._kafka.driver.lock:
            self._kafka.driver.wait(self._promise)
        try:
            response = self._promise.result()
        except KafkaConnectionError:
            return dict(CLOSED)
        return as_plain(type(response).decode(response.encode(self._version), self._version), self._version)

    def is_done(self) -> bool:
        with self._kafka.driver.lock:
            self._kafka.driver.settle()
        return self._promise.done()


class _OnSockets(Closing):
    """What clusters on sockets share: real time, and connections that are kept."""

    def __init__(self, addresses: Mapping[int, str]) -> None:
        self.addresses = dict(addresses)
        self.node_ids = list(addresses)
        self.bootstrap_servers = ",".join(addresses.values())
        self._connections: dict[int, Connection] = {}

    def now_ms(self) -> int:
        return round(time.time() * 1000)

    def pass_time(self, ms: int) -> None:
        time.sleep(ms / 1000)

    def connect(self, node_id: int = 1) -> Connection:
        """A connection of one's own."""
        return Connection(self.addresses[node_id])

    def ask(self, request: Request, version: int | None = None, node_id: int = 1) -> dict[str, Any]:
        connection = self._connections.get(node_id)
        if connection is None:
            connection = self._connections[node_id] = self.connect(node_id)
        try:
            answer = connection.ask(request, version)
        except TimeoutError:
            # What is asked later on this connection would wait behind it.
            self._forget(node_id)
            raise
        if answer == CLOSED:
            self._forget(node_id)
        return answer

    def begin(self, request: Request, version: int | None = None, node_id: int = 1) -> Pending:
        return _PendingOnSocket(self.connect(node_id), request, version)

    def _forget(self, node_id: int) -> None:
        connection = self._connections.pop(node_id, None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        for node_id in list(self._connections):
            self._forget(node_id)


class MiniInProcess(Closing):
    """minikafka under virtual time, used by its own clients."""

    kind = IN_PROCESS

    def __init__(self, nodes: int = 1, config: Mapping[str, object] | None = None) -> None:
        self.kafka = MiniKafka(nodes, config={**CONFIG, **(config or {})})
        self.bootstrap_servers = self.kafka.bootstrap_servers
        self.node_ids = self.kafka.node_ids
        self._connections = 0

    def now_ms(self) -> int:
        return self.kafka.now_ms

    def pass_time(self, ms: int) -> None:
        self.kafka.advance(ms=ms)

    def ask(self, request: Request, version: int | None = None, node_id: int = 1) -> dict[str, Any]:
        return self.begin(request, version, node_id, source="oracle-1").result()

    def begin(
        self, request: Request, version: int | None = None, node_id: int = 1, source: str | None = None
    ) -> Pending:
        # By way of bytes, so that a version can carry no more than it does on a socket.
        spoken = request.max_version if version is None else version
        message = type(request).decode(request.encode(spoken), spoken)
        self._connections += 1
        address = source or f"oracle-{1 + self._connections}"
        with self.kafka.driver.lock:
            promise = self.kafka.network.request(
                address, broker_address(node_id), message, client_id=CLIENT_ID, api_version=spoken
            )
        return _PendingInProcess(self.kafka, promise, spoken)

    def kill(self, node_id: int) -> None:
        self.kafka.kill(node_id)

    def stop(self, node_id: int) -> None:
        self.kafka.stop(node_id)

    def start(self, node_id: int) -> None:
        self.kafka.start(node_id)

    def close(self) -> None:
        self.kafka.close()


class MiniOnSockets(_OnSockets):
    """minikafka in real time, used by other libraries' clients."""

    kind = WIRE

    def __init__(self, nodes: int = 1, config: Mapping[str, object] | None = None) -> None:
        self.kafka = MiniKafka(nodes, clock="system", config={**CONFIG, **(config or {})})
        addresses = self.kafka.listen().split(",")
        super().__init__(dict(zip(self.kafka.node_ids, addresses, strict=True)))

    def kill(self, node_id: int) -> None:
        self._forget(node_id)
        self.kafka.kill(node_id)

    def stop(self, node_id: int) -> None:
        self._forget(node_id)
        self.kafka.stop(node_id)

    def start(self, node_id: int) -> None:
        self.kafka.start(node_id)

    def close(self) -> None:
        super().close()
        self.kafka.close()


class Real(_OnSockets):
    """A real Kafka that was started for the purpose, or one that runs already.

    Args:
        addresses: where its nodes listen, by node id.
        version: of Apache Kafka.
        server: whose nodes these are, if they are to be stopped and started; it is not closed by `close`.
    """

    kind = REAL

    def __init__(self, addresses: Mapping[int, str], version: str, server: RealKafka | None = None) -> None:
        super().__init__(addresses)
        self.version = version
        self._server = server

    @classmethod
    def of(cls, server: RealKafka) -> Self:
        """The nodes of a server that this process has started."""
        addresses = {node_id: f"127.0.0.1:{port}" for node_id, port in server.ports.items()}
        return cls(addresses, server.version, server)

    @classmethod
    def running(cls) -> Self | None:
        """What ``make oracle-up`` left running, or None."""
        state = running()
        if state is None:
            return None
        addresses = dict(enumerate(state["bootstrap_servers"].split(","), start=1))
        return cls(addresses, state["version"])

    def kill(self, node_id: int) -> None:
        self._forget(node_id)
        self._own().kill_node(node_id)

    def stop(self, node_id: int) -> None:
        self._forget(node_id)
        self._own().stop_node(node_id)

    def start(self, node_id: int) -> None:
        self._own().start_node(node_id)

    def _own(self) -> RealKafka:
        if self._server is None:
            raise RuntimeError("this process did not start the nodes of this cluster")
        return self._server


def start_real(
    nodes: int = 1, version: str | None = None, config: Mapping[str, object] | None = None
) -> RealKafka:
    """A running real Kafka with the options that scenarios count on.

    Raises:
        OracleMissingError: this machine cannot run one.
    """
    options = {**CONFIG, **(config or {})}
    server = RealKafka(nodes, config=options, **({} if version is None else {"version": version}))
    try:
        return server.start()
    except BaseException:
        server.close()
        raise
