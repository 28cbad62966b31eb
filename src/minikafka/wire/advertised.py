"""Tells wire clients where the brokers' sockets are, wherever a response names brokers.

A Kafka broker registers an address for each of its listeners and answers with those of the listener that the
request came in by (MetadataCache.getAliveBrokerNodes). Here the cluster's metadata holds the in-process
addresses; responses that leave by a socket have them replaced in a copy. In-process clients see no change.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from minikafka.messages.schema import Message, Response

    Addresses = Mapping[int, tuple[str, int]]
    M = TypeVar("M", bound=Message)


def advertise(response: Response, addresses: Addresses) -> Response:
    """The response as a wire client should see it.

    Args:
        response: what a broker answered; it is not changed.
        addresses: the host and port of every broker, by node id.
    """
    rewrite = _REWRITES.get(response.api_name)
    return response if rewrite is None else rewrite(response, addresses)


def _copy(message: M, **changes: object) -> M:
    values = {field.name: getattr(message, field.name) for field in message.fields}
    return type(message)(**{**values, **changes})


def _moved(nodes: list[M], key: str, addresses: Addresses) -> list[M]:
    """Copies of the nodes with their sockets' addresses; a node that has none (-1: nobody) stays."""
    moved = []
    for node in nodes:
        found = addresses.get(getattr(node, key))
        moved.append(node if found is None else _copy(node, host=found[0], port=found[1]))
    return moved


def _brokers(response: Any, addresses: Addresses) -> Response:
    key = "node_id" if response.api_name == "Metadata" else "broker_id"
    found: Response = _copy(response, brokers=_moved(response.brokers, key, addresses))
    return found


def _coordinators(response: Any, addresses: Addresses) -> Response:
    found: Response
    if response.coordinators:
        found = _copy(response, coordinators=_moved(response.coordinators, "node_id", addresses))
    else:
        (found,) = _moved([response], "node_id", addresses)
    return found


def _node_endpoints(response: Any, addresses: Addresses) -> Response:
    found: Response = response
    if response.node_endpoints:
        found = _copy(response, node_endpoints=_moved(response.node_endpoints, "node_id", addresses))
    return found


_REWRITES: dict[str, Callable[[Any, Addresses], Response]] = {
    "Metadata": _brokers,
    "DescribeCluster": _brokers,
    "FindCoordinator": _coordinators,
    "Produce": _node_endpoints,
    "Fetch": _node_endpoints,
}
