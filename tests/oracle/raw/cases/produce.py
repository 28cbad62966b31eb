"""Produce: what is appended, and all that a broker does not take."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.names import TOO_LONG
from tests.oracle.raw.scene import Topic, batch

from minikafka.crc32c import crc32c
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData

if TYPE_CHECKING:
    from tests.oracle.raw.scene import Scene

NOWHERE = Topic("nowhere", bytes(range(1, 17)))
"""A topic that there is not."""
_FAR_FUTURE = 4_000_000_000_000


def produce(topic: Topic, *data: bytes | None, partition: int = 0, **options: Any) -> ProduceRequest:
    """A request with one batch (or several) for one partition."""
    return request(of(topic, *((partition, each) for each in data)), **options)


def of(topic: Topic, *partitions: tuple[int, bytes | None]) -> TopicProduceData:
    """One topic's part of a request."""
    return TopicProduceData(
        name=topic.name,
        topic_id=topic.id,
        partition_data=[PartitionProduceData(index=index, records=data) for index, data in partitions],
    )


def request(
    *topics: TopicProduceData, acks: int = -1, timeout_ms: int = 10_000, tid: str | None = None
) -> ProduceRequest:
    """A whole request."""
    return ProduceRequest(acks=acks, timeout_ms=timeout_ms, transactional_id=tid, topic_data=list(topics))


def good(count: int = 1, **options: Any) -> bytes:
    """A batch as bytes."""
    return batch(count, **options).encode()


def patched(data: bytes, position: int, layout: str, value: int, *, crc: bool = True) -> bytes:
    """A batch with another value in its header, and a CRC that fits unless told otherwise."""
    out = bytearray(data)
    struct.pack_into(">" + layout, out, position, value)
    if crc:
        struct.pack_into(">I", out, 17, crc32c(bytes(out[21:])))
    return bytes(out)


LENGTH, EPOCH, MAGIC, CRC, ATTRIBUTES, LAST_DELTA = (
    (8, "i"),
    (12, "i"),
    (16, "b"),
    (17, "I"),
    (21, "h"),
    (23, "i"),
)
MAX_TIMESTAMP, PRODUCER_ID, PRODUCER_EPOCH, SEQUENCE, COUNT = (
    (35, "q"),
    (43, "q"),
    (51, "h"),
    (53, "i"),
    (57, "i"),
)


def odd(place: tuple[int, str], value: int, count: int = 2, **options: Any) -> Any:
    """A case whose batch has an odd value in its header."""
    crc = options.pop("crc", True)
    return lambda s: produce(s.topic(), patched(good(count, **options), *place, value, crc=crc))


def legacy(magic: int) -> bytes:
    """A message of the old format: magic 0 or 1, without a key."""
    body = struct.pack(">bb", magic, 0) + (struct.pack(">q", 5) if magic else b"") + struct.pack(">i", -1)
    body += struct.pack(">i", 5) + b"value"
    import zlib

    message = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", 0, len(message)) + message


def with_value(value: bytes | None, key: bytes | None = b"k", headers: Any = ()) -> bytes:
    """A batch of one record."""
    return RecordBatch.build([(0, 1_000_000, key, value, headers)]).encode()


def ends_of(topic: Topic) -> ListOffsetsRequest:
    """Asks for the log's end afterwards."""
    return ListOffsetsRequest(
        replica_id=-1,
        topics=[
            ListOffsetsTopic(
                name=topic.name, partitions=[ListOffsetsPartition(partition_index=0, timestamp=-1)]
            )
        ],
    )


def _then_end(make: Any) -> Any:
    def build(s: Scene) -> Any:
        topic = s.topic()
        return [make(topic), ends_of(topic)]

    return build


def _idempotent(*sequences: tuple[int, int], count: int = 1) -> Any:
    """Batches of one producer by (epoch, sequence); the last is the one that is asked about."""

    def build(s: Scene) -> Any:
        topic = s.topic()
        producer_id = s.producer_id()

        def one(epoch: int, sequence: int) -> RecordBatch:
            return batch(count, producer_id=producer_id, producer_epoch=epoch, base_sequence=sequence)

        for epoch, sequence in sequences[:-1]:
            s.produce(topic, one(epoch, sequence))
        return [produce(topic, one(*sequences[-1]).encode()), ends_of(topic)]

    return build


