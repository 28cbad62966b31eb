"""All that kafka-python 2 can ask of the brokers, except what Kafka 4 does not serve to it (DescribeLogDirs 0)."""

from __future__ import annotations

from contextlib import closing

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.protocol.admin import ElectionType

from interop import kafka_python_common as common
from interop.capture import Capture
from interop.told import Told

T0 = TopicPartition("exercised", 0)
ASSIGNORS = {"range": RangePartitionAssignor}


def exercise(servers: str, captured: Capture) -> None:
    """Administer, produce, consume in a group."""
    with closing(KafkaAdminClient(bootstrap_servers=servers)) as admin:
        admin.create_topics([NewTopic("exercised", 1, 1)])
        _produce(servers)
        _consume(servers, captured)
        _administer(admin)


def _produce(servers: str) -> None:
    for options in ({"enable_idempotence": True}, {"acks": 1}):
        with closing(KafkaProducer(bootstrap_servers=servers, **options)) as producer:
            producer.send("exercised", b"a", partition=0).get(common.TIMEOUT_S)


def _consume(servers: str, captured: Capture) -> None:
    with closing(common.exercised(servers)) as consumer:
        assert [next(consumer).value for _ in range(2)] == [b"a", b"a"]
        consumer.commit()
        assert consumer.committed(T0) == 2
        assert consumer.end_offsets([T0]) == {T0: 2}
        assert consumer.offsets_for_times({T0: 0})[T0].offset == 0
        common.poll_until_heartbeat(consumer, captured)


def _administer(admin: KafkaAdminClient) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, "exercised", {"retention.ms": "-1"})
    admin.alter_configs([resource])
    admin.describe_configs([resource])
    admin.create_partitions({"exercised": NewPartitions(2)})
    assert "exercised" in admin.list_topics()
    (topic,) = admin.describe_topics(["exercised"])
    assert len(topic["partitions"]) == 2
    admin.describe_cluster()
    assert admin.delete_records({T0: 1})[T0]["low_watermark"] == 1
    admin.perform_leader_election(ElectionType.PREFERRED, {"exercised": [0]})
    assert admin.list_consumer_groups() == [("g", "consumer")]
    admin.describe_consumer_groups(["g"])
    assert admin.list_consumer_group_offsets("g")[T0].offset == 2
    admin.delete_consumer_groups(["g"])
    admin.delete_topics(["exercised"])


load = common.load
write = common.write
read = common.read
take = common.take


def member(servers: str, topic: str, group: str, assignor: str, instance: str | None, told: Told) -> None:
    """A member of a group."""
    common.member(servers, topic, group, ASSIGNORS[assignor], instance, told)


def hello(servers: str) -> None:
    """The hello-topic story: make and describe the topic, produce to it, consume it from the beginning."""
    with closing(KafkaAdminClient(bootstrap_servers=servers)) as admin:
        admin.create_topics([NewTopic("hello-topic", 1, 1)])
        (described,) = admin.describe_topics(["hello-topic"])
        assert (described["topic"], len(described["partitions"])) == ("hello-topic", 1)
    common.hello(servers)
