"""KafkaAdminClient on a whole cluster: every family of calls, its results, and what it refuses."""

import uuid

import pytest

from minikafka import KafkaAdminClient, MiniKafka, bootstrap
from minikafka.admin import (
    AlterConfigOp,
    ConfigResource,
    GroupState,
    MemberToRemove,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    OffsetTimestamp,
)
from minikafka.errors import (
    BrokerResponseError,
    ErrorCode,
    GroupIdNotFoundError,
    IllegalStateError,
    IncompatibleBrokerVersion,
    InvalidPartitionsError,
    InvalidReplicationFactorError,
    InvalidTopicError,
    KafkaConfigurationError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NoError,
    NonEmptyGroupError,
    NoReassignmentInProgressError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
    UnsupportedOptionError,
)
from minikafka.structs import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition

O0, O1 = TopicPartition("orders", 0), TopicPartition("orders", 1)


@pytest.fixture
def kafka():
    with MiniKafka(seed=7) as cluster:
        yield cluster


@pytest.fixture
def three():
    with MiniKafka(brokers=3, seed=7) as cluster:
        yield cluster


@pytest.fixture
def admin(kafka):
    return kafka.admin()


def codes(result):
    return {topic["name"]: topic["error_code"] for topic in result["topics"]}


def fill(kafka, topic="orders", partition=0, records=10):
    with kafka.producer() as producer:
        for _ in range(records):
            producer.send(topic, b"value", partition=partition)


# Topics


def test_topics_of_every_shape(three):
    admin = three.admin()
    assert codes(admin.create_topics(["plain"])) == {"plain": 0}
    created = admin.create_topics(
        {
            "dict": {"num_partitions": 3, "replication_factor": 2, "configs": {"retention.ms": "1000"}},
            "placed": {"assignments": {0: [2, 3], 1: [3, 1]}},
        }
    )
    told = {topic["name"]: topic for topic in created["topics"]}
    assert (told["dict"]["num_partitions"], told["dict"]["replication_factor"]) == (3, 2)
    assert told["dict"]["configs"]["retention.ms"] == {
        "value": "1000",
        "read_only": False,
        "config_source": "DYNAMIC_TOPIC_CONFIG",
        "is_sensitive": False,
    }
    assert "throttle_time_ms" not in created
    admin.create_topics([NewTopic("object", 2, 3, topic_configs={"cleanup.policy": "compact"})])
    assert sorted(admin.list_topics()) == ["dict", "object", "placed", "plain"]
    [placed] = admin.describe_topics(["placed"])
    assert [partition["replica_nodes"] for partition in placed["partitions"]] == [[2, 3], [3, 1]]
    assert "DESCRIBE" in placed["authorized_operations"]


def test_describe_by_id_and_unknown(admin):
    admin.create_topics(["orders"])
    [orders] = admin.describe_topics(["orders"])
    topic_id = uuid.UUID(orders["topic_id"])
    assert admin.describe_topics([topic_id]) == [orders]
    [unknown] = admin.describe_topics(["nope"])
    assert (unknown["error_code"], unknown["partitions"]) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, [])
    assert "nope" not in admin.list_topics()
    assert codes(admin.delete_topics([topic_id])) == {"orders": 0}
    assert admin.describe_topics() == []


def test_create_errors(admin):
    admin.create_topics(["orders"])
    with pytest.raises(TopicAlreadyExistsError, match="orders"):
        admin.create_topics(["orders"])
    with pytest.raises(InvalidTopicError, match="a b"):
        admin.create_topics(["a b"])
    with pytest.raises(InvalidPartitionsError, match="many"):
        admin.create_topics([NewTopic("many", num_partitions=0)])
    with pytest.raises(InvalidReplicationFactorError, match="wide"):
        admin.create_topics([NewTopic("wide", replication_factor=2)])
    told = admin.create_topics(["orders", "fresh"], raise_errors=False)
    assert codes(told) == {"orders": ErrorCode.TOPIC_ALREADY_EXISTS, "fresh": 0}


def test_validate_only_creates_nothing(admin):
    assert codes(admin.create_topics(["orders"], validate_only=True)) == {"orders": 0}
    assert admin.list_topics() == []


