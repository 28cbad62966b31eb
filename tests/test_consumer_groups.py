"""KafkaConsumer in groups: joining, rebalances and their listeners, commits, timeouts, crashes."""

import threading

import pytest

from minikafka.client.assignors.cooperative_sticky import CooperativeStickyAssignor
from minikafka.client.assignors.range import RangePartitionAssignor
from minikafka.client.assignors.round_robin import RoundRobinPartitionAssignor
from minikafka.client.assignors.sticky import StickyPartitionAssignor
from minikafka.cluster import MiniKafka
from minikafka.consumer import AsyncConsumerRebalanceListener, ConsumerRebalanceListener
from minikafka.errors import (
    CommitFailedError,
    ErrorCode,
    FencedInstanceIdError,
    IllegalStateError,
    InconsistentGroupProtocolError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    NoOffsetForPartitionError,
    StuckError,
)
from minikafka.structs import ConsumerGroupMetadata, MemberState, OffsetAndMetadata, TopicPartition

T0, T1, T2, T3 = ALL = [TopicPartition("t", index) for index in range(4)]


@pytest.fixture
def kafka():
    with MiniKafka(seed=7) as cluster:
        cluster.create_topic("t", partitions=4)
        yield cluster


def fill(kafka, count=10, partition=0):
    with kafka.producer() as producer:
        for index in range(count):
            producer.send("t", b"%d" % index, partition=partition)


def member(kafka, listener=None, **options):
    consumer = kafka.consumer(**{"group_id": "g", "auto_offset_reset": "earliest", **options})
    consumer.subscribe(["t"], listener=listener)
    return consumer


def settle(kafka, *consumers, seconds=15):
    """Poll in turn, as a single-threaded application would."""
    end_ms = kafka.now_ms + seconds * 1000
    while kafka.now_ms < end_ms:
        for consumer in consumers:
            consumer.poll(100, update_offsets=False)


def requests_of(kafka, *apis):
    seen = []
    kafka.network.observers.append(
        lambda kind, exchange, response: (
            seen.append(exchange.message) if kind == "request" and exchange.message.api_name in apis else None
        )
    )
    return seen


class Listener(ConsumerRebalanceListener):
    def __init__(self, name="", log=None, fail=()):
        self.name, self.log, self.fail = name, [] if log is None else log, set(fail)
        self.consumer = None

    def on_partitions_revoked(self, revoked):
        self.note("revoked", revoked)

    def on_partitions_assigned(self, assigned):
        self.note("assigned", assigned)

    def on_partitions_lost(self, lost):
        self.note("lost", lost)

    def note(self, what, partitions):
        assert threading.current_thread() is threading.main_thread()
        self.log.append((f"{self.name}{what}", sorted(tp.partition for tp in partitions)))
        if what in self.fail:
            raise ValueError(what)


# Joining


def test_one_member_gets_everything(kafka):
    fill(kafka)
    consumer = member(kafka)
    assert consumer.assignment() == set()
    assert len(consumer.poll(1000)[T0]) == 10
    assert consumer.assignment() == set(ALL)
    metadata = consumer.group_metadata()
    assert isinstance(metadata, ConsumerGroupMetadata)
    assert (metadata.group_id, metadata.generation_id, metadata.state) == ("g", 1, MemberState.STABLE)
    assert metadata.member_id.startswith(consumer.config["client_id"])


def test_polls_without_a_timeout_join_too(kafka):
    fill(kafka)
    consumer = member(kafka)
    for _ in range(1000):
        if consumer.poll():
            break
    assert consumer.position(T0) == 10


def test_two_members_in_one_thread(kafka):
    first, second = member(kafka), member(kafka)
    settle(kafka, first, second)
    assert first.assignment() | second.assignment() == set(ALL)
    assert len(first.assignment()) == len(second.assignment()) == 2
    second.close()
    settle(kafka, first)
    assert first.assignment() == set(ALL)


