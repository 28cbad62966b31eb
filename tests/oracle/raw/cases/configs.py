"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.names import TOO_LONG
from tests.oracle.raw.scene import Scene

from minikafka.messages.alter_configs import AlterableConfig as Setting
from minikafka.messages.alter_configs import AlterConfigsRequest
from minikafka.messages.alter_configs import AlterConfigsResource as SetResource
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from minikafka.messages.incremental_alter_configs import AlterableConfig as Alteration
from minikafka.messages.incremental_alter_configs import AlterConfigsResource as AlterResource
from minikafka.messages.incremental_alter_configs import IncrementalAlterConfigsRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[..., Any]

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
_SET, _DELETE_OP, _APPEND, _SUBTRACT = range(4)

_BROKER_OPTIONS = """
auto.create.topics.enable auto.leader.rebalance.enable broker.rack broker.session.timeout.ms
compression.gzip.level compression.lz4.level compression.type compression.zstd.level
connections.max.idle.ms default.replication.factor delete.topic.enable fetch.max.bytes
group.initial.rebalance.delay.ms group.max.session.timeout.ms group.max.size
group.min.session.timeout.ms leader.imbalance.check.interval.seconds log.cleaner.delete.retention.ms
log.cleaner.max.compaction.lag.ms log.cleaner.min.cleanable.ratio log.cleaner.min.compaction.lag.ms
log.cleanup.policy log.flush.interval.messages log.flush.interval.ms log.index.interval.bytes
log.index.size.max.bytes log.initial.task.delay.ms log.local.retention.bytes log.local.retention.ms
log.message.timestamp.after.max.ms log.message.timestamp.before.max.ms log.message.timestamp.type
log.preallocate log.retention.bytes log.retention.check.interval.ms log.retention.hours
log.retention.minutes log.retention.ms log.roll.hours log.roll.jitter.hours log.roll.jitter.ms
log.roll.ms log.segment.bytes log.segment.delete.delay.ms max.connections
max.incremental.fetch.session.cache.slots max.request.partition.size.limit message.max.bytes
min.insync.replicas num.partitions offset.metadata.max.bytes offsets.commit.timeout.ms
offsets.retention.check.interval.ms offsets.retention.minutes offsets.topic.num.partitions
offsets.topic.replication.factor offsets.topic.segment.bytes
producer.id.expiration.check.interval.ms producer.id.expiration.ms replica.fetch.backoff.ms
replica.fetch.max.bytes replica.fetch.min.bytes replica.fetch.response.max.bytes
replica.fetch.wait.max.ms replica.lag.time.max.ms request.timeout.ms socket.listen.backlog.size
socket.request.max.bytes transaction.state.log.min.isr transaction.state.log.num.partitions
transaction.state.log.replication.factor transaction.state.log.segment.bytes
unclean.leader.election.enable
"""
"""Those that minikafka models."""

# DescribeConfigs


def of(name: str, *keys: str, kind: int = TOPIC, every: bool = False) -> DescribeConfigsResource:
    """Some options of something, or all."""
    return DescribeConfigsResource(
        resource_type=kind, resource_name=name, configuration_keys=None if every else list(keys)
    )


def describe(*resources: DescribeConfigsResource, **options: Any) -> DescribeConfigsRequest:
    """A whole request."""
    return DescribeConfigsRequest(resources=list(resources), **options)


def _topic(*keys: str, every: bool = False, configs: Any = None, **options: Any) -> Any:
    return lambda s: describe(of(s.topic(**(configs or {})).name, *keys, every=every), **options)


def _broker(*keys: str, name: str = "1", every: bool = False, **options: Any) -> Any:
    return lambda s: describe(of(name, *keys, kind=BROKER, every=every), **options)


