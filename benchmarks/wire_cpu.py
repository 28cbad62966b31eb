"""The broker's CPU time for a batch of 16 KB that is produced, and for one that is fetched, over a raw socket."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from struct import Struct
from typing import TYPE_CHECKING, Any, Self

from benchmarks.broker_process import BrokerProcess
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from minikafka.messages.headers import RequestHeader
from minikafka.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.messages.schema import Request

VALUE = b"x" * 100
RECORDS = 150  # of 100 bytes make a batch of 16 KB
PRODUCE_VERSION, FETCH_VERSION = 10, 11  # librdkafka's; its fetches name topics
IN_FLIGHT = 5
_SIZE = Struct(">i")


class RawConnection:
    """A blocking socket that asks, and drops most of what it is told."""

    def __init__(self, bootstrap: str) -> None:
        host, port = bootstrap.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = bytearray()

    def ask(self, frame: bytes) -> bytes:
        """Send a frame; the answer behind its size."""
        self._socket.sendall(frame)
        return self._receive()

    def ask_all(self, frames: list[bytes]) -> None:
        """Send frames, some ahead of the answers, until all are answered."""
        for each in frames[:IN_FLIGHT]:
            self._socket.sendall(each)
        for each in frames[IN_FLIGHT:]:
            self._receive()
            self._socket.sendall(each)
        for _ in frames[:IN_FLIGHT]:
            self._receive()

    def _receive(self) -> bytes:
        data = self._data
        while True:
            if len(data) >= _SIZE.size:
                end = _SIZE.size + _SIZE.unpack_from(data)[0]
                if len(data) >= end:
                    found = bytes(data[_SIZE.size : end])
                    del data[:end]
                    return found
            data += self._socket.recv(1 << 18)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class BareServer:
    """An asyncio server on a thread that answers large frames by small ones and small ones by large ones."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._loop.create_server(_Bare, "127.0.0.1", 0))
        host, port = self._server.sockets[0].getsockname()
        self.bootstrap: str = f"{host}:{port}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        assert self._thread.ident is not None
        self._clock = time.pthread_getcpuclockid(self._thread.ident)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cpu_seconds(self) -> float:
        """The CPU time that the thread has used."""
        return time.clock_gettime(self._clock)


class _Bare(asyncio.BufferedProtocol):
    _SMALL = _SIZE.pack(60) + bytes(60)
    _LARGE = _SIZE.pack(16_400) + bytes(16_400)

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(1 << 18))
        self._data = bytearray()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = self._data
        data += self._buffer[:nbytes]
        answers = []
        while len(data) >= _SIZE.size:
            size = _SIZE.unpack_from(data)[0]
            if len(data) < _SIZE.size + size:
                break
            del data[: _SIZE.size + size]
            answers.append(self._SMALL if size > 1000 else self._LARGE)
        if answers:
            self._transport.write(b"".join(answers))


def frame(request: Request, version: int) -> bytes:
    """A request as it travels."""
    header = RequestHeader(
        request_api_key=request.api_key, request_api_version=version, correlation_id=1, client_id="bench"
    )
    data = header.encode(request.header_version(version)) + request.encode(version)
    return _SIZE.pack(len(data)) + data


def produce_frame(sequence: int, producer_id: int) -> bytes:
    """A Produce request with one batch."""
    batch = RecordBatch.build(
        [(delta, 1_700_000_000_000, None, VALUE, ()) for delta in range(RECORDS)],
        producer_id=producer_id,
        producer_epoch=0 if producer_id >= 0 else -1,
        base_sequence=sequence if producer_id >= 0 else -1,
    )
    data = PartitionProduceData(index=0, records=batch.encode())
    topics = [TopicProduceData(name="t", partition_data=[data])]
    return frame(ProduceRequest(acks=-1, timeout_ms=30_000, topic_data=topics), PRODUCE_VERSION)


def fetch_frame(offset: int) -> bytes:
    """A Fetch request for one batch."""
    partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1)
    topics = [FetchTopic(topic="t", partitions=[partition])]
    return frame(FetchRequest(max_wait_ms=500, min_bytes=1, max_bytes=1 << 20, topics=topics), FETCH_VERSION)


def cpu_per_batch(processes: int = 5) -> tuple[float, float]:
    """The broker's CPU seconds for a batch of an idempotent producer, and for one that is fetched.

    Each request carries one batch. Five are under way at a time, as from a client at its defaults. The best of
    many short rounds, for whatever else the machine does costs caches, and of several processes, for where one
    comes to lie in memory makes a third of the time.
    """
    produced, fetched = zip(*(_cpu_of_a_process() for _ in range(processes)))
    return min(produced), min(fetched)


def _cpu_of_a_process(count: int = 200, rounds: int = 10) -> tuple[float, float]:
    produced = fetched = float("inf")
    with BrokerProcess() as broker:
        broker.create_topic("t", 1)
        connection = RawConnection(broker.bootstrap)
        for number in range(rounds):
            start = number * count * RECORDS
            produces = [produce_frame(start + index * RECORDS, 7) for index in range(count)]
            produced = min(produced, _cpu(broker.cpu_seconds, connection, produces))
            fetches = [fetch_frame(start + index * RECORDS) for index in range(count)]
            fetched = min(fetched, _cpu(broker.cpu_seconds, connection, fetches))
        _check(connection, rounds * count * RECORDS)
        connection.close()
    return produced, fetched


def floor_per_batch(count: int = 200, rounds: int = 15) -> tuple[float, float]:
    """The same for a server that does nothing but read frames and write canned answers of the right sizes."""
    produced = fetched = float("inf")
    sample, question = produce_frame(0, 7), fetch_frame(0)
    with BareServer() as server:
        connection = RawConnection(server.bootstrap)
        for _ in range(rounds):
            produced = min(produced, _cpu(server.cpu_seconds, connection, [sample] * count))
            fetched = min(fetched, _cpu(server.cpu_seconds, connection, [question] * count))
        connection.close()
    return produced, fetched


def first_touch(count: int = 500) -> float:
    """The CPU seconds that keeping 16 KB in memory takes that was never used before."""
    sample = bytes(len(produce_frame(0, 7)))
    best = float("inf")
    kept: list[bytes] = []
    for _ in range(5):
        started = time.process_time()
        kept += [sample[1:] for _ in range(count)]
        best = min(best, (time.process_time() - started) / count)
    return best


def _cpu(cpu_seconds: Callable[[], float], connection: RawConnection, frames: list[bytes]) -> float:
    before = cpu_seconds()
    connection.ask_all(frames)
    return (cpu_seconds() - before) / len(frames)


def _check(connection: RawConnection, end: int) -> None:
    """What was measured is what was meant: the batches are stored, and a fetch brings one."""
    answer = ProduceResponse.decode(connection.ask(produce_frame(end, 7))[5:], PRODUCE_VERSION)
    assert answer.responses[0].partition_responses[0].base_offset == end
    found = FetchResponse.decode(connection.ask(fetch_frame(end))[4:], FETCH_VERSION)
    records = found.responses[0].partitions[0].records
    assert isinstance(records, bytes)
    assert len(records) > 16_000