@pytest.mark.parametrize(
    "assignor",
    [
        RangePartitionAssignor,
        RoundRobinPartitionAssignor,
        StickyPartitionAssignor,
        CooperativeStickyAssignor,
    ],
)
def test_every_assignor_shares_and_takes_back(kafka, assignor):
    strategy = {"partition_assignment_strategy": [assignor]}
    members = [member(kafka, **strategy) for _ in range(3)]
    settle(kafka, *members, seconds=30)
    assert sorted(len(each.assignment()) for each in members) == [1, 1, 2]
    kafka.crash(members.pop())
    settle(kafka, *members, seconds=80)
    assert sorted(len(each.assignment()) for each in members) == [2, 2]
    assert set().union(*(each.assignment() for each in members)) == set(ALL)


def test_two_members_in_two_threads():
    with MiniKafka(seed=3) as kafka:
        kafka.create_topic("t", partitions=4)
        for partition in range(4):
            fill(kafka, 50, partition)
        seen: list[tuple[int, int]] = []

        def work():
            with member(kafka) as consumer:
                while len(seen) < 200:
                    for records in consumer.poll(500).values():
                        seen.extend((record.partition, record.offset) for record in records)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(seen) == {(partition, offset) for partition in range(4) for offset in range(50)}


def test_members_must_have_an_assignor_in_common(kafka):
    first = member(kafka, partition_assignment_strategy=[RangePartitionAssignor])
    first.poll(1000)
    second = member(kafka, partition_assignment_strategy=[StickyPartitionAssignor])
    with pytest.raises(InconsistentGroupProtocolError, match="'g'"):
        second.poll(1000)
    with pytest.raises(KafkaConfigurationError, match="no rebalance protocol in common"):
        member(kafka, partition_assignment_strategy=[RangePartitionAssignor, CooperativeStickyAssignor])


class Everything(RangePartitionAssignor):
    """Gives all to the member that comes first."""

    name = "everything"

    def assign(self, cluster, members):
        return {**super().assign(cluster, members[:1]), **{each.member_id: b"" for each in members[1:]}}


def test_an_assignor_of_the_users(kafka):
    strategy = {"partition_assignment_strategy": [Everything()]}
    first, second = member(kafka, **strategy), member(kafka, **strategy)
    settle(kafka, first, second)
    assert sorted((len(first.assignment()), len(second.assignment()))) == [0, 4]


class Broken(RangePartitionAssignor):
    name = "broken"

    def assign(self, cluster, members):
        raise RuntimeError("no idea")


def test_an_assignor_that_raises(kafka):
    consumer = member(kafka, partition_assignment_strategy=[Broken])
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no idea"):
            consumer.poll(1000)
    consumer.close()


def test_new_partitions_are_assigned(kafka):
    from minikafka.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic

    first, second = member(kafka, metadata_max_age_ms=2000), member(kafka, metadata_max_age_ms=2000)
    settle(kafka, first, second)
    request = CreatePartitionsRequest(topics=[CreatePartitionsTopic(name="t", count=6, assignments=None)])
    kafka._ask_controller(request)
    settle(kafka, first, second)
    assert len(first.assignment() | second.assignment()) == 6


def test_a_changed_subscription_rebalances(kafka):
    kafka.create_topic("u")
    consumer = member(kafka)
    consumer.poll(500)
    consumer.subscribe(["u"])
    consumer.poll(500)
    assert consumer.assignment() == {TopicPartition("u", 0)}
    consumer.unsubscribe()
    assert consumer.assignment() == set()
    assert consumer.subscription() is None
    assert consumer.poll(100) == {}
    consumer.subscribe(["t"])
    consumer.poll(500)
    assert consumer.assignment() == set(ALL)


def test_many_members(kafka):
    kafka.create_topic("wide", partitions=200)
    consumers = [kafka.consumer("wide", group_id="wide", enable_auto_commit=False) for _ in range(20)]
    settle(kafka, *consumers, seconds=20)
    assert [len(each.assignment()) for each in consumers] == [10] * 20


