"""Describe, list, delete and inspect groups; record bytes; where a group's partition is."""

import pytest

from minikafka.config.broker import BrokerConfig
from minikafka.groups.consumer_protocol import subscribed_topics
from minikafka.groups.group_config import GroupCoordinatorConfig
from minikafka.groups.group_coordinator import partition_for
from minikafka.groups.java_hash import java_string_hash
from minikafka.groups.records import decode_record, encode_record
from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.describe_groups import DescribeGroupsRequest
from minikafka.messages.list_groups import ListGroupsRequest

NONE, NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND = 0, 68, 69


def describe(c, *group_ids, version=5):
    return c.call("describe_groups", DescribeGroupsRequest(groups=list(group_ids)), version).result().groups


def listed(c, states=(), types=()):
    request = ListGroupsRequest(states_filter=list(states), types_filter=list(types))
    groups = c.call("list_groups", request, 5).result().groups
    return [(each.group_id, each.protocol_type, each.group_state, each.group_type) for each in groups]


def test_a_stable_group_is_described_with_its_members(coordinator):
    c = coordinator
    members, _ = c.stable_group(2)
    (group,) = describe(c, "g")
    assert (group.group_state, group.protocol_type, group.protocol_data) == ("Stable", "consumer", "range")
    assert [each.member_id for each in group.members] == members
    assert group.members[0].member_metadata == c.subscription("t")
    assert group.members[0].member_assignment == b"a-" + members[0].encode()
    assert (group.members[0].client_id, group.members[0].client_host) == ("c", "/10.0.0.1")


def test_a_rebalancing_group_is_described_without_metadata(coordinator):
    c = coordinator
    members, _ = c.stable_group(2)
    c.join(members[0])
    (group,) = describe(c, "g")
    assert (group.group_state, group.protocol_data) == ("PreparingRebalance", "")
    assert [each.member_metadata for each in group.members] == [b"", b""]


def test_an_unknown_group_is_dead(coordinator):
    (group,) = describe(coordinator, "nobody")
    assert (group.group_state, group.error_code) == ("Dead", NONE)
    (group,) = describe(coordinator, "nobody", version=6)
    assert (group.group_state, group.error_code, group.error_message) == (
        "Dead",
        GROUP_ID_NOT_FOUND,
        "Group nobody not found.",
    )


def test_groups_are_listed_by_state_and_type(coordinator):
    c = coordinator
    c.stable_group(1)
    c.commit(1, group_id="simple")
    stable, simple = ("g", "consumer", "Stable", "classic"), ("simple", "", "Empty", "classic")
    assert listed(c) == [stable, simple]
    assert listed(c, states=["stable ", "DEAD"]) == [stable]
    assert listed(c, states=["Empty"], types=["Classic"]) == [simple]
    assert listed(c, types=["consumer"]) == listed(c, types=["nonsense"]) == []


def test_only_empty_groups_are_deleted(coordinator, new_coordinator):
    c = coordinator
    c.stable_group(1)
    c.commit(1, group_id="simple")
    c.commit(2, group_id="simple", topic="u")
    promise = c.call("delete_groups", DeleteGroupsRequest(groups_names=["g", "simple", "nobody"]), 2)
    codes = [(each.group_id, each.error_code) for each in promise.result().results]
    assert codes == [("g", NON_EMPTY_GROUP), ("simple", NONE), ("nobody", GROUP_ID_NOT_FOUND)]
    assert c.offsets(group_id="simple", partitions=None) == {}
    assert (
        [group[0] for group in listed(c)]
        == [group[0] for group in listed(new_coordinator(log=c.log))]
        == ["g"]
    )


def test_inspection_shows_a_group_in_any_state(coordinator):
    c = coordinator
    assert c.shard.inspect("g") is None
    member_id, _ = c.new_member()
    seen = c.shard.inspect("g")
    assert (seen.state, seen.generation, seen.protocol, seen.leader) == (
        "PreparingRebalance",
        0,
        None,
        member_id,
    )
    assert seen.members[0].subscription == c.subscription("t")
    c.advance(0)
    c.finish_sync([member_id], 1)
    seen = c.shard.inspect("g")
    assert (seen.state, seen.generation, seen.protocol, seen.type) == ("Stable", 1, "range", "classic")
    assert seen.members[0].assignment == b"a-" + member_id.encode()


def test_records_survive_encoding(coordinator):
    c = coordinator
    c.stable_group(2)
    c.commit(3, group_id="s", metadata="é")
    c.commit(3, group_id="s", retention_time_ms=5, version=4)
    keys = []
    for batch in c.log.batches:
        for _, _, key, value, _ in batch.records:
            record = decode_record(key, value)
            assert encode_record(record) == (key, value)
            assert decode_record(key, None).value is None
            keys.append((key[:2], value[:2]))
    assert keys[-3:] == [(b"\0\2", b"\0\3"), (b"\0\1", b"\0\3"), (b"\0\1", b"\0\1")]
    assert decode_record(b"\0\x63whatever", b"") is None


def test_partitions_by_javas_hash():
    assert java_string_hash("") == 0
    assert java_string_hash("hello") == 99162322
    assert java_string_hash("polygenelubricants") == -(2**31)
    assert java_string_hash("grün-😀") == java_hash_by_definition("grün-😀")
    assert partition_for("polygenelubricants", 50) == 0
    assert partition_for("hello", 50) == 22
    assert (
        partition_for("group-with-negative-hash", 50)
        == abs(java_string_hash("group-with-negative-hash")) % 50
    )


def java_hash_by_definition(text):
    units = text.encode("utf-16-be")
    total = 0
    for index in range(0, len(units), 2):
        total = total * 31 + int.from_bytes(units[index : index + 2], "big")
    total %= 2**32
    return total - 2**32 if total >= 2**31 else total


def test_subscriptions_of_later_versions_have_the_same_prefix(coordinator):
    data = b"\0\3" + coordinator.subscription("t", "tö")[2:] + b"user data and owned partitions"
    assert subscribed_topics(coordinator.subscription("a", "b")) == ["a", "b"]
    with pytest.raises(ValueError):
        subscribed_topics(data[:9])
    with pytest.raises(ValueError):
        subscribed_topics(b"\xff\xff\0\0\0\0")


def test_options_are_the_brokers():
    options = BrokerConfig({"group.max.size": 5, "offsets.retention.minutes": 2}).as_dict()
    config = GroupCoordinatorConfig.from_broker_options(options)
    assert (config.group_max_size, config.offsets_retention_ms) == (5, 120_000)
    assert config.group_initial_rebalance_delay_ms == 0
    assert set(GroupCoordinatorConfig.__slots__) == {
        name.replace(".", "_").replace("retention_minutes", "retention_ms")
        for name in options
        if name in _GROUP_OPTIONS
    }


_GROUP_OPTIONS = [
    "group.initial.rebalance.delay.ms",
    "group.min.session.timeout.ms",
    "group.max.session.timeout.ms",
    "group.max.size",
    "offset.metadata.max.bytes",
    "offsets.retention.minutes",
    "offsets.retention.check.interval.ms",
]
