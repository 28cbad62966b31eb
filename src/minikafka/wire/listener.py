"""The brokers' ports: an event loop on one thread, which feeds the requests of wire clients to the brokers."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.errors import IllegalStateError
from minikafka.logs import logger
from minikafka.structs import broker_address
from minikafka.wire.gate import Gate
from minikafka.wire.options import ListenerOptions
from minikafka.wire.peer import Peer
from minikafka.wire.port import Port, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from logging import Logger
    from typing import Any

    from minikafka.messages.schema import Response
    from minikafka.ports import Endpoint, Transport
    from minikafka.scheduler import Promise

    Answer = Promise[Response]

log: Logger = logger("wire")

_READ_BYTES = 256 * 1024
"""How much is read from a socket at a time."""

_ACCEPTED_AT_ONCE = 100
_ACCEPT_AGAIN_S = 1.0
_LAST_TURNS = 3
"""A transport that was closed or aborted needs a turn or two of the loop to say so."""


class Listener:
    """Serves a cluster's brokers on one port each.

    `open` and `shut` follow the brokers' lives; they may be called from any thread, with or without the
    driver's lock, and never wait for the event loop.

    Args:
        endpoint: the cluster, as its clients see it.
        node_ids: the brokers, up or down.
        host: the name or address to bind to. Brokers are advertised under it.
        port: of the first broker, the others follow; 0 for free ports.
        options: how much is taken of a peer.

    Raises:
        IllegalStateError: the cluster's time is virtual; sockets live in real time.
        IllegalArgumentError: no such host, or a port is taken.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        node_ids: Iterable[int],
        host: str = "127.0.0.1",
        port: int = 0,
        options: ListenerOptions | None = None,
    ) -> None:
        if endpoint.driver.clock_name() != "system":
            raise IllegalStateError(
                "a cluster with clock='virtual' cannot listen: clients on sockets live in real time; "
                "start it with clock='system'"
            )
        self.options: ListenerOptions = options or ListenerOptions()
        self.network: Transport = endpoint.transport
        self.served = CLIENT_APIS
        self.gate: Gate = Gate(endpoint.driver, endpoint.scheduler)
        self.read_buffer: memoryview[int] = memoryview(bytearray(_READ_BYTES))
        self._endpoint = endpoint
        self._ports: dict[int, Port] = {}
        try:
            for index, node_id in enumerate(node_ids):
                self._ports[node_id] = Port(host, port and port + index)
        except BaseException:
            self._close_ports()
            raise
        self.addresses: dict[int, tuple[str, int]] = {
            node_id: (host, each.number) for node_id, each in self._ports.items()
        }
        """Where the brokers are to be reached, by node id, up or down."""
        self._doors: dict[int, Door] = {}
        self._answers: deque[tuple[Callable[[Answer], object], Answer]] = deque()
        self._called = False
        self._delivering = False
        self._closed = False
        self._peers: dict[Peer, None] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self._on_loop_exception)
        self._thread = threading.Thread(target=self._run, name="minikafka-wire", daemon=True)
        self._thread.start()

    @property
    def bootstrap_servers(self) -> str:
        """The brokers' addresses, as clients want them: ``"127.0.0.1:41731,127.0.0.1:40197"``."""
        return ",".join(f"{host}:{port}" for host, port in self.addresses.values())

    # The brokers' lives

    def open(self, node_id: int) -> None:
        """A broker is up: let clients connect to it. Returns with the port open.

        Raises:
            IllegalArgumentError: somebody else has taken its port.
        """
        listening = self._ports[node_id].listen(self.options.socket_listen_backlog_size)
        door = self._doors[node_id] = Door(self, node_id, listening)
        self.loop.call_soon_threadsafe(door.start)

    def shut(self, node_id: int) -> None:
        """A broker is down: its port refuses connections, those that there are get closed."""
        door = self._doors.pop(node_id, None)
        if door is not None:
            door.shut()
            self.loop.call_soon_threadsafe(door.close)

    def close(self) -> None:
        """Close everything and wait for the thread's end. Closing twice does nothing."""
        with self._endpoint.driver.lock:
            if self._closed:
                return
            self._closed = True
        for node_id in list(self._doors):
            self.shut(node_id)
        self.loop.call_soon_threadsafe(self.loop.stop)
        if threading.current_thread() is not self._thread:
            with self._endpoint.driver.released():
                self._thread.join()
        self._close_ports()

    def _close_ports(self) -> None:
        for port in self._ports.values():
            port.close()

    # The event loop's thread

    def _run(self) -> None:
        loop = self.loop
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(_wind_down())
            loop.close()

    def _on_loop_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        log.warning("%s: %r", context.get("message"), error)
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.report(error)

    def report(self, error: Exception) -> None:
        """An exception that is nobody's but ours: the cluster keeps it."""
        with self._endpoint.driver.lock:
            self._endpoint.scheduler.report_failure(error)

    def new_address(self) -> str:
        """A network address for a new connection."""
        with self._endpoint.driver.lock:
            return self._endpoint.new_address("client")

    # Answers that had to be waited for

    def deliver_later(self, deliver: Callable[[Answer], object], answer: Answer) -> None:
        """Have `deliver(answer)` called by the event loop's thread.

        To be called under the driver's lock, in any thread.
        """
        self._answers.append((deliver, answer))
        if not self.gate.inside and not self._called and not self._closed:
            # One call wakes the loop for all the answers of a turn.
            self._called = True
            self.loop.call_soon_threadsafe(self._called_in)

    def _called_in(self) -> None:
        self._called = False
        self.deliver_answers()

    def deliver_answers(self) -> None:
        """Deliver the answers that are there now, and those that come of it."""
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._answers:
                deliver, answer = self._answers.popleft()
                deliver(answer)
        finally:
            self._delivering = False

    # Connections that nobody uses

    def watch(self, peer: Peer) -> None:
        """A connection was made: close it when it idles."""
        self._peers[peer] = None
        if self._sweep is None:
            self._sweep = self.loop.call_later(self.options.connections_max_idle_ms / 1000, self._close_idle)

    def unwatch(self, peer: Peer) -> None:
        """A connection is gone."""
        self._peers.pop(peer, None)
        if not self._peers and self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _close_idle(self) -> None:
        idle_s = self.options.connections_max_idle_ms / 1000
        now = self.loop.time()
        earliest = now + idle_s
        for peer in list(self._peers):
            if peer.last_active + idle_s <= now:
                peer.close(f"nothing moved for {self.options.connections_max_idle_ms} ms")
                peer.abort()
            else:
                earliest = min(earliest, peer.last_active + idle_s)
        self._sweep = self.loop.call_at(earliest, self._close_idle)


