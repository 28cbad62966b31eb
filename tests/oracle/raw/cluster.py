"""One side of the comparison: a cluster that listens, with raw connections to its brokers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle.raw.link import CLIENT_ID, Link, header, sized

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from minikafka.messages.schema import Request

CONFIG = {
    # Records have timestamps of long ago, so that they are the same in every run.
    "log.retention.ms": "-1",
    "auto.leader.rebalance.enable": "false",
    "offsets.topic.num.partitions": "5",
}
"""What both sides are configured with."""


class Cluster:
    """A side: where its brokers are, and what stands there for all cases.

    Args:
        addresses: host and port of every broker, by node id.
        check_health: raises if something has gone wrong inside, where that can be told.
    """

    def __init__(
        self, addresses: Mapping[int, tuple[str, int]], check_health: Callable[[], object] = lambda: None
    ) -> None:
        self.check_health = check_health
        self.addresses = dict(addresses)
        self.node_ids = sorted(addresses)
        self.standing: dict[str, Any] = {}
        """Topics and groups that cases share, by name, with their symbols."""
        self._links: dict[int, Link] = {}
        self._own_links: dict[int, Link] = {}
        self._correlation_id = 100

    def link(self, node_id: int) -> Link:
        """The connection over which a broker is asked what is compared."""
        if node_id not in self._links:
            self._links[node_id] = Link(*self.addresses[node_id])
        return self._links[node_id]

    def forget(self, node_id: int) -> None:
        """The broker has closed the connection, or what it will say next is unknown."""
        self._links.pop(node_id).close()

    def ask(self, request: Request, node_id: int, version: int | None = None) -> Any:
        """The answer to a request that belongs to the preparation, over a connection of its own."""
        if node_id not in self._own_links:
            self._own_links[node_id] = Link(*self.addresses[node_id])
        link = self._own_links[node_id]
        spoken = request.max_version if version is None else version
        self._correlation_id += 1
        head = header(
            request.api_key, spoken, request.header_version(spoken), self._correlation_id, CLIENT_ID
        )
        link.send(sized(head + request.encode(spoken)))
        answer = link.receive()
        assert answer is not None, f"the connection was closed upon {request}"
        response_class = request.response_class
        return response_class.decode(answer[4 + response_class.header_version(spoken) :], spoken)

    def close(self) -> None:
        """Close the connections; the brokers are somebody else's."""
        for link in [*self._links.values(), *self._own_links.values()]:
            link.close()


def parse_addresses(bootstrap_servers: str) -> dict[int, tuple[str, int]]:
    """The brokers of a bootstrap string; they are numbered from 1 in its order."""
    pairs = (each.rsplit(":", 1) for each in bootstrap_servers.split(","))
    return {index: (host, int(port)) for index, (host, port) in enumerate(pairs, 1)}
