"""The rebalance of a classic group: prepare, collect joins, form a generation, and every deadline on the way.

Mirrors the classic half of Kafka's GroupMetadataManager from `prepareRebalance` to `expirePendingSync`.
Timers are ``("session", group, member)``, ``("heartbeat", group, member)``, ``("join", group)`` and
``("sync", group)``; arming one again replaces it.
"""

from __future__ import annotations

from minikafka.coordinator import Result
from minikafka.errors import ErrorCode
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.groups.group_config import NEW_MEMBER_JOIN_TIMEOUT_MS
from minikafka.groups.held_heartbeats import hold_ms
from minikafka.groups.records import group_metadata_record
from minikafka.messages.join_group import JoinGroupResponse, JoinGroupResponseMember
from minikafka.messages.sync_group import SyncGroupResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from minikafka.groups.classic_group import ClassicGroup
    from minikafka.groups.classic_member import ClassicGroupMember
    from minikafka.groups.group_config import GroupCoordinatorConfig
    from minikafka.groups.group_registry import GroupRegistry
    from minikafka.keyed_timers import KeyedTimers
    from minikafka.scheduler import Scheduler

_EMPTY = ClassicGroupState.EMPTY
_PREPARING_REBALANCE = ClassicGroupState.PREPARING_REBALANCE
_COMPLETING_REBALANCE = ClassicGroupState.COMPLETING_REBALANCE
_STABLE = ClassicGroupState.STABLE
_DEAD = ClassicGroupState.DEAD


def nothing() -> Result[Any]:
    """The result of an event that writes nothing."""
    return Result()


def join_response(
    group: ClassicGroup,
    member_id: str,
    *,
    with_members: bool,
    skip_assignment: bool = False,
    leader_id: str | None = None,
) -> JoinGroupResponse:
    """The present generation, as JoinGroup tells it to a member; only the leader is told the members."""
    protocol_name = group.protocol_name or ""
    member_class = JoinGroupResponseMember
    return JoinGroupResponse(
        generation_id=group.generation_id,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        leader=leader_id or group.leader_id or "",
        skip_assignment=skip_assignment,
        member_id=member_id,
        members=[
            member_class(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                metadata=member.metadata(protocol_name),
            )
            for member in (group.members.values() if with_members else ())
        ],
    )


def join_error(member_id: str, error_code: int, protocol_name: str | None = None) -> JoinGroupResponse:
    """A JoinGroup answer that carries an error."""
    return JoinGroupResponse(
        error_code=error_code, member_id=member_id, protocol_name=protocol_name, leader=""
    )


