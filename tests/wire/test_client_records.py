"""Records of every shape: written by each Python client, seen in the log, read by each."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from interop.records import Record

from minikafka import MiniKafka

kafka_python = pytest.importorskip("kafka")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

CLIENTS = {
    f"kafka_python_{kafka_python.__version__[0]}": "kafka",
    "aio_kafka": "aiokafka",
    "confluent": "confluent_kafka",
}


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    pytest.importorskip(CLIENTS[request.param])
    yield importlib.import_module(f"interop.{request.param}")
    gc.collect()  # what a client forgot to close is its own affair


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
