import pytest

from minikafka.messages.consumer_protocol import (
    AssignedTopicPartitions,
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
)
from minikafka.messages.create_topics import CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from minikafka.messages.describe_groups import (
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.list_groups import ListedGroup, ListGroupsRequest, ListGroupsResponse
from minikafka.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseTopic,
)
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from minikafka.remote.namespace import Namespace
from minikafka.remote.translation import Translator


@pytest.fixture
def translator():
    return Translator(Namespace("1a2b3c4d"))


@pytest.mark.parametrize("name", ["orders", "a.b", "a b", "ümlaut", "x" * 249, "-mk-", "__orders"])
def test_a_name_goes_out_and_comes_back(name):
    namespace = Namespace()
    assert namespace.outward(name) != name
    assert namespace.inward(namespace.outward(name)) == name
    assert Namespace().inward(namespace.outward(name)) is None


@pytest.mark.parametrize("name", ["", ".", "..", "__consumer_offsets", "__transaction_state"])
def test_what_kafka_refuses_or_owns_stays(name):
    assert Namespace().outward(name) == name == Namespace().inward(name)


def test_null_and_empty_lists_stay(translator):
    everything = MetadataRequest(topics=None)
    translator.request(everything)
    assert everything.topics is None
    by_id = MetadataRequest(topics=[MetadataRequestTopic(name=None, topic_id=b"1" * 16)])
    translator.request(by_id)
    assert by_id.topics[0].name is None


def test_of_lists_only_ones_own_remain(translator):
    request = MetadataRequest(topics=None)
    names = ["orders-mk-1a2b3c4d", "orders", "orders-mk-99999999", "__consumer_offsets"]
    response = MetadataResponse(topics=[MetadataResponseTopic(name=name) for name in names])
    translator.response(response, request)
    assert [topic.name for topic in response.topics] == ["orders", "__consumer_offsets"]
    groups = ListGroupsResponse(groups=[ListedGroup(group_id=name) for name in names])
    translator.response(groups, ListGroupsRequest())
    assert [group.group_id for group in groups.groups] == ["orders", "__consumer_offsets"]


def test_messages_to_people_quote_the_tests_names(translator):
    result = CreatableTopicResult(
        name="orders-mk-1a2b3c4d", error_code=36, error_message="Topic 'orders-mk-1a2b3c4d' already exists."
    )
    translator.response(CreateTopicsResponse(topics=[result]), CreateTopicsRequest())
    assert (result.name, result.error_message) == ("orders", "Topic 'orders' already exists.")


@pytest.mark.parametrize(
    ("kind", "expected"), [(2, "x-mk-1a2b3c4d"), (4, "x"), (8, "x"), (32, "x-mk-1a2b3c4d")]
)
def test_only_topics_and_groups_are_resources_with_names(translator, kind, expected):
    resource = DescribeConfigsResource(resource_type=kind, resource_name="x")
    translator.request(DescribeConfigsRequest(resources=[resource]))
    assert resource.resource_name == expected


@pytest.mark.parametrize(("kind", "expected"), [(0, "x-mk-1a2b3c4d"), (1, "x-mk-1a2b3c4d"), (2, "x")])
def test_the_keys_of_coordinators(translator, kind, expected):
    request = FindCoordinatorRequest(key="x", key_type=kind, coordinator_keys=["x"])
    translator.request(request)
    assert (request.key, request.coordinator_keys) == (expected, [expected])


def _subscription(topic):
    body = ConsumerProtocolSubscription(
        topics=[topic], owned_partitions=[TopicPartition(topic=topic, partitions=[1])], user_data=b"sticky"
    )
    return b"\x00\x01" + body.encode(1)


def _assignment(topic):
    part = AssignedTopicPartitions(topic=topic, partitions=[0, 1])
    return b"\x00\x00" + ConsumerProtocolAssignment(assigned_partitions=[part]).encode(0)


def _join(translator, protocol_type, metadata):
    request = JoinGroupRequest(
        group_id="billing",
        protocol_type=protocol_type,
        protocols=[JoinGroupRequestProtocol(name="range", metadata=metadata)],
    )
    translator.request(request)
    assert request.protocols[0].name == "range"
    return request


def test_the_coordinator_reads_the_clusters_names_in_subscriptions(translator):
    request = _join(translator, "consumer", _subscription("orders"))
    assert request.group_id == "billing-mk-1a2b3c4d"
    assert request.protocols[0].metadata == _subscription("orders-mk-1a2b3c4d")


def test_other_protocols_keep_their_bytes(translator):
    request = _join(translator, "connect", _subscription("orders"))
    assert request.protocols[0].metadata == _subscription("orders")
    # A SyncGroup of an old version does not tell the protocol's type.
    sync = SyncGroupRequest(
        group_id="billing", assignments=[SyncGroupRequestAssignment(assignment=_assignment("orders"))]
    )
    translator.request(sync)
    assert sync.assignments[0].assignment == _assignment("orders")


@pytest.mark.parametrize("data", [b"", b"x", b"\xff\xff", b"\x00\x01junk", b"\x00\x63" + b"\x00" * 10])
def test_bytes_of_another_kind_stay(translator, data):
    assert _join(translator, "consumer", data).protocols[0].metadata == data


def test_described_groups_come_back_whole(translator):
    groups = [
        DescribedGroup(
            group_id=f"{kind}-mk-1a2b3c4d",
            protocol_type=kind,
            members=[
                DescribedGroupMember(
                    member_metadata=_subscription("orders-mk-1a2b3c4d"),
                    member_assignment=_assignment("orders-mk-1a2b3c4d"),
                )
            ],
        )
        for kind in ("consumer", "connect")
    ]
    translator.response(DescribeGroupsResponse(groups=groups), DescribeGroupsRequest())
    consumers, others = (group.members[0] for group in groups)
    assert consumers.member_metadata == _subscription("orders")
    assert consumers.member_assignment == _assignment("orders")
    assert others.member_assignment == _assignment("orders-mk-1a2b3c4d")
