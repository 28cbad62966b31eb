"""The records of __consumer_offsets: keys and values of committed offsets and classic groups."""

from __future__ import annotations

from minikafka.messages.fields import array, binary, int32, int64, string
from minikafka.messages.schema import Body, Message


class OffsetCommitKey(Body, until=1):
    """Key of a committed offset's record; key versions 0 and 1 name this kind."""

    group: str = string(0, 1)
    topic: str = string(0, 1)
    partition: int = int32(0, 1)


class OffsetCommitValue(Body, until=4, flexible=4):
    """Value of a committed offset's record."""

    offset: int = int64()
    leader_epoch: int = int32(3, default=-1, ignorable=True)
    metadata: str = string()
    commit_timestamp: int = int64()
    expire_timestamp: int = int64(1, 1, default=-1, ignorable=True)


class GroupMetadataKey(Body, since=2, until=2):
    """Key of a classic group's record; key version 2 names this kind."""

    group: str = string(2, 2)


class MemberMetadata(Message):
    """One member of a classic group, with its subscription and its share of the assignment."""

    member_id: str = string()
    group_instance_id: str | None = string(3, default=None, nullable=3, ignorable=True)
    client_id: str = string()
    client_host: str = string()
    rebalance_timeout: int = int32(1, default=-1, ignorable=True)
    session_timeout: int = int32()
    subscription: bytes = binary()
    assignment: bytes = binary()


class GroupMetadataValue(Body, until=4, flexible=4):
    """Value of a classic group's record: its generation and members."""

    protocol_type: str = string()
    generation: int = int32()
    protocol: str | None = string(nullable=0)
    leader: str | None = string(nullable=0)
    current_state_timestamp: int = int64(2, default=-1, ignorable=True)
    members: list[MemberMetadata] = array(MemberMetadata)
