"""Appends, fetches and deletions that wait, and their deadlines, on one or more brokers."""

import pytest

from minikafka.errors import (
    InvalidTopicError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    RequestTimedOutError,
    UnknownTopicOrPartitionError,
)
from minikafka.log.record_batch import ControlRecordType, RecordBatch, control_record
from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from minikafka.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from minikafka.replica.fetch_params import FetchParams, FetchPartitionRequest
from minikafka.structs import TopicPartition


def fetch(world, *wanted, node_id=1, **params):
    params = {"max_wait_ms": 500, **params}
    return world.manager(node_id).fetch(
        FetchParams(**params), [FetchPartitionRequest(*each) for each in wanted]
    )


class TestFetch:
    @pytest.fixture
    def one(self, world):
        world = world(brokers=1)
        world.create([1])
        return world

    def test_what_is_there_comes_at_once(self, one, tp):
        one.produce(b"a", b"b")
        one.produce(b"c")
        [result] = fetch(one, (tp, 1, 1 << 20)).result()
        assert [each.base_offset for each in result.batches] == [0, 2]
        assert (result.high_watermark, result.last_stable_offset, result.log_start_offset) == (3, 3, 0)

    def test_batches_are_those_of_the_log(self, one, tp):
        one.produce(b"a")
        [result] = fetch(one, (tp, 0, 1 << 20)).result()
        assert result.batches == list(one.log(1).iterate())

    def test_waits_for_a_record(self, one, tp):
        promise = fetch(one, (tp, 0, 1 << 20))
        assert not promise.done()
        one.produce(b"a")
        [result] = promise.result()
        assert len(result.batches) == 1
        assert one.scheduler.next_deadline_ms() - one.scheduler.now_ms > 500  # its deadline is gone

    def test_is_empty_at_its_deadline(self, one, tp):
        promise = fetch(one, (tp, 0, 1 << 20), max_wait_ms=700)
        one.advance(699)
        assert not promise.done()
        one.advance(1)
        [result] = promise.result()
        assert (result.error, result.batches, result.high_watermark) == (None, [], 0)

    def test_does_not_wait_if_it_need_not(self, one, tp):
        assert fetch(one, (tp, 0, 1 << 20), max_wait_ms=0).done()
        assert fetch(one, (tp, 0, 1 << 20), min_bytes=0).done()
        assert fetch(one).result() == []

    def test_waits_for_min_bytes(self, one, tp):
        one.produce(b"x" * 100)
        size = one.log(1).size_in_bytes
        promise = fetch(one, (tp, 0, 1 << 20), min_bytes=3 * size)
        one.produce(b"x" * 100)
        assert not promise.done()
        one.produce(b"x" * 100)
        [result] = promise.result()
        assert len(result.batches) == 3

    def test_more_than_the_partition_may_give_never_counts(self, one, tp):
        promise = fetch(one, (tp, 0, 100), min_bytes=150)
        one.produce(b"x" * 200)
        assert not promise.done()
        one.advance(500)
        [result] = promise.result()
        assert len(result.batches) == 1

    def test_a_new_segment_ends_the_wait(self, world, tp):
        one = world(brokers=1)
        one.create([1], internal_segment_bytes=300)
        promise = fetch(one, (tp, 0, 1 << 20), min_bytes=100_000)
        one.produce(b"x" * 200)
        assert not promise.done()
        one.produce(b"x" * 200)
        assert promise.done()

    def test_the_first_batch_of_a_request_comes_whole(self, one, tp):
        other = TopicPartition("other", 0)
        one.create([1], topic="other")
        one.produce(b"x" * 500)
        one.produce(b"y" * 500)
        one.manager(1).append_records({other: [next(one.log(1).iterate())]}, 1, 1000)
        results = fetch(one, (tp, 0, 10), (other, 0, 10)).result()
        assert [len(each.batches) for each in results] == [1, 0]
        results = fetch(one, (tp, 0, 1 << 20), (other, 0, 1 << 20), max_bytes=600).result()
        assert [len(each.batches) for each in results] == [1, 0]
        results = fetch(one, (tp, 2, 1 << 20), (other, 0, 10), max_bytes=600).result()
        assert [len(each.batches) for each in results] == [0, 1]

    def test_an_error_anywhere_answers_at_once(self, one, tp):
        results = fetch(one, (tp, 0, 1 << 20), (TopicPartition("none", 0), 0, 1 << 20)).result()
        assert results[0].error is None
        assert isinstance(results[1].error, UnknownTopicOrPartitionError)
        [result] = fetch(one, (tp, 1, 1 << 20)).result()
        assert isinstance(result.error, OffsetOutOfRangeError)

    def test_followers_do_not_serve_consumers(self, world, tp):
        three = world()
        three.create()
        [result] = fetch(three, (tp, 0, 1 << 20), node_id=2).result()
        assert isinstance(result.error, NotLeaderForPartitionError)

    def test_read_committed_waits_for_the_end_of_the_transaction(self, one, tp, new_batch):
        producer = {"producer_id": 5, "producer_epoch": 0, "is_transactional": True}
        manager = one.manager(1)
        promise = fetch(one, (tp, 0, 1 << 20), isolation_level=1)
        manager.append_records({tp: [new_batch(b"t", base_sequence=0, **producer)]}, -1, 1000)
        assert not promise.done()
        record = control_record(ControlRecordType.ABORT, 0, one.scheduler.now_ms)
        marker = RecordBatch.build([record], is_control=True, **producer)
        manager.append_records({tp: [marker]}, -1, 1000, origin="coordinator")
        [result] = promise.result()
        assert result.aborted_transactions == [(5, 0)]
        assert len(result.batches) == 2

    def test_deleting_the_topic_ends_the_wait(self, one, tp):
        promise = fetch(one, (tp, 0, 1 << 20))
        one.ask(DeleteTopicsRequest(topics=[DeleteTopicState(name="orders")]))
        one.settle()
        [result] = promise.result()
        assert isinstance(result.error, UnknownTopicOrPartitionError)
        assert one.disks[1] == {}

    def test_a_stopped_broker_answers_nobody(self, one, tp):
        promise = fetch(one, (tp, 0, 1 << 20))
        one.kill(1)
        one.advance(60_000)
        assert not promise.done()