@pytest.mark.parametrize(
    ("new_topics", "error", "says"),
    [
        ([], ValueError, "No valid topics"),
        ({}, ValueError, "No valid topics"),
        ([object()], ValueError, "NewTopic"),
        ("orders", TypeError, "orders"),
        ([NewTopic(7)], TypeError, "7"),
        ({"orders": {"configs": {"retention.ms": 5}}}, TypeError, "retention.ms=5"),
    ],
)
def test_create_refuses(admin, new_topics, error, says):
    with pytest.raises(error, match=says):
        admin.create_topics(new_topics)


def test_wait_for_topics(three):
    admin = three.admin()
    admin.create_topics({"orders": {"num_partitions": 6, "replication_factor": 3}}, wait_for_metadata=True)
    assert all(p["leader_id"] > 0 for p in admin.describe_topics(["orders"])[0]["partitions"])
    admin.wait_for_topics([])
    with pytest.raises(KafkaTimeoutError, match=r"nope.*UnknownTopicOrPartitionError"):
        admin.wait_for_topics(["orders", "nope"], timeout_ms=500)
    with pytest.raises(ValueError, match="mutually exclusive"):
        admin.create_topics(["x"], validate_only=True, wait_for_metadata=True)


def test_delete_errors(admin):
    with pytest.raises(UnknownTopicOrPartitionError, match="nope"):
        admin.delete_topics(["nope"])
    told = admin.delete_topics(["nope"], raise_errors=False)
    assert codes(told) == {"nope": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}
    with pytest.raises(TypeError, match="expected a list"):
        admin.delete_topics("orders")


# Configs


def orders(configs=None):
    return ConfigResource("topic", "orders", configs)


def modified(admin):
    described = admin.describe_configs([orders()])["topic"]["orders"]
    return {name: config["value"] for name, config in described.items()}


def test_configs_are_set_appended_deleted(admin):
    admin.create_topics(["orders"])
    assert modified(admin) == {}
    assert admin.alter_configs([orders({"retention.ms": "1000", "cleanup.policy": "compact"})]) == {
        "topic": {"orders": "OK"}
    }
    admin.alter_configs([orders({"cleanup.policy": ("append", "delete")})])
    assert modified(admin) == {"retention.ms": "1000", "cleanup.policy": "compact,delete"}
    admin.alter_configs(
        [orders({"retention.ms": (AlterConfigOp.DELETE, None), "cleanup.policy": (3, "compact")})]
    )
    assert modified(admin) == {"cleanup.policy": "delete"}


def test_plain_alter_keeps_what_is_not_named(admin):
    admin.create_topics({"orders": {"configs": {"retention.ms": "1000"}}})
    admin.alter_configs([orders({"retention.bytes": "5"})], incremental=False)
    assert modified(admin) == {"retention.ms": "1000", "retention.bytes": "5"}
    with pytest.raises(ValueError, match="SET only"):
        admin.alter_configs([orders({"cleanup.policy": ("append", "compact")})], incremental=False)


@pytest.mark.parametrize("incremental", [None, False])
def test_reset(admin, incremental):
    admin.create_topics({"orders": {"configs": {"retention.ms": "1000", "retention.bytes": "5"}}})
    resource = orders(["retention.ms"])
    assert admin.reset_configs([resource], incremental=incremental) == {"topic": {"orders": "OK"}}
    assert modified(admin) == {"retention.bytes": "5"}
    assert resource.configs == ["retention.ms"]
    admin.reset_configs([orders()], incremental=incremental)
    assert modified(admin) == {}


