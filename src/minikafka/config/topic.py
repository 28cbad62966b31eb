"""The options of a topic: one table, and their validation with Kafka's messages (Kafka's LogConfig).

Options that have no effect here, because nothing reaches a disk and nothing is tiered, are accepted as Kafka
accepts them and listed in `INERT`.
"""

from __future__ import annotations

from minikafka.config.definitions import (
    BOOLEAN,
    DOUBLE,
    INT,
    LIST,
    LONG,
    MAX_LONG,
    STRING,
    ConfigKey,
    at_least,
    between,
    gzip_level,
    invalid,
    one_of,
)
from minikafka.errors import InvalidConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.config.definitions import ConfigValue

_DAY_MS = 24 * 60 * 60 * 1000
_MINUTE_MS = 60 * 1000
_HOUR_MS = 60 * _MINUTE_MS

COMPRESSION_TYPES = ("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer")
TIMESTAMP_TYPES = ("CreateTime", "LogAppendTime")
CLEANUP_POLICIES = ("compact", "delete")
MIN_SEGMENT_BYTES = 1024 * 1024


def _throttled_replicas(name: str, value: ConfigValue) -> None:
    if not isinstance(value, list) or value in ([], ["*"]):
        return
    for part in value:
        numbers = part.split(":")
        if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
            raise invalid(
                name,
                f"[{', '.join(value)}]",
                f"{name} must be the literal '*' or a list of replicas in the following format: "
                "[partitionId]:[brokerId],[partitionId]:[brokerId],...",
            )


def _same(name: str) -> tuple[tuple[str, int], ...]:
    return ((name, 1),)


TOPIC_CONFIGS: dict[str, ConfigKey] = {
    key.name: key
    for key in (
        ConfigKey("cleanup.policy", LIST, ["delete"], one_of(*CLEANUP_POLICIES), _same("log.cleanup.policy")),
        ConfigKey("compression.gzip.level", INT, -1, gzip_level, _same("compression.gzip.level")),
        ConfigKey("compression.lz4.level", INT, 9, between(1, 17), _same("compression.lz4.level")),
        ConfigKey(
            "compression.type", STRING, "producer", one_of(*COMPRESSION_TYPES), _same("compression.type")
        ),
        ConfigKey("compression.zstd.level", INT, 3, between(-131072, 22), _same("compression.zstd.level")),
        ConfigKey(
            "delete.retention.ms", LONG, _DAY_MS, at_least(0), _same("log.cleaner.delete.retention.ms")
        ),
        ConfigKey("file.delete.delay.ms", LONG, 60_000, at_least(0), _same("log.segment.delete.delay.ms")),
        ConfigKey("flush.messages", LONG, MAX_LONG, at_least(1), _same("log.flush.interval.messages")),
        ConfigKey("flush.ms", LONG, MAX_LONG, at_least(0), _same("log.flush.interval.ms")),
        ConfigKey("follower.replication.throttled.replicas", LIST, [], _throttled_replicas),
        ConfigKey("index.interval.bytes", INT, 4096, at_least(0), _same("log.index.interval.bytes")),
        # Kafka's own tests make small segments with it, since segment.bytes starts at 1 MiB (KIP-1030).
        ConfigKey("internal.segment.bytes", INT, None, at_least(14)),
        ConfigKey("leader.replication.throttled.replicas", LIST, [], _throttled_replicas),
        ConfigKey("local.retention.bytes", LONG, -2, at_least(-2), _same("log.local.retention.bytes")),
        ConfigKey("local.retention.ms", LONG, -2, at_least(-2), _same("log.local.retention.ms")),
        ConfigKey(
            "max.compaction.lag.ms", LONG, MAX_LONG, at_least(1), _same("log.cleaner.max.compaction.lag.ms")
        ),
        ConfigKey("max.message.bytes", INT, 1024 * 1024 + 12, at_least(0), _same("message.max.bytes")),
        ConfigKey(
            "message.timestamp.after.max.ms",
            LONG,
            _HOUR_MS,
            at_least(0),
            _same("log.message.timestamp.after.max.ms"),
        ),
        ConfigKey(
            "message.timestamp.before.max.ms",
            LONG,
            MAX_LONG,
            at_least(0),
            _same("log.message.timestamp.before.max.ms"),
        ),
        ConfigKey(
            "message.timestamp.type",
            STRING,
            "CreateTime",
            one_of(*TIMESTAMP_TYPES),
            _same("log.message.timestamp.type"),
        ),
        ConfigKey(
            "min.cleanable.dirty.ratio", DOUBLE, 0.5, between(0, 1), _same("log.cleaner.min.cleanable.ratio")
        ),
        ConfigKey("min.compaction.lag.ms", LONG, 0, at_least(0), _same("log.cleaner.min.compaction.lag.ms")),
        ConfigKey("min.insync.replicas", INT, 1, at_least(1), _same("min.insync.replicas")),
        ConfigKey("preallocate", BOOLEAN, False, None, _same("log.preallocate")),
        ConfigKey("remote.log.copy.disable", BOOLEAN, False),
        ConfigKey("remote.log.delete.on.disable", BOOLEAN, False),
        ConfigKey("remote.storage.enable", BOOLEAN, False),
        ConfigKey("retention.bytes", LONG, -1, None, _same("log.retention.bytes")),
        ConfigKey(
            "retention.ms",
            LONG,
            7 * _DAY_MS,
            at_least(-1),
            (
                ("log.retention.ms", 1),
                ("log.retention.minutes", _MINUTE_MS),
                ("log.retention.hours", _HOUR_MS),
            ),
        ),
        ConfigKey("segment.bytes", INT, 1024**3, at_least(MIN_SEGMENT_BYTES), _same("log.segment.bytes")),
        ConfigKey("segment.index.bytes", INT, 10 * 1024**2, at_least(4), _same("log.index.size.max.bytes")),
        ConfigKey(
            "segment.jitter.ms",
            LONG,
            0,
            at_least(0),
            (("log.roll.jitter.ms", 1), ("log.roll.jitter.hours", _HOUR_MS)),
        ),
        ConfigKey(
            "segment.ms", LONG, 7 * _DAY_MS, at_least(1), (("log.roll.ms", 1), ("log.roll.hours", _HOUR_MS))
        ),
        ConfigKey(
            "unclean.leader.election.enable", BOOLEAN, False, None, _same("unclean.leader.election.enable")
        ),
    )
}
"""Every topic option of Kafka 4.x, by name, in the order of the names."""