# Listeners


def test_eager_listeners(kafka):
    log = []
    first = member(kafka, Listener("1 ", log))
    first.poll(500)
    assert log == [("1 revoked", []), ("1 assigned", [0, 1, 2, 3])]
    log.clear()
    second = member(kafka, Listener("2 ", log))
    settle(kafka, first, second)
    assert log[0] == ("2 revoked", [])
    assert log[1] == ("1 revoked", [0, 1, 2, 3])
    assert sorted(log[2:]) in (
        [("1 assigned", [0, 1]), ("2 assigned", [2, 3])],
        [("1 assigned", [2, 3]), ("2 assigned", [0, 1])],
    )
    log.clear()
    second.close()
    assert log[0][0] == "2 revoked"


def test_cooperative_listeners(kafka):
    strategy = {"partition_assignment_strategy": [CooperativeStickyAssignor]}
    log = []
    first = member(kafka, Listener("1 ", log), **strategy)
    first.poll(500)
    assert log == [("1 assigned", [0, 1, 2, 3])]
    log.clear()
    second = member(kafka, Listener("2 ", log), **strategy)
    settle(kafka, first, second, seconds=20)
    (revoked,) = [partitions for what, partitions in log if what == "1 revoked"]
    assert len(revoked) == 2
    assert log == [("1 revoked", revoked), ("2 assigned", revoked)]


def test_cooperative_members_keep_reading(kafka):
    strategy = {"partition_assignment_strategy": [CooperativeStickyAssignor]}
    first = member(kafka, **strategy)
    first.poll(500)
    positions = {}
    for tp in ALL:
        fill(kafka, 5, tp.partition)
    while sum(positions.values()) < 20:
        for tp, records in first.poll(500).items():
            positions[tp] = positions.get(tp, 0) + len(records)
    second = member(kafka, **strategy)
    settle(kafka, first, second, seconds=20)
    assert all(first.known_position(tp) == 5 for tp in first.assignment())
    assert all(second.position(tp) == 5 for tp in second.assignment())


def test_lost_partitions(kafka):
    listener = Listener()
    consumer = member(kafka, listener, session_timeout_ms=6000)
    consumer.poll(500)
    listener.log.clear()
    kafka.faults.drop("Heartbeat", times=10)
    kafka.advance(seconds=40)
    consumer.poll(5000)
    assert listener.log == [
        ("lost", [0, 1, 2, 3]),
        ("revoked", []),
        ("assigned", [0, 1, 2, 3]),
    ] or listener.log == [
        ("lost", [0, 1, 2, 3]),
        ("assigned", [0, 1, 2, 3]),
    ]


@pytest.mark.parametrize("method", ["revoked", "assigned"])
def test_a_listener_that_raises(kafka, method):
    fill(kafka)
    listener = Listener(fail=[method])
    consumer = member(kafka, listener)
    with pytest.raises(KafkaError, match="User rebalance callback throws an error") as raised:
        consumer.poll(1000)
    assert isinstance(raised.value.__cause__, ValueError)
    listener.fail.clear()
    seen = []
    for _ in range(3):
        seen += [record.offset for record in consumer.poll(1000).get(T0, [])]
    assert seen == [*range(10)]


def test_a_listener_may_commit_and_seek(kafka):
    fill(kafka)
    positions = []

    class Seeker(Listener):
        def on_partitions_assigned(self, assigned):
            consumer.seek(T0, 4)

        def on_partitions_revoked(self, revoked):
            if revoked:
                consumer.commit()
                positions.append(consumer.committed(T0))

    consumer = member(kafka, Seeker(), enable_auto_commit=False)
    assert [record.offset for record in consumer.poll(1000)[T0]] == [4, 5, 6, 7, 8, 9]
    consumer.close()
    assert positions == [10]


