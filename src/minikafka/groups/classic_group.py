"""The state of one classic group: members, generation, leader, protocol, and the one checked transition.

Mirrors Kafka's ClassicGroup. It changes only memory: what is to be written and when timers run is decided by
`classic_rebalance`, `classic_join`, `classic_sync` and `classic_membership`. Members are kept in the order in
which they joined, where Kafka's hash maps have none: the next leader is the longest standing member.
"""

from __future__ import annotations

from minikafka.errors import (
    CoordinatorNotAvailableError,
    FencedInstanceIdError,
    GroupIdNotFoundError,
    IllegalGenerationError,
    IllegalStateError,
    NonEmptyGroupError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from minikafka.groups.classic_member import ClassicGroupMember
from minikafka.groups.classic_state import VALID_PREVIOUS_STATES, ClassicGroupState
from minikafka.groups.consumer_protocol import CONSUMER_PROTOCOL_TYPE, subscribed_topics
from minikafka.groups.group import GroupType
from minikafka.groups.held_heartbeats import HeldHeartbeats
from minikafka.groups.java_hash import java_hash_map_bucket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from minikafka.groups.classic_member import Protocols
    from minikafka.groups.offset_store import CommittedOffset
    from minikafka.messages.join_group import JoinGroupResponse
    from minikafka.messages.sync_group import SyncGroupResponse
    from minikafka.scheduler import Promise

    T = TypeVar("T")

_EMPTY = ClassicGroupState.EMPTY
_PREPARING_REBALANCE = ClassicGroupState.PREPARING_REBALANCE
_COMPLETING_REBALANCE = ClassicGroupState.COMPLETING_REBALANCE
_STABLE = ClassicGroupState.STABLE
_DEAD = ClassicGroupState.DEAD


class ClassicGroup:
    """A classic group (Kafka's ClassicGroup).

    Args:
        group_id: the group's name.
        now_ms: the time, ms.
        state: EMPTY, or STABLE when a group with members is loaded from the log.
        generation_id: the generation, 0 for a new group.
        protocol_type: the protocol type (``"consumer"``), None for a group that only stores offsets.
        protocol_name: the protocol that the members voted for, None while there is none.
        leader_id: the leader's member id, or None.
        state_timestamp_ms: when the state was entered, None if unknown.
    """

    __slots__ = (
        "generation_id",
        "group_id",
        "held_heartbeats",
        "leader_id",
        "members",
        "new_member_added",
        "num_awaiting_join",
        "pending_join_members",
        "pending_sync_members",
        "previous_state",
        "protocol_name",
        "protocol_type",
        "state",
        "state_timestamp_ms",
        "static_members",
        "subscribed_topics",
        "supported_protocols",
    )

    def __init__(
        self,
        group_id: str,
        state: ClassicGroupState = ClassicGroupState.EMPTY,
        generation_id: int = 0,
        protocol_type: str | None = None,
        protocol_name: str | None = None,
        leader_id: str | None = None,
        state_timestamp_ms: int | None = None,
    ) -> None:
        self.group_id: str = group_id
        self.state: ClassicGroupState = state
        self.previous_state: ClassicGroupState = _DEAD
        self.generation_id: int = generation_id
        self.protocol_type = protocol_type
        self.protocol_name = protocol_name
        self.leader_id = leader_id
        self.state_timestamp_ms = state_timestamp_ms
        self.members: dict[str, ClassicGroupMember] = {}
        self.static_members: dict[str, str] = {}
        """Member id by group.instance.id."""
        self.pending_join_members: dict[str, None] = {}
        """Member ids that were handed out with MEMBER_ID_REQUIRED and have not joined yet."""
        self.pending_sync_members: dict[str, None] = {}
        """Members of this generation that have not sent SyncGroup yet."""
        self.supported_protocols: dict[str, int] = {}
        """How many members support each protocol."""
        self.held_heartbeats: HeldHeartbeats = HeldHeartbeats()
        """Answered when the group leaves STABLE."""
        self.num_awaiting_join: int = 0
        self.new_member_added: bool = False
        """Whether somebody joined since the initial rebalance delay was last extended."""
        self.subscribed_topics: frozenset[str] | None = None
        """Every topic that a member subscribes to, None when that is not known."""

    # What the group is

    @property
    def type(self) -> GroupType:
        """CLASSIC."""
        return GroupType.CLASSIC

    @property
    def is_empty(self) -> bool:
        """Whether the state is EMPTY."""
        return self.state is _EMPTY

    @property
    def state_name(self) -> str:
        """The state's name, such as ``"PreparingRebalance"``."""
        return self.state.value

    @property
    def protocol_type_name(self) -> str:
        """The protocol type, ``""`` for a group that only stores offsets."""
        return self.protocol_type or ""

    @property
    def uses_consumer_protocol(self) -> bool:
        """Whether the members are consumers whose subscriptions can be read."""
        return self.protocol_type == CONSUMER_PROTOCOL_TYPE

    @property
    def has_all_members_joined(self) -> bool:
        """Whether every member has a parked JoinGroup and nobody is expected with a new member id."""
        return len(self.members) == self.num_awaiting_join and not self.pending_join_members

    @property
    def can_rebalance(self) -> bool:
        """Whether the state allows a rebalance to start."""
        return self.state in VALID_PREVIOUS_STATES[_PREPARING_REBALANCE]

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest rebalance timeout of the members, 0 without members."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    def transition_to(self, state: ClassicGroupState, now_ms: int) -> None:
        """Enter a state. Raises IllegalStateError if the present state may not precede it."""
        if self.state not in VALID_PREVIOUS_STATES[state]:
            allowed = ", ".join(previous.value for previous in VALID_PREVIOUS_STATES[state])
            raise IllegalStateError(
                f"group {self.group_id} cannot go from {self.state.value} to "
                f"{state.value}: only {allowed} may"
            )
        self.previous_state = self.state
        self.state = state
        self.state_timestamp_ms = now_ms
        if self.previous_state is _STABLE:
            self.held_heartbeats.release_all()

    # Members

    def add(
        self, member: ClassicGroupMember, awaiting_join: Promise[JoinGroupResponse] | None = None
    ) -> None:
        """Take a member in; the first becomes leader and sets the protocol type.

        Raises:
            IllegalStateError: the group.instance.id is taken, or the member's protocols do not fit the group.
        """
        instance_id = member.group_instance_id
        if instance_id is not None and instance_id in self.static_members:
            raise IllegalStateError(f"group {self.group_id} already has a static member {instance_id}")
        if not self.members:
            self.protocol_type = member.protocol_type
        if not self.supports_protocols(member.protocol_type, member.protocols):
            raise IllegalStateError(
                f"member {member.member_id} does not fit the protocols of {self.group_id}"
            )
        if instance_id is not None:
            self.static_members[instance_id] = member.member_id
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.members[member.member_id] = member
        self._count_protocols(member.protocols, 1)
        self._park_join(member, awaiting_join)
        self.pending_join_members.pop(member.member_id, None)

    def remove(self, member_id: str) -> None:
        """Let a member or pending member go; a leader is succeeded by the longest standing member."""
        member = self.members.pop(member_id, None)
        if member is not None:
            self._count_protocols(member.protocols, -1)
            self._park_join(member, None)
            if member.group_instance_id is not None:
                self.static_members.pop(member.group_instance_id, None)
        if self.leader_id == member_id:
            self.leader_id = next(iter(self.members), None)
        self.pending_join_members.pop(member_id, None)
        self.pending_sync_members.pop(member_id, None)

    def update_member(
        self,
        member: ClassicGroupMember,
        protocols: Protocols,
        rebalance_timeout_ms: int,
        session_timeout_ms: int,
        awaiting_join: Promise[JoinGroupResponse] | None,
    ) -> None:
        """Replace what a member said in its last JoinGroup, and park the new one."""
        self._count_protocols(member.protocols, -1)
        member.protocols = protocols
        self._count_protocols(protocols, 1)
        member.rebalance_timeout_ms = rebalance_timeout_ms
        member.session_timeout_ms = session_timeout_ms
        self._park_join(member, awaiting_join)

    def exchange_static_member(
        self, instance_id: str, old_member_id: str, new_member_id: str
    ) -> ClassicGroupMember:
        """Give the place of a static member to a new member id (KIP-345) and return the new member.

        The old member's parked requests must have been answered before.
        """
        old = self.members.pop(old_member_id)
        new = ClassicGroupMember(
            new_member_id,
            old.group_instance_id,
            old.client_id,
            old.client_host,
            old.rebalance_timeout_ms,
            old.session_timeout_ms,
            old.protocol_type,
            old.protocols,
            old.assignment,
        )
        self._park_join(old, None)
        self.members[new_member_id] = new
        if self.leader_id == old_member_id:
            self.leader_id = new_member_id
        self.static_members[instance_id] = new_member_id
        return new

    def complete_join(self, member: ClassicGroupMember, response: JoinGroupResponse) -> None:
        """Answer the member's parked JoinGroup, if there is one."""
        promise = member.awaiting_join
        if promise is not None:
            self._park_join(member, None)
            if not promise.done():
                promise.set_result(response)

    def complete_sync(self, member: ClassicGroupMember, response: SyncGroupResponse) -> bool:
        """Answer the member's parked SyncGroup; False if there is none."""
        promise = member.awaiting_sync
        if promise is None:
            return False
        member.awaiting_sync = None
        if not promise.done():
            promise.set_result(response)
        return True

    def _park_join(self, member: ClassicGroupMember, promise: Promise[JoinGroupResponse] | None) -> None:
        parked = member.awaiting_join
        self.num_awaiting_join += (promise is not None) - (parked is not None)
        member.awaiting_join = promise
        if parked is not None and promise is not None:
            _follow(parked, promise)

    def park_sync(self, member: ClassicGroupMember, promise: Promise[SyncGroupResponse]) -> None:
        """Keep a SyncGroup until the assignment is there."""
        if member.awaiting_sync is not None:
            _follow(member.awaiting_sync, promise)
        member.awaiting_sync = promise

    def validate_member(self, member_id: str, group_instance_id: str | None) -> None:
        """Check that the member is known and, if static, not replaced.

        Raises:
            UnknownMemberIdError: no such member, or no static member of this group.instance.id.
            FencedInstanceIdError: another member id has taken this group.instance.id over.
        """
        if group_instance_id is not None:
            existing = self.static_members.get(group_instance_id)
            if existing is None:
                raise UnknownMemberIdError(
                    f"group {self.group_id} has no static member {group_instance_id!r}"
                )
            if existing != member_id:
                raise FencedInstanceIdError(
                    f"static member {group_instance_id!r} of group {self.group_id} is {existing} now, "
                    f"not {member_id}"
                )
        if member_id not in self.members:
            raise UnknownMemberIdError(f"group {self.group_id} has no member {member_id!r}")

    # Rebalance

    def elect_joined_leader(self) -> bool:
        """Make sure that the leader is a member that has rejoined; False if none has."""
        if self.leader_id is None:
            return False
        leader = self.members.get(self.leader_id)
        if leader is not None and leader.awaiting_join is not None:
            return True
        for member in self.members.values():
            if member.awaiting_join is not None:
                self.leader_id = member.member_id
                return True
        return False

    def init_next_generation(self, now_ms: int) -> None:
        """Start a generation: COMPLETING_REBALANCE with the voted protocol, or EMPTY without members."""
        self.generation_id += 1
        self.protocol_name = self.select_protocol() if self.members else None
        self.subscribed_topics = self.compute_subscribed_topics()
        self.transition_to(_COMPLETING_REBALANCE if self.members else _EMPTY, now_ms)
        self.pending_sync_members.clear()

    def select_protocol(self) -> str:
        """The protocol with the most votes among those that all members support.

        Ties go to the name that comes first in a Java HashMap, as they do in Kafka.
        """
        size = len(self.members)
        candidates = [name for name, count in self.supported_protocols.items() if count == size]
        votes: dict[str, int] = {}
        for member in self.members.values():
            choice = member.vote(candidates)
            votes[choice] = votes.get(choice, 0) + 1
        return max(sorted(votes, key=java_hash_map_bucket), key=votes.__getitem__)

    def supports_protocols(self, protocol_type: str, protocols: Protocols) -> bool:
        """Whether a member with these protocols fits in: any may join an empty group."""
        if self.state is _EMPTY:
            return bool(protocol_type) and bool(protocols)
        size = len(self.members)
        return self.protocol_type == protocol_type and any(
            self.supported_protocols.get(name, 0) == size for name, _ in protocols
        )

    def _count_protocols(self, protocols: Protocols, change: int) -> None:
        """Count a member's vote for each of its protocols; one that it names twice counts once.

        Kafka counts it twice, finds no protocol that all support, and never answers.
        """
        counts = self.supported_protocols
        for name in dict.fromkeys(name for name, _ in protocols):
            count = counts.get(name, 0) + change
            if count:
                counts[name] = count
            else:
                del counts[name]

    def compute_subscribed_topics(self) -> frozenset[str] | None:
        """The topics of all members' subscriptions, None for another protocol type or unreadable bytes."""
        if not self.uses_consumer_protocol:
            return None
        if not self.members:
            return frozenset()
        if self.protocol_name is None:
            return None
        try:
            return frozenset(
                topic
                for member in self.members.values()
                for topic in subscribed_topics(member.metadata(self.protocol_name))
            )
        except ValueError:
            return None

    # Offsets and deletion

    def validate_offset_commit(
        self, member_id: str, group_instance_id: str | None, generation_id: int, is_transactional: bool
    ) -> None:
        """Check that the sender may commit offsets in the present state.

        Raises:
            CoordinatorNotAvailableError: the group is DEAD.
            UnknownMemberIdError: an unknown member, or a commit without a member while the group has members.
            FencedInstanceIdError: the static member was replaced.
            IllegalGenerationError: the generation is not the present one.
            RebalanceInProgressError: the assignment of the generation is still outstanding.
        """
        if self.state is _DEAD:
            raise CoordinatorNotAvailableError(f"group {self.group_id} is dead")
        if generation_id < 0 and self.state is _EMPTY:
            return
        if generation_id >= 0 or member_id or group_instance_id is not None:
            self.validate_member(member_id, group_instance_id)
            if generation_id != self.generation_id:
                raise IllegalGenerationError(
                    f"generation {generation_id} of group {self.group_id}: "
                    f"the present one is {self.generation_id}"
                )
        elif not is_transactional and self.state is not _EMPTY:
            raise UnknownMemberIdError(
                f"group {self.group_id} has members: a commit needs a member id and a generation"
            )
        if not is_transactional and self.state is _COMPLETING_REBALANCE:
            raise RebalanceInProgressError(
                f"group {self.group_id} waits for the assignment of its generation"
            )

    def validate_offset_delete(self) -> None:
        """Check that offsets may be deleted; which topics may is asked per topic.

        Raises:
            GroupIdNotFoundError: the group is DEAD.
            NonEmptyGroupError: the group has members and its subscriptions cannot be known.
        """
        if self.state is _DEAD:
            raise GroupIdNotFoundError(f"group {self.group_id} is dead")
        if self.state is not _EMPTY and not self.uses_consumer_protocol:
            raise NonEmptyGroupError(f"group {self.group_id} is {self.state.value}, not Empty")

    def validate_delete_group(self) -> None:
        """Check that the group may be deleted.

        Raises:
            GroupIdNotFoundError: the group is DEAD.
            NonEmptyGroupError: the group has members.
        """
        if self.state is _DEAD:
            raise GroupIdNotFoundError(f"group {self.group_id} is dead")
        if self.state is not _EMPTY:
            raise NonEmptyGroupError(f"group {self.group_id} is {self.state.value}, not Empty")

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether a member subscribes to the topic; unknown topics of a consumer group count as it."""
        if self.subscribed_topics is not None:
            return topic in self.subscribed_topics
        return self.uses_consumer_protocol

    def offset_expiration_base(self) -> Callable[[CommittedOffset], int] | None:
        """From when retention counts: since the group is Empty, else since the commit; None: keep all.

        Kafka's `offsetExpirationCondition`.
        """
        if self.protocol_type is None:
            return _commit_timestamp
        if self.state is _EMPTY:
            since = self.state_timestamp_ms
            return _commit_timestamp if since is None else lambda _: since
        if self.uses_consumer_protocol and self.subscribed_topics is not None and self.state is _STABLE:
            return _commit_timestamp
        return None


def _follow(superseded: Promise[T], promise: Promise[T]) -> None:
    """Let a parked request be answered as the one that its sender has repeated it by.

    Kafka forgets the superseded request; its sender does not wait for it any more either.
    """

    def answer(_: Promise[T]) -> None:
        if superseded.done():
            return
        error = promise.exception()
        if error is None:
            superseded.set_result(promise.result())
        else:
            superseded.set_exception(error)

    promise.add_callback(answer)


def _commit_timestamp(offset: CommittedOffset) -> int:
    return offset.commit_timestamp_ms
