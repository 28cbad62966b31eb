"""`Gateway`: loopback ports that lead to a real cluster's brokers, and translate names on the way.

Every client that is told the gateway's address, of whatever library and process, sees the topics and groups of
one test under the test's own names; what it is told of brokers leads back to the gateway. Record batches pass
unopened. It is an event loop on a thread of its own.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from minikafka.codec import ProtocolError
from minikafka.logs import logger
from minikafka.remote.frames import Frames, framed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Coroutine, Iterable
    from logging import Logger
    from typing import Any, TypeVar

    from minikafka.remote.translation import Translator

    T = TypeVar("T")
    Address = tuple[str, int]

log: Logger = logger("remote")

HOST = "127.0.0.1"
_MAX_FRAME_BYTES = 2**31 - 1
_CLOSE_TIMEOUT_S = 10
_CONNECT_TIMEOUT_S = 10


class Gateway:
    """Carries connections to the brokers of a cluster until it is closed.

    Args:
        brokers: the real brokers' addresses by node id.
        translator: between the test's names and the cluster's.
    """

    def __init__(self, brokers: Iterable[tuple[int, Address]], translator: Translator) -> None:
        self._translator = translator
        self._brokers: dict[int, Address] = {}
        self.addresses: dict[int, Address] = {}
        """Where clients reach each broker, by node id."""
        self._servers: list[asyncio.Server] = []
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="minikafka-gateway", daemon=True)
        self._thread.start()
        try:
            for node_id, address in brokers:
                self._call(self._open(node_id, address))
        except BaseException:
            self.close()
            raise

    @property
    def bootstrap_servers(self) -> str:
        """The gateway's ports, as clients want them: ``"127.0.0.1:41731,127.0.0.1:40197"``."""
        return ",".join(f"{host}:{port}" for host, port in self.addresses.values())

    def close(self) -> None:
        """End every connection and the thread. Closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_TIMEOUT_S)

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    # On the event loop

    async def _open(self, node_id: int, address: Address) -> None:
        """Let clients reach a broker, where it is known to be now."""
        self._brokers[node_id] = address
        if node_id in self.addresses:
            return
        server = await asyncio.start_server(
            lambda reader, writer: self._serve(node_id, reader, writer), HOST, 0
        )
        self._servers.append(server)
        self.addresses[node_id] = (HOST, server.sockets[0].getsockname()[1])

    async def _shut(self) -> None:
        for server in self._servers:
            server.close()
        # A connection that was accepted a moment ago has a task that has not begun.
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, node_id: int, reader: StreamReader, writer: StreamWriter) -> None:
        """One client's connection."""
        writers = [writer]
        try:
            host, port = self._brokers[node_id]
            upstream, to_broker = await asyncio.wait_for(
                asyncio.open_connection(host, port), _CONNECT_TIMEOUT_S
            )
            writers.append(to_broker)
            frames = Frames(self._translator, self.addresses)
            await _first_of(
                self._carry_requests(frames, reader, to_broker, writer),
                self._carry_responses(frames, upstream, writer),
            )
        except (OSError, TimeoutError, ProtocolError) as error:
            log.info("a connection to broker %d ends: %s", node_id, str(error) or type(error).__name__)
        except asyncio.CancelledError:
            for each in writers:  # the gateway closes: nobody waits for what is not read
                each.transport.abort()
        finally:
            for each in writers:
                each.close()
            for each in writers:
                with suppress(OSError, asyncio.CancelledError):
                    await each.wait_closed()

    async def _carry_requests(
        self, frames: Frames, reader: StreamReader, to_broker: StreamWriter, to_client: StreamWriter
    ) -> None:
        while (frame := await _read_frame(reader)) is not None:
            request, answer = frames.request(frame)
            if request is not None:
                to_broker.write(framed(request))
                await to_broker.drain()
            if answer is not None:
                to_client.write(framed(answer))

    async def _carry_responses(self, frames: Frames, reader: StreamReader, to_client: StreamWriter) -> None:
        while (frame := await _read_frame(reader)) is not None:
            answer, decoded = frames.response(frame)
            if decoded is not None:
                response, version = decoded
                for node_id, address in _brokers_in(response):
                    await self._open(node_id, address)
                answer = frames.answer(answer, response, version)
            to_client.write(framed(answer))
            await to_client.drain()


async def _first_of(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until one of them ends; raises what that one raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read_frame(reader: StreamReader) -> bytes | None:
    """The next frame without its size; None when the other end has closed."""
    try:
        size = int.from_bytes(await reader.readexactly(4), "big", signed=True)
        if not 0 <= size <= _MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {size} bytes")
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        return None


def _brokers_in(response: Any) -> list[tuple[int, Address]]:
    """The brokers that a response tells the addresses of."""
    found: list[tuple[int, Address]] = []
    for node in [*getattr(response, "brokers", ()), *getattr(response, "node_endpoints", ())]:
        found.append((node.node_id if hasattr(node, "node_id") else node.broker_id, (node.host, node.port)))
    if response.api_name == "FindCoordinator":
        for node in response.coordinators or [response]:
            if node.node_id >= 0:
                found.append((node.node_id, (node.host, node.port)))
    return found