_DESCRIBE = table(
    "DescribeConfigs",
    lambda s: describe(of("nowhere", "retention.ms")),
    good={
        "one option of a topic": _topic("retention.bytes"),
        "all options of a topic": _topic(every=True),
        "an option that was set": _topic("cleanup.policy", configs={"cleanup_policy": "compact"}),
        "with synonyms": _topic("cleanup.policy", "segment.ms", include_synonyms=True),
        "a set one with synonyms": _topic(
            "max.message.bytes", configs={"max_message_bytes": "1000"}, include_synonyms=True
        ),
        "all with synonyms": _topic(every=True, include_synonyms=True),
        "with documentation": case(_topic("cleanup.policy", include_documentation=True), first=3),
        "a static option of a broker": _broker("auto.leader.rebalance.enable", include_synonyms=True),
        "a default option of a broker": _broker("message.max.bytes", include_synonyms=True),
        "several options of a broker": _broker("num.partitions", "log.segment.bytes", "min.insync.replicas"),
        "brokers' defaults": _broker(name="", every=True),
        "many options of a broker": _broker(*_BROKER_OPTIONS.split()),
        "many options of a broker, with synonyms": _broker(*_BROKER_OPTIONS.split(), include_synonyms=True),
        "the types of options": _topic(
            "cleanup.policy", "retention.ms", "preallocate", "min.cleanable.dirty.ratio", "compression.type"
        ),
        "two resources": lambda s: describe(
            of(s.readable().name, "segment.bytes"), of("1", "num.partitions", kind=BROKER)
        ),
        "of an internal topic": lambda s: (
            s.coordinator("some"),
            describe(of("__consumer_offsets", "cleanup.policy", "segment.bytes", "compression.type")),
        )[-1],
    },
    bad={
        "unknown topic": lambda s: describe(of("nowhere", every=True)),
        "no topic name": lambda s: describe(of("", every=True)),
        "a topic name that is none": lambda s: describe(of("no/topic", every=True)),
        "a topic name that is too long": lambda s: describe(of(TOO_LONG, every=True)),
        "an unknown option": _topic("no.such.option"),
        "an empty option": _topic(""),
        "no options": _topic(),
        "an option twice": _topic("retention.bytes", "retention.bytes"),
        "a broker's option of a topic": _topic("num.partitions"),
        "a topic's option of a broker": _broker("retention.ms"),
        "another broker": _broker("num.partitions", name="9"),
        "a broker that is no number": _broker("num.partitions", name="one"),
        "a negative broker": _broker("num.partitions", name="-1"),
        "resource type 0": lambda s: describe(of("x", kind=0, every=True)),
        "resource type 1": lambda s: describe(of("x", kind=1, every=True)),
        "resource type 3": lambda s: describe(of("x", kind=3, every=True)),
        "resource type 99": lambda s: describe(of("x", kind=99, every=True)),
        "resource type -1": lambda s: describe(of("x", kind=-1, every=True)),
        "client metrics without a name": lambda s: describe(of("", kind=CLIENT_METRICS, every=True)),
        "a group without a name": lambda s: describe(of("", kind=GROUP, every=True)),
        "no resources": lambda s: describe(),
        "a resource twice": lambda s: describe(
            of(s.readable().name, "segment.bytes"), of(s.readable().name, "retention.bytes")
        ),
        "good and unknown": lambda s: describe(of("nowhere", "a"), of(s.readable().name, "retention.bytes")),
        "the broker that is asked is another": case(
            lambda s: At(2, describe(of("1", "num.partitions", kind=BROKER))), nodes=3
        ),
    },
)

# Both ways of altering

_BAD_VALUES = {
    "an unknown option": ("no.such.option", "1"),
    "an empty option": ("", "1"),
    "no number": ("retention.ms", "long"),
    "a number that is too small": ("retention.ms", "-2"),
    "a number that is too large": ("max.message.bytes", "3000000000"),
    "an unknown policy": ("cleanup.policy", "burn"),
    "an unknown compression": ("compression.type", "rar"),
    "a boolean that is none": ("preallocate", "maybe"),
    "a null value": ("retention.ms", None),
    "an empty value": ("retention.ms", ""),
    "a ratio above 1": ("min.cleanable.dirty.ratio", "2"),
    "too many replicas in sync": ("min.insync.replicas", "0"),
    "tiered storage": ("remote.storage.enable", "true"),
}


