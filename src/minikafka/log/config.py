"""The topic options that a log itself obeys, with Kafka's names in snake case and Kafka's defaults.

Mirrors org.apache.kafka.storage.internals.log.LogConfig; values are validated in `minikafka.config`.
"""

from __future__ import annotations

from minikafka.errors import InvalidConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LONG = 0x7FFFFFFFFFFFFFFF
_DAY_MS = 24 * 60 * 60 * 1000

COMPRESSION_TYPES = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
"""Codec ids by the producer's names for them."""
_BROKER_COMPRESSION_TYPES = {
    "producer": None,
    "uncompressed": 0,
    **{k: v for k, v in COMPRESSION_TYPES.items() if v},
}


class LogConfig:
    """How one log behaves. A value: replace it as a whole.

    Args:
        segment_bytes: a segment rolls before it grows beyond this.
        segment_ms: a segment rolls when a record is this much later than the segment's first.
        segment_jitter_ms: up to this much is taken off `segment_ms`, by chance, for each segment.
        retention_bytes: old segments go while the log is larger; -1 for no limit.
        retention_ms: segments whose newest record is older go; -1 for never.
        max_message_bytes: the largest record batch accepted from a client.
        message_timestamp_type: "CreateTime" or "LogAppendTime".
        message_timestamp_before_max_ms: how far a record's timestamp may lie in the past.
        message_timestamp_after_max_ms: how far it may lie in the future.
        cleanup_policy: "delete", "compact", or both, comma separated.
        delete_retention_ms: how long compaction keeps tombstones.
        min_compaction_lag_ms: records younger than this are not compacted.
        max_compaction_lag_ms: records older than this must be compacted.
        min_cleanable_dirty_ratio: how much of the log must be dirty before it is compacted.
        compression_type: "producer" keeps each batch's codec; otherwise "uncompressed" or a codec's name.
        index_interval_bytes: how densely Kafka indexes a segment (every batch is indexed here).
    """

    __slots__ = (
        "cleanup_policy",
        "compact",
        "compression",
        "compression_type",
        "concerns_records",
        "delete",
        "delete_retention_ms",
        "index_interval_bytes",
        "log_append_time",
        "max_compaction_lag_ms",
        "max_message_bytes",
        "message_timestamp_after_max_ms",
        "message_timestamp_before_max_ms",
        "message_timestamp_type",
        "min_cleanable_dirty_ratio",
        "min_compaction_lag_ms",
        "retention_bytes",
        "retention_ms",
        "segment_bytes",
        "segment_jitter_ms",
        "segment_ms",
    )

    def __init__(
        self,
        *,
        segment_bytes: int = 1024 * 1024 * 1024,
        segment_ms: int = 7 * _DAY_MS,
        segment_jitter_ms: int = 0,
        retention_bytes: int = -1,
        retention_ms: int = 7 * _DAY_MS,
        max_message_bytes: int = 1024 * 1024 + 12,
        message_timestamp_type: str = "CreateTime",
        message_timestamp_before_max_ms: int = MAX_LONG,
        message_timestamp_after_max_ms: int = 60 * 60 * 1000,
        cleanup_policy: str = "delete",
        delete_retention_ms: int = _DAY_MS,
        min_compaction_lag_ms: int = 0,
        max_compaction_lag_ms: int = MAX_LONG,
        min_cleanable_dirty_ratio: float = 0.5,
        compression_type: str = "producer",
        index_interval_bytes: int = 4096,
    ) -> None:
        self.segment_bytes: int = segment_bytes
        self.segment_ms: int = segment_ms
        self.segment_jitter_ms: int = segment_jitter_ms
        self.retention_bytes: int = retention_bytes
        self.retention_ms: int = retention_ms
        self.max_message_bytes: int = max_message_bytes
        self.message_timestamp_type: str = message_timestamp_type
        self.message_timestamp_before_max_ms: int = message_timestamp_before_max_ms
        self.message_timestamp_after_max_ms: int = message_timestamp_after_max_ms
        self.cleanup_policy: str = cleanup_policy
        self.delete_retention_ms: int = delete_retention_ms
        self.min_compaction_lag_ms: int = min_compaction_lag_ms
        self.max_compaction_lag_ms: int = max_compaction_lag_ms
        self.min_cleanable_dirty_ratio: float = min_cleanable_dirty_ratio
        self.compression_type: str = compression_type
        self.index_interval_bytes: int = index_interval_bytes
        policies = [policy.strip() for policy in cleanup_policy.split(",")]
        self.compact: bool = "compact" in policies
        """Whether keys are required, for compaction."""
        self.delete: bool = "delete" in policies
        """Whether old segments are deleted."""
        self.log_append_time: bool = message_timestamp_type == "LogAppendTime"
        """Whether the broker stamps records with the time of their append."""
        self.concerns_records: bool = (
            self.compact or self.log_append_time or message_timestamp_before_max_ms != MAX_LONG
        )
        """Whether a batch's records may be refused for more than timestamps in the future."""
        if compression_type not in _BROKER_COMPRESSION_TYPES:
            raise InvalidConfigurationError(
                f"Invalid value {compression_type} for configuration compression.type: String must be "
                "one of: "
                f"{', '.join(_BROKER_COMPRESSION_TYPES)}"
            )
        self.compression: int | None = _BROKER_COMPRESSION_TYPES[compression_type]
        """The codec that every batch is kept under; None leaves the choice to the producer."""

    @classmethod
    def from_topic_configs(cls, configs: Mapping[str, str]) -> LogConfig:
        """The log's options among a topic's; names that do not concern a log are left to others.

        Args:
            configs: Kafka's dotted names and values as text, such as {"retention.ms": "1000"}.

        Raises:
            InvalidConfigurationError: a value cannot be read.
        """
        options: dict[str, int | float | str] = {}
        for name, parse in _PARSERS.items():
            text = configs.get(name)
            if text is None:
                continue
            try:
                options[name.replace(".", "_")] = parse(text)
            except ValueError:
                raise InvalidConfigurationError(
                    f"Invalid value {text} for configuration {name}: Not a number"
                ) from None
        return cls(**options)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LogConfig):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in LogConfig.__slots__)

    def __repr__(self) -> str:
        changed = ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name in _SNAKE_NAMES
            if getattr(self, name) != getattr(DEFAULT_LOG_CONFIG, name)
        )
        return f"LogConfig({changed})"


_PARSERS: dict[str, type[int] | type[float] | type[str]] = {
    "segment.bytes": int,
    "segment.ms": int,
    "segment.jitter.ms": int,
    "retention.bytes": int,
    "retention.ms": int,
    "max.message.bytes": int,
    "message.timestamp.type": str,
    "message.timestamp.before.max.ms": int,
    "message.timestamp.after.max.ms": int,
    "cleanup.policy": str,
    "delete.retention.ms": int,
    "min.compaction.lag.ms": int,
    "max.compaction.lag.ms": int,
    "min.cleanable.dirty.ratio": float,
    "compression.type": str,
    "index.interval.bytes": int,
}
_SNAKE_NAMES = [name.replace(".", "_") for name in _PARSERS]
DEFAULT_LOG_CONFIG = LogConfig()
