"""The small values every room shares: partitions, offsets, request contexts, under kafka-python's names."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.scheduler import Promise

ZERO_UUID = bytes(16)
"""The id of "no topic": sixteen zero bytes."""


class TopicPartition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class TopicPartitionReplica(NamedTuple):
    """One broker's replica of a partition."""

    topic: str
    partition: int
    broker_id: int


class OffsetAndMetadata(NamedTuple):
    """A committed offset: the next offset to read, free text, and the leader epoch last seen (-1: none)."""

    offset: int
    metadata: str | None = ""
    leader_epoch: int = -1


class OffsetAndTimestamp(NamedTuple):
    """The answer to a look-up by time: an offset, its record's timestamp (ms) and leader epoch (-1: none)."""

    offset: int
    timestamp: int
    leader_epoch: int = -1


class MemberState:
    """What a consumer is to its group, as `ConsumerGroupMetadata.state` tells it."""

    UNJOINED = "<unjoined>"
    REBALANCING = "<rebalancing>"
    STABLE = "<stable>"


class ConsumerGroupMetadata(NamedTuple):
    """A snapshot of a consumer's membership; it fences stale members of a transactional commit (KIP-447)."""

    group_id: str | None
    generation_id: int = -1
    member_id: str = ""
    group_instance_id: str | None = None
    state: str = MemberState.UNJOINED


class BrokerMetadata(NamedTuple):
    """A broker as clients know it: node id, host, port and rack."""

    nodeId: int  # noqa: N815 - kafka-python's name
    host: str
    port: int
    rack: str | None = None


class RequestContext:
    """What a broker knows of a request besides its body.

    Args:
        api_version: the version the request is spoken in; in process the newest one.
        client_id: the client's own name for itself, or None.
        client_host: the host the client connects from, as Java shows it: ``"/127.0.0.1"``.
        source: the network address of the sender (``"consumer-3"``, ``"broker-2"``).
        hurry: kept when the sender wants the answer at once, whatever it is then. With it a long poll may end
            before its time, and an answer that is ready may be held back in the hope of a better one. None, as
            in Kafka: neither.
        principal: who the client is, ``"User:ANONYMOUS"`` without authentication.
    """

    __slots__ = ("api_version", "client_host", "client_id", "hurry", "principal", "source")

    def __init__(
        self,
        api_version: int,
        client_id: str | None,
        client_host: str,
        source: str,
        hurry: Promise[None] | None = None,
        principal: str = "User:ANONYMOUS",
    ) -> None:
        self.api_version: int = api_version
        self.client_id: str | None = client_id
        self.client_host: str = client_host
        self.source: str = source
        self.principal: str = principal
        self.hurry: Promise[None] | None = hurry


def broker_address(node_id: int) -> str:
    """The network address of a broker: ``"broker-1"``."""
    return f"broker-{node_id}"


CONTROLLER = "controller"
"""The network address of the controller."""
