"""Classic groups by raw requests: join, sync, heartbeat and leave in every state, static members, votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import scenario

from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.heartbeat import HeartbeatRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity
from minikafka.messages.list_groups import ListGroupsRequest
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.oracle.clusters import Pending
    from tests.oracle.stage import Stage

AREA = "groups"
SESSION_MS = 10_000
REBALANCE_MS = 10_000
_NOT_READY = (14, 15, 16)
"""COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR."""


class Group:
    """A group of raw members; every request goes to its coordinator."""

    def __init__(self, stage: Stage, label: str = "g") -> None:
        self.stage = stage
        self.id = stage.name(label)
        self._ids: dict[str, int] = {}
        stage.until("its coordinator to be ready", lambda: self.describe()["error_code"] not in _NOT_READY)

    def ask(self, request: Any, version: int | None = None) -> dict[str, Any]:
        return self.stage.ask_group(self.id, request, version)

    def join(
        self,
        member_id: str = "",
        instance: str | None = None,
        protocols: Sequence[tuple[str, bytes]] = (("range", b"r"),),
        version: int | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        return self.ordered(self.ask(self.join_request(member_id, instance, protocols, **fields), version))

    def ordered(self, told: dict[str, Any]) -> dict[str, Any]:
        """An answer with its members in the order in which they became known; Kafka's is a hash map's."""
        if told.get("member_id"):
            self._ids.setdefault(told["member_id"], len(self._ids))
        members = sorted(
            told["members"],
            key=lambda each: (self._ids.get(each["member_id"], 99), str(each.get("group_instance_id"))),
        )
        return {**told, "members": members}

    def join_request(
        self,
        member_id: str = "",
        instance: str | None = None,
        protocols: Sequence[tuple[str, bytes]] = (("range", b"r"),),
        **fields: Any,
    ) -> JoinGroupRequest:
        fields = {
            "session_timeout_ms": SESSION_MS,
            "rebalance_timeout_ms": REBALANCE_MS,
            "protocol_type": "consumer",
            **fields,
        }
        return JoinGroupRequest(
            group_id=self.id,
            member_id=member_id,
            group_instance_id=instance,
            protocols=[JoinGroupRequestProtocol(name=name, metadata=data) for name, data in protocols],
            **fields,
        )

    def begin_join(self, member_id: str = "", **fields: Any) -> Pending:
        """A join whose answer may have to wait for others."""
        request = self.join_request(member_id, **fields)
        return self.stage.begin(request, node=self.stage.coordinator(self.id))

    def new_member_id(self) -> str:
        """An id that the coordinator has given out; its member has not joined yet."""
        found: str = self.join()["member_id"]
        return found

    def state(self) -> str:
        found: str = self.describe()["group_state"]
        return found

    def wait_for_state(self, wanted: str) -> None:
        self.stage.until(f"the group to be {wanted}", lambda: self.state() == wanted)

    def join_whole(self, **fields: Any) -> dict[str, Any]:
        """Join as a new member: once for the member id, once with it."""
        first = self.join(**fields)
        return self.join(first["member_id"], **fields) if first["error_code"] == 79 else first

    def sync(
        self,
        member_id: str,
        generation: int,
        assignments: dict[str, bytes] | None = None,
        instance: str | None = None,
        protocol: tuple[str | None, str | None] = ("consumer", "range"),
        version: int | None = None,
    ) -> dict[str, Any]:
        return self.ask(
            SyncGroupRequest(
                group_id=self.id,
                generation_id=generation,
                member_id=member_id,
                group_instance_id=instance,
                protocol_type=protocol[0],
                protocol_name=protocol[1],
                assignments=[
                    SyncGroupRequestAssignment(member_id=member, assignment=data)
                    for member, data in (assignments or {}).items()
                ],
            ),
            version,
        )

    def heartbeat(self, member_id: str, generation: int, instance: str | None = None) -> dict[str, Any]:
        return self.ask(
            HeartbeatRequest(
                group_id=self.id, generation_id=generation, member_id=member_id, group_instance_id=instance
            )
        )

    def leave(self, *members: tuple[str, str | None], version: int | None = None) -> dict[str, Any]:
        return self.ask(
            LeaveGroupRequest(
                group_id=self.id,
                members=[
                    MemberIdentity(member_id=member, group_instance_id=instance)
                    for member, instance in members
                ],
            ),
            version,
        )

    def describe(self, version: int | None = None) -> dict[str, Any]:
        asked = DescribeGroupsRequest(groups=[self.id])
        [told] = self.stage.ask(asked, version, self.stage.coordinator(self.id))["groups"]
        return self.ordered(told)

    def stable(self, **fields: Any) -> tuple[str, int]:
        """A group with one member, synced: its member id and generation."""
        joined = self.join_whole(**fields)
        member, generation = joined["member_id"], joined["generation_id"]
        protocol = (joined["protocol_type"], joined["protocol_name"])
        self.sync(member, generation, {member: b"all"}, fields.get("instance"), protocol)
        return member, generation


@scenario(area=AREA)
def the_life_of_one_member(stage: Stage) -> None:
    group = Group(stage)
    stage.saw("described before", group.describe())
    first = group.join()
    stage.saw("join", first)
    joined = group.join(first["member_id"])
    stage.saw("join with the id", joined)
    member, generation = joined["member_id"], joined["generation_id"]
    stage.saw("described while joining", group.describe())
    stage.saw("heartbeat while joining", group.heartbeat(member, generation))
    stage.saw("sync", group.sync(member, generation, {member: b"all"}))
    stage.saw("described", group.describe())
    stage.saw("heartbeat", group.heartbeat(member, generation))
    stage.saw("sync again", group.sync(member, generation))
    stage.saw("leave", group.leave((member, None)))
    stage.saw("described after", group.describe())
    stage.saw("heartbeat after", group.heartbeat(member, generation))
    stage.saw("sync after", group.sync(member, generation))
    stage.saw("leave after", group.leave((member, None)))


@scenario(area=AREA)
def joins_that_are_refused(stage: Stage) -> None:
    group = Group(stage)
    stage.saw("short session", group.join(session_timeout_ms=99))
    stage.saw("long session", group.join(session_timeout_ms=1_800_001))
    stage.saw("no protocols", group.join(protocols=()))
    stage.saw("no protocol type", group.join(protocol_type=""))
    stage.saw("unknown member", group.join("nobody"))
    stage.saw("unknown member, static", group.join("nobody", "i"))
    stage.saw("empty group", stage.ask(JoinGroupRequest(
        group_id="", session_timeout_ms=SESSION_MS, rebalance_timeout_ms=1000, protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
    )))  # fmt: skip
    group.stable()
    stage.saw("another type", group.join(protocol_type="connect"))
    stage.saw("no common protocol", group.join(protocols=(("sticky", b""),)))


@scenario(area=AREA)
def old_versions_join_at_once(stage: Stage) -> None:
    for version in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9):
        group = Group(stage, f"g{version}")
        stage.saw(f"version {version}", group.join(version=version))


@scenario(area=AREA)
def heartbeats_that_are_refused(stage: Stage) -> None:
    group = Group(stage)
    stage.saw("no group", group.heartbeat("nobody", 1))
    member, generation = group.stable()
    stage.saw("unknown member", group.heartbeat("nobody", generation))
    stage.saw("no member", group.heartbeat("", generation))
    for shift in (-1, 1):
        stage.saw(f"generation {shift:+}", group.heartbeat(member, generation + shift))
    stage.saw("unknown instance", group.heartbeat(member, generation, "i"))


@scenario(area=AREA)
def syncs_that_are_refused(stage: Stage) -> None:
    group = Group(stage)
    stage.saw("no group", group.sync("nobody", 1))
    member, generation = group.stable()
    stage.saw("unknown member", group.sync("nobody", generation))
    for shift in (-1, 1):
        stage.saw(f"generation {shift:+}", group.sync(member, generation + shift))
    stage.saw("another protocol", group.sync(member, generation, protocol=("consumer", "sticky")))
    stage.saw("another type", group.sync(member, generation, protocol=("connect", "range")))
    stage.saw("no protocol named", group.sync(member, generation, protocol=(None, None)))
    stage.saw("one protocol named", group.sync(member, generation, protocol=("consumer", None)))
    stage.saw("unknown instance", group.sync(member, generation, instance="i"))
    stage.saw("old version", group.sync(member, generation, version=4))


@scenario(area=AREA)
def leaves_that_are_refused(stage: Stage) -> None:
    group = Group(stage)
    stage.saw("no group", group.leave(("nobody", None)))
    member, _ = group.stable()
    stage.saw("unknown member", group.leave(("nobody", None)))
    stage.saw("nobody", group.leave())
    stage.saw("unknown instance", group.leave(("", "i")))
    stage.saw("member with an instance", group.leave((member, "i")))
    stage.saw("both", group.leave(("nobody", None), (member, None), (member, None)))
    stage.saw("described", group.describe())


@scenario(area=AREA)
def an_old_leave(stage: Stage) -> None:
    for version in (0, 2):
        group = Group(stage, f"g{version}")
        member, _ = group.stable()
        asked = LeaveGroupRequest(group_id=group.id, member_id=member)
        stage.saw(f"version {version}", group.ask(asked, version))
        stage.saw(f"version {version} again", group.ask(asked, version))


@scenario(area=AREA)
def rejoining(stage: Stage) -> None:
    group = Group(stage)
    member, _ = group.stable()
    again = group.join(member)
    stage.saw("the leader rebalances", again)
    stage.saw("described", group.describe()["group_state"])
    stage.saw("sync", group.sync(member, again["generation_id"], {member: b"x"}))
    stage.saw("old generation", group.heartbeat(member, again["generation_id"] - 1))
    changed = group.join(member, protocols=(("range", b"other"),))
    stage.saw("with other metadata", changed)


@scenario(area=AREA)
def an_assignment_for_nobody(stage: Stage) -> None:
    group = Group(stage)
    joined = group.join_whole()
    member, generation = joined["member_id"], joined["generation_id"]
    stage.saw("for a stranger", group.sync(member, generation, {"stranger": b"x"}))
    stage.saw("described", group.describe())


@scenario(area=AREA)
def a_static_member_comes_back(stage: Stage) -> None:
    group = Group(stage)
    joined = group.join(instance="i")
    stage.saw("join", joined)
    member, generation = joined["member_id"], joined["generation_id"]
    stage.saw("sync", group.sync(member, generation, {member: b"all"}, "i"))
    back = group.join(instance="i")
    stage.saw("back", back)
    stage.saw("described", group.describe())
    stage.saw("old id, heartbeat", group.heartbeat(member, generation, "i"))
    stage.saw("old id, sync", group.sync(member, generation, instance="i"))
    stage.saw("old id, join", group.join(member, "i"))
    stage.saw("old id, leave", group.leave((member, "i")))
    stage.saw("new id, sync", group.sync(back["member_id"], back["generation_id"], instance="i"))
    stage.saw("new id, heartbeat", group.heartbeat(back["member_id"], back["generation_id"], "i"))
    stage.saw("leave by instance", group.leave(("", "i")))
    stage.saw("described after", group.describe())


@scenario(area=AREA)
def a_static_member_comes_back_with_other_metadata(stage: Stage) -> None:
    group = Group(stage)
    group.stable(instance="i")
    back = group.join(instance="i", protocols=(("range", b"other"),))
    stage.saw("back", back)
    stage.saw("described", group.describe())


@scenario(area=AREA)
def a_static_member_in_old_versions(stage: Stage) -> None:
    group = Group(stage)
    group.stable(instance="i")
    for version in (5, 7, 9):
        stage.saw(f"version {version}", group.join(instance="i", version=version))


@scenario(area=AREA)
def protocols_that_are_voted_for(stage: Stage) -> None:
    group = Group(stage)
    joined = group.join_whole(protocols=(("sticky", b"s"), ("range", b"r")))
    stage.saw("first choice", joined["protocol_name"])
    group = Group(stage, "h")
    joined = group.join_whole(protocols=(("range", b"r"), ("sticky", b"s")))
    stage.saw("the other first choice", joined["protocol_name"])
    stage.saw("metadata", joined["members"])


@scenario(area=AREA)
def other_protocol_types(stage: Stage) -> None:
    group = Group(stage)
    joined = group.join_whole(protocol_type="connect", protocols=(("v1", b"x"),))
    stage.saw("join", joined)
    member = joined["member_id"]
    stage.saw("sync", group.sync(member, 1, {member: b"y"}, protocol=("connect", "v1")))
    stage.saw("described", group.describe())


@scenario(area=AREA)
def described_in_every_version(stage: Stage) -> None:
    group = Group(stage)
    group.stable(instance="i")
    for version in range(6):
        stage.saw(f"version {version}", group.describe(version))
    asked = DescribeGroupsRequest(groups=[group.id], include_authorized_operations=True)
    stage.saw("operations", stage.ask(asked, node=stage.coordinator(group.id))["groups"][0])
    newest = stage.ask(DescribeGroupsRequest(groups=[stage.name("nope")]), 6)
    stage.saw("newest, missing", newest.get("groups", newest))
    stage.saw("none", stage.ask(DescribeGroupsRequest(groups=[])))


@scenario(area=AREA)
def listed_by_state_and_type(stage: Stage) -> None:
    stable, empty = Group(stage, "stable"), Group(stage, "empty")
    stable.stable()
    member, _ = empty.stable()
    empty.leave((member, None))

    def listed(label: str, version: int | None = None, **filters: Any) -> None:
        told = stage.ask(ListGroupsRequest(**filters), version)
        ours = [each for each in told["groups"] if each["group_id"] in (stable.id, empty.id)]
        stage.saw(label, [told["error_code"], sorted(ours, key=lambda each: str(each["group_id"]))])

    for version in range(6):
        listed(f"version {version}", version)
    for states in (["Stable"], ["Empty"], ["stable"], ["Dead"], ["nonsense"], ["Stable", "Empty"]):
        listed(f"states {states}", states_filter=states)
    for types in (["classic"], ["Classic"], ["consumer"], ["nonsense"]):
        listed(f"types {types}", types_filter=types)


@scenario(area=AREA)
def deleted(stage: Stage) -> None:
    group = Group(stage)
    member, _ = group.stable()

    def delete(*names: str) -> dict[str, Any]:
        return stage.ask(DeleteGroupsRequest(groups_names=list(names)))

    stage.saw("not empty", delete(group.id))
    group.leave((member, None))
    stage.saw("empty", delete(group.id))
    stage.saw("gone", delete(group.id))
    stage.saw("described", group.describe())
    stage.saw("empty name", delete(""))
    stage.saw("none", delete())


@scenario(area=AREA)
def a_session_times_out(stage: Stage) -> None:
    group = Group(stage)
    member, generation = group.stable(session_timeout_ms=400)
    stage.saw("alive", group.heartbeat(member, generation))
    stage.until("the group to be empty", lambda: group.describe()["group_state"] == "Empty")
    stage.saw("described", group.describe())
    stage.saw("heartbeat", group.heartbeat(member, generation))


@scenario(area=AREA)
def a_static_member_times_out_too(stage: Stage) -> None:
    group = Group(stage)
    member, generation = group.stable(session_timeout_ms=400, instance="i")
    stage.until("the group to be empty", lambda: group.describe()["group_state"] == "Empty")
    stage.saw("heartbeat", group.heartbeat(member, generation, "i"))
    back = group.join(instance="i")
    stage.saw("back", [back["error_code"], back["generation_id"]])


@scenario(area=AREA)
def heartbeats_keep_a_session_alive(stage: Stage) -> None:
    group = Group(stage)
    member, generation = group.stable(session_timeout_ms=500)
    for _ in range(4):
        stage.cluster.pass_time(200)
        stage.saw("heartbeat", group.heartbeat(member, generation))


# Two members


def _two(group: Group, **second: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two members that have joined and not synced: the leader's answer and the other's."""
    leader, _ = group.stable()
    follower = group.new_member_id() if "instance" not in second else ""
    waiting = group.begin_join(follower, **second)
    group.wait_for_state("PreparingRebalance")
    return group.join(leader), waiting.result()


