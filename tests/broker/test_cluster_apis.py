"""Metadata, DescribeCluster, DescribeTopicPartitions, ApiVersions, DescribeLogDirs, FindCoordinator."""

from __future__ import annotations

import pytest

from minikafka.broker.dispatch import CLIENT_APIS, find_handler
from minikafka.errors import ErrorCode
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.describe_cluster import DescribeClusterRequest
from minikafka.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest
from minikafka.messages.describe_topic_partitions import Cursor, DescribeTopicPartitionsRequest, TopicRequest
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.registry import API_KEYS


def metadata(lab, *names, version=None, **options):
    topics = [MetadataRequestTopic(name=name) for name in names]
    return lab.ask(MetadataRequest(topics=topics, **options), version=version)


# Metadata


def test_all_topics_and_brokers(orders):
    response = orders.ask(MetadataRequest(topics=None))
    assert [(node.node_id, node.host, node.port) for node in response.brokers] == [(1, "lab", 9092)]
    assert response.controller_id == 1
    assert len(response.cluster_id) == 22
    (topic,) = response.topics
    assert (topic.name, topic.error_code, topic.is_internal) == ("orders", 0, False)
    assert topic.topic_id == orders.image.topics["orders"].topic_id
    partitions = [(p.partition_index, p.leader_id, p.replica_nodes, p.isr_nodes) for p in topic.partitions]
    assert partitions == [(0, 1, [1], [1]), (1, 1, [1], [1])]
    assert topic.partitions[0].leader_epoch == 0
    assert metadata(orders).topics == []
    assert len(orders.ask(MetadataRequest(topics=[]), version=0).topics) == 1


def test_by_id(orders):
    wanted = [
        MetadataRequestTopic(topic_id=orders.image.topics["orders"].topic_id, name=None),
        MetadataRequestTopic(topic_id=b"x" * 16, name=None),
    ]
    known, unknown = orders.ask(MetadataRequest(topics=wanted)).topics
    assert known.name == "orders"
    assert (unknown.name, unknown.error_code) == (None, ErrorCode.UNKNOWN_TOPIC_ID)
    old = orders.ask(MetadataRequest(topics=wanted), version=11)
    assert [topic.error_code for topic in old.topics] == [ErrorCode.INVALID_REQUEST] * 2


def test_unknown_topics_are_created(lab):
    (first,) = metadata(lab, "fresh").topics
    assert first.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    lab.settle()
    (second,) = metadata(lab, "fresh").topics
    assert (second.error_code, len(second.partitions)) == (0, 1)


@pytest.mark.parametrize("settings", [{"auto_create_topics_enable": False}, {}])
def test_unknown_topics_are_not_created_when_that_is_off(make_lab, settings):
    lab = make_lab(**settings)
    allow = bool(settings)
    codes = []
    for _ in range(2):
        codes.append(metadata(lab, "fresh", allow_auto_topic_creation=allow).topics[0].error_code)
        lab.settle()
    assert codes == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION] * 2


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "x" * 250])
def test_impossible_names(lab, name):
    assert metadata(lab, name).topics[0].error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
    lab.settle()
    assert lab.image.topics == {}


def test_authorized_operations(orders):
    plain = metadata(orders, "orders")
    assert plain.topics[0].topic_authorized_operations == -(2**31)
    asked = metadata(orders, "orders", include_topic_authorized_operations=True)
    assert asked.topics[0].topic_authorized_operations == 3576
    old = metadata(orders, version=10, include_cluster_authorized_operations=True)
    assert old.cluster_authorized_operations == 8096


def test_a_partition_without_a_live_leader(make_lab):
    lab = make_lab(brokers=2)
    lab.kafka.create_topic("orders", replication_factor=1)
    leader = lab.image.topics["orders"].partitions[0].leader
    lab.kafka.stop(leader)
    partition = (
        lab.ask(MetadataRequest(topics=[MetadataRequestTopic(name="orders")]), 3 - leader)
        .topics[0]
        .partitions[0]
    )
    assert (partition.error_code, partition.leader_id) == (ErrorCode.LEADER_NOT_AVAILABLE, -1)
    assert partition.offline_replicas == [leader]


# DescribeCluster


def test_describe_cluster(make_lab):
    lab = make_lab(brokers=3, racks=["a", None, "b"])
    lab.kafka.stop(2)
    response = lab.ask(DescribeClusterRequest(include_cluster_authorized_operations=True))
    assert [(node.broker_id, node.rack) for node in response.brokers] == [(1, "a"), (3, "b")]
    assert response.cluster_authorized_operations == 8096
    everybody = lab.ask(DescribeClusterRequest(include_fenced_brokers=True))
    assert [(node.broker_id, node.is_fenced) for node in everybody.brokers] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    controllers = lab.ask(DescribeClusterRequest(endpoint_type=2))
    assert controllers.error_code == ErrorCode.MISMATCHED_ENDPOINT_TYPE
    assert lab.ask(DescribeClusterRequest(endpoint_type=9)).error_code == ErrorCode.UNSUPPORTED_ENDPOINT_TYPE


# DescribeTopicPartitions


def test_describe_topic_partitions_page_by_page(lab):
    for name in ("c", "a", "b"):
        lab.kafka.create_topic(name, partitions=2)
    pages = []
    cursor = None
    while True:
        response = lab.ask(DescribeTopicPartitionsRequest(response_partition_limit=3, cursor=cursor))
        pages.append(
            [(topic.name, [p.partition_index for p in topic.partitions]) for topic in response.topics]
        )
        cursor = response.next_cursor
        if cursor is None:
            break
    assert pages == [[("a", [0, 1]), ("b", [0])], [("b", [1]), ("c", [0, 1])]]


