"""Records of every shape: written by each Python client, seen in the log, read by each."""

from __future__ import annotations

import gc
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from interop.records import Record

from minikafka import MiniKafka, TopicPartition

kafka_python = pytest.importorskip("kafka")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

CLIENTS = {
    f"kafka_python_{kafka_python.__version__[0]}": "kafka",
    "aio_kafka": "aiokafka",
    "confluent": "confluent_kafka",
}


@pytest.fixture
def tidy() -> Iterator[None]:
    """What a client forgot to close is its own affair."""
    yield
    gc.collect()


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, tidy: None) -> Any:
    pytest.importorskip(CLIENTS[request.param])
    return importlib.import_module(f"interop.{request.param}")


def test_nulls_empties_and_headers(kafka: MiniKafka, client: Any) -> None:
    records = [
        Record(0, key, value, headers)
        for key in (None, b"", b"key")
        for value in (None, b"", b"value")
        if (key, value) != (None, None)  # kafka-python and aiokafka refuse to send that
        for headers in ((), (("h", b"1"), ("h", b""), ("\u00fc", b"\xff")))
    ]
    kafka.create_topic("t")
    client.write(kafka.listening_on, "t", records)
    kept = [Record(each.partition, each.key, each.value, tuple(each.headers)) for each in kafka.records("t")]
    assert kept == records
    assert client.read(kafka.listening_on, "t", 1, len(records)) == records


def test_a_large_record(kafka: MiniKafka, client: Any) -> None:
    kafka.create_topic("t", configs={"max.message.bytes": 10_000_000})
    records = [Record(0, None, bytes(5_000_000)), Record(0, None, b"after it")]
    client.write(kafka.listening_on, "t", records)
    assert client.read(kafka.listening_on, "t", 1, 2) == records


def test_many_partitions(listening: Callable[..., MiniKafka], client: Any) -> None:
    kafka = listening(brokers=3)
    kafka.create_topic("t", 100, 3)
    records = [Record(partition, b"k", b"%d" % partition) for partition in range(100)]
    client.write(kafka.listening_on, "t", records)
    assert sorted(client.read(kafka.listening_on, "t", 100, 100)) == records


def test_each_goes_on_where_another_one_committed(kafka: MiniKafka, tidy: None) -> None:
    kafka.create_topic("t")
    written = [Record(0, b"k", b"%d" % number) for number in range(10)]
    clients = [
        importlib.import_module(f"interop.{name}")
        for name, needs in CLIENTS.items()
        if importlib.util.find_spec(needs)
    ]
    clients[0].write(kafka.listening_on, "t", written)
    taken: list[bytes] = []
    for client in clients:
        taken += client.take(kafka.listening_on, "t", "g", 2)
        assert kafka.group("g").committed[TopicPartition("t", 0)] == len(taken)
    with closing(kafka.consumer("t", group_id="g", auto_offset_reset="earliest")) as mine:
        taken += [next(mine).value for _ in range(2)]
    assert taken == [record.value for record in written[: len(taken)]]
