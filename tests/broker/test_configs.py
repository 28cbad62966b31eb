"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs: values, sources, synonyms, refusals, effects."""

from __future__ import annotations

import pytest

from minikafka.config.broker import BROKER_CONFIGS, INTERNAL_CONFIGS
from minikafka.config.topic import TOPIC_CONFIGS
from minikafka.errors import ErrorCode
from minikafka.messages import alter_configs as legacy
from minikafka.messages import incremental_alter_configs as incremental
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)
TOPIC_CONFIG, DYNAMIC_BROKER, DYNAMIC_DEFAULT, STATIC, DEFAULT = range(1, 6)


def describe(lab, resource_type=TOPIC, name="orders", keys=None, node_id=1, **options):
    request = DescribeConfigsRequest(
        resources=[
            DescribeConfigsResource(resource_type=resource_type, resource_name=name, configuration_keys=keys)
        ],
        **options,
    )
    return lab.ask(request, node_id).results[0]


def entry(lab, option, resource_type=TOPIC, name="orders", **options):
    (config,) = describe(lab, resource_type, name, [option], include_synonyms=True, **options).configs
    return config


def alter(lab, option, value, operation=SET, resource_type=TOPIC, name="orders", *, node_id=1, **options):
    request = incremental.IncrementalAlterConfigsRequest(
        resources=[
            incremental.AlterConfigsResource(
                resource_type=resource_type,
                resource_name=name,
                configs=[incremental.AlterableConfig(name=option, config_operation=operation, value=value)],
            )
        ],
        **options,
    )
    (answer,) = lab.ask(request, node_id).responses
    lab.settle()
    return answer


# Describe


def test_every_topic_option_is_described(orders):
    result = describe(orders)
    assert (result.error_code, result.resource_type, result.resource_name) == (0, TOPIC, "orders")
    assert [config.name for config in result.configs] == [
        name for name, key in TOPIC_CONFIGS.items() if key.default is not None
    ]
    assert all(config.config_source == DEFAULT and not config.synonyms for config in result.configs)
    assert not any(config.read_only or config.is_sensitive for config in result.configs)
    by_name = {config.name: config for config in result.configs}
    assert (by_name["cleanup.policy"].value, by_name["cleanup.policy"].config_type) == ("delete", 7)
    assert (by_name["preallocate"].value, by_name["preallocate"].config_type) == ("false", 1)


def test_sources_and_synonyms_of_a_topic_option(make_lab):
    lab = make_lab(config={"log.segment.bytes": 2 << 20, "log.retention.hours": 1})
    lab.kafka.create_topic("orders", configs={"segment.bytes": 3 << 20})
    config = entry(lab, "segment.bytes")
    assert (config.value, config.config_source) == (str(3 << 20), TOPIC_CONFIG)
    assert [(each.name, each.value, each.source) for each in config.synonyms] == [
        ("segment.bytes", str(3 << 20), TOPIC_CONFIG),
        ("log.segment.bytes", str(2 << 20), STATIC),
        ("log.segment.bytes", str(1 << 30), DEFAULT),
    ]
    # As in Kafka: the hours count for the value, but are no synonym as long as log.retention.ms is not set.
    retention = entry(lab, "retention.ms")
    assert (retention.value, retention.config_source, retention.synonyms) == ("3600000", DEFAULT, [])


def test_an_internal_option_is_described_where_it_is_set(make_lab):
    lab = make_lab(config={"log.initial.task.delay.ms": 100})
    [config] = [
        each for each in describe(lab, BROKER, "1").configs if each.name == "log.initial.task.delay.ms"
    ]
    assert config.value == "100"


def test_every_broker_option_is_described(make_lab):
    lab = make_lab(config={"num.partitions": 3})
    result = describe(lab, BROKER, "1")
    assert [config.name for config in result.configs] == [
        n for n in BROKER_CONFIGS if n not in INTERNAL_CONFIGS
    ]
    by_name = {config.name: config for config in result.configs}
    partitions = by_name["num.partitions"]
    assert (partitions.value, partitions.config_source, partitions.read_only) == ("3", STATIC, True)
    assert not by_name["log.retention.ms"].read_only
    assert by_name["log.retention.ms"].value is None
    assert describe(lab, BROKER, "").configs == []


