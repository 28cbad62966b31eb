"""ListOffsets, OffsetForLeaderEpoch and DeleteRecords: questions about a log's offsets, and its start."""

from __future__ import annotations

from typing import Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.cases.produce import NOWHERE
from tests.oracle.raw.names import TOO_LONG
from tests.oracle.raw.scene import Scene, Topic, batch

from minikafka.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

# ListOffsets


def offsets(topic: Topic | str, *timestamps: int, **options: Any) -> ListOffsetsRequest:
    """One partition after the other of a topic, each by a timestamp."""
    return list_request(offsets_of(topic, *timestamps), **options)


def offsets_of(
    topic: Topic | str, *timestamps: int, epoch: int = -1, partition: int | None = None
) -> ListOffsetsTopic:
    """One topic's part."""
    return ListOffsetsTopic(
        name=topic if isinstance(topic, str) else topic.name,
        partitions=[
            ListOffsetsPartition(
                partition_index=index if partition is None else partition,
                timestamp=timestamp,
                current_leader_epoch=epoch,
            )
            for index, timestamp in enumerate(timestamps)
        ],
    )


def list_request(*topics: ListOffsetsTopic, **options: Any) -> ListOffsetsRequest:
    """A whole request of a consumer."""
    return ListOffsetsRequest(**{"replica_id": -1, "topics": list(topics), **options})


def _readable(*timestamps: int, **options: Any) -> Any:
    return lambda s: offsets(s.readable(), *timestamps, **options)


def _readable_of(*timestamps: int, **options: Any) -> Any:
    return lambda s: list_request(offsets_of(s.readable(), *timestamps, **options))


_LIST_OFFSETS = table(
    "ListOffsets",
    lambda s: offsets(NOWHERE, -1),
    good={
        "latest": _readable(-1, -1),
        "earliest": _readable(-2, -2),
        "largest timestamp": _readable(-3, -3),
        "earliest local": _readable(-4, -4),
        "latest tiered": _readable(-5, -5),
        "earliest pending upload": _readable(-6, -6),
        "read committed": _readable(-1, isolation_level=1),
        "by the first timestamp": _readable(1_000_000),
        "between timestamps": _readable(1_000_005),
        "inside a batch": _readable(2_000_001),
        "of a later batch with earlier times": _readable(1_000_002),
        "after the last": _readable(2_000_003, 1),
        "timestamp 0": _readable(0),
        "earliest of a trimmed log": lambda s: offsets(s.trimmed(), -2),
        "by a time before a trimmed log": lambda s: offsets(s.trimmed(), 1500),
        "right epoch": _readable_of(-1, epoch=0),
        "with a timeout": _readable(-1, timeout_ms=1000),
        "two topics": lambda s: list_request(offsets_of(s.readable(), -1), offsets_of(s.trimmed(), -2)),
        "a compressed batch": lambda s: (
            topic := s.topic(),
            s.produce(topic, batch(10, compression=1)),
            offsets(topic, 1_000_004),
        )[-1],
    },
    bad={
        "unknown topic": lambda s: offsets(NOWHERE, -1),
        "unknown partition": lambda s: offsets(s.readable(), -1, -1, -1),
        "negative partition": _readable_of(-1, partition=-1),
        "no topic name": lambda s: offsets("", -1),
        "a topic name that is none": lambda s: offsets("no/topic", -1),
        "a topic name that is too long": lambda s: offsets(TOO_LONG, -1),
        "timestamp -7": _readable(-7),
        "timestamp -100": _readable(-100),
        "timestamp -2^63": _readable(-(1 << 63)),
        "timestamp 2^63-1": _readable((1 << 63) - 1),
        "newer epoch": case(_readable_of(-1, epoch=1), first=4),
        "epoch -2": case(_readable_of(-1, epoch=-2), first=4),
        "isolation level 2": _readable(-1, isolation_level=2),
        "isolation level -1": _readable(-1, isolation_level=-1),
        "no topics": lambda s: list_request(),
        "no partitions": lambda s: list_request(offsets_of(s.readable())),
        "a partition twice": _readable_of(-1, -2, partition=0),
        "a topic twice": lambda s: list_request(offsets_of(s.readable(), -1), offsets_of(s.readable(), -2)),
        "an unknown replica": _readable(-1, replica_id=5),
        "a debugging consumer": _readable(-1, replica_id=-2),
        "replica -3": _readable(-1, replica_id=-3),
        "a negative timeout": _readable(-1, timeout_ms=-1),
        "an internal topic": lambda s: (s.coordinator("some"), offsets("__consumer_offsets", -2))[-1],
        "a follower": case(lambda s: At(2, offsets(s.topic(assignments={0: [1, 2]}), -1)), nodes=3),
        "a broker without a replica": case(
            lambda s: At(3, offsets(s.topic(assignments={0: [1, 2]}), -1)), nodes=3
        ),
    },
)

