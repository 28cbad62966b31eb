"""SyncGroup of classic groups: the leader brings the assignment, everybody takes its share.

Mirrors `classicGroupSync*` of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

from minikafka.coordinator import Result
from minikafka.errors import BrokerResponseError, ErrorCode
from minikafka.groups.classic_join import error_code
from minikafka.groups.classic_rebalance import nothing
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.groups.records import group_metadata_record
from minikafka.messages.sync_group import SyncGroupResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.errors import KafkaError
    from minikafka.groups.classic_group import ClassicGroup
    from minikafka.groups.classic_rebalance import ClassicRebalance
    from minikafka.groups.group_registry import GroupRegistry
    from minikafka.messages.sync_group import SyncGroupRequest
    from minikafka.scheduler import Promise, Scheduler

_COMPLETING_REBALANCE = ClassicGroupState.COMPLETING_REBALANCE


class ClassicSync:
    """Answers SyncGroup for the classic groups of one shard."""

    __slots__ = ("_groups", "_rebalance", "_scheduler")

    def __init__(self, groups: GroupRegistry, rebalance: ClassicRebalance, scheduler: Scheduler) -> None:
        self._groups = groups
        self._rebalance = rebalance
        self._scheduler = scheduler

    def sync(self, request: SyncGroupRequest, promise: Promise[SyncGroupResponse]) -> Result[Any]:
        """Take a SyncGroup request; `promise` gets its answer, at once or when the assignment is durable."""
        group = self._groups.find_classic(request.group_id)
        code = _refusal(group, request)
        if group is None or code:
            promise.set_result(SyncGroupResponse(error_code=code))
            return nothing()
        member = group.members[request.member_id]
        self._rebalance.remove_pending_sync(group, request.member_id)
        if group.state is not _COMPLETING_REBALANCE:
            promise.set_result(
                SyncGroupResponse(
                    protocol_type=group.protocol_type,
                    protocol_name=group.protocol_name,
                    assignment=member.assignment,
                )
            )
            return nothing()
        group.park_sync(member, promise)
        if group.leader_id != request.member_id:
            return nothing()
        return self._store_assignment(group, request)

    def _store_assignment(self, group: ClassicGroup, request: SyncGroupRequest) -> Result[Any]:
        """Write the leader's assignment; once it is durable the group is Stable and members are answered."""
        assignments = {each.member_id: bytes(each.assignment) for each in request.assignments}
        generation_id = group.generation_id

        def on_append(error: KafkaError | None) -> Result[Any] | None:
            # Another rebalance may have started while the record was under way.
            if group.state is not _COMPLETING_REBALANCE or group.generation_id != generation_id:
                return None
            if error is not None:
                self._rebalance.propagate_error(group, error_code(error))
                return self._rebalance.prepare_or_complete_join(group)
            self._rebalance.propagate_assignment(group, assignments)
            group.transition_to(ClassicGroupState.STABLE, self._scheduler.now_ms)
            return None

        return Result([group_metadata_record(group, assignments)], on_append=on_append, replay=False)


def _refusal(group: ClassicGroup | None, request: SyncGroupRequest) -> int:
    """The error code that the request must be refused with, or NONE."""
    if group is None or group.is_empty:
        return ErrorCode.UNKNOWN_MEMBER_ID
    if group.state is ClassicGroupState.DEAD:
        return ErrorCode.COORDINATOR_NOT_AVAILABLE
    try:
        group.validate_member(request.member_id, request.group_instance_id)
    except BrokerResponseError as error:
        return error.errno
    if request.generation_id != group.generation_id:
        return ErrorCode.ILLEGAL_GENERATION
    if _differ(request.protocol_type, group.protocol_type) or _differ(
        request.protocol_name, group.protocol_name
    ):
        return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    if group.state is ClassicGroupState.PREPARING_REBALANCE:
        return ErrorCode.REBALANCE_IN_PROGRESS
    return ErrorCode.NONE


def _differ(asked: str | None, actual: str | None) -> bool:
    return asked is not None and actual is not None and asked != actual