def test_an_asynchronous_listener(kafka):
    log = []

    class Waiting(AsyncConsumerRebalanceListener):
        async def on_partitions_revoked(self, revoked):
            log.append(("revoked", len(revoked)))

        async def on_partitions_assigned(self, assigned):
            log.append(("assigned", len(assigned)))

    consumer = member(kafka, Waiting())
    consumer.poll(500)
    consumer.close()
    assert log == [("revoked", 0), ("assigned", 4), ("revoked", 4)]


# Heartbeats and timeouts


def test_heartbeats_go_on_between_polls(kafka):
    consumer = member(kafka)
    consumer.poll(500)
    heartbeats = requests_of(kafka, "Heartbeat")
    kafka.advance(seconds=60)
    assert 19 <= len(heartbeats) <= 21
    consumer.poll(100)
    assert consumer.group_metadata().generation_id == 1


def test_a_member_that_does_not_poll_leaves(kafka):
    listener = Listener()
    consumer = member(kafka, listener, max_poll_interval_ms=10_000)
    consumer.poll(500)
    leaves = requests_of(kafka, "LeaveGroup")
    polled_ms = kafka.now_ms
    kafka.advance(seconds=9)
    assert not leaves
    kafka.advance(seconds=2)
    (leave,) = leaves
    assert "poll timeout" in leave.members[0].reason
    assert consumer.group_metadata().state == MemberState.UNJOINED
    with pytest.raises(CommitFailedError, match="not part of an active group"):
        consumer.commit({T0: OffsetAndMetadata(1)})
    assert kafka.now_ms > polled_ms
    listener.log.clear()
    consumer.poll(500)
    assert listener.log[0] == ("lost", [0, 1, 2, 3])
    assert consumer.group_metadata().state == MemberState.STABLE


def test_a_long_poll_is_no_stall(kafka):
    consumer = member(kafka, max_poll_interval_ms=10_000)
    leaves = requests_of(kafka, "LeaveGroup")
    consumer.poll(60_000)
    assert not leaves


def test_a_short_poll_interval_is_noticed_between_heartbeats(kafka):
    consumer = member(kafka, max_poll_interval_ms=1000)
    consumer.poll(500)
    leaves = requests_of(kafka, "LeaveGroup")
    kafka.advance(seconds=1.1)
    assert leaves


def test_a_crashed_member_is_missed_after_its_session(kafka):
    first, second = member(kafka), member(kafka, session_timeout_ms=10_000)
    settle(kafka, first, second)
    leaves = requests_of(kafka, "LeaveGroup", "OffsetCommit")
    kafka.crash(second)
    assert not leaves
    settle(kafka, first, seconds=5)
    assert len(first.assignment()) == 2
    settle(kafka, first, seconds=15)
    assert first.assignment() == set(ALL)


def test_a_stopped_coordinator_is_found_again():
    with MiniKafka(brokers=3, seed=7) as kafka:
        kafka.create_topic("t", partitions=4, replication_factor=3)
        fill(kafka)
        consumer = member(kafka)
        consumer.poll(1000)
        coordinator = consumer._core.group.coordinator.node_id
        kafka.stop(coordinator)
        fill(kafka, 5)
        seen = []
        for _ in range(10):
            seen += consumer.poll(5000).get(T0, [])
        assert len(seen) == 5
        consumer.commit()
        assert consumer.committed(T0) == 15


@pytest.mark.parametrize("fate", ["drop", "lose_reply", "duplicate", "disconnect"])
@pytest.mark.parametrize(
    "api", ["FindCoordinator", "JoinGroup", "SyncGroup", "Heartbeat", "OffsetFetch", "OffsetCommit"]
)
def test_lost_messages_are_made_good(kafka, fate, api):
    fill(kafka)
    getattr(kafka.faults, fate)(api, times=2)
    consumer = member(kafka, request_timeout_ms=2000, max_poll_interval_ms=8000, session_timeout_ms=6000)
    seen = []
    for _ in range(20):
        seen += [record.offset for record in consumer.poll(5000).get(T0, [])]
        if len(seen) >= 10:
            break
    consumer.poll(12_000)
    assert set(seen) == set(range(10))
    consumer.commit()
    assert consumer.committed(T0) == 10


