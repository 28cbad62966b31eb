"""The options of a broker, with Kafka 4.x names, defaults and validation (Kafka's KafkaConfig).

Four defaults differ from Kafka's. ``group.initial.rebalance.delay.ms`` is 0 instead of 3000, for tests start
with all their consumers at hand. ``socket.listen.backlog.size`` is 1024 instead of 50, for tests open many
connections at once, and one that finds no room waits for a second in the system's network code. And a cluster
sets ``offsets.topic.replication.factor`` and the ``transaction.state.log`` factors to what its brokers can hold,
where Kafka would refuse to start the topics.
"""

from __future__ import annotations

from minikafka.config.definitions import (
    BOOLEAN,
    DOUBLE,
    INT,
    LIST,
    LONG,
    MAX_INT,
    MAX_LONG,
    SHORT,
    STRING,
    ConfigKey,
    at_least,
    between,
    gzip_level,
    one_of,
)
from minikafka.config.topic import (
    CLEANUP_POLICIES,
    COMPRESSION_TYPES,
    MIN_SEGMENT_BYTES,
    TIMESTAMP_TYPES,
    TOPIC_CONFIGS,
)
from minikafka.errors import InvalidConfigurationError, KafkaConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.config.definitions import ConfigValue

BROKER_CONFIGS: dict[str, ConfigKey] = {
    key.name: key
    for key in (
        ConfigKey("auto.create.topics.enable", BOOLEAN, True),
        ConfigKey("auto.leader.rebalance.enable", BOOLEAN, True),
        ConfigKey("broker.rack", STRING, None),
        ConfigKey("broker.session.timeout.ms", INT, 9000, at_least(1)),
        ConfigKey("compression.gzip.level", INT, -1, gzip_level),
        ConfigKey("compression.lz4.level", INT, 9, between(1, 17)),
        ConfigKey("compression.type", STRING, "producer", one_of(*COMPRESSION_TYPES)),
        ConfigKey("compression.zstd.level", INT, 3, between(-131072, 22)),
        ConfigKey("connections.max.idle.ms", LONG, 600_000),
        ConfigKey("default.replication.factor", INT, 1, at_least(1)),
        ConfigKey("delete.topic.enable", BOOLEAN, True),
        ConfigKey("fetch.max.bytes", INT, 55 * 1024 * 1024, at_least(1024)),
        ConfigKey("group.initial.rebalance.delay.ms", INT, 0, at_least(0)),
        ConfigKey("group.max.session.timeout.ms", INT, 1_800_000),
        ConfigKey("group.max.size", INT, MAX_INT, at_least(1)),
        ConfigKey("group.min.session.timeout.ms", INT, 6000),
        ConfigKey("leader.imbalance.check.interval.seconds", LONG, 300, at_least(1)),
        ConfigKey("log.cleaner.delete.retention.ms", LONG, 24 * 3600 * 1000, at_least(0)),
        ConfigKey("log.cleaner.max.compaction.lag.ms", LONG, MAX_LONG, at_least(1)),
        ConfigKey("log.cleaner.min.cleanable.ratio", DOUBLE, 0.5, between(0, 1)),
        ConfigKey("log.cleaner.min.compaction.lag.ms", LONG, 0, at_least(0)),
        ConfigKey("log.cleanup.policy", LIST, ["delete"], one_of(*CLEANUP_POLICIES)),
        ConfigKey("log.flush.interval.messages", LONG, MAX_LONG, at_least(1)),
        ConfigKey("log.flush.interval.ms", LONG, None),
        ConfigKey("log.index.interval.bytes", INT, 4096, at_least(0)),
        ConfigKey("log.index.size.max.bytes", INT, 10 * 1024 * 1024, at_least(4)),
        ConfigKey("log.initial.task.delay.ms", LONG, 30_000, at_least(0)),
        ConfigKey("log.local.retention.bytes", LONG, -2, at_least(-2)),
        ConfigKey("log.local.retention.ms", LONG, -2, at_least(-2)),
        ConfigKey("log.message.timestamp.after.max.ms", LONG, 3600 * 1000, at_least(0)),
        ConfigKey("log.message.timestamp.before.max.ms", LONG, MAX_LONG, at_least(0)),
        ConfigKey("log.message.timestamp.type", STRING, "CreateTime", one_of(*TIMESTAMP_TYPES)),
        ConfigKey("log.preallocate", BOOLEAN, False),
        ConfigKey("log.retention.bytes", LONG, -1),
        ConfigKey("log.retention.check.interval.ms", LONG, 5 * 60 * 1000, at_least(1)),
        ConfigKey("log.retention.hours", INT, 168),
        ConfigKey("log.retention.minutes", INT, None),
        ConfigKey("log.retention.ms", LONG, None),
        ConfigKey("log.roll.hours", INT, 168, at_least(1)),
        ConfigKey("log.roll.jitter.hours", INT, 0, at_least(0)),
        ConfigKey("log.roll.jitter.ms", LONG, None),
        ConfigKey("log.roll.ms", LONG, None),
        ConfigKey("log.segment.bytes", INT, 1024**3, at_least(MIN_SEGMENT_BYTES)),
        ConfigKey("log.segment.delete.delay.ms", LONG, 60_000, at_least(0)),
        ConfigKey("max.connections", INT, MAX_INT, at_least(0)),
        ConfigKey("max.incremental.fetch.session.cache.slots", INT, 1000, at_least(0)),
        ConfigKey("max.request.partition.size.limit", INT, 2000, at_least(1)),
        ConfigKey("message.max.bytes", INT, 1024 * 1024 + 12, at_least(0)),
        ConfigKey("min.insync.replicas", INT, 1, at_least(1)),
        ConfigKey("num.partitions", INT, 1, at_least(1)),
        ConfigKey("offset.metadata.max.bytes", INT, 4096),
        ConfigKey("offsets.commit.timeout.ms", INT, 5000, at_least(1)),
        ConfigKey("offsets.retention.check.interval.ms", LONG, 600_000, at_least(1)),
        ConfigKey("offsets.retention.minutes", INT, 7 * 24 * 60, at_least(1)),
        ConfigKey("offsets.topic.num.partitions", INT, 50, at_least(1)),
        ConfigKey("offsets.topic.replication.factor", SHORT, 3, at_least(1)),
        ConfigKey("offsets.topic.segment.bytes", INT, 100 * 1024 * 1024, at_least(1)),
        ConfigKey("producer.id.expiration.check.interval.ms", INT, 600_000, at_least(1)),
        ConfigKey("producer.id.expiration.ms", INT, 86_400_000, at_least(1)),
        ConfigKey("replica.fetch.backoff.ms", INT, 1000, at_least(0)),
        ConfigKey("replica.fetch.max.bytes", INT, 1024 * 1024, at_least(0)),
        ConfigKey("replica.fetch.min.bytes", INT, 1),
        ConfigKey("replica.fetch.response.max.bytes", INT, 10 * 1024 * 1024, at_least(0)),
        ConfigKey("replica.fetch.wait.max.ms", INT, 500),
        ConfigKey("replica.lag.time.max.ms", LONG, 30_000),
        ConfigKey("request.timeout.ms", INT, 30_000),
        ConfigKey("socket.listen.backlog.size", INT, 1024, at_least(1)),
        ConfigKey("socket.request.max.bytes", INT, 100 * 1024 * 1024, at_least(1)),
        ConfigKey("transaction.state.log.min.isr", INT, 2, at_least(1)),
        ConfigKey("transaction.state.log.num.partitions", INT, 50, at_least(1)),
        ConfigKey("transaction.state.log.replication.factor", SHORT, 3, at_least(1)),
        ConfigKey("transaction.state.log.segment.bytes", INT, 100 * 1024 * 1024, at_least(1)),
        ConfigKey("unclean.leader.election.enable", BOOLEAN, False),
    )
}
"""Every broker option that minikafka models, by Kafka's name, in the order of the names."""

