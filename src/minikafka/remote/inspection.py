"""Looking inside a real cluster, by what its protocol tells: the views of `minikafka.inspection` made from answers."""

from __future__ import annotations

from contextlib import nullcontext

from minikafka.client.partition_records import PartitionRecords, RecordReader
from minikafka.errors import ErrorCode, UnknownTopicOrPartitionError, error_for_code
from minikafka.groups.inspection import MemberSnapshot
from minikafka.inspection import GroupView, PartitionView, TopicView, dead_group, members_of
from minikafka.log.record_batch import split_batches
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.list_groups import ListGroupsRequest
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.offset_fetch import OffsetFetchRequest
from minikafka.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.remote.asker import Asker

    Refuse = Callable[[str], NoReturn]

_EARLIEST = -2
_LATEST = -1
_READ_UNCOMMITTED, _READ_COMMITTED = 0, 1
_CONSUMER = -1
_NAMES_UNTIL = 12
"""The last version of Fetch that names topics instead of telling their ids."""
_OFFSETS_BY_GROUP_FROM = 8
_FETCH_BYTES = 50 * 1024 * 1024
_FETCH_WAIT_MS = 500
_TOPIC = 2
_SET_ON_TOPIC = 1
"""Kafka's ConfigSource DYNAMIC_TOPIC_CONFIG."""


class RealGroupView(GroupView):
    """A `GroupView` of a real cluster, which tells no generation; members come in the coordinator's order."""

    refuse: Refuse

    @property
    def generation(self) -> int:
        """Skips the test: DescribeGroups does not tell it."""
        self.refuse("a group's generation: a real cluster tells it to members only")

    def __str__(self) -> str:
        return str(GroupView(*self)).replace(", generation -1", "", 1)


def topic(asker: Asker, name: str) -> TopicView:
    """A topic as it is now. Raises UnknownTopicOrPartitionError if there is none of that name."""
    found = described(asker, name)
    partitions = tuple(_partition(asker, name, each) for each in _in_order(found))
    return TopicView(name, found.topic_id.hex(), partitions, _configs(asker, name))


def described(asker: Asker, name: str) -> Any:
    """A topic's metadata. Raises UnknownTopicOrPartitionError if there is none of that name."""
    metadata = asker.metadata([name])
    found = metadata.topics[0]
    if found.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
        known = ", ".join(topic_names(asker)) or "none"
        raise UnknownTopicOrPartitionError(f"no topic {name!r}: there are {known}")
    if found.error_code not in (ErrorCode.NONE, ErrorCode.LEADER_NOT_AVAILABLE):
        raise error_for_code(found.error_code)
    return found


def topic_names(asker: Asker) -> list[str]:
    """The test's topics, sorted, without Kafka's own."""
    return sorted(each.name for each in asker.metadata().topics if not each.is_internal)


def _in_order(found: Any) -> list[Any]:
    return sorted(found.partitions, key=lambda each: each.partition_index)


def _configs(asker: Asker, name: str) -> dict[str, str]:
    resource = DescribeConfigsResource(resource_type=_TOPIC, resource_name=name, configuration_keys=None)
    [result] = asker.ask(DescribeConfigsRequest(resources=[resource])).results
    return {each.name: each.value for each in result.configs if each.config_source == _SET_ON_TOPIC}


def _partition(asker: Asker, name: str, found: Any) -> PartitionView:
    tp = TopicPartition(name, found.partition_index)
    leader = found.leader_id if found.leader_id >= 0 else None
    start = end = stable = log_end = 0
    if leader is not None:
        start = _offset(asker, tp, leader, _EARLIEST)
        end = _offset(asker, tp, leader, _LATEST)
        stable = _offset(asker, tp, leader, _LATEST, _READ_COMMITTED)
        log_end = _log_end(asker, tp, leader, found.leader_epoch)
    return PartitionView(
        name,
        tp.partition,
        leader,
        found.leader_epoch,
        tuple(found.replica_nodes),
        tuple(found.isr_nodes),
        start,
        end,
        stable,
        log_end,
    )


