import pytest

from minikafka.controller.topic_names import colliding_topic, validate_topic_name
from minikafka.errors import ErrorCode, InvalidTopicError
from minikafka.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from minikafka.messages.create_topics import CreatableReplicaAssignment, CreatableTopic, CreateTopicsRequest
from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState

MISSING = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


class TestNames:
    @pytest.mark.parametrize("name", ["a", "a.b", "a_b", "a-b", "0", "x" * 249, "...", "__consumer_offsets"])
    def test_good(self, name):
        validate_topic_name(name)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("", "the empty string is not allowed"),
            (".", "'.' is not allowed"),
            ("..", "'..' is not allowed"),
            ("x" * 250, "longer than the max allowed length 249"),
            ("a b", "other than ASCII alphanumerics"),
            ("ä", "other than ASCII alphanumerics"),
            ("a/b", "other than ASCII alphanumerics"),
        ],
    )
    def test_bad(self, name, reason):
        with pytest.raises(InvalidTopicError, match=r"Topic name is invalid: .*") as caught:
            validate_topic_name(name)
        assert reason in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "others", "expected"),
        [
            ("a.b", ["a_b"], "a_b"),
            ("a_b", ["x", "a.b"], "a.b"),
            ("ab", ["a.b"], None),
            ("a.b", ["a.c"], None),
        ],
    )
    def test_collisions(self, name, others, expected):
        assert colliding_topic(name, others) == expected