DYNAMIC_ONLY_CONFIGS: dict[str, ConfigKey] = {
    key.name: key
    for key in (
        ConfigKey("follower.replication.throttled.rate", LONG, MAX_LONG, at_least(0)),
        ConfigKey("leader.replication.throttled.rate", LONG, MAX_LONG, at_least(0)),
        ConfigKey("replica.alter.log.dirs.io.max.bytes.per.second", LONG, MAX_LONG, at_least(0)),
    )
}
"""Broker options that no broker can start with: kafka-reassign-partitions sets and clears them (Kafka's QuotaConfig).

Simplification: they have nothing to act upon, for replication in memory is not throttled.
"""

DYNAMIC_CONFIGS: dict[str, None] = dict.fromkeys(
    [
        *(key.synonyms[0][0] for key in TOPIC_CONFIGS.values() if key.synonyms),
        "producer.id.expiration.ms",
        *DYNAMIC_ONLY_CONFIGS,
    ]
)
"""The broker options that IncrementalAlterConfigs may change (Kafka's DynamicBrokerConfig)."""

INTERNAL_CONFIGS: tuple[str, ...] = (
    "log.initial.task.delay.ms",
    "producer.id.expiration.check.interval.ms",
)
"""The broker options that DescribeConfigs tells only where they are set (Kafka calls them internal)."""


