"""hypothesis strategies for services on Kafka: records, keys that collide, workloads, crash points."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

    from minikafka.cluster import MiniKafka
    from minikafka.producer import KafkaProducer


class ProducedRecord(NamedTuple):
    """A record to send. `partition` None: the partitioner's choice; `timestamp_ms` None: the clock's."""

    topic: str
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None
    timestamp_ms: int | None = None

    def send(self, producer: KafkaProducer) -> object:
        """Send it; the producer's future."""
        return producer.send(
            self.topic,
            key=self.key,
            value=self.value,
            headers=list(self.headers),
            partition=self.partition,
            timestamp_ms=self.timestamp_ms,
        )


class Pause(NamedTuple):
    """Virtual time that passes."""

    seconds: float


def keys(partitions: int = 3, null: bool = True) -> SearchStrategy[bytes | None]:
    """Keys that collide: few enough that equal keys are common, and that different ones share a partition.

    Args:
        partitions: of the topic; there are twice as many keys.
        null: whether there are records without a key.
    """
    pool: list[bytes | None] = [b"key-%d" % number for number in range(2 * partitions)]
    pool.append(b"")
    return st.sampled_from([None, *pool] if null else pool)


def records(
    topic: str | Sequence[str],
    *,
    partitions: int = 3,
    values: SearchStrategy[bytes | None] | None = None,
    explicit_partitions: bool = False,
) -> SearchStrategy[ProducedRecord]:
    """Records for a topic (or one of several).

    Args:
        topic: the topic, or the topics to choose from.
        partitions: how many each has.
        values: by default short bytes, sometimes None with a key (a tombstone).
        explicit_partitions: also choose the partition, instead of leaving it to the partitioner.
    """
    topics = [topic] if isinstance(topic, str) else list(topic)
    header = st.tuples(st.sampled_from(["trace-id", "type", ""]), st.binary(max_size=8))
    record = st.builds(
        ProducedRecord,
        topic=st.sampled_from(topics),
        key=keys(partitions),
        value=st.none() | st.binary(max_size=20) if values is None else values,
        headers=st.lists(header, max_size=2).map(tuple),
        partition=st.integers(0, partitions - 1) if explicit_partitions else st.none(),
        timestamp_ms=st.none(),
    )
    # kafka-python sends nothing without key and value.
    return record.map(lambda each: each if each.key is not None else each._replace(value=each.value or b""))


def workloads(
    topic: str | Sequence[str],
    *,
    partitions: int = 3,
    values: SearchStrategy[bytes | None] | None = None,
    min_size: int = 1,
    max_size: int = 20,
) -> SearchStrategy[list[ProducedRecord | Pause]]:
    """What a service's inputs look like over time: records, and pauses between them; see `produce`."""
    pause = st.builds(Pause, st.sampled_from([0.01, 1.0, 60.0]))
    record = records(topic, partitions=partitions, values=values)
    return st.lists(record | pause, min_size=min_size, max_size=max_size)


def produce(kafka: MiniKafka, workload: Sequence[ProducedRecord | Pause]) -> list[ProducedRecord]:
    """Play a workload on a cluster; the records that were acknowledged, each with its partition."""
    producer = kafka.producer()
    acknowledged: list[ProducedRecord] = []
    for step in workload:
        if isinstance(step, Pause):
            kafka.advance(seconds=step.seconds)
        else:
            metadata = step.send(producer).get(timeout=60)  # type: ignore[attr-defined]
            acknowledged.append(step._replace(partition=metadata.partition))
    producer.close()
    return acknowledged


def crash_points(max_calls: int = 30, max_crashes: int = 3) -> SearchStrategy[list[int]]:
    """At which library call each run of the service is killed; see `CrashHarness.run_through`."""
    return st.lists(st.integers(1, max_calls), max_size=max_crashes)
