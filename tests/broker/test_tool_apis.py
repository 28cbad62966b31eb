"""What only console tools ask: log directories, quotas, credentials, the quorum, features, producers, resources."""

from __future__ import annotations

import pytest

from minikafka.errors import ErrorCode
from minikafka.messages.alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirTopic,
)
from minikafka.messages.describe_client_quotas import ComponentData, DescribeClientQuotasRequest
from minikafka.messages.describe_log_dirs import DescribeLogDirsRequest
from minikafka.messages.describe_producers import DescribeProducersRequest, TopicRequest
from minikafka.messages.describe_quorum import DescribeQuorumRequest, QuorumPartition, QuorumTopic
from minikafka.messages.describe_user_scram_credentials import DescribeUserScramCredentialsRequest, UserName
from minikafka.messages.list_config_resources import ListConfigResourcesRequest
from minikafka.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest

UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE = 1, 2, 3


class TestAlterReplicaLogDirs:
    def move(self, lab, path, topic="orders", *partitions, node_id=1):
        topics = [AlterReplicaLogDirTopic(name=topic, partitions=list(partitions or (0,)))]
        request = AlterReplicaLogDirsRequest(dirs=[AlterReplicaLogDir(path=path, topics=topics)])
        return [
            (result.topic_name, each.partition_index, each.error_code)
            for result in lab.ask(request, node_id).results
            for each in result.partitions
        ]

    def test_the_only_directory_is_right(self, orders):
        [result] = orders.ask(DescribeLogDirsRequest(topics=None)).results
        assert self.move(orders, result.log_dir, "orders", 0, 1) == [("orders", 0, 0), ("orders", 1, 0)]
        assert self.move(orders, "/elsewhere") == [("orders", 0, ErrorCode.LOG_DIR_NOT_FOUND)]
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert self.move(orders, result.log_dir, "orders", 7) == [("orders", 7, unknown)]
        assert self.move(orders, result.log_dir, "nothing") == [("nothing", 0, unknown)]

    def test_a_replica_of_another_broker(self, make_lab):
        lab = make_lab(brokers=2)
        lab.kafka.create_topic("orders", partitions=2)
        [leader] = [partition.leader for partition in lab.image.topics["orders"].partitions[:1]]
        other = 3 - leader
        [result] = lab.ask(DescribeLogDirsRequest(topics=None), other).results
        assert self.move(lab, result.log_dir, node_id=other) == [
            ("orders", 0, ErrorCode.REPLICA_NOT_AVAILABLE)
        ]


class TestQuotasAndCredentials:
    @pytest.mark.parametrize(
        "components",
        [
            [],
            [("user", 0, "alice")],
            [("user", 1, None), ("client-id", 2, None)],
            [("ip", 0, "127.0.0.1")],
        ],
    )
    def test_there_are_no_quotas(self, lab, components):
        answer = self.describe(lab, components)
        assert (answer.error_code, answer.error_message, answer.entries) == (0, "", [])

    @pytest.mark.parametrize(
        ("components", "code"),
        [
            ([("", 0, "alice")], ErrorCode.INVALID_REQUEST),
            ([("user", 0, "alice"), ("user", 0, "bob")], ErrorCode.INVALID_REQUEST),
            ([("planet", 0, "mars")], ErrorCode.UNSUPPORTED_VERSION),
            ([("user", 0, None)], ErrorCode.INVALID_REQUEST),
            ([("user", 1, "alice")], ErrorCode.INVALID_REQUEST),
            ([("user", 2, "alice")], ErrorCode.INVALID_REQUEST),
            ([("user", 3, "alice")], ErrorCode.INVALID_REQUEST),
            ([("ip", 2, None), ("user", 2, None)], ErrorCode.INVALID_REQUEST),
        ],
    )
    def test_filters_that_make_no_sense(self, lab, components, code):
        answer = self.describe(lab, components)
        assert (answer.error_code, answer.entries) == (code, None)
        assert answer.error_message

    def describe(self, lab, components):
        return lab.ask(
            DescribeClientQuotasRequest(
                components=[
                    ComponentData(entity_type=kind, match_type=match_type, match=match)
                    for kind, match_type, match in components
                ]
            )
        )

    def test_nobody_has_credentials(self, lab):
        def describe(users):
            answer = lab.ask(DescribeUserScramCredentialsRequest(users=users))
            assert (answer.error_code, answer.error_message) == (0, "")
            return [(each.user, each.error_code) for each in answer.results]

        assert describe(None) == describe([]) == []
        assert describe([UserName(name=name) for name in ("alice", "bob", "bob")]) == [
            ("alice", ErrorCode.RESOURCE_NOT_FOUND),
            ("bob", ErrorCode.DUPLICATE_RESOURCE),
        ]


