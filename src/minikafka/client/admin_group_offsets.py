"""The committed offsets of groups, as an admin client changes them: list, alter, reset, delete."""

from __future__ import annotations

from minikafka.client.admin import failure
from minikafka.client.admin_groups import by_coordinator
from minikafka.client.admin_partitions import list_partition_offsets
from minikafka.client.admin_types import IsolationLevel, OffsetSpec, is_offset_spec
from minikafka.errors import ErrorCode, error_for_code
from minikafka.structs import OffsetAndMetadata, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from minikafka.client.admin import AdminCore
    from minikafka.messages.offset_fetch import OffsetFetchRequestGroup, OffsetFetchResponseGroup
    from minikafka.structs import OffsetAndTimestamp

    Offsets = dict[TopicPartition, OffsetAndMetadata]
    Partitions = Iterable[tuple[str, int]]


def by_topic(partitions: Partitions) -> dict[str, list[int]]:
    """Partitions, in the order given, under their topics."""
    topics: dict[str, list[int]] = {}
    for topic, partition in partitions:
        topics.setdefault(topic, []).append(partition)
    return topics


# List


async def list_group_offsets(core: AdminCore, group_specs: Any) -> dict[str, Offsets]:
    """``{group id: {partition: committed offset}}``.

    Args:
        core: the client's core.
        group_specs: ``{group id: partitions, or None for all}``, or a group id, or a list of them.

    Raises:
        ValueError: no group is named.
        GroupAuthorizationFailedError ...: the first error that a coordinator told.
    """
    from minikafka.messages.offset_fetch import OffsetFetchRequest

    if isinstance(group_specs, str):
        group_specs = {group_specs: None}
    elif not hasattr(group_specs, "items"):
        group_specs = dict.fromkeys(group_specs)
    if not group_specs:
        raise ValueError("Empty group_specs!")
    result = {}
    for node_id, some in (await by_coordinator(core, list(group_specs), None)).items():
        groups = [_wanted_offsets(group_id, group_specs[group_id]) for group_id in some]
        response = await core.ask(OffsetFetchRequest(groups=groups), node_id)
        for group in response.groups:
            result[group.group_id] = _told_offsets(group)
    return result


def _wanted_offsets(group_id: str, partitions: Partitions | None) -> OffsetFetchRequestGroup:
    from minikafka.messages.offset_fetch import OffsetFetchRequestGroup, OffsetFetchRequestTopics

    if partitions is None:
        return OffsetFetchRequestGroup(group_id=group_id, topics=None)
    topics = by_topic(dict.fromkeys((topic, partition) for topic, partition in partitions))
    return OffsetFetchRequestGroup(
        group_id=group_id,
        topics=[
            OffsetFetchRequestTopics(name=name, partition_indexes=indexes) for name, indexes in topics.items()
        ],
    )


def _told_offsets(group: OffsetFetchResponseGroup) -> Offsets:
    if group.error_code != ErrorCode.NONE:
        raise error_for_code(group.error_code, f"OffsetFetch group_id={group.group_id!r}")
    offsets = {}
    for topic in group.topics:
        for partition in topic.partitions:
            key = TopicPartition(topic.name, partition.partition_index)
            if partition.error_code != ErrorCode.NONE:
                raise error_for_code(partition.error_code, f"OffsetFetch group_id={group.group_id!r} {key}")
            offsets[key] = OffsetAndMetadata(
                partition.committed_offset, partition.metadata, partition.committed_leader_epoch
            )
    return offsets


# Alter and reset


async def alter_group_offsets(
    core: AdminCore, group_id: str, offsets: Mapping[Any, Any], group_coordinator_id: int | None
) -> dict[TopicPartition, type[BaseException]]:
    """Commit offsets for a group without members; ``{partition: class of the error, or NoError}``."""
    codes = await _commit(core, group_id, offsets, group_coordinator_id)
    return {partition: core.error_class(code) for partition, code in codes.items()}


