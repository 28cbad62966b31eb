"""KafkaConsumer on a real cluster, without groups: reading, positions, resets, metadata, bad calls."""

import pytest

from minikafka.client.partition_records import header_size
from minikafka.cluster import MiniKafka
from minikafka.consumer import ConsumerRecord, KafkaConsumer
from minikafka.errors import (
    CorruptRecordError,
    ErrorCode,
    IllegalStateError,
    KafkaConfigurationError,
    KafkaTimeoutError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnknownError,
)
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.fetch import FetchableTopicResponse, FetchResponse, PartitionData
from minikafka.structs import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition

T0, T1, T2 = (TopicPartition("t", index) for index in range(3))


@pytest.fixture
def kafka():
    with MiniKafka(seed=7) as cluster:
        cluster.create_topic("t", partitions=3)
        yield cluster


def fill(kafka, count=10, topic="t", partition=0, **options):
    with kafka.producer(**options) as producer:
        for index in range(count):
            producer.send(topic, b"%d" % index, partition=partition)


def assigned(kafka, *partitions, **options):
    consumer = kafka.consumer(**{"auto_offset_reset": "earliest", **options})
    consumer.assign(list(partitions) or [T0])
    return consumer


def values(polled):
    return {tp: [record.value for record in records] for tp, records in polled.items()}


def requests_of(kafka, api):
    seen = []
    kafka.network.observers.append(
        lambda kind, exchange, response: (
            seen.append(exchange.message) if kind == "request" and exchange.message.api_name == api else None
        )
    )
    return seen


# Reading


def test_a_record_has_everything(kafka):
    with kafka.producer() as producer:
        producer.send("t", b"value", b"key", [("h", b"1"), ("i", b"")], partition=1, timestamp_ms=1234)
    (record,) = assigned(kafka, T1).poll(1000)[T1]
    assert record == ConsumerRecord(
        "t", 1, 0, 0, 1234, 0, b"key", b"value", [("h", b"1"), ("i", b"")], None, 3, 5, 3
    )
    assert type(record) is ConsumerRecord


def test_nulls_and_no_headers(kafka):
    with kafka.producer() as producer:
        producer.send("t", None, b"k", partition=0)
        producer.send("t", b"", partition=0)
    tombstone, empty = assigned(kafka).poll(1000)[T0]
    assert (tombstone.value, tombstone.serialized_value_size, tombstone.headers) == (None, -1, [])
    assert (empty.key, empty.serialized_key_size, empty.serialized_value_size) == (None, -1, 0)
    assert empty.serialized_header_size == -1


def test_header_lists_are_not_shared(kafka):
    fill(kafka, 2)
    first = assigned(kafka).poll(1000)[T0]
    first[0].headers.append(("mine", b""))
    assert first[1].headers == []
    assert assigned(kafka).poll(1000)[T0][0].headers == []


def test_max_poll_records_and_order(kafka):
    fill(kafka, 25)
    fill(kafka, 25, partition=1)
    consumer = assigned(kafka, T0, T1, max_poll_records=10)
    seen = {T0: [], T1: []}
    for _ in range(5):
        polled = consumer.poll(1000)
        assert sum(map(len, polled.values())) == 10
        for tp, records in polled.items():
            seen[tp] += [record.offset for record in records]
    assert seen == {T0: [*range(25)], T1: [*range(25)]}
    assert consumer.poll(100) == {}
    assert len(assigned(kafka).poll(1000, max_records=3)[T0]) == 3


def test_poll_waits_no_longer_than_it_must(kafka):
    consumer = assigned(kafka)
    began = kafka.now_ms
    assert consumer.poll(timeout_ms=700) == {}
    assert kafka.now_ms == began + 700
    fill(kafka, 1)
    began = kafka.now_ms
    assert consumer.poll(timeout_ms=10_000)
    assert kafka.now_ms == began


def test_a_long_empty_poll_asks_every_half_second(kafka):
    consumer = assigned(kafka)
    consumer.poll(0)
    fetches = requests_of(kafka, "Fetch")
    consumer.poll(60_000)
    assert 118 <= len(fetches) <= 121
    # In the session nothing has to be said twice (KIP-227).
    assert all(not fetch.topics for fetch in fetches[2:])


