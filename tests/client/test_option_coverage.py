"""Every option of the installed kafka-python is honoured, meaningless in process for a stated reason, or refused."""

import pytest

from minikafka import MiniKafka
from minikafka.client.options import IDLE_OPTIONS, TRANSPORT_OPTIONS
from minikafka.errors import KafkaError, UnsupportedOptionError

kafka = pytest.importorskip("kafka", minversion="3")

COMMON = {
    "allow_auto_create_topics",
    "api_version",
    "bootstrap_servers",
    "bootstrap_timeout_ms",
    "client_id",
    "metadata_max_age_ms",
    "reconnect_backoff_max_ms",
    "reconnect_backoff_ms",
    "request_timeout_ms",
    "retry_backoff_ms",
}
METRICS = {"metric_reporters", "metrics_enabled", "metrics_num_samples", "metrics_sample_window_ms"}

HONOURED = {
    "producer": COMMON
    | METRICS
    | {
        "acks",
        "batch_size",
        "compression_type",
        "delivery_timeout_ms",
        "enable_idempotence",
        "key_serializer",
        "linger_ms",
        "max_block_ms",
        "max_in_flight_requests_per_connection",
        "max_request_size",
        "partitioner",
        "retries",
        "transaction_timeout_ms",
        "value_serializer",
    },
    "consumer": COMMON
    | METRICS
    | {
        "auto_commit_interval_ms",
        "auto_offset_reset",
        "check_crcs",
        "client_rack",
        "consumer_timeout_ms",
        "default_offset_commit_callback",
        "enable_auto_commit",
        "enable_incremental_fetch_sessions",
        "exclude_internal_topics",
        "fetch_max_bytes",
        "fetch_max_wait_ms",
        "fetch_min_bytes",
        "group_id",
        "group_instance_id",
        "heartbeat_interval_ms",
        "isolation_level",
        "key_deserializer",
        "max_partition_fetch_bytes",
        "max_poll_interval_ms",
        "max_poll_records",
        "metric_group_prefix",
        "partition_assignment_strategy",
        "session_timeout_ms",
        "value_deserializer",
    },
    "admin": COMMON - {"allow_auto_create_topics"},
}

REFUSED = {
    "producer": {"transactional_id": "orders-1", "kafka_client": object},
    "consumer": {"kafka_client": object},
    "admin": {"kafka_client": object, "metric_reporters": [object]},
}

DEFAULTS = {
    "producer": kafka.KafkaProducer.DEFAULT_CONFIG,
    "consumer": kafka.KafkaConsumer.DEFAULT_CONFIG,
    "admin": kafka.KafkaAdminClient.DEFAULT_CONFIG,
}

BAD_VALUES = {
    "acks": 7,
    "api_version": "new",
    "auto_commit_interval_ms": -1,
    "batch_size": -1,
    "bootstrap_timeout_ms": -1,
    "compression_type": "brotli",
    "consumer_timeout_ms": "soon",
    "delivery_timeout_ms": -1,
    "fetch_max_bytes": -1,
    "fetch_max_wait_ms": -1,
    "fetch_min_bytes": "many",
    "heartbeat_interval_ms": 0,
    "isolation_level": "dirty",
    "linger_ms": -1,
    "max_block_ms": -1,
    "max_in_flight_requests_per_connection": 0,
    "max_partition_fetch_bytes": -1,
    "max_poll_interval_ms": 0,
    "max_poll_records": 0,
    "max_request_size": 0,
    "metadata_max_age_ms": -1,
    "metrics_num_samples": 0,
    "metrics_sample_window_ms": 0,
    "reconnect_backoff_max_ms": -1,
    "reconnect_backoff_ms": -1,
    "request_timeout_ms": 0,
    "retries": -1,
    "retry_backoff_ms": -1,
    "session_timeout_ms": 0,
    "transaction_timeout_ms": 0,
}


@pytest.fixture(scope="module")
def cluster():
    with MiniKafka() as cluster:
        cluster.create_topic("orders")
        yield cluster


@pytest.mark.parametrize("client", DEFAULTS)
def test_every_option_is_in_exactly_one_class(client):
    idle = set(IDLE_OPTIONS[client])
    classes = [HONOURED[client], set(TRANSPORT_OPTIONS), idle, set(REFUSED[client])]
    for option in DEFAULTS[client]:
        assert sum(option in members for members in classes) == 1, option
    for members in (HONOURED[client], idle, set(REFUSED[client])):
        assert members <= set(DEFAULTS[client])


@pytest.mark.parametrize(
    ("client", "option"), [(client, option) for client, options in REFUSED.items() for option in options]
)
def test_refused_options_are_named(cluster, client, option):
    with pytest.raises(UnsupportedOptionError, match=option):
        getattr(cluster, client)(**{option: REFUSED[client][option]})


@pytest.mark.parametrize(
    ("client", "option"),
    [(client, option) for client, known in DEFAULTS.items() for option in BAD_VALUES if option in known],
)
def test_bad_values_are_refused_by_name(cluster, client, option):
    with pytest.raises((KafkaError, ValueError), match=rf"{option}|codec"):
        getattr(cluster, client)(**{option: BAD_VALUES[option]})


@pytest.mark.parametrize("client", DEFAULTS)
def test_defaults_can_be_given(cluster, client):
    given = {
        name: value
        for name, value in DEFAULTS[client].items()
        if name not in ("bootstrap_servers", "partitioner")
    }
    made = getattr(cluster, client)(**given)
    assert set(made.config) == set(DEFAULTS[client])
    made.close()


def consumed(cluster, **options):
    """The values of one poll from the beginning."""
    consumer = cluster.consumer("orders", **{"auto_offset_reset": "earliest", **options})
    polled = consumer.poll(timeout_ms=1000)
    consumer.close()
    return [record.value for records in polled.values() for record in records]


def test_what_is_honoured_is_felt():
    with MiniKafka() as cluster:
        cluster.create_topic("orders")
        producer = cluster.producer(
            linger_ms=100, batch_size=0, value_serializer=str.encode, client_id="till"
        )
        assert producer.config["client_id"] == "till"
        sent = [producer.send("orders", text) for text in "abc"]
        producer.flush()
        assert [future.value.offset for future in sent] == [0, 1, 2]
        assert len(consumed(cluster, max_poll_records=2)) == 2
        assert len(consumed(cluster, max_partition_fetch_bytes=1)) == 1
        assert consumed(cluster, auto_offset_reset="latest") == []
        assert consumed(cluster, value_deserializer=bytes.decode) == ["a", "b", "c"]
        started_ms = cluster.now_ms
        consumer = cluster.consumer("orders", auto_offset_reset="earliest", consumer_timeout_ms=5000)
        assert [record.value for record in consumer] == [b"a", b"b", b"c"]
        assert cluster.now_ms - started_ms >= 5000
        assert cluster.producer(metrics_enabled=False).metrics() is None
