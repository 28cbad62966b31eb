import pytest

from minikafka.errors import (
    ErrorCode,
    FencedLeaderEpochError,
    NotEnoughReplicasAfterAppendError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OffsetNotAvailableError,
    OffsetOutOfRangeError,
    PolicyViolationError,
    UnknownLeaderEpochError,
)
from minikafka.image import PartitionImage
from minikafka.log.config import LogConfig
from minikafka.replica.fetch_params import FetchParams, FetchPartitionRequest

EPOCH = 7


def append(partition, new_batch, count=1, acks=-1):
    for _ in range(count):
        partition.append_as_leader([new_batch(b"v")], partition._owner.scheduler.now_ms, acks)


def follow(partition, broker_id, offset, log_start_offset=0, epoch=EPOCH, last_fetched_epoch=-1):
    return partition.fetch_records(
        FetchParams(replica_id=broker_id, replica_epoch=epoch),
        FetchPartitionRequest(
            partition.topic_partition,
            offset,
            1 << 20,
            partition.leader_epoch,
            last_fetched_epoch,
            log_start_offset,
        ),
        1 << 20,
        True,
        True,
    )


class TestHighWatermark:
    @pytest.mark.parametrize(
        ("isr", "min_isr", "positions", "expected"),
        [
            ((1,), 1, {}, 5),
            ((1, 2, 3), 1, {2: 5, 3: 5}, 5),
            ((1, 2, 3), 1, {2: 5, 3: 2}, 2),
            ((1, 2, 3), 1, {2: 5}, 0),
            ((1, 2), 1, {2: 4}, 4),
            ((1,), 2, {}, 0),
            ((1, 2), 3, {2: 5}, 0),
            ((1, 2), 2, {2: 5}, 5),
        ],
    )
    def test_is_the_smallest_end_of_the_isr_and_frozen_below_min_isr(
        self, owner, new_batch, isr, min_isr, positions, expected
    ):
        partition = owner().new_partition(isr=isr, min_insync_replicas=min_isr)
        append(partition, new_batch, 5, acks=1)
        partition._owner.scheduler.advance_to(partition._owner.scheduler.now_ms + 60_000)
        for broker_id, offset in positions.items():
            follow(partition, broker_id, offset)
        partition.maybe_increment_high_watermark()
        assert partition.log.high_watermark == expected

    def test_min_isr_is_no_more_than_the_replicas(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1,), min_insync_replicas=3)
        append(partition, new_batch)
        assert partition.log.high_watermark == 1

    def test_waits_for_a_caught_up_follower_that_is_about_to_join(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        follow(partition, 2, 0)
        [change] = partition._owner.submitted
        partition.isr_change_answered(change, ErrorCode.INELIGIBLE_REPLICA)
        append(partition, new_batch)
        assert partition.log.high_watermark == 0  # 2 is not in the ISR, but was caught up a moment ago

    def test_counts_a_member_that_was_asked_for(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        follow(partition, 2, 0)
        assert partition.maximal_isr == (1, 2)
        assert partition.isr == (1,)
        append(partition, new_batch)
        assert partition.log.high_watermark == 0
        follow(partition, 2, 1)
        assert partition.log.high_watermark == 1

    def test_listeners_hear_of_every_rise(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2))
        heard = []
        remove = partition.on_high_watermark(heard.append)
        append(partition, new_batch, 2)
        follow(partition, 2, 1)
        follow(partition, 2, 2)
        remove()
        append(partition, new_batch)
        follow(partition, 2, 3)
        assert heard == [1, 2]

    def test_a_follower_takes_the_leaders_as_far_as_its_log_reaches(self, owner, new_batch):
        partition = owner(node_id=2).new_partition(leader=1)
        partition.append_as_follower([new_batch(b"a", b"b", partition_leader_epoch=0)], 0)
        partition.update_follower_marks(9, 1)
        assert (partition.log.high_watermark, partition.log.log_start_offset) == (2, 1)


class TestIsr:
    def test_a_follower_joins_when_it_has_the_high_watermark(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        append(partition, new_batch, 3)
        follow(partition, 2, 1)
        assert not partition._owner.submitted
        follow(partition, 2, 3)
        [change] = partition._owner.submitted
        assert change.isr == (1, 2)
        partition.isr_change_answered(change, ErrorCode.NONE, (1, 2), 0, 1)
        assert (partition.isr, partition.partition_epoch, partition.pending_isr) == ((1, 2), 1, None)

    def test_not_before_it_has_the_start_of_the_epoch(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2, 3), isr=(1, 2))
        append(partition, new_batch, 3)
        partition.make_leader(PartitionImage((1, 2, 3), (1, 2), 1, 1, 1))
        assert partition.log.high_watermark == 0
        follow(partition, 3, 1)
        assert not partition._owner.submitted

    @pytest.mark.parametrize(("epoch", "joins"), [(EPOCH, True), (-1, True), (EPOCH + 1, False)])
    def test_only_the_process_that_the_metadata_knows_joins(self, owner, epoch, joins):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        follow(partition, 2, 0, epoch=epoch)
        assert bool(partition._owner.submitted) == joins

    def test_an_older_process_is_refused(self, owner):
        partition = owner().new_partition(replicas=(1, 2))
        with pytest.raises(NotLeaderForPartitionError, match="broker epoch=6"):
            follow(partition, 2, 0, epoch=EPOCH - 1)

    def test_a_fenced_broker_does_not_join(self, owner):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        brokers = partition._owner.image.brokers
        brokers[2] = brokers[2].with_changes(fenced=True)
        follow(partition, 2, 0)
        assert not partition._owner.submitted

    @pytest.mark.parametrize(("lag_ms", "shrinks"), [(30_000, False), (30_001, True)])
    def test_who_is_behind_too_long_leaves(self, owner, new_batch, lag_ms, shrinks):
        partition = owner().new_partition(replicas=(1, 2, 3))
        scheduler = partition._owner.scheduler
        append(partition, new_batch)
        follow(partition, 3, 1)
        scheduler.advance_to(scheduler.now_ms + lag_ms)
        assert partition.maybe_shrink_isr()
        assert [change.isr for change in partition._owner.submitted] == ([(1, 3)] if shrinks else [])
        assert partition.maximal_isr == (1, 2, 3)  # a shrink counts only when it is confirmed

    def test_who_is_at_the_end_stays_however_long(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2))
        append(partition, new_batch)
        follow(partition, 2, 1)
        partition._owner.scheduler.advance_to(partition._owner.scheduler.now_ms + 10**9)
        assert not partition.maybe_shrink_isr()
        assert not partition._owner.submitted

    def test_a_shrink_lets_the_high_watermark_go_on(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2))
        append(partition, new_batch)
        partition._owner.scheduler.advance_to(partition._owner.scheduler.now_ms + 30_001)
        partition.maybe_shrink_isr()
        [change] = partition._owner.submitted
        assert partition.log.high_watermark == 0
        partition.isr_change_answered(change, ErrorCode.NONE, (1,), 0, 1)
        assert partition.log.high_watermark == 1

    @pytest.mark.parametrize(
        ("code", "again", "pending"),
        [
            (ErrorCode.INELIGIBLE_REPLICA, False, False),
            (ErrorCode.OPERATION_NOT_ATTEMPTED, False, False),
            (ErrorCode.FENCED_LEADER_EPOCH, False, True),
            (ErrorCode.INVALID_UPDATE_VERSION, False, True),
            (ErrorCode.UNKNOWN_TOPIC_ID, False, True),
            (ErrorCode.NEW_LEADER_ELECTED, False, True),
            (ErrorCode.REQUEST_TIMED_OUT, True, True),
            (ErrorCode.NOT_CONTROLLER, True, True),
        ],
    )
    def test_errors_of_the_controller(self, owner, code, again, pending):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        follow(partition, 2, 0)
        [change] = partition._owner.submitted
        assert partition.isr_change_answered(change, code) is again
        assert (partition.pending_isr is change) is pending

    def test_an_answer_that_the_metadata_has_overtaken_is_ignored(self, owner):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        follow(partition, 2, 0)
        [change] = partition._owner.submitted
        partition.make_leader(PartitionImage((1, 2), (1,), 1, 1, 5))
        assert not partition.isr_change_answered(change, ErrorCode.NONE, (1, 2), 0, 1)
        assert (partition.isr, partition.partition_epoch) == ((1,), 5)

    def test_older_metadata_is_ignored(self, owner):
        partition = owner().new_partition(replicas=(1, 2), isr=(1,))
        follow(partition, 2, 0)
        [change] = partition._owner.submitted
        partition.isr_change_answered(change, ErrorCode.NONE, (1, 2), 0, 1)
        assert not partition.make_leader(PartitionImage((1, 2), (1,), 1, 0, 0))
        assert partition.isr == (1, 2)


