"""CreateTopics, DeleteTopics, CreatePartitions."""

from __future__ import annotations

from typing import Any

from tests.oracle.raw.case import case, table
from tests.oracle.raw.cases.produce import NOWHERE
from tests.oracle.raw.names import TOO_LONG
from tests.oracle.raw.scene import Scene, Topic

from minikafka.errors import UnsupportedVersionError
from minikafka.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from minikafka.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState

# CreateTopics


def topic(
    name: str,
    partitions: int = 1,
    replicas: int = 1,
    assignments: Any = None,
    configs: Any = None,
) -> CreatableTopic:
    """One topic to be created."""
    pairs = assignments.items() if isinstance(assignments, dict) else assignments or ()
    options = configs.items() if isinstance(configs, dict) else configs or ()
    return CreatableTopic(
        name=name,
        num_partitions=-1 if assignments is not None and partitions == 1 else partitions,
        replication_factor=-1 if assignments is not None and replicas == 1 else replicas,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=list(brokers))
            for index, brokers in pairs
        ],
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in options],
    )


def create(*topics: CreatableTopic, **options: Any) -> CreateTopicsRequest:
    """A whole request."""
    return CreateTopicsRequest(topics=list(topics), **{"timeout_ms": 10_000, **options})


def _one(*arguments: Any, validate_only: bool = False, name: str | None = None, **options: Any) -> Any:
    """One topic of the case's own name (or another); its configs are compared elsewhere."""
    return lambda s: create(
        topic(s.name() if name is None else name, *arguments, **options), validate_only=validate_only
    )


def _config(**configs: str | None) -> Any:
    return _one(configs={key.replace("_", "."): value for key, value in configs.items()})


def _three(*arguments: Any, **options: Any) -> Any:
    return case(_one(*arguments, **options), nodes=3)


_CREATE = table(
    "CreateTopics",
    lambda s: create(topic("no/topic", assignments={0: [1]}, configs={"retention.ms": "1"})),
    good={
        "one partition": _one(),
        "five partitions": _one(5),
        "default partitions": case(_one(-1, 1), first=4),
        "defaults": case(_one(-1, -1), first=4),
        "an assignment": _one(assignments={0: [1], 1: [1]}),
        "configs": _config(retention_ms="1000", cleanup_policy="compact"),
        "validated only": _one(validate_only=True),
        "two topics": lambda s: create(topic(s.name("a")), topic(s.name("b"), 2)),
        "the longest name": lambda s: create(topic(s.name("x" * (248 - len(s.own))))),
        "three replicas": _three(1, 3),
        "an assignment to two brokers": _three(assignments={0: [2, 3], 1: [3, 1]}),
        "internal.segment.bytes": _config(internal_segment_bytes="100"),
        "a list with spaces": _config(cleanup_policy=" compact , delete "),
    },
    bad={
        "that is there": lambda s: create(topic(s.readable().name)),
        "that is there, validated only": lambda s: create(topic(s.readable().name), validate_only=True),
        "an internal topic that is there": lambda s: (
            s.coordinator("some"),
            create(topic("__consumer_offsets")),
        )[-1],
        "no name": _one(name=""),
        "the name .": _one(name="."),
        "the name ..": _one(name=".."),
        "a name with a slash": _one(name="no/topic"),
        "a name with a space": _one(name="no topic"),
        "a name with an umlaut": _one(name="töpic"),
        "a name that is too long": _one(name=TOO_LONG),
        "a colliding name": lambda s: (s.topic("a.b"), create(topic(s.name("a_b"))))[-1],
        "names that collide with each other": lambda s: create(topic(s.name("c.d")), topic(s.name("c_d"))),
        "a name twice": lambda s: create(topic(s.name()), topic(s.name(), 2)),
        "a name twice and another": lambda s: create(topic(s.name()), topic(s.name("b")), topic(s.name())),
        "no topics": lambda s: create(),
        "0 partitions": _one(0),
        "-2 partitions": _one(-2),
        "10001 partitions": _one(10_001),
        "2^31-1 partitions": _one(2147483647),
        "0 replicas": _one(1, 0),
        "-2 replicas": _one(1, -2),
        "more replicas than brokers": _one(1, 2),
        "32767 replicas": _one(1, 32767),
        "4 replicas of 3 brokers": _three(1, 4),
        "partitions and an assignment": _one(2, -1, assignments={0: [1]}),
        "replicas and an assignment": _one(-1, 3, assignments={0: [1]}),
        "an assignment to an unknown broker": _one(assignments={0: [9]}),
        "an assignment to a negative broker": _one(assignments={0: [-1]}),
        "an assignment to no broker": _one(assignments={0: []}),
        "an assignment to a broker twice": _one(assignments={0: [1, 1]}),
        "an assignment that begins at 1": _one(assignments={1: [1]}),
        "an assignment with a gap": _one(assignments={0: [1], 2: [1]}),
        "a partition assigned twice": _one(assignments=[(0, [1]), (0, [1])]),
        "a negative partition assigned": _one(assignments={-1: [1]}),
        "assignments of unequal size": _three(assignments={0: [1, 2], 1: [3]}),
        "an unknown config": _config(no_such_option="1"),
        "an empty config": lambda s: create(topic(s.name(), configs={"": "1"})),
        "a null config": _config(retention_ms=None),
        "two null configs": _config(retention_ms=None, cleanup_policy=None),
        "a config that is no number": _config(retention_ms="long"),
        "a config that is too small": _config(retention_ms="-2"),
        "a config that is too large": _config(retention_ms="99999999999999999999"),
        "an int that is too large": _config(max_message_bytes="3000000000"),
        "a number that is empty": _config(retention_ms=""),
        "a number with spaces": _config(retention_ms=" 1000 "),
        "a number with a fraction": _config(retention_ms="1.5"),
        "an unknown policy": _config(cleanup_policy="burn"),
        "an empty policy": _config(cleanup_policy=""),
        "a policy twice": _config(cleanup_policy="delete,delete"),
        "a policy and nothing": _config(cleanup_policy="delete,"),
        "an unknown compression": _config(compression_type="rar"),
        "compression in large letters": _config(compression_type="GZIP"),
        "an unknown timestamp type": _config(message_timestamp_type="Never"),
        "a boolean that is none": _config(preallocate="maybe"),
        "a boolean in large letters": _config(preallocate="TRUE"),
        "a ratio above 1": _config(min_cleanable_dirty_ratio="1.5"),
        "a ratio that is no number": _config(min_cleanable_dirty_ratio="half"),
        "a gzip level of 0": _config(compression_gzip_level="0"),
        "a gzip level of 10": _config(compression_gzip_level="10"),
        "an lz4 level of 18": _config(compression_lz4_level="18"),
        "a zstd level of 23": _config(compression_zstd_level="23"),
        "small segments": _config(segment_bytes="1000"),
        "min.insync.replicas of 0": _config(min_insync_replicas="0"),
        "lags that contradict": _config(min_compaction_lag_ms="10", max_compaction_lag_ms="5"),
        "tiered storage": _config(remote_storage_enable="true"),
        "local retention above retention": _config(local_retention_ms="1000", retention_ms="10"),
        "throttled replicas that are none": _config(leader_replication_throttled_replicas="1:x"),
        "a config that was removed": _config(message_format_version="3.0"),
        "a config twice": lambda s: create(
            topic(s.name(), configs=[("retention.ms", "1"), ("retention.ms", "2")])
        ),
        "two bad configs": _config(retention_ms="-2", cleanup_policy="burn"),
        "a bad name and a good one": lambda s: create(topic("no/topic"), topic(s.name())),
        "a bad name twice": lambda s: create(topic("no/topic"), topic("no/topic")),
        "a negative timeout": lambda s: create(topic(s.name()), timeout_ms=-1),
        "a timeout of 0": lambda s: create(topic(s.name()), timeout_ms=0),
    },
)

