"""KafkaProducer's face: arguments, bad input, dialects, metrics, clocks and threads, on scripted brokers."""

import threading

import pytest

from minikafka import errors as minikafka_errors
from minikafka.client.partitioner import DefaultPartitioner
from minikafka.client.producer_options import DEFAULT_CONFIG_2
from minikafka.errors import (
    ErrorCode,
    ErrorTable,
    IllegalStateError,
    InvalidTopicError,
    KafkaConfigurationError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NoBrokersAvailable,
    TopicAuthorizationFailedError,
)
from minikafka.producer import FutureRecordMetadata, KafkaProducer, RecordMetadata


@pytest.fixture
def produce(cluster):
    def make(cls=KafkaProducer, **options):
        return cls(bootstrap_servers=cluster.address, **options)

    return make


class Producer2(KafkaProducer):
    """Stands in for kafka-python 2's producer, as the patch layer builds it."""

    _base_defaults = DEFAULT_CONFIG_2


def test_no_cluster_answers(cluster):
    start = cluster.scheduler.now_ms
    for address in ("nowhere:9092", ["a:1", "b:2"]):
        with pytest.raises(KafkaTimeoutError, match=r"nowhere|a:1"):
            KafkaProducer(bootstrap_servers=address)
    with pytest.raises(KafkaTimeoutError, match="localhost"):
        KafkaProducer()
    with pytest.raises(NoBrokersAvailable):
        Producer2(bootstrap_servers="nowhere:9092")
    with pytest.raises(KafkaConfigurationError, match="bootstrap_servers"):
        KafkaProducer(bootstrap_servers=[3])
    assert cluster.scheduler.now_ms == start


def test_no_broker_answers(cluster):
    cluster.network.unbind("broker-1")
    start = cluster.scheduler.now_ms
    with pytest.raises(KafkaTimeoutError, match="bootstrap_timeout_ms"):
        KafkaProducer(bootstrap_servers=cluster.address, bootstrap_timeout_ms=2000)
    assert cluster.scheduler.now_ms == start + 2000
    with pytest.raises(NoBrokersAvailable):
        Producer2(bootstrap_servers=cluster.address)
    assert not cluster.attached


def test_the_shape_of_things(produce):
    producer = produce()
    future = producer.send("t", b"v")
    assert isinstance(future, FutureRecordMetadata)
    assert isinstance(future.get(), RecordMetadata)
    assert RecordMetadata._fields == (
        "topic",
        "partition",
        "topic_partition",
        "offset",
        "timestamp",
        "checksum",
        "serialized_key_size",
        "serialized_value_size",
        "serialized_header_size",
    )
    assert producer.partitions_for("t") == {0, 1, 2}
    assert producer.bootstrap_connected()
    assert producer.config["client_id"] == "kafka-python-producer-1"
    assert producer.config["api_version"] >= (4, 0)
    assert str(producer) == "<KafkaProducer client_id=kafka-python-producer-1 transactional_id=None>"
    assert str(produce(client_id="me")) == "<KafkaProducer client_id=me transactional_id=None>"


def test_client_id_travels(cluster, produce):
    seen = []
    cluster.network.observers.append(lambda kind, exchange, _: seen.append(exchange.client_id))
    produce(client_id="me").send("t", b"v", partition=0).get()
    assert set(seen) == {"me"}


# Bad input


def test_wrong_calls(produce):
    producer = produce()
    producer.send("t", b"first", partition=0)
    cases = [
        (ValueError, {"value": None}, "key or value"),
        (ValueError, {"value": b"v", "partition": -1}, "-1"),
        (ValueError, {"value": b"v", "partition": 7}, "Unrecognized partition 7 for topic t"),
        (TypeError, {"value": "text"}, "serialized value: str"),
        (TypeError, {"value": b"v", "key": 3}, "serialized key: int"),
        (TypeError, {"value": b"v", "headers": {"a": b"1"}}, "headers"),
        (TypeError, {"value": b"v", "headers": [("a", "1")]}, r"\('a', '1'\)"),
        (TypeError, {"value": b"v", "headers": [["a", b"1"]]}, "header"),
        (TypeError, {"value": b"v", "timestamp_ms": 1.5}, "timestamp_ms=1.5"),
    ]
    for error, arguments, message in cases:
        with pytest.raises(error, match=message):
            producer.send("t", **arguments)
    for topic, error in (("", ValueError), ("a b", ValueError), (None, TypeError), (3, TypeError)):
        with pytest.raises(error, match="topic="):
            producer.send(topic, b"v")
    with pytest.raises(TypeError, match="unhashable"):
        producer.send([], b"v")
    assert producer.send("t", b"last", partition=0).get().offset == 1


