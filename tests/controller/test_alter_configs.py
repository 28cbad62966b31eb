import pytest

from minikafka.errors import ErrorCode
from minikafka.messages.alter_configs import AlterableConfig as Replacement
from minikafka.messages.alter_configs import AlterConfigsRequest
from minikafka.messages.alter_configs import AlterConfigsResource as ReplacedResource
from minikafka.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)

TOPIC, BROKER = 2, 4
SET, DELETE, APPEND, SUBTRACT = range(4)


def resource(name, *operations, kind=TOPIC):
    return AlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[
            AlterableConfig(name=key, config_operation=what, value=value) for what, key, value in operations
        ],
    )


def alter(cluster, *resources, **more):
    response = cluster.ask(IncrementalAlterConfigsRequest(resources=list(resources), **more))
    return [(each.error_code, each.error_message) for each in response.responses]


@pytest.fixture
def orders(cluster):
    cluster = cluster()
    cluster.create("orders", configs={"retention.ms": "1000", "cleanup.policy": "delete"})
    return cluster


def configs(cluster):
    return cluster.image.topics["orders"].configs


def test_each_operation(orders):
    assert alter(
        orders,
        resource(
            "orders",
            (SET, "segment.ms", "5000"),
            (DELETE, "retention.ms", None),
            (APPEND, "cleanup.policy", "compact"),
        ),
    ) == [(0, None)]
    assert configs(orders) == {"cleanup.policy": "delete,compact", "segment.ms": "5000"}
    alter(orders, resource("orders", (SUBTRACT, "cleanup.policy", "delete")))
    assert configs(orders)["cleanup.policy"] == "compact"


def test_appending_to_a_default(cluster):
    cluster = cluster()
    cluster.create("orders")
    alter(cluster, resource("orders", (APPEND, "cleanup.policy", "compact")))
    assert configs(cluster) == {"cleanup.policy": "delete,compact"}


def test_validate_only(orders):
    before = orders.image
    assert alter(orders, resource("orders", (SET, "segment.ms", "5000")), validate_only=True) == [(0, None)]
    assert orders.image is before


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        (resource("orders", (SET, "nonsense", "1")), ErrorCode.INVALID_CONFIG, "nonsense"),
        (resource("orders", (SET, "segment.ms", "x")), ErrorCode.INVALID_CONFIG, "segment.ms"),
        (resource("orders", (APPEND, "segment.ms", "1")), ErrorCode.INVALID_CONFIG, "its type is not LIST"),
        (resource("orders", (SET, "segment.ms", None)), ErrorCode.INVALID_REQUEST, "segment.ms"),
        (
            resource("orders", (SET, "segment.ms", "1"), (DELETE, "segment.ms", None)),
            ErrorCode.INVALID_REQUEST,
            "duplicate config keys",
        ),
        (resource("orders", (9, "segment.ms", "1")), ErrorCode.INVALID_REQUEST, "operation 9"),
        (
            resource("none", (SET, "segment.ms", "1")),
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            "The topic 'none' does not exist.",
        ),
        (resource("", (SET, "segment.ms", "1")), ErrorCode.INVALID_REQUEST, "Default topic resources"),
        (resource("a b", (SET, "segment.ms", "1")), ErrorCode.INVALID_TOPIC_EXCEPTION, "a b"),
        (resource("x", kind=BROKER), ErrorCode.INVALID_REQUEST, "Unable to parse broker name"),
        (resource("-1", kind=BROKER), ErrorCode.INVALID_REQUEST, "negative"),
        (resource("9", kind=BROKER), ErrorCode.BROKER_ID_NOT_REGISTERED, "No node with id 9 found."),
        (
            resource("1", (SET, "num.partitions", "3"), kind=BROKER),
            ErrorCode.INVALID_REQUEST,
            "Cannot update these configs dynamically: num.partitions",
        ),
        (
            resource("1", (SET, "log.retention.ms", "x"), kind=BROKER),
            ErrorCode.INVALID_CONFIG,
            "log.retention.ms",
        ),
        (resource("g", kind=32), ErrorCode.INVALID_REQUEST, "GROUP"),
        (resource("g", kind=77), ErrorCode.UNSUPPORTED_VERSION, "Unknown resource type 77."),
    ],
)
def test_refusals(orders, changed, code, message):
    before = orders.image
    [(found, text)] = alter(orders, changed)
    assert found == code
    assert message in text
    assert orders.image is before


def test_a_resource_named_twice(orders):
    changes = resource("orders", (SET, "segment.ms", "1"))
    [(code, message)] = alter(orders, changes, changes)
    assert (code, message) == (ErrorCode.INVALID_REQUEST, "Duplicate resource.")


def test_brokers_and_their_common_default(orders):
    alter(
        orders,
        resource("2", (SET, "log.retention.ms", "5000"), kind=BROKER),
        resource("", (SET, "unclean.leader.election.enable", "true"), kind=BROKER),
    )
    assert orders.image.broker_configs == {
        "2": {"log.retention.ms": "5000"},
        "": {"unclean.leader.election.enable": "true"},
    }
    assert orders.controller.is_unclean_election_enabled("orders")
    alter(orders, resource("2", (DELETE, "log.retention.ms", None), kind=BROKER))
    assert list(orders.image.broker_configs) == [""]


def test_all_at_once(orders):
    def replace(*pairs):
        wanted = ReplacedResource(
            resource_type=TOPIC,
            resource_name="orders",
            configs=[Replacement(name=name, value=value) for name, value in pairs],
        )
        return orders.ask(AlterConfigsRequest(resources=[wanted])).responses[0].error_code

    assert replace(("segment.ms", "7")) == 0
    assert configs(orders) == {"segment.ms": "7"}
    assert replace(("segment.ms", None)) == ErrorCode.INVALID_REQUEST
    assert replace() == 0
    assert configs(orders) == {}
