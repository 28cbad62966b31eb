"""Unchanged user code on an in-process cluster: whatever its import style, subclasses, listeners and excepts."""

import asyncio
import io
import unittest

import kafka as kafka_python
import kafka.errors
import pytest
from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka import KafkaProducer as Producer
from kafka.structs import OffsetAndMetadata

from minikafka import KafkaProducer as OurProducer
from minikafka import MiniKafka, patch
from minikafka.errors import ErrorCode, UnsupportedOptionError

CLASSES = (kafka_python.KafkaProducer, kafka_python.KafkaConsumer, kafka_python.KafkaAdminClient)


def functions():
    return [dict(vars(cls)) for cls in CLASSES]


@pytest.fixture(autouse=True)
def undone():
    """Whatever a test does, kafka-python is afterwards what it was before."""
    before = functions()
    yield
    assert functions() == before


@pytest.fixture
def patched(kafka):
    with patch(kafka):
        yield kafka


# Who is taken


def test_every_import_style(patched):
    from kafka.producer.kafka import KafkaProducer as Deep

    for cls in (Producer, Deep, kafka_python.KafkaProducer):
        producer = cls(bootstrap_servers="prod.example.com:9092")
        assert producer in patched.clients
        assert isinstance(producer, kafka_python.KafkaProducer)
        assert isinstance(producer, OurProducer)
        assert type(producer).__name__ == "KafkaProducer"
    assert producer.config["bootstrap_servers"] == "prod.example.com:9092"


def test_default_address_is_taken(patched):
    assert Producer() in patched.clients
    assert KafkaAdminClient() in patched.clients
    assert KafkaConsumer("orders") in patched.clients


def test_named_addresses_only(kafka):
    active = patch(kafka, ["one.example.com:9093", "two.example.com"])
    assert active.takes("other:1,two.example.com:9092")
    assert active.takes(["one.example.com:9093"])
    assert active.takes(("two.example.com",))
    assert not active.takes("one.example.com")
    assert not active.takes(None)
    left_alone = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(
            KafkaAdminClient,
            "__init__",
            lambda self, **options: left_alone.append(options["bootstrap_servers"]),
        )
        with active:
            assert Producer(bootstrap_servers="one.example.com:9093") in kafka.clients
            KafkaAdminClient(bootstrap_servers="elsewhere:9092")
    assert left_alone == ["elsewhere:9092"]


def test_patches_nest(kafka):
    with MiniKafka() as other, patch(kafka):
        with patch(other, "other:1"):
            assert Producer(bootstrap_servers="other:1") in other.clients
            assert Producer(bootstrap_servers="any:1") in kafka.clients
            with patch(kafka):
                assert Producer(bootstrap_servers="other:1") in kafka.clients
        assert Producer(bootstrap_servers="other:1") in kafka.clients


def test_a_patch_may_be_entered_again(kafka):
    active = patch(kafka)
    with active, active:
        assert Producer() in kafka.clients
    with active:
        assert Producer() in kafka.clients


def test_instances_outlive_the_patch(kafka):
    with patch(kafka):
        producer = Producer()
        consumer = KafkaConsumer(group_id="g")
    producer.send("orders", b"late").get(timeout=10)
    assert [record.value for record in kafka.records("orders")] == [b"late"]
    assert consumer.topics() == {"orders"}
    assert consumer in kafka.clients


def test_earlier_instances_are_left_alone(kafka):
    earlier = object.__new__(KafkaAdminClient)
    earlier._closed = True
    with patch(kafka):
        earlier.close()  # kafka-python's own
        assert type(earlier) is KafkaAdminClient
        assert not hasattr(earlier, "_endpoint")


def test_somebody_elses_changes_are_kept(kafka):
    with pytest.MonkeyPatch.context() as before, pytest.MonkeyPatch.context() as within:
        before.setattr(Producer, "flush", "mocked before")
        metrics = Producer.metrics
        with patch(kafka):
            within.setattr(Producer, "metrics", "mocked within")
        assert Producer.flush == "mocked before"
        assert Producer.metrics == "mocked within"
        within.undo()
        Producer.metrics = metrics


def test_a_closed_cluster(version):
    cluster = MiniKafka()
    cluster.close()
    unavailable = "NoBrokersAvailable" if version < (3, 0) else "KafkaTimeoutError"
    with patch(cluster):
        for cls in CLASSES:
            with pytest.raises(getattr(kafka.errors, unavailable)):
                cls(bootstrap_servers="any:1")


# Subclasses