def test_wrong_calls_of_kafka_python_2_are_assertions(produce):
    producer = produce(Producer2)
    for arguments in (
        {"value": None},
        {"value": b"v", "partition": -1},
        {"value": b"v", "partition": 7},
        {"value": "text"},
        {"value": b"v", "headers": [("a", "1")]},
    ):
        with pytest.raises(AssertionError):
            producer.send("t", **arguments)
    producer.close()
    with pytest.raises(AssertionError, match="closed"):
        producer.send("t", b"v")


def test_records_larger_than_a_request(produce):
    producer = produce(max_request_size=1000, batch_size=1000)
    assert producer.send("t", b"x" * 910, partition=0).get().offset == 0
    with pytest.raises(MessageSizeTooLargeError, match="max_request_size"):
        producer.send("t", b"x" * 950, partition=0)
    old = produce(Producer2, max_request_size=1000, batch_size=1000)
    assert isinstance(old.send("t", b"x" * 950, partition=0).exception, MessageSizeTooLargeError)


def test_unknown_topics(cluster, produce):
    producer = produce(max_block_ms=5000)
    start = cluster.scheduler.now_ms
    with pytest.raises(KafkaTimeoutError, match=r"Failed to update metadata after 5\.0 secs.*'nope'"):
        producer.send("nope", b"v")
    assert cluster.scheduler.now_ms == start + 5000
    with pytest.raises(KafkaTimeoutError):
        producer.partitions_for("nope")
    cluster.topic_errors.update(
        secret=ErrorCode.TOPIC_AUTHORIZATION_FAILED, bad=ErrorCode.INVALID_TOPIC_EXCEPTION
    )
    future = producer.send("secret", b"v")
    assert isinstance(future.exception, TopicAuthorizationFailedError)
    assert future.is_done
    with pytest.raises(InvalidTopicError):
        producer.send("bad", b"v", partition=2).get()


def test_allow_auto_create_topics_is_asked_for(cluster, produce):
    produce().partitions_for("t")
    assert cluster.requests[-1][1].allow_auto_topic_creation
    produce(allow_auto_create_topics=False).partitions_for("t")
    assert not cluster.requests[-1][1].allow_auto_topic_creation


def test_a_topic_that_vanishes(cluster, produce):
    producer = produce(max_block_ms=1000)
    producer.send("t", b"v", partition=0).get()
    del cluster.topics["t"]
    cluster.driver.wait(producer._core.client.request_metadata_update())
    with pytest.raises(KafkaTimeoutError):
        producer.send("t", b"v", partition=0)


# Serializers and partitioners


def test_serializers(cluster, produce):
    class Upper:
        closed = False

        def serialize(self, topic, headers, data):
            headers.append(("seen", topic.encode()))
            return data.upper().encode()

        def close(self):
            self.closed = True

    upper = Upper()
    producer = produce(key_serializer=str.encode, value_serializer=upper)
    meta = producer.send("t", "v", key="k", partition=0).get()
    assert (meta.serialized_key_size, meta.serialized_value_size) == (1, 1)
    assert cluster.logs["t", 0][0][2:] == (b"k", b"V", ())
    producer.close()
    assert upper.closed


