"""A TCP port that stays one broker's own while the broker is down and up again."""

from __future__ import annotations

import errno
import socket
import sys

from minikafka.errors import IllegalArgumentError
from minikafka.wire.addresses import host_and_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    SocketAddress = tuple[socket.AddressFamily, tuple[Any, ...]]

_RESERVES = sys.platform == "linux"
"""Linux lets a socket that listens share its port with one that is only bound.

The one that is only bound keeps the port from everybody else, and from a client that keeps trying to connect:
it could otherwise be given that very port for its own end, and be connected to itself.
"""

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""What binding to an address says on a machine that has no IPv6, whatever its table of hosts tells."""

_ATTEMPTS = 20
"""A port that is free at one address may be taken at the next."""


class Port:
    """Bound from the beginning to `close`; listens whenever `listen` has given out sockets.

    A name is bound at every address that it stands for and that the machine has: a client that is told
    ``localhost`` may try 127.0.0.1 or ::1, and some try one of them only.

    Args:
        host: the name or address to bind to.
        port: the number, 0 to 65535; 0 for any that is free.

    Raises:
        IllegalArgumentError: no such host, or the port is taken.
    """

    __slots__ = ("_addresses", "_bound", "host", "number")

    def __init__(self, host: str, port: int) -> None:
        self.host: str = host
        try:
            bound = (
                _bind_free(_addresses(host, port)) if port == 0 else _bind_all(_addresses(host, port), port)
            )
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that DNS has no way to write
            raise IllegalArgumentError(f"cannot listen on {host_and_port(host, port)}: {error}") from None
        self._bound: list[socket.socket] = bound
        self._addresses: list[SocketAddress] = [(each.family, each.getsockname()) for each in bound]
        self.number: int = bound[0].getsockname()[1]

    def listen(self, backlog: int) -> list[socket.socket]:
        """Sockets that listen, one for each address, for the caller to close.

        Raises:
            IllegalArgumentError: somebody else has taken the port meanwhile.
        """
        try:
            if _RESERVES or not self._bound:
                listening = _bind_all(self._addresses, self.number)
            else:
                listening, self._bound = self._bound, []
            try:
                for each in listening:
                    each.listen(backlog)
                    each.setblocking(False)
            except OSError:
                _close(listening)
                raise
        except OSError as error:
            where = host_and_port(self.host, self.number)
            raise IllegalArgumentError(f"cannot listen on {where}: {error}") from None
        return listening

    def close(self) -> None:
        """Give the port up. Closing twice does nothing."""
        _close(self._bound)
        self._bound = []


def _addresses(host: str, port: int) -> list[SocketAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bind_free(addresses: list[SocketAddress]) -> list[socket.socket]:
    """Sockets bound to a port that is free at all of the addresses."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _bind_all(addresses, 0)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    return _bind_all(addresses, 0)


def _bind_all(addresses: list[SocketAddress], port: int) -> list[socket.socket]:
    """Sockets bound to one port at those of the addresses that the machine has."""
    bound: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in addresses:
            try:
                each = _bind(family, (address[0], port, *address[2:]), len(addresses) > 1)
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                missing = error
                continue
            port = each.getsockname()[1]
            bound.append(each)
        if not bound and missing is not None:
            raise missing
    except BaseException:
        _close(bound)
        raise
    return bound


def _bind(family: socket.AddressFamily, address: tuple[Any, ...], one_of_several: bool) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two servers share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and one_of_several:  # the IPv4 address has a socket of its own
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except BaseException:
        bound.close()
        raise
    return bound


def _close(sockets: Iterable[socket.socket]) -> None:
    for each in sockets:
        each.close()


def refuse(listening: socket.socket) -> None:
    """Let a listening socket refuse connections from now on; it still has to be closed.

    Any thread may call this, whatever another one does with the socket. On systems other than Linux it does
    nothing, and connections are refused once the socket is closed.
    """
    try:
        listening.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