@scenario(area=AREA)
def preparing_rebalance(stage: Stage) -> None:
    group = Group(stage)
    leader, generation = group.stable()
    follower = group.new_member_id()
    waiting = group.begin_join(follower)
    group.wait_for_state("PreparingRebalance")
    stage.saw("described", group.describe())
    stage.saw("waits", waiting.is_done())
    stage.saw("leader's heartbeat", group.heartbeat(leader, generation))
    stage.saw("follower's heartbeat", group.heartbeat(follower, generation))
    stage.saw("old generation", group.heartbeat(leader, generation - 1))
    stage.saw("stranger's heartbeat", group.heartbeat("nobody", generation))
    stage.saw("leader's sync", group.sync(leader, generation, {leader: b"x"}))
    stage.saw("stranger's sync", group.sync("nobody", generation))
    stage.saw("stranger's leave", group.leave(("nobody", None)))
    stage.saw("leader joins", group.join(leader))
    stage.saw("follower has joined", waiting.result())


@scenario(area=AREA)
def leaving_while_preparing(stage: Stage) -> None:
    group = Group(stage)
    leader, generation = group.stable()
    waiting = group.begin_join(group.new_member_id())
    group.wait_for_state("PreparingRebalance")
    stage.saw("leave", group.leave((leader, None)))
    joined = waiting.result()
    stage.saw("the other leads", joined)
    stage.saw("heartbeat of who left", group.heartbeat(leader, generation))


