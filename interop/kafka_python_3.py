"""All that kafka-python 3 can ask of the brokers."""

from __future__ import annotations

from contextlib import closing

from kafka import (
    IsolationLevel,
    KafkaAdminClient,
    KafkaProducer,
    OffsetSpec,
    TopicPartition,
)
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType, MemberToRemove, NewPartitions
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.structs import OffsetAndMetadata

from interop import kafka_python_common as common
from interop.capture import Capture
from interop.told import Told

T0 = TopicPartition("exercised", 0)
ASSIGNORS = {"range": RangePartitionAssignor, "cooperative-sticky": CooperativeStickyAssignor}


def exercise(servers: str, captured: Capture) -> None:
    """Administer, produce, consume in a group."""
    with closing(KafkaAdminClient(bootstrap_servers=servers)) as admin:
        admin.create_topics({"exercised": {"num_partitions": 1, "replication_factor": 1}})
        _produce(servers)
        _consume(servers, captured)
        _administer(admin)


def _produce(servers: str) -> None:
    with closing(KafkaProducer(bootstrap_servers=servers, retries=3)) as producer:
        for value in (b"a", b"b"):
            producer.send("exercised", value, partition=0).get(common.TIMEOUT_S)
    with closing(KafkaProducer(bootstrap_servers=servers, enable_idempotence=False, acks=1)) as producer:
        producer.send("exercised", b"c", partition=0).get(common.TIMEOUT_S)


def _consume(servers: str, captured: Capture) -> None:
    with closing(common.exercised(servers)) as consumer:
        values = [next(consumer).value for _ in range(3)]
        assert values == [b"a", b"b", b"c"]
        consumer.commit()
        assert consumer.committed(T0) == 3
        assert consumer.beginning_offsets([T0]) == {T0: 0}
        assert consumer.offsets_for_times({T0: 0})[T0].offset == 0
        common.poll_until_heartbeat(consumer, captured)


def _administer(admin: KafkaAdminClient) -> None:
    topic = ConfigResource(ConfigResourceType.TOPIC, "exercised", {"retention.ms": (AlterConfigOp.SET, "-1")})
    assert admin.alter_configs([topic]) == {"topic": {"exercised": "OK"}}
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, "exercised", {"retention.ms": "-1"})], incremental=False
    )
    assert admin.describe_configs([topic])["topic"]["exercised"]["retention.ms"]["value"] == "-1"
    assert admin.list_topics() == ["exercised"] or "exercised" in admin.list_topics()
    admin.describe_topics(["exercised"])
    admin.describe_topic_partitions(["exercised"])
    admin.describe_cluster()
    admin.describe_log_dirs()
    admin.api_versions()
    assert admin.describe_metadata_quorum()["topics"][0]["topic_name"] == "__cluster_metadata"
    assert T0 in admin.describe_producers([T0])
    assert admin.describe_user_scram_credentials() == {}
    assert admin.list_config_resources(["TOPIC"])
    assert admin.describe_features()["metadata.version"]
    admin.create_partitions({"exercised": NewPartitions(2)})
    assert (
        admin.list_partition_offsets({T0: OffsetSpec.LATEST}, IsolationLevel.READ_COMMITTED)[T0].offset == 3
    )
    assert admin.delete_records({T0: 1})
    admin.elect_leaders(0, [T0])
    admin.alter_partition_reassignments({T0: [1]})
    admin.list_partition_reassignments()
    assert [each["group_id"] for each in admin.list_groups()] == ["g"]
    admin.describe_groups(["g"])
    admin.alter_group_offsets("g", {T0: OffsetAndMetadata(1, "", -1)})
    assert admin.list_group_offsets({"g": [T0]})["g"][T0].offset == 1
    admin.remove_group_members("g", [MemberToRemove("nobody")])
    admin.delete_group_offsets("g", [T0])
    admin.delete_groups(["g"])
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
        admin.create_topics({"hello-topic": {"num_partitions": 1, "replication_factor": 1}})
        (described,) = admin.describe_topics(["hello-topic"])
        assert (described["name"], len(described["partitions"])) == ("hello-topic", 1)
    common.hello(servers)
