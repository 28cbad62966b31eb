"""One raw connection to a broker: frames out, frames in, and what it means when nothing comes back."""

from __future__ import annotations

import socket
import struct

from minikafka.messages.headers import RequestHeader

CLIENT_ID = "raw"
TIMEOUT_S = 5
"""How long an answer may take; whatever waits longer is a defect of the case or of the broker."""

_SIZE = struct.Struct(">i")


class NoAnswerError(Exception):
    """Nothing came for `TIMEOUT_S`, and the connection is open."""


class Link:
    """A connection that says what it is told to.

    Args:
        host: the broker's host.
        port: the broker's port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, frame: bytes) -> None:
        """Send bytes as they are; a connection that is closed already is found out by `receive`."""
        try:
            self._socket.sendall(frame)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def receive(self) -> bytes | None:
        """The next frame without its size, or None if the broker has closed the connection."""
        size = self._read(4)
        return None if size is None else self._read(_SIZE.unpack(size)[0])

    def _read(self, size: int) -> bytes | None:
        data = bytearray()
        while len(data) < size:
            try:
                more = self._socket.recv(size - len(data))
            except TimeoutError as error:
                raise NoAnswerError(f"no answer in {TIMEOUT_S} s") from error
            except ConnectionResetError:
                return None
            if not more:
                return None
            data += more
        return bytes(data)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def sized(data: bytes) -> bytes:
    """A frame: the size, then the bytes."""
    return _SIZE.pack(len(data)) + data


def header(key: int, version: int, header_version: int, correlation_id: int, client_id: str | None) -> bytes:
    """The bytes of a request's header."""
    return RequestHeader(
        request_api_key=key,
        request_api_version=version,
        correlation_id=correlation_id,
        client_id=client_id,
    ).encode(header_version)
