"""Classic groups: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, DescribeGroups, ListGroups, DeleteGroups."""

from __future__ import annotations

from typing import Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.scene import SESSION_MS, Group, Scene, subscription

from minikafka.errors import UnsupportedVersionError
from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.heartbeat import HeartbeatRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity
from minikafka.messages.list_groups import ListGroupsRequest
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

_NOBODY = Group("nobody", 1, "nobody")


# JoinGroup


def join(group_id: str, member_id: str = "", **options: Any) -> JoinGroupRequest:
    """A consumer that knows how to do range and roundrobin."""
    protocols = options.pop("protocols", ("range", "roundrobin"))
    values: dict[str, Any] = {
        "session_timeout_ms": SESSION_MS,
        "rebalance_timeout_ms": 60_000,
        "protocol_type": "consumer",
        **options,
    }
    return JoinGroupRequest(
        group_id=group_id,
        member_id=member_id,
        protocols=[
            each
            if isinstance(each, JoinGroupRequestProtocol)
            else JoinGroupRequestProtocol(name=each, metadata=subscription(["t"]))
            for each in protocols
        ],
        **values,
    )


def _joined(**options: Any) -> Any:
    """A new group's first member."""

    def build(s: Scene) -> JoinGroupRequest:
        s.coordinator(s.name())
        return join(s.name(), **options)

    return build


def _again(**options: Any) -> Any:
    """The only member of a Stable group joins again."""

    def build(s: Scene) -> JoinGroupRequest:
        group = s.group(**options.get("made", {}))
        return join(group.id, group.member_id, **{k: v for k, v in options.items() if k != "made"})

    return build


