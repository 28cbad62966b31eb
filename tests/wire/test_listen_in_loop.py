"""The listener in the caller's event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition
from minikafka.errors import IllegalArgumentError, IllegalStateError
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.metadata import MetadataRequest

aiokafka = pytest.importorskip("aiokafka")

WAIT_S = 10
Connect = Callable[[str], Any]


def threads() -> list[str]:
    """The names of the library's threads."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("minikafka"))


def run(main: Callable[[], Awaitable[Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(main(), WAIT_S))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("clock", ["system", "manual"])
def test_a_single_threaded_application_needs_no_thread(clock: str) -> None:
    async def main() -> list[bytes]:
        async with MiniKafka(3, clock=clock) as kafka:
            servers = await kafka.listen_in_loop()
            assert servers == kafka.listening_on
            assert threads() == []
            kafka.create_topic("t", 2, 3)
            producer = aiokafka.AIOKafkaProducer(bootstrap_servers=servers, acks="all")
            consumer = aiokafka.AIOKafkaConsumer(
                "t", bootstrap_servers=servers, group_id="g", auto_offset_reset="earliest"
            )
            await asyncio.gather(producer.start(), consumer.start())
            for index in range(10):
                await producer.send_and_wait("t", b"%d" % index)
            found = [(await consumer.getone()).value for _ in range(10)]
            await consumer.commit()
            assert sum(kafka.group("g").committed.values()) == 10
            await asyncio.gather(producer.stop(), consumer.stop())
            assert threads() == []
            return found

    assert sorted(run(main)) == [b"%d" % index for index in range(10)]
    assert threads() == []


def test_timers_of_the_cluster_fire_in_the_loop(connect: Connect) -> None:
    """A dead broker's session times out, and its partitions get another leader."""

    async def main() -> None:
        async with MiniKafka(2, clock="system", broker_session_timeout_ms=20) as kafka:
            await kafka.listen_in_loop()
            kafka.create_topic("t", 1, 2)
            leader = kafka.topic("t").partitions[0].leader
            assert leader is not None
            kafka.kill(leader)
            while kafka.image.topics["t"].partitions[0].leader in (leader, -1):
                await asyncio.sleep(0)

    run(main)


def test_an_in_process_client_in_the_loop(connect: Connect) -> None:
    """Its blocking calls turn the cluster themselves; what it sends without waiting, the loop delivers."""

    async def main() -> None:
        async with MiniKafka(clock="system") as kafka:
            servers = await kafka.listen_in_loop()
            kafka.create_topic("t")
            consumer = aiokafka.AIOKafkaConsumer("t", bootstrap_servers=servers, auto_offset_reset="earliest")
            await consumer.start()
            with kafka.producer() as producer:
                producer.send("t", b"waited for").get(timeout=WAIT_S)
                producer.send("t", b"let go")
                assert [(await consumer.getone()).value for _ in range(2)] == [b"waited for", b"let go"]
            await consumer.stop()

    run(main)


def test_a_client_in_another_thread(connect: Connect) -> None:
    async def main() -> None:
        async with MiniKafka(clock="system") as kafka:
            servers = await kafka.listen_in_loop()
            kafka.create_topic("t")

            def work() -> list[bytes]:
                client = connect(servers)
                assert client.ask(MetadataRequest(topics=[]), 9).brokers
                with kafka.producer() as producer, kafka.consumer() as consumer:
                    producer.send("t", b"v").get(timeout=WAIT_S)
                    consumer.assign([TopicPartition("t", 0)])
                    consumer.seek_to_beginning()
                    return [each.value for each in consumer.poll(timeout_ms=WAIT_S * 1000).popitem()[1]]

            assert await asyncio.get_running_loop().run_in_executor(None, work) == [b"v"]

    run(main)


def test_brokers_close_and_reopen_their_ports(connect: Connect) -> None:
    async def main() -> None:
        async with MiniKafka(2, clock="system") as kafka:
            first, second = (await kafka.listen_in_loop()).split(",")
            run_in_thread = asyncio.get_running_loop().run_in_executor
            client = await run_in_thread(None, connect, first)
            await run_in_thread(None, client.ask, ApiVersionsRequest(), 0)
            kafka.kill(1)
            with pytest.raises(ConnectionRefusedError):
                connect(first)
            assert await run_in_thread(None, client.is_closed)
            kafka.start(1)
            for address in (first, second):
                again = await run_in_thread(None, connect, address)
                await run_in_thread(None, again.ask, ApiVersionsRequest(), 0)

    run(main)


@pytest.mark.parametrize(
    "how", ["aclose", "close in the loop", "close in a thread", "the loop ends", "never"]
)
def test_every_way_to_close_leaves_nothing(connect: Connect, how: str) -> None:
    """A file or a transport that is left would be a ResourceWarning, and so an error."""

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0

    async def main() -> MiniKafka:
        kafka = MiniKafka(clock="system")
        client = connect(await kafka.listen_in_loop())
        run_in_thread = asyncio.get_running_loop().run_in_executor
        await run_in_thread(None, client.ask, ApiVersionsRequest(), 0)
        just_connected = connect(kafka.listening_on or "")
        if how == "aclose":
            await kafka.aclose()
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert "minikafka-wire" not in names
        elif how == "close in the loop":
            kafka.close()
        elif how == "close in a thread":
            await run_in_thread(None, kafka.close)
        if how not in ("the loop ends", "never"):
            assert await run_in_thread(None, client.is_closed)
            assert await run_in_thread(None, just_connected.is_closed)
        client.close()
        just_connected.close()
        return kafka

    before = open_files()
    kafka = run(main)
    if how == "the loop ends":
        assert kafka.listening_on is None
        assert threads() == ["minikafka-clock"]
        kafka.create_topic("t")
        address = kafka.listen()
        client = connect(address)
        client.ask(ApiVersionsRequest(), 0)
        client.close()
    kafka.close()
    assert threads() == []
    gc.collect()
    assert open_files() <= before


def test_what_cannot_be_listened_on_leaves_a_cluster_that_can_listen() -> None:
    async def main() -> None:
        async with MiniKafka(clock="system") as kafka:
            with pytest.raises(IllegalArgumentError):
                await kafka.listen_in_loop("no.such.host.invalid")
            assert threads() == ["minikafka-clock"]
            await kafka.listen_in_loop()
            with pytest.raises(IllegalStateError, match="listens already"):
                await kafka.listen_in_loop()
            with pytest.raises(IllegalStateError, match="listens already"):
                kafka.listen()
            assert threads() == []
        async with MiniKafka() as virtual:
            with pytest.raises(IllegalStateError, match="clock='manual'"):
                await virtual.listen_in_loop()

    run(main)


def test_a_bug_is_kept_by_the_cluster_and_not_by_the_loop(connect: Connect) -> None:
    async def main() -> None:
        heard: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
        kafka = MiniKafka(clock="system")
        client = connect(await kafka.listen_in_loop())
        kafka._listener.served = None  # type: ignore[union-attr, assignment] - no request can be read
        client.send(MetadataRequest(topics=[]), 9)
        assert await asyncio.get_running_loop().run_in_executor(None, client.is_closed)
        assert heard == []
        with pytest.raises(Exception, match="poisoned"):
            await kafka.aclose()
        assert threads() == []

    run(main)


def test_a_thread_listener_closed_from_a_loop() -> None:
    async def main() -> None:
        async with MiniKafka(clock="system") as kafka:
            kafka.listen()
            assert threads() == ["minikafka-clock", "minikafka-wire"]
        assert threads() == []

    run(main)


def test_a_connection_that_is_accepted_as_the_loop_ends(connect: Connect) -> None:
    """Whatever turn of the loop it has come to, its socket is closed."""

    async def main(turns: int) -> MiniKafka:
        kafka = MiniKafka(clock="system")
        servers = await kafka.listen_in_loop()
        await asyncio.sleep(0)
        connect(servers)
        for _ in range(turns):
            await asyncio.sleep(0)
        return kafka

    for turns in range(6):
        asyncio.run(main(turns)).close()
        gc.collect()


def test_a_loop_that_its_owner_closes_without_a_word(connect: Connect) -> None:
    """The cluster listens no longer, and neither it nor its end needs the loop any more."""
    kafka = MiniKafka(2, clock="system")
    loop = asyncio.new_event_loop()
    servers = loop.run_until_complete(kafka.listen_in_loop())
    loop.close()
    assert kafka.listening_on is None
    kafka.create_topic("t")
    with pytest.raises(ConnectionRefusedError):
        connect(servers.split(",")[0])
    with kafka.producer() as producer:
        producer.send("t", b"v").get(timeout=WAIT_S)
    kafka.kill(1)
    kafka.start(1)
    kafka.close()
    with pytest.raises(ConnectionRefusedError):
        connect(servers.split(",")[0])
    assert threads() == []


@pytest.mark.parametrize("worked", [False, True])
def test_listening_again_after_a_loop_that_was_closed_without_a_word(connect: Connect, worked: bool) -> None:
    kafka = MiniKafka(2, clock="system")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(kafka.listen_in_loop())
    loop.close()
    if worked:
        kafka.create_topic("t")
    kafka.kill(1)
    kafka.start(1)
    for address in kafka.listen().split(","):
        connect(address).ask(ApiVersionsRequest(), 0)
    assert threads() == ["minikafka-clock", "minikafka-wire"]
    kafka.close()
    assert threads() == []


def test_a_loop_that_stands_still(connect: Connect) -> None:
    """Closed in another thread while the loop is between two runs."""
    kafka = MiniKafka(clock="system")
    loop = asyncio.new_event_loop()
    servers = loop.run_until_complete(kafka.listen_in_loop())
    client = connect(servers)
    loop.run_until_complete(asyncio.sleep(0))
    thread = threading.Thread(target=kafka.close)
    thread.start()
    thread.join(WAIT_S)
    assert threads() == []
    loop.run_until_complete(kafka.aclose())
    loop.run_until_complete(asyncio.sleep(0))
    assert client.is_closed()
    tasks = asyncio.all_tasks(loop)
    loop.run_until_complete(asyncio.gather(*tasks))
    loop.close()


def test_where_no_loop_runs_no_port_is_kept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with MiniKafka(clock="system") as kafka:
        with pytest.raises(RuntimeError, match="no running event loop"):
            kafka.listen_in_loop(port=port).send(None)
        with socket.socket() as other:
            other.bind(("127.0.0.1", port))
    assert kafka.listening_on is None
