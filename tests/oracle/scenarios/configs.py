"""DescribeConfigs, IncrementalAlterConfigs, AlterConfigs: values, sources, validation and its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.scenario import CLIENTS, scenario

from minikafka.messages import alter_configs, incremental_alter_configs
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.oracle.stage import Stage

AREA = "configs"
TOPIC, BROKER, BROKER_LOGGER, GROUP = 2, 4, 8, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3

TOPIC_OPTIONS = (
    "cleanup.policy", "compression.type", "delete.retention.ms", "file.delete.delay.ms", "flush.messages",
    "flush.ms", "index.interval.bytes", "max.compaction.lag.ms", "max.message.bytes",
    "message.timestamp.after.max.ms", "message.timestamp.before.max.ms", "message.timestamp.type",
    "min.cleanable.dirty.ratio", "min.compaction.lag.ms", "min.insync.replicas", "preallocate",
    "retention.bytes", "retention.ms", "segment.bytes", "segment.index.bytes", "segment.jitter.ms",
    "segment.ms", "unclean.leader.election.enable",
)  # fmt: skip
BROKER_OPTIONS = (
    "auto.create.topics.enable", "compression.type", "default.replication.factor", "delete.topic.enable",
    "log.cleanup.policy", "log.retention.bytes", "log.retention.hours", "log.retention.ms", "log.segment.bytes",
    "message.max.bytes", "num.partitions", "offsets.retention.minutes", "group.max.session.timeout.ms",
    "replica.lag.time.max.ms", "unclean.leader.election.enable",
)  # fmt: skip


def alter(
    stage: Stage,
    name: str,
    *changes: tuple[str, int, str | None],
    kind: int = TOPIC,
    validate_only: bool = False,
) -> dict[str, Any]:
    """IncrementalAlterConfigs of one resource, by (option, operation, value): its answer."""
    asked = incremental_alter_configs.IncrementalAlterConfigsRequest(
        resources=[
            incremental_alter_configs.AlterConfigsResource(
                resource_type=kind,
                resource_name=name,
                configs=[
                    incremental_alter_configs.AlterableConfig(
                        name=option, config_operation=operation, value=value
                    )
                    for option, operation, value in changes
                ],
            )
        ],
        validate_only=validate_only,
    )
    answer = stage.ask(asked)
    if "responses" not in answer:
        return answer
    told: dict[str, Any] = answer["responses"][0]
    return told


def describe(
    stage: Stage, name: str, options: Sequence[str] | None, kind: int = TOPIC, synonyms: bool = True
) -> dict[str, Any]:
    """DescribeConfigs of one resource; configs by name."""
    asked = DescribeConfigsRequest(
        resources=[
            DescribeConfigsResource(
                resource_type=kind,
                resource_name=name,
                configuration_keys=None if options is None else list(options),
            )
        ],
        include_synonyms=synonyms,
        include_documentation=False,
    )
    told: dict[str, Any] = stage.ask(asked)["results"][0]
    return {**told, "configs": sorted(told["configs"], key=lambda each: str(each["name"]))}


def _value(stage: Stage, topic: str, option: str) -> list[Any]:
    [told] = describe(stage, topic, [option], synonyms=False)["configs"]
    return [told["value"], told["config_source"]]


@scenario(area=AREA)
def a_topic_as_it_is_created(stage: Stage) -> None:
    stage.saw("defaults", describe(stage, stage.topic(), TOPIC_OPTIONS))


@scenario(area=AREA)
def a_topic_with_options(stage: Stage) -> None:
    topic = stage.topic(
        configs={"retention.ms": 1234, "cleanup.policy": "compact,delete", "max.message.bytes": 99}
    )
    stage.saw("configs", describe(stage, topic, ["retention.ms", "cleanup.policy", "max.message.bytes"]))


@scenario(area=AREA)
def every_option_of_a_topic(stage: Stage) -> None:
    told = describe(stage, stage.topic(), None, synonyms=False)
    stage.saw("all", told["configs"])


@scenario(area=AREA)
def a_broker(stage: Stage) -> None:
    stage.saw("some", describe(stage, "1", BROKER_OPTIONS, BROKER))
    stage.saw("cluster-wide", describe(stage, "", BROKER_OPTIONS, BROKER))


@scenario(area=AREA)
def describing_what_is_not_there(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("unknown topic", describe(stage, stage.name("nope"), None))
    stage.saw("illegal topic", describe(stage, "a b", None))
    stage.saw("empty topic", describe(stage, "", None))
    stage.saw("unknown option", describe(stage, topic, ["nope"]))
    stage.saw("no options", describe(stage, topic, []))
    stage.saw("another broker", describe(stage, "77", None, BROKER))
    stage.saw("no broker id", describe(stage, "one", None, BROKER))
    stage.saw("unknown kind", describe(stage, "x", None, 77))


@scenario(area=AREA)
def each_operation(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("set", alter(stage, topic, ("retention.ms", SET, "5000")))
    stage.saw("after set", _value(stage, topic, "retention.ms"))
    stage.saw("delete", alter(stage, topic, ("retention.ms", DELETE, None)))
    stage.saw("after delete", _value(stage, topic, "retention.ms"))
    stage.saw("delete again", alter(stage, topic, ("retention.ms", DELETE, None)))
    stage.saw("append", alter(stage, topic, ("cleanup.policy", APPEND, "compact")))
    stage.saw("after append", _value(stage, topic, "cleanup.policy"))
    stage.saw("append again", alter(stage, topic, ("cleanup.policy", APPEND, "compact")))
    stage.saw("after append again", _value(stage, topic, "cleanup.policy"))
    stage.saw("subtract", alter(stage, topic, ("cleanup.policy", SUBTRACT, "delete")))
    stage.saw("after subtract", _value(stage, topic, "cleanup.policy"))
    stage.saw("subtract what is not there", alter(stage, topic, ("cleanup.policy", SUBTRACT, "delete")))
    stage.saw("subtract the last", alter(stage, topic, ("cleanup.policy", SUBTRACT, "compact")))
    stage.saw("after all", _value(stage, topic, "cleanup.policy"))


@scenario(area=AREA)
def operations_that_are_refused(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("append to a number", alter(stage, topic, ("retention.ms", APPEND, "1")))
    stage.saw("subtract from a text", alter(stage, topic, ("compression.type", SUBTRACT, "gzip")))
    stage.saw("set null", alter(stage, topic, ("retention.ms", SET, None)))
    stage.saw("append null", alter(stage, topic, ("cleanup.policy", APPEND, None)))
    stage.saw("delete with a value", alter(stage, topic, ("retention.ms", DELETE, "7")))
    stage.saw("twice", alter(stage, topic, ("retention.ms", SET, "1"), ("retention.ms", SET, "2")))
    stage.saw(
        "set and delete", alter(stage, topic, ("retention.ms", SET, "1"), ("retention.ms", DELETE, None))
    )
    stage.saw("empty name", alter(stage, topic, ("", SET, "1")))
    stage.saw("unknown topic", alter(stage, stage.name("nope"), ("retention.ms", SET, "1")))
    stage.saw("illegal topic", alter(stage, "a b", ("retention.ms", SET, "1")))
    stage.saw("empty topic", alter(stage, "", ("retention.ms", SET, "1")))
    stage.saw("nothing", alter(stage, topic))


@scenario(area=AREA)
def values_that_are_refused(stage: Stage) -> None:
    topic = stage.topic()
    for option, value in (
        ("retention.ms", "soon"), ("retention.ms", "-2"), ("retention.ms", ""), ("retention.ms", "1.5"),
        ("retention.ms", " 7 "), ("retention.bytes", "9223372036854775808"),
        ("segment.bytes", "13"), ("segment.bytes", "1000"), ("segment.bytes", "3000000000"),
        ("segment.ms", "0"), ("max.message.bytes", "-1"),
        ("cleanup.policy", "shrink"), ("cleanup.policy", ""), ("cleanup.policy", "compact,shrink"),
        ("cleanup.policy", "delete,delete"), ("compression.type", "zip"), ("compression.type", "GZIP"),
        ("message.timestamp.type", "Never"), ("preallocate", "maybe"), ("preallocate", "TRUE"),
        ("unclean.leader.election.enable", "1"),
        ("min.insync.replicas", "0"), ("min.cleanable.dirty.ratio", "1.5"), ("min.cleanable.dirty.ratio", "x"),
        ("min.compaction.lag.ms", "-1"), ("flush.messages", "0"), ("index.interval.bytes", "-1"),
        ("segment.index.bytes", "3"), ("message.format.version", "2.0"), ("no.such.option", "1"),
        ("compression.gzip.level", "11"), ("compression.lz4.level", "18"), ("compression.zstd.level", "23"),
        ("message.timestamp.before.max.ms", "-1"), ("delete.retention.ms", "-1"),
        ("local.retention.ms", "-3"), ("leader.replication.throttled.replicas", "1"),
        ("leader.replication.throttled.replicas", "*"), ("leader.replication.throttled.replicas", "0:1,1:2"),
    ):  # fmt: skip
        stage.saw(f"{option}={value!r}", alter(stage, topic, (option, SET, value)))


@scenario(area=AREA)
def options_that_contradict_one_another(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw(
        "lags",
        alter(stage, topic, ("min.compaction.lag.ms", SET, "100"), ("max.compaction.lag.ms", SET, "50")),
    )
    stage.saw(
        "local retention", alter(stage, topic, ("retention.ms", SET, "10"), ("local.retention.ms", SET, "20"))
    )
    stage.saw(
        "local size",
        alter(stage, topic, ("retention.bytes", SET, "10"), ("local.retention.bytes", SET, "20")),
    )
    stage.saw("tiered", alter(stage, topic, ("remote.storage.enable", SET, "true")))


@scenario(area=AREA)
def a_change_that_is_only_validated(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("good", alter(stage, topic, ("retention.ms", SET, "77"), validate_only=True))
    stage.saw("bad", alter(stage, topic, ("retention.ms", SET, "x"), validate_only=True))
    stage.saw("unchanged", _value(stage, topic, "retention.ms"))


@scenario(area=AREA)
def one_bad_option_spoils_the_resource(stage: Stage) -> None:
    topic = stage.topic()
    stage.saw("both", alter(stage, topic, ("retention.ms", SET, "77"), ("segment.bytes", SET, "x")))
    stage.saw("unchanged", _value(stage, topic, "retention.ms"))


@scenario(area=AREA)
def the_whole_set_is_replaced(stage: Stage) -> None:
    topic = stage.topic(configs={"retention.ms": 1, "max.message.bytes": 99})

    def replace(*configs: tuple[str, str | None]) -> dict[str, Any]:
        asked = alter_configs.AlterConfigsRequest(
            resources=[
                alter_configs.AlterConfigsResource(
                    resource_type=TOPIC,
                    resource_name=topic,
                    configs=[
                        alter_configs.AlterableConfig(name=name, value=value) for name, value in configs
                    ],
                )
            ]
        )
        told: dict[str, Any] = stage.ask(asked)["responses"][0]
        return told

    stage.saw("replaced", replace(("retention.ms", "5")))
    stage.saw("retention.ms", _value(stage, topic, "retention.ms"))
    stage.saw("max.message.bytes", _value(stage, topic, "max.message.bytes"))
    stage.saw("null", replace(("retention.ms", None)))
    stage.saw("bad", replace(("retention.ms", "x")))
    stage.saw("unknown", replace(("nope", "x")))
    stage.saw("emptied", replace())
    stage.saw("retention.ms is back", _value(stage, topic, "retention.ms"))


def _wait_for_broker(stage: Stage, value: str, source: int) -> None:
    """A broker takes a change over some time after it was answered."""

    def told() -> bool:
        [found] = describe(stage, "1", ["log.segment.delete.delay.ms"], BROKER)["configs"]
        sources = [each["source"] for each in found["synonyms"]]
        return bool(found["value"] == value) and (source in sources or not source)

    stage.until("the broker to take the change over", told)


@scenario(area=AREA)
def broker_options(stage: Stage) -> None:
    for name in ("1", ""):
        label = name or "all"
        stage.saw(
            f"{label} set", alter(stage, name, ("log.segment.delete.delay.ms", SET, "50001"), kind=BROKER)
        )
        _wait_for_broker(stage, "50001", 2 if name else 3)
        stage.saw(f"{label} described", describe(stage, "1", ["log.segment.delete.delay.ms"], BROKER))
    stage.saw("seen by topics", describe(stage, stage.topic(), ["file.delete.delay.ms"]))
    for name in ("1", ""):
        alter(stage, name, ("log.segment.delete.delay.ms", DELETE, None), kind=BROKER)
    _wait_for_broker(stage, "60000", 0)
    stage.saw("back", describe(stage, "1", ["log.segment.delete.delay.ms"], BROKER))


@scenario(area=AREA)
def broker_options_that_are_refused(stage: Stage) -> None:
    for name, option, value in (
        ("1", "num.partitions", "3"), ("", "auto.create.topics.enable", "false"),
        ("1", "log.segment.bytes", "x"), ("", "log.segment.bytes", "5"), ("1", "no.such.option", "1"),
        ("77", "log.segment.bytes", "1048576"), ("one", "log.segment.bytes", "1048576"),
    ):  # fmt: skip
        stage.saw(f"{name or 'all'} {option}={value}", alter(stage, name, (option, SET, value), kind=BROKER))
    alter(stage, "1", ("no.such.option", DELETE, None), kind=BROKER)


@scenario(area=AREA)
def resources_that_do_not_exist(stage: Stage) -> None:
    stage.saw("kind 77", alter(stage, "x", ("a", SET, "b"), kind=77))
    stage.saw("kind 0", alter(stage, "x", ("a", SET, "b"), kind=0))


@scenario(area=AREA, clients=CLIENTS)
def by_the_admin_client(stage: Stage) -> None:
    topic = stage.topic(configs={"retention.ms": 5000})
    names = ["retention.ms", "cleanup.policy", "segment.bytes"]
    stage.attempt("described", lambda: stage.client.topic_configs(topic, names))
    stage.attempt("altered", lambda: stage.client.set_topic_config(topic, "cleanup.policy", "compact"))
    stage.attempt("changed", lambda: stage.client.topic_configs(topic, names))
    stage.attempt("missing", lambda: stage.client.topic_configs(stage.name("nope"), names))