class TestAppending:
    def test_only_the_leader_appends(self, owner, new_batch):
        partition = owner(node_id=2).new_partition(leader=1)
        with pytest.raises(NotLeaderForPartitionError):
            append(partition, new_batch)

    def test_too_few_in_sync_replicas_refuse_acks_all_only(self, owner, new_batch):
        partition = owner().new_partition(isr=(1,), min_insync_replicas=2)
        with pytest.raises(NotEnoughReplicasError, match="requirement of 2"):
            append(partition, new_batch)
        append(partition, new_batch, acks=1)
        assert partition.log.log_end_offset == 1

    def test_an_isr_that_shrank_after_the_append(self, owner, new_batch):
        partition = owner().new_partition(min_insync_replicas=2)
        append(partition, new_batch)
        assert partition.check_enough_replicas(1) is False
        for broker_id in (2, 3):
            follow(partition, broker_id, 1)
        assert partition.check_enough_replicas(1) is True
        partition.make_leader(PartitionImage((1, 2, 3), (1,), 1, 1, 1))
        assert isinstance(partition.check_enough_replicas(1), NotEnoughReplicasAfterAppendError)

    def test_a_batch_that_begins_before_the_leaders_log_start(self, owner, new_batch):
        partition = owner(node_id=2).new_partition(leader=1)
        partition.log.truncate_fully_and_start_at(2)
        partition.append_as_follower([new_batch(b"a", b"b", b"c", b"d", partition_leader_epoch=0)], 0)
        assert (partition.log.log_start_offset, partition.log.log_end_offset) == (0, 4)


