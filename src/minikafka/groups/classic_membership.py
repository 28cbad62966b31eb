"""Heartbeat and LeaveGroup of classic groups.

Mirrors `classicGroupHeartbeat*` and `classicGroupLeave*` of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

from minikafka.coordinator import Result
from minikafka.errors import (
    BrokerResponseError,
    CoordinatorNotAvailableError,
    ErrorCode,
    IllegalGenerationError,
    NotCoordinatorError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from minikafka.groups.classic_join import UNKNOWN_MEMBER_ID
from minikafka.groups.classic_rebalance import nothing
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.messages.heartbeat import HeartbeatResponse
from minikafka.messages.leave_group import LeaveGroupResponse, MemberIdentity, MemberResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.groups.classic_group import ClassicGroup
    from minikafka.groups.classic_rebalance import ClassicRebalance
    from minikafka.groups.group_registry import GroupRegistry
    from minikafka.messages.heartbeat import HeartbeatRequest
    from minikafka.scheduler import Promise


class ClassicMembership:
    """Answers Heartbeat and LeaveGroup for the classic groups of one shard."""

    __slots__ = ("_groups", "_rebalance")

    def __init__(self, groups: GroupRegistry, rebalance: ClassicRebalance) -> None:
        self._groups = groups
        self._rebalance = rebalance

    def heartbeat(
        self, request: HeartbeatRequest, hurry: Promise[None] | None = None
    ) -> Result[HeartbeatResponse]:
        """Restart the member's session.

        Args:
            request: the heartbeat.
            hurry: if given, the answer may be held back until it is kept (`minikafka.groups.held_heartbeats`).

        Raises:
            UnknownMemberIdError: no such group or member.
            FencedInstanceIdError: the static member was replaced.
            IllegalGenerationError: the generation is not the present one.
            RebalanceInProgressError: the member must rejoin; its session is restarted nevertheless.
            CoordinatorNotAvailableError: the group is DEAD.
        """
        group = self._groups.find_classic(request.group_id)
        if group is None:
            raise UnknownMemberIdError(f"Group {request.group_id} not found.")
        if group.state is ClassicGroupState.DEAD:
            raise CoordinatorNotAvailableError(f"group {group.group_id} is dead")
        _validate(group, request)
        self._rebalance.schedule_session(group, group.members[request.member_id])
        if hurry is not None and group.state is ClassicGroupState.STABLE:
            return Result(response=self._held(group, request, hurry))
        return Result(response=_heartbeat_answer(group))

    def _held(
        self, group: ClassicGroup, request: HeartbeatRequest, hurry: Promise[None]
    ) -> Promise[HeartbeatResponse]:
        member_id = request.member_id

        def answer() -> HeartbeatResponse:
            if group.state is ClassicGroupState.DEAD:
                raise NotCoordinatorError(f"group {group.group_id} is coordinated elsewhere")
            _validate(group, request)
            return _heartbeat_answer(group)

        promise = group.held_heartbeats.hold(member_id, answer)
        self._rebalance.schedule_release(group, group.members[member_id])
        hurry.add_callback(lambda _: group.held_heartbeats.release(member_id, promise))
        return promise

    def leave(self, group_id: str, identities: list[MemberIdentity]) -> Result[LeaveGroupResponse]:
        """Remove members by member id, or by group.instance.id alone; errors are told per member.

        Raises:
            UnknownMemberIdError: no such group.
            CoordinatorNotAvailableError: the group is DEAD.
        """
        group = self._groups.find_classic(group_id)
        if group is None:
            raise UnknownMemberIdError(f"Group {group_id} not found.")
        if group.state is ClassicGroupState.DEAD:
            raise CoordinatorNotAvailableError(f"group {group_id} is dead")
        responses = [_leave_response(identity, self._leave_one(group, identity)) for identity in identities]
        result = nothing()
        if any(not response.error_code for response in responses):
            if group.state is ClassicGroupState.PREPARING_REBALANCE:
                result = self._rebalance.maybe_complete_join(group)
            elif group.state in (ClassicGroupState.STABLE, ClassicGroupState.COMPLETING_REBALANCE):
                result = self._rebalance.prepare_or_complete_join(group)
        result.response = LeaveGroupResponse(members=responses)
        return result

    def _leave_one(self, group: ClassicGroup, identity: MemberIdentity) -> int:
        """Remove one member and return the error code of its answer."""
        member_id, instance_id = identity.member_id, identity.group_instance_id
        if member_id == UNKNOWN_MEMBER_ID:
            existing = None if instance_id is None else group.static_members.get(instance_id)
            if existing is None:
                return ErrorCode.UNKNOWN_MEMBER_ID
            member_id = existing
        elif member_id in group.pending_join_members:
            group.remove(member_id)
            self._rebalance.cancel_session(group, member_id)
            return ErrorCode.NONE
        else:
            try:
                group.validate_member(member_id, instance_id)
            except BrokerResponseError as error:
                return error.errno
        self._rebalance.remove_member(group, group.members[member_id])
        return ErrorCode.NONE


def _validate(group: ClassicGroup, request: HeartbeatRequest) -> None:
    group.validate_member(request.member_id, request.group_instance_id)
    if request.generation_id != group.generation_id:
        raise IllegalGenerationError(
            f"generation {request.generation_id} of group {group.group_id}: "
            f"the present one is {group.generation_id}"
        )


def _heartbeat_answer(group: ClassicGroup) -> HeartbeatResponse:
    if group.state is ClassicGroupState.PREPARING_REBALANCE:
        raise RebalanceInProgressError(f"group {group.group_id} is rebalancing")
    return HeartbeatResponse()


def _leave_response(identity: MemberIdentity, error_code: int) -> MemberResponse:
    return MemberResponse(
        member_id=identity.member_id, group_instance_id=identity.group_instance_id, error_code=error_code
    )
