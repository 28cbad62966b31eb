"""The admin client beside kafka-python 3's: the same methods, options and enums, and the same dicts."""

import inspect

import pytest

from minikafka import MiniKafka
from minikafka import admin as ours
from minikafka.client.admin_dicts import to_dict
from minikafka.client.admin_options import DEFAULT_CONFIG
from minikafka.client.assignors.cooperative_sticky import CooperativeStickyAssignor
from minikafka.client.assignors.range import RangePartitionAssignor
from minikafka.client.options import TRANSPORT_OPTIONS
from minikafka.structs import OffsetAndMetadata, TopicPartition

theirs = pytest.importorskip("kafka.admin", exc_type=ImportError)
pytestmark = pytest.mark.skipif(
    "bootstrap_timeout_ms" not in theirs.KafkaAdminClient.DEFAULT_CONFIG, reason="needs kafka-python 3"
)

_METHODS = [
    name
    for name, function in inspect.getmembers(theirs.KafkaAdminClient, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize("name", _METHODS)
def test_signatures(name):
    def shape(cls):
        return [
            (parameter.name, parameter.kind, parameter.default)
            for parameter in inspect.signature(getattr(cls, name)).parameters.values()
        ]

    assert shape(ours.KafkaAdminClient) == shape(theirs.KafkaAdminClient)


def test_options_and_defaults():
    defaults = theirs.KafkaAdminClient.DEFAULT_CONFIG
    assert set(DEFAULT_CONFIG) == set(defaults)
    for name, value in defaults.items():
        if name not in TRANSPORT_OPTIONS and name not in ("client_id", "metric_reporters", "kafka_client"):
            assert DEFAULT_CONFIG[name] == value, name


@pytest.mark.parametrize(
    "name",
    [
        "ACLOperation",
        "AlterConfigOp",
        "ConfigResourceType",
        "ConfigSourceType",
        "ConfigType",
        "GroupState",
        "GroupType",
        "OffsetSpec",
    ],
)
def test_enums(name):
    def members(module):
        return {member.name: member.value for member in getattr(module, name)}

    assert members(ours) == members(theirs)
    for member in getattr(theirs, name):
        if hasattr(getattr(ours, name), "build_from"):
            assert getattr(ours, name).build_from(member) == member
            assert getattr(ours, name).value_for(member.name.lower().replace("_", "-")) == member.value


def test_every_answer_reads_as_kafka_python_reads_it():
    """Each response of a busy admin client, encoded and decoded by kafka-python, gives the same dict."""
    answers = []
    with MiniKafka(brokers=2, seed=3) as kafka:
        kafka.network.observers.append(
            lambda kind, exchange, response: (
                answers.append(response)
                if kind == "response" and exchange.source.startswith("admin")
                else None
            )
        )
        use_everything(kafka, kafka.admin())
    compared = set()
    for answer in answers:
        decoded = decoder(answer)
        if decoded is None:
            continue
        compared.add(answer.api_name)
        told = to_dict(answer, answer.max_version)
        assert told == named_operations(decoded)
        assert order(told) == order(decoded)
    assert {"Metadata", "DescribeGroups", "DescribeConfigs", "CreateTopics", "DescribeLogDirs"} <= compared
    assert len(compared) >= 15


@pytest.mark.parametrize("strategy", [RangePartitionAssignor, CooperativeStickyAssignor])
def test_members_read_as_kafka_python_reads_them(strategy):
    from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription

    described = []
    with MiniKafka(seed=3) as kafka:
        kafka.create_topic("orders", partitions=2)
        consumer = kafka.consumer("orders", group_id="g", partition_assignment_strategy=[strategy])
        kafka.wait_for_assignment(consumer)
        kafka.network.observers.append(
            lambda kind, exchange, response: (
                described.append(response)
                if getattr(response, "api_name", None) == "DescribeGroups"
                else None
            )
        )
        [told] = kafka.admin().describe_groups(["g"])["g"]["members"]
        [member] = described[-1].groups[0].members
    for field, kind in (
        ("member_metadata", ConsumerProtocolSubscription),
        ("member_assignment", ConsumerProtocolAssignment),
    ):
        theirs = kind.decode(getattr(member, field)).to_dict()
        assert told[field] == theirs
        assert order(told[field]) == order(theirs)


def use_everything(kafka, admin):
    orders = TopicPartition("orders", 0)
    admin.create_topics({"orders": {"num_partitions": 2, "configs": {"retention.ms": "10"}}})
    admin.create_topics(["orders"], raise_errors=False)
    admin.create_partitions({"orders": 3})
    consumer = kafka.consumer("orders", group_id="g")
    kafka.wait_for_assignment(consumer)
    admin.describe_groups(["g", "nobody"])
    admin.list_groups()
    admin.list_group_offsets("g")
    admin.alter_group_offsets("h", {orders: OffsetAndMetadata(0)})
    admin.delete_groups(["h", "g"])
    admin.describe_topics(["orders", "nope"])
    admin.describe_configs([ours.ConfigResource("topic", "orders")], include_synonyms=True)
    admin.alter_configs([ours.ConfigResource("topic", "orders", {"retention.ms": "5"})])
    admin.describe_log_dirs()
    admin.describe_cluster()
    admin.elect_leaders(0, ["orders"])
    admin.alter_partition_reassignments({orders: [1]})
    admin.list_partition_reassignments()
    admin.list_partition_offsets({orders: ours.OffsetSpec.LATEST})
    admin.delete_records({orders: 0})
    admin.api_versions()
    consumer.close()
    admin.delete_topics(["orders"])


def decoder(answer):
    """The answer as kafka-python's own class of it tells it; None where that is shaped by hand."""
    if answer.api_name in ("OffsetFetch", "OffsetCommit", "DescribeTopicPartitions"):
        return None  # kafka-python speaks older versions of the first two, and picks the third apart
    import kafka.protocol.admin
    import kafka.protocol.consumer
    import kafka.protocol.metadata

    name = answer.api_name + "Response"
    for module in (kafka.protocol.admin, kafka.protocol.consumer, kafka.protocol.metadata):
        if hasattr(module, name):
            decoded = getattr(module, name).decode(
                answer.encode(answer.max_version), version=answer.max_version
            )
            return decoded.to_dict()
    raise AssertionError(f"kafka-python has no {name}")


def named_operations(value):
    """kafka-python's admin client gives the numbers of operations names after decoding."""
    if isinstance(value, list):
        return [named_operations(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: sorted_names(each)
        if key == "authorized_operations" and each is not None
        else named_operations(each)
        for key, each in value.items()
    }


def sorted_names(numbers):
    return [ours.ACLOperation(number).name for number in sorted(numbers)]


def order(value):
    """The order of the fields, all the way down."""
    if isinstance(value, list):
        return [order(each) for each in value if isinstance(each, (list, dict))]
    return [(key, order(each)) for key, each in value.items()] if isinstance(value, dict) else None
