"""Static members (group.instance.id): replacement, fencing, removal."""

import pytest

from minikafka.errors import NotEnoughReplicasError

NONE, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, REBALANCE_IN_PROGRESS = 0, 25, 82, 27


def static_group(c, *instance_ids, **options):
    """A Stable group of static members: {instance id: member id}, the first leads."""
    joins = {instance_id: c.join(instance_id=instance_id, **options) for instance_id in instance_ids}
    c.advance(0)
    members = {instance_id: join.result().member_id for instance_id, join in joins.items()}
    c.finish_sync(list(members.values()), 1)
    return members


def test_a_static_member_joins_at_once_and_its_id_starts_with_its_instance(coordinator):
    members = static_group(coordinator, "i1", "i2")
    assert members["i1"].startswith("i1-")
    assert coordinator.group().static_members == members


def test_a_restarted_follower_takes_its_place_without_a_rebalance(coordinator):
    c = coordinator
    members = static_group(c, "i1", "i2")
    back = c.join(instance_id="i2").result()
    assert (back.error_code, back.generation_id, back.leader) == (NONE, 1, members["i1"])
    assert back.member_id != members["i2"]
    assert back.members == []
    assert not back.skip_assignment
    assert c.state() == "Stable"
    assignment = c.sync(back.member_id, 1, instance_id="i2").result().assignment
    assert assignment == b"a-" + members["i2"].encode()
    assert c.heartbeat(members["i2"], 1, instance_id="i2") == FENCED_INSTANCE_ID
    assert c.heartbeat(members["i2"], 1) == UNKNOWN_MEMBER_ID
    assert c.heartbeat(back.member_id, 1, instance_id="i2") == NONE


@pytest.mark.parametrize("version", [8, 9])
def test_a_restarted_leader_must_not_assign_again(coordinator, version):
    c = coordinator
    members = static_group(c, "i1", "i2")
    back = c.join(instance_id="i1", version=version).result()
    assert c.state() == "Stable"
    if version >= 9:
        assert (back.skip_assignment, back.leader) == (True, back.member_id)
        assert [each.group_instance_id for each in back.members] == ["i2", "i1"]
    else:
        assert (back.skip_assignment, back.leader, back.members) == (False, members["i1"], [])


def test_a_replacement_that_changes_the_vote_rebalances(coordinator):
    c = coordinator
    both = (("range", ("t",)), ("sticky", ("t",)))
    static_group(c, "i1", protocols=both)
    back = c.join(instance_id="i1", protocols=both[1:])
    assert back.result().generation_id == 2
    assert back.result().protocol_name == "sticky"


def test_a_replacement_while_completing_starts_over(coordinator):
    c = coordinator
    members = static_group(c, "i1", "i2")
    c.join(members["i1"], instance_id="i1")
    c.join(members["i2"], instance_id="i2")
    waiting = c.sync(members["i2"], 2, instance_id="i2")
    back = c.join(instance_id="i2")
    assert c.code(waiting) == FENCED_INSTANCE_ID
    assert c.state() == "PreparingRebalance"
    c.join(members["i1"], instance_id="i1")
    assert back.result().generation_id == 3


def test_a_replacement_while_preparing_fences_the_parked_join(coordinator):
    c = coordinator
    members = static_group(c, "i1", "i2")
    waiting = c.join(members["i1"], instance_id="i1")
    back = c.join(instance_id="i1")
    assert waiting.result().error_code == FENCED_INSTANCE_ID
    assert waiting.result().member_id == members["i1"]
    assert not back.done()
    c.join(members["i2"], instance_id="i2")
    assert back.result().leader == back.result().member_id


def test_old_ids_are_fenced_everywhere(coordinator):
    c = coordinator
    old = static_group(c, "i1")["i1"]
    c.join(instance_id="i1")
    assert c.code(c.join(old, instance_id="i1")) == FENCED_INSTANCE_ID
    assert c.code(c.sync(old, 1, instance_id="i1")) == FENCED_INSTANCE_ID
    assert c.commit_code(1, member_id=old, generation_id=1, instance_id="i1") == FENCED_INSTANCE_ID
    assert c.leave((old, "i1")) == [FENCED_INSTANCE_ID]
    assert c.heartbeat(old, 1, instance_id="nobody") == UNKNOWN_MEMBER_ID


def test_static_members_outlive_the_join_deadline_but_not_their_session(coordinator):
    c = coordinator
    options = {"session_ms": 50_000, "rebalance_ms": 20_000}
    members = static_group(c, "i1", "i2", **options)
    waiting = c.join(members["i2"], instance_id="i2", protocols=(("range", ("t", "u")),), **options)
    c.advance(20_000)
    assert waiting.result().generation_id == 2
    assert waiting.result().leader == members["i2"]
    assert len(waiting.result().members) == 2
    c.sync(members["i2"], 2, instance_id="i2")
    # i1 has not synced; the deadline for that removes it although its session, restarted at 20 s, still runs.
    c.advance(20_000)
    assert list(c.group().static_members) == ["i2"]


def test_a_group_of_silent_static_members_waits_for_their_sessions(coordinator):
    c = coordinator
    options = {"session_ms": 50_000, "rebalance_ms": 20_000}
    static_group(c, "i1", "i2", **options)
    c.leave(("", "i1"))
    c.advance(49_999)
    assert c.state() == "PreparingRebalance"
    assert list(c.group().static_members) == ["i2"]
    c.advance(1)
    assert c.state() == "Empty"


def test_an_administrator_removes_by_instance_id(coordinator):
    c = coordinator
    members = static_group(c, "i1", "i2")
    assert c.leave(("", "i1"), ("", "i1"), ("", None), (members["i2"], "i2")) == [0, 25, 25, 0]
    assert c.state() == "Empty"


def test_a_replacement_that_cannot_be_written_is_undone(coordinator):
    c = coordinator
    members = static_group(c, "i1", "i2")
    c.log.error = NotEnoughReplicasError()
    refused = c.join(instance_id="i2").result()
    assert (refused.error_code, refused.member_id) == (15, "")
    c.log.error = None
    assert c.group().static_members == members
    assert c.heartbeat(members["i2"], 1, instance_id="i2") == NONE
    assert c.group().num_awaiting_join == 0
    assert c.shard.inspect("g").members[1].assignment == b"a-" + members["i2"].encode()


def test_a_replacement_survives_a_failover(new_coordinator, coordinator):
    c = coordinator
    static_group(c, "i1", "i2")
    back = c.join(instance_id="i2").result().member_id
    other = new_coordinator(log=c.log)
    assert other.heartbeat(back, 1, instance_id="i2") == NONE
    assert other.shard.inspect("g").members == c.shard.inspect("g").members