def test_a_loop_of_empty_polls_comes_to_an_end(kafka):
    consumer = assigned(kafka)
    began = kafka.now_ms
    while kafka.now_ms < began + 100:
        assert consumer.poll() == {}


def test_poll_of_nothing_waits_too(kafka):
    consumer = kafka.consumer()
    began = kafka.now_ms
    assert consumer.poll(1000) == {}
    assert kafka.now_ms == began + 1000


def test_a_record_that_comes_during_a_poll_ends_it(kafka):
    consumer = assigned(kafka)
    producer = kafka.producer(linger_ms=2000)
    consumer.poll(0)
    producer.send("t", b"late", partition=0)
    began = kafka.now_ms
    assert values(consumer.poll(60_000)) == {T0: [b"late"]}
    assert kafka.now_ms == began + 2000


def test_fetches_without_sessions(kafka):
    fill(kafka)
    consumer = assigned(kafka, enable_incremental_fetch_sessions=False)
    fetches = requests_of(kafka, "Fetch")
    assert len(consumer.poll(1000)[T0]) == 10
    consumer.poll(2000)
    assert all(fetch.session_epoch == -1 and fetch.topics for fetch in fetches)


def test_fetch_options_travel(kafka):
    fetches = requests_of(kafka, "Fetch")
    options = {
        "fetch_min_bytes": 5,
        "fetch_max_wait_ms": 200,
        "fetch_max_bytes": 1000,
        "max_partition_fetch_bytes": 400,
        "client_rack": "r1",
        "isolation_level": "read_committed",
    }
    assigned(kafka, T1, **options).poll(0)
    (fetch,) = fetches
    assert (fetch.min_bytes, fetch.max_wait_ms, fetch.max_bytes, fetch.rack_id) == (5, 200, 1000, "r1")
    assert fetch.isolation_level == 1
    assert fetch.topics[0].partitions[0].partition_max_bytes == 400


def test_fetch_without_waiting_does_not_stop_the_clock(kafka):
    consumer = assigned(kafka, fetch_max_wait_ms=0)
    began = kafka.now_ms
    assert consumer.poll(50) == {}
    assert kafka.now_ms == began + 50


def test_small_fetches_still_get_everything(kafka):
    fill(kafka, 50, batch_size=200)
    consumer = assigned(kafka, max_partition_fetch_bytes=100)
    seen = []
    while len(seen) < 50:
        seen += [record.offset for record in consumer.poll(1000)[T0]]
    assert seen == [*range(50)]


# Iterating


def test_iteration_moves_the_position_before_it_yields(kafka):
    fill(kafka)
    consumer = assigned(kafka, consumer_timeout_ms=500)
    for record in consumer:
        assert consumer.position(T0) == record.offset + 1
    assert record.offset == 9


def test_iteration_goes_on_where_it_was_left(kafka):
    fill(kafka)
    consumer = assigned(kafka, consumer_timeout_ms=500)
    for record in consumer:
        if record.offset == 3:
            break
    assert next(consumer).offset == 4
    assert [record.offset for record in consumer] == [5, 6, 7, 8, 9]
    began = kafka.now_ms
    assert next(consumer, None) is None
    assert kafka.now_ms == began + 500
    fill(kafka, 1)
    assert [record.offset for record in consumer] == [10]


def test_seek_and_pause_stop_what_the_iterator_holds(kafka):
    fill(kafka)
    fill(kafka, 3, partition=1)
    consumer = assigned(kafka, T0, T1, consumer_timeout_ms=500)
    first = next(consumer)
    consumer.seek(TopicPartition("t", first.partition), 0)
    assert next(consumer).offset == 0
    consumer.pause(T0, T1)
    assert list(consumer) == []
    consumer.resume(T1)
    assert {record.partition for record in consumer} <= {1}
    consumer.resume(T0)
    rest = list(consumer)
    assert consumer.position(T0) == 10
    assert consumer.position(T1) == 3
    assert len(rest) == len({(r.partition, r.offset) for r in rest})


