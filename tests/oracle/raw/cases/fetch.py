"""Fetch: what comes of a log, and of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.cases.produce import NOWHERE
from tests.oracle.raw.names import TOO_LONG
from tests.oracle.raw.scene import Topic, batch

from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic, ReplicaState

if TYPE_CHECKING:
    from tests.oracle.raw.scene import Scene

_MAX_INT = 2147483647
_BIG = 1 << 20


def fetch(topic: Topic, *partitions: Any, **options: Any) -> FetchRequest:
    """Some partitions of one topic: offsets, or whole `FetchPartition`."""
    return request(of(topic, *partitions), **options)


def of(topic: Topic, *partitions: Any) -> FetchTopic:
    """One topic's part."""
    return FetchTopic(
        topic=topic.name,
        topic_id=topic.id,
        partitions=[
            each if isinstance(each, FetchPartition) else at(each, partition=index)
            for index, each in enumerate(partitions)
        ],
    )


def at(offset: int, partition: int = 0, max_bytes: int = _BIG, **more: Any) -> FetchPartition:
    """One partition's part."""
    return FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=max_bytes, **more)


def request(*topics: FetchTopic, **options: Any) -> FetchRequest:
    """A whole request, which never waits unless told to."""
    values: dict[str, Any] = {"max_wait_ms": 0, "min_bytes": 1, "max_bytes": _MAX_INT, **options}
    return FetchRequest(topics=list(topics), **values)


def _readable(*partitions: Any, **options: Any) -> Any:
    return lambda s: fetch(s.readable(), *partitions, **options)


def _trimmed(offset: int, **options: Any) -> Any:
    return lambda s: fetch(s.trimmed(), at(offset, **options))


def _in_session(later: Any, version: int | None = None) -> Any:
    """Opens a session for both partitions of `readable` and asks on in it."""

    def build(s: Scene) -> Any:
        topic = s.readable()
        opened = s.ask(fetch(topic, 0, 0, session_epoch=0), version=s.version if version is None else version)
        s.know(("session_id", opened.session_id), "session")
        return later(s, topic, opened.session_id)

    return build


def _replica(**values: Any) -> Any:
    """As a follower would: by `replica_id` until version 14, by `replica_state` from 15 on."""

    def build(s: Scene) -> Any:
        topic = s.readable()
        if s.version < 15:
            return fetch(topic, 0, replica_id=values["replica_id"])
        return fetch(topic, 0, replica_state=ReplicaState(**values))

    return build


