"""JoinGroup of classic groups: new, pending, static and returning members.

Mirrors `classicGroupJoin*` of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

from minikafka.coordinator import Result
from minikafka.errors import BrokerResponseError, ErrorCode, UnknownError
from minikafka.groups.classic_member import ClassicGroupMember
from minikafka.groups.classic_rebalance import join_error, join_response, nothing
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.groups.records import empty_group_metadata_record, group_metadata_record
from minikafka.messages.sync_group import SyncGroupResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.errors import KafkaError
    from minikafka.groups.classic_group import ClassicGroup
    from minikafka.groups.classic_member import Protocols
    from minikafka.groups.classic_rebalance import ClassicRebalance
    from minikafka.groups.group_config import GroupCoordinatorConfig
    from minikafka.groups.group_registry import GroupRegistry
    from minikafka.messages.join_group import JoinGroupRequest, JoinGroupResponse
    from minikafka.scheduler import Promise, Scheduler
    from minikafka.structs import RequestContext

UNKNOWN_MEMBER_ID = ""

_MEMBER_ID_REQUIRED_SINCE_VERSION = 4
_SKIP_ASSIGNMENT_SINCE_VERSION = 9
_EMPTY = ClassicGroupState.EMPTY
_PREPARING_REBALANCE = ClassicGroupState.PREPARING_REBALANCE
_COMPLETING_REBALANCE = ClassicGroupState.COMPLETING_REBALANCE
_STABLE = ClassicGroupState.STABLE


def error_code(error: KafkaError) -> int:
    """The protocol's code for an exception."""
    return error.errno if isinstance(error, BrokerResponseError) else ErrorCode.UNKNOWN_SERVER_ERROR


class _Join:
    """A JoinGroup request on its way: what was asked, by whom, and where the answer goes."""

    __slots__ = ("context", "promise", "protocols", "request")

    def __init__(
        self, context: RequestContext, request: JoinGroupRequest, promise: Promise[JoinGroupResponse]
    ) -> None:
        self.context = context
        self.request = request
        self.promise = promise
        self.protocols: Protocols = tuple(
            (protocol.name, bytes(protocol.metadata)) for protocol in request.protocols
        )

    @property
    def rebalance_timeout_ms(self) -> int:
        """The rebalance timeout; version 0 has none and uses the session timeout."""
        request = self.request
        return request.session_timeout_ms if self.context.api_version == 0 else request.rebalance_timeout_ms

    def refuse(self, member_id: str, code: int) -> Result[Any]:
        """Answer with an error."""
        self.promise.set_result(join_error(member_id, code))
        return nothing()