async def _commit(
    core: AdminCore, group_id: str, offsets: Mapping[Any, Any], group_coordinator_id: int | None
) -> dict[TopicPartition, int]:
    from minikafka.messages.offset_commit import (
        OffsetCommitRequest,
        OffsetCommitRequestPartition,
        OffsetCommitRequestTopic,
    )

    if not offsets:
        return {}
    topics: dict[str, list[OffsetCommitRequestPartition]] = {}
    for (topic, partition), offset in offsets.items():
        epoch = offset.leader_epoch
        topics.setdefault(topic, []).append(
            OffsetCommitRequestPartition(
                partition_index=partition,
                committed_offset=offset.offset,
                committed_leader_epoch=-1 if epoch is None else epoch,
                committed_metadata=offset.metadata,
            )
        )
    # Neither generation nor member: the coordinator takes it from an empty group alone.
    request = OffsetCommitRequest(
        group_id=group_id,
        generation_id_or_member_epoch=-1,
        member_id="",
        topics=[OffsetCommitRequestTopic(name=name, partitions=some) for name, some in topics.items()],
    )
    node_id = await core.coordinator(group_id) if group_coordinator_id is None else group_coordinator_id
    response = await core.ask(request, node_id)
    return {
        TopicPartition(topic.name, partition.partition_index): partition.error_code
        for topic in response.topics
        for partition in topic.partitions
    }


async def reset_group_offsets(
    core: AdminCore, group_id: str, offset_specs: Mapping[Any, Any], group_coordinator_id: int | None
) -> dict[TopicPartition, dict[str, Any]]:
    """Commit what specs, timestamps or offsets mean, kept within each partition's log.

    Returns:
        ``{partition: {"error": class of the error or NoError, "offset": what was committed}}``.

    Raises:
        TypeError: a target is neither an OffsetSpec, nor an OffsetTimestamp, nor an int.
    """
    if not offset_specs:
        return {}
    targets = {TopicPartition(*partition): target for partition, target in offset_specs.items()}
    for partition, target in targets.items():
        if not isinstance(target, int) or isinstance(target, bool):
            raise TypeError(
                f"Unsupported reset target for {partition}: {target!r} "
                "(expected OffsetSpec, OffsetTimestamp, or int offset)"
            )
    if group_coordinator_id is None:
        group_coordinator_id = await core.coordinator(group_id)
    current = (await list_group_offsets(core, {group_id: list(targets)}))[group_id]
    earliest = await _look_up(core, dict.fromkeys(targets, OffsetSpec.EARLIEST))
    latest = await _look_up(core, dict.fromkeys(targets, OffsetSpec.LATEST))
    found = await _look_up(core, {tp: spec for tp, spec in targets.items() if is_offset_spec(spec)})
    offsets = {}
    for partition, target in targets.items():
        wanted = found[partition].offset if partition in found else int(target)
        offset = _clamped(wanted, earliest[partition].offset, latest[partition].offset)
        before = current.get(partition, OffsetAndMetadata(offset))
        offsets[partition] = before._replace(offset=offset)
    codes = await _commit(core, group_id, offsets, group_coordinator_id)
    return {
        partition: {"error": core.error_class(code), "offset": offsets[partition].offset}
        for partition, code in codes.items()
    }


async def _look_up(
    core: AdminCore, specs: dict[TopicPartition, Any]
) -> dict[TopicPartition, OffsetAndTimestamp]:
    return await list_partition_offsets(core, specs, IsolationLevel.READ_UNCOMMITTED, None)


def _clamped(offset: int, earliest: int, latest: int) -> int:
    """An offset within the log; one that does not exist (below 0) means its end."""
    return latest if offset < 0 or offset > latest else max(offset, earliest)


# Delete


async def delete_group_offsets(
    core: AdminCore, group_id: str, partitions: Partitions, group_coordinator_id: int | None
) -> dict[TopicPartition, type[BaseException]]:
    """``{partition: class of the error, or NoError}``.

    Raises:
        GroupIdNotFoundError, NonEmptyGroupError ...: what the coordinator said of the whole request.
    """
    from minikafka.messages.offset_delete import (
        OffsetDeleteRequest,
        OffsetDeleteRequestPartition,
        OffsetDeleteRequestTopic,
    )

    topics = by_topic(partitions)
    if not topics:
        return {}
    request = OffsetDeleteRequest(
        group_id=group_id,
        topics=[
            OffsetDeleteRequestTopic(
                name=name, partitions=[OffsetDeleteRequestPartition(partition_index=i) for i in indexes]
            )
            for name, indexes in topics.items()
        ],
    )
    node_id = await core.coordinator(group_id) if group_coordinator_id is None else group_coordinator_id
    response = await core.ask(request, node_id)
    if response.error_code != ErrorCode.NONE:
        raise failure(f"OffsetDelete group_id={group_id!r}", response)
    return {
        TopicPartition(topic.name, partition.partition_index): core.error_class(partition.error_code)
        for topic in response.topics
        for partition in topic.partitions
    }
