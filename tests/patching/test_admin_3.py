"""kafka-python 3's admin client under a patch: its data classes, its errors, its results."""

import pytest
from kafka import KafkaAdminClient, TopicPartition, errors
from kafka.structs import OffsetAndMetadata

from minikafka import patch

pytestmark = pytest.mark.skipif(
    "bootstrap_timeout_ms" not in KafkaAdminClient.DEFAULT_CONFIG, reason="needs kafka-python 3"
)

O0 = TopicPartition("orders", 0)


@pytest.fixture
def admin(kafka):
    with patch(kafka):
        yield KafkaAdminClient(bootstrap_servers="any:1")


def test_topics(admin):
    from kafka.admin._partitions import NewPartitions
    from kafka.admin._topics import NewTopic

    told = admin.create_topics([NewTopic("invoices", 2, 1, topic_configs={"retention.ms": "1000"})])
    assert told["topics"][0]["name"] == "invoices"
    with pytest.raises(errors.TopicAlreadyExistsError, match="invoices"):
        admin.create_topics(["invoices"])
    assert admin.create_partitions({"invoices": NewPartitions(3)}).results[0].error_code == 0
    assert sorted(admin.list_topics()) == ["invoices", "orders"]


def test_configs(admin):
    from kafka.admin import AlterConfigOp, ConfigFilterType, ConfigResource, ConfigResourceType

    resource = ConfigResource(ConfigResourceType.TOPIC, "orders", {"retention.ms": (AlterConfigOp.SET, "5")})
    assert admin.alter_configs([resource]) == {"topic": {"orders": "OK"}}
    described = admin.describe_configs([resource], config_filter=ConfigFilterType.MODIFIED)
    assert described["topic"]["orders"]["retention.ms"]["value"] == "5"


def test_groups(admin):
    from kafka.admin import GroupState, MemberToRemove, OffsetSpec, OffsetTimestamp

    assert admin.alter_group_offsets("g", {O0: OffsetAndMetadata(0, "", -1)}) == {O0: errors.NoError}
    assert admin.list_group_offsets({"g": [O0]})["g"] == {O0: OffsetAndMetadata(0, "", -1)}
    for spec in (OffsetSpec.EARLIEST, OffsetTimestamp(5), 0):
        assert admin.reset_group_offsets("g", {O0: spec}) == {O0: {"error": errors.NoError, "offset": 0}}
    assert admin.list_groups(states_filter=[GroupState.EMPTY])[0]["group_id"] == "g"
    assert admin.remove_group_members("g", [MemberToRemove("m")]) == {"m": errors.UnknownMemberIdError}
    assert admin.delete_group_offsets("g", [O0]) == {O0: errors.NoError}
    with pytest.raises(errors.GroupIdNotFoundError):
        admin.delete_group_offsets("nobody", [O0])


def test_offsets(admin):
    from kafka import IsolationLevel, OffsetSpec

    told = admin.list_partition_offsets({O0: OffsetSpec.LATEST}, IsolationLevel.READ_COMMITTED)
    assert told == {O0: (0, -1, 0)}


def test_what_is_not_served(admin):
    with pytest.raises(errors.IncompatibleBrokerVersion, match="create_acls"):
        admin.create_acls([])


def test_no_public_method_is_forgotten(admin):
    from minikafka.admin import KafkaAdminClient as Ours

    missing = [
        name for name in vars(KafkaAdminClient) if not name.startswith("_") and not hasattr(Ours, name)
    ]
    assert missing == []
