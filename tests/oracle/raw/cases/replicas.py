"""ElectLeaders, AlterPartitionReassignments, ListPartitionReassignments, DescribeLogDirs: where replicas are."""

from __future__ import annotations

import time
from typing import Any

from tests.oracle.raw.case import case, table
from tests.oracle.raw.names import TOO_LONG, bad_partitions
from tests.oracle.raw.scene import Scene, Topic, batch

from minikafka.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from minikafka.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest
from minikafka.messages.elect_leaders import ElectLeadersRequest, TopicPartitions
from minikafka.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsTopics,
)
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic

_SETTLED_S = 20

# ElectLeaders


def elect(*topics: Any, kind: int = 0, **options: Any) -> ElectLeadersRequest:
    """Topics as (name, partitions...); None for all."""
    asked = (
        None
        if topics == (None,)
        else [TopicPartitions(topic=name, partitions=list(indexes)) for name, *indexes in topics]
    )
    return ElectLeadersRequest(
        election_type=kind, topic_partitions=asked, **{"timeout_ms": 10_000, **options}
    )


def _elect(*indexes: int, **options: Any) -> Any:
    return lambda s: elect((s.readable().name, *indexes), **options)


_ELECT = table(
    "ElectLeaders",
    lambda s: elect(("nowhere", 0)),
    good={
        "that leads already": _elect(0),
        "two partitions": _elect(0, 1),
        "unclean, with a leader": case(_elect(0, kind=1), first=1),
        "two topics": lambda s: elect((s.readable().name, 0), (s.trimmed().name, 0)),
        "of three brokers": case(lambda s: elect((s.topic(assignments={0: [2, 3]}).name, 0)), nodes=3),
        "all that lead already": case(lambda s: elect(None), own=True),
    },
    bad={
        **bad_partitions(elect),
        "an unknown topic twice": lambda s: elect(("nowhere", 0), ("nowhere", 0)),
        "good and unknown": lambda s: elect(("nowhere", 0), (s.readable().name, 0)),
        "unclean, unknown topic": case(lambda s: elect(("nowhere", 0), kind=1), first=1),
        "election type 2": case(_elect(0, kind=2), first=1),
        "election type -1": case(_elect(0, kind=-1), first=1),
        "a negative timeout": _elect(0, timeout_ms=-1),
        "a timeout of 0": _elect(0, timeout_ms=0),
    },
)

# AlterPartitionReassignments


def reassign(*topics: Any, **options: Any) -> AlterPartitionReassignmentsRequest:
    """Topics as (name, {partition: brokers or None})."""
    return AlterPartitionReassignmentsRequest(
        topics=[
            ReassignableTopic(
                name=name,
                partitions=[
                    ReassignablePartition(partition_index=index, replicas=None if to is None else list(to))
                    for index, to in (moves.items() if isinstance(moves, dict) else moves)
                ],
            )
            for name, moves in topics
        ],
        **{"timeout_ms": 10_000, **options},
    )


def reassigned(s: Scene) -> Topic:
    """A topic of three brokers whose leader is 1 again after it was 2: leader epochs were used up."""
    topic = s.topic(assignments={0: [1, 2]})
    s.produce(topic, batch(2))
    for replicas in ([2, 3], [1, 3]):
        answer = s.ask(reassign((topic.name, {0: replicas})))
        assert answer.responses[0].partitions[0].error_code == 0, answer
        settle(s, topic, replicas)
    s.produce(topic, batch(1), node_id=1)
    return topic


def settle(s: Scene, topic: Topic, replicas: list[int]) -> None:
    """Wait until a reassignment is through, for all brokers to see."""
    deadline = time.monotonic() + _SETTLED_S
    for node_id in s.cluster.node_ids:
        while True:
            answer = s.ask(MetadataRequest(topics=[MetadataRequestTopic(name=topic.name)]), node_id)
            partition = answer.topics[0].partitions[0]
            if (
                partition.replica_nodes == replicas
                and partition.leader_id == replicas[0]
                and sorted(partition.isr_nodes) == sorted(replicas)
            ):
                break
            assert time.monotonic() < deadline, answer


def _move(moves: Any, **options: Any) -> Any:
    return lambda s: reassign((s.topic().name, moves), **options)