def test_a_raising_serializer_or_partitioner_harms_nobody(cluster, produce):
    def partition(key, partitions, available):
        if key == b"bad":
            raise KeyError("nowhere")
        return None if key == b"none" else 1

    producer = produce(value_serializer=lambda v: v.encode(), partitioner=partition)
    with pytest.raises(AttributeError):
        producer.send("t", 3)
    with pytest.raises(KeyError, match="nowhere"):
        producer.send("t", "v", key=b"bad")
    with pytest.raises(ValueError, match="did not assign a partition"):
        producer.send("t", "v", key=b"none")
    assert producer.send("t", "v").get().partition == 1


def test_user_code_runs_without_the_lock(cluster, produce):
    free = []

    def check(*_):
        def other():
            free.append(cluster.driver.lock.acquire(blocking=False))
            if free[-1]:
                cluster.driver.lock.release()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        return b"x"

    producer = produce(value_serializer=check, partitioner=lambda *a: check() and 0)
    producer.send("t", "v").add_callback(check)
    producer.flush()
    assert free == [True] * 3


def test_the_default_partitioner(cluster, produce):
    assert type(produce(Producer2).config["partitioner"]) is DefaultPartitioner
    producer = produce()
    partitions = {producer.send("t", b"v").get().partition for _ in range(30)}
    assert partitions == {0, 1, 2}
    same = {producer.send("t", b"v", key=b"k").get().partition for _ in range(5)}
    assert len(same) == 1


# Options


def test_every_transport_option_is_accepted(produce):
    from minikafka.client.options import TRANSPORT_DEFAULTS

    produce(**{**TRANSPORT_DEFAULTS, "security_protocol": "SASL_SSL", "ssl_cafile": "/nowhere"})


def test_buffer_memory_of_kafka_python_2(cluster, produce):
    producer = produce(Producer2, buffer_memory=2000, batch_size=1000, linger_ms=10_000, max_block_ms=3000)
    for i in range(60):
        producer.send("t", b"%0100d" % i, partition=0)
    assert producer._core.accumulator._memory_used <= 2000
    producer.flush()
    assert len(cluster.values("t")) == 60
    assert producer._core.accumulator._memory_used == 0
    cluster.faults.drop("Produce", times=None)
    for i in range(16):
        producer.send("t", b"%0100d" % i, partition=0)
    with pytest.raises(KafkaTimeoutError, match="buffer_memory=2000"):
        producer.send("t", b"%0100d" % 17, partition=0)


def test_headers_need_a_broker_that_knows_them(produce):
    with pytest.raises(AssertionError, match="Headers"):
        produce(api_version=(0, 10)).send("t", b"v", headers=[("a", b"1")])


def test_transactions_are_refused(produce):
    producer = produce()
    for call in (
        producer.init_transactions,
        producer.begin_transaction,
        producer.commit_transaction,
        producer.abort_transaction,
        lambda: producer.send_offsets_to_transaction({}, "g"),
    ):
        with pytest.raises(IllegalStateError, match="transactional_id"):
            call()
    with pytest.raises(minikafka_errors.UnsupportedOptionError, match="transactional_id"):
        produce(transactional_id="tx")


def test_patched_code_sees_its_own_exceptions(cluster, answer):
    kafka_errors = pytest.importorskip("kafka.errors")

    class Patched(KafkaProducer):
        _errors = ErrorTable(kafka_errors)

    producer = Patched(
        bootstrap_servers=cluster.address, max_block_ms=100, enable_idempotence=False, retries=0
    )
    with pytest.raises(kafka_errors.KafkaTimeoutError):
        producer.send("nope", b"v")
    cluster.on_produce = lambda n, t, p, b: answer(p, ErrorCode.NOT_ENOUGH_REPLICAS)
    future = producer.send("t", b"v", partition=0)
    with pytest.raises(kafka_errors.NotEnoughReplicasError):
        future.get()
    assert future.retriable()
    cluster.faults.drop("Produce", times=None)
    with pytest.raises(kafka_errors.KafkaTimeoutError):
        producer.send("t", b"v", partition=0).get(timeout=1)
    with pytest.raises(kafka_errors.KafkaTimeoutError):
        producer.flush(timeout=1)
    producer._crash()
    with pytest.raises(kafka_errors.IllegalStateError):
        producer.send("t", b"v", partition=0)
    with pytest.raises(kafka_errors.KafkaTimeoutError):
        Patched(bootstrap_servers="nowhere:1")


