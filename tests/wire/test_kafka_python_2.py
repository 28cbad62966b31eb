"""kafka-python 2 by sockets: it runs in an environment of its own, for it cannot be installed beside version 3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from interop.failover import OPTIONS, kill_brokers_under
from interop.process import Process, python

from minikafka import MiniKafka, TopicPartition

kafka_python = pytest.importorskip("kafka")

pytestmark = [
    pytest.mark.skipif(not kafka_python.__version__.startswith("2."), reason="needs kafka-python 2"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]

CODECS = [None, "gzip", "snappy", "lz4", "zstd"]
WAIT_S = 10


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.mark.parametrize("codec", CODECS)
def test_records_with_keys_headers_and_nulls(kafka: MiniKafka, codec: str | None) -> None:
    kafka.create_topic("t")
    servers = kafka.listening_on
    with closing(kafka_python.KafkaProducer(bootstrap_servers=servers, compression_type=codec)) as producer:
        for value in (b"a" * 100, None):
            producer.send("t", value, key=b"k", headers=[("h", b"1")]).get(WAIT_S)
    (batch, _) = [
        batch for segment in kafka.logs(1)[TopicPartition("t", 0)].segments for batch in segment.batches
    ]
    assert batch.compression == CODECS.index(codec)
    consumer = kafka_python.KafkaConsumer(
        "t", bootstrap_servers=servers, group_id="g", auto_offset_reset="earliest"
    )
    with closing(consumer):
        records = [next(consumer) for _ in range(2)]
        consumer.commit()
    assert [(each.key, each.value, each.headers) for each in records] == [
        (b"k", b"a" * 100, [("h", b"1")]),
        (b"k", None, [("h", b"1")]),
    ]
    assert kafka.group("g").committed[TopicPartition("t", 0)] == 2


def test_a_group_with_an_in_process_member(listening: Callable[..., MiniKafka], stack: ExitStack) -> None:
    kafka = listening(group_min_session_timeout_ms=1)
    kafka.create_topic("t", 6)
    options: dict[str, Any] = {"auto_offset_reset": "earliest", "heartbeat_interval_ms": 100}
    mine = stack.enter_context(closing(kafka.consumer("t", group_id="g", **options)))
    members = []
    for _ in range(2):
        members.append(Process([*python("kafka_python_2"), "member", kafka.listening_on or "", "t", "g"]))
        stack.callback(members[-1].kill)

    def shared() -> bool:
        mine.poll(timeout_ms=20)
        owned = [each.assigned or frozenset() for each in members]
        owned.append(frozenset(each.partition for each in mine.assignment()))
        return all(owned) and sorted(part for each in owned for part in each) == list(range(6))

    members[0].wait_for(shared, "three members share the partitions")
    members.pop().kill()
    members[0].wait_for(shared, "a member crashed")
    members.pop().end()
    for _ in range(10 * WAIT_S):
        mine.poll(timeout_ms=100)
        if len(mine.assignment()) == 6:
            break
    assert len(mine.assignment()) == 6


def test_brokers_die_under_load(listening: Callable[..., MiniKafka], stack: ExitStack) -> None:
    kafka = listening(**OPTIONS)
    kafka.create_topic("t", 1, 3, configs={"min.insync.replicas": 2})
    load = Process([*python("kafka_python_2"), "load", kafka.listening_on or "", "t"])
    stack.callback(load.kill)
    kill_brokers_under(load, kafka, "t")