# DeleteTopics


def delete(*topics: Any, timeout_ms: int = 10_000) -> Any:
    """Topics by name, by id (bytes), or by (name, id)."""

    def build(s: Scene) -> DeleteTopicsRequest:
        if s.version < 6:
            if not all(isinstance(each, str) for each in topics):
                raise UnsupportedVersionError("names only")
            return DeleteTopicsRequest(topic_names=list(topics), timeout_ms=timeout_ms)
        states = []
        for each in topics:
            name, topic_id = each if isinstance(each, tuple) else (each, bytes(16))
            if isinstance(each, bytes):
                name, topic_id = None, each
            states.append(DeleteTopicState(name=name, topic_id=topic_id))
        return DeleteTopicsRequest(topics=states, timeout_ms=timeout_ms)

    return build


def _new(s: Scene, suffix: str = "topic") -> Topic:
    return s.topic(suffix)


_DELETE = table(
    "DeleteTopics",
    lambda s: delete("no/topic")(s),
    good={
        "by name": lambda s: delete(_new(s).name)(s),
        "by id": lambda s: delete(_new(s).id)(s),
        "two": lambda s: delete(_new(s, "a").name, _new(s, "b").name)(s),
        "by name and by id": lambda s: delete(_new(s, "a").name, _new(s, "b").id)(s),
    },
    bad={
        "unknown": lambda s: delete("nowhere")(s),
        "unknown id": lambda s: delete(NOWHERE.id)(s),
        "name and id": lambda s: delete((t := _new(s)) and (t.name, t.id))(s),
        "name and another id": lambda s: delete((_new(s).name, NOWHERE.id))(s),
        "neither name nor id": lambda s: delete((None, bytes(16)))(s),
        "no name": lambda s: delete("")(s),
        "a name that is none": lambda s: delete("no/topic")(s),
        "a name that is too long": lambda s: delete(TOO_LONG)(s),
        "no topics": delete(),
        "a name twice": lambda s: delete(_new(s).name, s.name())(s),
        "an id twice": lambda s: delete((t := _new(s)).id, t.id)(s),
        "a name, and its id": lambda s: delete((t := _new(s)).name, t.id)(s),
        "an unknown name twice": lambda s: delete("nowhere", "nowhere")(s),
        "an unknown id twice": lambda s: delete(NOWHERE.id, NOWHERE.id)(s),
        "good and unknown": lambda s: delete("nowhere", _new(s).name)(s),
        "good and unknown id": lambda s: delete(NOWHERE.id, _new(s).id)(s),
        "a name twice and another": lambda s: delete(_new(s, "a").name, _new(s, "b").name, s.name("a"))(s),
        "deleted already": lambda s: (
            t := _new(s),
            s.ask(delete(t.name)(Scene(s.cluster, s.own, 6))),
            delete(t.name)(s),
        )[-1],
        "deleted already, by id": lambda s: (
            t := _new(s),
            s.ask(delete(t.name)(Scene(s.cluster, s.own, 6))),
            delete(t.id)(s),
        )[-1],
        "a negative timeout": lambda s: delete(_new(s).name, timeout_ms=-1)(s),
        "a timeout of 0": lambda s: delete(_new(s).name, timeout_ms=0)(s),
    },
)