def _compressed(codec: int) -> Any:
    return lambda s: produce(s.topic(), good(20, value=b"v" * 50, compression=codec))


CASES = table(
    "Produce",
    lambda s: produce(NOWHERE, good()),
    good={
        "one record": lambda s: produce(s.topic(), good()),
        "many records, acks=1": lambda s: produce(s.topic(), good(50), acks=1),
        "acks=0": _then_end(lambda topic: produce(topic, good(), acks=0)),
        "two partitions": lambda s: request(of(s.topic(partitions=2), (0, good()), (1, good(3)))),
        "two topics": lambda s: request(of(s.topic("a"), (0, good())), of(s.topic("b"), (0, good()))),
        "after others": lambda s: (topic := s.topic(), s.produce(topic, batch(3)), produce(topic, good()))[
            -1
        ],
        "null key and value": lambda s: produce(s.topic(), with_value(None, None)),
        "headers": lambda s: produce(
            s.topic(), with_value(b"v", headers=[("a", b"1"), ("a", None), ("", b"")])
        ),
        "gzip": _compressed(1),
        "snappy": _compressed(2),
        "lz4": _compressed(3),
        "zstd": _compressed(4),
        "LogAppendTime": lambda s: produce(s.topic(message_timestamp_type="LogAppendTime"), good()),
        "a topic that recodes": lambda s: produce(s.topic(compression_type="gzip"), good(20)),
        "first sequence": _idempotent((0, 0)),
        "next sequence": _idempotent((0, 0), (0, 1)),
        "a new epoch": _idempotent((0, 0), (1, 0)),
        "a repeated batch": _idempotent((0, 0), (0, 1), (0, 0)),
        "a base offset that is not 0": odd((0, "q"), 77),
        "a leader epoch that is not -1": odd(EPOCH, 12),
        "after the log start moved": lambda s: (
            topic := s.topic(),
            s.produce(topic, batch(3)),
            s.delete_records(topic, 2),
            produce(topic, good()),
        )[-1],
    },
    bad={
        "unknown topic": lambda s: produce(NOWHERE, good()),
        "unknown partition": lambda s: produce(s.topic(), good(), partition=1),
        "negative partition": lambda s: produce(s.topic(), good(), partition=-1),
        "no topic name and no id": lambda s: produce(Topic("", bytes(16)), good()),
        "a topic name that is none": lambda s: produce(Topic("no/topic", bytes(16)), good()),
        "a topic name that is too long": lambda s: produce(Topic(TOO_LONG, bytes(16)), good()),
        "an internal topic": lambda s: (
            s.coordinator("some"),
            produce(_offsets_topic(s), good()),
        )[-1],
        "acks=2": lambda s: produce(s.topic(), good(), acks=2),
        "acks=-2": lambda s: produce(s.topic(), good(), acks=-2),
        "acks=0 and an unknown topic": lambda s: produce(NOWHERE, good(), acks=0),
        "acks=0 and a bad CRC": lambda s: produce(s.topic(), patched(good(), *CRC, 1, crc=False), acks=0),
        "a timeout of -1": lambda s: produce(s.topic(), good(), timeout_ms=-1),
        "no topics": lambda s: request(),
        "no partitions": lambda s: request(of(s.topic())),
        "a topic twice": lambda s: request(*[of(topic := s.topic(), (0, good())), of(topic, (0, good(2)))]),
        "a partition twice": lambda s: produce(s.topic(), good(), good(2)),
        "one good and one bad partition": lambda s: request(of(s.topic(), (0, good()), (5, good()))),
        # Kafka never answers, so it is asked once only.
        "null records": case(lambda s: produce(s.topic(), None), first=13),
        "empty records": lambda s: produce(s.topic(), b""),
        "two batches": _then_end(lambda topic: produce(topic, good() + good())),
        "magic 0": lambda s: produce(s.topic(), legacy(0)),
        "magic 1": lambda s: produce(s.topic(), legacy(1)),
        "magic 3": odd(MAGIC, 3),
        "magic -1": odd(MAGIC, -1),
        "a bad CRC": odd(CRC, 12345, crc=False),
        "a bad CRC beside a good batch": lambda s: request(
            of(s.topic(partitions=2), (0, good()), (1, patched(good(), *CRC, 1, crc=False)))
        ),
        "a batch that lacks its last byte": lambda s: produce(s.topic(), good()[:-1]),
        "a byte behind the batch": lambda s: produce(s.topic(), good() + b"\0"),
        "half a header": lambda s: produce(s.topic(), good()[:30]),
        "a length that is too large": odd(LENGTH, 10_000, crc=False),
        "a length that is too small": odd(LENGTH, 20, crc=False),
        "a length of 0": odd(LENGTH, 0, crc=False),
        "a negative length": odd(LENGTH, -1, crc=False),
        "a count of 0": odd(COUNT, 0),
        "a count that is too large": odd(COUNT, 3),
        "a count that is too small": odd(COUNT, 1),
        "a negative count": odd(COUNT, -1),
        "a last offset that does not fit": odd(LAST_DELTA, 5),
        "a negative last offset": odd(LAST_DELTA, -1),
        "a maximum timestamp that is wrong": odd(MAX_TIMESTAMP, 5),
        "codec 5": odd(ATTRIBUTES, 5),
        "codec 7": odd(ATTRIBUTES, 7),
        "gzip that is none": odd(ATTRIBUTES, 1),
        "zstd that is none": odd(ATTRIBUTES, 4),
        "a control batch": odd(ATTRIBUTES, 0x20),
        "LogAppendTime of a client": odd(ATTRIBUTES, 0x08),
        "a delete horizon": odd(ATTRIBUTES, 0x40),
        "an unknown attribute": odd(ATTRIBUTES, 0x100),
        "transactional, without an id": odd(ATTRIBUTES, 0x10),
        "transactional, without an id, of a producer": lambda s: produce(
            s.topic(), good(producer_id=5, producer_epoch=0, base_sequence=0, is_transactional=True)
        ),
        "timestamp of the far future": lambda s: produce(s.topic(), good(3, timestamp=_FAR_FUTURE)),
        "timestamp of the far past": lambda s: produce(
            s.topic(message_timestamp_before_max_ms=1000), good(2, timestamp=1000)
        ),
        "negative timestamp": lambda s: produce(s.topic(), good(timestamp=-2)),
        "too large for the topic": lambda s: produce(s.topic(max_message_bytes=100), good(value=b"v" * 100)),
        "too large for the topic, compressed": lambda s: produce(
            s.topic(max_message_bytes=100), good(200, compression=1)
        ),
        "no key on a compacted topic": lambda s: produce(
            s.topic(cleanup_policy="compact"),
            RecordBatch.build(
                [(0, 1, b"k", b"v", ()), (1, 1, None, b"v", ()), (2, 1, None, b"v", ())]
            ).encode(),
        ),
        "too few replicas": lambda s: produce(s.topic(min_insync_replicas=2), good()),
        "too few replicas, acks=1": lambda s: produce(s.topic(min_insync_replicas=2), good(), acks=1),
        "a sequence too far": _idempotent((0, 0), (0, 5)),
        "a sequence that was long ago": _idempotent(*((0, n) for n in range(7)), (0, 0)),
        "a repeated part of a batch": _idempotent((0, 0), (0, 1), count=2),
        "an old epoch": _idempotent((1, 0), (0, 1)),
        "a new epoch that does not begin at 0": _idempotent((0, 0), (1, 1)),
        "an unknown producer in the midst": _idempotent((0, 12)),
        "a negative epoch": odd(PRODUCER_EPOCH, -1, producer_id=3, producer_epoch=0, base_sequence=0),
        "a negative sequence": odd(SEQUENCE, -1, producer_id=3, producer_epoch=0, base_sequence=0),
        "an epoch without a producer": odd(PRODUCER_EPOCH, 3),
        "a sequence without a producer": odd(SEQUENCE, 3),
        "a negative producer id": odd(PRODUCER_ID, -2),
        "a follower": case(lambda s: At(2, produce(s.topic(assignments={0: [1, 2]}), good())), nodes=3),
        "a broker without a replica": case(
            lambda s: At(3, produce(s.topic(assignments={0: [1, 2]}), good())), nodes=3
        ),
    },
)


def _offsets_topic(s: Scene) -> Topic:
    from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic

    name = "__consumer_offsets"
    found = s.ask(MetadataRequest(topics=[MetadataRequestTopic(name=name)]))
    s.know(found.topics[0].topic_id, f"id of {name}")
    return Topic(name, found.topics[0].topic_id)