# OffsetForLeaderEpoch


def epochs(
    topic: Topic | str, *asked: int, current: int = -1, partition: int | None = None, **options: Any
) -> Any:
    """The ends of epochs, one partition after the other."""
    return epoch_request(epochs_of(topic, *asked, current=current, partition=partition), **options)


def epochs_of(
    topic: Topic | str, *asked: int, current: int = -1, partition: int | None = None
) -> OffsetForLeaderTopic:
    """One topic's part."""
    return OffsetForLeaderTopic(
        topic=topic if isinstance(topic, str) else topic.name,
        partitions=[
            OffsetForLeaderPartition(
                partition=index if partition is None else partition,
                leader_epoch=epoch,
                current_leader_epoch=current,
            )
            for index, epoch in enumerate(asked)
        ],
    )


def epoch_request(*topics: OffsetForLeaderTopic, replica_id: int = -1) -> OffsetForLeaderEpochRequest:
    """A whole request of a consumer."""
    return OffsetForLeaderEpochRequest(replica_id=replica_id, topics=list(topics))


_EPOCHS = table(
    "OffsetForLeaderEpoch",
    lambda s: epochs(NOWHERE, 0),
    good={
        "the current epoch": lambda s: epochs(s.readable(), 0, 0),
        "with the current epoch": lambda s: epochs(s.readable(), 0, current=0),
        "of a trimmed log": lambda s: epochs(s.trimmed(), 0),
        "two topics": lambda s: epoch_request(epochs_of(s.readable(), 0), epochs_of(s.trimmed(), 0)),
        "an older epoch": case(lambda s: At(_reassigned_leader(s), epochs(s.name(), 0)), nodes=3),
    },
    bad={
        "a newer epoch": lambda s: epochs(s.readable(), 1),
        "epoch 2^31-1": lambda s: epochs(s.readable(), 2147483647),
        "epoch -1": lambda s: epochs(s.readable(), -1),
        "epoch -2": lambda s: epochs(s.readable(), -2),
        "newer current epoch": lambda s: epochs(s.readable(), 0, current=3),
        "current epoch -2": lambda s: epochs(s.readable(), 0, current=-2),
        "unknown topic": lambda s: epochs(NOWHERE, 0),
        "unknown partition": lambda s: epochs(s.readable(), 0, partition=7),
        "negative partition": lambda s: epochs(s.readable(), 0, partition=-1),
        "no topic name": lambda s: epochs("", 0),
        "a topic name that is none": lambda s: epochs("no/topic", 0),
        "a topic name that is too long": lambda s: epochs(TOO_LONG, 0),
        "no topics": lambda s: epoch_request(),
        "no partitions": lambda s: epoch_request(epochs_of(s.readable())),
        "a partition twice": lambda s: epochs(s.readable(), 0, 1, partition=0),
        "a topic twice": lambda s: epoch_request(epochs_of(s.readable(), 0), epochs_of(s.readable(), 1)),
        "an unknown replica": lambda s: epochs(s.readable(), 0, replica_id=9),
        "a debugging consumer": lambda s: epochs(s.readable(), 0, replica_id=-2),
        "an older current epoch": case(
            lambda s: At(_reassigned_leader(s), epochs(s.name(), 0, current=0)), nodes=3
        ),
        "a follower": case(lambda s: At(2, epochs(s.topic(assignments={0: [1, 2]}), 0)), nodes=3),
        "a broker without a replica": case(
            lambda s: At(3, epochs(s.topic(assignments={0: [1, 2]}), 0)), nodes=3
        ),
    },
)


