"""What kafka-python does alike in its versions 2 and 3: a load of records, a member of a group."""

from __future__ import annotations

from contextlib import closing

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition

from interop.capture import Capture
from interop.records import LARGEST, Record
from interop.told import LOAD_MS, Told, session_ms

TIMEOUT_S = 10


def exercised(servers: str) -> KafkaConsumer:
    """The consumer that is made to do all that it can."""
    return KafkaConsumer(
        "exercised",
        bootstrap_servers=servers,
        group_id="g",
        auto_offset_reset="earliest",
        heartbeat_interval_ms=50,
        enable_auto_commit=False,
    )


def poll_until_heartbeat(consumer: KafkaConsumer, captured: Capture) -> None:
    """Poll until the group's coordinator has heard of the member."""
    for _ in range(TIMEOUT_S * 20):
        if captured.has("Heartbeat"):
            break
        consumer.poll(timeout_ms=50)


def load(servers: str, topic: str, told: Told) -> None:
    """Numbers by an idempotent producer; each is acknowledged before the next is sent."""
    producer = KafkaProducer(
        bootstrap_servers=servers,
        enable_idempotence=True,
        retry_backoff_ms=50,
        reconnect_backoff_ms=20,
        reconnect_backoff_max_ms=100,
        delivery_timeout_ms=LOAD_MS,
    )
    with closing(producer):
        for number in told.numbers():
            producer.send(topic, b"%d" % number).get(LOAD_MS / 1000)
            told.acknowledged(number)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells what the consumer owns now."""

    def __init__(self, told: Told) -> None:
        self.consumer: KafkaConsumer = None
        self._told = told

    def on_partitions_revoked(self, revoked: object) -> None:
        """The assignment is told when the rebalance is over."""

    def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002
        """A rebalance is over."""
        self.tell()

    def tell(self) -> None:
        """Tell the assignment."""
        self._told.owns({each.partition for each in self.consumer.assignment()})


def member(servers: str, topic: str, group: str, assignor: type, instance: str | None, told: Told) -> None:
    """A member of a group.

    One poll lasts long: kafka-python 3.0.12 forgets an assignment that arrives just when the time of a poll is up, and
    then neither reads nor sends heartbeats. A cooperative member that loses partitions is not told by its listener.
    """
    listener = _Listener(told)
    poll_ms = 1000 if "cooperative" in assignor.name else LOAD_MS
    listener.consumer = KafkaConsumer(
        bootstrap_servers=servers,
        group_id=group,
        group_instance_id=instance,
        partition_assignment_strategy=[assignor],
        auto_offset_reset="earliest",
        session_timeout_ms=session_ms(instance),
        heartbeat_interval_ms=100,
    )
    with closing(listener.consumer) as consumer:
        consumer.subscribe([topic], listener=listener)
        told.interrupt_at_the_end()
        try:
            while told.goes_on:
                records = consumer.poll(timeout_ms=poll_ms)
                listener.tell()
                for found in records.values():
                    for record in found:
                        told.read(record.partition, record.offset, record.value)
        except KeyboardInterrupt:
            pass


def hello(servers: str) -> None:
    """The second half of the hello-topic story: produce to the topic and consume it from the beginning."""
    with closing(KafkaProducer(bootstrap_servers=servers)) as producer:
        producer.send("hello-topic", b"hello", key=b"hello-key").get(10)
    consumer = KafkaConsumer(
        "hello-topic",
        bootstrap_servers=servers,
        group_id="hello-group-id",
        auto_offset_reset="earliest",
    )
    with closing(consumer):
        record = next(consumer)
        assert (record.key, record.value) == (b"hello-key", b"hello")


def write(servers: str, topic: str, records: list[Record]) -> None:
    """Produce the records."""
    with closing(KafkaProducer(bootstrap_servers=servers, max_request_size=LARGEST)) as producer:
        futures = [
            producer.send(topic, each.value, each.key, list(each.headers), each.partition) for each in records
        ]
        for future in futures:
            future.get(LOAD_MS / 1000)


def read(servers: str, topic: str, partitions: int, count: int) -> list[Record]:
    """So many records from the beginning of the partitions."""
    found: list[Record] = []
    with closing(KafkaConsumer(bootstrap_servers=servers, consumer_timeout_ms=LOAD_MS)) as consumer:
        mine = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(mine)
        consumer.seek_to_beginning(*mine)
        while len(found) < count:
            each = next(consumer)
            found.append(Record(each.partition, each.key, each.value, tuple(each.headers)))
    return found


def take(servers: str, topic: str, group: str, count: int) -> list[bytes | None]:
    """The values of so many records for a group, which has committed them when this returns."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=servers,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=LOAD_MS,
    )
    with closing(consumer):
        values = [next(consumer).value for _ in range(count)]
        consumer.commit()
    return values
