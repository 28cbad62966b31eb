"""A cluster in virtual time whose clients speak bytes: everything that stands behind the sockets, without them."""

from __future__ import annotations

from collections import deque
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from fuzz.odd_messages import GROUP, SUBSCRIPTIONS, TOPICS, Pool, codes_in
from minikafka import MiniKafka
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.codec import ProtocolError
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.headers import RequestHeader
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.metadata import MetadataRequest
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.messages.sync_group import SyncGroupRequest
from minikafka.scheduler import Promise
from minikafka.structs import broker_address
from minikafka.wire.advertised import advertise
from minikafka.wire.connection import Connection, IncomingRequest, State

if TYPE_CHECKING:
    from minikafka.messages.schema import Request, Response


_SIZE = Struct(">i")
_HEALTHY = -1
"""The number of the connection on which nothing odd is ever said."""
_ADDRESSES = {1: ("127.0.0.1", 40_001)}


def frame(request: Request, version: int, correlation_id: int = 1, client_id: str | None = "odd") -> bytes:
    """A request as it travels: size, header, body."""
    header = RequestHeader(
        request_api_key=request.api_key,
        request_api_version=version,
        correlation_id=correlation_id,
        client_id=client_id,
    )
    data = header.encode(request.header_version(version)) + request.encode(version)
    return _SIZE.pack(len(data)) + data


class Asked(NamedTuple):
    """A request that waits for its answer."""

    incoming: IncomingRequest
    promise: Promise[Response]


class Lab:
    """One broker with two topics and a few connections.

    A bug shows as an exception or as a poisoned cluster.
    """

    def __init__(self) -> None:
        self.kafka = MiniKafka(start_ms=1_700_000_000_000, name="odd")
        for topic in TOPICS:
            self.kafka.create_topic(topic, partitions=2)
        self.pool = Pool(self.kafka.image.topics[TOPICS[0]].topic_id)
        self.connections: dict[int, Connection] = {}
        self.waiting: dict[int, deque[Asked]] = {}
        self.codes: set[int] = set()
        """The error codes in the last answer."""
        self._prepare()

    def _prepare(self) -> None:
        """Records in a topic, offsets and a stable group with one member; a fetch session."""
        batch = RecordBatch.build([(delta, self.kafka.now_ms, b"k", b"v", ()) for delta in range(3)])
        data = PartitionProduceData(index=0, records=batch.encode())
        topics = [TopicProduceData(name=TOPICS[0], partition_data=[data])]
        self.ask(0, ProduceRequest(acks=-1, timeout_ms=1000, topic_data=topics), 9)
        coordinator = FindCoordinatorRequest(key=GROUP)
        self.ask(0, coordinator, 2)
        self.kafka.advance(ms=1000)
        self.ask(0, coordinator, 2)
        join = JoinGroupRequest(
            group_id=GROUP,
            session_timeout_ms=45_000,
            rebalance_timeout_ms=60_000,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=SUBSCRIPTIONS[0])],
        )
        self.ask(0, join, 3)
        (member_id,) = self.pool.member_ids
        sync = SyncGroupRequest(group_id=GROUP, generation_id=1, member_id=member_id)
        self.ask(0, sync, 2)
        commit = OffsetCommitRequestPartition(partition_index=0, committed_offset=2)
        self.ask(
            0,
            OffsetCommitRequest(
                group_id=GROUP,
                generation_id_or_member_epoch=1,
                member_id=member_id,
                topics=[OffsetCommitRequestTopic(name=TOPICS[0], partitions=[commit])],
            ),
            8,
        )
        partition = FetchPartition(partition=0, partition_max_bytes=2**20)
        fetch = FetchRequest(session_epoch=0, topics=[FetchTopic(topic=TOPICS[0], partitions=[partition])])
        self.ask(0, fetch, 12)
        assert not self.codes, self.codes

    def feed(self, number: int, data: bytes) -> None:
        """Bytes that arrive on a connection; one that was closed is replaced by a new one first."""
        connection = self.connections.get(number)
        if connection is None or connection.state is State.CLOSED:
            connection = self.connections[number] = Connection(CLIENT_APIS)
            self.waiting[number] = deque()
        connection.receive_data(data)
        self.turn()

    def turn(self) -> None:
        """Take what can be taken, answer what can be answered."""
        moved = True
        while moved:
            self.kafka.driver.settle()
            moved = sum(self._serve(number) for number in self.connections) > 0

    def _serve(self, number: int) -> bool:
        connection, waiting = self.connections[number], self.waiting[number]
        if waiting:
            if not waiting[0].promise.done():
                return False
            self._answer(connection, waiting.popleft())
            return True
        try:
            incoming = connection.next_request()
        except ProtocolError:
            return False
        if incoming is None:
            return False
        if incoming.refusal is not None:
            connection.answer(incoming.refusal)
            return True
        answer = self.kafka.network.ask(
            f"client-{number}",
            broker_address(1),
            incoming.message,
            incoming.client_id,
            incoming.api_version,
            "/127.0.0.1",
            None,
        )
        promise = answer if isinstance(answer, Promise) else Promise.resolved(answer)
        if incoming.wants_answer:
            waiting.append(Asked(incoming, promise))
        else:
            connection.skip_answer()
        return True

    def _answer(self, connection: Connection, asked: Asked) -> None:
        if asked.promise.exception() is not None:
            connection.close()
            return
        response: Any = advertise(asked.promise.result(), _ADDRESSES)
        incoming = asked.incoming
        frame = connection.answer(response)
        assert _SIZE.unpack_from(frame)[0] == len(frame) - _SIZE.size
        header_size = 2 * _SIZE.size + response.header_version(incoming.api_version)
        decoded = type(response).decode(frame[header_size:], incoming.api_version)
        self.codes = codes_in(decoded)
        # Kafka itself says UNKNOWN_SERVER_ERROR of some requests; of a bug the cluster keeps the traceback.
        self.kafka.check_health()
        self.pool.learn(decoded)

    def ask(self, number: int, request: Request, version: int) -> None:
        """Send a whole request over a connection."""
        self.feed(number, frame(self.pool.filled(request), version))

    def check(self) -> None:
        """The cluster lives, answers others, and its logs are readable."""
        self.codes = {-1}
        self.ask(_HEALTHY, MetadataRequest(topics=[]), 9)
        assert not self.codes
        self.kafka.check_health()
        for log in self.kafka.logs(1).values():
            for segment in log.segments:
                for batch in segment.batches:
                    batch.encode()

    def close(self) -> None:
        """Close the cluster, and tell of its bugs."""
        self.kafka.close()