def _shown(s: Scene, *keys: str) -> Any:
    return s.caught_up(describe(of(s.name(), *keys)))


def _changing(change: Change, *changes: Any, configs: Any = None, **options: Any) -> Any:
    """Changes to a new topic that has some configs, and what they come to."""

    def build(s: Scene) -> Any:
        topic = s.topic(**(configs or {}))
        return [change((topic.name, changes), **options), _shown(s, "retention.ms", "cleanup.policy")]

    return build


def _change_of(change: Change, name: str, *changes: Any, kind: int = BROKER) -> Any:
    """Changes to something by its name."""
    return lambda s: change((name, changes, kind))


def _bad_resources(change: Change, *operation: int) -> dict[str, Any]:
    """Rows of both tables: what cannot be changed, or not so.

    Args:
        change: `_set` or `alter`.
        operation: what stands before an option and its value in a change.
    """
    to = partial(_change_of, change)
    one = [(*operation, "retention.ms", "1")]
    return {
        "unknown topic": lambda s: change(("nowhere", one)),
        "no topic name": lambda s: change(("", one)),
        "a topic name that is none": lambda s: change(("no/topic", one)),
        "a topic name that is too long": lambda s: change((TOO_LONG, one)),
        "no resources": lambda s: change(),
        "a topic twice": lambda s: change(
            (s.topic().name, one), (s.name(), [(*operation, "retention.ms", "2")])
        ),
        "good and unknown": lambda s: change(("nowhere", one), (s.topic().name, one)),
        "an unknown broker": to("9", (*operation, "log.retention.bytes", "5")),
        "a broker that is no number": to("one", (*operation, "log.retention.bytes", "5")),
        "an option of a broker that cannot be altered": to("1", (*operation, "num.partitions", "5")),
        "an unknown option of a broker": to("1", (*operation, "no.such.option", "5")),
        "a bad value of a broker": to("1", (*operation, "log.retention.bytes", "many")),
        "resource type 0": to("x", (*operation, "a", "b"), kind=0),
        "resource type 3": to("x", (*operation, "a", "b"), kind=3),
        "resource type 99": to("x", (*operation, "a", "b"), kind=99),
    }


def _set(*resources: Any, validate_only: bool = False) -> AlterConfigsRequest:
    """Resources as (name, settings) or (name, settings, type); settings as pairs."""
    return AlterConfigsRequest(
        validate_only=validate_only,
        resources=[
            SetResource(
                resource_name=name,
                resource_type=kind[0] if kind else TOPIC,
                configs=[Setting(name=key, value=value) for key, value in settings],
            )
            for name, settings, *kind in resources
        ],
    )


_setting = partial(_changing, _set)
_set_of = partial(_change_of, _set)

_ALTER = table(
    "AlterConfigs",
    lambda s: _set(("nowhere", [("retention.ms", "1")])),
    good={
        "one option": _setting(("retention.ms", "1000")),
        "in place of another": _setting(("retention.ms", "1000"), configs={"cleanup_policy": "compact"}),
        "none": _setting(configs={"cleanup_policy": "compact"}),
        "validated only": _setting(("retention.ms", "1000"), validate_only=True),
        "two topics": lambda s: _set(
            (s.topic("a").name, [("retention.ms", "1")]), (s.topic("b").name, [("retention.ms", "2")])
        ),
        "a list": _setting(("cleanup.policy", "compact,delete")),
    },
    bad={
        **{name: _setting(setting) for name, setting in _BAD_VALUES.items()},
        "an option twice": _setting(("retention.ms", "1"), ("retention.ms", "2")),
        "a bad value, validated only": _setting(("retention.ms", "-2"), validate_only=True),
        **_bad_resources(_set),
        "a broker's logger": _set_of("1", ("kafka", "DEBUG"), kind=LOGGER),
    },
)


