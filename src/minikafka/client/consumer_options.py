"""The consumer's options: names, defaults, bounds and the rules between them, per dialect of kafka-python."""

from __future__ import annotations

from minikafka.client.assignors.range import RangePartitionAssignor
from minikafka.client.assignors.registry import common_protocol, resolve
from minikafka.client.assignors.round_robin import RoundRobinPartitionAssignor
from minikafka.client.options import (
    CONNECTION_BOUNDS,
    CONNECTION_DEFAULTS,
    METRICS_DEFAULTS,
    TRANSPORT_DEFAULTS,
    TRANSPORT_DEFAULTS_2,
    Bound,
    Dialect,
    check_bounds,
    check_transport,
    merge,
    milliseconds,
    normalized_api_version,
    with_base_defaults,
)
from minikafka.errors import KafkaConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from minikafka.client.assignors.abstract import AbstractPartitionAssignor, RebalanceProtocol
    from minikafka.client.options import Config
    from minikafka.errors import ErrorTable


def _ignore(offsets: object, response: object) -> bool:  # noqa: ARG001 - kafka-python's signature
    """kafka-python's default_offset_commit_callback: nobody is told."""
    return True


_CONSUMER_DEFAULTS: dict[str, object] = {
    "client_rack": "",
    "group_id": None,
    "group_instance_id": None,
    "key_deserializer": None,
    "value_deserializer": None,
    "enable_incremental_fetch_sessions": True,
    "fetch_max_wait_ms": 500,
    "fetch_min_bytes": 1,
    "fetch_max_bytes": 52428800,
    "max_partition_fetch_bytes": 1 * 1024 * 1024,
    "auto_offset_reset": "latest",
    "enable_auto_commit": True,
    "auto_commit_interval_ms": 5000,
    "default_offset_commit_callback": _ignore,
    "check_crcs": True,
    "isolation_level": "read_uncommitted",
    "partition_assignment_strategy": (RangePartitionAssignor, RoundRobinPartitionAssignor),
    "max_poll_records": 500,
    "max_poll_interval_ms": 300000,
    "session_timeout_ms": 45000,
    "heartbeat_interval_ms": 3000,
    "consumer_timeout_ms": float("inf"),
    "metric_group_prefix": "consumer",
    "exclude_internal_topics": True,
    "kafka_client": None,
}

DEFAULT_CONFIG: dict[str, object] = {
    **CONNECTION_DEFAULTS,
    **_CONSUMER_DEFAULTS,
    **METRICS_DEFAULTS,
    **TRANSPORT_DEFAULTS,
}
"""kafka-python 3's defaults."""

DEFAULT_CONFIG_2: dict[str, object] = {
    **{
        name: value
        for name, value in CONNECTION_DEFAULTS.items()
        if name not in ("bootstrap_timeout_ms", "allow_auto_create_topics")
    },
    **{name: value for name, value in _CONSUMER_DEFAULTS.items() if name != "client_rack"},
    **METRICS_DEFAULTS,
    **{name: value for name, value in TRANSPORT_DEFAULTS_2.items() if name != "bootstrap_topics_filter"},
    "request_timeout_ms": 305000,
    "session_timeout_ms": 10000,
}
"""kafka-python 2's defaults."""

DEFAULTS: dict[Dialect, dict[str, object]] = {
    Dialect.KAFKA_PYTHON_3: DEFAULT_CONFIG,
    Dialect.KAFKA_PYTHON_2: DEFAULT_CONFIG_2,
}

_BOUNDS: dict[str, Bound] = {
    **CONNECTION_BOUNDS,
    "fetch_max_wait_ms": Bound(0, fractional=True),
    "fetch_min_bytes": Bound(0),
    "fetch_max_bytes": Bound(0),
    "max_partition_fetch_bytes": Bound(0),
    "auto_commit_interval_ms": Bound(0, fractional=True),
    "max_poll_records": Bound(1),
    "max_poll_interval_ms": Bound(1, fractional=True),
    "session_timeout_ms": Bound(1, fractional=True),
    "heartbeat_interval_ms": Bound(1, fractional=True),
    "connections_max_idle_ms": Bound(0, fractional=True),
}