# Metrics


def test_metrics(cluster, produce, answer):
    producer = produce(retries=1, enable_idempotence=False)
    left = [ErrorCode.NOT_ENOUGH_REPLICAS, 0, 2, 2]
    cluster.on_produce = lambda n, t, p, b: answer(p, code) if left and (code := left.pop(0)) else None
    for _ in range(10):
        producer.send("t", b"x" * 100, partition=0)
    producer.flush()
    producer.send("t", b"x" * 100, partition=0)
    producer.flush()
    cluster.driver.advance(1000)
    metrics = producer.metrics()
    own = metrics["producer-metrics"]
    assert own["records-per-request-avg"] == 7
    assert own["batch-size-max"] > own["batch-size-avg"] > 0
    assert own["record-send-rate"] > 0
    assert own["record-retry-rate"] > 0
    assert own["record-error-rate"] > 0
    assert own["record-size-max"] > 100
    assert own["compression-rate-avg"] == 1
    assert own["requests-in-flight"] == 0
    assert own["metadata-age"] >= 1
    assert own["record-queue-time-max"] == 0
    assert metrics["producer-topic-metrics.t"]["record-send-rate"] > 0
    assert metrics["kafka-metrics-count"]["count"] == sum(len(group) for group in metrics.values())
    raw = producer.metrics(raw=True)
    name = next(name for name in raw if name.name == "batch-size-max")
    assert raw[name].value() == own["batch-size-max"]
    assert dict(name.tags) == {"client-id": producer.config["client_id"]}
    cluster.driver.advance(120_000)
    later = producer.metrics()["producer-metrics"]
    assert later["record-send-rate"] == 0
    assert later["batch-size-max"] != later["batch-size-max"]
    assert produce(metrics_enabled=False).metrics() is None


def test_metric_reporters(produce):
    events = []

    class Reporter:
        def init(self, metrics):
            events.append(("init", metrics))

        def metric_change(self, metric):
            events.append(metric.metric_name.name)

        def close(self):
            events.append("close")

    producer = produce(metric_reporters=[Reporter])
    producer.close()
    assert events[0] == ("init", [])
    assert "batch-size-avg" in events
    assert events[-1] == "close"


# Threads and clocks


def test_many_threads_send_through_one_producer(cluster, produce):
    producer = produce(batch_size=500)
    producer.partitions_for("t")

    def work(worker):
        for i in range(200):
            producer.send("t", b"%d-%d" % (worker, i), partition=i % 3)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    producer.flush()
    sent = sorted(value for p in range(3) for value in cluster.values("t", p))
    assert sent == sorted(b"%d-%d" % (w, i) for w in range(4) for i in range(200))
    for log in cluster.logs.values():
        for worker in range(4):
            own = [int(r[3].split(b"-")[1]) for r in log if r[3].startswith(b"%d-" % worker)]
            assert own == sorted(own)


def test_timestamps_follow_virtual_time(cluster, produce):
    producer = produce(linger_ms=50_000)
    first = producer.send("t", b"1", partition=0)
    cluster.driver.advance(5000)
    second = producer.send("t", b"2", partition=0)
    assert second.get().timestamp - first.get().timestamp == 5000
    for _, _, batch in cluster.batches:
        assert batch.max_timestamp == cluster.scheduler.now_ms - 45_000
        assert batch.size_in_bytes == len(batch.encode())


def test_real_time(cluster):
    from minikafka.drivers.system import SystemDriver

    driver = SystemDriver(cluster.scheduler)
    cluster.endpoint.driver = driver
    try:
        with KafkaProducer(bootstrap_servers=cluster.address) as producer:
            futures = [producer.send("t", b"%d" % i, partition=0) for i in range(100)]
            assert futures[-1].get(timeout=10).offset == 99
            driver.advance(20)
            later = producer.send("t", b"x", partition=0)
            assert later.get(timeout=10).timestamp - futures[0].get().timestamp >= 20
    finally:
        driver.close()