def _offset(
    asker: Asker, tp: TopicPartition, leader: int, timestamp: int, isolation: int = _READ_UNCOMMITTED
) -> int:
    request = ListOffsetsRequest(
        replica_id=_CONSUMER,
        isolation_level=isolation,
        topics=[
            ListOffsetsTopic(
                name=tp.topic,
                partitions=[ListOffsetsPartition(partition_index=tp.partition, timestamp=timestamp)],
            )
        ],
    )
    [found] = _of_leader(asker, request, tp, leader, lambda answer: answer.topics[0].partitions)
    return int(found.offset)


def _log_end(asker: Asker, tp: TopicPartition, leader: int, epoch: int) -> int:
    request = OffsetForLeaderEpochRequest(
        replica_id=_CONSUMER,
        topics=[
            OffsetForLeaderTopic(
                topic=tp.topic,
                partitions=[OffsetForLeaderPartition(partition=tp.partition, leader_epoch=epoch)],
            )
        ],
    )
    [found] = _of_leader(asker, request, tp, leader, lambda answer: answer.topics[0].partitions)
    return int(found.end_offset)


def _of_leader(
    asker: Asker, request: Any, tp: TopicPartition, leader: int, part: Callable[[Any], Any]
) -> Any:
    """The part of a leader's answer about one partition, once the leader knows that it leads."""
    address = asker.brokers()[leader]
    answer = asker.until(
        lambda: asker.ask(request, address),
        lambda found: part(found)[0].error_code,
        f"the leader of {tp.topic}-{tp.partition}",
    )
    found = part(answer)
    if found[0].error_code:
        raise error_for_code(found[0].error_code, f"{request.api_name} of {tp.topic}-{tp.partition}")
    return found


def records(
    asker: Asker, name: str, partition: int | None = None, *, isolation: str = "read_uncommitted"
) -> list[ConsumerRecord]:
    """What a consumer of the topic could read now; see `minikafka.inspection.records`."""
    partitions = _in_order(described(asker, name))
    if partition is not None:
        if not 0 <= partition < len(partitions):
            raise UnknownTopicOrPartitionError(
                f"topic {name!r} has no partition {partition}: it has {len(partitions)}"
            )
        partitions = [partitions[partition]]
    level = _READ_COMMITTED if isolation == "read_committed" else _READ_UNCOMMITTED
    return [
        record
        for each in partitions
        if each.leader_id >= 0
        for record in _read(asker, TopicPartition(name, each.partition_index), each.leader_id, level)
    ]


def _read(asker: Asker, tp: TopicPartition, leader: int, isolation: int) -> list[ConsumerRecord]:
    at = _offset(asker, tp, leader, _EARLIEST)
    end = _offset(asker, tp, leader, _LATEST, isolation)
    reader = RecordReader(None, None, isolation, True, nullcontext)
    found: list[ConsumerRecord] = []
    address = asker.brokers()[leader]
    while at < end:
        answer = asker.ask(_fetch(tp, at, isolation), address, newest=_NAMES_UNTIL)
        [data] = answer.responses[0].partitions
        if data.error_code:
            raise error_for_code(data.error_code, f"reading {tp.topic}-{tp.partition} at offset {at}")
        batches = split_batches(data.records or b"", allow_partial=True)
        if not batches:
            break
        parsed = PartitionRecords(tp, at, batches, data.aborted_transactions, reader)
        while not parsed.exhausted:
            found += parsed.take(len(batches) * 1000)
        at = parsed.next_offset
    return [record for record in found if record.offset < end]


def _fetch(tp: TopicPartition, at: int, isolation: int) -> FetchRequest:
    wanted = FetchPartition(partition=tp.partition, fetch_offset=at, partition_max_bytes=_FETCH_BYTES)
    return FetchRequest(
        max_wait_ms=_FETCH_WAIT_MS,
        min_bytes=1,
        max_bytes=_FETCH_BYTES,
        isolation_level=isolation,
        topics=[FetchTopic(topic=tp.topic, partitions=[wanted])],
    )


