import pytest

from minikafka import TopicPartition
from minikafka.waits import WaitTimeout, wait_until

ORDERS = TopicPartition("orders", 0)


@pytest.fixture
def kafka(minikafka_cluster):
    return minikafka_cluster(topics={"orders": 2})


def elapsed_ms(kafka):
    return kafka.scheduler.now_ms - kafka.started_ms


class TestRecords:
    def test_come_without_sleeping(self, kafka):
        kafka.producer(linger_ms=5000).send("orders", b"x", partition=0)
        before = elapsed_ms(kafka)
        [record] = kafka.wait_for_records("orders", 1)
        assert record.value == b"x"
        assert elapsed_ms(kafka) - before == 5000

    def test_there_already(self, kafka):
        kafka.producer().send("orders", b"x", partition=0)
        before = elapsed_ms(kafka)
        assert len(kafka.wait_for_records("orders", 1, partition=0)) == 1
        assert elapsed_ms(kafka) == before

    def test_giving_up_says_what_there_is(self, kafka):
        kafka.producer().send("orders", b"only one", partition=1)
        with pytest.raises(WaitTimeout, match=r"for 2 record\(s\) in 'orders'; there are 1") as caught:
            kafka.wait_for_records("orders", 2, timeout_ms=1000)
        assert "b'only one'" in str(caught.value)
        assert "orders-1: leader 1" in str(caught.value)
        assert elapsed_ms(kafka) >= 1000

    def test_giving_up_on_a_topic_that_is_not_there(self, kafka):
        with pytest.raises(WaitTimeout, match="no topic 'ordres': there are orders"):
            kafka.wait_for_records("ordres", 1)

    def test_giving_up_tells_what_lacks_replication(self, minikafka_cluster):
        kafka = minikafka_cluster(brokers=2, topics={"orders": {"partitions": 1, "replication_factor": 2}})
        kafka.faults.drop("Fetch", source="broker", times=None)
        kafka.producer(acks=1).send("orders", b"x")
        with pytest.raises(WaitTimeout, match="orders-0 holds 1 more that not every in-sync replica has"):
            kafka.wait_for_records("orders", 1, timeout_ms=500)

    def test_it_is_an_assertion_error(self, kafka):
        with pytest.raises(AssertionError):
            kafka.wait_for_records("orders", 1, timeout_ms=0)


class TestAssignment:
    def test_one_consumer(self, kafka):
        consumer = kafka.consumer("orders", group_id="billing")
        assert kafka.wait_for_assignment(consumer) == {ORDERS, TopicPartition("orders", 1)}

    def test_consumes_nothing(self, kafka):
        producer = kafka.producer()
        for number in range(3):
            producer.send("orders", b"%d" % number, partition=0).get(timeout=10)
        consumer = kafka.consumer("orders", group_id="billing", auto_offset_reset="earliest")
        kafka.wait_for_assignment(consumer)
        kafka.wait_for_assignment(consumer)
        [records] = consumer.poll(timeout_ms=1000).values()
        assert [record.value for record in records] == [b"0", b"1", b"2"]

    def test_several_consumers_of_one_thread(self, kafka):
        consumers = [kafka.consumer("orders", group_id="billing") for _ in range(2)]
        kafka.wait_for_assignment(consumers)
        assert sorted(len(each.assignment()) for each in consumers) == [1, 1]

    def test_chosen_partitions(self, kafka):
        consumer = kafka.consumer("orders", group_id="billing")
        other = kafka.consumer("orders", group_id="billing")
        kafka.wait_for_assignment([consumer, other], [ORDERS, ("orders", 1)])
        with pytest.raises(WaitTimeout, match="orders-0"):
            kafka.wait_for_assignment(consumer, [ORDERS, ("orders", 1)], timeout_ms=1000)

    def test_giving_up_on_a_consumer_without_a_group(self, kafka):
        consumer = kafka.consumer("orders")
        with pytest.raises(WaitTimeout, match="without group_id"):
            kafka.wait_for_assignment(consumer, timeout_ms=1000)

    def test_giving_up_names_those_who_do_not_poll(self, kafka):
        one = kafka.consumer("orders", group_id="billing")
        kafka.wait_for_assignment(one)
        two = kafka.consumer("orders", group_id="billing")
        with pytest.raises(WaitTimeout, match="members that do not poll"):
            kafka.wait_for_assignment(two, timeout_ms=2000)

    def test_giving_up_when_there_are_too_few_partitions(self, kafka):
        consumers = [kafka.consumer("orders", group_id="billing") for _ in range(3)]
        with pytest.raises(WaitTimeout, match=r"3 members share 2 partition\(s\)"):
            kafka.wait_for_assignment(consumers, timeout_ms=5000)


class TestCommit:
    def test_auto_commit_comes_in_time(self, kafka):
        kafka.producer().send("orders", b"x", partition=0).get(timeout=10)
        consumer = kafka.consumer("orders", group_id="billing", auto_offset_reset="earliest")
        assert consumer.poll(timeout_ms=1000)
        consumer.commit()
        assert kafka.wait_for_commit("billing", ORDERS, 1) == 1

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"auto_offset_reset": "latest"}, "auto_offset_reset='latest'"),
            ({"enable_auto_commit": False}, "enable_auto_commit=False"),
        ],
    )
    def test_giving_up_says_why(self, kafka, options, reason):
        kafka.producer().send("orders", b"x", partition=0).get(timeout=10)
        consumer = kafka.consumer("orders", group_id="billing", **options)
        consumer.poll(timeout_ms=1000)
        with pytest.raises(WaitTimeout) as caught:
            kafka.wait_for_commit("billing", ORDERS, 5, timeout_ms=1000)
        assert reason in str(caught.value)
        assert "position 1, end 1" in str(caught.value)

    def test_giving_up_names_paused_partitions(self, kafka):
        consumer = kafka.consumer("orders", group_id="billing", auto_offset_reset="earliest")
        kafka.wait_for_assignment(consumer)
        consumer.pause(ORDERS)
        kafka.producer().send("orders", b"x", partition=0).get(timeout=10)
        consumer.poll(timeout_ms=100)
        with pytest.raises(WaitTimeout, match="orders-0 is paused"):
            kafka.wait_for_commit("billing", ORDERS, 1, timeout_ms=1000)

    def test_giving_up_on_a_group_nobody_is_in(self, kafka):
        with pytest.raises(WaitTimeout, match="no consumer of group 'billing' lives on this cluster"):
            kafka.wait_for_commit("billing", ORDERS, 1, timeout_ms=1000)


class TestUntil:
    def test_ends_at_the_very_time(self, kafka):
        seen = []
        kafka.scheduler.call_later(1234, seen.append, 1)
        before = elapsed_ms(kafka)
        wait_until(kafka, lambda: seen)
        assert elapsed_ms(kafka) - before == 1234

    def test_giving_up_names_it(self, kafka):
        with pytest.raises(WaitTimeout, match="waited 50 ms for a miracle"):
            wait_until(kafka, lambda: False, timeout_ms=50, what="a miracle")

    def test_real_time(self, minikafka_cluster):
        kafka = minikafka_cluster(clock="system")
        wait_until(kafka, kafka.scheduler.sleep(10).done)
        with pytest.raises(WaitTimeout):
            wait_until(kafka, lambda: False, timeout_ms=10)