def alter(*resources: Any, validate_only: bool = False) -> IncrementalAlterConfigsRequest:
    """Resources as (name, alterations) or (name, alterations, type); alterations as (operation, key, value)."""
    return IncrementalAlterConfigsRequest(
        validate_only=validate_only,
        resources=[
            AlterResource(
                resource_name=name,
                resource_type=kind[0] if kind else TOPIC,
                configs=[
                    Alteration(config_operation=operation, name=key, value=value)
                    for operation, key, value in alterations
                ],
            )
            for name, alterations, *kind in resources
        ],
    )


_altering = partial(_changing, alter)
_alter_of = partial(_change_of, alter)

_COMPACT = {"cleanup_policy": "compact"}

_INCREMENTAL = table(
    "IncrementalAlterConfigs",
    lambda s: alter(("nowhere", [(_SET, "retention.ms", "1")])),
    good={
        "set": _altering((_SET, "retention.ms", "1000")),
        "set beside another": _altering((_SET, "retention.ms", "1000"), configs=_COMPACT),
        "delete": _altering((_DELETE_OP, "cleanup.policy", None), configs=_COMPACT),
        "delete what is not set": _altering((_DELETE_OP, "retention.ms", None)),
        "delete with a value": _altering((_DELETE_OP, "cleanup.policy", "compact"), configs=_COMPACT),
        "append": _altering((_APPEND, "cleanup.policy", "delete"), configs=_COMPACT),
        "append to the default": _altering((_APPEND, "cleanup.policy", "compact")),
        "append what is there": _altering((_APPEND, "cleanup.policy", "compact"), configs=_COMPACT),
        "subtract": _altering(
            (_SUBTRACT, "cleanup.policy", "compact"), configs={"cleanup_policy": "compact,delete"}
        ),
        "subtract what is not there": _altering((_SUBTRACT, "cleanup.policy", "delete"), configs=_COMPACT),
        "subtract from the default": _altering((_SUBTRACT, "cleanup.policy", "compact")),
        "nothing": _altering(),
        "validated only": _altering((_SET, "retention.ms", "1000"), validate_only=True),
        "two topics": lambda s: alter(
            (s.topic("a").name, [(_SET, "retention.ms", "1")]),
            (s.topic("b").name, [(_SET, "retention.ms", "2")]),
        ),
        "two options": _altering((_SET, "retention.ms", "1000"), (_SET, "cleanup.policy", "compact")),
    },
    bad={
        **{name: _altering((_SET, *setting)) for name, setting in _BAD_VALUES.items()},
        "subtract all": _altering((_SUBTRACT, "cleanup.policy", "delete")),
        "append to a number": _altering((_APPEND, "retention.ms", "1")),
        "subtract from a number": _altering((_SUBTRACT, "retention.ms", "1")),
        "append to an unknown option": _altering((_APPEND, "no.such.option", "1")),
        "append null": _altering((_APPEND, "cleanup.policy", None)),
        "append a bad value": _altering((_APPEND, "cleanup.policy", "burn")),
        "delete an unknown option": _altering((_DELETE_OP, "no.such.option", None)),
        "operation 4": _altering((4, "retention.ms", "1")),
        "operation -1": _altering((-1, "retention.ms", "1")),
        "operation 99": _altering((99, "retention.ms", "1")),
        "an option twice": _altering((_SET, "retention.ms", "1"), (_SET, "retention.ms", "2")),
        "an option set and deleted": _altering(
            (_SET, "retention.ms", "1"), (_DELETE_OP, "retention.ms", None)
        ),
        "good and bad options": _altering((_SET, "retention.ms", "1"), (_SET, "cleanup.policy", "burn")),
        "a bad value, validated only": _altering((_SET, "retention.ms", "-2"), validate_only=True),
        **_bad_resources(alter, _SET),
        "a bad value of all brokers": _alter_of("", (_SET, "log.retention.bytes", "many")),
        "append to a broker's number": _alter_of("1", (_APPEND, "log.retention.bytes", "5")),
        "a group without a name": _alter_of("", (_SET, "consumer.session.timeout.ms", "50000"), kind=GROUP),
        "client metrics without a name": _alter_of("", (_SET, "interval.ms", "1000"), kind=CLIENT_METRICS),
    },
)

CASES = [*_DESCRIBE, *_ALTER, *_INCREMENTAL]
