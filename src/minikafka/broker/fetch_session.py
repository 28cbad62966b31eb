"""Incremental fetch sessions (KIP-227): remember what a fetcher wants, tell it only what changed.

Mirrors Kafka's FetchSession. A full fetch (epoch 0) opens a session, epoch -1 fetches without one, and later
epochs name only the partitions that changed. Simplification: one shard of sessions instead of eight.
"""

from __future__ import annotations

from minikafka.errors import ErrorCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from minikafka.broker.broker import Broker
    from minikafka.messages.fetch import FetchPartition, FetchRequest, PartitionData
    from minikafka.scheduler import Scheduler

    Wanted = tuple[str, bytes, FetchPartition]
    Entry = tuple[str, bytes, PartitionData]

    class FetchContext(Protocol):
        """One fetch request within its session, or without one."""

        error: ErrorCode
        """NONE, or why the whole request is refused."""
        is_follower: bool
        """Whether a follower asks."""

        def partitions(self) -> Iterator[Wanted]:
            """Every partition to read, with its topic's name and id as the fetcher gave them."""
            ...

        def complete(self, entries: list[Entry]) -> tuple[ErrorCode, int, list[Entry]]:
            """Error code, session id and the entries that the fetcher is told."""
            ...


INVALID_SESSION_ID = 0
FINAL_EPOCH = -1
INITIAL_EPOCH = 0
MIN_EVICTION_MS = 120_000
"""A session must be idle for so long before another may take its slot (Kafka's default)."""

_MAX_EPOCH = 2**31 - 1


def next_epoch(epoch: int) -> int:
    """The epoch after this one; 0 and -1 have meanings of their own and are left out."""
    return 1 if epoch >= _MAX_EPOCH else epoch + 1


def open_context(
    broker: Broker, request: FetchRequest, *, is_follower: bool, uses_topic_ids: bool
) -> FetchContext:
    """How this request fetches (Kafka's FetchManager.newContext).

    Args:
        broker: who is asked.
        request: what it wants.
        is_follower: whether a follower asks, not a consumer.
        uses_topic_ids: whether the request is of a version that names topics by their ids.
    """
    session_id, epoch = request.session_id, request.session_epoch
    if epoch == FINAL_EPOCH:
        if session_id != INVALID_SESSION_ID:
            broker.fetch_sessions.remove(session_id)
        return SessionlessFetch(request, is_follower)
    if epoch == INITIAL_EPOCH:
        sessions = broker.fetch_sessions
        if session_id != INVALID_SESSION_ID:
            sessions.remove(session_id)
        return FullFetch(sessions, request, is_follower, uses_topic_ids)
    return broker.fetch_sessions.incremental(request, is_follower, uses_topic_ids)


class RefusedFetch:
    """A request whose session is unknown or out of step."""

    __slots__ = ("error", "is_follower")

    def __init__(self, error: ErrorCode, is_follower: bool) -> None:
        self.error: ErrorCode = error
        self.is_follower: bool = is_follower

    def partitions(self) -> Iterator[Wanted]:
        """Nothing."""
        return iter(())

    def complete(self, entries: list[Entry]) -> tuple[ErrorCode, int, list[Entry]]:
        """The error."""
        return self.error, INVALID_SESSION_ID, entries


class SessionlessFetch:
    """A request that says all it wants and leaves nothing behind."""

    __slots__ = ("_request", "error", "is_follower")

    def __init__(self, request: FetchRequest, is_follower: bool) -> None:
        self.error: ErrorCode = ErrorCode.NONE
        self.is_follower: bool = is_follower
        self._request = request

    def partitions(self) -> Iterator[Wanted]:
        """What the request names; of a partition that it names twice, the last counts."""
        named: dict[tuple[str | bytes, int], Wanted] = {}
        for topic in self._request.topics:
            for partition in topic.partitions:
                key = _key(topic.topic, topic.topic_id, partition.partition)
                named[key] = (topic.topic, topic.topic_id, partition)
        return iter(named.values())

    def complete(self, entries: list[Entry]) -> tuple[ErrorCode, int, list[Entry]]:
        """Everything is told."""
        return ErrorCode.NONE, INVALID_SESSION_ID, entries


