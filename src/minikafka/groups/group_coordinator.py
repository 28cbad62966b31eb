"""One partition of ``__consumer_offsets`` as a state machine: every group request, and replay.

Mirrors Kafka's GroupCoordinatorShard, and what GroupCoordinatorService checks before a request reaches it.
Each operation takes the request context and message and returns a `Result` whose response is the response
message, or a promise of it where the request is parked. Errors of a whole request are raised; errors that
Kafka tells per member, group or partition, and those of JoinGroup and SyncGroup, are codes in the response.

A request that names several groups must have been split by coordinator partition before it comes here. Topics
are known by name: the broker resolves the ids of requests from version 10 on (they are handed back in
responses), and adds the ids when all offsets of a group are asked for.
"""

from __future__ import annotations

from minikafka.coordinator import Result
from minikafka.errors import (
    BrokerResponseError,
    ErrorCode,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
    UnknownMemberIdError,
)
from minikafka.groups.classic_group import ClassicGroup
from minikafka.groups.classic_join import ClassicJoin
from minikafka.groups.classic_membership import ClassicMembership
from minikafka.groups.classic_rebalance import ClassicRebalance, join_error
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.groups.classic_sync import ClassicSync
from minikafka.groups.group_registry import GroupRegistry
from minikafka.groups.inspection import snapshot
from minikafka.groups.java_hash import partition_for
from minikafka.groups.offset_manager import OffsetManager
from minikafka.groups.offset_store import CommittedOffset, OffsetStore
from minikafka.groups.records import decode_record, encode_record, group_metadata_tombstone
from minikafka.messages.coordinator_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    OffsetCommitKey,
    OffsetCommitValue,
)
from minikafka.messages.delete_groups import DeletableGroupResult, DeleteGroupsResponse
from minikafka.messages.describe_groups import DescribeGroupsResponse
from minikafka.messages.leave_group import (
    LeaveGroupRequest,
    LeaveGroupResponse,
    MemberIdentity,
    MemberResponse,
)
from minikafka.messages.list_groups import ListGroupsResponse
from minikafka.messages.offset_fetch import (
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)
from minikafka.messages.sync_group import SyncGroupResponse
from minikafka.scheduler import Promise
from minikafka.structs import ZERO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeVar

    from minikafka.coordinator import CoordinatorRecord
    from minikafka.errors import KafkaError
    from minikafka.groups.group_config import GroupCoordinatorConfig
    from minikafka.groups.inspection import GroupSnapshot
    from minikafka.keyed_timers import KeyedTimers
    from minikafka.messages.delete_groups import DeleteGroupsRequest
    from minikafka.messages.describe_groups import DescribeGroupsRequest
    from minikafka.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
    from minikafka.messages.join_group import JoinGroupRequest, JoinGroupResponse
    from minikafka.messages.list_groups import ListGroupsRequest
    from minikafka.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
    from minikafka.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
    from minikafka.messages.offset_fetch import OffsetFetchRequest
    from minikafka.messages.sync_group import SyncGroupRequest
    from minikafka.scheduler import Scheduler
    from minikafka.structs import RequestContext, TopicPartition

    T = TypeVar("T")

__all__ = ["GroupCoordinatorShard", "partition_for"]

_EXPIRATION_KEY = ("expire-group-metadata",)
_NULLABLE_PROTOCOL_SINCE_VERSION = 7
_BATCH_LEAVE_SINCE_VERSION = 3
_BATCH_FETCH_SINCE_VERSION = 8


