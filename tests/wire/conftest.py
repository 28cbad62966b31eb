from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from minikafka import MiniKafka
from minikafka.messages.headers import RequestHeader
from minikafka.messages.schema import Request, Response

TIMEOUT_S = 10


def frame(request: Request, version: int, correlation_id: int = 1, client_id: str | None = "raw") -> bytes:
    header = RequestHeader(
        request_api_key=request.api_key,
        request_api_version=version,
        correlation_id=correlation_id,
        client_id=client_id,
    )
    data = header.encode(request.header_version(version)) + request.encode(version)
    return struct.pack(">i", len(data)) + data


class RawClient:
    """A blocking socket that speaks whatever it is told to."""

    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_S)

    def send(self, request: Request, version: int, correlation_id: int = 1) -> None:
        self.socket.sendall(frame(request, version, correlation_id))

    def receive_frame(self) -> bytes:
        (size,) = struct.unpack(">i", self._receive(4))
        return self._receive(size)

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError("the broker closed the connection")
            data += more
        return data

    def receive(self, cls: type[Request], version: int) -> tuple[int, Response]:
        """The correlation id and the response."""
        data = self.receive_frame()
        (correlation_id,) = struct.unpack_from(">i", data)
        response_class = cls.response_class
        body = data[4 + response_class.header_version(version) :]
        return correlation_id, response_class.decode(body, version)

    def ask(self, request: Request, version: int | None = None) -> Response:
        spoken = request.max_version if version is None else version
        self.send(request, spoken, 7)
        correlation_id, response = self.receive(type(request), spoken)
        assert correlation_id == 7
        return response

    def is_closed(self) -> bool:
        """Whether the broker has closed the connection; waits for it."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def listening() -> Iterator[Callable[..., MiniKafka]]:
    """Starts clusters that listen, by default in real time; `cluster.listening_on` is where."""
    clusters: list[MiniKafka] = []

    def start(
        brokers: int = 1,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: str = "system",
        limits: dict[str, object] | None = None,
        **options: object,
    ) -> MiniKafka:
        cluster = MiniKafka(brokers, clock=clock, **options)  # type: ignore[arg-type]
        clusters.append(cluster)
        cluster.listen(host, port, **(limits or {}))  # type: ignore[arg-type]
        return cluster

    yield start
    for cluster in clusters:
        cluster.close()


@pytest.fixture
def kafka(listening: Callable[..., MiniKafka]) -> MiniKafka:
    """One broker that listens."""
    return listening()


@pytest.fixture
def connections() -> Iterator[list[RawClient]]:
    """The raw connections of the test; those that are still in the list at its end are closed."""
    clients: list[RawClient] = []
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
def connect(connections: list[RawClient]) -> Callable[[str], RawClient]:
    """Opens raw connections to an address ``host:port``."""

    def open_one(address: str) -> RawClient:
        connections.append(RawClient(address))
        return connections[-1]

    return open_one


@pytest.fixture(scope="session")
def encode_frame() -> Callable[..., bytes]:
    """The bytes of a request with its header and size."""
    return frame