@pytest.mark.parametrize(
    ("api", "code"),
    [
        ("FindCoordinator", ErrorCode.COORDINATOR_NOT_AVAILABLE),
        ("JoinGroup", ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),
        ("JoinGroup", ErrorCode.NOT_COORDINATOR),
        ("JoinGroup", ErrorCode.UNKNOWN_MEMBER_ID),
        ("SyncGroup", ErrorCode.REBALANCE_IN_PROGRESS),
        ("SyncGroup", ErrorCode.UNKNOWN_MEMBER_ID),
        ("SyncGroup", ErrorCode.ILLEGAL_GENERATION),
        ("Heartbeat", ErrorCode.UNKNOWN_MEMBER_ID),
        ("Heartbeat", ErrorCode.ILLEGAL_GENERATION),
        ("Heartbeat", ErrorCode.NOT_COORDINATOR),
        ("OffsetFetch", ErrorCode.NOT_COORDINATOR),
        ("OffsetFetch", ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),
        ("OffsetFetch", ErrorCode.UNSTABLE_OFFSET_COMMIT),
        ("OffsetCommit", ErrorCode.NOT_COORDINATOR),
        ("OffsetCommit", ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),
    ],
)
def test_coordinator_errors_pass(kafka, api, code):
    fill(kafka)
    kafka.faults.answer(code, api, times=2)
    consumer = member(kafka, session_timeout_ms=6000, heartbeat_interval_ms=2000)
    seen = []
    for _ in range(10):
        seen += [record.offset for record in consumer.poll(5000).get(T0, [])]
    assert set(seen) == set(range(10))
    consumer.commit()
    assert consumer.committed(T0) == 10


def test_waiting_for_ever_is_told_under_virtual_time(kafka):
    with pytest.raises(StuckError, match="consumer_timeout_ms"):
        next(member(kafka, heartbeat_interval_ms=20_000))


def test_asking_for_ever_is_told_under_virtual_time(kafka, monkeypatch):
    monkeypatch.setattr("minikafka.client.consumer.MAX_VIRTUAL_CALL_MS", 60_000)
    consumer = member(kafka)
    kafka.kill(1)
    for call in (lambda: consumer.committed(T0), consumer.topics, lambda: consumer.bootstrap(refresh=True)):
        with pytest.raises(StuckError, match="in vain"):
            call()


def test_on_real_time():
    with MiniKafka(clock="system") as kafka:
        kafka.create_topic("t", partitions=4)
        fill(kafka)
        with member(kafka, consumer_timeout_ms=20_000) as consumer:
            seen = []
            for record in consumer:
                seen.append(record.offset)
                if len(seen) == 10:
                    break
            assert seen == [*range(10)]
            assert consumer.poll(20) == {}
        assert kafka.consumer(group_id="g").committed(T0) == 10


# Static members


def test_static_members_come_back_to_their_partitions(kafka):
    first = member(kafka, group_instance_id="one")
    second = member(kafka, group_instance_id="two")
    settle(kafka, first, second)
    owned = second.assignment()
    leaves = requests_of(kafka, "LeaveGroup")
    second.close()
    assert not leaves
    again = member(kafka, group_instance_id="two")
    settle(kafka, first, again, seconds=5)
    assert again.assignment() == owned
    assert len(first.assignment()) == 2


def test_a_second_consumer_fences_the_first_of_the_same_instance(kafka):
    first = member(kafka, group_instance_id="one")
    first.poll(500)
    second = member(kafka, group_instance_id="one")
    second.poll(500)
    with pytest.raises(FencedInstanceIdError):
        first.commit({T0: OffsetAndMetadata(1)})


# Commits


