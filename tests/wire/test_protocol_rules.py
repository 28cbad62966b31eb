"""Rules of the protocol that clients rely on, spoken over a socket in every version they hold for."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.codec import LONGEST_STRING
from minikafka.errors import ErrorCode
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.create_topics import CreatableTopic, CreateTopicsRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic, ForgottenTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.headers import RequestHeader
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from minikafka.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.messages.registry import API_KEYS, advertised_range, version_range

Connect = Callable[..., Any]
MAGIC_AT = 16
"""What stands before is restamped by the broker: base offset, length, leader epoch."""
BATCH = RecordBatch.build([(0, 1, None, b"value", ())]).encode()


@pytest.fixture
def client(kafka: MiniKafka, connect: Connect) -> Any:
    """A raw connection to a broker with the topic t."""
    kafka.create_topic("t")
    return connect(kafka.listening_on)


def versions(api: str, since: int = 0, until: int = 99) -> list[int]:
    first, last = version_range(api)
    return list(range(max(first, since), min(last, until) + 1))


def topic_id(kafka: MiniKafka) -> bytes:
    return kafka.image.topics["t"].topic_id


# Strings that are too long to be told


@pytest.mark.parametrize("version", versions("CreateTopics"))
def test_an_answer_with_too_long_a_string_is_an_error_and_no_bug(client: Any, version: int) -> None:
    """What is wrong with the topic's name would be told with the name in it."""
    request = CreateTopicsRequest(topics=[CreatableTopic(name="x" * LONGEST_STRING)], timeout_ms=1000)
    assert client.ask(request, version).topics[0].error_code == ErrorCode.UNKNOWN_SERVER_ERROR


@pytest.mark.parametrize("version", versions("JoinGroup"))
def test_a_member_whose_id_is_too_long_is_an_error_and_no_bug(
    listening: Callable[..., MiniKafka], connect: Connect, encode_frame: Callable[..., bytes], version: int
) -> None:
    """A member's id begins with its client's."""
    client = connect(listening(group_initial_rebalance_delay_ms=0).listening_on)
    request = JoinGroupRequest(
        group_id="g", session_timeout_ms=6000, rebalance_timeout_ms=6000, protocol_type="consumer"
    )
    request.protocols = [JoinGroupRequestProtocol(name="range")]
    client.socket.sendall(encode_frame(request, version, 7, "c" * LONGEST_STRING))
    assert client.receive(JoinGroupRequest, version)[1].error_code == ErrorCode.UNKNOWN_SERVER_ERROR


# ApiVersions and headers


@pytest.mark.parametrize("version", [5, 99, 32767])
def test_an_unknown_version_of_api_versions_is_told_the_known_ones(client: Any, version: int) -> None:
    header = RequestHeader(
        request_api_key=18, request_api_version=version, correlation_id=9, client_id="future"
    )
    data = header.encode(2) + b"whatever the future holds"
    client.socket.sendall(struct.pack(">i", len(data)) + data)
    correlation_id, answer = client.receive(ApiVersionsRequest, 0)
    assert (correlation_id, answer.error_code) == (9, ErrorCode.UNSUPPORTED_VERSION)
    assert [(key.api_key, key.min_version, key.max_version) for key in answer.api_keys] == [(18, 0, 4)]
    again = ApiVersionsRequest(client_software_name="raw", client_software_version="1")
    assert client.ask(again, 4).error_code == 0, "the connection goes on"


def test_every_version_of_api_versions_tells_the_same_apis(client: Any) -> None:
    expected = [(API_KEYS[name], *advertised_range(name)) for name in CLIENT_APIS]
    for version in versions("ApiVersions"):
        answer = client.ask(
            ApiVersionsRequest(client_software_name="raw", client_software_version="1"), version
        )
        assert [(key.api_key, key.min_version, key.max_version) for key in answer.api_keys] == expected
        told = [each.name for each in answer.supported_features]
        assert told == (["metadata.version"] if version >= 3 else [])