class FullFetch(SessionlessFetch):
    """A request that says all it wants and opens a session, if there is a slot."""

    __slots__ = ("_sessions", "_uses_topic_ids")

    def __init__(
        self, sessions: FetchSessionCache, request: FetchRequest, is_follower: bool, uses_topic_ids: bool
    ) -> None:
        super().__init__(request, is_follower)
        self._sessions = sessions
        self._uses_topic_ids = uses_topic_ids

    def complete(self, entries: list[Entry]) -> tuple[ErrorCode, int, list[Entry]]:
        """Everything is told, and remembered."""
        session = self._sessions.create(
            list(self.partitions()), entries, self.is_follower, self._uses_topic_ids
        )
        return ErrorCode.NONE, INVALID_SESSION_ID if session is None else session.session_id, entries


class IncrementalFetch:
    """A request that changes what a session wants, and reads it all."""

    __slots__ = ("_epoch", "_session", "error", "is_follower")

    def __init__(self, session: FetchSession, is_follower: bool) -> None:
        self.error: ErrorCode = ErrorCode.NONE
        self.is_follower: bool = is_follower
        self._session = session
        self._epoch = session.epoch

    def partitions(self) -> Iterator[Wanted]:
        """What the session wants."""
        for cached in list(self._session.partitions.values()):
            yield cached.topic, cached.topic_id, cached.request

    def complete(self, entries: list[Entry]) -> tuple[ErrorCode, int, list[Entry]]:
        """Only what changed is told; partitions with records go to the end of the queue."""
        session = self._session
        if session.epoch != self._epoch:
            return ErrorCode.INVALID_FETCH_SESSION_EPOCH, session.session_id, []
        told = []
        for entry in entries:
            topic, topic_id, data = entry
            key = _key(topic, topic_id, data.partition_index)
            cached = session.partitions.get(key)
            if cached is None:
                continue
            if cached.must_respond(data):
                told.append(entry)
                if data.records:
                    session.partitions[key] = session.partitions.pop(key)
        return ErrorCode.NONE, session.session_id, told


class CachedPartition:
    """What a session knows of a partition: the last request for it and the last answer."""

    __slots__ = ("high_watermark", "log_start_offset", "request", "topic", "topic_id")

    def __init__(self, topic: str, topic_id: bytes, request: FetchPartition) -> None:
        self.topic: str = topic
        self.topic_id: bytes = topic_id
        self.request: FetchPartition = request
        self.high_watermark: int = -1
        self.log_start_offset: int = -1

    def must_respond(self, data: PartitionData) -> bool:
        """Whether the fetcher must be told, and note what it will know then."""
        changed = (
            bool(data.records)
            or data.error_code != ErrorCode.NONE
            or self.high_watermark != data.high_watermark
            or self.log_start_offset != data.log_start_offset
            or data.diverging_epoch.epoch >= 0
            or data.preferred_read_replica >= 0
        )
        # After an error the partition is told again once it is gone, whatever its high watermark.
        self.high_watermark = -1 if data.error_code != ErrorCode.NONE else data.high_watermark
        self.log_start_offset = data.log_start_offset
        return changed


class FetchSession:
    """The partitions of one fetcher, in the order in which they are to be read."""

    __slots__ = (
        "created_ms",
        "epoch",
        "is_follower",
        "last_used_ms",
        "partitions",
        "session_id",
        "uses_topic_ids",
    )

    def __init__(self, session_id: int, is_follower: bool, uses_topic_ids: bool, now_ms: int) -> None:
        self.session_id: int = session_id
        self.is_follower: bool = is_follower
        self.uses_topic_ids: bool = uses_topic_ids
        self.epoch: int = 1
        self.created_ms: int = now_ms
        self.last_used_ms: int = now_ms
        self.partitions: dict[tuple[str | bytes, int], CachedPartition] = {}

    def update(self, request: FetchRequest) -> None:
        """Add, change and forget partitions as the request says."""
        for topic in request.topics:
            for partition in topic.partitions:
                key = _key(topic.topic, topic.topic_id, partition.partition)
                cached = self.partitions.get(key)
                if cached is None:
                    self.partitions[key] = CachedPartition(topic.topic, topic.topic_id, partition)
                else:
                    cached.request = partition
        for forgotten in request.forgotten_topics_data:
            for index in forgotten.partitions:
                self.partitions.pop(_key(forgotten.topic, forgotten.topic_id, index), None)