ISOLATION_LEVELS: dict[str, int] = {"read_uncommitted": 0, "read_committed": 1}

_SESSION_TIMEOUT_BEFORE_3_0_MS = 30000
_INSTANCE_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class ConsumerOptions:
    """The checked options that the consumer's machines work with.

    Args:
        given: what the user passed, by kafka-python's names.
        dialect: whose defaults and exceptions apply.
        errors: the exception classes to raise.
        base_defaults: the defaults of an installed kafka-python, where they are to be preferred.

    Raises:
        KafkaConfigurationError: an unknown option, a value out of bounds, or options that contradict one another.
        UnsupportedOptionError: an option that cannot be honoured (kafka_client).
    """

    def __init__(
        self,
        given: Mapping[str, object],
        dialect: Dialect,
        errors: ErrorTable,
        base_defaults: Mapping[str, object] | None = None,
    ) -> None:
        self.dialect = dialect
        self._errors = errors
        config, unknown = merge(
            with_base_defaults(DEFAULTS[dialect], base_defaults, given, DEFAULT_CONFIG), given
        )
        if unknown:
            raise self._wrong(f"Unrecognized configs: { {name: given[name] for name in unknown} }")
        self.config: Config = config
        check_transport(config, errors)
        check_bounds(config, _BOUNDS, errors)
        config["api_version"] = normalized_api_version(config["api_version"], errors)
        # Older kafka-pythons spell the policies as Kafka 0.8 did.
        if config["auto_offset_reset"] in ("smallest", "largest"):
            config["auto_offset_reset"] = {"smallest": "earliest", "largest": "latest"}[
                config["auto_offset_reset"]
            ]
        self._check_timeouts()
        self._adapt_to_version(given)
        self._check_group()
        self.isolation_level: int = self._isolation_level(config["isolation_level"])
        try:
            self.assignors: dict[str, AbstractPartitionAssignor] = resolve(
                config["partition_assignment_strategy"]
            )
            self.rebalance_protocol: RebalanceProtocol = common_protocol(self.assignors)
        except KafkaConfigurationError as error:
            raise errors.translate(error) from None
        self._take_values()

    def _wrong(self, message: str) -> Exception:
        error: Exception = self._errors.KafkaConfigurationError(message)
        return error

    def misuse(self, kind: Callable[[str], Exception], message: str) -> Exception:
        """The exception for a wrong call: kafka-python 2 asserts where 3 raises."""
        return AssertionError(message) if self.dialect is Dialect.KAFKA_PYTHON_2 else kind(message)

    def _check_timeouts(self) -> None:
        config = self.config
        idle_ms, request_ms = config["connections_max_idle_ms"], config["request_timeout_ms"]
        wait_ms = config["fetch_max_wait_ms"]
        if not wait_ms < request_ms < idle_ms:
            raise self._wrong(
                f"connections_max_idle_ms ({idle_ms}) must be larger than request_timeout_ms ({request_ms}) "
                f"which must be larger than fetch_max_wait_ms ({wait_ms})."
            )
        if not isinstance(config["consumer_timeout_ms"], (int, float)):
            raise self._wrong(
                f"consumer_timeout_ms={config['consumer_timeout_ms']!r}: expected a number of ms"
            )

    def _adapt_to_version(self, given: Mapping[str, object]) -> None:
        """Timeouts that older brokers would not have had (KIP-62, KIP-735), if an older api_version is claimed."""
        config = self.config
        version = config["api_version"]
        if "session_timeout_ms" not in given:
            if version < (0, 10, 1) and "max_poll_interval_ms" in given:
                config["session_timeout_ms"] = config["max_poll_interval_ms"]
            elif version < (3, 0) and self.dialect is Dialect.KAFKA_PYTHON_3:
                config["session_timeout_ms"] = _SESSION_TIMEOUT_BEFORE_3_0_MS
        if version < (0, 10, 1):
            if "max_poll_interval_ms" not in given:
                config["max_poll_interval_ms"] = config["session_timeout_ms"]
            if config["max_poll_interval_ms"] != config["session_timeout_ms"]:
                raise self._wrong(
                    f"api_version={version}: such brokers need max_poll_interval_ms "
                    f"({config['max_poll_interval_ms']}) equal to session_timeout_ms ({config['session_timeout_ms']})"
                )

    def _check_group(self) -> None:
        config = self.config
        instance_id = config["group_instance_id"]
        if config["group_id"] is None:
            if instance_id is not None:
                raise self._wrong(f"group_instance_id requires group_id (group_instance_id={instance_id!r})")
            return
        if not isinstance(config["group_id"], str):
            raise self._wrong(f"group_id={config['group_id']!r}: expected a string or None")
        if instance_id is not None:
            self._check_instance_id(instance_id)
        heartbeat_ms, session_ms = config["heartbeat_interval_ms"], config["session_timeout_ms"]
        if heartbeat_ms >= session_ms:
            raise self._wrong(
                f"Heartbeat interval must be lower than the session timeout ({heartbeat_ms} v {session_ms})"
            )
        if not config["partition_assignment_strategy"]:
            raise self._wrong("partition_assignment_strategy is empty: a group needs assignors")

    def _check_instance_id(self, instance_id: object) -> None:
        if not isinstance(instance_id, str) or not instance_id:
            raise self._wrong(f"group_instance_id={instance_id!r}: expected a non-empty string")
        if (
            instance_id in (".", "..")
            or len(instance_id) > 249
            or not _INSTANCE_ID_CHARACTERS.issuperset(instance_id)
        ):
            raise self._wrong(
                f"group_instance_id={instance_id!r}: expected at most 249 of ASCII alphanumerics, '.', '_' and '-', "
                'and neither "." nor ".."'
            )

    def _isolation_level(self, value: object) -> int:
        if isinstance(value, str):
            level = ISOLATION_LEVELS.get(value.lower().replace("-", "_"))
            if level is not None:
                return level
        elif value in (0, 1):
            return int(bool(value))
        raise self._wrong(f"Unrecognized isolation_level: {value!r} (expected one of {[*ISOLATION_LEVELS]})")

    def _take_values(self) -> None:
        config = self.config
        self.group_id: str | None = config["group_id"]
        self.group_instance_id: str | None = config["group_instance_id"]
        self.client_rack: str = config.get("client_rack") or ""
        self.default_offset_commit_callback: Any = config["default_offset_commit_callback"] or _ignore
        self.auto_offset_reset: Any = config["auto_offset_reset"]
        self.enable_auto_commit: bool = bool(config["enable_auto_commit"]) and self.group_id is not None
        self.auto_commit_interval_ms: int = milliseconds(config["auto_commit_interval_ms"])
        self.enable_incremental_fetch_sessions = bool(config["enable_incremental_fetch_sessions"]) and config[
            "api_version"
        ] >= (1, 1)
        self.fetch_max_wait_ms: int = milliseconds(config["fetch_max_wait_ms"])
        self.fetch_min_bytes: int = int(config["fetch_min_bytes"])
        self.fetch_max_bytes: int = int(config["fetch_max_bytes"])
        self.max_partition_fetch_bytes: int = int(config["max_partition_fetch_bytes"])
        self.max_poll_records: int = int(config["max_poll_records"])
        self.max_poll_interval_ms: int = milliseconds(config["max_poll_interval_ms"])
        self.session_timeout_ms: int = milliseconds(config["session_timeout_ms"])
        self.heartbeat_interval_ms: int = milliseconds(config["heartbeat_interval_ms"])
        self.request_timeout_ms: int = milliseconds(config["request_timeout_ms"])
        self.retry_backoff_ms: int = milliseconds(config["retry_backoff_ms"])
        self.exclude_internal_topics: bool = bool(config["exclude_internal_topics"])