class TestCreate:
    def test_a_topic(self, cluster):
        cluster = cluster()
        result = cluster.create("orders", 6, 3, configs={"retention.ms": "1000"})
        topic = cluster.image.topics["orders"]
        assert (result.error_code, result.error_message) == (0, None)
        assert (result.topic_id, result.num_partitions, result.replication_factor) == (topic.topic_id, 6, 3)
        assert topic.configs == {"retention.ms": "1000"}
        for partition in topic.partitions:
            assert sorted(partition.replicas) == [1, 2, 3]
            assert partition.isr == partition.replicas
            assert partition.leader == partition.replicas[0]
            assert (partition.leader_epoch, partition.partition_epoch) == (0, 0)

    def test_the_id_is_a_random_uuid(self, cluster):
        cluster = cluster()
        ids = [cluster.create(f"t{number}").topic_id for number in range(20)]
        assert len(set(ids)) == 20
        assert all(each[6] >> 4 == 4 and each[8] >> 6 == 2 and len(each) == 16 for each in ids)

    def test_effective_configs_with_their_sources(self, cluster):
        result = cluster(log_retention_ms=5000).create("orders", configs={"cleanup.policy": "compact"})
        configs = {each.name: (each.value, each.config_source) for each in result.configs}
        assert configs["cleanup.policy"] == ("compact", 1)
        assert configs["retention.ms"] == ("5000", 4)
        assert configs["min.insync.replicas"] == ("1", 5)
        assert "internal.segment.bytes" not in configs
        assert list(configs) == sorted(configs)

    def test_defaults_of_the_brokers(self, cluster):
        cluster = cluster(num_partitions=4, default_replication_factor=2)
        cluster.create("orders", -1, -1)
        assert [len(each.replicas) for each in cluster.image.topics["orders"].partitions] == [2] * 4

    def test_assignments(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (3, 1), 1: (2, 3)})
        assert [each.replicas for each in cluster.image.topics["orders"].partitions] == [(3, 1), (2, 3)]

    def test_fenced_brokers_are_not_in_the_first_isr(self, cluster):
        cluster = cluster()
        cluster.down(3)
        cluster.create("orders", assignments={0: (3, 1)})
        assert (cluster.partition().isr, cluster.partition().leader) == ((1,), 1)

    def test_validate_only(self, cluster):
        cluster = cluster()
        before = cluster.image
        result = cluster.create("orders", 2, validate_only=True)
        assert (result.error_code, result.num_partitions) == (0, 2)
        assert cluster.image is before

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            ({"name": "old"}, ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 'old' already exists."),
            ({"name": "a b"}, ErrorCode.INVALID_TOPIC_EXCEPTION, "Topic name is invalid"),
            (
                {"name": "o.d_"},
                ErrorCode.INVALID_TOPIC_EXCEPTION,
                "Topic 'o.d_' collides with existing topic: o_d.",
            ),
            ({"name": "t", "partitions": 0}, ErrorCode.INVALID_PARTITIONS, "invalid non-positive value"),
            ({"name": "t", "partitions": -2}, ErrorCode.INVALID_PARTITIONS, "invalid non-positive value"),
            (
                {"name": "t", "replication_factor": 0},
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "Replication factor must be larger than 0, or -1 to use the default value.",
            ),
            (
                {"name": "t", "replication_factor": 4},
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot be "
                "reached because only 3 broker(s) are registered.",
            ),
            ({"name": "t", "configs": {"nonsense": "1"}}, ErrorCode.INVALID_CONFIG, "nonsense"),
            ({"name": "t", "configs": {"retention.ms": "soon"}}, ErrorCode.INVALID_CONFIG, "retention.ms"),
            (
                {"name": "t", "configs": {"retention.ms": None}},
                ErrorCode.INVALID_CONFIG,
                "Null value not supported for topic configs: retention.ms",
            ),
            (
                {"name": "t", "assignments": {0: (1,), 2: (1,)}},
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "consecutive",
            ),
            (
                {"name": "t", "assignments": {0: ()}},
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "empty replica list",
            ),
            (
                {"name": "t", "assignments": {0: (9,)}},
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "includes broker 9",
            ),
            (
                {"name": "t", "assignments": {0: (1, 1)}},
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "more than once",
            ),
            (
                {"name": "t", "assignments": {0: (1,), 1: (1, 2)}},
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                "not consistent with previous partitions, which have 1 replica(s).",
            ),
        ],
    )
    def test_refusals(self, cluster, arguments, code, message):
        cluster = cluster()
        cluster.create("old")
        cluster.create("o_d.")
        before = cluster.image
        result = cluster.create(**arguments)
        assert result.error_code == code, result
        assert message in result.error_message
        assert cluster.image is before

    @pytest.mark.parametrize("field", ["num_partitions", "replication_factor"])
    def test_assignments_stand_alone(self, cluster, field):
        assignment = CreatableReplicaAssignment(partition_index=0, broker_ids=[1])
        counts = {"num_partitions": -1, "replication_factor": -1, field: 1}
        topic = CreatableTopic(name="t", assignments=[assignment], **counts)
        [result] = cluster().ask(CreateTopicsRequest(topics=[topic])).topics
        assert result.error_code == ErrorCode.INVALID_REQUEST

    def test_all_brokers_down(self, cluster):
        cluster = cluster()
        cluster.down(1, 2, 3)
        result = cluster.create("t")
        assert result.error_code == ErrorCode.INVALID_REPLICATION_FACTOR
        assert "All brokers are currently fenced." in result.error_message
        result = cluster.create("t", assignments={0: (1,)})
        assert result.error_code == ErrorCode.INVALID_REPLICA_ASSIGNMENT
        assert "are fenced or in controlled shutdown" in result.error_message

    def test_one_bad_topic_does_not_stop_the_others(self, cluster):
        cluster = cluster()
        topics = [
            CreatableTopic(name=name, num_partitions=1, replication_factor=1)
            for name in ("a", "", "b", "twice", "twice", "__cluster_metadata")
        ]
        results = cluster.ask(CreateTopicsRequest(topics=topics)).topics
        assert {each.name: each.error_code for each in results} == {
            "a": 0,
            "b": 0,
            "": ErrorCode.INVALID_TOPIC_EXCEPTION,
            "twice": ErrorCode.INVALID_REQUEST,
            "__cluster_metadata": ErrorCode.INVALID_REQUEST,
        }
        assert list(cluster.image.topics) == ["a", "b"]


