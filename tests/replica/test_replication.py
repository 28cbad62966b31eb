"""Brokers that follow one another through the network."""

import pytest

from minikafka.errors import ErrorCode
from minikafka.image import NO_LEADER
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from minikafka.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from minikafka.structs import TopicPartition


def positions(world):
    return {node_id: world.log(node_id).log_end_offset for node_id in world.disks}


class TestFollowing:
    def test_followers_have_what_the_leader_has(self, world):
        three = world()
        three.create()
        produced = [three.produce(b"%d" % number) for number in range(5)]
        three.settle()
        assert all(each.acknowledged for each in produced)
        assert positions(three) == {1: 5, 2: 5, 3: 5}
        three.check()

    def test_batches_are_shared(self, world):
        three = world()
        three.create()
        three.produce(b"a")
        three.settle()
        assert len({id(next(three.log(node_id).iterate())) for node_id in (1, 2, 3)}) == 1

    def test_followers_hear_of_the_high_watermark_within_half_a_second(self, world):
        three = world()
        three.create()
        three.produce(b"a")
        three.settle()
        assert [three.log(node_id).high_watermark for node_id in (1, 2, 3)] == [1, 0, 0]
        three.advance(499)
        assert [three.log(node_id).high_watermark for node_id in (1, 2, 3)] == [1, 0, 0]
        three.advance(1)
        assert [three.log(node_id).high_watermark for node_id in (1, 2, 3)] == [1, 1, 1]

    def test_an_idle_cluster_sends_nothing(self, world):
        three = world()
        three.create()
        three.produce(b"a")
        three.advance(10 * 60_000)
        before = three.network.requests
        three.advance(6 * 24 * 3600_000)
        assert three.network.requests == before

    def test_a_follower_that_was_away_catches_up_and_joins(self, world):
        three = world()
        three.create()
        three.fence(3)
        for number in range(5):
            three.produce(b"%d" % number)
        three.start(3)
        three.settle()
        assert positions(three) == {1: 5, 2: 5, 3: 5}
        assert sorted(three.image.isr) == [1, 2, 3]

    def test_more_than_one_fetch_full(self, world):
        three = world(replica_fetch_max_bytes=500)
        three.create()
        three.faults.cut(1, 2)
        for _ in range(20):
            three.produce(b"x" * 100, acks=1)
        three.produce(b"y" * 5000, acks=1)  # larger than a fetch may be: it comes all the same
        three.faults.heal()
        three.advance(1000)
        assert positions(three) == {1: 21, 2: 21, 3: 21}

    def test_the_followers_of_several_leaders(self, world):
        three = world()
        for topic, replicas in (("a", (1, 2, 3)), ("b", (2, 3, 1)), ("c", (3, 1, 2))):
            three.create(replicas, topic=topic)
        for leader, topic in ((1, "a"), (2, "b"), (3, "c")):
            entries = {TopicPartition(topic, 0): [_batch()]}
            three.manager(leader).append_records(entries, -1, 1000)
        three.settle()
        for topic in "abc":
            ends = [three.disks[node_id][TopicPartition(topic, 0)].log_end_offset for node_id in (1, 2, 3)]
            assert ends == [1, 1, 1]

    def test_a_new_partition_does_not_wait_for_the_parked_fetch(self, world):
        three = world()
        three.create()
        three.advance(60_000)
        three.create(topic="later")
        tp = TopicPartition("later", 0)
        promise = three.manager(1).append_records({tp: [_batch()]}, -1, 1000)
        three.settle()
        assert promise.result()[tp].error is None


def _batch():
    return RecordBatch.build([(0, 1, None, b"v", ())])


class TestLag:
    def test_a_follower_that_cannot_fetch_leaves_the_isr(self, world):
        three = world()
        three.create()
        three.advance(3600_000)
        three.faults.cut(1, 3)
        produced = three.produce(b"a", timeout_ms=120_000)
        three.advance(16_000)
        # It was last caught up before the cut, an hour ago, when its fetch was parked.
        assert three.image.isr == (1, 2)
        assert produced.acknowledged

    def test_a_slow_follower_has_its_time(self, world):
        three = world()
        three.create()
        three.advance(3600_000)
        three.faults.drop("Fetch", source=3, times=None)
        produced = three.produce(b"a", timeout_ms=120_000)
        three.advance(29_999)
        assert sorted(three.image.isr) == [1, 2, 3]
        assert not produced.done
        three.advance(16_000)
        assert three.image.isr == (1, 2)
        assert produced.acknowledged

    def test_nobody_who_is_parked_at_the_end_leaves(self, world):
        three = world()
        three.create()
        three.produce(b"a")
        three.advance(7 * 24 * 3600_000)
        three.produce(b"b")
        three.advance(3600_000)
        assert sorted(three.image.isr) == [1, 2, 3]

    def test_two_followers_come_back_at_once(self, world):
        three = world()
        three.create()
        three.fence(2)
        three.fence(3)
        three.produce(b"a")
        three.start(2)
        three.start(3)
        three.settle()
        assert sorted(three.image.isr) == [1, 2, 3]

    def test_a_refused_expansion_is_tried_again(self, world):
        three = world()
        three.create()
        three.fence(3)
        three.faults.answer(ErrorCode.UNKNOWN_SERVER_ERROR, "AlterPartition", times=2)
        three.start(3)
        three.advance(1000)
        assert sorted(three.image.isr) == [1, 2, 3]

    def test_a_lost_answer_of_the_controller(self, world):
        three = world()
        three.create()
        three.fence(3)
        three.faults.lose_reply("AlterPartition")
        three.start(3)
        three.advance(60_000)
        assert sorted(three.image.isr) == [1, 2, 3]
        assert sorted(three.leader.isr) == [1, 2, 3]