# CreatePartitions


def grow(name: str, count: int, assignments: Any = None) -> CreatePartitionsTopic:
    """One topic that is to have more partitions."""
    return CreatePartitionsTopic(
        name=name,
        count=count,
        assignments=None
        if assignments is None
        else [CreatePartitionsAssignment(broker_ids=list(each)) for each in assignments],
    )


def partitions(*topics: CreatePartitionsTopic, **options: Any) -> CreatePartitionsRequest:
    """A whole request."""
    return CreatePartitionsRequest(topics=list(topics), **{"timeout_ms": 10_000, **options})


def _grow(count: int, assignments: Any = None, *, there: int = 1, **options: Any) -> Any:
    return lambda s: partitions(grow(s.topic(partitions=there).name, count, assignments), **options)


def _grow3(count: int, assignments: Any) -> Any:
    return case(
        lambda s: partitions(grow(s.topic(assignments={0: [1, 2]}).name, count, assignments)), nodes=3
    )


_PARTITIONS = table(
    "CreatePartitions",
    lambda s: partitions(grow("nowhere", 2, [[1]])),
    good={
        "one more": _grow(2),
        "five more": _grow(6),
        "an assignment": _grow(3, [[1], [1]]),
        "validated only": _grow(2, validate_only=True),
        "two topics": lambda s: partitions(grow(s.topic("a").name, 2), grow(s.topic("b").name, 3)),
        "an assignment to brokers": _grow3(3, [[2, 3], [3, 1]]),
    },
    bad={
        "unknown topic": lambda s: partitions(grow("nowhere", 2)),
        "no name": lambda s: partitions(grow("", 2)),
        "a name that is none": lambda s: partitions(grow("no/topic", 2)),
        "a name that is too long": lambda s: partitions(grow(TOO_LONG, 2)),
        "as many as there are": _grow(1),
        "as many as there are, several": _grow(3, there=3),
        "fewer than there are": _grow(2, there=3),
        "0": _grow(0),
        "-1": _grow(-1),
        # Kafka makes them, and is busy for minutes; it is out of memory with 2^31-1.
        "10001 more, validated only": _grow(10_002, validate_only=True),
        "too few assignments": _grow(3, [[1]]),
        "too many assignments": _grow(2, [[1], [1]]),
        "empty assignments": _grow(2, []),
        "an assignment to no broker": _grow(2, [[]]),
        "an assignment to an unknown broker": _grow(2, [[9]]),
        "an assignment to a negative broker": _grow(2, [[-1]]),
        "an assignment to a broker twice": _grow(2, [[1, 1]]),
        "an assignment to fewer brokers": _grow3(2, [[1]]),
        "an assignment to more brokers": _grow3(2, [[1, 2, 3]]),
        "assignments of unequal size": _grow3(3, [[1, 2], [3]]),
        "no topics": lambda s: partitions(),
        "a topic twice": lambda s: partitions(grow(s.topic().name, 2), grow(s.name(), 3)),
        "a topic twice and another": lambda s: partitions(
            grow(s.topic("a").name, 2), grow(s.topic("b").name, 3), grow(s.name("a"), 4)
        ),
        "good and unknown": lambda s: partitions(grow("nowhere", 2), grow(s.topic().name, 2)),
        "a bad count, validated only": _grow(1, validate_only=True),
        "a negative timeout": _grow(2, timeout_ms=-1),
        "a timeout of 0": _grow(2, timeout_ms=0),
    },
)

CASES = [*_CREATE, *_DELETE, *_PARTITIONS]