class TestEpochs:
    @pytest.mark.parametrize(
        ("epoch", "error"), [(-1, None), (3, None), (2, FencedLeaderEpochError), (4, UnknownLeaderEpochError)]
    )
    def test_of_requests(self, owner, epoch, error):
        partition = owner().new_partition(epoch=3)
        if error is None:
            assert partition.leader_log(epoch) is partition.log
        else:
            with pytest.raises(error):
                partition.leader_log(epoch)

    def test_a_follower_that_is_no_replica_yet(self, owner):
        partition = owner().new_partition(replicas=(1, 2))
        with pytest.raises(UnknownLeaderEpochError, match="Replica 3"):
            follow(partition, 3, 0)

    def test_where_logs_diverge(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2))
        append(partition, new_batch, 3)
        partition.make_leader(PartitionImage((1, 2), (1, 2), 1, 4, 1))
        append(partition, new_batch, 2)
        assert partition.diverging_epoch(0, 3) is None
        assert partition.diverging_epoch(0, 5) == (0, 3)
        assert partition.diverging_epoch(2, 4) == (0, 3)
        assert partition.diverging_epoch(4, 5) is None
        assert partition.diverging_epoch(4, 6) == (4, 5)
        with pytest.raises(OffsetOutOfRangeError):
            partition.diverging_epoch(5, 5)
        result = follow(partition, 2, 5, last_fetched_epoch=0)
        assert (result.diverging_epoch, result.batches) == ((0, 3), [])
        assert partition.remote_replicas[2].log_end_offset == -1

    def test_offset_for_leader_epoch(self, owner, new_batch):
        partition = owner().new_partition()
        append(partition, new_batch, 3)
        partition.make_leader(PartitionImage((1, 2, 3), (1, 2, 3), 1, 2, 1))
        assert partition.offset_for_leader_epoch(0) == (0, 3)
        assert partition.offset_for_leader_epoch(2, 2) == (2, 3)
        assert partition.offset_for_leader_epoch(9) == (-1, -1)
        with pytest.raises(FencedLeaderEpochError):
            partition.offset_for_leader_epoch(0, 0)


