"""One connection to a broker that speaks the protocol as it is told to, whether it makes sense or not."""

from __future__ import annotations

import select
import socket
import struct
from typing import TYPE_CHECKING

from tests.oracle.closing import Closing
from tests.oracle.observe import as_plain

from minikafka.messages.headers import RequestHeader

if TYPE_CHECKING:
    from typing import Any

    from minikafka.messages.schema import Request, Response

CLIENT_ID = "oracle"
CLOSED = {"closed": True}
"""What is observed when the broker closed the connection instead of an answer."""
_TIMEOUT_S = 30
_SIZE = struct.Struct(">i")


class Connection(Closing):
    """A blocking socket to one broker.

    Args:
        address: ``"127.0.0.1:9092"``.
        client_id: who asks.
        timeout_s: how long an answer may take.
    """

    def __init__(self, address: str, client_id: str = CLIENT_ID, timeout_s: float = _TIMEOUT_S) -> None:
        host, port = address.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client_id = client_id
        self._correlation_id = 0

    def ask(self, request: Request, version: int | None = None) -> dict[str, Any]:
        """Send a request and wait: the answer as plain data, or `CLOSED`."""
        spoken = request.max_version if version is None else version
        self.send(request, spoken)
        return self.receive(type(request), spoken)

    def send(self, request: Request, version: int | None = None) -> None:
        """Send a request, and wait for nothing."""
        spoken = request.max_version if version is None else version
        self._correlation_id += 1
        head = header(
            request.api_key, spoken, request.header_version(spoken), self._correlation_id, self._client_id
        )
        self.send_bytes(sized(head + request.encode(spoken)))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are; a connection that is closed already is found out by what receives."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def receive(self, cls: type[Request], version: int) -> dict[str, Any]:
        """The next answer, read as one to such a request."""
        response = self.receive_response(cls, version)
        return dict(CLOSED) if response is None else as_plain(response, version)

    def receive_response(self, cls: type[Request], version: int) -> Response | None:
        """The next answer itself; None if the broker closed the connection."""
        frame = self.receive_frame()
        if frame is None:
            return None
        response_class = cls.response_class
        # The response header is four bytes, and one more for its tags where it is flexible.
        return response_class.decode(frame[4 + response_class.header_version(version) :], version)

    def receive_frame(self) -> bytes | None:
        """The bytes of the next answer; None if the broker closed the connection.

        Raises:
            TimeoutError: nothing came for `timeout_s`, and the connection is open.
        """
        size = self._read(4)
        return None if size is None else self._read(_SIZE.unpack(size)[0])

    def _read(self, size: int) -> bytes | None:
        data = bytearray()
        while len(data) < size:
            try:
                more = self._socket.recv(size - len(data))
            except ConnectionError:
                return None
            if not more:
                return None
            data += more
        return bytes(data)

    def is_readable(self) -> bool:
        """Whether something has come in that `receive` has not taken."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def close(self) -> None:
        self._socket.close()


def sized(data: bytes) -> bytes:
    """A frame: the size, then the bytes."""
    return _SIZE.pack(len(data)) + data


def header(
    api_key: int, version: int, header_version: int, correlation_id: int, client_id: str | None
) -> bytes:
    """The bytes of a request's header."""
    return RequestHeader(
        request_api_key=api_key,
        request_api_version=version,
        correlation_id=correlation_id,
        client_id=client_id,
    ).encode(header_version)
