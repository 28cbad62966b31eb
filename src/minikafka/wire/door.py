"""One life of a broker's port: it accepts connections while the broker is up."""

from __future__ import annotations

import socket
from functools import partial

from minikafka.logs import logger
from minikafka.structs import broker_address
from minikafka.wire.peer import Peer
from minikafka.wire.port import refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from logging import Logger

    from minikafka.wire.listener import Listener

log: Logger = logger("wire")

_ACCEPTED_AT_ONCE = 100
_ACCEPT_AGAIN_S = 1.0


class Door:
    """One life of a broker's port: from the broker's start to its end.

    Args:
        listener: whose it is.
        node_id: the broker.
        listening: the sockets that clients connect to, one for each address of the port.
    """

    def __init__(self, listener: Listener, node_id: int, listening: Sequence[socket.socket]) -> None:
        self.listener = listener
        self.broker_address: str = broker_address(node_id)
        self.is_open: bool = True
        """Whether the broker that was started with this door is up; changes under the driver's lock."""
        self._listening = listening
        self._peers: dict[Peer, None] = {}
        self._arrivals: dict[asyncio.Task[object], socket.socket] = {}

    def start(self) -> None:
        """In the event loop's thread: accept connections."""
        for listening in self._listening:
            self._start(listening)

    def _start(self, listening: socket.socket) -> None:
        if self.is_open:
            self.listener.loop.add_reader(listening, self.listener.guarded, partial(self._accept, listening))

    def shut(self) -> None:
        """In any thread: nobody comes in any more, and no request of those inside is passed on."""
        self.is_open = False
        for listening in self._listening:
            refuse(listening)

    def close(self) -> None:
        """In the event loop's thread, or when the loop has ended: close the port and every connection."""
        if self.listener.loop.is_closed():
            # Its owner has closed it under our hands, and with it whatever the connections could be told by.
            for listening in self._listening:
                listening.close()
            return
        for listening in self._listening:
            self.listener.loop.remove_reader(listening)
            listening.close()
        for peer in list(self._peers):
            peer.abort()

    def _accept(self, listening: socket.socket) -> None:
        loop = self.listener.loop
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if self.is_open:
                    # No file descriptors are left, most likely: leave the clients waiting for a while.
                    log.warning("%s cannot accept connections: %s", self.broker_address, error)
                    loop.remove_reader(listening)
                    loop.call_later(_ACCEPT_AGAIN_S, self.listener.guarded, partial(self._start, listening))
                return
            accepted.setblocking(False)
            try:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # as Kafka does
            except OSError:
                # Some systems refuse it once the client has reset the connection.
                accepted.close()
                continue
            arrival = loop.create_task(loop.connect_accepted_socket(lambda: Peer(self), accepted))
            self._arrivals[arrival] = accepted
            arrival.add_done_callback(self._arrived)

    def _arrived(self, arrival: asyncio.Task[object]) -> None:
        accepted = self._arrivals.pop(arrival)
        if arrival.cancelled():
            # The loop's owner ends it; a task that was cancelled before its first step has told nobody of its socket.
            accepted.close()
        elif arrival.exception() is not None:
            log.warning("%s lost a connection that it accepted: %r", self.broker_address, arrival.exception())

    def admit(self, peer: Peer) -> bool:
        """Whether a new connection may stay."""
        self._peers[peer] = None
        self.listener.watch(peer)
        limit = self.listener.options.max_connections
        if len(self._peers) > limit:
            log.info("%s refuses a connection: there are max.connections=%d", self.broker_address, limit)
            return False
        return self.is_open

    def forget(self, peer: Peer) -> None:
        """A connection is gone."""
        self._peers.pop(peer, None)
        self.listener.unwatch(peer)
