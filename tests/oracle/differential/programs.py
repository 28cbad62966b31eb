"""What a program is, and hypothesis strategies that draw some: lists of operations on a small world of names.

An operation is ``[name, arguments]``, plain data that JSON can hold: `Player` has a method for each name. Topics are
``t0`` (two partitions, there from the beginning) and ``t1``; groups ``g0`` and ``g1``; members ``m0`` to ``m3``, of
which ``m2`` and ``m3`` are static; producers ``p0`` and ``p1``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from typing import Any

    from hypothesis.strategies import SearchStrategy

T0 = 1_600_000_000_000
"""A time long ago (ms); topics keep their records for ever."""

TOPICS = ("t0", "t1")
MEMBERS = ("m0", "m1", "m2", "m3")
STATIC = frozenset({"m2", "m3"})
PRODUCERS = ("p0", "p1")
CONFIGS: dict[str, tuple[str | None, ...]] = {
    "cleanup.policy": ("delete", "compact", "compact,delete", "", "nothing"),
    "compression.type": ("producer", "gzip", "uncompressed", "brotli"),
    "max.message.bytes": ("200", "1048588", "-1", "many"),
    "message.timestamp.type": ("CreateTime", "LogAppendTime", "createtime"),
    "min.insync.replicas": ("1", "2", "0"),
    "segment.bytes": ("1048576", "13", ""),
    "retention.ms": ("-1", "-2", "86400000000000"),
    "no.such.option": ("1",),
}
"""Topic options and the values that programs give them, some of them bad."""

_topics = st.sampled_from(("t0",) * 7 + ("t1",))
_partitions = st.sampled_from((0,) * 9 + (1,) * 5 + (2, -1))
_offsets = st.sampled_from((0, 0, 1, 2, 3, 5, 8, -1, -2, 1000))
_groups = st.sampled_from(("g0",) * 7 + ("g1",))
_members = st.sampled_from(MEMBERS)
_deltas_ms = st.sampled_from((0, 0, 1, 5, -3, 1000))


def _operation(operation: str, /, **arguments: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.fixed_dictionaries(arguments).map(lambda drawn: [operation, drawn])


@st.composite
def _setting(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(CONFIGS)))
    return {"name": name, "value": draw(st.sampled_from(CONFIGS[name]))}


_LOGS = (
    _operation(
        "produce",
        topic=_topics,
        partition=_partitions,
        records=st.lists(
            st.fixed_dictionaries(
                {
                    "delta_ms": _deltas_ms,
                    "key": st.sampled_from((None, "k", "")),
                    "value": st.sampled_from((None, "v", "", 100, 500)),
                    "headers": st.booleans(),
                }
            ),
            min_size=1,
            max_size=4,
        ),
        acks=st.sampled_from((-1, -1, 1, 2)),
        compression=st.sampled_from((0, 0, 1)),
        version=st.sampled_from((3, 7, 9, 11, 12)),
    ),
    _operation(
        "produce_in_sequence",
        topic=_topics,
        partition=st.sampled_from((0, 1)),
        producer=st.sampled_from(PRODUCERS),
        skip=st.sampled_from((0, 0, 0, 0, -1, -2, 1, 7)),
        epoch=st.sampled_from((0, 0, 0, 1, -1)),
        count=st.sampled_from((1, 1, 2)),
    ),
    _operation("init_producer", producer=st.sampled_from(PRODUCERS), again=st.booleans()),
    _operation(
        "fetch",
        topic=_topics,
        partition=_partitions,
        offset=_offsets,
        max_bytes=st.sampled_from((1 << 20, 1 << 20, 1, 0)),
        leader_epoch=st.sampled_from((-1, -1, -1, 0, 5)),
        isolation=st.sampled_from((0, 1)),
        version=st.sampled_from((4, 7, 11, 12)),
    ),
    _operation(
        "list_offsets",
        topic=_topics,
        partition=_partitions,
        timestamp=st.sampled_from((-1, -2, -3, -4, -5, T0, T0 + 1, T0 + 5, T0 + 2000, -7)),
        isolation=st.sampled_from((0, 1)),
        version=st.sampled_from((1, 4, 8, 10)),
    ),
    _operation("delete_records", topic=_topics, partition=_partitions, offset=_offsets),
    _operation("leader_epoch", topic=_topics, partition=_partitions, epoch=st.sampled_from((0, 1, -1))),
)
_ADMIN = (
    _operation(
        "create_topic",
        topic=st.sampled_from(("t1", "t1", "t1", "t0")),
        partitions=st.sampled_from((1, 2, 3, -1, 0)),
        factor=st.sampled_from((1, 1, 1, -1, 2, 0)),
        configs=st.lists(_setting(), max_size=1),
    ),
    _operation("delete_topic", topic=_topics),
    _operation(
        "create_partitions", topic=_topics, count=st.sampled_from((1, 2, 3, 4, 0, -1)), dry=st.booleans()
    ),
    _operation("alter_config", topic=_topics, setting=_setting(), how=st.sampled_from((0, 0, 0, 1, 2, 3, 9))),
    _operation("describe_config", topic=_topics, name=st.sampled_from(sorted(CONFIGS))),
    _operation("describe_topic", topic=_topics),
)
_OFFSETS = (
    _operation(
        "commit",
        group=_groups,
        member=st.sampled_from((None, None, *MEMBERS)),
        generation=st.sampled_from((0, 0, 0, 1, -1)),
        topic=_topics,
        partition=_partitions,
        offset=_offsets,
        metadata=st.sampled_from((None, "", "note")),
        version=st.sampled_from((2, 5, 7, 8, 9)),
    ),
    _operation(
        "committed",
        group=_groups,
        topic=st.sampled_from((None, *TOPICS)),
        partition=_partitions,
        version=st.sampled_from((2, 5, 7, 8, 9)),
    ),
    _operation("delete_offset", group=_groups, topic=_topics, partition=_partitions),
    _operation("delete_group", group=_groups),
)
_MEMBERSHIP = (
    _operation(
        "join",
        group=_groups,
        member=_members,
        protocols=st.sampled_from(
            (("range",),) * 12 + (("range", "roundrobin"), ("roundrobin", "range"), ("sticky",), ())
        ),
        kind=st.sampled_from(("consumer",) * 30 + ("connect", "")),
        known=st.sampled_from((True,) * 7 + (False,)),
        session_ms=st.sampled_from((300_000,) * 30 + (1, 10_000_000)),
        version=st.sampled_from((0, 2, 4, 5, 7, 9)),
    ),
    _operation("rejoin_all", group=_groups),
    _operation("collect", member=_members),
    _operation("collect_all"),
    _operation(
        "sync",
        role=st.sampled_from(("leader", "leader", "follower")),
        group=_groups,
        generation=st.sampled_from((0, 0, 0, 0, 1)),
    ),
    _operation("heartbeat", member=_members, generation=st.sampled_from((0, 0, 0, 1, -1))),
    _operation("leave", member=_members, version=st.sampled_from((0, 3, 5))),
    _operation("describe_group", group=_groups, version=st.sampled_from((0, 4, 5, 6))),
    _operation("list_groups", states=st.sampled_from(((), (), ("Stable",), ("Empty", "PreparingRebalance")))),
)


@st.composite
def _gathering(draw: st.DrawFn) -> list[Any]:
    """What makes a group stable, if nothing is in its way: all join, the leader and the others sync."""
    group = draw(_groups)
    members = draw(st.lists(_members, min_size=1, max_size=3, unique=True))
    version = draw(st.sampled_from((5, 7, 9)))
    joins = [
        [
            "join",
            {
                "group": group,
                "member": member,
                "protocols": ("range",),
                "kind": "consumer",
                "known": True,
                "session_ms": 300_000,
                "version": version,
            },
        ]
        for member in members
    ]
    return [
        *joins,
        ["rejoin_all", {"group": group}],
        ["collect_all", {}],
        ["sync", {"role": "leader", "group": group, "generation": 0}],
        ["sync", {"role": "follower", "group": group, "generation": 0}],
    ]


def _one(operation: SearchStrategy[list[Any]]) -> SearchStrategy[list[Any]]:
    return operation.map(lambda drawn: [drawn])


def _with(*operations: SearchStrategy[list[Any]]) -> list[SearchStrategy[list[Any]]]:
    return [_one(each) for each in operations]


AREAS = {
    "logs": _with(*_LOGS),
    "admin": _with(*_ADMIN, *_LOGS[:1], *_LOGS[3:5]),
    "offsets": [*_with(*_OFFSETS, *_OFFSETS, *_ADMIN[1:2], *_MEMBERSHIP[-3:]), _gathering()],
    "groups": [*_with(*_MEMBERSHIP, *_OFFSETS[:2]), _gathering(), _gathering(), _gathering()],
    "everything": [*_with(*_LOGS, *_ADMIN, *_OFFSETS, *_MEMBERSHIP), *[_gathering()] * 4],
}
"""What programs are made of, in pieces of one or more operations. Programs of one area get further into it."""


_LEAST = (1, 6, 12)
"""Long programs are not left to chance; a smaller one is tried first when one is shrunk."""


def programs(area: str, max_size: int = 30) -> SearchStrategy[list[Any]]:
    """Programs of an area, of up to so many pieces."""
    pieces = st.one_of(*AREAS[area])
    return st.sampled_from(_LEAST).flatmap(
        lambda least: st.lists(pieces, min_size=min(least, max_size), max_size=max_size).map(
            lambda drawn: [operation for piece in drawn for operation in piece]
        )
    )