@scenario(area=AREA)
def completing_rebalance(stage: Stage) -> None:
    group = Group(stage)
    first, second = _two(group)
    leader, follower = first["member_id"], second["member_id"]
    generation = first["generation_id"]
    stage.saw("joined", [first, second])
    stage.saw("described", group.describe())
    for label, member in (("leader", leader), ("follower", follower)):
        stage.saw(f"{label}'s heartbeat", group.heartbeat(member, generation))
    stage.saw("old generation", group.heartbeat(leader, generation - 1))
    waiting = stage.begin(
        SyncGroupRequest(
            group_id=group.id, generation_id=generation, member_id=follower,
            protocol_type="consumer", protocol_name="range",
        ),
        node=stage.coordinator(group.id),
    )  # fmt: skip
    stage.saw("old sync", group.sync(follower, generation - 1))
    stage.saw("follower waits", waiting.is_done())
    stage.saw("leader's sync", group.sync(leader, generation, {leader: b"l", follower: b"f"}))
    stage.saw("follower's sync", waiting.result())
    stage.saw("described stable", group.describe())


@scenario(area=AREA)
def a_follower_leaves_while_completing(stage: Stage) -> None:
    group = Group(stage)
    first, second = _two(group)
    stage.saw("leave", group.leave((second["member_id"], None)))
    stage.saw("state", group.state())
    stage.saw(
        "leader's sync", group.sync(first["member_id"], first["generation_id"], {first["member_id"]: b"l"})
    )
    stage.saw("leader's heartbeat", group.heartbeat(first["member_id"], first["generation_id"]))
    again = group.join(first["member_id"])
    stage.saw("leader again", again)


