"""Committed offsets: commit, fetch, delete, expiry, transactions in the log."""

import pytest

from minikafka.coordinator import CoordinatorRecord
from minikafka.groups.offset_store import CommittedOffset, OffsetStore
from minikafka.messages.coordinator_records import OffsetCommitKey, OffsetCommitValue
from minikafka.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from minikafka.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
)
from minikafka.structs import OffsetAndMetadata, TopicPartition

NONE, OFFSET_METADATA_TOO_LARGE, UNKNOWN_MEMBER_ID, NON_EMPTY_GROUP = 0, 12, 25, 68
ILLEGAL_GENERATION, GROUP_ID_NOT_FOUND, GROUP_SUBSCRIBED_TO_TOPIC, UNSTABLE_OFFSET_COMMIT = 22, 69, 86, 88
DAY_MS = 86_400_000


def test_a_consumer_without_a_group_commits_and_makes_an_empty_group(coordinator):
    c = coordinator
    assert c.commit_code(42, metadata="m") == NONE
    assert (c.state(), c.group().protocol_type) == ("Empty", None)
    (group,) = c.fetch().result().groups
    (partition,) = group.topics[0].partitions
    assert (partition.committed_offset, partition.metadata, partition.error_code) == (42, "m", NONE)
    assert c.shard.inspect("g").offsets == {TopicPartition("t", 0): OffsetAndMetadata(42, "m", -1)}


@pytest.mark.parametrize(("version", "code"), [(8, ILLEGAL_GENERATION), (9, GROUP_ID_NOT_FOUND)])
def test_a_member_of_an_unknown_group_cannot_commit(coordinator, version, code):
    assert coordinator.commit_code(1, member_id="m", generation_id=3, version=version) == code
    assert coordinator.group() is None


def test_metadata_has_a_limit_per_partition(new_coordinator):
    c = new_coordinator(offset_metadata_max_bytes=3)
    assert c.commit_code(1, metadata="abcd") == OFFSET_METADATA_TOO_LARGE
    assert c.group() is None
    assert c.commit_code(1, metadata="abc") == NONE
    assert c.commit_code(2, metadata=None) == NONE
    assert c.shard.inspect("g").offsets[("t", 0)] == (2, "", -1)


def test_a_strangers_commit_to_a_group_with_members_is_refused(coordinator):
    coordinator.stable_group(1)
    assert coordinator.commit_code(1) == UNKNOWN_MEMBER_ID


def test_unknown_groups_and_partitions_have_offset_minus_one(coordinator):
    c = coordinator
    assert c.offsets(group_id="nobody", partitions=[("t", [0, 1])]) == {("t", 0): -1, ("t", 1): -1}
    assert c.offsets(group_id="nobody", partitions=None) == {}
    c.commit(5)
    assert c.offsets(partitions=[("t", [0, 1]), ("u", [0])]) == {("t", 0): 5, ("t", 1): -1, ("u", 0): -1}
    c.commit(6, topic="u", partition=3)
    assert c.offsets(partitions=None) == {("t", 0): 5, ("u", 3): 6}


@pytest.mark.parametrize("wanted", [None, ["t"]])
def test_fetch_up_to_version_7_asks_for_one_group(coordinator, wanted):
    c = coordinator
    c.commit(5)
    topics = wanted and [OffsetFetchRequestTopic(name="t", partition_indexes=[0])]
    response = c.call("offset_fetch", OffsetFetchRequest(group_id="g", topics=topics), version=7).result()
    (topic,) = response.topics
    assert (topic.name, topic.partitions[0].committed_offset, response.error_code) == ("t", 5, NONE)


def test_fetch_of_several_groups_answers_in_order(coordinator):
    c = coordinator
    c.commit(1, group_id="a")
    c.commit(2, group_id="b")
    groups = [OffsetFetchRequestGroup(group_id=group_id, topics=None) for group_id in "ba"]
    response = c.call("offset_fetch", OffsetFetchRequest(groups=groups)).result()
    assert [each.group_id for each in response.groups] == ["b", "a"]