class ClassicJoin:
    """Answers JoinGroup for the classic groups of one shard."""

    __slots__ = ("_config", "_groups", "_rebalance", "_scheduler")

    def __init__(
        self,
        groups: GroupRegistry,
        rebalance: ClassicRebalance,
        scheduler: Scheduler,
        config: GroupCoordinatorConfig,
    ) -> None:
        self._groups = groups
        self._rebalance = rebalance
        self._scheduler = scheduler
        self._config = config

    def join(
        self, context: RequestContext, request: JoinGroupRequest, promise: Promise[JoinGroupResponse]
    ) -> Result[Any]:
        """Take a JoinGroup request; `promise` gets its answer, at once or when the rebalance is over."""
        join = _Join(context, request, promise)
        member_id = request.member_id
        existing = self._groups.find(request.group_id)
        group = self._groups.find_classic(request.group_id)
        if group is None:
            if existing is not None:
                return join.refuse(UNKNOWN_MEMBER_ID, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
            if member_id != UNKNOWN_MEMBER_ID:
                return join.refuse(member_id, ErrorCode.UNKNOWN_MEMBER_ID)
            return self._join_new_group(join)
        if not self._accepts(group, member_id):
            group.remove(member_id)
            self._rebalance.cancel_session(group, member_id)
            return join.refuse(UNKNOWN_MEMBER_ID, ErrorCode.GROUP_MAX_SIZE_REACHED)
        if member_id == UNKNOWN_MEMBER_ID:
            return self._join_new_member(group, join)
        return self._join_existing_member(group, join)

    def _join_new_group(self, join: _Join) -> Result[Any]:
        group = self._groups.create_classic(join.request.group_id)
        record = empty_group_metadata_record(group)
        self._join_new_member(group, join)

        def on_append(error: KafkaError | None) -> None:
            if error is None:
                return
            if not result.appended:
                # The log does not know the group, so forget it again.
                self._rebalance.discard(group)
            if not join.promise.done():
                join.promise.set_result(join_error(UNKNOWN_MEMBER_ID, error_code(error)))

        result: Result[Any] = Result([record], on_append=on_append, replay=False)
        return result

    def _accepts(self, group: ClassicGroup, member_id: str) -> bool:
        """Whether `group.max.size` leaves room for the sender."""
        max_size = self._config.group_max_size
        member = group.members.get(member_id)
        if group.state is _PREPARING_REBALANCE:
            # Those who wait count, not those who are members: the last to rejoin an oversized group must go.
            return (
                member is not None and member.awaiting_join is not None
            ) or group.num_awaiting_join < max_size
        if group.state in (_COMPLETING_REBALANCE, _STABLE):
            return member is not None or len(group.members) < max_size
        return True

    # New members

    def _join_new_member(self, group: ClassicGroup, join: _Join) -> Result[Any]:
        request = join.request
        if not group.supports_protocols(request.protocol_type, join.protocols):
            return join.refuse(UNKNOWN_MEMBER_ID, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        instance_id = request.group_instance_id
        if instance_id is not None:
            new_member_id = self._generate_member_id(instance_id)
            old_member_id = group.static_members.get(instance_id)
            if old_member_id is None:
                return self._add_member(group, new_member_id, join)
            return self._replace_static_member(group, instance_id, old_member_id, new_member_id, join)
        new_member_id = self._generate_member_id(join.context.client_id or "")
        if join.context.api_version < _MEMBER_ID_REQUIRED_SINCE_VERSION:
            return self._add_member(group, new_member_id, join)
        group.pending_join_members[new_member_id] = None
        self._rebalance.schedule_expiry(group, new_member_id, request.session_timeout_ms)
        return join.refuse(new_member_id, ErrorCode.MEMBER_ID_REQUIRED)

    def _generate_member_id(self, prefix: str) -> str:
        """The client or instance id and a random UUID (version 4)."""
        bits = self._scheduler.random.getrandbits(128)
        bits = bits & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
        text = f"{bits:032x}"
        return f"{prefix}-{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _add_member(self, group: ClassicGroup, member_id: str, join: _Join) -> Result[Any]:
        request = join.request
        member = ClassicGroupMember(
            member_id,
            request.group_instance_id,
            join.context.client_id or "",
            join.context.client_host,
            join.rebalance_timeout_ms,
            request.session_timeout_ms,
            request.protocol_type,
            join.protocols,
        )
        member.is_new = True
        if group.state is _PREPARING_REBALANCE and group.previous_state is _EMPTY:
            group.new_member_added = True
        group.add(member, join.promise)
        self._rebalance.schedule_new_member(group, member)
        return self._rebalance.prepare_or_complete_join(group)

    # Static members

    def _replace_static_member(
        self, group: ClassicGroup, instance_id: str, old_member_id: str, new_member_id: str, join: _Join
    ) -> Result[Any]:
        """A static member came back without its member id: it takes its old place (KIP-345)."""
        old_leader_id = group.leader_id
        member = self._exchange(group, instance_id, old_member_id, new_member_id)
        before = (member.protocols, member.rebalance_timeout_ms, member.session_timeout_ms)
        self._rebalance.schedule_session(group, member)
        self._update(group, member, join)
        if group.state is _COMPLETING_REBALANCE:
            # The leader may be computing an assignment for the old member id.
            return self._rebalance.prepare(group)
        if group.state is not _STABLE:
            return self._rebalance.maybe_complete_join(group)
        if group.select_protocol() != group.protocol_name:
            return self._rebalance.prepare_or_complete_join(group)

        def on_append(error: KafkaError | None) -> None:
            if group.members.get(new_member_id) is not member:
                return
            if error is None:
                self._answer_static_member(group, member, old_leader_id, join)
                return
            group.update_member(member, *before, None)
            old = self._exchange(group, instance_id, new_member_id, old_member_id)
            self._rebalance.schedule_session(group, old)
            if not join.promise.done():
                join.promise.set_result(join_error(UNKNOWN_MEMBER_ID, error_code(error)))

        assignments = {each.member_id: each.assignment for each in group.members.values()}
        return Result([group_metadata_record(group, assignments)], on_append=on_append, replay=False)

    def _exchange(
        self, group: ClassicGroup, instance_id: str, old_member_id: str, new_member_id: str
    ) -> ClassicGroupMember:
        """Fence the old member id, whose parked requests are answered, and put the new one in its place."""
        old = group.members[old_member_id]
        group.complete_join(old, join_error(old_member_id, ErrorCode.FENCED_INSTANCE_ID))
        group.complete_sync(old, SyncGroupResponse(error_code=ErrorCode.FENCED_INSTANCE_ID))
        self._rebalance.cancel_session(group, old_member_id)
        return group.exchange_static_member(instance_id, old_member_id, new_member_id)

    @staticmethod
    def _answer_static_member(
        group: ClassicGroup, member: ClassicGroupMember, old_leader_id: str | None, join: _Join
    ) -> None:
        """Tell the replacement the generation it has been dropped into, without a rebalance.

        A leader must not assign anew. From version 9 it is told so (KIP-814); before, it is told that its old
        member id leads, which keeps it a follower.
        """
        if join.context.api_version >= _SKIP_ASSIGNMENT_SINCE_VERSION:
            leads = group.leader_id == member.member_id
            response = join_response(group, member.member_id, with_members=leads, skip_assignment=leads)
        else:
            response = join_response(group, member.member_id, with_members=False, leader_id=old_leader_id)
        group.complete_join(member, response)

    # Returning members

    def _join_existing_member(self, group: ClassicGroup, join: _Join) -> Result[Any]:
        request = join.request
        member_id = request.member_id
        if not group.supports_protocols(request.protocol_type, join.protocols):
            return join.refuse(member_id, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if member_id in group.pending_join_members:
            if request.group_instance_id is not None:
                raise UnknownError(
                    f"group_instance_id={request.group_instance_id!r}: member {member_id} was announced "
                    "without one and must join without one"
                )
            return self._add_member(group, member_id, join)
        try:
            group.validate_member(member_id, request.group_instance_id)
        except BrokerResponseError as error:
            return join.refuse(member_id, error.errno)
        member = group.members[member_id]
        leads = group.leader_id == member_id
        if group.state is _EMPTY:
            return join.refuse(member_id, ErrorCode.UNKNOWN_MEMBER_ID)
        if group.state is _PREPARING_REBALANCE or (group.state is _STABLE and leads):
            # A leader that rejoins a stable group wants a rebalance: what it subscribes to may have changed.
            return self._rejoin(group, member, join)
        if member.protocols != join.protocols:
            return self._rejoin(group, member, join)
        # Nothing has changed, so the member only missed the answer: tell it the present generation again.
        join.promise.set_result(join_response(group, member_id, with_members=leads))
        return nothing()

    def _rejoin(self, group: ClassicGroup, member: ClassicGroupMember, join: _Join) -> Result[Any]:
        self._update(group, member, join)
        return self._rebalance.prepare_or_complete_join(group)

    @staticmethod
    def _update(group: ClassicGroup, member: ClassicGroupMember, join: _Join) -> None:
        group.update_member(
            member, join.protocols, join.rebalance_timeout_ms, join.request.session_timeout_ms, join.promise
        )