class GroupCoordinatorShard:
    """The groups and offsets of one coordinator partition; it runs inside a `CoordinatorRuntime`.

    Args:
        scheduler: the time, and the chance that member ids are drawn from.
        timers: the keyed timers of this shard.
        config: the broker's group options.
    """

    __slots__ = (
        "_config",
        "_join",
        "_loaded_at_ms",
        "_membership",
        "_offsets",
        "_rebalance",
        "_scheduler",
        "_store",
        "_sync",
        "_timers",
        "groups",
    )

    def __init__(self, scheduler: Scheduler, timers: KeyedTimers, config: GroupCoordinatorConfig) -> None:
        self._scheduler = scheduler
        self._timers = timers
        self._config = config
        self._loaded_at_ms: int | None = None
        self.groups: GroupRegistry = GroupRegistry(scheduler, self._arm_expiration)
        self._store = OffsetStore()
        self._rebalance = ClassicRebalance(self.groups, timers, scheduler, config)
        self._join = ClassicJoin(self.groups, self._rebalance, scheduler, config)
        self._sync = ClassicSync(self.groups, self._rebalance, scheduler)
        self._membership = ClassicMembership(self.groups, self._rebalance)
        self._offsets = OffsetManager(self._store, self.groups, self._rebalance, scheduler, config)

    # Membership

    def join_group(self, context: RequestContext, request: JoinGroupRequest) -> Result[JoinGroupResponse]:
        """Join a group, or rejoin it. The answer is parked until the rebalance is over.

        Raises:
            InvalidGroupIdError: the group id is empty.
            InvalidSessionTimeoutError: the session timeout is outside ``group.min.session.timeout.ms`` and
                ``group.max.session.timeout.ms``.
        """
        check_join(request, self._config)
        promise: Promise[JoinGroupResponse] = Promise()
        result = self._join.join(context, request, promise)
        if context.api_version < _NULLABLE_PROTOCOL_SINCE_VERSION:
            promise = _without_null_protocol(promise)
        return _answered(result, promise)

    def sync_group(self, _context: RequestContext, request: SyncGroupRequest) -> Result[SyncGroupResponse]:
        """Bring (leader) or get the assignment. The answer is parked until the leader's assignment is
        durable.

        Raises:
            InvalidGroupIdError: the group id is empty.
        """
        _check_group_id(request.group_id)
        promise: Promise[SyncGroupResponse] = Promise()
        return _answered(self._sync.sync(request, promise), promise)

    def heartbeat(self, context: RequestContext, request: HeartbeatRequest) -> Result[HeartbeatResponse]:
        """Restart a member's session. Raises what `ClassicMembership.heartbeat` raises, and
        InvalidGroupIdError.

        While the shard is being loaded the broker answers NONE, as Kafka does, so that members stay calm.
        """
        _check_group_id(request.group_id)
        return self._membership.heartbeat(request, context.hurry)

    def leave_group(self, context: RequestContext, request: LeaveGroupRequest) -> Result[LeaveGroupResponse]:
        """Remove members. Up to version 2 there is one member, whose error is the response's own.

        Raises:
            InvalidGroupIdError: the group id is empty.
            CoordinatorNotAvailableError: the group is DEAD.
        """
        _check_group_id(request.group_id)
        batch = context.api_version >= _BATCH_LEAVE_SINCE_VERSION
        identities = request.members if batch else [MemberIdentity(member_id=request.member_id)]
        try:
            result = self._membership.leave(request.group_id, identities)
        except UnknownMemberIdError:
            result = Result(response=_unknown_members(identities))
        response = result.response
        if not batch and isinstance(response, LeaveGroupResponse):
            result.response = LeaveGroupResponse(error_code=response.members[0].error_code)
        return result

    # Offsets

    def offset_commit(
        self, context: RequestContext, request: OffsetCommitRequest
    ) -> Result[OffsetCommitResponse]:
        """Commit offsets; answered when they are durable. Raises what `OffsetManager.commit` raises."""
        return self._offsets.commit(context, request)

    def offset_fetch(
        self, context: RequestContext, request: OffsetFetchRequest
    ) -> Result[OffsetFetchResponse]:
        """The committed offsets of one group (up to version 7) or several; unknown groups have none.

        With `require_stable` the answer waits for earlier writes; else it is what is durable now.
        """
        stable = request.require_stable
        if context.api_version < _BATCH_FETCH_SINCE_VERSION:
            wanted = (
                None if request.topics is None else [(t.name, t.partition_indexes) for t in request.topics]
            )
            fetched = self._offsets.fetch(request.group_id, wanted, stable)
            response = OffsetFetchResponse(
                topics=[
                    OffsetFetchResponseTopic(
                        name=topic,
                        partitions=[
                            OffsetFetchResponsePartition(
                                partition_index=each.partition_index,
                                committed_offset=each.committed_offset,
                                committed_leader_epoch=each.committed_leader_epoch,
                                metadata=each.metadata,
                                error_code=each.error_code,
                            )
                            for each in partitions
                        ],
                    )
                    for topic, partitions in fetched
                ]
            )
        else:
            response = OffsetFetchResponse(
                groups=[self._fetch_group(group, stable) for group in request.groups]
            )
        return Result(response=response, immediate=not stable)

    def _fetch_group(self, group: OffsetFetchRequestGroup, require_stable: bool) -> OffsetFetchResponseGroup:
        wanted = None if group.topics is None else [(t.name, t.partition_indexes) for t in group.topics]
        topic_ids = {topic.name: topic.topic_id for topic in group.topics or ()}
        return OffsetFetchResponseGroup(
            group_id=group.group_id,
            topics=[
                OffsetFetchResponseTopics(
                    name=topic, topic_id=topic_ids.get(topic, ZERO_UUID), partitions=partitions
                )
                for topic, partitions in self._offsets.fetch(group.group_id, wanted, require_stable)
            ],
        )

    def offset_delete(
        self, _context: RequestContext, request: OffsetDeleteRequest
    ) -> Result[OffsetDeleteResponse]:
        """Delete offsets. Raises what `OffsetManager.delete` raises, and InvalidGroupIdError."""
        _check_group_id(request.group_id)
        return self._offsets.delete(request)

    # Administration

    def describe_groups(
        self, context: RequestContext, request: DescribeGroupsRequest
    ) -> Result[DescribeGroupsResponse]:
        """Describe groups; authorized operations are the broker's to add."""
        groups = [self.groups.describe(group_id, context.api_version) for group_id in request.groups]
        return Result(response=DescribeGroupsResponse(groups=groups), immediate=True)

    def list_groups(self, _context: RequestContext, request: ListGroupsRequest) -> Result[ListGroupsResponse]:
        """The groups of this shard by state and type filter; the broker joins the answers of its shards."""
        groups = self.groups.list(request.states_filter, request.types_filter)
        return Result(response=ListGroupsResponse(groups=groups), immediate=True)

    def delete_groups(
        self, _context: RequestContext, request: DeleteGroupsRequest
    ) -> Result[DeleteGroupsResponse]:
        """Delete groups without members, and their offsets; errors are told per group."""
        records: list[CoordinatorRecord] = []
        results = []
        for group_id in request.groups_names:
            code: int = ErrorCode.NONE
            try:
                self.groups.get(group_id).validate_delete_group()
            except BrokerResponseError as error:
                code = error.errno
            else:
                records += self._offsets.delete_all(group_id)
                records.append(group_metadata_tombstone(group_id))
            results.append(DeletableGroupResult(group_id=group_id, error_code=code))
        return Result(records, DeleteGroupsResponse(results=results))

    def on_partitions_deleted(self, topic_partitions: Iterable[TopicPartition]) -> Result[None]:
        """Forget the offsets of partitions whose topic was deleted."""
        return Result(self._offsets.delete_partitions(topic_partitions), atomic=False)

    def expire_offsets(self) -> Result[None]:
        """Remove expired offsets, and empty groups without any; runs by itself at every check interval."""
        records: list[CoordinatorRecord] = []
        for group in self.groups.all():
            tombstones, none_left = self._offsets.expire(group)
            records += tombstones
            if none_left and group.is_empty:
                records.append(group_metadata_tombstone(group.group_id))
        return Result(records, atomic=False)

    def inspect(self, group_id: str) -> GroupSnapshot | None:
        """The group as plain values, offsets as they were written last; None if there is no such group."""
        group = self.groups.find(group_id)
        return None if group is None else snapshot(group, self._store.latest.of_group(group_id))

    # What the runtime calls

    def encode_record(self, record: CoordinatorRecord) -> tuple[bytes, bytes | None]:
        """Key and value bytes of a record."""
        return encode_record(record)

    def decode_record(self, key: bytes, value: bytes | None) -> CoordinatorRecord | None:
        """The record in a log entry, None for unknown kinds."""
        return decode_record(key, value)

    def replay(self, offset: int, producer_id: int, record: CoordinatorRecord) -> None:
        """Apply a record that the log holds at `offset`; `producer_id` is -1 outside transactions."""
        key, value = record.key, record.value
        if isinstance(key, GroupMetadataKey):
            self.groups.replay_group_metadata(
                key.group, value if isinstance(value, GroupMetadataValue) else None
            )
        elif isinstance(key, OffsetCommitKey):
            if isinstance(value, OffsetCommitValue):
                self.groups.ensure(key.group)
                committed = CommittedOffset.from_record(offset, value)
                self._store.put(offset, producer_id, key.group, key.topic, key.partition, committed)
            else:
                self._store.remove(offset, key.group, key.topic, key.partition)

    def replay_end_transaction_marker(self, offset: int, producer_id: int, committed: bool) -> None:
        """Apply a transaction marker: commit or drop the transaction's offsets."""
        self._store.end_transaction(offset, producer_id, committed)

    def on_high_watermark(self, offset: int) -> None:
        """Reads of durable offsets see what the log holds below `offset`."""
        self._store.advance(offset)

    def on_loaded(self, loaded_at_ms: int) -> None:
        """The log was replayed: every member's session starts, and oversized groups rebalance."""
        self._loaded_at_ms = loaded_at_ms
        for group in self.groups.all():
            if not isinstance(group, ClassicGroup):
                continue
            for member in group.members.values():
                self._rebalance.schedule_session(group, member)
            if len(group.members) > self._config.group_max_size:
                # Never writes: no member of a loaded group has joined yet.
                self._rebalance.prepare(group)
        if len(self.groups):
            self._arm_expiration()

    def on_unloaded(self) -> None:
        """The partition is led elsewhere: groups are DEAD here, parked requests get NOT_COORDINATOR."""
        self._loaded_at_ms = None
        for group in self.groups.all():
            if not isinstance(group, ClassicGroup):
                continue
            group.transition_to(ClassicGroupState.DEAD, self._scheduler.now_ms)
            for member in group.members.values():
                group.complete_join(member, join_error(member.member_id, ErrorCode.NOT_COORDINATOR))
                group.complete_sync(member, SyncGroupResponse(error_code=ErrorCode.NOT_COORDINATOR))

    def _arm_expiration(self) -> None:
        """Check for expired offsets at the next multiple of the interval since loading, while there are
        groups.

        Kafka's check runs in shards without groups too, where it does nothing.
        """
        if self._loaded_at_ms is not None and self._timers.deadline_ms(_EXPIRATION_KEY) is None:
            interval_ms = self._config.offsets_retention_check_interval_ms
            delay_ms = interval_ms - (self._scheduler.now_ms - self._loaded_at_ms) % interval_ms
            self._timers.schedule(_EXPIRATION_KEY, delay_ms, self._on_expiration)

    def _on_expiration(self) -> Result[None]:
        result = self.expire_offsets()
        result.on_append = self._after_expiration
        return result

    def _after_expiration(self, _: KafkaError | None) -> None:
        if len(self.groups):
            self._arm_expiration()


