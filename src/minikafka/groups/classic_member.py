"""One member of a classic group: identity, subscriptions, assignment and its parked requests."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from minikafka.messages.join_group import JoinGroupResponse
    from minikafka.messages.sync_group import SyncGroupResponse
    from minikafka.scheduler import Promise

Protocols = tuple[tuple[str, bytes], ...]
"""The protocols (assignors) that a member supports with its metadata for each, most wanted first."""


class ClassicGroupMember:
    """A member of a classic group (Kafka's ClassicGroupMember). Times in ms.

    `awaiting_join` and `awaiting_sync` are the promises of the member's parked requests, None when none is.
    `is_new` is set until the member's first rebalance is over: its parked JoinGroup may then time out.
    """

    __slots__ = (
        "assignment",
        "awaiting_join",
        "awaiting_sync",
        "client_host",
        "client_id",
        "group_instance_id",
        "is_new",
        "member_id",
        "protocol_type",
        "protocols",
        "rebalance_timeout_ms",
        "session_timeout_ms",
    )

    def __init__(
        self,
        member_id: str,
        group_instance_id: str | None,
        client_id: str,
        client_host: str,
        rebalance_timeout_ms: int,
        session_timeout_ms: int,
        protocol_type: str,
        protocols: Protocols,
        assignment: bytes = b"",
    ) -> None:
        self.member_id: str = member_id
        self.group_instance_id: str | None = group_instance_id
        self.client_id: str = client_id
        self.client_host: str = client_host
        self.rebalance_timeout_ms: int = rebalance_timeout_ms
        self.session_timeout_ms: int = session_timeout_ms
        self.protocol_type: str = protocol_type
        self.protocols: Protocols = protocols
        self.assignment: bytes = assignment
        self.awaiting_join: Promise[JoinGroupResponse] | None = None
        self.awaiting_sync: Promise[SyncGroupResponse] | None = None
        self.is_new: bool = False

    @property
    def is_static(self) -> bool:
        """Whether the member has a group.instance.id (KIP-345)."""
        return self.group_instance_id is not None

    @property
    def has_satisfied_heartbeat(self) -> bool:
        """Whether a parked request stands in for heartbeats; never so for a new member."""
        if self.is_new:
            return False
        return self.awaiting_join is not None or self.awaiting_sync is not None

    def metadata(self, protocol_name: str) -> bytes:
        """The member's metadata for a protocol. Raises KeyError if it does not support the protocol."""
        for name, metadata in self.protocols:
            if name == protocol_name:
                return metadata
        raise KeyError(protocol_name)

    def vote(self, candidates: Container[str]) -> str:
        """The candidate that this member likes best. Raises ValueError if it supports none."""
        for name, _ in self.protocols:
            if name in candidates:
                return name
        raise ValueError(f"member {self.member_id} supports none of the candidate protocols {candidates}")