def dynamic_config_key(name: str) -> ConfigKey:
    """The declaration of an option of `DYNAMIC_CONFIGS`; raises KeyError for any other."""
    found = DYNAMIC_ONLY_CONFIGS.get(name)
    return BROKER_CONFIGS[name] if found is None else found


_DEFAULTS = {key.attribute: key.default for key in BROKER_CONFIGS.values()}


class BrokerConfig:
    """A broker's options: a value, never changed.

    Args:
        options: values by Kafka's dotted name (``"num.partitions"``) or in snake case (``"num_partitions"``);
            as text or as Python values.
        more: the same in snake case, as keyword arguments.

    Raises:
        KafkaConfigurationError: an unknown option (the message names close matches) or a bad value.
        UnsupportedOptionError: an option of Kafka's that minikafka does not model.
    """

    auto_create_topics_enable: bool
    auto_leader_rebalance_enable: bool
    broker_rack: str | None
    broker_session_timeout_ms: int
    compression_gzip_level: int
    compression_lz4_level: int
    compression_type: str
    compression_zstd_level: int
    connections_max_idle_ms: int
    default_replication_factor: int
    delete_topic_enable: bool
    fetch_max_bytes: int
    group_initial_rebalance_delay_ms: int
    group_max_session_timeout_ms: int
    group_max_size: int
    group_min_session_timeout_ms: int
    leader_imbalance_check_interval_seconds: int
    log_cleaner_delete_retention_ms: int
    log_cleaner_max_compaction_lag_ms: int
    log_cleaner_min_cleanable_ratio: float
    log_cleaner_min_compaction_lag_ms: int
    log_cleanup_policy: list[str]
    log_flush_interval_messages: int
    log_flush_interval_ms: int | None
    log_index_interval_bytes: int
    log_index_size_max_bytes: int
    log_initial_task_delay_ms: int
    log_local_retention_bytes: int
    log_local_retention_ms: int
    log_message_timestamp_after_max_ms: int
    log_message_timestamp_before_max_ms: int
    log_message_timestamp_type: str
    log_preallocate: bool
    log_retention_bytes: int
    log_retention_check_interval_ms: int
    log_retention_hours: int
    log_retention_minutes: int | None
    log_retention_ms: int | None
    log_roll_hours: int
    log_roll_jitter_hours: int
    log_roll_jitter_ms: int | None
    log_roll_ms: int | None
    log_segment_bytes: int
    log_segment_delete_delay_ms: int
    max_connections: int
    max_incremental_fetch_session_cache_slots: int
    max_request_partition_size_limit: int
    message_max_bytes: int
    min_insync_replicas: int
    num_partitions: int
    offset_metadata_max_bytes: int
    offsets_commit_timeout_ms: int
    offsets_retention_check_interval_ms: int
    offsets_retention_minutes: int
    offsets_topic_num_partitions: int
    offsets_topic_replication_factor: int
    offsets_topic_segment_bytes: int
    producer_id_expiration_check_interval_ms: int
    producer_id_expiration_ms: int
    replica_fetch_backoff_ms: int
    replica_fetch_max_bytes: int
    replica_fetch_min_bytes: int
    replica_fetch_response_max_bytes: int
    replica_fetch_wait_max_ms: int
    replica_lag_time_max_ms: int
    request_timeout_ms: int
    socket_listen_backlog_size: int
    socket_request_max_bytes: int
    transaction_state_log_min_isr: int
    transaction_state_log_num_partitions: int
    transaction_state_log_replication_factor: int
    transaction_state_log_segment_bytes: int
    unclean_leader_election_enable: bool

    def __init__(self, options: Mapping[str, object] | None = None, **more: object) -> None:
        self.__dict__.update(_DEFAULTS)
        self.set_options: dict[str, ConfigValue] = {}
        """What was set explicitly, by Kafka's name (DescribeConfigs' STATIC_BROKER_CONFIG)."""
        self._topic_defaults: dict[str, str] | None = None
        if options or more:
            for name, value in {**(options or {}), **more}.items():
                key = _find(name)
                try:
                    parsed = key.parse(value)
                except InvalidConfigurationError as error:
                    raise KafkaConfigurationError(*error.args) from None
                self.set_options[key.name] = self.__dict__[key.attribute] = parsed

    def with_options(self, options: Mapping[str, object]) -> BrokerConfig:
        """A copy with more options set (such as those that were changed while the cluster runs)."""
        acting = {name: value for name, value in options.items() if name not in DYNAMIC_ONLY_CONFIGS}
        return BrokerConfig({**self.set_options, **acting}) if acting else self

    def value(self, name: str) -> ConfigValue:
        """An option's value by Kafka's name; raises KeyError for an unknown name."""
        value: ConfigValue = self.__dict__[BROKER_CONFIGS[name].attribute]
        return value

    def as_dict(self) -> dict[str, ConfigValue]:
        """Every option's value by Kafka's name."""
        return {name: self.__dict__[key.attribute] for name, key in BROKER_CONFIGS.items()}

    @property
    def topic_defaults(self) -> Mapping[str, str]:
        """What this broker's options say for each topic option, as text by the topic option's name."""
        if self._topic_defaults is None:
            self._topic_defaults = {
                name: text
                for name, key in TOPIC_CONFIGS.items()
                if (text := key.text(self._topic_default(key))) is not None
            }
        return self._topic_defaults

    def _topic_default(self, key: ConfigKey) -> ConfigValue:
        for name, factor in key.synonyms:
            value = self.value(name)
            if value is not None:
                # A negative time means "no limit" in every unit.
                return value * factor if factor > 1 and isinstance(value, int) and value > 0 else value
        return key.default

    def topic_options(self, configs: Mapping[str, str]) -> dict[str, str]:
        """A topic's effective options: its own over this broker's, as text by the topic option's name."""
        options = {**self.topic_defaults, **configs}
        if "internal.segment.bytes" in options:
            options["segment.bytes"] = options["internal.segment.bytes"]
        return options


def _find(name: str) -> ConfigKey:
    dotted = name.replace("_", ".")
    key = BROKER_CONFIGS.get(dotted)
    if key is None:
        from minikafka.config.unsupported import explain

        raise explain(name, dotted)
    return key
