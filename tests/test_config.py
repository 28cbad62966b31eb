"""Broker and topic options: names, defaults, parsing, validation and the messages of refusals."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.config import BrokerConfig, validate_topic_configs
from minikafka.config.broker import BROKER_CONFIGS, DYNAMIC_CONFIGS, DYNAMIC_ONLY_CONFIGS
from minikafka.config.definitions import BOOLEAN, DOUBLE, INT, LIST, LONG, SHORT, STRING
from minikafka.config.topic import INERT, TOPIC_CONFIGS
from minikafka.config.unsupported import SET_BY_THE_CLUSTER, UNSUPPORTED
from minikafka.errors import InvalidConfigurationError, KafkaConfigurationError, UnsupportedOptionError

PYTHON_TYPES = {
    BOOLEAN: "bool",
    STRING: "str",
    INT: "int",
    SHORT: "int",
    LONG: "int",
    DOUBLE: "float",
    LIST: "list[str]",
}


def test_declared_attributes_are_those_of_the_table():
    declared = BrokerConfig.__annotations__
    expected = {
        key.attribute: PYTHON_TYPES[key.type_name] + (" | None" if key.default is None else "")
        for key in BROKER_CONFIGS.values()
    }
    assert declared == expected


def test_every_default_passes_its_own_validation():
    for key in [*BROKER_CONFIGS.values(), *TOPIC_CONFIGS.values()]:
        assert key.parse(key.default) == key.default
        assert key.parse(key.text(key.default)) == key.default


def test_tables_are_consistent():
    assert list(BROKER_CONFIGS) == sorted(BROKER_CONFIGS)
    assert list(TOPIC_CONFIGS) == sorted(TOPIC_CONFIGS)
    for key in TOPIC_CONFIGS.values():
        for name, _ in key.synonyms:
            assert name in BROKER_CONFIGS
    assert set(DYNAMIC_CONFIGS) <= {*BROKER_CONFIGS, *DYNAMIC_ONLY_CONFIGS}
    assert not set(DYNAMIC_ONLY_CONFIGS) & set(BROKER_CONFIGS)
    assert set(INERT) <= set(TOPIC_CONFIGS)
    refused = UNSUPPORTED.split()
    assert len(refused) == len(set(refused))
    assert not set(BROKER_CONFIGS) & {*refused, *SET_BY_THE_CLUSTER}


def test_topic_defaults_agree_with_the_table_when_nothing_is_set():
    defaults = BrokerConfig().topic_defaults
    expected = {name: key.text(key.default) for name, key in TOPIC_CONFIGS.items() if key.default is not None}
    assert defaults == expected


def test_names_in_both_spellings_and_values_of_both_kinds():
    config = BrokerConfig(
        {"num.partitions": "3", "log.cleanup.policy": "compact, delete"},
        auto_create_topics_enable=False,
        log_cleaner_min_cleanable_ratio="0.25",
    )
    assert config.num_partitions == 3
    assert config.log_cleanup_policy == ["compact", "delete"]
    assert config.auto_create_topics_enable is False
    assert config.log_cleaner_min_cleanable_ratio == 0.25
    assert config.value("num.partitions") == 3
    assert config.set_options["auto.create.topics.enable"] is False
    assert BrokerConfig().num_partitions == 1


def test_with_options_leaves_the_original_alone():
    config = BrokerConfig(num_partitions=2)
    changed = config.with_options({"log.retention.ms": "1000"})
    assert changed.num_partitions == 2
    assert changed.topic_defaults["retention.ms"] == "1000"
    assert config.topic_defaults["retention.ms"] == "604800000"
    assert config.with_options({}) is config


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num.partitons": 1}, "unknown broker option 'num.partitons'; did you mean 'num.partitions'"),
        ({"zzz": 1}, "unknown broker option 'zzz'"),
        ({"num.partitions": 0}, "Invalid value 0 for configuration num.partitions: Value must be at least 1"),
        (
            {"num.partitions": "x"},
            "Invalid value x for configuration num.partitions: Not a number of type INT",
        ),
        ({"num.partitions": True}, "Invalid value true for configuration num.partitions: Not a number"),
        ({"num.partitions": 2**31}, "Not a number of type INT"),
        ({"num.partitions": None}, "Invalid value None for configuration num.partitions"),
        ({"auto.create.topics.enable": "maybe"}, "Expected value to be either true or false"),
        (
            {"compression.type": "rar"},
            "Invalid value rar for configuration compression.type: String must be one",
        ),
        ({"log.cleaner.min.cleanable.ratio": 2}, "Value must be no more than 1"),
        ({"compression.gzip.level": 0}, "Value must be between 1 and 9 or equal to -1"),
    ],
)
def test_bad_broker_options(options, message):
    with pytest.raises(KafkaConfigurationError, match=re.escape(message)):
        BrokerConfig(options)


@pytest.mark.parametrize("name", ["num.io.threads", "node_id", "log.dirs", "group.share.enable"])
def test_options_of_kafka_that_are_not_modelled(name):
    with pytest.raises(UnsupportedOptionError, match=re.escape(name)):
        BrokerConfig({name: "1"})


def test_time_options_by_unit_the_finest_wins():
    assert BrokerConfig(log_retention_hours=1).topic_defaults["retention.ms"] == "3600000"
    assert (
        BrokerConfig(log_retention_hours=1, log_retention_minutes=2).topic_defaults["retention.ms"]
        == "120000"
    )
    assert BrokerConfig(log_retention_hours=1, log_retention_ms=3).topic_defaults["retention.ms"] == "3"
    assert BrokerConfig(log_retention_hours=-1).topic_defaults["retention.ms"] == "-1"


def test_effective_topic_options():
    options = BrokerConfig(log_segment_bytes=2**21).topic_options({"cleanup.policy": "compact"})
    assert options["segment.bytes"] == str(2**21)
    assert options["cleanup.policy"] == "compact"
    assert BrokerConfig().topic_options({"internal.segment.bytes": "100"})["segment.bytes"] == "100"


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ({"retention.sm": "1"}, "Unknown topic config name: retention.sm"),
        ({"retention.ms": None, "a": None}, "Null value not supported for topic configs: a,retention.ms"),
        (
            {"retention.ms": "-2"},
            "Invalid value -2 for configuration retention.ms: Value must be at least -1",
        ),
        ({"retention.ms": "x"}, "Invalid value x for configuration retention.ms: Not a number of type LONG"),
        (
            {"cleanup.policy": "shred"},
            "Invalid value shred for configuration cleanup.policy: String must be one",
        ),
        ({"segment.bytes": "14"}, "Value must be at least 1048576"),
        ({"preallocate": "yes"}, "Expected value to be either true or false"),
        ({"remote.storage.enable": "true"}, "Tiered Storage functionality is disabled in the broker."),
        (
            {"min.compaction.lag.ms": "5", "max.compaction.lag.ms": "4"},
            "conflict topic config setting min.compaction.lag.ms (5) > max.compaction.lag.ms (4)",
        ),
        ({"leader.replication.throttled.replicas": "1-2"}, "must be the literal '*' or a list of replicas"),
    ],
)
def test_bad_topic_configs(configs, message):
    with pytest.raises(InvalidConfigurationError, match=re.escape(message)):
        validate_topic_configs(configs)


def test_good_topic_configs():
    validate_topic_configs({})
    validate_topic_configs(
        {
            "cleanup.policy": "compact,delete",
            "retention.ms": "-1",
            "leader.replication.throttled.replicas": "0:1,1:2",
            "follower.replication.throttled.replicas": "*",
        }
    )


def test_compaction_lag_is_checked_against_the_brokers_default():
    with pytest.raises(InvalidConfigurationError, match="conflict topic config setting"):
        validate_topic_configs({"min.compaction.lag.ms": "10"}, {"max.compaction.lag.ms": "9"})


@given(st.sampled_from(sorted(BROKER_CONFIGS)), st.one_of(st.text(max_size=8), st.integers(), st.booleans()))
def test_any_value_is_taken_or_refused_with_its_name(name, value):
    try:
        config = BrokerConfig({name: value})
    except KafkaConfigurationError as error:
        refusal = str(error)
    else:
        refusal = name
        key = BROKER_CONFIGS[name]
        assert key.parse(key.text(config.value(name))) == config.value(name)
    assert name in refusal