class ClassicRebalance:
    """Drives the rebalances of the classic groups of one shard.

    Args:
        groups: the shard's groups.
        timers: the shard's keyed timers.
        scheduler: the time.
        config: the broker's group options.
    """

    __slots__ = ("_config", "_groups", "_scheduler", "_timers")

    def __init__(
        self, groups: GroupRegistry, timers: KeyedTimers, scheduler: Scheduler, config: GroupCoordinatorConfig
    ) -> None:
        self._groups = groups
        self._timers = timers
        self._scheduler = scheduler
        self._config = config

    # Preparing

    def prepare_or_complete_join(self, group: ClassicGroup) -> Result[Any]:
        """Something changed: start a rebalance, or end the join phase of the running one if all are there."""
        if group.can_rebalance:
            return self.prepare(group)
        return self.maybe_complete_join(group)

    def prepare(self, group: ClassicGroup) -> Result[Any]:
        """Go to PREPARING_REBALANCE and wait for the members to join."""
        if group.state is _COMPLETING_REBALANCE:
            self.propagate_error(group, ErrorCode.REBALANCE_IN_PROGRESS)
        group.pending_sync_members.clear()
        self._timers.cancel(("sync", group.group_id))
        if group.state is _EMPTY:
            delay_ms = self._config.group_initial_rebalance_delay_ms
            remaining_ms = max(group.rebalance_timeout_ms - delay_ms, 0)
            self._schedule_initial_rebalance(group, delay_ms, remaining_ms)
            group.transition_to(_PREPARING_REBALANCE, self._scheduler.now_ms)
            return nothing()
        group.transition_to(_PREPARING_REBALANCE, self._scheduler.now_ms)
        if group.has_all_members_joined:
            return self._complete_join(group)
        self._schedule_join_deadline(group)
        return nothing()

    def _schedule_initial_rebalance(self, group: ClassicGroup, delay_ms: int, remaining_ms: int) -> None:
        self._timers.schedule(
            ("join", group.group_id),
            delay_ms,
            self._on_initial_rebalance_delay,
            group.group_id,
            delay_ms,
            remaining_ms,
        )

    def _on_initial_rebalance_delay(self, group_id: str, delay_ms: int, remaining_ms: int) -> Result[Any]:
        """The delay is over: extend it if somebody joined meanwhile, up to the rebalance timeout in all."""
        group = self._groups.find_classic(group_id)
        if group is None:
            return nothing()
        if group.new_member_added and remaining_ms:
            group.new_member_added = False
            next_delay_ms = min(self._config.group_initial_rebalance_delay_ms, remaining_ms)
            self._schedule_initial_rebalance(group, next_delay_ms, max(remaining_ms - delay_ms, 0))
            return nothing()
        return self._complete_join(group)

    def _schedule_join_deadline(self, group: ClassicGroup) -> None:
        self._timers.schedule(
            ("join", group.group_id), group.rebalance_timeout_ms, self._on_join_deadline, group.group_id
        )

    def _on_join_deadline(self, group_id: str) -> Result[Any]:
        group = self._groups.find_classic(group_id)
        return nothing() if group is None else self._complete_join(group)

    # Completing the join phase

    def maybe_complete_join(self, group: ClassicGroup) -> Result[Any]:
        """End the join phase if everybody is there; a group's first rebalance ends by its delay alone."""
        if (
            group.state is not _PREPARING_REBALANCE
            or group.previous_state is _EMPTY
            or not group.has_all_members_joined
        ):
            return nothing()
        return self._complete_join(group)

    def _complete_join(self, group: ClassicGroup) -> Result[Any]:
        """Form the next generation of those who joined, and of the static members who did not."""
        self._timers.cancel(("join", group.group_id))
        if group.state is not _PREPARING_REBALANCE:
            return nothing()
        missing = [
            member
            for member in group.members.values()
            if member.awaiting_join is None and not member.is_static
        ]
        for member in missing:
            group.remove(member.member_id)
            self.cancel_session(group, member.member_id)
        if not group.elect_joined_leader() and group.members:
            # Only static members are left, and none has rejoined: wait for them or for their session
            # timeouts.
            self._schedule_join_deadline(group)
            return nothing()
        group.init_next_generation(self._scheduler.now_ms)
        if group.state is _EMPTY:
            return Result([group_metadata_record(group, {})], replay=False)
        for member in group.members.values():
            response = join_response(
                group, member.member_id, with_members=group.leader_id == member.member_id
            )
            group.complete_join(member, response)
            self.schedule_session(group, member)
            member.is_new = False
            group.pending_sync_members[member.member_id] = None
        self._timers.schedule(
            ("sync", group.group_id),
            group.rebalance_timeout_ms,
            self._on_sync_deadline,
            group.group_id,
            group.generation_id,
        )
        return nothing()

    # Synchronising

    def _on_sync_deadline(self, group_id: str, generation_id: int) -> Result[Any]:
        """Remove the members that have not asked for their assignment in time."""
        group = self._groups.find_classic(group_id)
        if (
            group is None
            or group.generation_id != generation_id
            or group.state not in (_COMPLETING_REBALANCE, _STABLE)
            or not group.pending_sync_members
        ):
            return nothing()
        for member_id in list(group.pending_sync_members):
            group.remove(member_id)
            self.cancel_session(group, member_id)
        return self.prepare(group)

    def remove_pending_sync(self, group: ClassicGroup, member_id: str) -> None:
        """A member has asked for its assignment; when all have, the deadline is off."""
        group.pending_sync_members.pop(member_id, None)
        if not group.pending_sync_members:
            self._timers.cancel(("sync", group.group_id))

    def propagate_assignment(self, group: ClassicGroup, assignments: Mapping[str, bytes]) -> None:
        """Set every member's assignment, none for those left out, and answer the parked SyncGroups."""
        for member in group.members.values():
            member.assignment = assignments.get(member.member_id, b"")
        self._answer_syncs(group, ErrorCode.NONE)

    def propagate_error(self, group: ClassicGroup, error_code: int) -> None:
        """Take every member's assignment away and answer the parked SyncGroups with an error."""
        for member in group.members.values():
            member.assignment = b""
        self._answer_syncs(group, error_code)

    def _answer_syncs(self, group: ClassicGroup, error_code: int) -> None:
        protocol_type, protocol_name = group.protocol_type, group.protocol_name
        if error_code:
            protocol_type = protocol_name = None
        for member in group.members.values():
            if member.awaiting_sync is None:
                continue
            response = SyncGroupResponse(
                error_code=error_code,
                protocol_type=protocol_type,
                protocol_name=protocol_name,
                assignment=member.assignment,
            )
            group.complete_sync(member, response)
            # A session that ran out while SyncGroup was parked was ignored; count anew from here.
            self.schedule_session(group, member)

    # Sessions

    def schedule_session(self, group: ClassicGroup, member: ClassicGroupMember) -> None:
        """The member was heard of: its session timeout starts again."""
        self.schedule_expiry(group, member.member_id, member.session_timeout_ms)

    def schedule_new_member(self, group: ClassicGroup, member: ClassicGroupMember) -> None:
        """A new member cannot send heartbeats while its JoinGroup is parked; give it a limit of its own."""
        self.schedule_expiry(group, member.member_id, NEW_MEMBER_JOIN_TIMEOUT_MS)

    def schedule_expiry(self, group: ClassicGroup, member_id: str, timeout_ms: int) -> None:
        """Remove the member, or pending member, unless it is heard of within `timeout_ms`."""
        self._timers.schedule(
            ("session", group.group_id, member_id),
            timeout_ms,
            self._on_session_timeout,
            group.group_id,
            member_id,
        )

    def cancel_session(self, group: ClassicGroup, member_id: str) -> None:
        """The member is gone."""
        self._timers.cancel(("session", group.group_id, member_id))

    def schedule_release(self, group: ClassicGroup, member: ClassicGroupMember) -> None:
        """A heartbeat of the member is held: answer it while that is not late."""
        self._timers.schedule(
            ("heartbeat", group.group_id, member.member_id),
            hold_ms(member.session_timeout_ms),
            group.held_heartbeats.release,
            member.member_id,
        )

    def discard(self, group: ClassicGroup) -> None:
        """Forget a group that was never written, and its timers."""
        for member_id in (*group.members, *group.pending_join_members):
            self.cancel_session(group, member_id)
        self._timers.cancel(("join", group.group_id))
        self._groups.remove(group.group_id)

    def _on_session_timeout(self, group_id: str, member_id: str) -> Result[Any]:
        group = self._groups.find_classic(group_id)
        if group is None or group.state is _DEAD:
            return nothing()
        if member_id in group.pending_join_members:
            group.remove(member_id)
            return self._complete_if_all_joined(group)
        member = group.members.get(member_id)
        if member is None or member.has_satisfied_heartbeat:
            return nothing()
        self.remove_member(group, member)
        if group.state in (_STABLE, _COMPLETING_REBALANCE):
            return self.prepare_or_complete_join(group)
        return self._complete_if_all_joined(group)

    def _complete_if_all_joined(self, group: ClassicGroup) -> Result[Any]:
        """Like `maybe_complete_join`, but a group's first rebalance ends so too (in Kafka as well)."""
        if group.state is _PREPARING_REBALANCE and group.has_all_members_joined:
            return self._complete_join(group)
        return nothing()

    def remove_member(self, group: ClassicGroup, member: ClassicGroupMember) -> None:
        """Remove a member; what it has parked is answered with UNKNOWN_MEMBER_ID, so that it joins anew.

        Kafka leaves a parked SyncGroup of a removed member without an answer; here it gets one.
        """
        group.complete_join(member, join_error("", ErrorCode.UNKNOWN_MEMBER_ID))
        group.complete_sync(member, SyncGroupResponse(error_code=ErrorCode.UNKNOWN_MEMBER_ID))
        group.remove(member.member_id)
        self.cancel_session(group, member.member_id)