class Base(Producer):
    def __init__(self, name, **options):
        self.name = name
        self.sent = 0
        super().__init__(value_serializer=str.encode, **options)

    def send(self, topic, value=None, **options):
        self.sent += 1
        return super().send(topic, value, **options)


class Mixin:
    def greeting(self):
        return f"I am {self.name}"


class Derived(Mixin, Base):
    registry = []

    def __init_subclass__(cls, *, required, **options):
        super().__init_subclass__(**options)
        cls.registry.append(cls)

    @property
    def both(self):
        return self.name, self.sent


class OldStyle(Producer):
    """Calls its parent by name, as code from Python 2 does."""

    def __init__(self, **options):
        Producer.__init__(self, **options)

    def send(self, *args, **options):
        return Producer.send(self, *args, **options)


class WithDefaults(Producer):
    DEFAULT_CONFIG = {**Producer.DEFAULT_CONFIG, "linger_ms": 77, "acks": 0}


class Slotted(Producer):
    __slots__ = ("extra",)


def test_subclasses(patched):
    producer = Derived("d", bootstrap_servers="any:1")
    assert type(producer).__name__ == "Derived"
    assert all(isinstance(producer, cls) for cls in (Derived, Mixin, Base, Producer, OurProducer))
    producer.send("orders", "value", partition=1).get(timeout=10)
    assert producer.both == ("d", 1)
    assert producer.greeting() == "I am d"
    assert Derived.registry == []
    assert patched.records("orders", 1)[0].value == b"value"
    assert type(Derived("e")) is type(producer)


def test_old_style_calls(patched):
    producer = OldStyle()
    assert producer.send("orders", b"v", partition=0).get(timeout=10).offset == 0
    Producer.flush(producer)
    Producer.close(producer)
    assert producer not in patched.clients


def test_defaults_of_a_subclass(patched):
    producer = WithDefaults()
    assert (producer.config["linger_ms"], producer.config["acks"]) == (77, 0)
    assert producer.DEFAULT_CONFIG is WithDefaults.DEFAULT_CONFIG


def test_slots(patched):
    producer = Slotted()
    producer.extra = 5
    assert producer.send("orders", b"v").get(timeout=10)
    assert producer.extra == 5


class Reader(KafkaConsumer):
    def __init__(self, *topics, **options):
        self.polled = 0
        super().__init__(*topics, auto_offset_reset="earliest", consumer_timeout_ms=1000, **options)

    def poll(self, *args, **options):
        self.polled += 1
        return super().poll(*args, **options)


def test_consumer_subclass_with_positional_topics(patched):
    Producer().send("orders", b"1", partition=0)
    reader = Reader("orders", group_id="g")
    assert [record.value for batch in reader.poll(timeout_ms=2000).values() for record in batch] == [b"1"]
    assert reader.polled == 1
    Producer().send("orders", b"2", partition=0)
    assert [record.value for record in reader] == [b"2"]


class Administrator(KafkaAdminClient):
    def names(self):
        return sorted(super().list_topics())


def test_admin_subclass(patched):
    with_closing = Administrator(bootstrap_servers="any:1")
    assert with_closing.names() == ["orders"]
    with_closing.close()
    with_closing.close()
    assert with_closing not in patched.clients


# What user code sees


def test_defaults_are_the_installed_versions(patched, version):
    producer, consumer = Producer(), KafkaConsumer()
    old = version < (3, 0)
    assert producer.config["acks"] == (1 if old else -1)
    assert consumer.config["session_timeout_ms"] == (10000 if old else 45000)
    assert consumer.config["client_id"] == f"kafka-python-{kafka_python.__version__}"


def test_errors_are_the_installed_versions(patched):
    producer = Producer()
    with pytest.raises(kafka.errors.MessageSizeTooLargeError):
        producer.send("orders", bytes(2_000_000)).get(timeout=1)  # kafka-python 2 puts it into the future
    patched.faults.answer(ErrorCode.LEADER_NOT_AVAILABLE, "Metadata", times=None)
    with pytest.raises(kafka.errors.KafkaTimeoutError):
        producer.send("unknown", b"v")
    patched.faults.heal()
    patched.faults.answer(ErrorCode.TOPIC_AUTHORIZATION_FAILED, "Produce", times=None)
    future = producer.send("orders", b"v")
    with pytest.raises(kafka.errors.TopicAuthorizationFailedError):
        future.get(timeout=10)
    assert isinstance(future.exception, kafka.errors.KafkaError)