@pytest.mark.parametrize("name", CLIENT_APIS)
def test_versions_outside_of_those_served_close_the_connection(
    kafka: MiniKafka, connect: Connect, name: str
) -> None:
    first, last = version_range(name)
    for version in (first - 1, last + 1):
        if name == "ApiVersions" or version < 0:
            continue
        client = connect(kafka.listening_on)
        header = RequestHeader(
            request_api_key=API_KEYS[name], request_api_version=version, correlation_id=1, client_id="raw"
        )
        data = header.encode(1) + bytes(100)
        client.socket.sendall(struct.pack(">i", len(data)) + data)
        assert client.is_closed(), version


@pytest.mark.parametrize("client_id", [None, "", "ünïcödé", "x" * 1000])
def test_any_client_id(client: Any, encode_frame: Callable[..., bytes], client_id: str | None) -> None:
    for version in versions("Metadata"):
        client.socket.sendall(encode_frame(MetadataRequest(topics=[]), version, version, client_id))
        assert client.receive(MetadataRequest, version)[0] == version


@pytest.mark.parametrize("version", [3, 4])
def test_what_is_not_utf_8_is_replaced(client: Any, version: int) -> None:
    """In names of every kind, as Java does."""
    header = struct.pack(">hhih", 10, version, 4, 3) + b"r\xffw"
    if version == 3:
        body = b"\0\x04g\xc3g\0\0"
    else:
        body = b"\0\0\x02\x04g\xc3g\0"
    client.socket.sendall(struct.pack(">i", len(header + body)) + header + body)
    correlation_id, answer = client.receive(FindCoordinatorRequest, version)
    assert (correlation_id, answer.error_code) == (4, 0)
    assert [each.key for each in answer.coordinators] == ([] if version == 3 else ["g\ufffdg"])


def test_unknown_tagged_fields_are_passed_over(client: Any) -> None:
    tagged = b"\x02\x05\x03abc\x64\x00"  # two of them: number 5 with three bytes, number 100 with none
    header = struct.pack(">hhih", 18, 3, 4, 3) + b"raw" + tagged
    body = b"\x04raw\x021" + tagged
    client.socket.sendall(struct.pack(">i", len(header + body)) + header + body)
    correlation_id, answer = client.receive(ApiVersionsRequest, 3)
    assert (correlation_id, answer.error_code) == (4, 0)


# Produce


def produce(kafka: MiniKafka, records: bytes, acks: int = -1) -> ProduceRequest:
    return ProduceRequest(
        acks=acks,
        timeout_ms=1000,
        topic_data=[
            TopicProduceData(
                name="t",
                topic_id=topic_id(kafka),
                partition_data=[PartitionProduceData(index=0, records=records)],
            )
        ],
    )


@pytest.mark.parametrize("acks", [-1, 1])
def test_produce_in_every_version(kafka: MiniKafka, client: Any, acks: int) -> None:
    for offset, version in enumerate(versions("Produce")):
        (topic,) = client.ask(produce(kafka, BATCH, acks), version).responses
        (partition,) = topic.partition_responses
        assert (partition.error_code, partition.base_offset) == (0, offset), version
        assert topic.topic_id == (topic_id(kafka) if version >= 13 else bytes(16))
    assert len(kafka.records("t")) == len(versions("Produce"))


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [0, 1])
def test_old_message_formats_are_refused(kafka: MiniKafka, client: Any, magic: int, codec: int) -> None:
    """As by ProduceRequest.validateRecords: an old format in a new request is an invalid record."""
    legacy = pytest.importorskip("kafka.record.legacy_records")
    for value in (b"v", b"a longer value than a header of today's format" * 3):
        builder = legacy.LegacyRecordBatchBuilder(magic, codec, 1 << 20)
        builder.append(0, 1, b"k", value)
        records = bytes(builder.build())
        for version in versions("Produce"):
            (topic,) = client.ask(produce(kafka, records), version).responses
            assert topic.partition_responses[0].error_code == ErrorCode.INVALID_RECORD, version
    assert kafka.records("t") == []