def test_config_filters(admin):
    admin.create_topics({"orders": {"configs": {"retention.ms": "1000"}}})
    every = admin.describe_configs([orders()], config_filter="all")["topic"]["orders"]
    default = admin.describe_configs([orders()], config_filter="default")["topic"]["orders"]
    assert set(every) - set(default) == {"retention.ms"}
    assert every["retention.ms"]["config_type"] == "LONG"
    one = admin.describe_configs([orders(["retention.ms"])], include_synonyms=True)["topic"]["orders"]
    assert one["retention.ms"]["synonyms"][0] == {
        "name": "retention.ms",
        "value": "1000",
        "source": "DYNAMIC_TOPIC_CONFIG",
    }
    broker = admin.describe_configs([ConfigResource("broker", "1")], config_filter="all")["broker"]["1"]
    assert broker["num.partitions"]["value"] == "1"
    dynamic = admin.describe_configs([ConfigResource("broker", "1")], config_filter="dynamic")
    assert not any(config["read_only"] for config in dynamic["broker"]["1"].values())
    with pytest.raises(ValueError, match="ConfigFilterType: wrong"):
        admin.describe_configs([orders()], config_filter="wrong")


def test_config_errors(admin):
    admin.create_topics(["orders"])
    with pytest.raises(ValueError, match=r"no\.such"):
        admin.alter_configs([orders({"no.such": "1"})])
    told = admin.alter_configs([orders({"retention.ms": "soon"})])
    assert "InvalidConfigurationError" in told["topic"]["orders"]
    assert admin.describe_configs([ConfigResource("topic", "nope")]) == {"topic": {"nope": {}}}
    with pytest.raises(ValueError, match="must be an integer"):
        admin.describe_configs([ConfigResource("broker", "one")])
    with pytest.raises(TypeError, match=r"retention\.ms=5"):
        admin.alter_configs([orders({"retention.ms": 5})])
    with pytest.raises(TypeError, match="expected a dict"):
        admin.alter_configs([orders(["retention.ms"])])
    assert admin.alter_configs([orders({"retention.ms": "7"})], validate_only=True)["topic"]["orders"] == "OK"
    assert modified(admin) == {}


# Partitions


