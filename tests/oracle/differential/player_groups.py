"""The operations on groups: committed offsets, and members whose requests may be parked for as long as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.clusters import REAL
from tests.oracle.differential.programs import MEMBERS, STATIC
from tests.oracle.observe import text

from minikafka.messages.consumer_protocol import ConsumerProtocolSubscription
from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.heartbeat import HeartbeatRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity
from minikafka.messages.list_groups import ListGroupsRequest
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from minikafka.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from minikafka.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.oracle.clusters import Cluster, Pending

PARKED = "parked"
"""Observed of a request that has no answer yet."""
_REBALANCE_MS = 300_000
_DONE_MS = 5_000
_PARKED_MS = 30
_MEMBER_ID_REQUIRED = 79
_STATIC_SINCE, _ANY_MEMBER_SINCE = 5, 3
_GROUPS_SINCE = 8


class Membership(NamedTuple):
    """What a member knows of itself."""

    group: str
    member_id: str = ""
    generation: int = -1
    protocol: str | None = None
    leads: tuple[str, ...] | None = None
    """The ids of all members, if this one leads."""


class Parked(NamedTuple):
    """A request of a member's that waits for its answer."""

    kind: str
    group: str
    answer: Pending


class GroupOperations:
    """A part of `Player`."""

    ask: Any
    name: Any
    until: Any
    settle: Any
    cluster: Cluster
    patience: int
    guide: Sequence[Sequence[Any]] | None
    step: int

    def __init__(self) -> None:
        super().__init__()
        self._members: dict[str, Membership] = {}
        self._parked: dict[str, Parked] = {}
        self.leaders: list[tuple[int, str, int, str]] = []
        """Who came to lead: the step, the group, its generation, the member."""
        self._subscriptions: dict[str | None, str] = {}
        """What subscriptions look like when they come back, and what to call them."""
        self._owner: dict[str, str] = {}
        """Who each member id was given to."""

    # Offsets

    def do_commit(
        self,
        group: str,
        member: str | None,
        generation: int,
        topic: str,
        partition: int,
        offset: int,
        metadata: str | None,
        version: int,
    ) -> Any:
        who = self._of(member, group)
        request = OffsetCommitRequest(
            group_id=self.name(group),
            generation_id_or_member_epoch=-1 if member is None else who.generation + generation,
            member_id=who.member_id,
            topics=[
                OffsetCommitRequestTopic(
                    name=self.name(topic),
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=partition,
                            committed_offset=offset,
                            committed_metadata=metadata,
                        )
                    ],
                )
            ],
        )
        if member in STATIC and version >= 7:
            request.group_instance_id = member
        return self.ask(request, version)

    def do_committed(self, group: str, topic: str | None, partition: int, version: int) -> Any:
        if version < _GROUPS_SINCE:
            wanted = None
            if topic is not None:
                wanted = [OffsetFetchRequestTopic(name=self.name(topic), partition_indexes=[partition])]
            answer = self.ask(OffsetFetchRequest(group_id=self.name(group), topics=wanted), version)
            return _in_order(answer)
        of_group = None
        if topic is not None:
            of_group = [OffsetFetchRequestTopics(name=self.name(topic), partition_indexes=[partition])]
        request = OffsetFetchRequest(
            groups=[OffsetFetchRequestGroup(group_id=self.name(group), topics=of_group)]
        )
        answer = self.ask(request, version)
        for each in answer.get("groups", ()):
            _in_order(each)
        return answer

    def do_delete_offset(self, group: str, topic: str, partition: int) -> Any:
        part = OffsetDeleteRequestPartition(partition_index=partition)
        topics = [OffsetDeleteRequestTopic(name=self.name(topic), partitions=[part])]
        return self.ask(OffsetDeleteRequest(group_id=self.name(group), topics=topics), 0)

    def do_delete_group(self, group: str) -> Any:
        return self.ask(DeleteGroupsRequest(groups_names=[self.name(group)]), 2)

    # Membership

    def do_join(
        self,
        group: str,
        member: str,
        protocols: Sequence[str],
        kind: str,
        known: bool,
        session_ms: int,
        version: int,
    ) -> Any:
        if member in self._parked:
            return "busy"
        who = self._of(member, group)
        member_id = who.member_id if known else ""
        request = self._join_request(group, member, member_id, protocols, kind, session_ms, version)
        if not member_id and version >= 4 and not request.group_instance_id:
            # KIP-394: a dynamic member is told its id first; then it joins with it.
            first = self.ask(request, version)
            if first["error_code"] != _MEMBER_ID_REQUIRED:
                return self._joined(member, group, first)
            self._own(first["member_id"], member)
            self._members[member] = Membership(group, first["member_id"])
            request.member_id = first["member_id"]
        self._parked[member] = Parked("join", group, self.cluster.begin(request, version))
        return self._look(member)

    def do_rejoin_all(self, group: str) -> Any:
        """Every member that does not wait for something joins again."""
        return {
            member: self.do_join(group, member, ("range",), "consumer", True, 300_000, 7)
            for member in self._in(group)
            if member not in self._parked
        }

    def _join_request(
        self,
        group: str,
        member: str,
        member_id: str,
        protocols: Sequence[str],
        kind: str,
        session_ms: int,
        version: int,
    ) -> JoinGroupRequest:
        return JoinGroupRequest(
            group_id=self.name(group),
            session_timeout_ms=session_ms,
            rebalance_timeout_ms=_REBALANCE_MS,
            member_id=member_id,
            group_instance_id=member if member in STATIC and version >= _STATIC_SINCE else None,
            protocol_type=kind,
            protocols=[
                JoinGroupRequestProtocol(name=name, metadata=self._subscription(member, name))
                for name in protocols
            ],
        )

    def _subscription(self, member: str, protocol: str) -> bytes:
        """A subscription to t0. Kafka reads it, and a group with one that it cannot read never gets on."""
        label = f"{member} by {protocol}"
        body = ConsumerProtocolSubscription(topics=[self.name("t0")], user_data=label.encode())
        data = b"\x00\x00" + body.encode(0)
        self._subscriptions[text(data)] = label
        return data

    def do_collect(self, member: str) -> Any:
        return self._look(member)

    def do_collect_all(self) -> Any:
        return {member: self._look(member, member) for member in MEMBERS if member in self._parked}

    def do_sync(self, role: str, group: str, generation: int) -> Any:
        """The leader, or every follower, of a generation asks for its assignment."""
        current = max((each.generation for each in self._in(group).values()), default=-1)
        return (
            {
                member: self._sync(member, who, generation)
                for member, who in self._in(group).items()
                if who.generation == current and (who.leads is not None) == (role == "leader")
            }
            if role == "follower"
            else self._sync_leader(group, current, generation)
        )

    def _sync_leader(self, group: str, current: int, generation: int) -> Any:
        for member, who in self._in(group).items():
            if who.generation == current and who.leads is not None:
                return {"leader": _own_part(self._sync(member, who, generation), member)}
        return None

    def _sync(self, member: str, who: Membership, generation: int) -> Any:
        if member in self._parked:
            return "busy"
        request = SyncGroupRequest(
            group_id=self.name(who.group),
            generation_id=who.generation + generation,
            member_id=who.member_id,
            group_instance_id=member if member in STATIC else None,
            protocol_type="consumer",
            protocol_name=who.protocol or "range",
            assignments=[
                SyncGroupRequestAssignment(
                    member_id=each, assignment=f"for {self._owner.get(each, 'nobody')}".encode()
                )
                for each in who.leads or ()
            ],
        )
        self._parked[member] = Parked("sync", who.group, self.cluster.begin(request, 5))
        return self._look(member)

    def do_heartbeat(self, member: str, generation: int) -> Any:
        who = self._members.get(member, Membership("g0"))
        request = HeartbeatRequest(
            group_id=self.name(who.group),
            generation_id=who.generation + generation,
            member_id=who.member_id,
            group_instance_id=member if member in STATIC else None,
        )
        return self.ask(request, 4)

    def do_leave(self, member: str, version: int) -> Any:
        who = self._members.get(member, Membership("g0"))
        instance = member if member in STATIC and version >= _ANY_MEMBER_SINCE else None
        request = LeaveGroupRequest(group_id=self.name(who.group))
        if version >= _ANY_MEMBER_SINCE:
            request.members = [MemberIdentity(member_id=who.member_id, group_instance_id=instance)]
        else:
            request.member_id = who.member_id
        answer = self.ask(request, version)
        self._members.pop(member, None)
        return answer

    def do_describe_group(self, group: str, version: int) -> Any:
        answer = self.ask(DescribeGroupsRequest(groups=[self.name(group)]), version)
        for each in answer.get("groups", ()):
            # Kafka's order is a hash map's. One that has joined twice has two ids; the first to be told comes first.
            told_at = {member_id: index for index, member_id in enumerate(self._owner)}
            each["members"].sort(
                key=lambda told: (
                    self._owner.get(told["member_id"], ""),
                    told_at.get(told["member_id"], -1),
                    told["member_assignment"],
                )
            )
            for told in each["members"]:
                told["member_metadata"] = self._subscriptions.get(
                    told["member_metadata"], told["member_metadata"]
                )
        return answer

    def do_list_groups(self, states: Sequence[str]) -> Any:
        answer = self.ask(ListGroupsRequest(states_filter=list(states)), 5)
        own = {self.name("g0"), self.name("g1")}
        return sorted(
            (each for each in answer["groups"] if each["group_id"] in own), key=lambda each: each["group_id"]
        )

    # Requests that wait

    def _look(self, member: str, part: str | None = None) -> Any:
        """The answer to a member's parked request, or that there is none yet."""
        parked = self._parked.get(member)
        if parked is None:
            return None
        if not self._is_done(parked.answer, member):
            return PARKED
        del self._parked[member]
        answer = parked.answer.result()
        if parked.kind == "join":
            return self._joined(member, parked.group, answer)
        return answer

    def _is_done(self, answer: Pending, member: str) -> bool:
        if self.cluster.kind != REAL and self.guide is None:
            self.cluster.pass_time(1)
            if answer.is_done():
                return True
        expected = self._expected(member)
        self.until(answer.is_done, _PARKED_MS * self.patience if expected == PARKED else _DONE_MS)
        return answer.is_done()

    def _expected(self, member: str) -> Any:
        """What was seen elsewhere of this member in this step."""
        if self.guide is None or self.step >= len(self.guide):
            return PARKED
        seen = self.guide[self.step][1]
        if isinstance(seen, dict):
            if member in seen:
                return seen[member]
            if set(seen) == {"leader"}:
                return seen["leader"]
        return seen

    def _joined(self, member: str, group: str, answer: dict[str, Any]) -> Any:
        if "member_id" not in answer:
            return answer
        if answer["member_id"]:
            self._own(answer["member_id"], member)
        if answer["error_code"] == 0:
            ids = tuple(each["member_id"] for each in answer["members"])
            if answer["leader"] == answer["member_id"]:
                self.leaders.append((self.step, group, answer["generation_id"], member))
            self._members[member] = Membership(
                group,
                answer["member_id"],
                answer["generation_id"],
                answer["protocol_name"],
                ids if answer["leader"] == answer["member_id"] else None,
            )
        # Who leads follows a hash map in Kafka, so it is not compared.
        return {name: value for name, value in answer.items() if name not in ("leader", "members")}

    def _own(self, member_id: str, member: str) -> None:
        self._owner.setdefault(member_id, member)

    def _of(self, member: str | None, group: str) -> Membership:
        found = None if member is None else self._members.get(member)
        return found if found is not None and found.group == group else Membership(group)

    def _in(self, group: str) -> dict[str, Membership]:
        return {
            member: self._members[member]
            for member in MEMBERS
            if member in self._members and self._members[member].group == group
        }

    # The end

    def abandon(self) -> None:
        """Nobody waits any more."""
        for parked in self._parked.values():
            connection = getattr(parked.answer, "_connection", None)
            if connection is not None:
                connection.close()

    def remove_members(self, group: str) -> None:
        """Have everybody leave, so that the group can be deleted."""
        described = self.ask(DescribeGroupsRequest(groups=[self.name(group)]), 5)["groups"][0]["members"]
        members = [
            MemberIdentity(member_id=each["member_id"], group_instance_id=each["group_instance_id"])
            for each in described
        ]
        if members:
            self.ask(LeaveGroupRequest(group_id=self.name(group), members=members), 5)


def _in_order(answer: dict[str, Any]) -> dict[str, Any]:
    """Topics and partitions in order; Kafka's is a hash map's."""
    if "topics" in answer:
        answer["topics"].sort(key=lambda each: each["name"])
        for each in answer["topics"]:
            each["partitions"].sort(key=lambda part: part["partition_index"])
    return answer


def _own_part(seen: Any, member: str) -> Any:
    """What a leader saw, whoever leads."""
    if isinstance(seen, dict) and seen.get("assignment") == f"for {member}":
        return {**seen, "assignment": "for itself"}
    return seen
