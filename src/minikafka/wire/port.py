"""A TCP port that stays one broker's own while the broker is down and up again."""

from __future__ import annotations

import socket
import sys

from minikafka.errors import IllegalArgumentError
from minikafka.wire.addresses import host_and_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_RESERVES = sys.platform == "linux"
"""Linux lets a socket that listens share its port with one that is only bound.

The one that is only bound keeps the port from everybody else, and from a client that keeps trying to connect:
it could otherwise be given that very port for its own end, and be connected to itself.
"""


class Port:
    """Bound from the beginning to `close`; listens whenever `listen` has given out a socket.

    Args:
        host: the name or address to bind to.
        port: the number, 0 to 65535; 0 for any that is free.

    Raises:
        IllegalArgumentError: no such host, or the port is taken.
    """

    __slots__ = ("_bound", "_family", "_sockaddr", "host", "number")

    def __init__(self, host: str, port: int) -> None:
        self.host: str = host
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            self._family = found[0][0]
            self._sockaddr: tuple[Any, ...] = found[0][4]
            bound = self._bind()
        except OSError as error:
            raise IllegalArgumentError(f"cannot listen on {host_and_port(host, port)}: {error}") from None
        self._bound: socket.socket | None = bound
        self._sockaddr = bound.getsockname()
        self.number: int = self._sockaddr[1]

    def listen(self, backlog: int) -> socket.socket:
        """A socket that listens, for the caller to close.

        Raises:
            IllegalArgumentError: somebody else has taken the port meanwhile.
        """
        try:
            if _RESERVES or self._bound is None:
                listening = self._bind()
            else:
                listening, self._bound = self._bound, None
            try:
                listening.listen(backlog)
            except OSError:
                listening.close()
                raise
        except OSError as error:
            where = host_and_port(self.host, self.number)
            raise IllegalArgumentError(f"cannot listen on {where}: {error}") from None
        listening.setblocking(False)
        return listening

    def close(self) -> None:
        """Give the port up. Closing twice does nothing."""
        if self._bound is not None:
            self._bound.close()
            self._bound = None

    def _bind(self) -> socket.socket:
        bound = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            if sys.platform != "win32":  # there it would let two servers share a port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(self._sockaddr)
        except BaseException:
            bound.close()
            raise
        return bound


def refuse(listening: socket.socket) -> None:
    """Let a listening socket refuse connections from now on; it still has to be closed.

    Any thread may call this, whatever another one does with the socket. On systems other than Linux it does
    nothing, and connections are refused once the socket is closed.
    """
    try:
        listening.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
