"""Produce: acks, sizes, timestamps, compression, what is refused and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, RAW, scenario
from tests.oracle.stage import batch

from minikafka.messages.init_producer_id import InitProducerIdRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.produce import ProduceRequest

if TYPE_CHECKING:
    from tests.oracle.stage import Stage

AREA = "produce"


@scenario(area=AREA, clients=CLIENTS)
def acks_of_every_kind(stage: Stage) -> None:
    topic = stage.topic()
    for acks in (1, "all"):
        producer = stage.client.producer(acks=acks, enable_idempotence=False)
        stage.saw(f"acks={acks}", producer.send(topic, b"v", partition=0, timestamp_ms=stage.T0))
    stage.saw("stored", stage.fetch(topic))


@scenario(area=AREA, clients=CLIENTS)
def acks_zero_arrives(stage: Stage) -> None:
    topic = stage.topic()
    producer = stage.client.producer(acks=0, enable_idempotence=False)
    producer.send(topic, b"v", partition=0, timestamp_ms=stage.T0)
    stage.until("the record", lambda: stage.fetch(topic)["high_watermark"] == 1)
    stage.saw("stored", stage.fetch(topic))


@scenario(area=AREA, clients=CLIENTS)
def keys_values_headers_nulls(stage: Stage) -> None:
    topic = stage.topic()
    producer = stage.client.producer()
    records = [
        (b"v", None, []),
        (None, b"k", []),
        (b"", b"", []),
        (b"v", b"k", [("h", b"1"), ("h", b"2"), ("empty", b"")]),
        (b"v", b"k", [("null", None), ("ä", b"\x00\xff")]),
        (b"\x00\x01\xff", b"\xff", []),
    ]
    for index, (value, key, headers) in enumerate(records):
        stage.attempt(
            f"send {index}",
            lambda value=value, key=key, headers=headers, index=index: producer.send(
                topic, value, key, partition=0, timestamp_ms=stage.T0 + index, headers=headers
            ),
        )
    consumer = stage.client.consumer(auto_offset_reset="earliest")
    consumer.assign([(topic, 0)])
    stage.saw("read", consumer.read(len(records) - 1, timeout_ms=3000))


@scenario(area=AREA, clients=CLIENTS)
def a_topic_that_does_not_exist_is_created(stage: Stage) -> None:
    topic = stage.topic_name()
    stage.saw("sent", stage.client.producer().send(topic, b"v", timestamp_ms=stage.T0))
    stage.saw("described", stage.client.describe_topic(topic))


@scenario(area=AREA, clients=CLIENTS)
def each_codec_reads_back(stage: Stage) -> None:
    topic = stage.topic()
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        producer = stage.client.producer(compression_type=codec)
        stage.saw(codec, producer.send(topic, b"x" * 100, partition=0, timestamp_ms=stage.T0))
    consumer = stage.client.consumer(auto_offset_reset="earliest")
    consumer.assign([(topic, 0)])
    stage.saw("read", [[each["offset"], each["value"]] for each in consumer.read(4)])
    stage.saw("codecs", [each["compression"] for each in stage.fetch(topic)["records"]])


@scenario(area=AREA, clients=CLIENTS)
def an_idempotent_producer_numbers_its_batches(stage: Stage) -> None:
    topic = stage.topic()
    producer = stage.client.producer(enable_idempotence=True)
    for value in (b"a", b"b", b"c"):
        producer.send(topic, value, partition=0, timestamp_ms=stage.T0)
    stage.saw(
        "sequences",
        [
            [each["producer_id"] >= 0, each["producer_epoch"], each["base_sequence"]]
            for each in stage.fetch(topic)["records"]
        ],
    )


@scenario(area=AREA, clients=CLIENTS)
def a_record_beyond_the_topics_limit(stage: Stage) -> None:
    topic = stage.topic(configs={"max.message.bytes": 1000})
    producer = stage.client.producer()
    stage.saw("large", producer.send(topic, b"x" * 1200, partition=0))
    stage.saw("small", producer.send(topic, b"x" * 100, partition=0, timestamp_ms=stage.T0))


@scenario(area=AREA, clients=CLIENTS)
def a_record_beyond_the_clients_limit(stage: Stage) -> None:
    topic = stage.topic()
    producer = stage.client.producer(max_request_size=2000)
    stage.attempt("large", lambda: producer.send(topic, b"x" * 3000, partition=0))


@scenario(area=AREA, clients=CLIENTS)
def a_partition_that_does_not_exist(stage: Stage) -> None:
    topic = stage.topic(partitions=2)
    producer = stage.client.producer(**_IMPATIENT)
    stage.attempt("partition 7", lambda: producer.send(topic, b"v", partition=7))


@scenario(area=AREA, clients=CLIENTS)
def names_that_are_not_legal(stage: Stage) -> None:
    producer = stage.client.producer(**_IMPATIENT)
    for label, name in (("space", "a b"), ("slash", "a/b"), ("long", "x" * 250)):
        stage.attempt(label, lambda name=name: producer.send(name, b"v"))


@scenario(area=AREA, clients=CLIENTS)
def log_append_time_replaces_timestamps(stage: Stage) -> None:
    topic = stage.topic(configs={"message.timestamp.type": "LogAppendTime"})
    stage.saw("sent", stage.client.producer().send(topic, b"v", partition=0, timestamp_ms=stage.T0))
    consumer = stage.client.consumer(auto_offset_reset="earliest")
    consumer.assign([(topic, 0)])
    stage.saw("read", consumer.read(1))


@scenario(area=AREA, clients=CLIENTS)
def many_records_in_order(stage: Stage) -> None:
    topic = stage.topic()
    producer = stage.client.producer(linger_ms=5)
    stage.saw("offsets", producer.send_all(topic, [str(n).encode() for n in range(200)]))
    consumer = stage.client.consumer(auto_offset_reset="earliest")
    consumer.assign([(topic, 0)])
    stage.saw("read", [[each["offset"], each["value"]] for each in consumer.read(200)])


_IMPATIENT = {"delivery_timeout_ms": 1500, "request_timeout_ms": 1000, "linger_ms": 0}


# By raw requests


@scenario(area=AREA)
def raw_acks(stage: Stage) -> None:
    topic = stage.topic()
    for acks in (1, -1):
        stage.saw(f"acks={acks}", stage.produce(topic, batch(b"v"), acks=acks))
    for acks in (2, -2, 100):
        stage.saw(f"acks={acks}", stage.produce(topic, batch(b"v"), acks=acks))
    stage.saw("stored", stage.fetch(topic))


@scenario(area=AREA)
def raw_unknown_topics_and_partitions(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("unknown partition", stage.produce(topic, batch(b"v"), partition=1))
    stage.saw("negative partition", stage.produce(topic, batch(b"v"), partition=-1))
    stage.saw("unknown topic", stage.produce(stage.name("nope"), batch(b"v")))
    stage.saw("illegal topic", stage.produce("a b", batch(b"v")))
    stage.saw("empty topic", stage.produce("", batch(b"v")))
    stage.saw("no topics", stage.ask(ProduceRequest(acks=1, timeout_ms=1000, topic_data=[])))


@scenario(area=AREA)
def raw_sizes(stage: Stage) -> None:
    topic = stage.topic(configs={"max.message.bytes": 200, "segment.bytes": 1048576})
    fitting = 200 - len(batch(b"").encode())
    for extra in (-10, -3, -2, -1, 0, 1, 100):
        made = batch(b"x" * (fitting + extra))
        stage.saw(f"{len(made.encode())} bytes", stage.produce(topic, made))
    stage.saw("two batches that fit alone", stage.produce(topic, [batch(b"a" * 90), batch(b"b" * 90)]))


@scenario(area=AREA)
def raw_bytes_that_are_no_batch(stage: Stage) -> None:
    topic = stage.topic()
    good = batch(b"value").encode()
    flipped = bytearray(good)
    flipped[-1] ^= 1
    stage.saw("checksum", stage.produce(topic, bytes(flipped)))
    stage.saw("cut short", stage.produce(topic, good[:-3]))
    for magic in (0, 1, 3):
        stage.saw(f"magic {magic}", stage.produce(topic, good[:16] + bytes([magic]) + good[17:]))
    stage.saw("nothing", stage.produce(topic, b""))
    stage.saw("rubbish after it", stage.produce(topic, good + b"abc"))
    stage.saw("stored", stage.fetch(topic))


@scenario(area=AREA)
def raw_create_time_limits(stage: Stage) -> None:
    topic = stage.topic(
        configs={"message.timestamp.before.max.ms": 60_000, "message.timestamp.after.max.ms": 60_000}
    )
    now = stage.cluster.now_ms()
    for label, shift in (("now", 0), ("within", -30_000), ("ahead within", 30_000)):
        stage.saw(label, stage.produce(topic, batch((now + shift, None, b"v"))))
    for label, shift in (("too old", -120_000), ("too new", 120_000)):
        stage.saw(label, stage.produce(topic, batch((now + shift, None, b"v"))))
    mixed = batch((now, None, b"good"), (now - 120_000, None, b"bad"), (now + 120_000, None, b"bad too"))
    stage.saw("mixed", stage.produce(topic, mixed))
    stage.saw("no timestamp", stage.produce(topic, batch((-1, None, b"v"))))


@scenario(area=AREA)
def raw_log_append_time(stage: Stage) -> None:
    topic = stage.topic(
        configs={"message.timestamp.type": "LogAppendTime", "message.timestamp.before.max.ms": 1000}
    )
    stage.saw("old records are fine", stage.produce(topic, batch(b"a", b"b")))
    stage.saw("log append time given", stage.produce(topic, batch(b"c", timestamp_type=1)))
    stage.saw("stored", stage.fetch(topic))
    other = stage.topic("u")
    stage.saw("log append time to create time", stage.produce(other, batch(b"c", timestamp_type=1)))


@scenario(area=AREA)
def raw_topic_compression(stage: Stage) -> None:
    for kind in ("uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"):
        topic = stage.topic(kind, configs={"compression.type": kind})
        for codec in (0, 1, 4):
            stage.produce(topic, batch(b"x" * 50, compression=codec))
        stage.saw(kind, [each["compression"] for each in stage.fetch(topic)["records"]])


@scenario(area=AREA)
def raw_compacted_topics_want_keys(stage: Stage) -> None:
    topic = stage.topic(configs={"cleanup.policy": "compact"})
    stage.saw("with key", stage.produce(topic, batch((stage.T0, b"k", b"v"))))
    stage.saw("without", stage.produce(topic, batch((stage.T0, None, b"v"))))
    stage.saw("one without", stage.produce(topic, batch((stage.T0, b"k", b"v"), (stage.T0, None, b"v"))))
    stage.saw("tombstone", stage.produce(topic, batch((stage.T0, b"k", None))))


@scenario(area=AREA)
def raw_idempotent_sequences(stage: Stage) -> None:
    topic = stage.topic()
    told = stage.ask(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000))
    stage.saw("producer id", told)
    which = {"producer_id": told["producer_id"], "producer_epoch": told["producer_epoch"]}
    for label, values, sequence in (
        ("first", [b"a", b"b"], 0),
        ("next", [b"c"], 2),
        ("again", [b"c"], 2),
        ("gap", [b"e"], 5),
        ("old", [b"a"], 1),
        ("first again", [b"a", b"b"], 0),
    ):
        stage.saw(label, stage.produce(topic, batch(*values, base_sequence=sequence, **which)))
    which["producer_epoch"] = 1
    stage.saw("new epoch, wrong sequence", stage.produce(topic, batch(b"x", base_sequence=3, **which)))
    stage.saw("new epoch", stage.produce(topic, batch(b"x", base_sequence=0, **which)))
    which["producer_epoch"] = 0
    stage.saw("old epoch", stage.produce(topic, batch(b"x", base_sequence=3, **which)))
    stage.saw("stored", [each["base_sequence"] for each in stage.fetch(topic)["records"]])


@scenario(area=AREA)
def raw_duplicates_of_the_last_five_batches(stage: Stage) -> None:
    topic = stage.topic()
    told = stage.ask(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000))
    which = {"producer_id": told["producer_id"], "producer_epoch": 0}
    for sequence in range(7):
        stage.produce(topic, batch(b"v", base_sequence=sequence, **which))
    for sequence in range(7):
        stage.saw(f"again {sequence}", stage.produce(topic, batch(b"v", base_sequence=sequence, **which)))


@scenario(area=AREA)
def raw_unknown_producer_may_begin_anywhere(stage: Stage) -> None:
    topic = stage.topic()
    told = stage.ask(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000))
    which = {"producer_id": told["producer_id"], "producer_epoch": 0}
    stage.saw("sequence 7", stage.produce(topic, batch(b"v", base_sequence=7, **which)))
    stage.saw("sequence 8", stage.produce(topic, batch(b"v", base_sequence=8, **which)))
    stage.saw("sequence 0", stage.produce(topic, batch(b"v", base_sequence=0, **which)))


@scenario(area=AREA)
def raw_two_idempotent_batches_in_one_request(stage: Stage) -> None:
    topic = stage.topic()
    told = stage.ask(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000))
    which = {"producer_id": told["producer_id"], "producer_epoch": 0}
    both = [batch(b"v", base_sequence=0, **which), batch(b"w", base_sequence=1, **which)]
    stage.saw("two", stage.produce(topic, both))


@scenario(area=AREA)
def raw_control_batches_are_refused(stage: Stage) -> None:
    topic = stage.topic()
    made = batch(
        (stage.T0, b"\x00\x00\x00\x01", b"\x00\x00\x00\x00\x00\x00"),
        is_control=True,
        is_transactional=True,
        producer_id=7,
        producer_epoch=0,
    )
    stage.saw("marker", stage.produce(topic, made))


@scenario(area=AREA)
def raw_internal_topics_refuse_client_records(stage: Stage) -> None:
    stage.coordinator(stage.name("g"))
    stage.saw("unkeyed", stage.produce("__consumer_offsets", batch(b"v"), partition=3))


@scenario(area=AREA, clients=(RAW,), config={"auto.create.topics.enable": "false"})
def raw_auto_creation_is_off(stage: Stage) -> None:
    topic = stage.name("nope")
    asked = MetadataRequest(topics=[MetadataRequestTopic(name=topic)], allow_auto_topic_creation=True)
    stage.saw("first", stage.ask(asked)["topics"])
    stage.saw("second", stage.ask(asked)["topics"])
    stage.saw("produce", stage.produce(topic, batch(b"v")))
