"""Records of every compression, with keys, headers and nulls: written and read by each client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
T0 = TopicPartition("t", 0)


def test_every_compression_is_written_and_read(kafka: MiniKafka, program: Any) -> None:
    kafka.create_topic("t")
    servers = kafka.listening_on
    values = [f"value-{number}" * 20 for number in range(5)]
    for codec in CODECS:
        program.produce(servers, "t", codec, values)
    assert [record.value for record in kafka.records("t")] == [each.encode() for each in values * 5]
    log = kafka.logs(1)[T0]
    codecs = {batch.compression for segment in log.segments for batch in segment.batches}
    assert codecs == set(range(5))
    read = program.consume(servers, "t", "g", 25)
    assert read == [("k", value, (("h", "1"),)) for value in values * 5]
    assert kafka.group("g").committed[T0] == 25
    assert not kafka.group("g").members


def test_null_values(kafka: MiniKafka, program: Any) -> None:
    kafka.create_topic("t")
    program.produce(kafka.listening_on, "t", "none", ["a", None])
    assert [record.value for record in kafka.records("t")] == [b"a", None]
    assert [record.value for record in program.consume(kafka.listening_on, "t", "g", 2)] == ["a", None]


def test_each_goes_on_where_another_one_committed(kafka: MiniKafka, programs: dict[str, Any]) -> None:
    kafka.create_topic("t")
    values = [str(number) for number in range(2 * len(programs) + 2)]
    with_producer = kafka.producer()
    for value in values:
        with_producer.send("t", value.encode()).get(timeout=10)
    with_producer.close()
    read = []
    for each in programs.values():
        read += [record.value for record in each.consume(kafka.listening_on, "t", "g", 2)]
        assert kafka.group("g").committed[T0] == len(read)
    consumer = kafka.consumer("t", group_id="g", auto_offset_reset="earliest")
    read += [next(consumer).value.decode() for _ in range(2)]
    consumer.close()
    assert read == values


def test_unknown_topics_are_made_when_they_are_asked_for(kafka: MiniKafka, program: Any) -> None:
    program.produce(kafka.listening_on, "new", "none", ["a"])
    assert [record.value for record in kafka.records("new")] == [b"a"]


@pytest.mark.parametrize("size", [900_000])
def test_large_records(kafka: MiniKafka, programs: dict[str, Any], size: int) -> None:
    kafka.create_topic("t", configs={"max.message.bytes": 2_000_000})
    producer = kafka.producer(max_request_size=2_000_000)
    producer.send("t", b"x" * size).get(timeout=10)
    producer.close()
    for name, each in programs.items():
        (record,) = each.consume(kafka.listening_on, "t", name, 1)
        assert len(record.value) == size


Listening = Callable[..., MiniKafka]


def test_many_partitions_on_three_brokers(listening: Listening, program: Any) -> None:
    kafka = listening(3)
    kafka.create_topic("t", 60, 3)
    producer = kafka.producer()
    for partition in range(60):
        producer.send("t", b"%d" % partition, partition=partition).get(timeout=10)
    producer.close()
    read = program.consume(kafka.listening_on, "t", "g", 60)
    assert sorted(int(record.value) for record in read) == list(range(60))
