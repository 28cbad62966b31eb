"""Partitions, as an admin client sees them: add, describe, look offsets up, delete records."""

from __future__ import annotations

from minikafka.client.admin_dicts import ResponseObject, to_dict
from minikafka.client.admin_topics import describe_topics
from minikafka.client.admin_types import IsolationLevel
from minikafka.errors import (
    BrokerResponseError,
    ErrorCode,
    NotLeaderForPartitionError,
    UnknownTopicOrPartitionError,
    error_for_code,
)
from minikafka.structs import OffsetAndTimestamp, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from minikafka.client.admin import AdminCore
    from minikafka.messages.create_partitions import CreatePartitionsTopic

_CONSUMER = -1
"""The replica id of a request that no follower sends."""


# Add


async def create_partitions(
    core: AdminCore,
    topic_partitions: Mapping[str, Any],
    timeout_ms: float | None,
    validate_only: bool,
    raise_errors: bool,
) -> ResponseObject:
    """Add partitions to topics; the controller's response.

    Args:
        core: the client's core.
        topic_partitions: ``{topic: total count}``, ``{topic: {"count": ..., "assignments": [...]}}`` or
            ``{topic: NewPartitions}``.
        timeout_ms: how long the controller may take.
        validate_only: whether nothing is to be changed.
        raise_errors: whether an error of a topic is raised.
    """
    from minikafka.messages.create_partitions import CreatePartitionsRequest

    request = CreatePartitionsRequest(
        topics=[_wanted(topic, given) for topic, given in topic_partitions.items()],
        timeout_ms=core.timeout_ms(timeout_ms),
        validate_only=validate_only,
    )
    return ResponseObject(await core.ask_controller(request, lambda answer: answer.results, raise_errors))


def _wanted(topic: str, given: Any) -> CreatePartitionsTopic:
    from minikafka.messages.create_partitions import CreatePartitionsAssignment, CreatePartitionsTopic

    if isinstance(given, int):
        count, assignments = given, None
    elif hasattr(given, "total_count"):
        count, assignments = given.total_count, given.new_assignments
    else:
        count, assignments = given["count"], given.get("assignments")
    return CreatePartitionsTopic(
        name=topic,
        count=count,
        assignments=None
        if assignments is None
        else [CreatePartitionsAssignment(broker_ids=list(broker_ids)) for broker_ids in assignments],
    )


# Describe


async def describe_topic_partitions(
    core: AdminCore,
    topics: Iterable[str],
    response_partition_limit: int,
    cursor: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """One page of partitions (KIP-966): ``{"topics": [...], "next_cursor": None or {...}}``."""
    from uuid import UUID

    from minikafka.messages.describe_topic_partitions import (
        Cursor,
        DescribeTopicPartitionsRequest,
        TopicRequest,
    )

    request = DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name=topic) for topic in topics],
        response_partition_limit=response_partition_limit,
        cursor=None
        if cursor is None
        else Cursor(topic_name=cursor["topic_name"], partition_index=cursor["partition_index"]),
    )
    response = await core.ask(request)
    result = to_dict(response, response.max_version)
    for told, topic in zip(result["topics"], response.topics):
        # kafka-python hands these two on as they are.
        told["topic_id"] = None if told["topic_id"] is None else UUID(bytes=topic.topic_id)
        told.pop("authorized_operations")
        told["topic_authorized_operations"] = topic.topic_authorized_operations
        for partition in told["partitions"]:
            for field in ("eligible_leader_replicas", "last_known_elr"):
                partition[field] = partition[field] or None
    return {"topics": result["topics"], "next_cursor": result["next_cursor"]}


async def leaders(core: AdminCore, partitions: Iterable[TopicPartition]) -> dict[int, list[TopicPartition]]:
    """The partitions that each broker leads (under -1 those without a leader).

    Raises:
        UnknownTopicOrPartitionError: some partition does not exist.
    """
    wanted = list(partitions)
    known = {
        (topic["name"], partition["partition_index"]): partition["leader_id"]
        for topic in await describe_topics(core, list(dict.fromkeys(tp.topic for tp in wanted)))
        for partition in topic["partitions"]
    }
    unknown = [partition for partition in wanted if partition not in known]
    if unknown:
        raise UnknownTopicOrPartitionError(
            "The following partitions are not known: " + ", ".join(map(str, unknown))
        )
    result: dict[int, list[TopicPartition]] = {}
    for partition in wanted:
        result.setdefault(known[partition], []).append(partition)
    return result


# Look offsets up


async def list_partition_offsets(
    core: AdminCore,
    topic_partition_specs: Mapping[Any, Any],
    isolation_level: object,
    timeout_ms: float | None,
) -> dict[TopicPartition, OffsetAndTimestamp]:
    """The offset that each spec or timestamp means; leader_epoch None where it is not known.

    Raises:
        TypeError: a spec is neither an OffsetSpec nor an int.
        UnknownTopicOrPartitionError: some partition does not exist.
        NotLeaderForPartitionError: a partition found no leader within the timeout.
    """
    level = IsolationLevel.value_for(isolation_level)
    pending = {TopicPartition(*partition): spec for partition, spec in topic_partition_specs.items()}
    for spec in pending.values():
        if not isinstance(spec, int) or isinstance(spec, bool):
            raise TypeError(f"Unsupported ts type {type(spec)}, expected int or OffsetSpec ({spec!r})")
    deadline_ms = core.scheduler.now_ms + core.timeout_ms(timeout_ms)
    result: dict[TopicPartition, OffsetAndTimestamp] = {}
    while pending:
        for leader, some in (await leaders(core, pending)).items():
            if leader < 0:
                continue
            found = await _list_offsets(core, leader, {tp: pending[tp] for tp in some}, level)
            result.update(found)
            for partition in found:
                del pending[partition]
        if pending:
            if core.scheduler.now_ms >= deadline_ms:
                raise NotLeaderForPartitionError(
                    f"list_partition_offsets: no leader was found in time for {sorted(pending)}"
                )
            await core.scheduler.sleep(core.options.retry_backoff_ms)
    return {
        TopicPartition(*partition): result[TopicPartition(*partition)] for partition in topic_partition_specs
    }