_JOIN = table(
    "JoinGroup",
    lambda s: join("", protocols=["range"]),
    good={
        "the first member": _joined(),
        "one protocol": _joined(protocols=["range"]),
        "of another type": _joined(protocol_type="connect", protocols=["compatible"]),
        "a static member": case(_joined(group_instance_id="instance-1"), first=5),
        "with a reason": case(_joined(reason="because"), first=8),
        "the second request": case(
            lambda s: (
                s.coordinator(s.name()),
                asked := s.ask(join(s.name())),
                s.know(asked.member_id, "told member"),
                join(s.name(), asked.member_id),
            )[-1],
            first=4,
        ),
        "again, the leader": _again(),
        "again, with another protocol": _again(protocols=["roundrobin"]),
        "again, before its assignment": _again(made={"sync": False}),
        "a static member's return": case(
            lambda s: join(
                s.group(instance_id="instance-1", protocols=["range", "roundrobin"]).id,
                group_instance_id="instance-1",
            ),
            first=5,
        ),
        "a static member's return, changed": case(
            lambda s: join(
                s.group(instance_id="instance-1").id, group_instance_id="instance-1", protocols=["roundrobin"]
            ),
            first=5,
        ),
        "empty metadata": _joined(protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")]),
        "metadata that is none": _joined(protocols=[JoinGroupRequestProtocol(name="range", metadata=b"xyz")]),
        "no rebalance timeout": case(_joined(), last=0),
    },
    bad={
        "no group": lambda s: join(""),
        "unknown member of an unknown group": _joined(member_id="nobody"),
        "unknown member of a group": lambda s: join(s.stable().id, "nobody"),
        "session timeout too short": _joined(session_timeout_ms=5999),
        "session timeout too long": _joined(session_timeout_ms=1_800_001),
        "session timeout of 0": _joined(session_timeout_ms=0),
        "negative session timeout": _joined(session_timeout_ms=-1),
        "negative rebalance timeout": _joined(rebalance_timeout_ms=-5),
        "no protocols": _joined(protocols=[]),
        "no protocol type": _joined(protocol_type=""),
        "no protocols and no type": _joined(protocols=[], protocol_type=""),
        "a protocol without a name": _joined(protocols=[""]),
        "a protocol twice": _joined(protocols=["range", "range"]),
        "another protocol type": lambda s: join(s.stable().id, protocol_type="connect"),
        "no protocol in common": lambda s: join(s.stable().id, protocols=["sticky"]),
        "no protocols, to a group": lambda s: join(s.stable().id, protocols=[]),
        "a member with another type": lambda s: join(
            s.stable().id, s.stable().member_id, protocol_type="connect"
        ),
        "a member without protocols": lambda s: join(s.stable().id, s.stable().member_id, protocols=[]),
        "an unknown instance with a member id": case(
            lambda s: join(s.static().id, "nobody", group_instance_id="instance-9"), first=5
        ),
        "a wrong member id of an instance": case(
            lambda s: join(s.static().id, "nobody", group_instance_id="instance-1"), first=5
        ),
        "an empty instance id": case(_joined(group_instance_id=""), first=5),
        "an instance id that is none": case(_joined(group_instance_id="no/instance"), first=5),
        "an instance id that is too long": case(_joined(group_instance_id="x" * 250), first=5),
        "the instance id .": case(_joined(group_instance_id="."), first=5),
        "a dynamic member's id with an instance": case(
            lambda s: join(s.stable().id, s.stable().member_id, group_instance_id="instance-1"), first=5
        ),
        "another broker": case(lambda s: At(s.another(s.name()), join(s.name())), nodes=3),
        "a group that only commits": lambda s: (
            s.commit(s.name(), s.readable(), {0: 1}),
            join(s.name()),
        )[-1],
    },
)

# SyncGroup


def sync(group: Group, *assignments: tuple[str, bytes], **options: Any) -> SyncGroupRequest:
    """A member asks for its assignment, or gives all."""
    values: dict[str, Any] = {
        "group_id": group.id,
        "generation_id": group.generation,
        "member_id": group.member_id,
        "group_instance_id": group.instance_id,
        "protocol_type": "consumer",
        "protocol_name": "range",
        **options,
    }
    return SyncGroupRequest(
        assignments=[SyncGroupRequestAssignment(member_id=who, assignment=what) for who, what in assignments],
        **values,
    )


def _syncing(*assignments: Any, **options: Any) -> Any:
    """The only member of a group in CompletingRebalance."""

    def build(s: Scene) -> SyncGroupRequest:
        group = s.group(sync=False)
        told = [(group.member_id if who == "me" else who, what) for who, what in assignments]
        return sync(group, *told, **options)

    return build


def _stable_sync(**options: Any) -> Any:
    return lambda s: sync(s.stable(), **options)


_SYNC = table(
    "SyncGroup",
    lambda s: sync(_NOBODY, ("nobody", b"")),
    good={
        "the leader's": _syncing(("me", b"mine")),
        "an empty assignment": _syncing(("me", b"")),
        "again": _stable_sync(),
        "again, by a leader who gives others": lambda s: sync(s.stable(), (s.stable().member_id, b"new")),
        "a static member": case(lambda s: sync(s.static()), first=3),
        "no type and no name": case(_stable_sync(protocol_type=None, protocol_name=None), first=5),
    },
    bad={
        "no assignments": _syncing(),
        "an assignment for a stranger": _syncing(("stranger", b"x")),
        "a member twice": _syncing(("me", b"1"), ("me", b"2")),
        "no group": _stable_sync(group_id=""),
        "unknown group": lambda s: sync(_NOBODY),
        "unknown member": _stable_sync(member_id="nobody"),
        "no member": _stable_sync(member_id=""),
        "stale generation": _stable_sync(generation_id=0),
        "newer generation": _stable_sync(generation_id=100),
        "generation -1": _stable_sync(generation_id=-1),
        "another protocol type": case(_stable_sync(protocol_type="connect"), first=5),
        "another protocol": case(_stable_sync(protocol_name="roundrobin"), first=5),
        "no protocol type": case(_stable_sync(protocol_type=""), first=5),
        "a null protocol type": case(_stable_sync(protocol_type=None), first=5),
        "a null protocol name": case(_stable_sync(protocol_name=None), first=5),
        "an unknown instance": case(_stable_sync(group_instance_id="instance-9"), first=3),
        "an instance with another member id": case(
            lambda s: sync(s.static(), member_id="somebody-else"), first=3
        ),
        "a group without members": lambda s: sync(s.empty(), member_id="nobody"),
        "another broker": case(lambda s: At(s.another(s.name()), sync(Group(s.name(), 1, "x"))), nodes=3),
    },
)

# Heartbeat


def heartbeat(group: Group, **options: Any) -> HeartbeatRequest:
    """A member's heartbeat."""
    values: dict[str, Any] = {
        "group_id": group.id,
        "generation_id": group.generation,
        "member_id": group.member_id,
        "group_instance_id": group.instance_id,
        **options,
    }
    return HeartbeatRequest(**values)


def _beat(**options: Any) -> Any:
    return lambda s: heartbeat(s.stable(), **options)


_HEARTBEAT = table(
    "Heartbeat",
    lambda s: heartbeat(_NOBODY),
    good={
        "stable": _beat(),
        "static": case(lambda s: heartbeat(s.static()), first=3),
        "before the assignment": lambda s: heartbeat(s.group(sync=False)),
    },
    bad={
        "no group": _beat(group_id=""),
        "unknown group": lambda s: heartbeat(_NOBODY),
        "unknown member": _beat(member_id="nobody"),
        "no member": _beat(member_id=""),
        "stale generation": _beat(generation_id=0),
        "newer generation": _beat(generation_id=99),
        "generation -1": _beat(generation_id=-1),
        "generation -2^31": _beat(generation_id=-(1 << 31)),
        "unknown instance": case(_beat(group_instance_id="instance-9"), first=3),
        "an empty instance": case(_beat(group_instance_id=""), first=3),
        "an instance with another member id": case(
            lambda s: heartbeat(s.static(), member_id="somebody-else"), first=3
        ),
        "an instance with another member id and generation": case(
            lambda s: heartbeat(s.static(), member_id="somebody-else", generation_id=77), first=3
        ),
        "a static member without its instance": lambda s: heartbeat(s.static(), group_instance_id=None),
        "stale generation of a stranger": _beat(member_id="nobody", generation_id=0),
        "stale, before the assignment": lambda s: heartbeat(s.group(sync=False), generation_id=0),
        "a group without members": lambda s: heartbeat(s.empty(), member_id="nobody"),
        "another broker": case(
            lambda s: At(s.another(s.name()), heartbeat(Group(s.name(), 1, "x"))), nodes=3
        ),
    },
)

# LeaveGroup


def leave(group_id: str, *members: Any, reason: str | None = None) -> Any:
    """Members by id, or by (id, instance): one alone before version 3."""

    def build(s: Scene) -> LeaveGroupRequest:
        pairs = [each if isinstance(each, tuple) else (each, None) for each in members]
        if s.version < 3:
            if len(pairs) != 1 or pairs[0][1] is not None:
                raise UnsupportedVersionError("one dynamic member only")
            return LeaveGroupRequest(group_id=group_id, member_id=pairs[0][0])
        return LeaveGroupRequest(
            group_id=group_id,
            members=[
                MemberIdentity(member_id=member, group_instance_id=instance, reason=reason)
                for member, instance in pairs
            ],
        )

    return build


def _left(s: Scene) -> Group:
    """A group whose only member has left."""
    group = s.group()
    s.ask(leave(group.id, group.member_id)(Scene(s.cluster, s.own, 5)))
    return group


def _leave_new(**options: Any) -> Any:
    def build(s: Scene) -> Any:
        group = s.group()
        return [
            leave(group.id, group.member_id, **options)(s),
            DescribeGroupsRequest(groups=[group.id]),
        ]

    return build


def _static_leave(member_id: str | None, instance_id: str | None) -> Any:
    def build(s: Scene) -> Any:
        group = s.group(instance_id="instance-1")
        return leave(group.id, (group.member_id if member_id is None else member_id, instance_id))(s)

    return case(build, first=3)


_LEAVE = table(
    "LeaveGroup",
    lambda s: leave("nobody", "nobody")(s),
    good={
        "the only member": _leave_new(),
        "with a reason": case(_leave_new(reason="because"), first=5),
        "an instance without its member id": _static_leave("", "instance-1"),
        "an instance with its member id": _static_leave(None, "instance-1"),
        "before the assignment": lambda s: leave((g := s.group(sync=False)).id, g.member_id)(s),
    },
    bad={
        "no group": lambda s: leave("", "nobody")(s),
        "unknown group": lambda s: leave("nobody", "nobody")(s),
        "unknown member": lambda s: leave(s.stable().id, "nobody")(s),
        "no member id": lambda s: leave(s.stable().id, "")(s),
        "nobody": lambda s: leave(s.stable().id)(s),
        "nobody of an unknown group": lambda s: leave("nobody")(s),
        "two strangers": lambda s: leave(s.stable().id, "a", "b")(s),
        "a member and a stranger": lambda s: leave((g := s.group()).id, g.member_id, "b")(s),
        "a member twice": lambda s: leave((g := s.group()).id, g.member_id, g.member_id)(s),
        "unknown instance": lambda s: leave(s.static().id, ("", "instance-9"))(s),
        "an instance with another member id": lambda s: leave(s.static().id, ("other", "instance-1"))(s),
        "an empty instance": lambda s: leave(s.static().id, ("", ""))(s),
        "a static member without its instance": _static_leave(None, None),
        "a group without members": lambda s: leave(s.empty().id, "nobody")(s),
        "left already": lambda s: leave((g := _left(s)).id, g.member_id)(s),
        "another broker": case(lambda s: At(s.another(s.name()), leave(s.name(), "x")(s)), nodes=3),
    },
)

# DescribeGroups


def describe(*groups: str, **options: Any) -> DescribeGroupsRequest:
    """Groups by name."""
    return DescribeGroupsRequest(groups=list(groups), **options)


_DESCRIBE = table(
    "DescribeGroups",
    lambda s: describe("nobody"),
    good={
        "stable": lambda s: describe(s.stable().id),
        "static": lambda s: describe(s.static().id),
        "empty": lambda s: describe(s.empty().id),
        "before the assignment": lambda s: describe(s.group(sync=False).id),
        "several": lambda s: describe(s.empty().id, s.stable().id, s.static().id),
        "of another type": lambda s: describe(s.group(protocol_type="connect", protocols=["compatible"]).id),
        "authorized operations": case(
            lambda s: describe(s.stable().id, include_authorized_operations=True), first=3
        ),
        "after its member left": lambda s: describe(_left(s).id),
    },
    bad={
        "unknown": lambda s: (s.coordinator("x"), describe("nobody"))[-1],
        "unknown, authorized operations": case(
            lambda s: describe("nobody", include_authorized_operations=True), first=3
        ),
        "no name": lambda s: describe(""),
        "nothing": lambda s: describe(),
        "a group twice": lambda s: describe(s.stable().id, s.stable().id),
        "an unknown group twice": lambda s: describe("nobody", "nobody"),
        "good and unknown": lambda s: describe(s.stable().id, "nobody"),
        "good and no name": lambda s: describe("", s.stable().id),
        "a very long name": lambda s: describe("x" * 5000),
        "many unknown": lambda s: describe(*(f"nobody-{n}" for n in range(30))),
        "another broker": case(lambda s: At(s.another(s.name()), describe(s.name())), nodes=3),
        "deleted": lambda s: (
            s.commit(s.name(), s.readable(), {0: 1}),
            s.ask(DeleteGroupsRequest(groups_names=[s.name()])),
            describe(s.name()),
        )[-1],
    },
)

# ListGroups


def _list(*, states: Any = (), types: Any = (), make: Any = None) -> Any:
    def build(s: Scene) -> Any:
        s.group("stable")
        s.commit(s.name("empty"), s.readable(), {0: 1})
        if make:
            make(s)
        return ListGroupsRequest(states_filter=list(states), types_filter=list(types))

    return case(build, own=True)


_LIST = table(
    "ListGroups",
    lambda s: ListGroupsRequest(
        states_filter=["Dead"] if s.version >= 4 else [], types_filter=["classic"] if s.version >= 5 else []
    ),
    good={
        "all": _list(),
        "stable ones": _list(states=["Stable"]),
        "empty ones": _list(states=["Empty"]),
        "stable and empty ones": _list(states=["Stable", "Empty"]),
        "rebalancing ones": _list(
            states=["CompletingRebalance"], make=lambda s: s.group("completing", sync=False)
        ),
        "preparing ones": _list(states=["PreparingRebalance"]),
        "classic ones": _list(types=["classic"]),
        "consumer ones": _list(types=["consumer"]),
        "of two types": _list(types=["classic", "consumer"]),
        "of other protocols": _list(
            make=lambda s: s.group("connect", protocol_type="connect", protocols=["compatible"])
        ),
        "stable classic ones": _list(states=["Stable"], types=["classic"]),
    },
    bad={
        "an unknown state": _list(states=["Sleeping"]),
        "a state in small letters": _list(states=["stable"]),
        "a state in large letters": _list(states=["STABLE"]),
        "a state and an unknown one": _list(states=["Stable", "Sleeping"]),
        "an empty state": _list(states=[""]),
        "a state twice": _list(states=["Stable", "Stable"]),
        "a state with a space": _list(states=[" Stable"]),
        "dead ones": _list(states=["Dead"]),
        "a type in large letters": _list(types=["CLASSIC"]),
        "a type with a capital": _list(types=["Classic"]),
        "an unknown type": _list(types=["modern"]),
        "an empty type": _list(types=[""]),
        "share ones": _list(types=["share"]),
        "streams ones": _list(types=["streams"]),
        "a type and an unknown one": _list(types=["classic", "modern"]),
        "no known type and no known state": _list(states=["x"], types=["y"]),
    },
)

# DeleteGroups


def delete(*groups: str) -> DeleteGroupsRequest:
    """Groups by name."""
    return DeleteGroupsRequest(groups_names=list(groups))


def _emptied(s: Scene, suffix: str = "empty") -> str:
    s.commit(s.name(suffix), s.readable(), {0: 1})
    return s.name(suffix)


_DELETE = table(
    "DeleteGroups",
    lambda s: delete("nobody"),
    good={
        "empty": lambda s: [delete(_emptied(s)), describe(s.name("empty"))],
        "two": lambda s: delete(_emptied(s, "a"), _emptied(s, "b")),
        "whose member left": lambda s: delete(_left(s).id),
    },
    bad={
        "unknown": lambda s: (s.coordinator("x"), delete("nobody"))[-1],
        "no name": lambda s: delete(""),
        "nothing": lambda s: delete(),
        "stable": lambda s: delete(s.stable().id),
        "before the assignment": lambda s: delete(s.group(sync=False).id),
        "static": lambda s: delete(s.static().id),
        "empty twice": lambda s: delete(_emptied(s), _emptied(s)),
        "unknown twice": lambda s: delete("nobody", "nobody"),
        "one good, one unknown": lambda s: delete(_emptied(s), "nobody"),
        "one good, one without a name": lambda s: delete(_emptied(s), ""),
        "a very long name": lambda s: delete("x" * 5000),
        "another broker": case(lambda s: At(s.another(s.name()), delete(s.name())), nodes=3),
        "deleted already": lambda s: (s.ask(delete(_emptied(s))), delete(s.name("empty")))[-1],
    },
)

CASES = [*_JOIN, *_SYNC, *_HEARTBEAT, *_LEAVE, *_DESCRIBE, *_LIST, *_DELETE]
