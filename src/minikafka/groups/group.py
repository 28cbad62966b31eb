"""What every kind of group has in common: its type, and when it lets offsets be committed, expire and go.

Mirrors Kafka's `Group` interface and `OffsetExpirationConditionImpl`. Classic groups are here; KIP-848
consumer groups and share groups implement the same interface.
"""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from minikafka.groups.offset_store import CommittedOffset

    class Group(Protocol):
        """A group of any type, as the offset manager and the administrative requests see it."""

        group_id: str

        @property
        def type(self) -> GroupType:
            """The protocol that the group speaks."""
            ...

        @property
        def is_empty(self) -> bool:
            """Whether the group has no members and takes part in no rebalance."""
            ...

        @property
        def state_name(self) -> str:
            """The state as ListGroups and DescribeGroups spell it."""
            ...

        @property
        def protocol_type_name(self) -> str:
            """The protocol type, ``""`` where the group has none."""
            ...

        def validate_offset_commit(
            self, member_id: str, group_instance_id: str | None, generation_id: int, is_transactional: bool
        ) -> None:
            """Raise unless this member may commit offsets now."""
            ...

        def validate_offset_delete(self) -> None:
            """Raise unless offsets may be deleted now."""
            ...

        def validate_delete_group(self) -> None:
            """Raise unless the group may be deleted now."""
            ...

        def is_subscribed_to(self, topic: str) -> bool:
            """Whether a member subscribes to the topic (or might, when subscriptions are unknown)."""
            ...

        def offset_expiration_base(self) -> Callable[[CommittedOffset], int] | None:
            """The time (ms) from which an offset's retention counts, or None while none may expire."""
            ...


class GroupType(Enum):
    """The protocols a group can speak, as ListGroups names them (KIP-848)."""

    CLASSIC = "classic"
    CONSUMER = "consumer"
    SHARE = "share"
    UNKNOWN = "unknown"

    @classmethod
    def parse(cls, name: str) -> GroupType:
        """The type of this name, in any case; UNKNOWN for a name that is none."""
        lowered = name.strip().lower()
        return next((member for member in cls if member.value == lowered), cls.UNKNOWN)


def is_offset_expired(
    offset: CommittedOffset, base_timestamp_ms: int, now_ms: int, offsets_retention_ms: int
) -> bool:
    """Whether a committed offset is past its retention.

    An offset whose commit named its own retention (OffsetCommit up to version 4) goes by that alone.
    """
    if offset.expire_timestamp_ms >= 0:
        return now_ms >= offset.expire_timestamp_ms
    return now_ms - base_timestamp_ms >= offsets_retention_ms