def test_create_partitions(three):
    admin = three.admin()
    admin.create_topics(["orders"])
    response = admin.create_partitions({"orders": 3})
    assert [(result.name, result.error_code) for result in response.results] == [("orders", 0)]
    assert response.to_dict() == {
        "throttle_time_ms": 0,
        "results": [{"name": "orders", "error_code": 0, "error_message": None}],
    }
    admin.create_partitions({"orders": NewPartitions(4, [[2]])})
    admin.create_partitions({"orders": {"count": 5, "assignments": [[3]]}})
    admin.create_partitions({"orders": 9}, validate_only=True)
    partitions = admin.describe_topics(["orders"])[0]["partitions"]
    assert [p["replica_nodes"] for p in partitions][3:] == [[2], [3]]
    with pytest.raises(InvalidPartitionsError, match="orders"):
        admin.create_partitions({"orders": 2})
    told = admin.create_partitions({"nope": 2}, raise_errors=False)
    assert told.results[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_delete_records(kafka, admin):
    admin.create_topics({"orders": {"num_partitions": 2}})
    fill(kafka)
    assert admin.delete_records({O0: 4}) == {
        O0: {"partition_index": 0, "low_watermark": 4, "error_code": 0},
    }
    assert admin.delete_records({("orders", 0): -1, O1: 0})[O0]["low_watermark"] == 10
    with pytest.raises(OffsetOutOfRangeError, match="topic orders partition 0"):
        admin.delete_records({O0: 11, O1: 0})
    with pytest.raises(BrokerResponseError, match=r"orders\(partition=1\): OffsetOutOfRangeError"):
        admin.delete_records({O0: 11, O1: 11})
    with pytest.raises(UnknownTopicOrPartitionError, match="partition=5"):
        admin.delete_records({TopicPartition("orders", 5): 1})
    assert admin.delete_records({}) == {}


def test_offsets_of_partitions(kafka, admin):
    admin.create_topics({"orders": {"num_partitions": 2}})
    with kafka.producer() as producer:
        for second in (1, 3, 2):
            producer.send("orders", b"v", partition=0, timestamp_ms=kafka.started_ms + second * 1000)
    admin.delete_records({O0: 1})

    def look_up(spec):
        return admin.list_partition_offsets({O0: spec})[O0]

    assert look_up(OffsetSpec.LATEST) == OffsetAndTimestamp(3, -1, 0)
    assert look_up(OffsetSpec.EARLIEST).offset == 1
    assert look_up(OffsetSpec.MAX_TIMESTAMP) == OffsetAndTimestamp(1, kafka.started_ms + 3000, 0)
    assert look_up(kafka.started_ms + 1500).offset == 1
    assert look_up(kafka.started_ms + 9000) == OffsetAndTimestamp(-1, -1, None)
    both = admin.list_partition_offsets({O1: OffsetSpec.LATEST, O0: OffsetSpec.LATEST}, "read_committed")
    assert list(both.items()) == [(O1, (0, -1, 0)), (O0, (3, -1, 0))]
    with pytest.raises(TypeError, match="latest"):
        admin.list_partition_offsets({O0: "latest"})
    with pytest.raises(UnknownTopicOrPartitionError, match="nope"):
        admin.list_partition_offsets({TopicPartition("nope", 0): OffsetSpec.LATEST})


def test_a_moving_leader_is_asked_again(three):
    admin = three.admin()
    admin.create_topics({"orders": {"assignments": {0: [2, 3, 1]}}}, wait_for_metadata=True)
    fill(three)
    rule = three.faults.answer(ErrorCode.NOT_LEADER_OR_FOLLOWER, "ListOffsets", times=2)
    assert admin.list_partition_offsets({O0: OffsetSpec.LATEST})[O0].offset == 10
    three.faults.answer(ErrorCode.NOT_LEADER_OR_FOLLOWER, "DeleteRecords", times=2)
    assert admin.delete_records({O0: 3})[O0]["low_watermark"] == 3
    assert rule.spent


def test_elections(three):
    admin = three.admin()
    admin.create_topics({"orders": {"assignments": {0: [2, 3, 1]}}}, wait_for_metadata=True)
    three.stop(2)
    assert admin.describe_topics(["orders"])[0]["partitions"][0]["leader_id"] == 3
    told = admin.elect_leaders(0, {"orders": [0]}, raise_errors=False)
    assert told.replica_election_results[0].partition_result[0].error_code == (
        ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE
    )
    three.start(2)
    three.advance(seconds=5)
    told = admin.elect_leaders("preferred", ["orders"])
    assert told.to_dict()["replica_election_results"][0]["topic"] == "orders"
    assert admin.describe_topics(["orders"])[0]["partitions"][0]["leader_id"] == 2
    admin.elect_leaders(0)  # not needed, which is no error
    with pytest.raises(ValueError, match="ElectionType: 7"):
        admin.elect_leaders(7)
    with pytest.raises(UnknownTopicOrPartitionError):
        admin.elect_leaders(0, {"nope": [0]})


def test_reassignment(three):
    admin = three.admin()
    admin.create_topics({"orders": {"assignments": {0: [1], 1: [1]}}}, wait_for_metadata=True)
    fill(three)
    three.faults.drop("Fetch", destination=1, times=None)  # the new replica cannot catch up
    assert admin.alter_partition_reassignments({O0: [2]}) == {O0: None}
    moving = {"replicas": [2, 1], "adding_replicas": [2], "removing_replicas": [1]}
    assert admin.list_partition_reassignments() == {O0: moving}
    assert admin.list_partition_reassignments([O1]) == {}
    assert admin.list_partition_reassignments({"orders": [0]}) == {O0: moving}
    assert admin.alter_partition_reassignments({O0: None, O1: None}) == {
        O0: None,
        O1: NoReassignmentInProgressError,
    }
    for replicas, says in (([], "non-empty"), (["1"], "int broker_ids")):
        with pytest.raises(ValueError, match=says):
            admin.alter_partition_reassignments({O0: replicas})


def test_describe_topic_partitions(admin):
    admin.create_topics({"orders": {"num_partitions": 3}})
    first = admin.describe_topic_partitions(["orders"], response_partition_limit=2)
    assert first["next_cursor"] == {"topic_name": "orders", "partition_index": 2}
    [topic] = first["topics"]
    assert isinstance(topic["topic_id"], uuid.UUID)
    assert [p["partition_index"] for p in topic["partitions"]] == [0, 1]
    rest = admin.describe_topic_partitions(["orders"], cursor=first["next_cursor"])
    assert [p["partition_index"] for p in rest["topics"][0]["partitions"]] == [2]
    assert rest["next_cursor"] is None
    [unknown] = admin.describe_topic_partitions(["nope"])["topics"]
    assert (unknown["error_code"], unknown["topic_id"]) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None)