def test_resuming_from_a_commit(kafka):
    fill(kafka)
    with member(kafka, enable_auto_commit=False) as consumer:
        consumer.poll(1000, max_records=4)
        consumer.commit()
        assert consumer.committed(T0) == 4
        assert consumer.committed(T0, metadata=True) == OffsetAndMetadata(4, "", 0)
        assert consumer.committed(T1) == 0, "a position of 0 is a position"
        assert consumer.committed(TopicPartition("t", 99)) is None
        consumer.poll(1000)
    with member(kafka) as consumer:
        assert [record.offset for record in consumer.poll(1000)[T0]] == [4, 5, 6, 7, 8, 9]


def test_commit_of_given_offsets(kafka):
    with member(kafka) as consumer:
        consumer.poll(500)
        consumer.commit({T0: OffsetAndMetadata(3, "note", -1)})
        assert consumer.committed(T0, metadata=True) == OffsetAndMetadata(3, "note", -1)
        consumer.commit({})
        for wrong in ({T0: 3}, {("t", 0): OffsetAndMetadata(3)}, [T0], "t"):
            with pytest.raises(TypeError, match="offsets must be dict"):
                consumer.commit(wrong)


def test_a_consumer_that_assigns_itself_may_commit(kafka):
    fill(kafka)
    consumer = kafka.consumer(group_id="alone", auto_offset_reset="earliest")
    consumer.assign([T0])
    consumer.poll(1000)
    consumer.commit()
    assert consumer.committed(T0) == 10
    assert kafka.consumer(group_id="alone").committed(T0) == 10


def test_auto_commit_by_the_interval(kafka):
    fill(kafka)
    consumer = member(kafka, auto_commit_interval_ms=1000)
    consumer.poll(500)
    outside = kafka.consumer(group_id="g")
    assert outside.committed(T0) is None
    consumer.poll(500)
    assert outside.committed(T0) is None
    kafka.advance(seconds=5)
    assert outside.committed(T0) is None, "only polls commit"
    consumer.poll(100)
    assert outside.committed(T0) == 10


def test_auto_commit_within_a_long_poll(kafka):
    fill(kafka)
    consumer = member(kafka)
    consumer.poll(1000)
    commits = requests_of(kafka, "OffsetCommit")
    consumer.poll(60_000)
    assert 11 <= len(commits) <= 12


def test_auto_commit_at_a_rebalance(kafka):
    fill(kafka)
    first = member(kafka, auto_commit_interval_ms=10**6)
    first.poll(1000)
    second = member(kafka)
    settle(kafka, first, second)
    assert second.committed(T0) == 10


def test_what_close_commits(kafka):
    fill(kafka)
    outside = kafka.consumer(group_id="g")
    consumer = member(kafka, auto_commit_interval_ms=10**6)
    for record in consumer:
        if record.offset == 2:
            break
    consumer.close()
    # The iterator had moved on before it handed the record out.
    assert outside.committed(T0) == 3
    consumer = member(kafka)
    with pytest.raises(RuntimeError), consumer:
        raise RuntimeError(next(consumer))
    assert outside.committed(T0) == 3, "a with-block that raises commits nothing"
    consumer = member(kafka)
    consumer.poll(1000)
    consumer.close(autocommit=False)
    assert outside.committed(T0) == 3
    consumer = member(kafka, enable_auto_commit=False)
    consumer.poll(1000)
    consumer.close()
    assert outside.committed(T0) == 3
    with member(kafka) as consumer:
        consumer.poll(1000)
    assert outside.committed(T0) == 10


def test_close_gives_up_in_time(kafka):
    consumer = member(kafka)
    consumer.poll(500)
    kafka.faults.drop("OffsetCommit")
    kafka.faults.drop("LeaveGroup")
    fill(kafka)
    consumer.poll(500)
    began = kafka.now_ms
    consumer.close(timeout_ms=2000)
    assert kafka.now_ms - began <= 2000 + 1
    assert kafka.clients == []