class TestCreatePartitions:
    def ask(self, cluster, name, count, assignments=None, **more):
        wanted = [CreatePartitionsAssignment(broker_ids=list(each)) for each in assignments or ()]
        topic = CreatePartitionsTopic(
            name=name, count=count, assignments=None if assignments is None else wanted
        )
        return cluster.ask(CreatePartitionsRequest(topics=[topic], **more)).results[0]

    def test_more(self, cluster):
        cluster = cluster()
        cluster.create("orders", 2, 3)
        before = cluster.image.topics["orders"]
        assert self.ask(cluster, "orders", 5).error_code == 0
        after = cluster.image.topics["orders"]
        assert after.partitions[:2] == before.partitions
        assert after.topic_id == before.topic_id
        assert [len(each.replicas) for each in after.partitions] == [3] * 5

    def test_assigned(self, cluster):
        cluster = cluster()
        cluster.create("orders", 1, 1)
        assert self.ask(cluster, "orders", 3, [(2,), (3,)]).error_code == 0
        assert [each.leader for each in cluster.image.topics["orders"].partitions[1:]] == [2, 3]

    def test_validate_only(self, cluster):
        cluster = cluster()
        cluster.create("orders")
        assert self.ask(cluster, "orders", 3, validate_only=True).error_code == 0
        assert len(cluster.image.topics["orders"].partitions) == 1

    @pytest.mark.parametrize(
        ("name", "count", "assignments", "code", "message"),
        [
            ("none", 2, None, MISSING, ""),
            ("orders", 2, None, ErrorCode.INVALID_PARTITIONS, "Topic already has 2 partition(s)."),
            ("orders", 1, None, ErrorCode.INVALID_PARTITIONS, "1 would not be an increase."),
            ("orders", 4, [(1,)], ErrorCode.INVALID_REPLICA_ASSIGNMENT, "Attempted to add 2 additional"),
            ("orders", 3, [(1, 2)], ErrorCode.INVALID_REPLICA_ASSIGNMENT, "which have 1 replica(s)"),
        ],
    )
    def test_refusals(self, cluster, name, count, assignments, code, message):
        cluster = cluster()
        cluster.create("orders", 2)
        result = self.ask(cluster, name, count, assignments)
        assert result.error_code == code
        assert message in (result.error_message or "")


class TestDelete:
    def test_by_name_and_by_id(self, cluster):
        cluster = cluster()
        one, two = cluster.create("one").topic_id, cluster.create("two").topic_id
        response = cluster.ask(
            DeleteTopicsRequest(topics=[DeleteTopicState(name="one"), DeleteTopicState(topic_id=two)])
        )
        assert {(each.name, each.topic_id, each.error_code) for each in response.responses} == {
            ("one", one, 0),
            ("two", two, 0),
        }
        assert cluster.image.topics == {}
        assert cluster.create("one").topic_id != one

    def test_by_the_names_of_older_versions(self, cluster):
        cluster = cluster()
        cluster.create("one")
        cluster.ask(DeleteTopicsRequest(topic_names=["one"]), 5)
        assert cluster.image.topics == {}

    def test_refusals(self, cluster):
        cluster = cluster()
        topic_id = cluster.create("both").topic_id
        cluster.create("twice")
        wanted = [
            DeleteTopicState(name="none"),
            DeleteTopicState(topic_id=b"x" * 16),
            DeleteTopicState(name="twice"),
            DeleteTopicState(name="twice"),
            DeleteTopicState(name="both", topic_id=topic_id),
            DeleteTopicState(),
            DeleteTopicState(topic_id=b"y" * 16),
            DeleteTopicState(topic_id=b"y" * 16),
        ]
        response = cluster.ask(DeleteTopicsRequest(topics=wanted))
        codes = {(each.name, each.topic_id[:1]): each.error_code for each in response.responses}
        assert codes == {
            ("none", b"\0"): MISSING,
            (None, b"x"): ErrorCode.UNKNOWN_TOPIC_ID,
            ("twice", b"\0"): ErrorCode.INVALID_REQUEST,
            ("both", topic_id[:1]): ErrorCode.INVALID_REQUEST,
            (None, b"\0"): ErrorCode.INVALID_REQUEST,
            (None, b"y"): ErrorCode.INVALID_REQUEST,
        }
        assert list(cluster.image.topics) == ["both", "twice"]

    def test_a_name_and_an_id_of_the_same_topic(self, cluster):
        cluster = cluster()
        topic_id = cluster.create("one").topic_id
        wanted = [DeleteTopicState(name="one"), DeleteTopicState(topic_id=topic_id)]
        [result] = cluster.ask(DeleteTopicsRequest(topics=wanted)).responses
        assert result.error_code == ErrorCode.INVALID_REQUEST
        assert "already supplied" in result.error_message
        assert "one" in cluster.image.topics

    def test_disabled(self, cluster):
        cluster = cluster(delete_topic_enable=False)
        cluster.create("one")
        response = cluster.ask(DeleteTopicsRequest(topics=[DeleteTopicState(name="one")]))
        assert response.responses[0].error_code == ErrorCode.TOPIC_DELETION_DISABLED
        assert "one" in cluster.image.topics