class TestLostMessages:
    @pytest.mark.parametrize("fault", ["drop", "lose_reply", "disconnect", "duplicate"])
    def test_of_fetches(self, world, fault):
        three = world()
        three.create()
        getattr(three.faults, fault)("Fetch", source=2, times=2)
        first = three.produce(b"a", timeout_ms=200_000)
        three.advance(70_000)
        second = three.produce(b"b", timeout_ms=200_000)
        three.advance(70_000)
        assert first.acknowledged
        assert second.acknowledged
        assert positions(three) == {1: 2, 2: 2, 3: 2}
        three.check()

    def test_of_metadata(self, world):
        three = world()
        three.faults.drop(when=lambda envelope: envelope.api_name == "MetadataUpdate", times=3)
        three.create()
        three.advance(5000)
        three.produce(b"a")
        three.settle()
        assert positions(three) == {1: 1, 2: 1, 3: 1}


class TestFailover:
    def test_nothing_acknowledged_is_lost_with_the_leader(self, world):
        three = world()
        three.create()
        produced = [three.produce(b"%d" % number) for number in range(3)]
        three.settle()
        late = three.produce(b"late")
        three.fence(1)
        assert three.image.leader in (2, 3)
        assert all(each.acknowledged for each in produced)
        assert not late.done
        assert three.values(three.image.leader)[:3] == [b"0", b"1", b"2"]
        after = three.produce(b"after")
        three.settle()
        assert after.acknowledged

    def test_the_old_leader_cuts_back_what_nobody_else_has(self, world):
        three = world()
        three.create()
        three.produce(b"a")
        three.settle()
        three.faults.cut(1, 2)
        three.faults.cut(1, 3)
        three.produce(b"only here 1", acks=1)
        three.produce(b"only here 2", acks=1)
        three.fence(1)
        three.faults.heal()
        three.produce(b"b")
        three.start(1)
        three.advance(2000)
        assert three.values(1) == three.values(2) == three.values(3) == [b"a", b"b"]
        assert sorted(three.image.isr) == [1, 2, 3]
        three.check()

    def test_a_chain_of_short_leaderships(self, world):
        """Logs that differ in several epochs find back to one another."""
        three = world(unclean_leader_election_enable=True)
        three.create()
        three.produce(b"a")
        three.settle()
        for round_number in range(3):
            for leader in (1, 2, 3):
                others = [node_id for node_id in (1, 2, 3) if node_id != leader]
                for other in others:
                    if other in three.brokers:
                        three.fence(other)
                if leader not in three.brokers:
                    three.start(leader)
                    three.advance(2000)
                assert three.image.leader == leader
                for number in range(round_number + leader):
                    three.produce(b"%d-%d-%d" % (round_number, leader, number), acks=1)
        for node_id in (1, 2, 3):
            if node_id not in three.brokers:
                three.start(node_id)
        three.advance(10_000)
        assert three.values(1) == three.values(2) == three.values(3)
        assert sorted(three.image.isr) == [1, 2, 3]
        three.check()

    def test_without_unclean_election_the_partition_waits_for_its_isr(self, world):
        three = world()
        three.create()
        three.fence(2)
        three.fence(3)
        three.produce(b"a")
        three.fence(1)
        three.start(2)
        three.advance(60_000)
        assert (three.image.leader, three.image.isr) == (NO_LEADER, (1,))
        three.start(1)
        three.settle()
        assert three.image.leader == 1
        assert three.values(2) == [b"a"]

    def test_unclean_election_loses_what_it_really_would(self, world):
        three = world()
        three.create(unclean_leader_election_enable="true")
        three.produce(b"a")
        three.settle()
        three.fence(2)
        three.fence(3)
        lost = three.produce(b"lost")
        assert lost.acknowledged
        three.kill(1)
        three.advance(9000)
        three.start(2)
        three.settle()
        assert (three.image.leader, three.image.isr) == (2, (2,))
        three.produce(b"b")
        three.start(1)
        three.advance(2000)
        assert three.values(1) == three.values(2) == [b"a", b"b"]

    def test_unclean_election_allowed_later(self, world):
        three = world()
        three.create()
        three.fence(2)
        three.fence(3)
        three.fence(1)
        three.start(3)
        three.settle()
        assert three.image.leader == NO_LEADER
        config = AlterableConfig(name="unclean.leader.election.enable", config_operation=0, value="true")
        resource = AlterConfigsResource(resource_type=2, resource_name="orders", configs=[config])
        three.ask(IncrementalAlterConfigsRequest(resources=[resource]))
        three.settle()
        assert three.image.leader == 3
        assert three.partition(3).is_leader

    def test_a_clean_stop_moves_the_leader_first(self, world):
        three = world()
        three.create()
        three.stop(1)
        assert three.image.leader == 2
        assert sorted(three.image.isr) == [2, 3]
        three.start(1)
        three.settle()
        assert sorted(three.image.isr) == [1, 2, 3]

    def test_the_preferred_leader_comes_back(self, world):
        three = world()
        three.create()
        three.stop(1)
        three.start(1)
        three.settle()
        assert three.image.leader == 2
        three.advance(300_000)
        assert three.image.leader == 1

    def test_a_restart_keeps_producers(self, world, new_batch, tp):
        one = world(brokers=1)
        one.create([1])
        producer = {"producer_id": 9, "producer_epoch": 0}
        batches = [new_batch(b"v", base_sequence=sequence, **producer) for sequence in range(3)]
        for batch in batches:
            one.manager(1).append_records({tp: [batch]}, -1, 1000)
        one.kill(1)
        one.start(1)
        one.settle()
        [result] = one.manager(1).append_records({tp: [batches[2]]}, -1, 1000).result().values()
        assert (result.error, result.base_offset) == (None, 2)
        assert one.log(1).log_end_offset == 3

    def test_a_follower_far_behind_a_trimmed_log_starts_anew(self, world, tp):
        three = world()
        three.create()
        three.fence(3)
        for number in range(10):
            three.produce(b"%d" % number)
        three.advance(1000)
        three.manager(1).delete_records({tp: 8}, 1000)
        three.start(3)
        three.advance(2000)
        assert (three.log(3).log_start_offset, three.log(3).log_end_offset) == (8, 10)
        assert three.values(3)[-2:] == [b"8", b"9"]
        assert sorted(three.image.isr) == [1, 2, 3]

    def test_a_topic_made_anew_has_none_of_the_old_records(self, world, tp):
        three = world()
        three.create()
        three.produce(b"old")
        three.advance(1000)
        three.kill(3)
        three.ask(DeleteTopicsRequest(topics=[DeleteTopicState(name="orders")]))
        three.settle()
        assert tp not in three.disks[1]
        assert tp in three.disks[3]
        three.create()
        three.start(3)
        three.produce(b"new")
        three.advance(2000)
        assert three.values(3) == [b"new"]