async def _wind_down() -> None:
    """Let connections that are being accepted, or lost, come to their end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(_LAST_TURNS):
        await asyncio.sleep(0)


class Door:
    """One life of a broker's port: from the broker's start to its end.

    Args:
        listener: whose it is.
        node_id: the broker.
        listening: the socket that clients connect to.
    """

    def __init__(self, listener: Listener, node_id: int, listening: socket.socket) -> None:
        self.listener = listener
        self.broker_address: str = broker_address(node_id)
        self.is_open: bool = True
        """Whether the broker that was started with this door is up; changes under the driver's lock."""
        self._listening = listening
        self._peers: dict[Peer, None] = {}
        self._arrivals: dict[asyncio.Task[object], None] = {}

    def start(self) -> None:
        """In the event loop's thread: accept connections."""
        if self.is_open:
            self.listener.loop.add_reader(self._listening, self._accept)

    def shut(self) -> None:
        """In any thread: nobody comes in any more, and no request of those inside is passed on."""
        self.is_open = False
        refuse(self._listening)

    def close(self) -> None:
        """In the event loop's thread: close the port and every connection."""
        self.listener.loop.remove_reader(self._listening)
        self._listening.close()
        for peer in list(self._peers):
            peer.abort()

    def _accept(self) -> None:
        loop = self.listener.loop
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if self.is_open:
                    # No file descriptors are left, most likely: leave the clients waiting for a while.
                    log.warning("%s cannot accept connections: %s", self.broker_address, error)
                    loop.remove_reader(self._listening)
                    loop.call_later(_ACCEPT_AGAIN_S, self.start)
                return
            accepted.setblocking(False)
            arrival = loop.create_task(loop.connect_accepted_socket(lambda: Peer(self), accepted))
            self._arrivals[arrival] = None
            arrival.add_done_callback(self._arrivals.pop)

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