def test_a_consumer_raises_the_installed_versions(patched):
    consumer = KafkaConsumer("orders", group_id="g", auto_offset_reset="none")
    with pytest.raises(kafka.errors.NoOffsetForPartitionError):
        consumer.poll(timeout_ms=1000)
    consumer.unsubscribe()
    consumer.assign([TopicPartition("orders", 0)])
    consumer.seek(TopicPartition("orders", 0), 99)
    with pytest.raises(kafka.errors.OffsetOutOfRangeError):
        consumer.poll(timeout_ms=1000)


def test_unsupported_options_are_errors_of_both(patched):
    for cls in (Producer, KafkaAdminClient):
        with pytest.raises(kafka.errors.KafkaConfigurationError, match="kafka_client") as caught:
            cls(kafka_client=object)
        assert isinstance(caught.value, UnsupportedOptionError)
        assert isinstance(caught.value, kafka.errors.KafkaError)


def test_unknown_options(patched):
    with pytest.raises(kafka.errors.KafkaConfigurationError, match="Unrecognized"):
        KafkaAdminClient(wrong=1)
    with pytest.raises((AssertionError, ValueError), match="Unrecognized"):
        Producer(wrong=1)


def test_values_compare_and_unpack(patched):
    future = Producer().send("orders", b"v", b"k", partition=1, headers=[("h", b"1")])
    metadata = future.get(timeout=10)
    topic, partition, topic_partition, offset, *_ = metadata
    assert (topic, partition, offset) == ("orders", 1, 0)
    assert topic_partition == TopicPartition("orders", 1)
    assert metadata._fields == kafka_python.producer.future.RecordMetadata._fields
    consumer = KafkaConsumer(group_id="g")
    tp = TopicPartition("orders", 1)
    consumer.assign([tp])
    consumer.seek_to_beginning(tp)
    [record] = consumer.poll(timeout_ms=1000)[tp]
    assert record._fields == kafka_python.consumer.fetcher.ConsumerRecord._fields
    assert tuple(record)[:4] == ("orders", 1, 0, 0)
    assert {TopicPartition("orders", 1): 1}[next(iter(consumer.assignment()))] == 1
    consumer.commit({tp: OffsetAndMetadata(1, "note", 0)})
    assert consumer.committed(tp) == 1
    assert consumer.committed(tp, metadata=True) == OffsetAndMetadata(1, "note", 0)
    assert consumer.end_offsets([tp]) == {tp: 1}
    assert consumer.offsets_for_times({tp: 0})[tp].offset == 0


class Listener(ConsumerRebalanceListener):
    def __init__(self):
        self.calls = []

    def on_partitions_revoked(self, revoked):
        self.calls.append(("revoked", set(revoked)))

    def on_partitions_assigned(self, assigned):
        self.calls.append(("assigned", set(assigned)))


def test_listeners(patched):
    listener = Listener()
    consumer = KafkaConsumer(group_id="g")
    consumer.subscribe(["orders"], listener=listener)
    consumer.poll(timeout_ms=3000)
    both = {TopicPartition("orders", 0), TopicPartition("orders", 1)}
    assert listener.calls[-1] == ("assigned", both)
    consumer.close()
    assert listener.calls[-1] == ("revoked", both)


def test_function_serializers_and_partitioners(patched, version):
    if version < (3, 0):

        def partitioner(key, every, available):
            return every[-1]
    else:

        class Last(kafka_python.partitioner.Partitioner):
            def partition(self, topic, key, serialized_key, value, serialized_value, cluster):
                return max(cluster.partitions_for_topic(topic))

        partitioner = Last()

    producer = Producer(
        partitioner=partitioner,
        key_serializer=str.encode,
        value_serializer=lambda value: repr(value).encode(),
    )
    assert producer.send("orders", {"a": 1}, key="k").get(timeout=10).partition == 1
    consumer = KafkaConsumer(
        "orders", auto_offset_reset="earliest", value_deserializer=lambda data: data.decode()
    )
    [[record]] = consumer.poll(timeout_ms=3000).values()
    assert (record.key, record.value) == (b"k", "{'a': 1}")


def test_class_serializers(patched, version):
    from kafka.serializer import Deserializer, Serializer

    class Upper(Serializer):
        if version < (3, 0):

            def serialize(self, topic, value):
                return f"{topic} {value}".encode()
        else:

            def serialize(self, topic, headers, data):
                return f"{topic} {data}".encode()

    class Text(Deserializer):
        if version < (3, 0):

            def deserialize(self, topic, bytes_):
                return bytes_.decode()
        else:

            def deserialize(self, topic, headers, data):
                return data.decode()

    Producer(value_serializer=Upper()).send("orders", 5, partition=0)
    consumer = KafkaConsumer("orders", auto_offset_reset="earliest", value_deserializer=Text())
    [[record]] = consumer.poll(timeout_ms=3000).values()
    assert record.value == "orders 5"