def _reassigned_leader(s: Scene) -> int:
    from tests.oracle.raw.cases.replicas import reassigned

    reassigned(s)
    return 1


# DeleteRecords


def delete(topic: Topic | str, *asked: int, partition: int | None = None, timeout_ms: int = 10_000) -> Any:
    """Move the starts of a topic's partitions, one after the other."""
    return delete_request(delete_of(topic, *asked, partition=partition), timeout_ms=timeout_ms)


def delete_of(topic: Topic | str, *asked: int, partition: int | None = None) -> DeleteRecordsTopic:
    """One topic's part."""
    return DeleteRecordsTopic(
        name=topic if isinstance(topic, str) else topic.name,
        partitions=[
            DeleteRecordsPartition(partition_index=index if partition is None else partition, offset=offset)
            for index, offset in enumerate(asked)
        ],
    )


def delete_request(*topics: DeleteRecordsTopic, timeout_ms: int = 10_000) -> DeleteRecordsRequest:
    """A whole request."""
    return DeleteRecordsRequest(topics=list(topics), timeout_ms=timeout_ms)


def _five(s: Scene, suffix: str = "topic") -> Topic:
    topic = s.topic(suffix, assignments={0: s.cluster.node_ids})
    s.produce(topic, batch(2), batch(3))
    return topic


_DELETE_RECORDS = table(
    "DeleteRecords",
    lambda s: delete(NOWHERE, 0),
    good={
        "some": lambda s: [delete(topic := _five(s), 3), offsets(topic, -2)],
        "all": lambda s: [delete(topic := _five(s), 5), offsets(topic, -2)],
        "up to the high watermark": lambda s: [delete(topic := _five(s), -1), offsets(topic, -2)],
        "none": lambda s: delete(_five(s), 0),
        "what is gone already": lambda s: delete(s.trimmed(), 2),
        "of an empty log": lambda s: delete(s.topic(), 0),
        "of an empty log, up to the high watermark": lambda s: delete(s.topic(), -1),
        "two topics": lambda s: delete_request(delete_of(_five(s, "a"), 1), delete_of(_five(s, "b"), 2)),
        "replicated": case(lambda s: delete(_five(s), 3), nodes=3),
    },
    bad={
        "beyond the end": lambda s: delete(s.readable(), 11),
        "far beyond the end": lambda s: delete(s.readable(), (1 << 63) - 1),
        "offset -2": lambda s: delete(s.readable(), -2),
        "offset -2^63": lambda s: delete(s.readable(), -(1 << 63)),
        "unknown topic": lambda s: delete(NOWHERE, 0),
        "unknown partition": lambda s: delete(s.readable(), 0, partition=5),
        "negative partition": lambda s: delete(s.readable(), 0, partition=-1),
        "no topic name": lambda s: delete("", 0),
        "a topic name that is none": lambda s: delete("no/topic", 0),
        "a topic name that is too long": lambda s: delete(TOO_LONG, 0),
        "no topics": lambda s: delete_request(),
        "no partitions": lambda s: delete_request(delete_of(s.readable())),
        "a partition twice": lambda s: delete(_five(s), 1, 2, partition=0),
        "a topic twice": lambda s: delete_request(*[delete_of(topic := _five(s), 1), delete_of(topic, 2)]),
        "one good and one bad": lambda s: delete_request(delete_of(_five(s), 1), delete_of(NOWHERE, 1)),
        "an internal topic": lambda s: (s.coordinator("some"), delete("__consumer_offsets", 0))[-1],
        "a compacted topic": lambda s: delete(s.topic(cleanup_policy="compact"), 0),
        "a compacted topic that also deletes": lambda s: delete(s.topic(cleanup_policy="compact,delete"), 0),
        "a negative timeout": lambda s: delete(_five(s), 1, timeout_ms=-1),
        "a timeout of 0": lambda s: delete(_five(s), 1, timeout_ms=0),
        "a follower": case(lambda s: At(2, delete(s.topic(assignments={0: [1, 2]}), 0)), nodes=3),
        "a broker without a replica": case(
            lambda s: At(3, delete(s.topic(assignments={0: [1, 2]}), 0)), nodes=3
        ),
    },
)

CASES = [*_LIST_OFFSETS, *_EPOCHS, *_DELETE_RECORDS]
