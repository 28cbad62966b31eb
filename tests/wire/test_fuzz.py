"""Clients on sockets that send anything at all, beside one that behaves."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest
from fuzz.lab import frame
from fuzz.odd_messages import changed, odd_requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minikafka import MiniKafka, compression
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.errors import ErrorCode
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.metadata import MetadataRequest
from minikafka.messages.registry import API_KEYS

Start = Callable[..., MiniKafka]
Connect = Callable[[str], Any]

SERVED = tuple(API_KEYS[name] for name in CLIENT_APIS)
FRAMES = odd_requests(SERVED).map(lambda each: frame(*each))
PIECES = st.lists(FRAMES | changed(FRAMES) | st.binary(max_size=60), min_size=1, max_size=4)
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER so that closing sends RST."""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(clients=st.lists(st.tuples(PIECES, st.booleans()), min_size=1, max_size=3))
def test_whatever_others_send(
    kafka: MiniKafka, connect: Connect, clients: list[tuple[list[bytes], bool]]
) -> None:
    well_behaved = connect(kafka.listening_on)
    odd = []
    for pieces, reset in clients:
        client = connect(kafka.listening_on)
        odd.append(client)
        try:
            for piece in pieces:
                client.socket.sendall(piece)
        except ConnectionError:
            pass
        if reset:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
    assert well_behaved.ask(MetadataRequest(topics=[]), 9).brokers
    for client in odd:
        client.close()
    assert well_behaved.ask(MetadataRequest(topics=[]), 9).brokers
    well_behaved.close()
    kafka.check_health()


@pytest.mark.parametrize("sent", [2, 4, 7, 11, 20])
@pytest.mark.parametrize("end", ["reset", "close", "half"])
def test_a_peer_that_ends_in_the_midst_of_a_frame(
    kafka: MiniKafka, connect: Connect, sent: int, end: str
) -> None:
    other, client = connect(kafka.listening_on), connect(kafka.listening_on)
    whole = frame(MetadataRequest(topics=[]), 9)
    client.socket.sendall(whole + (whole * 2)[:sent])
    assert client.receive(MetadataRequest, 9)[1].brokers
    if end == "reset":
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    if end == "half":
        client.socket.shutdown(socket.SHUT_WR)
        assert client.is_closed()  # as Kafka does: who writes no more is gone
    client.close()
    assert other.ask(MetadataRequest(topics=[]), 9).brokers
    kafka.check_health()


def test_an_answer_that_needs_a_library_that_is_not_there(
    kafka: MiniKafka, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka.create_topic("t", configs={"compression.type": "zstd"})
    producer = kafka.producer()
    producer.send("t", b"v").get(timeout=10)
    producer.close()
    monkeypatch.setitem(compression._LIBRARIES, compression.ZSTD, "no_such_library")
    partition = FetchPartition(partition=0, partition_max_bytes=1 << 20)
    client = connect(kafka.listening_on)
    answer = client.ask(
        FetchRequest(max_wait_ms=0, topics=[FetchTopic(topic="t", partitions=[partition])]), 11
    )
    assert answer.error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    kafka.check_health()


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_a_bomb_in_a_batch(
    kafka: MiniKafka, connect: Connect, codec: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minikafka.log.record_batch.MAX_DECOMPRESSED_BYTES", 1 << 20)
    kafka.create_topic("t", configs={"cleanup.policy": "compact", "max.message.bytes": 1 << 20})
    batch = RecordBatch.build([(0, 1, b"k", bytes(4 << 20), ())], compression=codec).encode()
    answer = connect(kafka.listening_on).ask(_produce(batch), 9).responses[0].partition_responses[0]
    assert answer.error_code == ErrorCode.CORRUPT_MESSAGE
    assert "compressed data expands to more than" in answer.error_message
    kafka.check_health()


def _produce(batch: bytes) -> Any:
    from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData

    data = PartitionProduceData(index=0, records=batch)
    return ProduceRequest(
        acks=-1, timeout_ms=1000, topic_data=[TopicProduceData(name="t", partition_data=[data])]
    )


def test_a_peer_that_is_gone_before_it_is_let_in(kafka: MiniKafka, connect: Connect) -> None:
    for _ in range(50):
        client = connect(kafka.listening_on)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
    assert connect(kafka.listening_on).ask(MetadataRequest(topics=[]), 9).brokers
    kafka.check_health()