@scenario(area=AREA)
def a_rejoin_while_completing(stage: Stage) -> None:
    group = Group(stage)
    first, second = _two(group)
    stage.saw("follower, same metadata", group.join(second["member_id"]))
    stage.saw("state", group.state())
    stage.saw("leader, same metadata", group.join(first["member_id"]))
    waiting = group.begin_join(second["member_id"], protocols=(("range", b"other"),))
    group.wait_for_state("PreparingRebalance")
    stage.saw("leader follows", group.join(first["member_id"])["generation_id"])
    stage.saw("follower, other metadata", waiting.result()["generation_id"])


@scenario(area=AREA)
def a_follower_rejoins_a_stable_group(stage: Stage) -> None:
    group = Group(stage)
    first, second = _two(group)
    leader, follower, generation = first["member_id"], second["member_id"], first["generation_id"]
    group.sync(leader, generation, {leader: b"l", follower: b"f"})
    stage.saw("sync", group.sync(follower, generation))
    stage.saw("same metadata", group.join(follower))
    stage.saw("state", group.state())
    waiting = group.begin_join(follower, protocols=(("range", b"other"),))
    group.wait_for_state("PreparingRebalance")
    stage.saw("leader's heartbeat", group.heartbeat(leader, generation))
    stage.saw("leader", group.join(leader))
    stage.saw("other metadata", waiting.result())