class TestQuorum:
    def describe(self, lab, topic="__cluster_metadata", partition=0):
        partitions = [QuorumPartition(partition_index=partition)]
        request = DescribeQuorumRequest(topics=[QuorumTopic(topic_name=topic, partitions=partitions)])
        return lab.ask(request)

    def test_one_controller_leads_and_the_brokers_follow(self, make_lab):
        lab = make_lab(brokers=3)
        lab.kafka.create_topic("orders")
        answer = self.describe(lab)
        [partition] = answer.topics[0].partitions
        assert answer.error_code == partition.error_code == 0
        assert partition.high_watermark == lab.image.version
        assert [voter.replica_id for voter in partition.current_voters] == [partition.leader_id]
        assert [node.node_id for node in answer.nodes] == [partition.leader_id]
        assert [(each.replica_id, each.log_end_offset) for each in partition.observers] == [
            (node_id, lab.image.version) for node_id in (1, 2, 3)
        ]
        lab.kafka.kill(3)
        [partition] = self.describe(lab).topics[0].partitions
        assert [each.replica_id for each in partition.observers] == [1, 2]

    @pytest.mark.parametrize(("topic", "partition"), [("orders", 0), ("__cluster_metadata", 1)])
    def test_other_partitions_have_no_quorum(self, orders, topic, partition):
        [answer] = self.describe(orders, topic, partition).topics[0].partitions
        assert answer.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


class TestUpdateFeatures:
    def update(self, lab, *updates, **options):
        return lab.ask(
            UpdateFeaturesRequest(
                feature_updates=[
                    FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=kind)
                    for name, level, kind in updates
                ],
                **options,
            )
        )

    def test_the_present_level(self, lab):
        answer = self.update(lab, ("metadata.version", 29, UPGRADE))
        assert (answer.error_code, answer.error_message) == (0, None)
        assert [each.feature for each in answer.results] == ["metadata.version"]

    @pytest.mark.parametrize(
        ("update", "reason"),
        [
            (("metadata.version", 30, UPGRADE), "only supports versions 7-29"),
            (("metadata.version", 20, UPGRADE), "Can't downgrade"),
            (("metadata.version", 20, SAFE_DOWNGRADE), "might delete metadata"),
            (("metadata.version", 20, UNSAFE_DOWNGRADE), "Unsafe metadata downgrade is not supported"),
            (("metadata.version", -1, UPGRADE), "cannot be less than 0"),
            (("metadata.version", 29, 9), "upgrade type"),
            (("group.version", 1, UPGRADE), "does not support this feature"),
            (("group.version", 0, SAFE_DOWNGRADE), "not found"),
        ],
    )
    def test_refusals(self, lab, update, reason):
        answer = self.update(lab, ("metadata.version", 29, UPGRADE), update)
        assert (answer.error_code, answer.results) == (ErrorCode.INVALID_UPDATE_VERSION, [])
        assert reason in answer.error_message


class TestDescribeProducers:
    def describe(self, lab, topic="orders", partition=0, node_id=1):
        request = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=[partition])])
        return lab.ask(request, node_id).topics[0].partitions[0]

    def test_what_a_partition_remembers(self, orders):
        assert self.describe(orders).active_producers == []
        batch = orders.batch(b"a", b"b", producer_id=7, producer_epoch=2, base_sequence=0)
        assert orders.produce(batches=[batch]).error_code == 0
        [state] = self.describe(orders).active_producers
        assert (state.producer_id, state.producer_epoch, state.last_sequence) == (7, 2, 1)
        assert state.last_timestamp == 1_700_000_000_001
        assert (state.coordinator_epoch, state.current_txn_start_offset) == (-1, -1)

    def test_refusals(self, make_lab):
        lab = make_lab(brokers=2)
        lab.kafka.create_topic("orders")
        other = 3 - lab.image.topics["orders"].partitions[0].leader
        assert self.describe(lab, node_id=other).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
        assert self.describe(lab, "orders", 9).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert self.describe(lab, "nothing").error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert self.describe(lab, "a/b").error_code == ErrorCode.INVALID_TOPIC_EXCEPTION


class TestListConfigResources:
    def names(self, lab, *types, version=1):
        request = ListConfigResourcesRequest(resource_types=list(types))
        answer = lab.ask(request, version=version)
        assert answer.error_code == 0
        return [(each.resource_type, each.resource_name) for each in answer.config_resources]

    def test_topics_and_brokers(self, orders):
        assert self.names(orders) == [(4, "1"), (8, "1"), (2, "orders")]
        assert self.names(orders, 2) == [(2, "orders")]
        assert self.names(orders, 4) == [(4, "1")]
        assert self.names(orders, 8) == [(8, "1")]
        assert self.names(orders, 16, 32) == []
        assert self.names(orders, version=0) == []  # client metrics

    def test_an_unknown_type(self, orders):
        answer = orders.ask(ListConfigResourcesRequest(resource_types=[2, 99]))
        assert (answer.error_code, answer.config_resources) == (ErrorCode.UNSUPPORTED_VERSION, [])
