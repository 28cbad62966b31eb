import re
from contextlib import closing

import pytest

pytest.importorskip("kafka")

from tests.remote.conftest import Skipped

from minikafka import MiniKafka
from minikafka.errors import (
    KafkaConfigurationError,
    KafkaConnectionError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from minikafka.remote.cluster import RealCluster, addresses
from minikafka.remote.refusals import REASONS
from minikafka.structs import TopicPartition
from minikafka.waits import WaitTimeout


def test_it_has_the_face_of_minikafka():
    for name in dir(MiniKafka(name="face")):
        if not name.startswith("_"):
            assert hasattr(RealCluster, name) or name in REASONS or name in ("name", "started_ms"), name


def test_the_whole_face_by_name():
    with MiniKafka() as kafka:
        public = {name for name in dir(kafka) if not name.startswith("_")}
    assert set(REASONS) <= public


def test_records_and_topics(real, listening):
    real.create_topic("orders", partitions=2, configs={"retention.ms": 5000})
    with closing(real.producer()) as producer:
        producer.send("orders", b"espresso", key=b"Ada", partition=1, headers=[("h", b"1")]).get(timeout=10)
    [record] = real.records("orders")
    assert (record.topic, record.partition, record.offset, record.value) == ("orders", 1, 0, b"espresso")
    assert (record.key, record.headers) == (b"Ada", [("h", b"1")])
    assert real.records("orders", 0) == []
    view = real.topic("orders")
    assert (view.name, view.configs, len(view.partitions)) == ("orders", {"retention.ms": "5000"}, 2)
    outside = listening.topic(real.namespace.outward("orders"))
    assert view.partitions[1][2:] == outside.partitions[1][2:]
    assert view.topic_id == outside.topic_id


def test_reading_many_records_takes_several_fetches(real):
    real.create_topic("orders")
    with closing(real.producer(linger_ms=5)) as producer:
        for number in range(2500):
            producer.send("orders", b"%d" % number)
    assert [int(record.value) for record in real.wait_for_records("orders", 2500)] == list(range(2500))


def test_errors_quote_the_tests_names(real):
    real.create_topic("orders")
    with pytest.raises(TopicAlreadyExistsError, match="Topic 'orders' already exists"):
        real.create_topic("orders")
    with pytest.raises(UnknownTopicOrPartitionError, match="no topic 'invoices': there are orders"):
        real.topic("invoices")
    with pytest.raises(UnknownTopicOrPartitionError, match="has no partition 3: it has 1"):
        real.records("orders", 3)
    real.delete_topic("orders")
    with pytest.raises(UnknownTopicOrPartitionError):
        real.delete_topic("orders")


def test_a_group(real):
    real.create_topic("orders", partitions=3)
    with closing(real.producer()) as producer:
        producer.send("orders", b"x", partition=2).get(timeout=10)
    consumer = real.consumer(
        "orders", group_id="billing", auto_offset_reset="earliest", enable_auto_commit=False
    )
    everything = {TopicPartition("orders", number) for number in range(3)}
    assert real.wait_for_assignment(consumer) == everything
    assert consumer.assignment() == everything
    view = real.group("billing")
    assert (view.group_id, view.state, view.lag) == ("billing", "Stable", 1)
    assert [member.assignment for member in view.members] == [tuple(sorted(everything))]
    assert "orders-2: committed nothing, end 1, lag 1" in str(view)
    [[record]] = consumer.poll(timeout_ms=10_000).values()
    assert record.topic == "orders"
    consumer.commit()
    assert real.wait_for_commit("billing", TopicPartition("orders", 2), 1) == 1
    assert real.group("billing").lag == 0
    with pytest.raises(Skipped, match="generation"):
        _ = view.generation
    assert real.group("nobody").state == "Dead"


def test_a_pattern_sees_ones_own_topics_only(join):
    one, two = join(), join()
    one.create_topic("orders.eu")
    two.create_topic("orders.us")
    consumer = one.consumer(group_id="billing")
    consumer.subscribe(pattern=r"^orders\.[a-z]{2}$")
    assert one.wait_for_assignment(consumer) == {TopicPartition("orders.eu", 0)}
    assert consumer.topics() == {"orders.eu"}


def test_two_of_them_do_not_meet(join):
    one, two = join(), join()
    for each in (one, two):
        each.create_topic("orders")
        with closing(each.producer()) as producer:
            producer.send("orders", each.name.encode()).get(timeout=10)
    assert [record.value for record in one.records("orders")] == [one.name.encode()]
    assert [record.value for record in two.records("orders")] == [two.name.encode()]
    two.delete_topic("orders")
    assert one.has_topic("orders")


def test_the_admin_client_sees_the_tests_names(real):
    from kafka import OffsetAndMetadata
    from kafka.admin import NewTopic

    admin = real.admin()
    admin.create_topics([NewTopic("orders", 1, 1)])
    assert set(admin.list_topics()) - {"__consumer_offsets"} == {"orders"}
    consumer = real.consumer(group_id="billing")
    tp = TopicPartition("orders", 0)
    from kafka import TopicPartition as Theirs

    consumer.assign([Theirs(*tp)])
    consumer.commit({Theirs(*tp): OffsetAndMetadata(0, "", -1)})
    if hasattr(admin, "list_groups"):
        assert [group["group_id"] for group in admin.list_groups()] == ["billing"]
    else:  # kafka-python 2
        assert [group_id for group_id, _ in admin.list_consumer_groups()] == ["billing"]
    admin.delete_topics(["orders"])
    assert set(admin.list_topics()) <= {"__consumer_offsets"}


def test_other_libraries_see_the_tests_names_too(real):
    confluent = pytest.importorskip("confluent_kafka")
    real.create_topic("orders")
    producer = confluent.Producer({"bootstrap.servers": real.bootstrap_servers})
    producer.produce("orders", b"espresso")
    assert producer.flush(10) == 0
    consumer = confluent.Consumer(
        {"bootstrap.servers": real.bootstrap_servers, "group.id": "billing", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["orders"])
    message = consumer.poll(20)
    assert (message.topic(), message.value()) == ("orders", b"espresso")
    consumer.close()


def test_nothing_is_left_behind(listening):
    real = RealCluster(listening.listening_on, pytest.fail)
    real.create_topic("orders")
    consumer = real.consumer("orders", group_id="billing", group_instance_id="till-1")
    real.wait_for_assignment(consumer)
    producer = real.producer()
    producer.send("orders", b"x").get(timeout=10)
    assert set(real.clients) == {consumer, producer}
    suffix = real.namespace.suffix
    assert [name for name in listening.topic_names() if name.endswith(suffix)] == [f"orders{suffix}"]
    assert listening.group(f"billing{suffix}").state == "Stable"
    real.close()
    real.close()
    assert [name for name in listening.topic_names() if name.endswith(suffix)] == []
    assert listening.group(f"billing{suffix}").state == "Dead"
    assert consumer._closed
    assert producer._closed


def test_what_it_cannot_do_is_refused_with_the_reason(real):
    for name, reason in REASONS.items():
        with pytest.raises(Skipped, match=re.escape(f"{name}: {reason}")):
            getattr(real, name)
    with pytest.raises(AttributeError, match="no attribute 'sing'"):
        _ = real.sing
    with pytest.raises(Skipped, match="listen"):
        real.listen(port=9092)
    assert real.listen() == real.listening_on == real.bootstrap_servers


def test_waits_say_what_there_is(real):
    real.create_topic("orders")
    with pytest.raises(WaitTimeout, match=r"for 1 record\(s\) in 'orders'; there are 0"):
        real.wait_for_records("orders", timeout_ms=1)
    with pytest.raises(WaitTimeout, match="waited 1 ms for something else"):
        real.wait_until(lambda: False, timeout_ms=1, what="something else")
    with pytest.raises(WaitTimeout, match="it has committed nothing"):
        real.wait_for_commit("billing", TopicPartition("orders", 0), 1, timeout_ms=1)
    consumer = real.consumer("orders", group_id=None)
    with pytest.raises(WaitTimeout, match=r"subscribes to orders and has (nothing|orders-0)"):
        real.wait_for_assignment(consumer, [TopicPartition("orders", 7)], timeout_ms=1)
    real.wait_until(lambda: True, timeout_ms=0)


@pytest.mark.parametrize("text", ["", "kafka", "kafka:", ":9092", "kafka:x", "kafka:0", "a:1,b"])
def test_bad_addresses_are_refused(text):
    with pytest.raises(KafkaConfigurationError, match="expected 'host:port'"):
        addresses(text)


def test_addresses():
    assert addresses("a:1, [::1]:2") == [("a", 1), ("::1", 2)]


def test_nobody_there():
    with pytest.raises(KafkaConnectionError, match=r"no answer to Metadata from 127\.0\.0\.1:1"):
        RealCluster("127.0.0.1:1", pytest.fail)