def _move3(moves: Any, **options: Any) -> Any:
    return case(lambda s: reassign((s.topic(assignments={0: [1, 2]}).name, moves), **options), nodes=3)


_REASSIGN = table(
    "AlterPartitionReassignments",
    lambda s: reassign(("nowhere", {0: [1]})),
    good={
        "to where it is": _move({0: [1]}),
        "to others": _move3({0: [2, 3]}),
        "to more": _move3({0: [1, 2, 3]}),
        "to fewer": _move3({0: [1]}),
        "in another order": _move3({0: [2, 1]}),
        "no change of the factor": _move3({0: [2, 3]}, allow_replication_factor_change=False),
    },
    bad={
        "cancelling what is not going on": _move({0: None}),
        "unknown topic": lambda s: reassign(("nowhere", {0: [1]})),
        "unknown partition": _move({9: [1]}),
        "negative partition": _move({-1: [1]}),
        "cancelling of an unknown topic": lambda s: reassign(("nowhere", {0: None})),
        "no topic name": lambda s: reassign(("", {0: [1]})),
        "a topic name that is none": lambda s: reassign(("no/topic", {0: [1]})),
        "a topic name that is too long": lambda s: reassign((TOO_LONG, {0: [1]})),
        "no topics": lambda s: reassign(),
        "no partitions": _move({}),
        "no brokers": _move({0: []}),
        "an unknown broker": _move({0: [9]}),
        "a negative broker": _move({0: [-1]}),
        "a broker twice": _move({0: [1, 1]}),
        "a partition twice": _move([(0, [1]), (0, [1])]),
        "a topic twice": lambda s: reassign((s.topic().name, {0: [1]}), (s.name(), {0: [1]})),
        "good and unknown partitions": _move({0: [1], 5: [1]}),
        "good and unknown topics": lambda s: reassign(("nowhere", {0: [1]}), (s.topic().name, {0: [1]})),
        "a forbidden change of the factor": _move3({0: [1, 2, 3]}, allow_replication_factor_change=False),
        "a negative timeout": _move({0: [1]}, timeout_ms=-1),
        "a timeout of 0": _move({0: [1]}, timeout_ms=0),
    },
)

# ListPartitionReassignments


def listed(*topics: Any, **options: Any) -> ListPartitionReassignmentsRequest:
    """Topics as (name, partitions...); None for all."""
    asked = (
        None
        if topics == (None,)
        else [
            ListPartitionReassignmentsTopics(name=name, partition_indexes=list(indexes))
            for name, *indexes in topics
        ]
    )
    return ListPartitionReassignmentsRequest(topics=asked, **{"timeout_ms": 10_000, **options})


_LIST = table(
    "ListPartitionReassignments",
    lambda s: listed(("nowhere", 0)),
    good={
        "none going on": lambda s: listed((s.readable().name, 0)),
        "all": lambda s: listed(None),
        "two topics": lambda s: listed((s.readable().name, 0, 1), (s.trimmed().name, 0)),
    },
    bad={
        **bad_partitions(listed),
        # Not of another partition, as elsewhere: the same one.
        "a topic twice": lambda s: listed((s.readable().name, 0), (s.readable().name, 0)),
        "a negative timeout": lambda s: listed((s.readable().name, 0), timeout_ms=-1),
    },
)

# DescribeLogDirs


def log_dirs(*topics: Any) -> DescribeLogDirsRequest:
    """Topics as (name, partitions...); None for all."""
    return DescribeLogDirsRequest(
        topics=None
        if topics == (None,)
        else [DescribableLogDirTopic(topic=name, partitions=list(indexes)) for name, *indexes in topics]
    )


_LOG_DIRS = table(
    "DescribeLogDirs",
    lambda s: log_dirs(("nowhere", 0)),
    good={
        "one partition": lambda s: log_dirs((s.readable().name, 0)),
        "two partitions": lambda s: log_dirs((s.readable().name, 0, 1)),
        "all": case(lambda s: (s.topic(), log_dirs(None))[-1], own=True),
        "a trimmed log": lambda s: log_dirs((s.trimmed().name, 0)),
    },
    bad={
        **bad_partitions(log_dirs),
        "good and unknown": lambda s: log_dirs(("nowhere", 0), (s.readable().name, 0)),
    },
)

CASES = [*_ELECT, *_REASSIGN, *_LIST, *_LOG_DIRS]