def test_describe_topic_partitions_bad_input(orders):
    response = orders.ask(
        DescribeTopicPartitionsRequest(topics=[TopicRequest(name="x"), TopicRequest(name="/")])
    )
    assert [(topic.name, topic.error_code) for topic in response.topics] == [
        ("/", ErrorCode.INVALID_TOPIC_EXCEPTION),
        ("x", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ]
    stray = DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name="orders")], cursor=Cursor(topic_name="z", partition_index=0)
    )
    assert orders.ask(stray).topics[0].error_code == ErrorCode.INVALID_REQUEST
    negative = DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name="orders")], cursor=Cursor(topic_name="orders", partition_index=-1)
    )
    assert orders.ask(negative).topics[0].error_code == ErrorCode.INVALID_REQUEST


# ApiVersions


def test_exactly_what_is_served_is_advertised(lab):
    response = lab.ask(ApiVersionsRequest(client_software_name="lab", client_software_version="1.0"))
    advertised = {key.api_key: (key.min_version, key.max_version) for key in response.api_keys}
    assert set(advertised) == {API_KEYS[name] for name in CLIENT_APIS}
    assert advertised[0] == (0, 13)
    assert advertised[1] == (4, 18)
    assert advertised[18] == (0, 4)
    assert list(advertised) == sorted(advertised)
    for name in CLIENT_APIS:
        assert callable(find_handler(name))


def test_features(lab):
    request = ApiVersionsRequest(client_software_name="lab", client_software_version="1.0")
    response = lab.ask(request)
    supported = [(each.name, each.min_version, each.max_version) for each in response.supported_features]
    assert supported == [("metadata.version", 7, 29)]
    (finalized,) = response.finalized_features
    assert (finalized.name, finalized.min_version_level, finalized.max_version_level) == (
        "metadata.version",
        29,
        29,
    )
    assert response.finalized_features_epoch == lab.image.version > 0


@pytest.mark.parametrize(
    ("name", "version"), [("", "1"), ("a b", "1"), ("lab", ""), ("-lab", "1"), ("é", "1")]
)
def test_software_names(lab, name, version):
    request = ApiVersionsRequest(client_software_name=name, client_software_version=version)
    assert lab.ask(request).error_code == ErrorCode.INVALID_REQUEST
    assert lab.ask(request, version=2).error_code == 0


# DescribeLogDirs


def test_describe_log_dirs(orders):
    orders.produce(partition=1)
    (everything,) = orders.ask(DescribeLogDirsRequest(topics=None)).results
    (topic,) = everything.topics
    sizes = {partition.partition_index: partition.partition_size for partition in topic.partitions}
    assert sizes[0] == 0
    assert sizes[1] > 60
    assert everything.log_dir == "/minikafka/broker-1"
    wanted = [
        DescribableLogDirTopic(topic="orders", partitions=[1]),
        DescribableLogDirTopic(topic="x", partitions=[0]),
    ]
    (some,) = orders.ask(DescribeLogDirsRequest(topics=wanted)).results
    assert [(t.name, [p.partition_index for p in t.partitions]) for t in some.topics] == [("orders", [1])]


# FindCoordinator


def test_the_offsets_topic_is_made_when_it_is_needed(lab):
    first = lab.ask(FindCoordinatorRequest(coordinator_keys=["a", "b"]))
    assert [each.error_code for each in first.coordinators] == [ErrorCode.COORDINATOR_NOT_AVAILABLE] * 2
    assert [each.node_id for each in first.coordinators] == [-1, -1]
    lab.settle()
    topic = lab.image.topics["__consumer_offsets"]
    assert len(topic.partitions) == 50
    assert topic.configs["cleanup.policy"] == "compact"
    second = lab.ask(FindCoordinatorRequest(coordinator_keys=["a", "b"]))
    assert [(each.key, each.error_code, each.node_id) for each in second.coordinators] == [
        ("a", 0, 1),
        ("b", 0, 1),
    ]
    old = lab.ask(FindCoordinatorRequest(key="a"), version=3)
    assert (old.error_code, old.node_id, old.host, old.port) == (0, 1, "lab", 9092)


def test_other_coordinators_are_not_served(lab):
    for key_type, said in ((1, "transactions"), (2, "share groups"), (9, "malformed"), (-1, "malformed")):
        answer = lab.ask(FindCoordinatorRequest(key_type=key_type, coordinator_keys=["t"])).coordinators[0]
        assert answer.error_code == ErrorCode.INVALID_REQUEST
        assert said in answer.error_message


def test_coordinators_are_spread_and_move_with_their_partition(make_lab):
    lab = make_lab(brokers=3)
    for key in "abcdefgh":
        lab.coordinator(key)
    nodes = {key: lab.coordinator(key).node_id for key in "abcdefgh"}
    assert len(set(nodes.values())) > 1
    key = next(key for key, node in nodes.items() if node != 1)
    lab.kafka.stop(nodes[key])
    assert lab.coordinator(key).node_id != nodes[key]


def test_an_isr_that_grew_is_told_in_order(make_lab):
    """The leader keeps it in a hash set; only the controller's own changes keep the order of the replicas."""
    lab = make_lab(brokers=3)
    lab.kafka.create_topic("orders", partitions=3, replication_factor=3)

    def isrs():
        topics = lab.ask(MetadataRequest(topics=[MetadataRequestTopic(name="orders")])).topics
        return [(each.replica_nodes[0], each.isr_nodes) for each in topics[0].partitions]

    lab.kafka.stop(1)
    lab.kafka.start(1)
    lab.kafka.advance(seconds=5)
    assert sorted(isrs()) == [(leader, [1, 2, 3]) for leader in (1, 2, 3)]