# Fetch


def fetch(kafka: MiniKafka, offset: int = 0, **options: Any) -> FetchRequest:
    partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
    return FetchRequest(
        max_wait_ms=0,
        topics=[FetchTopic(topic="t", topic_id=topic_id(kafka), partitions=[partition])],
        **options,
    )


def test_fetch_in_every_version(kafka: MiniKafka, client: Any) -> None:
    client.ask(produce(kafka, BATCH))
    for version in versions("Fetch"):
        (topic,) = client.ask(fetch(kafka), version).responses
        (partition,) = topic.partitions
        assert (partition.error_code, partition.high_watermark) == (0, 1), version
        assert bytes(partition.records)[MAGIC_AT:] == BATCH[MAGIC_AT:], "kept as it came"
        assert topic.topic_id == (topic_id(kafka) if version >= 13 else bytes(16))


@pytest.mark.parametrize("version", versions("Fetch", since=7))
def test_a_fetch_session(kafka: MiniKafka, connect: Connect, client: Any, version: int) -> None:
    """A session outlives its connection, tells only what changed, and forgets what it is told to (KIP-227)."""
    kafka.create_topic("quiet")
    request = fetch(kafka, session_id=0, session_epoch=0)
    quiet = kafka.image.topics["quiet"].topic_id
    partition = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1 << 20)
    request.topics.append(FetchTopic(topic="quiet", topic_id=quiet, partitions=[partition]))
    first = client.ask(request, version)
    assert first.error_code == 0
    assert len(first.responses) == 2
    session = first.session_id
    assert session > 0

    other = connect(kafka.listening_on)
    nothing_new = FetchRequest(max_wait_ms=0, session_id=session, session_epoch=1)
    assert other.ask(nothing_new, version).responses == []
    client.ask(produce(kafka, BATCH))
    (changed,) = other.ask(
        FetchRequest(max_wait_ms=0, session_id=session, session_epoch=2), version
    ).responses
    assert (changed.topic, changed.topic_id) in {("t", bytes(16)), ("", topic_id(kafka))}

    stale = other.ask(FetchRequest(max_wait_ms=0, session_id=session, session_epoch=2), version)
    assert stale.error_code == ErrorCode.INVALID_FETCH_SESSION_EPOCH
    forget = FetchRequest(
        max_wait_ms=0,
        session_id=session,
        session_epoch=3,
        forgotten_topics_data=[ForgottenTopic(topic="t", topic_id=topic_id(kafka), partitions=[0])],
    )
    assert other.ask(forget, version).responses == []
    ended = other.ask(FetchRequest(max_wait_ms=0, session_id=session, session_epoch=-1), version)
    assert (ended.error_code, ended.session_id) == (0, 0)
    gone = other.ask(FetchRequest(max_wait_ms=0, session_id=session, session_epoch=4), version)
    assert gone.error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_an_unknown_topic_id(kafka: MiniKafka, client: Any) -> None:
    for version in versions("Fetch", since=13):
        request = fetch(kafka)
        request.topics[0].topic_id = b"x" * 16
        (topic,) = client.ask(request, version).responses
        assert topic.partitions[0].error_code == ErrorCode.UNKNOWN_TOPIC_ID
    request = produce(kafka, BATCH)
    request.topic_data[0].topic_id = b"x" * 16
    (topic,) = client.ask(request, 13).responses
    assert topic.partition_responses[0].error_code == ErrorCode.UNKNOWN_TOPIC_ID