class TestProduce:
    def test_one_replica_acknowledges_at_once(self, world):
        one = world(brokers=1)
        one.create([1])
        produced = [one.produce(b"a", b"b", acks=acks) for acks in (1, -1)]
        assert [each.result.base_offset for each in produced] == [0, 2]
        assert all(each.acknowledged for each in produced)

    def test_acks_all_waits_for_the_isr(self, world):
        three = world()
        three.create()
        three.faults.cut(1, 3)
        first = three.produce(b"a")
        three.settle()
        assert not first.done
        assert three.values(2) == [b"a"]
        three.faults.heal()
        three.advance(1000)
        assert first.acknowledged

    def test_times_out(self, world):
        three = world()
        three.create()
        three.faults.cut(1, 3)
        produced = three.produce(b"a", timeout_ms=1500)
        three.advance(1499)
        assert not produced.done
        three.advance(1)
        assert isinstance(produced.error, RequestTimedOutError)

    def test_a_leader_that_resigns_fails_what_waits(self, world):
        three = world()
        three.create()
        three.faults.cut(1, 2)
        three.faults.cut(1, 3)
        produced = three.produce(b"a")
        three.controller.broker_lost(1)
        three.controller.publisher.add(1)  # the broker lives, only its heartbeats do not arrive
        three.advance(9000)
        assert isinstance(produced.error, NotLeaderForPartitionError)

    def test_errors_are_told_by_partition(self, world, tp, new_batch):
        one = world(brokers=1)
        one.create([1])
        unknown = TopicPartition("none", 0)
        promise = one.manager(1).append_records({tp: [new_batch(b"a")], unknown: [new_batch(b"b")]}, -1, 1000)
        results = promise.result()
        assert results[tp].error is None
        assert isinstance(results[unknown].error, UnknownTopicOrPartitionError)

    def test_record_errors(self, world, tp, new_batch):
        one = world(brokers=1)
        one.create([1], cleanup_policy="compact")
        result = one.produce(b"no key", b"none either").result
        assert [index for index, _ in result.record_errors] == [0, 1]
        assert result.log_start_offset == 0

    def test_min_insync_replicas(self, world):
        three = world()
        three.create(min_insync_replicas=3)
        three.fence(3)
        assert three.image.isr == (1, 2)
        assert isinstance(three.produce(b"a").error, NotEnoughReplicasError)
        assert three.produce(b"a", acks=1).acknowledged
        three.advance(1000)
        assert three.log(1).high_watermark == 0
        three.start(3)
        three.advance(2000)
        assert three.log(1).high_watermark == 1
        waiting = three.produce(b"b")
        three.settle()
        assert waiting.acknowledged

    def test_a_changed_min_insync_replicas_counts_at_once(self, world):
        three = world()
        three.create(min_insync_replicas=3)
        three.fence(3)
        three.produce(b"a", acks=1)
        config = AlterableConfig(name="min.insync.replicas", config_operation=0, value="2")
        resource = AlterConfigsResource(resource_type=2, resource_name="orders", configs=[config])
        three.ask(IncrementalAlterConfigsRequest(resources=[resource]))
        three.settle()
        waiting = three.produce(b"b")
        three.settle()
        assert waiting.acknowledged
        assert three.log(1).high_watermark == 2