class FetchSessionCache:
    """The sessions of one broker, at most `slots` (``max.incremental.fetch.session.cache.slots``)."""

    def __init__(self, scheduler: Scheduler, slots: int) -> None:
        self._scheduler = scheduler
        self._slots = slots
        self.sessions: dict[int, FetchSession] = {}
        """By id; the one that was used longest ago comes first."""

    def remove(self, session_id: int) -> None:
        """Forget a session, if it is known."""
        self.sessions.pop(session_id, None)

    def incremental(self, request: FetchRequest, is_follower: bool, uses_topic_ids: bool) -> FetchContext:
        """The context of a request of an open session; see `open_context`."""
        session = self.sessions.get(request.session_id)
        if session is None:
            return RefusedFetch(ErrorCode.FETCH_SESSION_ID_NOT_FOUND, is_follower)
        if session.epoch != request.session_epoch:
            return RefusedFetch(ErrorCode.INVALID_FETCH_SESSION_EPOCH, is_follower)
        if session.uses_topic_ids is not uses_topic_ids:
            return RefusedFetch(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR, is_follower)
        session.update(request)
        if not session.partitions:
            # Kafka closes a session that has become empty and goes on without one.
            self.remove(session.session_id)
            return SessionlessFetch(request, is_follower)
        session.last_used_ms = self._scheduler.now_ms
        session.epoch = next_epoch(session.epoch)
        self.sessions[session.session_id] = self.sessions.pop(session.session_id)
        return IncrementalFetch(session, is_follower)

    def create(
        self, wanted: list[Wanted], entries: list[Entry], is_follower: bool, uses_topic_ids: bool
    ) -> FetchSession | None:
        """Open a session for what was just answered; None if every slot is in use."""
        if not self._make_room(is_follower, len(entries)):
            return None
        session_id = INVALID_SESSION_ID
        while session_id == INVALID_SESSION_ID or session_id in self.sessions:
            session_id = self._scheduler.random.randrange(1, _MAX_EPOCH)
        session = FetchSession(session_id, is_follower, uses_topic_ids, self._scheduler.now_ms)
        for (topic, topic_id, partition), (_, _, data) in zip(wanted, entries):
            cached = CachedPartition(topic, topic_id, partition)
            cached.high_watermark = data.high_watermark
            cached.log_start_offset = data.log_start_offset
            session.partitions[_key(topic, topic_id, partition.partition)] = cached
        self.sessions[session_id] = session
        return session

    def _make_room(self, is_follower: bool, size: int) -> bool:
        """Whether there is a slot, or a lesser session gives its own up (FetchSessionCache.tryEvict)."""
        if len(self.sessions) < self._slots:
            return True
        oldest = next(iter(self.sessions.values()), None)
        if oldest is None:
            return False
        now_ms = self._scheduler.now_ms
        if now_ms - oldest.last_used_ms > MIN_EVICTION_MS:
            self.remove(oldest.session_id)
            return True
        lesser = [
            session
            for session in self.sessions.values()
            if (is_follower, size) >= (session.is_follower, len(session.partitions))
            and ((is_follower and not session.is_follower) or now_ms - session.created_ms > MIN_EVICTION_MS)
        ]
        if not lesser:
            return False
        smallest = min(lesser, key=lambda each: (each.is_follower, len(each.partitions), each.session_id))
        self.remove(smallest.session_id)
        return True


def _key(topic: str, topic_id: bytes, partition: int) -> tuple[str | bytes, int]:
    return (topic or topic_id, partition)