@scenario(area=AREA)
def a_member_leaves_a_stable_group(stage: Stage) -> None:
    group = Group(stage)
    first, second = _two(group)
    leader, follower, generation = first["member_id"], second["member_id"], first["generation_id"]
    group.sync(leader, generation, {leader: b"l", follower: b"f"})
    stage.saw("leave", group.leave((leader, None)))
    stage.saw("follower's heartbeat", group.heartbeat(follower, generation))
    stage.saw("state", group.state())
    stage.saw("follower leads", group.join(follower))


@scenario(area=AREA)
def a_member_that_does_not_rejoin_is_removed(stage: Stage) -> None:
    group = Group(stage)
    leader, generation = group.stable(rebalance_timeout_ms=500)
    follower = group.new_member_id()
    waiting = group.begin_join(follower, rebalance_timeout_ms=500)
    stage.saw("follower alone", waiting.result())
    stage.saw("leader's heartbeat", group.heartbeat(leader, generation))
    stage.saw("described", group.describe())


@scenario(area=AREA)
def a_static_member_that_does_not_rejoin_stays(stage: Stage) -> None:
    group = Group(stage)
    leader, generation = group.stable(rebalance_timeout_ms=500, instance="i")
    waiting = group.begin_join(group.new_member_id(), rebalance_timeout_ms=500)
    joined = waiting.result()
    stage.saw("follower joined", [joined["error_code"], joined["generation_id"], len(joined["members"])])
    stage.saw("old leader's heartbeat", group.heartbeat(leader, generation, "i"))
    stage.saw("described", group.describe()["group_state"])