def test_asynchronous_commits(kafka):
    fill(kafka)
    calls = []
    consumer = member(
        kafka, enable_auto_commit=False, default_offset_commit_callback=lambda *args: calls.append(args)
    )
    consumer.poll(1000)
    future = consumer.commit_async()
    offsets = {T0: OffsetAndMetadata(5)}
    other = consumer.commit_async(offsets, callback=lambda *args: calls.append(("mine", *args)))
    assert not future.is_done
    consumer.poll(100)
    consumer.poll(0)
    assert future.succeeded()
    assert other.succeeded()
    assert ("mine", offsets, None) in calls
    assert len(calls) == 2
    assert consumer.committed(T0) == 5


def test_an_asynchronous_commit_that_fails(kafka):
    calls = []
    consumer = member(kafka, enable_auto_commit=False, session_timeout_ms=6000)
    consumer.poll(500)
    kafka.faults.answer(ErrorCode.UNKNOWN_MEMBER_ID, "OffsetCommit", times=1)
    future = consumer.commit_async({T0: OffsetAndMetadata(1)}, lambda offsets, outcome: calls.append(outcome))
    consumer.poll(100)
    consumer.poll(0)
    assert future.failed()
    (outcome,) = calls
    assert isinstance(outcome, CommitFailedError)
    consumer.poll(10_000)
    assert consumer.group_metadata().state == MemberState.STABLE


def test_commits_of_a_stale_member_fail(kafka):
    consumer = member(kafka, session_timeout_ms=6000, heartbeat_interval_ms=2000)
    consumer.poll(500)
    kafka.faults.drop("Heartbeat")
    kafka.advance(seconds=10)
    with pytest.raises(CommitFailedError):
        consumer.commit({T0: OffsetAndMetadata(1)})


def test_commit_times_out(kafka):
    consumer = member(kafka)
    consumer.poll(500)
    kafka.faults.drop("OffsetCommit")
    began = kafka.now_ms
    with pytest.raises(KafkaTimeoutError, match="offset=3"):
        consumer.commit({T0: OffsetAndMetadata(3)}, timeout_ms=1500)
    assert kafka.now_ms == began + 1500
    kafka.faults.drop("OffsetFetch")
    with pytest.raises(KafkaTimeoutError, match="partition=0"):
        consumer.committed(T0, timeout_ms=700)


def test_no_committed_offset_and_no_policy(kafka):
    consumer = member(kafka, auto_offset_reset="none")
    with pytest.raises(NoOffsetForPartitionError):
        consumer.poll(1000)
    consumer.commit({tp: OffsetAndMetadata(0) for tp in ALL})
    assert consumer.poll(500) == {}


def test_subscribing_and_assigning_exclude_one_another(kafka):
    consumer = member(kafka)
    with pytest.raises(IllegalStateError, match="subscribed to topics"):
        consumer.assign([T0])
    with pytest.raises(IllegalStateError, match="subscribed to topics"):
        consumer.subscribe(pattern="x")


def test_metrics_of_a_member(kafka):
    consumer = member(kafka)
    consumer.poll(10_000)
    metrics = consumer.metrics()["consumer-coordinator-metrics"]
    assert metrics["assigned-partitions"] == 4
    assert metrics["join-rate"] > 0
    assert 0 <= metrics["last-heartbeat-seconds-ago"] <= 3


def test_the_same_seed_gives_the_same_run():
    def run():
        trace = []
        with MiniKafka(brokers=3, seed=11, start_ms=0, name="same") as kafka:
            kafka.network.observers.append(
                lambda kind, exchange, response: trace.append((kind, kafka.now_ms, repr(exchange.message)))
            )
            kafka.create_topic("t", partitions=4, replication_factor=3)
            fill(kafka, 20)
            consumers = [
                member(kafka, partition_assignment_strategy=[CooperativeStickyAssignor]) for _ in range(3)
            ]
            settle(kafka, *consumers)
            kafka.kill(2)
            settle(kafka, *consumers)
        return trace

    assert run() == run()