def test_partitions_as_the_installed_version_does(patched, version):
    """Keys go where the user's own default partitioner sends them."""
    producer = Producer()
    from kafka.partitioner.default import murmur2

    for key in (b"a", b"bc", b"key-17"):
        expected = (murmur2(key) & 0x7FFFFFFF) % 2
        assert producer.send("orders", b"v", key).get(timeout=10).partition == expected


def test_two_consumers_share(patched):
    one, two = (KafkaConsumer("orders", group_id="g") for _ in range(2))
    for _ in range(4):
        one.poll(timeout_ms=1000)
        two.poll(timeout_ms=1000)
    assert len(one.assignment()) == len(two.assignment()) == 1


def test_assignors_of_the_installed_version(patched):
    from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
    from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

    consumer = KafkaConsumer(
        "orders",
        group_id="g",
        partition_assignment_strategy=[StickyPartitionAssignor, RoundRobinPartitionAssignor],
    )
    consumer.poll(timeout_ms=3000)
    assert len(consumer.assignment()) == 2
    assert patched.group("g").protocol == "sticky"


# As a decorator


def check(kafka):
    assert Producer() in kafka.clients
    return "done"


def test_functions(kafka):
    @patch(kafka)
    def function(argument):
        """Has a docstring."""
        assert argument == 1
        return check(kafka)

    assert function(1) == "done"
    assert (function.__name__, function.__doc__) == ("function", "Has a docstring.")


def test_generators(kafka):
    @patch(kafka)
    def generator():
        got = yield check(kafka)
        assert got == "sent"
        return "returned"

    running = generator()
    assert functions()[0]["__init__"] is Producer.__init__
    assert next(running) == "done"
    with pytest.raises(StopIteration, match="returned"):
        running.send("sent")


def test_coroutines(kafka):
    @patch(kafka)
    async def coroutine():
        await asyncio.sleep(0)
        return check(kafka)

    @patch(kafka)
    async def stream():
        yield check(kafka)
        yield check(kafka)

    async def collect():
        return [await coroutine()] + [value async for value in stream()]

    assert asyncio.iscoroutinefunction(coroutine)
    assert asyncio.run(collect()) == ["done"] * 3


def test_test_cases(kafka):
    seen = []

    @patch(kafka)
    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            seen.append(("setUpClass", cls.__name__, check(kafka)))

        def setUp(self):
            seen.append(("setUp", check(kafka)))
            self.addCleanup(lambda: seen.append(("cleanup", check(kafka))))

        def test_it(self):
            seen.append(("test", check(kafka)))

    class Child(Case):
        pass

    for cls in (Case, Child):
        seen.clear()
        result = unittest.TextTestRunner(stream=io.StringIO()).run(
            unittest.defaultTestLoader.loadTestsFromTestCase(cls)
        )
        assert result.wasSuccessful()
        assert seen == [
            ("setUpClass", cls.__name__, "done"),
            ("setUp", "done"),
            ("test", "done"),
            ("cleanup", "done"),
        ]


def test_plain_classes(kafka):
    @patch(kafka)
    class TestSuite:
        limit = 5

        def setup_method(self):
            check(kafka)

        def test_it(self):
            return check(kafka)

        async def test_async(self):
            return check(kafka)

        def helper(self):
            return Producer.__init__

    suite = TestSuite()
    suite.setup_method()
    assert suite.test_it() == "done"
    assert asyncio.run(suite.test_async()) == "done"
    assert suite.helper() is vars(Producer)["__init__"]


def test_an_exception_undoes_the_patch(kafka):
    with pytest.raises(ZeroDivisionError), patch(kafka):
        raise ZeroDivisionError


# Crashes and the end


def test_crash_and_close(kafka):
    with patch(kafka):
        clients = [Producer(), KafkaConsumer("orders", group_id="g"), KafkaAdminClient()]
    for client in clients:
        kafka.crash(client)
        assert client not in kafka.clients
        client.close()


def test_clients_die_with_their_cluster():
    with MiniKafka() as cluster, patch(cluster):
        admin, consumer = KafkaAdminClient(), KafkaConsumer("orders", group_id="g")
    admin.close()
    consumer.close()