def check_join(request: JoinGroupRequest, config: GroupCoordinatorConfig) -> None:
    """Raise what `GroupCoordinatorShard.join_group` raises."""
    _check_group_id(request.group_id)
    low, high = config.group_min_session_timeout_ms, config.group_max_session_timeout_ms
    if not low <= request.session_timeout_ms <= high:
        raise InvalidSessionTimeoutError(
            f"session_timeout_ms={request.session_timeout_ms}: expected {low} to {high}"
        )


def _check_group_id(group_id: str) -> None:
    if not group_id:
        raise InvalidGroupIdError(f"group_id={group_id!r}: a group id cannot be empty")


def _answered(result: Result[Any], response: Promise[T]) -> Result[T]:
    result.response = response
    return result


def _without_null_protocol(promise: Promise[JoinGroupResponse]) -> Promise[JoinGroupResponse]:
    """The same answer for versions whose protocol name cannot be null: it is empty instead."""
    adapted: Promise[JoinGroupResponse] = Promise()

    def adapt(_: Promise[JoinGroupResponse]) -> None:
        response = promise.result()
        if response.protocol_name is None:
            response = join_error(response.member_id, response.error_code, protocol_name="")
        if not adapted.done():
            adapted.set_result(response)

    promise.add_callback(adapt)
    return adapted


def _unknown_members(identities: Iterable[MemberIdentity]) -> LeaveGroupResponse:
    return LeaveGroupResponse(
        members=[
            MemberResponse(
                member_id=identity.member_id,
                group_instance_id=identity.group_instance_id,
                error_code=ErrorCode.UNKNOWN_MEMBER_ID,
            )
            for identity in identities
        ]
    )