@pytest.mark.parametrize(
    ("resource_type", "name", "code"),
    [
        (TOPIC, "nothing", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (TOPIC, "a/b", ErrorCode.INVALID_TOPIC_EXCEPTION),
        (BROKER, "2", ErrorCode.INVALID_REQUEST),
        (BROKER, "x", ErrorCode.INVALID_REQUEST),
        (LOGGER, "1", ErrorCode.INVALID_REQUEST),
        (GROUP, "", ErrorCode.INVALID_REQUEST),
        (CLIENT_METRICS, "", ErrorCode.INVALID_REQUEST),
        (99, "1", ErrorCode.INVALID_REQUEST),
    ],
)
def test_describe_refusals(orders, resource_type, name, code):
    result = describe(orders, resource_type, name)
    assert (result.error_code, result.configs) == (code, [])


# Alter


def test_set_and_delete_a_topic_option(orders):
    assert alter(orders, "retention.ms", "1000").error_code == 0
    assert entry(orders, "retention.ms").value == "1000"
    assert orders.kafka.logs(1)["orders", 0].config.retention_ms == 1000
    assert alter(orders, "retention.ms", None, DELETE).error_code == 0
    assert entry(orders, "retention.ms").value == "604800000"


def test_append_and_subtract(orders):
    assert alter(orders, "cleanup.policy", "compact", APPEND).error_code == 0
    assert entry(orders, "cleanup.policy").value == "delete,compact"
    assert alter(orders, "cleanup.policy", "delete", SUBTRACT).error_code == 0
    assert entry(orders, "cleanup.policy").value == "compact"
    assert alter(orders, "retention.ms", "1", APPEND).error_code == ErrorCode.INVALID_CONFIG


def test_validate_only_changes_nothing(orders):
    assert alter(orders, "retention.ms", "1000", validate_only=True).error_code == 0
    assert entry(orders, "retention.ms").value == "604800000"
    assert alter(orders, "retention.ms", "-5", validate_only=True).error_code == ErrorCode.INVALID_CONFIG


@pytest.mark.parametrize(
    ("args", "options", "code"),
    [
        (("retention.ms", "-2"), {}, ErrorCode.INVALID_CONFIG),
        (("retention.sm", "1"), {}, ErrorCode.INVALID_CONFIG),
        (("retention.ms", None), {}, ErrorCode.INVALID_REQUEST),
        (("retention.ms", "1"), {"name": "nothing"}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (("num.partitions", "2"), {"resource_type": BROKER, "name": ""}, ErrorCode.INVALID_REQUEST),
        (("log.retention.ms", "x"), {"resource_type": BROKER, "name": ""}, ErrorCode.INVALID_REQUEST),
        (("log.retention.ms", "1"), {"resource_type": BROKER, "name": "7"}, ErrorCode.INVALID_REQUEST),
        (("log.retention.ms", "1", APPEND), {"resource_type": BROKER, "name": ""}, ErrorCode.INVALID_CONFIG),
        (("log.retention.ms", "1", 9), {"resource_type": BROKER, "name": ""}, ErrorCode.INVALID_REQUEST),
        (("x", "1"), {"resource_type": 99}, ErrorCode.INVALID_REQUEST),
    ],
)
def test_alter_refusals(orders, args, options, code):
    answer = alter(orders, *args, **options)
    assert answer.error_code == code
    assert answer.error_message


def test_a_resource_that_is_named_twice(orders):
    resource = incremental.AlterConfigsResource(
        resource_type=TOPIC,
        resource_name="orders",
        configs=[incremental.AlterableConfig(name="retention.ms", config_operation=SET, value="1")],
    )
    request = incremental.IncrementalAlterConfigsRequest(resources=[resource, resource])
    assert [each.error_code for each in orders.ask(request).responses] == [ErrorCode.INVALID_REQUEST] * 2
    doubled = incremental.AlterConfigsResource(
        resource_type=TOPIC, resource_name="orders", configs=resource.configs * 2
    )
    request = incremental.IncrementalAlterConfigsRequest(resources=[doubled])
    assert orders.ask(request).responses[0].error_code == ErrorCode.INVALID_REQUEST


def test_dynamic_broker_options(orders):
    assert alter(orders, "log.retention.ms", "5000", resource_type=BROKER, name="").error_code == 0
    assert alter(orders, "log.retention.ms", "4000", resource_type=BROKER, name="1").error_code == 0
    config = entry(orders, "log.retention.ms", BROKER, "1")
    assert (config.value, config.config_source) == ("4000", DYNAMIC_BROKER)
    assert [(each.name, each.value, each.source) for each in config.synonyms] == [
        ("log.retention.ms", "4000", DYNAMIC_BROKER),
        ("log.retention.ms", "5000", DYNAMIC_DEFAULT),
        ("log.retention.hours", "168", DEFAULT),
    ]
    assert entry(orders, "retention.ms").value == "4000"
    (default,) = describe(orders, BROKER, "").configs
    assert (default.name, default.value, default.config_source) == (
        "log.retention.ms",
        "5000",
        DYNAMIC_DEFAULT,
    )
    alter(orders, "log.retention.ms", None, DELETE, resource_type=BROKER, name="1")
    alter(orders, "log.retention.ms", None, DELETE, resource_type=BROKER, name="")
    assert entry(orders, "retention.ms").value == "604800000"


def test_new_topics_and_old_ones_obey_a_dynamic_broker_option(orders):
    alter(orders, "log.retention.ms", "5000", resource_type=BROKER, name="")
    orders.kafka.create_topic("new")
    assert orders.kafka.logs(1)["new", 0].config.retention_ms == 5000
    assert orders.kafka.logs(1)["orders", 0].config.retention_ms == 5000


def test_legacy_alter_replaces_everything(orders):
    alter(orders, "max.message.bytes", "1000")

    def replace(name, configs):
        request = legacy.AlterConfigsRequest(
            resources=[
                legacy.AlterConfigsResource(
                    resource_type=TOPIC,
                    resource_name=name,
                    configs=[legacy.AlterableConfig(name=key, value=value) for key, value in configs.items()],
                )
            ]
        )
        answer = orders.ask(request).responses[0]
        orders.settle()
        return answer.error_code

    assert replace("orders", {"retention.ms": "1000"}) == 0
    assert entry(orders, "retention.ms").value == "1000"
    assert entry(orders, "max.message.bytes").value == str(1024 * 1024 + 12)
    assert replace("nothing", {}) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert replace("orders", {"retention.ms": None}) == ErrorCode.INVALID_REQUEST
    assert replace("orders", {"x": "1"}) == ErrorCode.INVALID_CONFIG


def test_an_unknown_topic_is_told_without_words(orders):
    assert describe(orders, TOPIC, "nothing").error_message == ""


def test_throttles_of_reassignments_are_set_told_and_cleared(orders):
    rate = "leader.replication.throttled.rate"
    assert rate not in {config.name for config in describe(orders, BROKER, "1").configs}
    assert alter(orders, rate, None, DELETE, resource_type=BROKER, name="1").error_code == 0
    assert alter(orders, rate, "1000", resource_type=BROKER, name="1").error_code == 0
    config = entry(orders, rate, BROKER, "1")
    assert (config.value, config.config_source, config.read_only) == ("1000", DYNAMIC_BROKER, False)
    assert alter(orders, rate, "-1", resource_type=BROKER, name="1").error_code == ErrorCode.INVALID_REQUEST
    assert alter(orders, rate, None, DELETE, resource_type=BROKER, name="1").error_code == 0
    assert describe(orders, BROKER, "1", [rate]).configs == []


@pytest.mark.parametrize("resource_type", [GROUP, CLIENT_METRICS])
def test_groups_and_client_metrics_have_no_options(orders, resource_type):
    result = describe(orders, resource_type, "nobody")
    assert (result.error_code, result.configs) == (0, [])
    assert alter(orders, "x", "1", resource_type=resource_type).error_code == ErrorCode.INVALID_REQUEST