class TestListeners:
    def test_hear_of_elections_and_resignations(self, world):
        three = world()
        heard = {node_id: [] for node_id in (1, 2, 3)}
        for node_id, seen in heard.items():
            three.manager(node_id).leadership_listeners.append(
                lambda topic_partition, epoch, seen=seen: seen.append((topic_partition.topic, epoch))
            )
        three.create()
        three.stop(1)
        assert heard[1] == [("orders", 0), ("orders", None)]
        assert heard[2] == [("orders", 1)]
        assert heard[3] == []


class TestRetention:
    def test_by_time_at_kafkas_ticks(self, world):
        one = world(brokers=1)
        one.create([1], retention_ms=600_000)
        start_ms = one.scheduler.now_ms
        one.produce(b"a")
        one.advance(600_000)
        assert one.log(1).log_start_offset == 0
        one.advance(30_000)
        assert one.log(1).log_start_offset == 1
        assert one.scheduler.now_ms == start_ms + 630_000

    def test_by_size(self, world):
        one = world(brokers=1)
        one.create([1], retention_bytes=500, internal_segment_bytes=200)
        for _ in range(10):
            one.produce(b"x" * 100)
        one.advance(300_000)
        assert 0 < one.log(1).size_in_bytes < 700

    def test_followers_too(self, world):
        three = world()
        three.create(retention_ms=60_000)
        three.produce(b"a")
        three.advance(400_000)
        assert [three.log(node_id).log_start_offset for node_id in (1, 2, 3)] == [1, 1, 1]

    def test_a_shorter_retention_counts_soon(self, world):
        one = world(brokers=1)
        one.create([1])
        one.produce(b"a")
        one.advance(3600_000)
        config = AlterableConfig(name="retention.ms", config_operation=0, value="1000")
        resource = AlterConfigsResource(resource_type=2, resource_name="orders", configs=[config])
        one.ask(IncrementalAlterConfigsRequest(resources=[resource]))
        one.advance(300_000)
        assert one.log(1).log_start_offset == 1

    def test_idle_producers_are_forgotten(self, world, tp, new_batch):
        one = world(brokers=1)
        one.create([1])
        batch = new_batch(
            b"v", base_sequence=0, producer_id=9, producer_epoch=0, timestamp=one.scheduler.now_ms
        )
        one.manager(1).append_records({tp: [batch]}, -1, 1000)
        one.advance(86_399_999)
        assert one.log(1).producer_states()
        one.advance(600_000)
        assert not one.log(1).producer_states()