async def _list_offsets(
    core: AdminCore, leader: int, specs: Mapping[TopicPartition, Any], level: int
) -> dict[TopicPartition, OffsetAndTimestamp]:
    """What a leader says; without the partitions that it does not lead."""
    from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic

    topics: dict[str, list[ListOffsetsPartition]] = {}
    for (topic, index), spec in specs.items():
        topics.setdefault(topic, []).append(ListOffsetsPartition(partition_index=index, timestamp=int(spec)))
    request = ListOffsetsRequest(
        replica_id=_CONSUMER,
        isolation_level=level,
        topics=[ListOffsetsTopic(name=name, partitions=some) for name, some in topics.items()],
    )
    response = await core.ask(request, leader)
    found = {}
    for topic_told in response.topics:
        for told in topic_told.partitions:
            partition = TopicPartition(topic_told.name, told.partition_index)
            if told.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER:
                continue
            if told.error_code != ErrorCode.NONE:
                raise error_for_code(told.error_code, f"ListOffsets {partition}")
            epoch = told.leader_epoch if told.leader_epoch >= 0 else None
            found[partition] = OffsetAndTimestamp(told.offset, told.timestamp, epoch)  # type: ignore[arg-type]
    return found


# Delete records


async def delete_records(
    core: AdminCore,
    records_to_delete: Mapping[Any, int],
    timeout_ms: float | None,
    partition_leader_id: int | None,
) -> dict[TopicPartition, dict[str, Any]]:
    """Delete the records below an offset (-1: below the high watermark) of each partition.

    Returns:
        ``{partition: {"partition_index": ..., "low_watermark": ..., "error_code": 0}}``.

    Raises:
        OffsetOutOfRangeError ...: the error of the one partition that failed.
        BrokerResponseError: several failed; the message names them.
        UnknownTopicOrPartitionError: some partition does not exist.
    """
    offsets = {TopicPartition(*partition): offset for partition, offset in records_to_delete.items()}
    wait_ms = core.timeout_ms(timeout_ms)
    deadline_ms = core.scheduler.now_ms + wait_ms
    result: dict[TopicPartition, dict[str, Any]] = {}
    pending = list(offsets)
    while pending:
        if partition_leader_id is None:
            destinations = await leaders(core, pending)
        else:
            destinations = {partition_leader_id: pending}
        pending = []
        for leader, some in destinations.items():
            left_ms = max(0, deadline_ms - core.scheduler.now_ms)
            if leader < 0:
                pending += some
                continue
            told = await _delete_records(core, leader, {tp: offsets[tp] for tp in some}, left_ms)
            for partition, answer in told.items():
                moved = answer["error_code"] == ErrorCode.NOT_LEADER_OR_FOLLOWER
                if moved and partition_leader_id is None and left_ms > 0:
                    pending.append(partition)
                else:
                    result[partition] = answer
        if pending:
            if core.scheduler.now_ms >= deadline_ms:
                raise NotLeaderForPartitionError(f"delete_records: no leader was found in time for {pending}")
            await core.scheduler.sleep(core.options.retry_backoff_ms)
    _raise_failed(result)
    return result


async def _delete_records(
    core: AdminCore, leader: int, offsets: Mapping[TopicPartition, int], timeout_ms: int
) -> dict[TopicPartition, dict[str, Any]]:
    from minikafka.messages.delete_records import (
        DeleteRecordsPartition,
        DeleteRecordsRequest,
        DeleteRecordsTopic,
    )

    topics: dict[str, list[DeleteRecordsPartition]] = {}
    for (topic, index), offset in offsets.items():
        topics.setdefault(topic, []).append(DeleteRecordsPartition(partition_index=index, offset=offset))
    request = DeleteRecordsRequest(
        topics=[DeleteRecordsTopic(name=name, partitions=some) for name, some in topics.items()],
        timeout_ms=timeout_ms,
    )
    response = await core.ask(request, leader)
    return {
        TopicPartition(told.name, partition.partition_index): to_dict(partition, response.max_version)
        for told in response.topics
        for partition in told.partitions
    }


def _raise_failed(result: Mapping[TopicPartition, Mapping[str, Any]]) -> None:
    failed = {tp: answer["error_code"] for tp, answer in result.items() if answer["error_code"]}
    if len(failed) == 1:
        [(partition, code)] = failed.items()
        raise error_for_code(
            code, f"Error deleting records from topic {partition.topic} partition {partition.partition}"
        )
    if failed:
        raise BrokerResponseError(
            "The following errors occured when trying to delete records: "
            + ", ".join(
                f"{topic}(partition={index}): {type(error_for_code(code)).__name__}"
                for (topic, index), code in failed.items()
            )
        )