def test_plain_reads_see_what_is_replicated_and_stable_reads_wait(coordinator):
    c = coordinator
    c.commit(1)
    c.log.replicating = False
    pending = c.commit(2)
    assert not pending.done()
    assert c.offsets() == {("t", 0): 1}
    stable = c.fetch(stable=True)
    assert not stable.done()
    c.log.replicate()
    assert pending.done()
    assert stable.result().groups[0].topics[0].partitions[0].committed_offset == 2
    assert c.offsets() == {("t", 0): 2}


# Deletion


def delete(c, *topics, group_id="g"):
    request = OffsetDeleteRequest(
        group_id=group_id,
        topics=[
            OffsetDeleteRequestTopic(name=topic, partitions=[OffsetDeleteRequestPartition(partition_index=0)])
            for topic in topics
        ],
    )
    promise = c.call("offset_delete", request, version=0)
    if promise.exception() is not None:
        return promise.exception().errno
    return [topic.partitions[0].error_code for topic in promise.result().topics]


def test_offsets_of_unsubscribed_topics_can_be_deleted(coordinator):
    c = coordinator
    (member,), generation = c.stable_group(1)
    for topic in "tu":
        c.commit(5, topic=topic, member_id=member, generation_id=generation)
    assert delete(c, "t", "u", "v") == [GROUP_SUBSCRIBED_TO_TOPIC, NONE, NONE]
    assert c.offsets(partitions=None) == {("t", 0): 5}
    assert delete(c, "t", group_id="nobody") == GROUP_ID_NOT_FOUND
    assert delete(c, "t", group_id="") == 24


def test_offsets_of_other_protocol_types_can_only_be_deleted_without_members(coordinator):
    c = coordinator
    (member,), _ = c.stable_group(1, protocol_type="connect")
    assert delete(c, "t") == NON_EMPTY_GROUP
    c.leave(member)
    assert delete(c, "t") == [NONE]


def test_deleted_partitions_lose_their_offsets_in_every_group(coordinator):
    c = coordinator
    for group_id in "ab":
        c.commit(1, group_id=group_id)
        c.commit(2, group_id=group_id, partition=1)
    (done,) = c.runtime.write_all(lambda shard: shard.on_partitions_deleted([TopicPartition("t", 0)]))
    assert done.result() is None
    assert [c.offsets(group_id=group_id, partitions=None) for group_id in "ab"] == [{("t", 1): 2}] * 2


# Expiry


def test_a_simple_groups_offsets_expire_one_by_one_and_then_the_group(coordinator):
    c = coordinator
    c.commit(1)
    c.advance(DAY_MS)
    c.commit(2, partition=1)
    c.advance(6 * DAY_MS)
    assert c.offsets(partitions=None) == {("t", 1): 2}
    c.advance(DAY_MS)
    assert c.group() is None
    assert c.scheduler.next_deadline_ms() is None, "an empty shard needs no timer"