# Groups


@pytest.fixture
def member(kafka, admin):
    """A consumer of group g that has read and committed ten records of orders-0."""
    admin.create_topics({"orders": {"num_partitions": 2}})
    fill(kafka)
    consumer = kafka.consumer("orders", group_id="g", auto_offset_reset="earliest")
    kafka.wait_for_assignment(consumer)
    assert sum(map(len, consumer.poll(timeout_ms=1000).values())) == 10
    consumer.commit()
    return consumer


def test_describe_a_group(admin, member):
    group = admin.describe_groups(["g"])["g"]
    assert (group["group_state"], group["protocol_type"], group["error"]) == ("Stable", "consumer", None)
    [told] = group["members"]
    assert told["member_metadata"]["topics"] == ["orders"]
    assert told["member_assignment"]["assigned_partitions"] == [{"topic": "orders", "partitions": [0, 1]}]
    assert "READ" in group["authorized_operations"]
    coordinator = admin.describe_cluster()["brokers"][0]["broker_id"]
    assert admin.describe_groups(["g"], group_coordinator_id=coordinator) == {"g": group}


def test_describe_an_unknown_group(admin):
    group = admin.describe_groups(["nobody"])["nobody"]
    assert group["group_state"] == "Dead"
    assert "GroupIdNotFoundError" in group["error"]
    with pytest.raises(TypeError, match="nobody"):
        admin.describe_groups("nobody")


def test_list_groups(admin, member):
    stable = {"group_id": "g", "protocol_type": "consumer", "group_state": "Stable", "group_type": "classic"}
    assert admin.list_groups() == [stable]
    assert admin.list_groups(broker_ids=[1], states_filter=["stable"], types_filter=["classic"]) == [stable]
    assert admin.list_groups(states_filter=[GroupState.EMPTY, "preparing-rebalance"]) == []
    with pytest.raises(ValueError, match="GroupState: wrong"):
        admin.list_groups(states_filter=["wrong"])


def test_list_group_offsets(admin, member):
    committed = OffsetAndMetadata(10, "", 0)
    for specs in ("g", ["g"], {"g": None}):
        assert admin.list_group_offsets(specs)["g"][O0] == committed
    chosen = admin.list_group_offsets({"g": [O0, TopicPartition("orders", 9)], "other": [O1]})
    assert chosen["g"] == {O0: committed, TopicPartition("orders", 9): OffsetAndMetadata(-1, "", -1)}
    assert chosen["other"][O1].offset == -1
    with pytest.raises(ValueError, match="Empty"):
        admin.list_group_offsets([])


def test_alter_and_reset_offsets(kafka, admin, member):
    assert admin.alter_group_offsets("g", {O0: OffsetAndMetadata(3, "by hand")}) == {O0: UnknownMemberIdError}
    member.close()
    assert admin.alter_group_offsets("g", {O0: OffsetAndMetadata(3, "by hand", None)}) == {O0: NoError}
    assert admin.list_group_offsets("g")["g"][O0] == OffsetAndMetadata(3, "by hand", -1)

    def reset(target):
        [(partition, told)] = admin.reset_group_offsets("g", {O0: target}).items()
        assert (partition, told["error"]) == (O0, NoError)
        assert admin.list_group_offsets("g")["g"][O0] == OffsetAndMetadata(told["offset"], "by hand", -1)
        return told["offset"]

    admin.delete_records({O0: 2})
    assert reset(OffsetSpec.EARLIEST) == 2
    assert reset(OffsetSpec.LATEST) == 10
    assert reset(5) == 5
    assert reset(1) == 2
    assert reset(99) == 10
    assert reset(OffsetTimestamp(0)) == 2
    assert reset(OffsetTimestamp(kafka.now_ms + 99999)) == 10
    with pytest.raises(TypeError, match="'first'"):
        admin.reset_group_offsets("g", {O0: "first"})
    assert admin.reset_group_offsets("g", {}) == {}
    assert admin.alter_group_offsets("g", {}) == {}


