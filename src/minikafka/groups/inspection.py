"""A group as plain values, for whoever looks into the cluster from a test."""

from __future__ import annotations

from collections import namedtuple

from minikafka.groups.classic_group import ClassicGroup
from minikafka.structs import OffsetAndMetadata, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NamedTuple

    from minikafka.groups.group import Group
    from minikafka.groups.offset_store import CommittedOffset

    class MemberSnapshot(NamedTuple):
        """A member: who it is, what it subscribes to and what it was assigned (bytes of its protocol)."""

        member_id: str
        group_instance_id: str | None
        client_id: str
        client_host: str
        subscription: bytes
        assignment: bytes

    class GroupSnapshot(NamedTuple):
        """A group; `state` is Kafka's name (``"Stable"``), `protocol` and `leader` may be None."""

        group_id: str
        type: str
        state: str
        generation: int
        protocol_type: str
        protocol: str | None
        leader: str | None
        members: tuple[MemberSnapshot, ...]
        offsets: dict[TopicPartition, OffsetAndMetadata]

else:
    MemberSnapshot = namedtuple(
        "MemberSnapshot", "member_id group_instance_id client_id client_host subscription assignment"
    )
    GroupSnapshot = namedtuple(
        "GroupSnapshot", "group_id type state generation protocol_type protocol leader members offsets"
    )


def snapshot(group: Group, offsets: Mapping[str, Mapping[int, CommittedOffset]]) -> GroupSnapshot:
    """The group as it is now.

    A member's subscription is the metadata of the protocol in use, or of its first protocol while there is
    none.
    """
    committed = {
        TopicPartition(topic, partition): OffsetAndMetadata(
            offset.offset, offset.metadata, offset.leader_epoch
        )
        for topic, partitions in offsets.items()
        for partition, offset in partitions.items()
    }
    if not isinstance(group, ClassicGroup):
        return GroupSnapshot(
            group.group_id,
            group.type.value,
            group.state_name,
            -1,
            group.protocol_type_name,
            None,
            None,
            (),
            committed,
        )
    members = tuple(
        MemberSnapshot(
            member.member_id,
            member.group_instance_id,
            member.client_id,
            member.client_host,
            dict(member.protocols).get(group.protocol_name or "", member.protocols[0][1]),
            member.assignment,
        )
        for member in group.members.values()
    )
    return GroupSnapshot(
        group.group_id,
        group.type.value,
        group.state_name,
        group.generation_id,
        group.protocol_type_name,
        group.protocol_name,
        group.leader_id,
        members,
        committed,
    )
