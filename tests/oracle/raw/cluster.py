"""One side of the comparison: a cluster that listens, with raw connections to its brokers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle.closing import Closing
from tests.oracle.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.messages.schema import Request

CLIENT_ID = "raw"
TIMEOUT_S = 5
"""How long an answer may take; whatever waits longer is a defect of the case or of the broker."""

CONFIG = {
    # Records have timestamps of long ago, so that they are the same in every run.
    "log.retention.ms": "-1",
    "auto.leader.rebalance.enable": "false",
    "offsets.topic.num.partitions": "5",
}
"""What both sides are configured with."""


class Cluster(Closing):
    """A side: where its brokers are, and what stands there for all cases.

    Args:
        bootstrap_servers: ``"host:port,..."`` of every broker; they are numbered from 1 in this order.
        check_health: raises if something has gone wrong inside, where that can be told.
    """

    def __init__(self, bootstrap_servers: str, check_health: Callable[[], object] = lambda: None) -> None:
        self.check_health = check_health
        self._addresses = dict(enumerate(bootstrap_servers.split(","), start=1))
        self.node_ids = list(self._addresses)
        self.standing: dict[str, Any] = {}
        """Topics and groups that cases share, by name, with their symbols."""
        self._connections: dict[int, Connection] = {}
        self._own_connections: dict[int, Connection] = {}

    def connection(self, node_id: int) -> Connection:
        """The connection over which a broker is asked what is compared."""
        return self._kept(self._connections, node_id)

    def forget(self, node_id: int) -> None:
        """The broker has closed the connection, or what it will say next is unknown."""
        self._connections.pop(node_id).close()

    def _kept(self, connections: dict[int, Connection], node_id: int) -> Connection:
        if node_id not in connections:
            connections[node_id] = Connection(self._addresses[node_id], CLIENT_ID, TIMEOUT_S)
        return connections[node_id]

    def ask(self, request: Request, node_id: int, version: int | None = None) -> Any:
        """The answer to a request that belongs to the preparation, over a connection of its own."""
        connection = self._kept(self._own_connections, node_id)
        spoken = request.max_version if version is None else version
        connection.send(request, spoken)
        answer = connection.receive_response(type(request), spoken)
        assert answer is not None, f"the connection was closed upon {request}"
        return answer

    def close(self) -> None:
        """Close the connections; the brokers are somebody else's."""
        for connection in [*self._connections.values(), *self._own_connections.values()]:
            connection.close()
