import pytest

from minikafka.client import options
from minikafka.client.options import Dialect
from minikafka.client.producer_options import DEFAULT_CONFIG, DEFAULT_CONFIG_2, ProducerOptions
from minikafka.errors import ERRORS, KafkaConfigurationError, UnsupportedOptionError

kafka = pytest.importorskip("kafka")


def resolve(dialect=Dialect.KAFKA_PYTHON_3, base=None, **given):
    return ProducerOptions(given, dialect, ERRORS, base)


def test_defaults_are_kafka_pythons():
    theirs = kafka.KafkaProducer.DEFAULT_CONFIG
    assert set(DEFAULT_CONFIG) == set(theirs)
    objects = {"partitioner", "kafka_client", "selector", "socket_options", "metric_reporters"}
    for name, value in theirs.items():
        if name not in objects:
            assert DEFAULT_CONFIG[name] == value, name


def test_transport_options_have_reasons():
    for name in options.TRANSPORT_DEFAULTS:
        assert options.TRANSPORT_OPTIONS[name]


def test_unknown_options_raise_what_kafka_python_raises():
    with pytest.raises(ValueError, match=r"Unrecognized configs: \{.batchsize.: 3\}"):
        resolve(batchsize=3)
    with pytest.raises(AssertionError, match="batchsize"):
        resolve(Dialect.KAFKA_PYTHON_2, batchsize=3)


@pytest.mark.parametrize(
    "given",
    [
        {"batch_size": -1},
        {"batch_size": "16"},
        {"batch_size": True},
        {"linger_ms": None},
        {"acks": 2},
        {"acks": "some"},
        {"max_in_flight_requests_per_connection": 0},
        {"max_request_size": 0.5},
        {"retries": -1},
        {"delivery_timeout_ms": 100},
        {"security_protocol": "QUIC"},
        {"api_version": "new"},
        {"metrics_num_samples": 0},
    ],
)
def test_bad_values_are_named(given):
    name, value = next(iter(given.items()))
    with pytest.raises(KafkaConfigurationError, match=f"{name}={value!r}"):
        resolve(**given)


def test_refused():
    with pytest.raises(UnsupportedOptionError, match="transactional_id='x'"):
        resolve(transactional_id="x")
    with pytest.raises(UnsupportedOptionError, match="kafka_client="):
        resolve(kafka_client=object)


def test_compression_names_and_libraries(monkeypatch):
    assert resolve(compression_type="gzip").compression == 1
    assert resolve(compression_type="zstd").compression == 4
    with pytest.raises(ValueError, match="brotli"):
        resolve(compression_type="brotli")
    with pytest.raises(ValueError, match=r"zstd.*2\.1"):
        resolve(compression_type="zstd", api_version=(2, 0))

    def missing(codec):
        from minikafka.errors import UnsupportedCodecError

        raise UnsupportedCodecError("install minikafka[lz4]")

    monkeypatch.setattr("minikafka.compression.require_codec", missing)
    with pytest.raises(RuntimeError, match="Libraries for lz4"):
        resolve(compression_type="lz4")
    with pytest.raises(AssertionError, match="Libraries for lz4"):
        resolve(Dialect.KAFKA_PYTHON_2, compression_type="lz4")


def test_idempotence_by_default_gives_way_to_what_the_user_said(caplog):
    assert resolve().enable_idempotence
    assert resolve().acks == -1
    assert resolve(acks="all").enable_idempotence
    for given in ({"acks": 1}, {"retries": 0}, {"max_in_flight_requests_per_connection": 6}):
        assert not resolve(**given).enable_idempotence
        with pytest.raises(KafkaConfigurationError, match=next(iter(given))):
            resolve(enable_idempotence=True, **given)
    assert "Idempotence is disabled" in caplog.text
    assert not resolve(api_version=(0, 10)).enable_idempotence
    assert not resolve(enable_idempotence=False).enable_idempotence


def test_idempotence_of_kafka_python_2():
    def two(**given):
        return resolve(Dialect.KAFKA_PYTHON_2, **given)

    assert two().acks == 1
    assert not two().enable_idempotence
    on = two(enable_idempotence=True)
    assert (on.acks, on.max_in_flight) == (-1, 1)
    for given in ({"acks": 1}, {"retries": 0}, {"max_in_flight_requests_per_connection": 2}):
        with pytest.raises(KafkaConfigurationError, match=next(iter(given))):
            two(enable_idempotence=True, **given)
    with pytest.raises(AssertionError):
        two(enable_idempotence=True, api_version=(0, 10))


def test_an_installed_kafka_pythons_defaults():
    base = dict(kafka.KafkaProducer.DEFAULT_CONFIG, linger_ms=7, brand_new=None)
    assert options.dialect_of(base) is Dialect.KAFKA_PYTHON_3
    assert options.dialect_of(None) is Dialect.KAFKA_PYTHON_3
    assert options.dialect_of(DEFAULT_CONFIG_2) is Dialect.KAFKA_PYTHON_2
    resolved = resolve(base=base)
    assert resolved.linger_ms == 7
    assert resolve(base=base, linger_ms=1).linger_ms == 1
    with pytest.raises(UnsupportedOptionError, match="brand_new=3"):
        resolve(base=base, brand_new=3)


def test_api_version():
    assert options.normalized_api_version(None) == options.BROKER_VERSION
    assert options.normalized_api_version("auto") == options.BROKER_VERSION
    assert options.normalized_api_version("2.8") == (2, 8)
    assert options.normalized_api_version((0, 11)) == (0, 11)


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "x" * 250, "ö"])
def test_topic_names(name):
    with pytest.raises(ValueError, match="topic="):
        options.check_topic_name(name)


def test_topic_names_are_strings():
    for name in (None, 3, b"t"):
        with pytest.raises(TypeError, match="topic="):
            options.check_topic_name(name)
    assert options.check_topic_name("a.b_c-9") == "a.b_c-9"
    assert options.milliseconds(float("inf")) == options.FOREVER_MS