def test_delete_offsets_and_groups(admin, member):
    other = TopicPartition("others", 0)
    admin.create_topics(["others"])
    told = admin.delete_group_offsets("g", [O0, other])
    assert told[O0].__name__ == "GroupSubscribedToTopicError"
    assert told[other] is NoError
    assert admin.delete_groups(["g"]) == {"g": NonEmptyGroupError.__name__}
    member.close()
    assert admin.delete_group_offsets("g", [O0]) == {O0: NoError}
    assert O0 not in admin.list_group_offsets("g")["g"]
    assert admin.delete_groups(["g", "h"]) == {"g": "OK", "h": "GroupIdNotFoundError"}
    assert admin.list_groups() == []
    with pytest.raises(GroupIdNotFoundError):
        admin.delete_group_offsets("g", [O0])
    assert admin.delete_group_offsets("g", []) == {}


def test_remove_members(kafka, admin, member):
    [told] = admin.describe_groups(["g"])["g"]["members"]
    removed = admin.remove_group_members(
        "g", [MemberToRemove(told["member_id"], reason="tired"), MemberToRemove(group_instance_id="i")]
    )
    assert removed == {told["member_id"]: NoError, "i": UnknownMemberIdError}
    assert admin.describe_groups(["g"])["g"]["group_state"] == "Empty"
    assert admin.remove_group_members("g", []) == {}
    kafka.crash(member)


def test_groups_of_several_coordinators(three):
    admin = three.admin()
    three.create_topic("orders")
    ids = [f"g{n}" for n in range(12)]
    for group_id in ids:
        admin.alter_group_offsets(group_id, {O0: OffsetAndMetadata(0)})
    assert sorted(group["group_id"] for group in admin.list_groups()) == sorted(ids)
    assert {*admin.list_group_offsets(ids)} == {*ids} == {*admin.describe_groups(ids)}
    assert len({len(admin.list_groups(broker_ids=[node])) for node in (1, 2, 3)} | {0}) > 1
    assert set(admin.delete_groups(ids).values()) == {"OK"}


# The cluster


def test_describe_cluster(three):
    told = three.admin().describe_cluster()
    assert set(told) == {"cluster_id", "controller_id", "brokers", "authorized_operations"}
    assert told["brokers"][0] == {
        "broker_id": 1,
        "host": three.name,
        "port": 9092,
        "rack": None,
        "is_fenced": False,
    }
    assert told["controller_id"] in (1, 2, 3)
    assert "ALTER" in told["authorized_operations"]


def test_log_dirs(three):
    admin = three.admin()
    admin.create_topics({"orders": {"assignments": {0: [2]}}})
    fill(three)
    [told] = admin.describe_log_dirs(brokers=[2])
    assert told["broker"] == 2
    [partition] = told["log_dirs"][0]["topics"][0]["partitions"]
    assert partition["partition_size"] > 0
    assert [each["broker"] for each in admin.describe_log_dirs(["orders"])] == [1, 2, 3]
    assert admin.describe_log_dirs({"orders": [0]}, [2]) == [told]


def test_versions_and_features(admin):
    versions = admin.api_versions()
    assert versions[3] == (0, 13)
    assert [key.name for key in versions][:3] == ["Produce", "Fetch", "ListOffsets"]
    data = admin.get_broker_version_data(1)
    assert data.api_versions == versions
    assert data.broker_version >= (4, 0)
    (feature,) = admin.describe_features().items()
    assert feature[0] == "metadata.version"
    assert feature[1]["supported"] == (7, 29)
    assert feature[1]["finalized"] == (29, 29)
    assert feature[1]["finalized_epoch"] > 0


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("describe_acls", [None]),
        ("create_acls", [[]]),
        ("delete_acls", [[]]),
        ("alter_user_scram_credentials", [[]]),
        ("describe_user_scram_credentials", []),
        ("list_transactions", []),
        ("describe_transactions", [["t"]]),
        ("describe_producers", [[O0]]),
        ("abort_transaction", [None]),
        ("find_hanging_transactions", []),
        ("describe_metadata_quorum", []),
        ("update_features", [{}]),
        ("alter_replica_log_dirs", [{}]),
        ("list_config_resources", []),
    ],
)
def test_what_is_not_served_says_so(admin, method, arguments):
    with pytest.raises(IncompatibleBrokerVersion, match=rf"KafkaAdminClient\.{method}: .* do not serve \w+"):
        getattr(admin, method)(*arguments)