class TestListOffset:
    @pytest.fixture
    def partition(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2))
        for timestamp in (100, 300, 200):
            partition.append_as_leader([new_batch(b"v", timestamp=timestamp)], 0, -1)
        follow(partition, 2, 2)
        return partition

    @pytest.mark.parametrize(
        ("timestamp", "expected"),
        [
            (-1, (2, -1, 0)),
            (-2, (0, -1, 0)),
            (-3, (1, 300, 0)),
            (-4, (0, -1, 0)),
            (-5, None),
            (50, (0, 100, 0)),
            (150, (1, 300, 0)),
            (400, None),
        ],
    )
    def test_every_form(self, partition, timestamp, expected):
        assert partition.list_offset(timestamp) == expected

    def test_consumers_do_not_see_beyond_the_high_watermark(self, partition):
        partition.log.truncate_to(3)
        assert partition.list_offset(-1).offset == 2
        assert partition.list_offset(-1, replica_id=2).offset == 3
        assert partition.list_offset(-1, replica_id=-2).offset == 3

    def test_read_committed_ends_at_the_last_stable_offset(self, partition, new_batch):
        partition.append_as_leader(
            [
                new_batch(
                    b"t",
                    producer_id=5,
                    producer_epoch=0,
                    base_sequence=0,
                    is_transactional=True,
                    timestamp=900,
                )
            ],
            0,
            -1,
        )
        follow(partition, 2, 4)
        assert partition.list_offset(-1).offset == 4
        assert partition.list_offset(-1, 1).offset == 3
        assert partition.list_offset(800).offset == 3
        assert partition.list_offset(800, 1) is None

    def test_not_available_while_a_new_leader_does_not_know_what_was_committed(self, partition):
        partition.make_leader(PartitionImage((1, 2), (1, 2), 1, 1, 1))
        assert partition.leader_epoch_start_offset == 3
        for timestamp in (-1, 400):
            with pytest.raises(OffsetNotAvailableError):
                partition.list_offset(timestamp)
        assert partition.list_offset(-2).offset == 0
        assert partition.list_offset(50).offset == 0
        assert partition.list_offset(-1, replica_id=2).offset == 3
        follow(partition, 2, 3)
        assert partition.list_offset(-1).offset == 3

    def test_refused_by_followers_except_for_debugging(self, owner):
        partition = owner(node_id=2).new_partition(leader=1)
        with pytest.raises(NotLeaderForPartitionError):
            partition.list_offset(-1)
        assert partition.list_offset(-1, replica_id=-2).offset == 0


class TestDeleteRecords:
    def test_the_low_watermark_is_that_of_the_slowest_live_replica(self, owner, new_batch):
        partition = owner().new_partition()
        append(partition, new_batch, 3)
        for broker_id in (2, 3):
            follow(partition, broker_id, 3)
        assert partition.delete_records(2) == (2, 0)
        follow(partition, 2, 3, log_start_offset=2)
        follow(partition, 3, 3, log_start_offset=1)
        assert partition.low_watermark == 1
        brokers = partition._owner.image.brokers
        brokers[3] = brokers[3].with_changes(fenced=True)
        assert partition.low_watermark == 2

    def test_minus_one_is_the_high_watermark(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1,))
        append(partition, new_batch, 3)
        assert partition.delete_records(-1) == (3, 3)

    @pytest.mark.parametrize("offset", [-2, 4])
    def test_out_of_range(self, owner, new_batch, offset):
        partition = owner().new_partition(replicas=(1,))
        append(partition, new_batch, 3)
        with pytest.raises(OffsetOutOfRangeError):
            partition.delete_records(offset)

    def test_not_of_a_topic_that_only_compacts(self, owner):
        partition = owner().new_partition(replicas=(1,))
        partition.log.config = LogConfig(cleanup_policy="compact")
        with pytest.raises(PolicyViolationError):
            partition.delete_records(0)

    @pytest.mark.parametrize("policy", ["delete", "compact,delete", ""])
    def test_of_a_topic_that_does_not_only_compact(self, owner, new_batch, policy):
        partition = owner().new_partition(replicas=(1,))
        append(partition, new_batch, 3)
        partition.log.config = LogConfig(cleanup_policy=policy)
        assert partition.delete_records(2) == (2, 2)


class TestReplica:
    def test_a_busy_leader_does_not_outrun_its_followers(self, owner, new_batch):
        """A follower that always is one batch behind was caught up when it fetched last."""
        partition = owner().new_partition(replicas=(1, 2))
        scheduler = partition._owner.scheduler
        append(partition, new_batch)
        for offset in range(10):
            scheduler.advance_to(scheduler.now_ms + 20_000)
            follow(partition, 2, offset)
            append(partition, new_batch)
            partition.maybe_shrink_isr()
        assert not partition._owner.submitted

    def test_what_a_parked_fetch_shows_needs_a_link(self, owner, new_batch):
        partition = owner().new_partition(replicas=(1, 2, 3))
        scheduler = partition._owner.scheduler
        for broker_id in (2, 3):
            follow(partition, broker_id, 0)
            partition.remote_replicas[broker_id].parked = object()
        scheduler.advance_to(scheduler.now_ms + 10**8)
        partition._owner.unreachable = [3]
        append(partition, new_batch)
        partition.maybe_shrink_isr()
        [change] = partition._owner.submitted
        assert change.isr == (1, 2)
