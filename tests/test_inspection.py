import pytest

from minikafka import TopicPartition
from minikafka.errors import UnknownTopicOrPartitionError
from minikafka.inspection import describe
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.structs import broker_address


@pytest.fixture
def kafka(minikafka_cluster):
    return minikafka_cluster(brokers=3, topics={"orders": {"partitions": 2, "replication_factor": 3}})


def test_records_are_what_a_consumer_could_read(kafka):
    producer = kafka.producer()
    producer.send("orders", b"later", partition=1)
    producer.send(
        "orders", b"first", key=b"k", partition=0, headers=[("h", b"v")], timestamp_ms=1_600_000_000_123
    )
    found = kafka.records("orders")
    assert [(each.partition, each.offset, each.value) for each in found] == [
        (0, 0, b"first"),
        (1, 0, b"later"),
    ]
    record = found[0]
    assert (record.topic, record.key, record.headers) == ("orders", b"k", [("h", b"v")])
    assert (record.timestamp, record.timestamp_type) == (1_600_000_000_123, 0)
    assert (record.serialized_key_size, record.serialized_value_size, record.serialized_header_size) == (
        1,
        5,
        2,
    )
    assert [each.value for each in kafka.records("orders", 1)] == [b"later"]


def test_records_equal_what_a_consumer_is_given(kafka):
    producer = kafka.producer()
    for number in range(20):
        producer.send("orders", b"%d" % number, key=b"%d" % number, headers=[("n", b"%d" % number)])
    producer.flush()
    consumer = kafka.consumer()
    consumer.assign([TopicPartition("orders", 0), TopicPartition("orders", 1)])
    consumer.seek_to_beginning()
    consumed = []
    while len(consumed) < 20:
        consumed += [record for batch in consumer.poll(timeout_ms=1000).values() for record in batch]
    assert sorted(consumed, key=lambda record: record[1:4:2]) == kafka.records("orders")


def test_records_below_the_log_start_are_gone(kafka):
    producer = kafka.producer()
    for number in range(5):
        producer.send("orders", b"%d" % number, partition=0)
    producer.flush()
    kafka.admin().delete_records({TopicPartition("orders", 0): 3})
    assert [each.value for each in kafka.records("orders")] == [b"3", b"4"]


def test_what_is_not_replicated_cannot_be_read(kafka):
    producer = kafka.producer(acks=1)
    producer.send("orders", b"seen", partition=0).get(timeout=10)
    [view, _] = kafka.topic("orders").partitions
    kafka.faults.drop("Fetch", source="broker", times=None)
    producer.send("orders", b"unseen", partition=0)
    assert [each.value for each in kafka.records("orders")] == [b"seen"]
    [view, _] = kafka.topic("orders").partitions
    assert (view.high_watermark, view.log_end_offset) == (1, 2)


def test_unknown_topics_and_partitions(kafka):
    with pytest.raises(UnknownTopicOrPartitionError, match=r"no topic 'ordres'.*orders"):
        kafka.records("ordres")
    with pytest.raises(UnknownTopicOrPartitionError, match="no partition 2: it has 2"):
        kafka.records("orders", 2)


def test_a_topic_tells_leader_and_replicas(kafka):
    view = kafka.topic("orders")
    assert [sorted(each.replicas) for each in view.partitions] == [[1, 2, 3], [1, 2, 3]]
    leader = view.partitions[0].leader
    kafka.kill(leader)
    kafka.advance(seconds=30)
    after = kafka.topic("orders").partitions[0]
    assert after.leader not in (leader, None)
    assert leader not in after.isr
    assert f"behind {leader}" in str(after)


def test_a_group(kafka):
    producer = kafka.producer()
    for number in range(4):
        producer.send("orders", b"%d" % number, partition=0)
    producer.flush()
    consumer = kafka.consumer(
        "orders",
        group_id="billing",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        client_id="biller",
    )
    assert consumer.poll(timeout_ms=1000, max_records=3)
    consumer.commit()
    group = kafka.group("billing")
    first, second = TopicPartition("orders", 0), TopicPartition("orders", 1)
    assert (group.state, group.generation) == ("Stable", 1)
    [member] = group.members
    assert (member.client_id, member.assignment) == ("biller", (first, second))
    assert group.assignment == {first: member, second: member}
    assert group.committed[first] == 3
    assert group.end == {first: 4, second: 0}
    assert group.lag == 1
    assert group.lags == {first: 1, second: 0}
    assert "orders-0: committed 3, end 4, lag 1" in str(group)
    assert "group billing: Stable" in describe(kafka)
    consumer.close()
    assert kafka.group("billing").state == "Empty"
    assert kafka.group("billing").members == ()


def test_an_unknown_group_is_dead(kafka):
    group = kafka.group("nobody")
    assert (group.state, group.members, group.lag) == ("Dead", (), 0)


def test_describe_shows_faults_and_brokers(kafka):
    kafka.faults.drop("Produce")
    kafka.kill(2)
    text = describe(kafka)
    assert "2 (down)" in text
    assert "drop" in text


def test_a_member_whose_subscription_is_empty_is_seen(minikafka_cluster):
    kafka = minikafka_cluster(brokers=1)
    kafka.create_topic("orders")
    join = JoinGroupRequest(
        group_id="odd",
        session_timeout_ms=30_000,
        rebalance_timeout_ms=30_000,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range")],
    )
    kafka.wait_for_assignment(kafka.consumer("orders", group_id="other"))  # so that there is a coordinator
    answer = kafka.network.request("odd-1", broker_address(1), join, api_version=3)
    kafka.driver.wait(answer)
    [member] = kafka.group("odd").members
    assert (member.member_id, member.assignment) == (answer.result().member_id, ())