def test_who_leads_now_is_told(listening: Callable[..., MiniKafka], connect: Connect) -> None:
    """Since Produce 10 and Fetch 16, with the leader's socket (KIP-951)."""
    kafka = listening(brokers=2)
    kafka.create_topic("t", 1, 1)
    addresses = (kafka.listening_on or "").split(",")
    leader = kafka.image.topics["t"].partitions[0].leader
    client = connect(addresses[2 - leader])
    for version in versions("Produce"):
        answer = client.ask(produce(kafka, BATCH), version)
        partition = answer.responses[0].partition_responses[0]
        assert partition.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
        told = version >= 10
        assert partition.current_leader.leader_id == (leader if told else -1)
        where = [f"{node.host}:{node.port}" for node in answer.node_endpoints]
        assert where == ([addresses[leader - 1]] if told else [])
    for version in versions("Fetch"):
        answer = client.ask(fetch(kafka), version)
        partition = answer.responses[0].partitions[0]
        assert partition.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
        assert partition.current_leader.leader_id == (leader if version >= 16 else -1)
        where = [f"{node.host}:{node.port}" for node in answer.node_endpoints]
        assert where == ([addresses[leader - 1]] if version >= 16 else [])


# Metadata


def test_metadata_makes_topics_unless_it_is_told_not_to(kafka: MiniKafka, client: Any) -> None:
    for version in versions("Metadata"):
        name = f"new-{version}"
        question = MetadataRequest(topics=[MetadataRequestTopic(name=name)])
        if version >= 4:
            question.allow_auto_topic_creation = False
            (topic,) = client.ask(question, version).topics
            assert topic.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            assert name not in kafka.image.topics
            question.allow_auto_topic_creation = True
        for _ in range(1000):
            (topic,) = client.ask(question, version).topics
            if topic.error_code == 0:
                break
        assert (topic.error_code, len(topic.partitions)) == (0, 1), version


# Offsets


def test_a_group_that_nobody_knows_has_no_offsets(kafka: MiniKafka, client: Any) -> None:
    for version in versions("OffsetFetch", until=7):
        request = OffsetFetchRequest(
            group_id="nobody", topics=[OffsetFetchRequestTopic(name="t", partition_indexes=[0])]
        )
        answer = client.ask(request, version)
        assert answer.error_code == 0
        (partition,) = answer.topics[0].partitions
        assert (partition.committed_offset, partition.error_code, partition.metadata) == (-1, 0, "")
    for version in versions("OffsetFetch", since=8):
        topic = OffsetFetchRequestTopics(name="t", topic_id=topic_id(kafka), partition_indexes=[0])
        request = OffsetFetchRequest(
            groups=[
                OffsetFetchRequestGroup(group_id="nobody", topics=[topic]),
                OffsetFetchRequestGroup(group_id="nobody-2", topics=None),
            ]
        )
        one, everything = client.ask(request, version).groups
        assert (one.error_code, everything.error_code, everything.topics) == (0, 0, [])
        (partition,) = one.topics[0].partitions
        assert (partition.committed_offset, partition.error_code, partition.metadata) == (-1, 0, "")


def test_offsets_are_committed_and_fetched_in_every_version(kafka: MiniKafka, client: Any) -> None:
    for version in versions("OffsetCommit"):
        commit = OffsetCommitRequestPartition(
            partition_index=0, committed_offset=version, committed_metadata="m"
        )
        request = OffsetCommitRequest(
            group_id="g",
            topics=[OffsetCommitRequestTopic(name="t", topic_id=topic_id(kafka), partitions=[commit])],
        )
        (topic,) = client.ask(request, version).topics
        assert topic.partitions[0].error_code == 0, version
        assert kafka.group("g").committed[TopicPartition("t", 0)] == version
    for version in versions("OffsetFetch"):
        if version < 8:
            old = OffsetFetchRequestTopic(name="t", partition_indexes=[0])
            (topic,) = client.ask(OffsetFetchRequest(group_id="g", topics=[old]), version).topics
        else:
            wanted = OffsetFetchRequestTopics(name="t", topic_id=topic_id(kafka), partition_indexes=[0])
            group = OffsetFetchRequestGroup(group_id="g", topics=[wanted])
            (topic,) = client.ask(OffsetFetchRequest(groups=[group]), version).groups[0].topics
        (partition,) = topic.partitions
        assert (partition.committed_offset, partition.metadata) == (10, "m")
