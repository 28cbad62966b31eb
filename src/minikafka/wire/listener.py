"""The brokers' ports: callbacks of an event loop, which feed the requests of wire clients to the brokers."""

from __future__ import annotations

import atexit
import os
from collections import deque
from functools import partial

from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.errors import IllegalStateError
from minikafka.logs import logger
from minikafka.wire.addresses import bootstrap_servers
from minikafka.wire.door import Door
from minikafka.wire.gate import Gate
from minikafka.wire.hosts import CallersLoop, OwnLoop
from minikafka.wire.hurry import Hurries
from minikafka.wire.port import Port

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping
    from logging import Logger

    from minikafka.messages.schema import Response
    from minikafka.ports import Endpoint, Transport
    from minikafka.scheduler import Promise
    from minikafka.wire.options import ListenerOptions, Place
    from minikafka.wire.peer import Peer

    Answer = Promise[Response]

log: Logger = logger("wire")

_READ_BYTES = 256 * 1024
"""How much is read from a socket at a time."""


class Listener:
    """Serves a cluster's brokers on one port each.

    `open` and `shut` follow the brokers' lives; they may be called from any thread, with or without the
    driver's lock, and never wait for the event loop.

    Args:
        endpoint: the cluster, as its clients see it.
        places: where each broker listens, up or down, by node id.
        options: how much is taken of a peer.
        on_loop_end: called in the caller's event loop when that ends before the listener. If given, the listener
            lives in that loop, which runs in the calling thread; else in one of its own, on a thread.

    Raises:
        IllegalStateError: the cluster's time is virtual; sockets live in real time.
        IllegalArgumentError: no such host, or a port is taken.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        places: Mapping[int, Place],
        options: ListenerOptions,
        on_loop_end: Callable[[], object] | None = None,
    ) -> None:
        if endpoint.driver.clock_name() == "virtual":
            raise IllegalStateError(
                "a cluster with clock='virtual' cannot listen: clients on sockets live in real time; "
                "start it with clock='system', or with clock='manual' to move its time by advance()"
            )
        self._endpoint = endpoint
        self.options: ListenerOptions = options
        self.network: Transport = endpoint.transport
        self.served = CLIENT_APIS
        self.gate: Gate = Gate(endpoint.driver, endpoint.scheduler)
        prompt = options.prompt_rebalances
        self.hurries: Hurries | None = self._hurries(prompt is True)
        """Which requests of a connection are parked with a promise that ends it; None: none are."""
        self.patient_hurries: Hurries | None = self._hurries(prompt is not False)
        """The same for clients that a held heartbeat keeps from nothing."""
        self.read_buffer: memoryview[int] = memoryview(bytearray(_READ_BYTES))
        self._ports: dict[int, Port] = {}
        try:
            for node_id, place in places.items():
                self._ports[node_id] = Port(place.host, place.port)
            self._host: OwnLoop | CallersLoop = OwnLoop() if on_loop_end is None else CallersLoop(on_loop_end)
        except BaseException:
            self._close_ports()
            raise
        self.addresses: dict[int, tuple[str, int]] = {
            node_id: (place.advertised_host, place.advertised_port or self._ports[node_id].number)
            for node_id, place in places.items()
        }
        """Where clients are told that the brokers are, by node id, up or down."""
        self._doors: dict[int, Door] = {}
        self._answers: deque[tuple[Callable[[Answer], object], Answer]] = deque()
        self._called = False
        self._delivering = False
        self._closed = False
        self._peers: dict[Peer, None] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self.loop: asyncio.AbstractEventLoop = self._host.loop
        self._host.start()
        # Whoever forgets to close a cluster still leaves no socket for the interpreter to complain of.
        self._process_id = os.getpid()
        atexit.register(self._close_at_exit)

    def _hurries(self, prompt_rebalances: bool) -> Hurries | None:
        by_hand = self._endpoint.driver.clock_name() == "manual"
        if not (by_hand or prompt_rebalances):
            return None
        return Hurries(self.run, by_hand=by_hand, prompt_rebalances=prompt_rebalances)

    @property
    def bootstrap_servers(self) -> str:
        """The brokers' addresses, as clients want them: ``"127.0.0.1:41731,127.0.0.1:40197"``."""
        return bootstrap_servers(self.addresses.values())

    # The brokers' lives

    def open(self, node_id: int) -> None:
        """A broker is up: let clients connect to it. Returns with the port open.

        Raises:
            IllegalArgumentError: somebody else has taken its port.
        """
        listening = self._ports[node_id].listen(self.options.socket_listen_backlog_size)
        door = self._doors[node_id] = Door(self, node_id, listening)
        self._in_loop(door.start)

    def shut(self, node_id: int) -> None:
        """A broker is down: its port refuses connections, those that there are get closed."""
        door = self._doors.pop(node_id, None)
        if door is not None:
            door.shut()
            if self.loop.is_closed():
                door.close()
            self._in_loop(door.close)

    def close(self) -> None:
        """Close everything. Closing twice does nothing.

        Called in another thread than the event loop's, it waits until that is done; in the loop, connections are
        gone a few turns later.
        """
        with self._endpoint.driver.lock:
            if self._closed:
                return
            self._closed = True
            doors, self._doors = list(self._doors.values()), {}
        atexit.unregister(self._close_at_exit)
        for door in doors:
            door.shut()

        def last() -> None:
            for door in doors:
                door.close()

        if self.loop.is_closed():
            last()  # nobody is to be waited for, and who holds the lock may keep it
        else:
            with self._endpoint.driver.released():
                self._host.end(last)
        self._close_ports()

    def _close_at_exit(self) -> None:
        # A forked child ends with the same list of what is to be done; the sockets are its parent's.
        if os.getpid() == self._process_id:
            self.close()

    async def aclose(self) -> None:
        """`close`, and wait until every connection is gone; in the event loop that the listener lives in."""
        self.close()
        if isinstance(self._host, CallersLoop):
            await self._host.ended()

    def _close_ports(self) -> None:
        for port in self._ports.values():
            port.close()

    # What runs in the event loop

    def _in_loop(self, call: Callable[[], object]) -> None:
        try:
            self.loop.call_soon_threadsafe(self.guarded, call)
        except RuntimeError:
            if not self.loop.is_closed():
                raise  # else there is nothing any more that could be called

    def guarded(self, call: Callable[[], object]) -> None:
        """Call, and keep what it raises: that is nobody's but ours, and a caller's loop would not tell us."""
        try:
            call()
        except Exception as bug:
            self.report(bug)

    def report(self, error: Exception) -> None:
        """An exception that is nobody's but ours: the cluster keeps it."""
        with self._endpoint.driver.lock:
            self._endpoint.scheduler.report_failure(error)

    def new_address(self) -> str:
        """A network address for a new connection."""
        with self._endpoint.driver.lock:
            return self._endpoint.new_address("client")

    # Answers that had to be waited for

    def run(self, work: Callable[[], object]) -> None:
        """In the event loop's thread: do something inside the gate, and deliver the answers that come of it."""
        self.guarded(lambda: self.gate.run(work))
        self.deliver_answers()

    def deliver_later(self, deliver: Callable[[Answer], object], answer: Answer) -> None:
        """Have `deliver(answer)` called by the event loop's thread.

        To be called under the driver's lock, in any thread.
        """
        self._answers.append((deliver, answer))
        if not self.gate.inside and not self._called and not self._closed:
            # One call wakes the loop for all the answers of a turn.
            self._called = True
            self._in_loop(self._called_in)

    def _called_in(self) -> None:
        self._called = False
        self.deliver_answers()

    def deliver_answers(self) -> None:
        """Deliver the answers that are there now, and those that come of it."""
        if self._delivering or not self._answers:
            return
        self._delivering = True
        try:
            while self._answers:
                deliver, answer = self._answers.popleft()
                self.guarded(partial(deliver, answer))
        finally:
            self._delivering = False

    # Connections that nobody uses

    def watch(self, peer: Peer) -> None:
        """A connection was made: close it when it idles."""
        self._peers[peer] = None
        idle_ms = self.options.connections_max_idle_ms
        if self._sweep is None and idle_ms >= 0:
            self._sweep = self.loop.call_later(idle_ms / 1000, self.guarded, self._close_idle)

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
        self._sweep = self.loop.call_at(earliest, self.guarded, self._close_idle)
