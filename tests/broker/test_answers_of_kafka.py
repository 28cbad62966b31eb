"""Answers to odd requests, as Apache Kafka 4.2.1 gave them."""

from __future__ import annotations

import pytest

from minikafka.errors import ErrorCode
from minikafka.messages import incremental_alter_configs as incremental
from minikafka.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from minikafka.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from minikafka.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from minikafka.messages.sync_group import SyncGroupRequest

MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the message was "
    "sent to an incompatible broker. See the broker logs for more details."
)


def produce_bytes(lab, data, topic="orders", version=13):
    request = lab.produce_request(topic, 0, data)
    request.topic_data[0].topic_id = lab.image.topics["orders"].topic_id
    return lab.ask(request, version=version).responses[0].partition_responses[0]


def with_magic(batch, magic):
    data = bytearray(batch.encode())
    data[16] = magic
    return bytes(data)


class TestProduce:
    def test_what_is_cut_off_is_not_there(self, orders):
        data = orders.batch(b"a").encode()
        for alone in (b"xx", data[:-3]):
            assert produce_bytes(orders, alone).error_code == ErrorCode.INVALID_RECORD
        assert produce_bytes(orders, data + b"abc").error_code == 0
        assert [record.value for record in orders.kafka.records("orders")] == [b"a"]

    @pytest.mark.parametrize("magic", [0, 1])
    def test_old_formats(self, orders, magic):
        answer = produce_bytes(orders, with_magic(orders.batch(b"a"), magic))
        assert answer.error_code == ErrorCode.INVALID_RECORD

    def test_an_empty_topic_name(self, orders):
        assert orders.produce("", version=12).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert orders.produce("", version=13).error_code == ErrorCode.UNKNOWN_TOPIC_ID

    def test_a_batch_that_is_too_large_tells_no_log_start(self, lab):
        lab.kafka.create_topic("small", configs={"max.message.bytes": "200"})
        answer = lab.produce("small", values=(b"x" * 500,))
        assert (answer.error_code, answer.log_start_offset) == (ErrorCode.MESSAGE_TOO_LARGE, -1)

    def test_a_follower_tells_no_log_start(self, make_lab):
        lab = make_lab(brokers=2)
        lab.kafka.create_topic("orders", replication_factor=2)
        follower = 3 - lab.image.topics["orders"].partitions[0].leader
        answer = lab.produce(node_id=follower, version=12)
        assert (answer.error_code, answer.log_start_offset) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)

    def test_the_words_of_record_errors(self, lab):
        lab.kafka.create_topic("compacted", configs={"cleanup.policy": "compact"})
        answer = lab.produce("compacted")
        said = "Compacted topic cannot accept message without key in topic partition compacted-0"
        assert answer.record_errors[0].batch_index_error_message == said
        assert answer.error_message == (
            "One or more records have been rejected due to 1 record errors in total, and only showing the "
            f"first three errors at most: [RecordError(batchIndex=0, message='{said}')]"
        )


class TestFetch:
    @pytest.mark.parametrize(
        ("where", "aborted"), [({"offset": 9}, None), ({"partition": 7}, []), ({"topic": "nowhere"}, [])]
    )
    def test_aborted_transactions_of_an_error(self, orders, where, aborted):
        request = orders.fetch_request(**{"topic": "orders", **where})
        data = orders.ask(request, version=12).responses[0].partitions[0]
        assert data.error_code != 0
        assert data.aborted_transactions == aborted


def test_an_offset_that_waits_for_tiered_storage(orders):
    partition = ListOffsetsPartition(partition_index=0, timestamp=-6)
    request = ListOffsetsRequest(
        replica_id=-1, topics=[ListOffsetsTopic(name="orders", partitions=[partition])]
    )
    found = orders.ask(request).topics[0].partitions[0]
    assert (found.error_code, found.offset) == (0, -1)


def test_what_is_named_twice_is_told_once(orders):
    listed = ListOffsetsTopic(
        name="orders", partitions=[ListOffsetsPartition(partition_index=0, timestamp=-1)] * 2
    )
    answer = orders.ask(ListOffsetsRequest(replica_id=-1, topics=[listed])).topics[0].partitions
    assert [each.error_code for each in answer] == [ErrorCode.INVALID_REQUEST]

    orders.produce(values=(b"a", b"b", b"c"))
    deleted = DeleteRecordsTopic(
        name="orders", partitions=[DeleteRecordsPartition(partition_index=0, offset=each) for each in (1, 2)]
    )
    told = orders.ask(DeleteRecordsRequest(topics=[deleted], timeout_ms=1000)).topics[0].partitions
    assert [each.low_watermark for each in told] == [2]

    wanted = [MetadataRequestTopic(name="orders")] * 2
    topics = orders.ask(MetadataRequest(topics=wanted, allow_auto_topic_creation=False)).topics
    assert [topic.name for topic in topics] == ["orders"]