def test_iteration_over_several_partitions_yields_everything_once(kafka):
    for partition in range(3):
        fill(kafka, 700, partition=partition)
    consumer = assigned(kafka, T0, T1, T2, consumer_timeout_ms=500)
    seen = [(record.partition, record.offset) for record in consumer]
    assert sorted(seen) == [(partition, offset) for partition in range(3) for offset in range(700)]


def test_iteration_ends_with_close(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    for record in consumer:
        if record.offset == 2:
            consumer.close()
    assert record.offset == 2
    with pytest.raises(StopIteration):
        next(consumer)


def test_polling_without_updating_gives_the_same_again(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    assert len(consumer.poll(1000, update_offsets=False)[T0]) == 10
    assert consumer.position(T0) == 0
    assert len(consumer.poll(1000)[T0]) == 10
    assert consumer.position(T0) == 10


# Deserializers


class Version3:
    closed = 0

    def deserialize(self, topic, headers, data):
        return (topic, headers, data)

    def close(self):
        self.closed += 1


class Version2:
    def deserialize(self, topic, data):
        return (topic, data)


def test_deserializers_in_every_shape(kafka):
    with kafka.producer() as producer:
        producer.send("t", b"v", b"k", [("h", b"1")], partition=0)
    version3 = Version3()
    consumer = assigned(kafka, key_deserializer=bytes.decode, value_deserializer=version3)
    (record,) = consumer.poll(1000)[T0]
    assert (record.key, record.value) == ("k", ("t", [("h", b"1")], b"v"))
    assert (record.serialized_key_size, record.serialized_header_size) == (1, 2)
    consumer.close()
    assert version3.closed == 1
    (record,) = assigned(kafka, value_deserializer=Version2()).poll(1000)[T0]
    assert record.value == ("t", b"v")


def test_a_deserializer_that_raises_leaves_the_position_at_its_record(kafka):
    fill(kafka)
    bad = {b"4"}

    def deserialize(data):
        if data in bad:
            raise ValueError(f"cannot read {data!r}")
        return int(data)

    consumer = assigned(kafka, value_deserializer=deserialize)
    assert values(consumer.poll(1000)) == {T0: [0, 1, 2, 3]}
    for _ in range(2):
        with pytest.raises(ValueError, match="cannot read b'4'"):
            consumer.poll(1000)
        assert consumer.position(T0) == 4
    bad.clear()
    assert values(consumer.poll(1000)) == {T0: [4, 5, 6, 7, 8, 9]}


def test_an_iterator_meets_the_same_exception_and_can_skip_the_record(kafka):
    fill(kafka)

    def deserialize(data):
        return 10 // (int(data) - 4)

    consumer = assigned(kafka, value_deserializer=deserialize, consumer_timeout_ms=500)
    seen = []
    with pytest.raises(ZeroDivisionError):
        seen += iter(lambda: next(consumer).offset, None)
    assert seen == [0, 1, 2, 3]
    assert consumer.position(T0) == 4
    consumer.seek(T0, 5)
    assert [record.offset for record in consumer] == [5, 6, 7, 8, 9]


def test_a_deserializer_may_use_the_library(kafka):
    fill(kafka, 2)
    other = kafka.consumer()

    def deserialize(data):
        return other.end_offsets([T0])[T0], data

    assert values(assigned(kafka, value_deserializer=deserialize).poll(1000)) == {T0: [(2, b"0"), (2, b"1")]}


def test_header_size_counts_utf8():
    assert header_size([("é", b"ab"), ("x", None)]) == 5


# Pausing, seeking, positions


def test_pause_keeps_what_was_fetched(kafka):
    fill(kafka, 20)
    consumer = assigned(kafka, max_poll_records=5)
    consumer.poll(1000)
    consumer.pause(T0)
    assert consumer.paused() == {T0}
    assert consumer.poll(1000) == {}
    fetches = requests_of(kafka, "Fetch")
    consumer.resume(T0)
    assert [record.offset for record in consumer.poll(1000)[T0]] == [5, 6, 7, 8, 9]
    assert not fetches


def test_seek(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    consumer.poll(1000)
    consumer.seek(T0, 7)
    assert consumer.position(T0) == 7
    assert [record.offset for record in consumer.poll(1000)[T0]] == [7, 8, 9]
    consumer.seek_to_beginning()
    assert consumer.position(T0) == 0
    consumer.seek_to_end(T0)
    assert consumer.position(T0) == 10
    assert consumer.poll(600) == {}
    consumer.seek_to_beginning(T0)
    assert len(consumer.poll(1000)[T0]) == 10


def test_a_seek_while_a_fetch_is_on_its_way(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    kafka.faults.delay(300, api="Fetch")
    consumer.poll(100)
    consumer.seek(T0, 8)
    assert [record.offset for record in consumer.poll(2000)[T0]] == [8, 9]


def test_reset_policies(kafka):
    fill(kafka)
    assert assigned(kafka, auto_offset_reset="earliest").position(T0) == 0
    assert assigned(kafka, auto_offset_reset="smallest").position(T0) == 0
    assert assigned(kafka, auto_offset_reset="latest").position(T0) == 10
    assert assigned(kafka, auto_offset_reset="LATEST").position(T0) == 10
    for policy in ("none", "whatever"):
        consumer = assigned(kafka, auto_offset_reset=policy)
        with pytest.raises(NoOffsetForPartitionError, match="partition=0"):
            consumer.poll(100)


def test_out_of_range_resets_or_raises(kafka):
    fill(kafka)
    consumer = assigned(kafka, auto_offset_reset="earliest")
    consumer.seek(T0, 1000)
    assert len(consumer.poll(1000)[T0]) == 10
    consumer = assigned(kafka, auto_offset_reset="none")
    consumer.seek(T0, 1000)
    with pytest.raises(OffsetOutOfRangeError, match="1000"):
        consumer.poll(1000)
    consumer.seek(T0, 9)
    assert [record.offset for record in consumer.poll(1000)[T0]] == [9]


def test_look_ups(kafka):
    began = kafka.now_ms
    with kafka.producer() as producer:
        for index in range(5):
            producer.send("t", b"x", partition=0, timestamp_ms=began + 10 * index)
            producer.flush()
    consumer = kafka.consumer()
    assert consumer.beginning_offsets([T0, T1]) == {T0: 0, T1: 0}
    assert consumer.end_offsets([T0, T1]) == {T0: 5, T1: 0}
    assert consumer.end_offsets([]) == {}
    assert consumer.offsets_for_times({T0: began + 11, T1: began}) == {
        T0: OffsetAndTimestamp(2, began + 20, 0),
        T1: None,
    }
    assert consumer.offsets_for_times({T0: began + 1000}) == {T0: None}
    with pytest.raises(ValueError, match="cannot be negative"):
        consumer.offsets_for_times({T0: -1})
    nowhere = TopicPartition("t", 99)
    began = kafka.now_ms
    with pytest.raises(KafkaTimeoutError, match="99"):
        consumer.end_offsets([nowhere], timeout_ms=500)
    assert kafka.now_ms == began + 500


def test_highwater(kafka):
    fill(kafka)
    consumer = assigned(kafka, T0, T1, max_poll_records=3)
    assert consumer.highwater(T0) is None
    consumer.poll(1000)
    assert consumer.highwater(T0) == 10
    consumer.poll(600)
    assert consumer.highwater(T1) == 0


def test_assign_again_keeps_positions(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    consumer.poll(1000)
    consumer.assign([T0, T1])
    assert consumer.assignment() == {T0, T1}
    assert consumer.known_position(T0) == 10
    assert consumer.initial_position(T0) == 0
    consumer.assign([])
    assert consumer.assignment() == set()
    consumer.subscribe(["t"])


def test_subscribe_without_a_group_reads_everything(kafka):
    fill(kafka)
    consumer = kafka.consumer("t", auto_offset_reset="earliest")
    assert len(consumer.poll(1000)[T0]) == 10
    assert consumer.assignment() == {T0, T1, T2}
    assert consumer.subscription() == {"t"}


def test_a_pattern_finds_new_topics(kafka):
    fill(kafka)
    kafka.create_topic("other")
    consumer = kafka.consumer(auto_offset_reset="earliest", metadata_max_age_ms=1000)
    consumer.subscribe(pattern="^t")
    assert len(consumer.poll(1000)[T0]) == 10
    kafka.create_topic("two")
    fill(kafka, 1, "two")
    assert values(consumer.poll(5000)) == {TopicPartition("two", 0): [b"0"]}
    assert consumer.subscription() == {"t", "two"}


# Metadata


def test_topics_and_partitions(kafka):
    kafka.create_topic("more", partitions=2)
    consumer = kafka.consumer()
    assert consumer.topics() == {"t", "more"}
    assert consumer.partitions_for_topic("more") == {0, 1}
    assert consumer.partitions_for_topic("nowhere") == set()


def test_a_topic_that_is_created_later(kafka):
    kafka_config = {"auto.create.topics.enable": False}
    with MiniKafka(config=kafka_config) as cluster:
        late = TopicPartition("late", 0)
        consumer = cluster.consumer(auto_offset_reset="earliest")
        consumer.assign([late])
        assert consumer.poll(1000) == {}
        assert consumer.position(late, timeout_ms=300) is None
        cluster.create_topic("late")
        fill(cluster, 1, "late")
        assert values(consumer.poll(5000)) == {late: [b"0"]}


def test_metrics(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    consumer.poll(1000)
    consumer.poll(600)
    metrics = consumer.metrics()
    fetching = metrics["consumer-fetch-manager-metrics"]
    assert fetching["records-per-request-avg"] == 10
    assert fetching["records-lag-max"] == 0
    assert fetching["fetch-latency-max"] == 500
    assert metrics["consumer-fetch-manager-metrics.t"]["records-consumed-rate"] > 0
    assert any(name.name == "fetch-rate" for name in consumer.metrics(raw=True))
    assert kafka.consumer(metrics_enabled=False).metrics() is None


# Failure


@pytest.fixture
def three():
    with MiniKafka(brokers=3, seed=7) as cluster:
        cluster.create_topic("t", partitions=3, replication_factor=3)
        yield cluster


def leader(kafka, partition=0):
    return kafka.image.topics["t"].partitions[partition].leader


def test_reading_goes_on_after_the_leader_was_killed(three):
    fill(three, 10, acks="all")
    consumer = assigned(three, max_poll_records=5)
    consumer.poll(1000)
    three.kill(leader(three))
    assert [record.offset for record in consumer.poll(60_000)[T0]] == [5, 6, 7, 8, 9]
    fill(three, 3, acks="all")
    seen = []
    for _ in range(10):
        for record in consumer.poll(10_000).get(T0, []):
            seen.append((record.offset, record.leader_epoch > 0))
    assert seen == [(10, True), (11, True), (12, True)]


def test_reading_goes_on_after_a_restart(kafka):
    fill(kafka, 5)
    consumer = assigned(kafka)
    consumer.poll(1000)
    kafka.stop(1)
    assert consumer.poll(1000) == {}
    kafka.start(1)
    fill(kafka, 5)
    assert [record.offset for record in consumer.poll(60_000)[T0]] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "code",
    [
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode.INVALID_FETCH_SESSION_EPOCH,
        ErrorCode.KAFKA_STORAGE_ERROR,
    ],
)
def test_fetch_errors_pass(kafka, code):
    fill(kafka)
    consumer = assigned(kafka)
    kafka.faults.answer(code, "Fetch", times=3)
    assert len(consumer.poll(10_000)[T0]) == 10


@pytest.mark.parametrize("fate", ["drop", "lose_reply", "duplicate", "disconnect"])
@pytest.mark.parametrize("api", ["Fetch", "ListOffsets", "Metadata"])
def test_lost_messages_are_made_good(kafka, fate, api):
    fill(kafka)
    consumer = assigned(kafka, request_timeout_ms=2000)
    getattr(kafka.faults, fate)(api, times=2)
    assert len(consumer.poll(60_000)[T0]) == 10


def answer_fetches_with(kafka, times=1, **fields):
    """Let the broker answer the next fetches for t-0 with a partition that has these fields."""
    broker = kafka.brokers[1]
    left = [times]

    def handle(request, context):
        if request.api_name != "Fetch" or not left[0]:
            return broker.handle(request, context)
        left[0] -= 1
        data = PartitionData(
            **{"partition_index": 0, "error_code": 0, "high_watermark": 10, "records": [], **fields}
        )
        return FetchResponse(responses=[FetchableTopicResponse(topic="t", partitions=[data])])

    kafka.network.bind("broker-1", handle)


@pytest.mark.parametrize(
    "code",
    [
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.REPLICA_NOT_AVAILABLE,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.KAFKA_STORAGE_ERROR,
        ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.UNKNOWN_LEADER_EPOCH,
        ErrorCode.OFFSET_NOT_AVAILABLE,
        ErrorCode.CORRUPT_MESSAGE,
    ],
)
def test_partition_errors_that_pass(kafka, code):
    fill(kafka)
    consumer = assigned(kafka)
    answer_fetches_with(kafka, times=3, error_code=code)
    metadata = requests_of(kafka, "Metadata")
    seen = 0
    for _ in range(5):
        try:
            seen += len(consumer.poll(10_000).get(T0, []))
        except CorruptRecordError:
            assert code == ErrorCode.CORRUPT_MESSAGE
    assert seen == 10
    assert len(metadata) > 1 or code in (ErrorCode.OFFSET_NOT_AVAILABLE, ErrorCode.CORRUPT_MESSAGE)


def test_partition_errors_that_do_not_pass(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    answer_fetches_with(kafka, error_code=ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(TopicAuthorizationFailedError, match="'t'"):
        consumer.poll(1000)
    answer_fetches_with(kafka, error_code=ErrorCode.UNKNOWN_SERVER_ERROR)
    with pytest.raises(UnknownError, match="offset 0"):
        consumer.poll(1000)
    assert len(consumer.poll(1000)[T0]) == 10


def test_encoded_batches_are_read_and_checked(kafka):
    batch = RecordBatch.build([(0, 5, None, b"a", ()), (1, 6, b"k", b"b", ())])
    consumer = assigned(kafka)
    answer_fetches_with(kafka, records=batch.encode())
    assert values(consumer.poll(1000)) == {T0: [b"a", b"b"]}
    spoilt = RecordBatch.from_bytes(batch.encode()[:-2] + b"c" + batch.encode()[-1:], check_crc=False)
    consumer = assigned(kafka)
    answer_fetches_with(kafka, records=[spoilt])
    with pytest.raises(CorruptRecordError, match=r"partition=0.* at offset 0"):
        consumer.poll(1000)
    unchecked = assigned(kafka, check_crcs=False)
    answer_fetches_with(kafka, records=[spoilt])
    assert values(unchecked.poll(1000)) == {T0: [b"a", b"c"]}


def test_a_batch_that_begins_before_the_position(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    consumer.seek(T0, 6)
    assert [record.offset for record in consumer.poll(1000)[T0]] == [6, 7, 8, 9]


def test_nobody_answers(kafka):
    with pytest.raises(KafkaTimeoutError, match="nowhere:9092"):
        KafkaConsumer(bootstrap_servers="nowhere:9092")
    kafka.kill(1)
    with pytest.raises(KafkaTimeoutError):
        kafka.consumer(bootstrap_timeout_ms=1000)


def test_a_crash_sends_nothing(kafka):
    fill(kafka)
    consumer = assigned(kafka)
    consumer.poll(1000)
    sent = kafka.network.requests
    kafka.crash(consumer)
    kafka.advance(seconds=10)
    assert kafka.network.requests == sent
    with pytest.raises(IllegalStateError, match="KafkaConsumer is closed"):
        consumer.poll()


def test_a_closed_cluster_does_not_hold_a_consumer_up():
    with MiniKafka() as cluster:
        consumer = cluster.consumer("t", group_id="g")
        consumer.poll(100)
    consumer.close()


# Bad calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group_idd": "g"}, "Unrecognized configs: {'group_idd': 'g'}"),
        ({"fetch_max_wait_ms": 40000}, "fetch_max_wait_ms"),
        ({"group_instance_id": "i"}, "group_instance_id requires group_id"),
        ({"group_id": "g", "group_instance_id": "a b"}, "'a b'"),
        ({"group_id": "g", "heartbeat_interval_ms": 50000}, "Heartbeat interval must be lower"),
        ({"isolation_level": "read_all"}, "Unrecognized isolation_level: 'read_all'"),
        ({"partition_assignment_strategy": ["range"]}, "'range' is no assignor"),
        ({"max_poll_records": 0}, "max_poll_records=0"),
        ({"group_id": "g", "partition_assignment_strategy": []}, "partition_assignment_strategy is empty"),
        ({"kafka_client": object()}, "kafka_client"),
    ],
)
def test_bad_options(kafka, options, message):
    with pytest.raises(KafkaConfigurationError) as raised:
        kafka.consumer(**options)
    assert message in str(raised.value)


def test_a_deserializer_of_no_known_shape(kafka):
    with pytest.raises(TypeError, match="value_deserializer=5"):
        kafka.consumer(value_deserializer=5)


def test_bad_calls(kafka):
    consumer = assigned(kafka)
    with pytest.raises(ValueError, match="-1"):
        consumer.poll(-1)
    with pytest.raises(ValueError, match="0"):
        consumer.poll(max_records=0)
    with pytest.raises(TypeError, match=r"1\.5"):
        consumer.poll(max_records=1.5)
    with pytest.raises(TypeError, match="nonsense"):
        consumer.seek("nonsense", 1)
    with pytest.raises(ValueError, match="-3"):
        consumer.seek(T0, -3)
    with pytest.raises(ValueError, match="partition=1"):
        consumer.seek(T1, 0)
    with pytest.raises(ValueError, match="partition=1"):
        consumer.seek_to_end(T1)
    with pytest.raises(ValueError, match="No partitions"):
        kafka.consumer().seek_to_beginning()
    with pytest.raises(IllegalStateError, match="partition=1"):
        consumer.position(T1)
    with pytest.raises(IllegalStateError, match="partition=1"):
        consumer.highwater(T1)
    with pytest.raises(KeyError):
        consumer.pause(T1)
    with pytest.raises(TypeError, match="'t'"):
        consumer.assign(["t"])
    with pytest.raises(IllegalStateError, match="assigned partitions by hand"):
        consumer.subscribe(["t"])
    with pytest.raises(ValueError, match="one of them is needed"):
        consumer.subscribe()
    with pytest.raises(TypeError, match="expected a list"):
        kafka.consumer().subscribe("t")
    with pytest.raises(ValueError, match="bad topic"):
        kafka.consumer("bad topic")
    with pytest.raises(TypeError, match="listener"):
        kafka.consumer().subscribe(["t"], listener=object())
    for call in (consumer.commit, consumer.commit_async, lambda: consumer.committed(T0)):
        with pytest.raises(IllegalStateError, match="Requires group_id"):
            call()
    assert consumer.group_metadata().group_id is None


def test_a_closed_consumer(kafka):
    consumer = kafka.consumer("t", group_id="g")
    consumer.close()
    consumer.close()
    calls = (
        consumer.poll,
        consumer.topics,
        consumer.commit,
        consumer.commit_async,
        lambda: consumer.committed(T0),
        lambda: consumer.end_offsets([T0]),
        consumer.unsubscribe,
    )
    for call in calls:
        with pytest.raises(IllegalStateError, match="KafkaConsumer is closed"):
            call()
    assert list(consumer) == []
    assert kafka.clients == []


def test_bootstrap(kafka):
    consumer = kafka.consumer()
    assert consumer.bootstrap_connected()
    consumer.bootstrap(timeout_ms=1000)
    consumer.bootstrap(timeout_ms=1000, refresh=True)
    kafka.kill(1)
    assert not consumer.bootstrap_connected()


def test_offset_and_metadata_of_another_library_is_as_good():
    from collections import namedtuple

    theirs = namedtuple("OffsetAndMetadata", ["offset", "metadata", "leader_epoch"])
    with MiniKafka() as kafka:
        kafka.create_topic("t")
        consumer = kafka.consumer(group_id="g")
        consumer.commit({T0: theirs(3, "m", -1)})
        assert consumer.committed(T0, metadata=True) == OffsetAndMetadata(3, "m", -1)