INERT = (
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "preallocate",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "segment.index.bytes",
)
"""Accepted without effect: they govern disks, index files, compression effort, quotas or tiered storage."""


def validate_topic_configs(
    configs: Mapping[str, str | None], defaults: Mapping[str, str] | None = None
) -> None:
    """Check a topic's options as the controller does when they are created or altered.

    Args:
        configs: Kafka's dotted names and values as text.
        defaults: what the brokers' own options say for the others (`BrokerConfig.topic_defaults`).

    Raises:
        InvalidConfigurationError: an unknown name, a null, or a value that cannot be read or is not allowed;
            with Kafka's message.
    """
    nulls = [name for name, value in configs.items() if value is None]
    if nulls:
        raise InvalidConfigurationError(
            f"Null value not supported for topic configs: {','.join(sorted(nulls))}"
        )
    for name in configs:
        if name not in TOPIC_CONFIGS:
            raise InvalidConfigurationError(f"Unknown topic config name: {name}")
    if not configs:
        return
    values = {name: TOPIC_CONFIGS[name].parse(text) for name, text in configs.items()}
    if values.get("remote.storage.enable"):
        raise InvalidConfigurationError(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )
    _check_compaction_lags(values, defaults or {})


def _check_compaction_lags(values: Mapping[str, ConfigValue], defaults: Mapping[str, str]) -> None:
    lags = []
    for name in ("min.compaction.lag.ms", "max.compaction.lag.ms"):
        key = TOPIC_CONFIGS[name]
        value = values.get(name, defaults.get(name))
        lags.append((name, int(str(key.default if value is None else value))))
    (low_name, low), (high_name, high) = lags
    if low > high:
        raise InvalidConfigurationError(
            f"conflict topic config setting {low_name} ({low}) > {high_name} ({high})"
        )