class TestTopics:
    def test_too_many_partitions_in_one_request(self, lab):
        topics = [
            CreatableTopic(name=name, num_partitions=count, replication_factor=1)
            for name, count in (("a", 10_000), ("b", 1))
        ]
        answer = lab.ask(CreateTopicsRequest(topics=topics, timeout_ms=1000)).topics
        said = (ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.")
        assert [(each.error_code, each.error_message) for each in answer] == [said] * 2

    def test_names_collide_with_topics_that_exist_only(self, lab):
        def create(name):
            return CreatableTopic(name=name, num_partitions=1, replication_factor=1)

        both = CreateTopicsRequest(topics=[create("a.b"), create("a_b")], timeout_ms=1000)
        assert [each.error_code for each in lab.ask(both).topics] == [0, 0]
        late = lab.ask(CreateTopicsRequest(topics=[create("a-b"), create("a.b")], timeout_ms=1000)).topics
        assert [each.error_code for each in late] == [0, ErrorCode.TOPIC_ALREADY_EXISTS]

    def test_throttled_replicas(self, lab):
        config = CreatableTopicConfig(name="leader.replication.throttled.replicas", value="x,1:2")
        topic = CreatableTopic(name="a", num_partitions=1, replication_factor=1, configs=[config])
        answer = lab.ask(CreateTopicsRequest(topics=[topic], timeout_ms=1000)).topics[0]
        assert answer.error_message.startswith("Invalid value [x, 1:2] for configuration")

    def test_partitions_of_no_topic(self, lab):
        topic = CreatePartitionsTopic(name="nowhere", count=2, assignments=None)
        answer = lab.ask(CreatePartitionsRequest(topics=[topic], timeout_ms=1000)).results[0]
        assert (answer.error_code, answer.error_message) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None)


class TestConfigs:
    @staticmethod
    def alter(lab, kind, resource, name, value):
        config = incremental.AlterableConfig(name=name, config_operation=0, value=value)
        changed = incremental.AlterConfigsResource(
            resource_type=kind, resource_name=resource, configs=[config]
        )
        return lab.ask(incremental.IncrementalAlterConfigsRequest(resources=[changed])).responses[0]

    @staticmethod
    def describe(lab, kind, resource, *names):
        asked = DescribeConfigsResource(
            resource_type=kind, resource_name=resource, configuration_keys=list(names) or None
        )
        return lab.ask(DescribeConfigsRequest(resources=[asked])).results[0]

    def test_a_list_without_what_it_says_twice(self, orders):
        assert self.alter(orders, 2, "orders", "cleanup.policy", "compact,delete,compact").error_code == 0
        orders.settle()
        described = self.describe(orders, 2, "orders", "cleanup.policy")
        assert described.configs[0].value == "compact,delete"
        assert described.error_message == ""

    def test_unknown_kinds_of_resources(self, lab):
        for kind in (0, 99):
            answer = self.describe(lab, kind, "x")
            assert (answer.error_code, answer.error_message) == (ErrorCode.INVALID_REQUEST, MALFORMED)

    @pytest.mark.parametrize(
        ("resource", "option", "said"),
        [
            ("1", "num.partitions", "Cannot update these configs dynamically: Set(num.partitions)"),
            ("7", "log.retention.ms", "Unexpected broker id, expected 1, but received 7"),
            ("x", "log.retention.ms", "Node id must be an integer, but it is: x"),
        ],
    )
    def test_refused_broker_options(self, lab, resource, option, said):
        answer = self.alter(lab, 4, resource, option, "3")
        assert (answer.error_code, answer.error_message) == (ErrorCode.INVALID_REQUEST, said)


class TestGroups:
    def join(self, lab, member_id=""):
        protocol = JoinGroupRequestProtocol(name="range", metadata=b"m")
        return lab.ask(
            JoinGroupRequest(
                group_id="g",
                session_timeout_ms=10_000,
                rebalance_timeout_ms=10_000,
                member_id=member_id,
                protocol_type="consumer",
                protocols=[protocol],
            )
        )

    def test_find_coordinator_before_version_4_says_none(self, lab):
        lab.coordinator()
        found = lab.ask(FindCoordinatorRequest(key="g"), version=3)
        assert (found.error_code, found.error_message) == (0, "NONE")
        refused = lab.ask(FindCoordinatorRequest(key="g", key_type=9), version=3)
        assert refused.error_message == MALFORMED

    def test_a_sync_must_name_the_protocol(self, lab):
        lab.coordinator()
        member_id = self.join(lab, self.join(lab).member_id).member_id
        sync = SyncGroupRequest(group_id="g", generation_id=1, member_id=member_id)
        assert lab.ask(sync, version=5).error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
        assert lab.ask(sync, version=4).error_code == 0

    def test_a_partition_that_is_not_there_is_told_whatever_else_is_wrong(self, orders):
        orders.coordinator()
        topic = OffsetCommitRequestTopic(
            topic_id=orders.image.topics["orders"].topic_id,
            partitions=[
                OffsetCommitRequestPartition(partition_index=index, committed_offset=1) for index in (9, 0)
            ],
        )
        self.join(orders, self.join(orders).member_id)
        commit = OffsetCommitRequest(
            group_id="g", generation_id_or_member_epoch=5, member_id="nobody", topics=[topic]
        )
        assert [each.error_code for each in orders.ask(commit).topics[0].partitions] == [
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode.UNKNOWN_MEMBER_ID,
        ]

    def test_where_a_member_is_and_what_may_be_done(self, lab):
        lab.coordinator()
        self.join(lab, self.join(lab).member_id)
        answer = lab.ask(DescribeGroupsRequest(groups=["g", "none"], include_authorized_operations=True))
        known, unknown = answer.groups
        assert known.members[0].client_host == "/127.0.0.1"
        assert known.authorized_operations > 0
        assert unknown.authorized_operations == -(2**31)
