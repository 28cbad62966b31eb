"""kafka-python 2's admin client under a patch: its own code, and so its own shapes, on an in-process cluster."""

import kafka.errors as errors
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic

from minikafka import MiniKafka, patch
from minikafka.errors import ErrorCode

pytestmark = pytest.mark.skipif(
    "bootstrap_timeout_ms" in KafkaAdminClient.DEFAULT_CONFIG, reason="needs kafka-python 2"
)

O0 = TopicPartition("orders", 0)


@pytest.fixture
def cluster():
    with MiniKafka(brokers=3, seed=7) as kafka, patch(kafka):
        yield kafka


@pytest.fixture
def admin(cluster):
    return KafkaAdminClient(bootstrap_servers="any:1")


def test_topics(admin):
    created = admin.create_topics([NewTopic("orders", 2, 3, topic_configs={"retention.ms": "1000"})])
    assert created.topic_errors == [("orders", 0, None)]
    with pytest.raises(errors.TopicAlreadyExistsError, match="orders"):
        admin.create_topics([NewTopic("orders", 2, 3)])
    assert admin.create_partitions({"orders": NewPartitions(3)}).topic_errors == [("orders", 0, None)]
    [topic] = admin.describe_topics(["orders"])
    assert (topic["topic"], len(topic["partitions"]), topic["partitions"][0]["replicas"]) == (
        "orders",
        3,
        topic["partitions"][0]["isr"],
    )
    assert {broker["node_id"] for broker in admin.describe_cluster()["brokers"]} == {1, 2, 3}
    assert admin.delete_topics(["orders"]).topic_error_codes == [("orders", 0)]
    with pytest.raises(errors.UnknownTopicOrPartitionError):
        admin.delete_topics(["orders"])
    assert admin.list_topics() == []


def test_configs(admin):
    admin.create_topics([NewTopic("orders", 1, 1)])
    resource = ConfigResource(ConfigResourceType.TOPIC, "orders", {"retention.ms": "1000"})
    assert admin.alter_configs([resource]).resources == [(0, None, 2, "orders")]
    [response] = admin.describe_configs([resource])
    [(code, _, _, name, [entry])] = response.resources
    assert (code, name, entry[:2]) == (0, "orders", ("retention.ms", "1000"))
    [response] = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "2")])
    assert response.resources[0][3] == "2"


def test_groups(cluster, admin):
    cluster.create_topic("orders")
    KafkaProducer().send("orders", b"v")
    consumer = KafkaConsumer("orders", group_id="g", auto_offset_reset="earliest")
    assert consumer.poll(timeout_ms=3000)
    consumer.commit()
    [group] = admin.describe_consumer_groups(["g"])
    assert (group.group, group.state, group.protocol_type) == ("g", "Stable", "consumer")
    [member] = group.members
    assert member.client_id.startswith("kafka-python-2")
    assert member.member_assignment.assignment == [("orders", [0])]
    assert admin.list_consumer_groups() == [("g", "consumer")]
    assert admin.list_consumer_group_offsets("g")[O0].offset == 1
    assert (
        admin.delete_consumer_groups(["g", "h"])
        == [
            ("g", errors.NonEmptyGroupError),
            ("h", errors.GroupIdNotFoundError),
        ]
        or admin.list_consumer_groups()
    )
    consumer.close()
    assert admin.delete_consumer_groups(["g"]) == [("g", errors.NoError)]


def test_the_first_question_about_a_group(admin):
    assert admin.list_consumer_group_offsets("nobody") == {}


def test_records_and_elections(cluster, admin):
    admin.create_topics([NewTopic("orders", 1, 3)])
    producer = KafkaProducer()
    for _ in range(5):
        producer.send("orders", b"v").get(timeout=10)
    assert admin.delete_records({O0: 3})[O0]["low_watermark"] == 3
    with pytest.raises(errors.OffsetOutOfRangeError):
        admin.delete_records({O0: 9})
    with pytest.raises(errors.UnknownTopicOrPartitionError):
        admin.delete_records({TopicPartition("nope", 0): 9})
    [[topic, [partition]]] = admin.perform_leader_election(0).replication_election_results
    assert (topic, partition[:2]) == ("orders", (0, ErrorCode.ELECTION_NOT_NEEDED))


def test_what_a_newer_broker_no_longer_serves(admin):
    with pytest.raises(errors.IncompatibleBrokerVersion, match="DescribeLogDirs"):
        admin.describe_log_dirs()
    with pytest.raises(errors.IncompatibleBrokerVersion, match="DescribeAcls"):
        admin.describe_acls(None)


def test_faults_reach_it(cluster, admin):
    cluster.faults.answer(ErrorCode.POLICY_VIOLATION, "CreateTopics", times=1)
    with pytest.raises(errors.PolicyViolationError):
        admin.create_topics([NewTopic("orders", 1, 1)])
    cluster.faults.disconnect("CreateTopics", times=1)
    with pytest.raises(errors.KafkaConnectionError):
        admin.create_topics([NewTopic("orders", 1, 1)])
    admin.create_topics([NewTopic("orders", 1, 1)])
    for node_id in list(cluster.brokers):
        cluster.kill(node_id)
    with pytest.raises(errors.KafkaConnectionError):
        admin.list_topics()
    with pytest.raises(errors.NoBrokersAvailable):
        KafkaAdminClient()


def test_closing(cluster, admin):
    assert admin in cluster.clients
    admin.close()
    admin.close()
    assert admin not in cluster.clients
    with pytest.raises(errors.KafkaConnectionError):
        admin.list_topics()