class TestDeleteRecords:
    def test_one_replica(self, world, tp):
        one = world(brokers=1)
        one.create([1])
        one.produce(b"a", b"b", b"c")
        result = one.manager(1).delete_records({tp: 2}, 1000).result()[tp]
        assert (result.error, result.low_watermark) == (None, 2)

    def test_waits_for_the_followers(self, world, tp):
        three = world()
        three.create()
        three.produce(b"a", b"b", b"c")
        three.advance(1000)
        promise = three.manager(1).delete_records({tp: 2}, 5000)
        assert not promise.done()
        three.advance(500)
        result = promise.result()[tp]
        assert (result.error, result.low_watermark) == (None, 2)
        assert [three.log(node_id).log_start_offset for node_id in (1, 2, 3)] == [2, 2, 2]

    def test_times_out(self, world, tp):
        three = world()
        three.create()
        three.produce(b"a")
        three.advance(1000)
        three.faults.cut(1, 2)
        promise = three.manager(1).delete_records({tp: 1}, 5000)
        three.advance(4999)
        assert not promise.done()
        three.advance(1)
        assert isinstance(promise.result()[tp].error, RequestTimedOutError)

    def test_a_dead_replica_is_not_waited_for(self, world, tp):
        three = world()
        three.create()
        three.produce(b"a")
        three.advance(1000)
        three.kill(2)
        promise = three.manager(1).delete_records({tp: 1}, 60_000)
        three.advance(8000)
        assert not promise.done()
        three.advance(1000)
        assert promise.result()[tp].low_watermark == 1

    def test_errors(self, world, tp):
        one = world(brokers=1)
        one.create([1])
        one.create([1], topic="__consumer_offsets")
        offsets, unknown = TopicPartition("__consumer_offsets", 0), TopicPartition("none", 0)
        results = one.manager(1).delete_records({offsets: 0, unknown: 0, tp: 5}, 1000).result()
        assert isinstance(results[offsets].error, InvalidTopicError)
        assert isinstance(results[unknown].error, UnknownTopicOrPartitionError)
        assert isinstance(results[tp].error, OffsetOutOfRangeError)
