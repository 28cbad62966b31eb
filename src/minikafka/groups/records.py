"""The records of ``__consumer_offsets``: how groups and offsets become records, and records become bytes.

Mirrors Kafka's GroupCoordinatorRecordHelpers and GroupCoordinatorRecordSerde: a key is prefixed by an int16
that names the kind of record, a value by its schema version.
"""

from __future__ import annotations

from minikafka.coordinator import CoordinatorRecord
from minikafka.groups.classic_group import ClassicGroup
from minikafka.groups.classic_member import ClassicGroupMember
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.messages.coordinator_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.groups.offset_store import CommittedOffset
    from minikafka.messages.schema import Body

_OFFSET_COMMIT_KEY_VERSION = 1
_GROUP_METADATA_KEY_VERSION = 2
_VALUE_VERSION = 3
_EXPIRING_OFFSET_VALUE_VERSION = 1
"""The one version of OffsetCommitValue that has an expire timestamp."""

_CLASSES_BY_KEY_VERSION: dict[int, tuple[type[Body], type[Body]]] = {
    0: (OffsetCommitKey, OffsetCommitValue),
    1: (OffsetCommitKey, OffsetCommitValue),
    2: (GroupMetadataKey, GroupMetadataValue),
}


def encode_record(record: CoordinatorRecord) -> tuple[bytes, bytes | None]:
    """Key and value bytes of a record, each with its version in front."""
    key, value = record.key, record.value
    key_version = (
        _OFFSET_COMMIT_KEY_VERSION if isinstance(key, OffsetCommitKey) else _GROUP_METADATA_KEY_VERSION
    )
    key_bytes = key_version.to_bytes(2, "big") + key.encode(key_version)
    if value is None:
        return key_bytes, None
    version = _VALUE_VERSION
    if isinstance(value, OffsetCommitValue) and value.expire_timestamp >= 0:
        version = _EXPIRING_OFFSET_VALUE_VERSION
    return key_bytes, version.to_bytes(2, "big") + value.encode(version)


def decode_record(key: bytes, value: bytes | None) -> CoordinatorRecord | None:
    """The record of a log entry; None for kinds that are not known, which Kafka's loader skips too."""
    key_version = int.from_bytes(key[:2], "big", signed=True)
    classes = _CLASSES_BY_KEY_VERSION.get(key_version)
    if classes is None:
        return None
    key_class, value_class = classes
    decoded_key = key_class.decode(key[2:], key_version)
    if value is None:
        return CoordinatorRecord(decoded_key, None)
    version = int.from_bytes(value[:2], "big", signed=True)
    return CoordinatorRecord(decoded_key, value_class.decode(value[2:], version))


def offset_commit_record(
    group_id: str, topic: str, partition: int, offset: CommittedOffset
) -> CoordinatorRecord:
    """The record of a committed offset."""
    return CoordinatorRecord(
        OffsetCommitKey(group=group_id, topic=topic, partition=partition),
        OffsetCommitValue(
            offset=offset.offset,
            leader_epoch=offset.leader_epoch,
            metadata=offset.metadata,
            commit_timestamp=offset.commit_timestamp_ms,
            expire_timestamp=offset.expire_timestamp_ms,
        ),
    )


def offset_commit_tombstone(group_id: str, topic: str, partition: int) -> CoordinatorRecord:
    """The record that removes a committed offset."""
    return CoordinatorRecord(OffsetCommitKey(group=group_id, topic=topic, partition=partition), None)


def empty_group_metadata_record(group: ClassicGroup) -> CoordinatorRecord:
    """The record of a group that was just created, whatever has happened to it in memory since."""
    timestamp = group.state_timestamp_ms
    return CoordinatorRecord(
        GroupMetadataKey(group=group.group_id),
        GroupMetadataValue(
            protocol_type="",
            generation=0,
            protocol=None,
            leader=None,
            current_state_timestamp=-1 if timestamp is None else timestamp,
            members=[],
        ),
    )


def group_metadata_record(group: ClassicGroup, assignments: Mapping[str, bytes]) -> CoordinatorRecord:
    """The record of a group's generation.

    Args:
        group: a group without members, or one whose members have voted for a protocol.
        assignments: the assignment of each member id; a member that is left out has none.
    """
    protocol_name = group.protocol_name
    timestamp = group.state_timestamp_ms
    member_metadata = MemberMetadata
    return CoordinatorRecord(
        GroupMetadataKey(group=group.group_id),
        GroupMetadataValue(
            protocol_type=group.protocol_type or "",
            generation=group.generation_id,
            protocol=protocol_name,
            leader=group.leader_id,
            current_state_timestamp=-1 if timestamp is None else timestamp,
            members=[
                member_metadata(
                    member_id=member.member_id,
                    group_instance_id=member.group_instance_id,
                    client_id=member.client_id,
                    client_host=member.client_host,
                    rebalance_timeout=member.rebalance_timeout_ms,
                    session_timeout=member.session_timeout_ms,
                    subscription=member.metadata(protocol_name or ""),
                    assignment=assignments.get(member.member_id, b""),
                )
                for member in group.members.values()
            ],
        ),
    )


def group_metadata_tombstone(group_id: str) -> CoordinatorRecord:
    """The record that removes a group."""
    return CoordinatorRecord(GroupMetadataKey(group=group_id), None)


def group_from_record(group_id: str, value: GroupMetadataValue) -> ClassicGroup:
    """The group that a record describes: EMPTY without members, else STABLE."""
    group = ClassicGroup(
        group_id,
        ClassicGroupState.STABLE if value.members else ClassicGroupState.EMPTY,
        value.generation,
        value.protocol_type or None,
        value.protocol,
        value.leader,
        None if value.current_state_timestamp == -1 else value.current_state_timestamp,
    )
    for member in value.members:
        timeout = member.rebalance_timeout
        loaded = ClassicGroupMember(
            member.member_id,
            member.group_instance_id,
            member.client_id,
            member.client_host,
            member.session_timeout if timeout == -1 else timeout,
            member.session_timeout,
            value.protocol_type,
            ((value.protocol or "", bytes(member.subscription)),),
            bytes(member.assignment),
        )
        group.add(loaded)
    group.subscribed_topics = group.compute_subscribed_topics()
    return group