def test_an_empty_groups_clock_starts_when_it_became_empty(coordinator):
    c = coordinator
    (member,), generation = c.stable_group(1, session_ms=1_800_000)
    c.commit(1, member_id=member, generation_id=generation)
    for _ in range(8 * 96):
        c.advance(DAY_MS // 96)
        c.heartbeat(member, generation)
    assert c.offsets() == {("t", 0): 1}, "the topic is subscribed"
    c.leave(member)
    c.advance(7 * DAY_MS - 600_000)
    assert c.offsets() == {("t", 0): 1}
    c.advance(600_000)
    assert c.group() is None


def test_unsubscribed_topics_expire_in_a_stable_group(coordinator):
    c = coordinator
    (member,), generation = c.stable_group(1, session_ms=1_800_000)
    c.commit(1, topic="old", member_id=member, generation_id=generation)
    c.commit(1, topic="t", member_id=member, generation_id=generation)
    for _ in range(7 * 96):
        c.advance(DAY_MS // 96)
        c.heartbeat(member, generation)
    assert c.offsets(partitions=None) == {("t", 0): 1}


def test_nothing_expires_while_a_group_rebalances(new_coordinator):
    c = new_coordinator(offsets_retention_ms=1_000, offsets_retention_check_interval_ms=1_000)
    (member,), generation = c.stable_group(1, session_ms=1_800_000, rebalance_ms=1_800_000)
    c.commit(1, topic="old", member_id=member, generation_id=generation)
    c.join(session_ms=1_800_000)
    c.join(member, session_ms=1_800_000, rebalance_ms=1_800_000)
    assert c.state() == "PreparingRebalance"
    c.advance(600_000)
    assert c.offsets(partitions=None) == {("old", 0): 1}


def test_a_commits_own_retention_goes_before_the_brokers(coordinator):
    c = coordinator
    c.commit(1, retention_time_ms=600_000, version=4)
    c.advance(599_999)
    assert c.offsets() == {("t", 0): 1}
    c.advance(600_001)
    assert c.group() is None


@pytest.mark.parametrize(("retention_ms", "kept"), [(2**63 - 1, {("t", 0): 1}), (-(2**63), {})])
def test_a_retention_beyond_all_time(coordinator, retention_ms, kept):
    c = coordinator
    c.commit(1, retention_time_ms=retention_ms, version=4)
    c.advance(700_000)
    assert (c.offsets() if c.group() is not None else {}) == kept


def test_expiry_looks_at_the_same_times_whenever_the_group_came(coordinator):
    c = coordinator
    c.advance(250_000)
    c.commit(1)
    assert c.scheduler.next_deadline_ms() == 1_000_000 + 600_000


# Transactions in the log


def record(offset, *, partition=0):
    value = OffsetCommitValue(offset=offset, leader_epoch=-1, metadata="", commit_timestamp=0)
    return CoordinatorRecord(OffsetCommitKey(group="g", topic="t", partition=partition), value)


def test_pending_offsets_block_stable_reads_and_expiry_until_the_marker(coordinator):
    c = coordinator
    c.shard.replay(0, 9, record(5))
    assert c.offsets() == {("t", 0): -1}
    unstable = c.fetch(stable=True).result().groups[0].topics[0].partitions[0]
    assert (unstable.error_code, unstable.committed_offset) == (UNSTABLE_OFFSET_COMMIT, -1)
    c.advance(30 * DAY_MS)
    assert c.state() == "Empty"
    c.shard.on_high_watermark(2)
    c.shard.replay_end_transaction_marker(1, 9, True)
    assert c.offsets() == {("t", 0): 5}


@pytest.mark.parametrize(
    ("committed", "regular_last", "result"), [(True, False, 5), (True, True, 7), (False, False, 7)]
)
def test_a_marker_commits_or_drops_what_is_pending(committed, regular_last, result):
    store = OffsetStore()
    store.advance(10)
    writes = [(9, 5), (-1, 7)] if regular_last else [(-1, 7), (9, 5)]
    for log_offset, (producer_id, offset) in enumerate(writes):
        committed_offset = CommittedOffset(offset, -1, "", 0, record_offset=log_offset)
        store.put(log_offset, producer_id, "g", "t", 0, committed_offset)
    assert store.has_pending("g", "t", 0)
    store.end_transaction(2, 9, committed)
    store.end_transaction(3, 9, committed)
    assert not store.has_pending("g", "t", 0)
    assert store.latest.get("g", "t", 0).offset == store.committed.get("g", "t", 0).offset == result
    assert store.open_transactions == {}


def test_a_tombstone_ends_pending_offsets_too():
    store = OffsetStore()
    store.put(0, 9, "g", "t", 0, CommittedOffset(5, -1, "", 0, record_offset=0))
    store.remove(1, "g", "t", 0)
    store.end_transaction(2, 9, True)
    assert store.latest.get("g", "t", 0) is None


def test_the_committed_table_trails_the_high_watermark():
    store = OffsetStore()
    store.put(0, -1, "g", "t", 0, CommittedOffset(1, -1, "", 0))
    store.remove(1, "g", "t", 0)
    assert (store.latest.get("g", "t", 0), store.committed.get("g", "t", 0)) == (None, None)
    store.advance(1)
    assert store.committed.get("g", "t", 0).offset == 1
    store.advance(2)
    assert store.committed.get("g", "t", 0) is None
    assert list(store.committed.group_ids()) == []