@scenario(area=AREA)
def votes_of_two_members(stage: Stage) -> None:
    group = Group(stage)
    leader, _ = group.stable(protocols=(("range", b"r"), ("sticky", b"s"), ("mine", b"m")))
    waiting = group.begin_join(
        group.join(protocols=(("sticky", b"s"), ("range", b"r")))["member_id"],
        protocols=(("sticky", b"s"), ("range", b"r")),
    )
    group.wait_for_state("PreparingRebalance")
    first = group.join(leader, protocols=(("sticky", b"s"), ("range", b"r"), ("mine", b"m")))
    stage.saw("both want sticky", [first["protocol_name"], waiting.result()["protocol_name"]])


@scenario(area=AREA)
def a_full_static_exchange_of_leaders(stage: Stage) -> None:
    group = Group(stage)
    first, second = _two(group, instance="follower")
    leader, follower, generation = first["member_id"], second["member_id"], first["generation_id"]
    group.sync(leader, generation, {leader: b"l", follower: b"f"})
    stage.saw("sync", group.sync(follower, generation, instance="follower"))
    back = group.join(instance="follower")
    stage.saw("the follower is back", back)
    stage.saw("its assignment", group.sync(back["member_id"], back["generation_id"], instance="follower"))
    stage.saw("nobody else noticed", group.heartbeat(leader, generation))