# The client itself


def test_bad_options(kafka):
    for options, error, says in (
        ({"acks": 1}, KafkaConfigurationError, "Unrecognized configs.*acks"),
        ({"request_timeout_ms": 0}, KafkaConfigurationError, "request_timeout_ms=0"),
        ({"security_protocol": "TLS"}, KafkaConfigurationError, "TLS"),
        ({"kafka_client": object}, UnsupportedOptionError, "kafka_client"),
        ({"metric_reporters": [object]}, UnsupportedOptionError, "metric_reporters"),
        ({"bootstrap_servers": "nobody:1"}, KafkaTimeoutError, "nobody:1"),
    ):
        with pytest.raises(error, match=says):
            KafkaAdminClient(**{"bootstrap_servers": kafka.bootstrap_servers, **options})


def test_closing(kafka):
    with kafka.admin(client_id="me") as admin:
        assert admin in kafka.clients
        assert admin.config["client_id"] == "me"
    assert admin not in kafka.clients
    admin.close()
    with pytest.raises(IllegalStateError, match="closed"):
        admin.list_topics()
    crashed = kafka.admin()
    kafka.crash(crashed)
    with pytest.raises(IllegalStateError, match="closed"):
        crashed.list_topics()


def test_dead_brokers(three):
    admin = three.admin(bootstrap_timeout_ms=2000)
    assert admin.create_topics({"orders": {"replication_factor": 3}})
    three.kill(admin.describe_cluster()["controller_id"])
    three.advance(seconds=30)
    admin.create_topics(["more"])
    assert all(set(admin.list_topics()) == {"orders", "more"} for _ in range(5))
    for node_id in list(three.brokers):
        three.kill(node_id)
    with pytest.raises(KafkaConnectionError):
        admin.list_topics()
    with pytest.raises(KafkaTimeoutError, match="bootstrap"):
        three.admin(bootstrap_timeout_ms=2000)


def test_lost_requests_time_out(kafka, admin):
    kafka.faults.drop("CreateTopics")
    before = kafka.now_ms
    with pytest.raises(KafkaTimeoutError, match="CreateTopics"):
        admin.create_topics(["orders"])
    assert kafka.now_ms == before + 30_000


def test_the_controller_is_looked_up_again(three):
    admin = three.admin()
    rule = three.faults.answer(ErrorCode.NOT_CONTROLLER, "CreateTopics", times=1)
    assert codes(admin.create_topics(["orders"])) == {"orders": 0}
    assert rule.spent


def test_a_coordinator_that_is_not_there_yet(kafka, admin):
    rule = kafka.faults.answer(ErrorCode.COORDINATOR_NOT_AVAILABLE, "FindCoordinator", times=3)
    assert admin.list_group_offsets("g") == {"g": {}}
    assert rule.spent
    kafka.faults.answer(ErrorCode.GROUP_AUTHORIZATION_FAILED, "FindCoordinator", times=1)
    with pytest.raises(BrokerResponseError, match="GroupAuthorizationFailedError"):
        admin.list_group_offsets("g")


def test_real_time():
    with MiniKafka(clock="system") as kafka, kafka.admin() as admin:
        admin.create_topics(["orders"], wait_for_metadata=True)
        assert admin.list_topics() == ["orders"]


def test_nothing_is_left_behind(kafka):
    address = kafka.bootstrap_servers
    kafka.admin().close()
    assert kafka.clients == []
    kafka.close()
    assert bootstrap.find(address) is None