# Groups


def group_ids(asker: Asker) -> list[str]:
    """The test's groups, sorted."""
    return sorted({each.group_id for address in asker.brokers().values() for each in _listed(asker, address)})


def _listed(asker: Asker, address: Any) -> list[Any]:
    answer = asker.until(
        lambda: asker.ask(ListGroupsRequest(), address), lambda found: found.error_code, "the list of groups"
    )
    return list(answer.groups)


def described_group(asker: Asker, group_id: str) -> tuple[int, Any]:
    """The coordinator's node id and the group as it describes it."""
    node_id, address = asker.coordinator(group_id)
    answer = asker.until(
        lambda: asker.ask(DescribeGroupsRequest(groups=[group_id]), address),
        lambda found: found.groups[0].error_code,
        f"the description of group {group_id!r}",
    )
    found = answer.groups[0]
    if found.error_code not in (ErrorCode.NONE, ErrorCode.GROUP_ID_NOT_FOUND):
        raise error_for_code(found.error_code, found.error_message)
    return node_id, found


def group(asker: Asker, group_id: str, refuse: Refuse) -> GroupView:
    """A consumer group as its coordinator sees it now; in state ``"Dead"`` if nobody knows it."""
    node_id, found = described_group(asker, group_id)
    if found.group_state == "Dead":
        return dead_group(group_id)
    committed = _committed(asker, group_id)
    members, subscribed = members_of(found.protocol_type, map(_member, found.members))
    wanted = set(committed).union(*(member.assignment for member in members))
    leaders = _leaders(asker, subscribed | {tp.topic for tp in wanted})
    wanted.update(tp for tp in leaders if tp.topic in subscribed)
    present = [tp for tp in sorted(wanted) if leaders.get(tp, -1) >= 0]
    view = RealGroupView(
        group_id,
        found.group_state,
        -1,
        node_id,
        found.protocol_data or None,
        members,
        committed,
        {tp: _offset(asker, tp, leaders[tp], _LATEST) for tp in present},
        {tp: _offset(asker, tp, leaders[tp], _EARLIEST) for tp in present},
    )
    view.refuse = refuse
    return view


def _member(described: Any) -> MemberSnapshot:
    return MemberSnapshot(
        described.member_id,
        described.group_instance_id,
        described.client_id,
        described.client_host,
        described.member_metadata,
        described.member_assignment,
    )


def _leaders(asker: Asker, topics: set[str]) -> dict[TopicPartition, int]:
    found = asker.metadata(sorted(topics)).topics if topics else []
    return {
        TopicPartition(each.name, partition.partition_index): partition.leader_id
        for each in found
        for partition in each.partitions
    }


def _committed(asker: Asker, group_id: str) -> dict[TopicPartition, int]:
    _, address = asker.coordinator(group_id)
    request = OffsetFetchRequest(group_id=group_id, topics=None)
    answer = asker.until(
        lambda: asker.ask(request, address, newest=_OFFSETS_BY_GROUP_FROM - 1),
        lambda found: found.error_code,
        f"the committed offsets of group {group_id!r}",
    )
    if answer.error_code:
        raise error_for_code(answer.error_code, f"the committed offsets of group {group_id!r}")
    return {
        TopicPartition(each.name, partition.partition_index): partition.committed_offset
        for each in sorted(answer.topics, key=lambda found: found.name)
        for partition in sorted(each.partitions, key=lambda found: found.partition_index)
        if partition.committed_offset >= 0
    }


def describe(asker: Asker, headline: str, refuse: Refuse) -> str:
    """The test's topics and groups as text, for failure reports; never raises."""
    lines = [headline]
    try:
        lines += [str(topic(asker, name)) for name in topic_names(asker)]
        lines += [str(group(asker, group_id, refuse)) for group_id in group_ids(asker)]
    except Exception as error:
        lines.append(f"the rest cannot be shown: {error!r}")
    return "\n".join(lines)