CASES = table(
    "Fetch",
    lambda s: fetch(
        NOWHERE,
        0,
        forgotten_topics_data=[ForgottenTopic(topic="t", partitions=[0])] if s.version >= 7 else [],
    ),
    good={
        "from the start": _readable(0, 0),
        "inside a batch": _readable(3),
        "at the end": _readable(10),
        "read committed": _readable(0, isolation_level=1),
        "little of a partition": _readable(at(0, max_bytes=10)),
        "little altogether": _readable(0, 0, max_bytes=10),
        "nothing wanted": _readable(0, max_bytes=0),
        "right leader epoch": _readable(at(0, current_leader_epoch=0)),
        "right last fetched epoch": _readable(at(5, last_fetched_epoch=0)),
        "after the log start moved": _trimmed(4),
        "inside the first batch that is left": _trimmed(5),
        "two topics": lambda s: request(of(s.readable(), 0), of(s.trimmed(), 4)),
        "compressed": lambda s: (
            topic := s.topic(),
            s.produce(topic, batch(20, compression=1, value=b"v" * 30)),
            fetch(topic, 0),
        )[-1],
        "opening a session": case(_readable(0, 0, session_epoch=0), first=7),
        "no partition of a session has news": case(
            _in_session(lambda s, t, id_: request(session_id=id_, session_epoch=1)), first=7
        ),
        "another offset in a session": case(
            _in_session(lambda s, t, id_: fetch(t, 5, session_id=id_, session_epoch=1)), first=7
        ),
        "forgetting a partition of a session": case(
            _in_session(
                lambda s, t, id_: request(
                    session_id=id_,
                    session_epoch=1,
                    forgotten_topics_data=[ForgottenTopic(topic=t.name, topic_id=t.id, partitions=[0])],
                )
            ),
            first=7,
        ),
        "closing a session": case(
            _in_session(lambda s, t, id_: request(session_id=id_, session_epoch=-1)), first=7
        ),
        "a rack": case(_readable(0, rack_id="a"), first=11),
        "a cluster id": case(_readable(0, cluster_id="whatever"), first=12),
        "no topics, no session": lambda s: request(),
    },
    bad={
        "unknown topic": lambda s: fetch(NOWHERE, 0),
        "unknown partition": _readable(0, 0, at(0, partition=7)),
        "negative partition": _readable(at(0, partition=-1)),
        "no topic name and no id": lambda s: fetch(Topic("", bytes(16)), 0),
        "a topic name that is none": lambda s: fetch(Topic("no/topic", bytes(range(1, 17))), 0),
        "a topic name that is too long": lambda s: fetch(Topic(TOO_LONG, bytes(range(1, 17))), 0),
        "beyond the end": _readable(11),
        "far beyond the end": _readable((1 << 63) - 1),
        "negative offset": _readable(-1),
        "offset -2": _readable(-2),
        "before the log start": _trimmed(3),
        "newer leader epoch": case(_readable(at(0, current_leader_epoch=1)), first=9),
        "leader epoch -2": case(_readable(at(0, current_leader_epoch=-2)), first=9),
        "older leader epoch": case(
            lambda s: At(1, fetch(_with_epoch(s), at(0, current_leader_epoch=0))), first=9, nodes=3
        ),
        "newer last fetched epoch": case(_readable(at(5, last_fetched_epoch=3)), first=12),
        "last fetched epoch -2": case(_readable(at(5, last_fetched_epoch=-2)), first=12),
        "last fetched epoch beyond the end": case(_readable(at(11, last_fetched_epoch=0)), first=12),
        "negative partition_max_bytes": _readable(at(0, max_bytes=-1)),
        "negative max_bytes": _readable(0, max_bytes=-1),
        "negative min_bytes": _readable(0, min_bytes=-1),
        "more min_bytes than there are": _readable(0, min_bytes=_MAX_INT, max_wait_ms=1),
        "negative max_wait_ms": _readable(10, max_wait_ms=-5),
        "isolation level 2": _readable(0, isolation_level=2),
        "isolation level -1": _readable(0, isolation_level=-1),
        "no partitions": lambda s: request(FetchTopic(topic=s.readable().name, topic_id=s.readable().id)),
        "a partition twice": _readable(at(0), at(5)),
        "a topic twice": lambda s: request(of(s.readable(), 0), of(s.readable(), 5)),
        "one good and one unknown topic": lambda s: request(of(s.readable(), 0), of(NOWHERE, 0)),
        "an unknown session": case(_readable(0, session_id=999_999, session_epoch=1), first=7),
        "a session of id 0 with an epoch": case(_readable(0, session_id=0, session_epoch=1), first=7),
        "a negative session": case(_readable(0, session_id=-7, session_epoch=0), first=7),
        "a wrong session epoch": case(
            _in_session(lambda s, t, id_: request(session_id=id_, session_epoch=5)), first=7
        ),
        "session epoch -2": case(
            _in_session(lambda s, t, id_: request(session_id=id_, session_epoch=-2)), first=7
        ),
        "an unknown topic in a session": case(
            _in_session(lambda s, t, id_: fetch(NOWHERE, 0, session_id=id_, session_epoch=1)), first=7
        ),
        "a session with names, asked on with ids": case(
            _in_session(lambda s, t, id_: fetch(t, 5, session_id=id_, session_epoch=1), 12), first=13
        ),
        "a session with ids, asked on with names": case(
            _in_session(lambda s, t, id_: fetch(t, 5, session_id=id_, session_epoch=1), 13), first=7, last=12
        ),
        "a session with names, ended with ids": case(
            _in_session(lambda s, t, id_: request(session_id=id_, session_epoch=-1), 12), first=13
        ),
        "forgetting without a session": case(
            _readable(
                0,
                forgotten_topics_data=[
                    ForgottenTopic(topic="t", topic_id=bytes(range(1, 17)), partitions=[0])
                ],
            ),
            first=7,
        ),
        "an unknown replica": _replica(replica_id=77, replica_epoch=1),
        "a debugging consumer": case(_readable(0, replica_id=-2), last=14),
        "replica -3": case(_readable(0, replica_id=-3), last=14),
        "a follower": case(lambda s: At(2, fetch(s.topic(assignments={0: [1, 2]}), 0)), nodes=3),
        "a broker without a replica": case(
            lambda s: At(3, fetch(s.topic(assignments={0: [1, 2]}), 0)), nodes=3
        ),
    },
)


def _with_epoch(s: Scene) -> Topic:
    """A topic whose leader has changed twice, so that its epoch is above 0."""
    from tests.oracle.raw.cases.replicas import reassigned

    return reassigned(s)
