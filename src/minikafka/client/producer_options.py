"""The producer's options: names, defaults, bounds and the rules between them, per dialect of kafka-python."""

from __future__ import annotations

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
from minikafka.errors import UnsupportedCodecError, UnsupportedOptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from minikafka.client.options import Config
    from minikafka.errors import ErrorTable

_PRODUCER_DEFAULTS: dict[str, object] = {
    "key_serializer": None,
    "value_serializer": None,
    "enable_idempotence": True,
    "transactional_id": None,
    "transaction_timeout_ms": 60000,
    "delivery_timeout_ms": 120000,
    "acks": -1,
    "compression_type": None,
    "retries": float("inf"),
    "batch_size": 16384,
    "linger_ms": 0,
    "partitioner": None,
    "max_block_ms": 60000,
    "max_request_size": 1048576,
    "kafka_client": None,
}
"""``partitioner`` None stands for the dialect's default: sticky null keys, in kafka-python 2 random ones."""

DEFAULT_CONFIG: dict[str, object] = {
    **CONNECTION_DEFAULTS,
    **_PRODUCER_DEFAULTS,
    **METRICS_DEFAULTS,
    **TRANSPORT_DEFAULTS,
}
"""kafka-python 3's defaults."""

DEFAULT_CONFIG_2: dict[str, object] = {
    **{name: value for name, value in CONNECTION_DEFAULTS.items() if name != "bootstrap_timeout_ms"},
    **_PRODUCER_DEFAULTS,
    **METRICS_DEFAULTS,
    **TRANSPORT_DEFAULTS_2,
    "enable_idempotence": False,
    "acks": 1,
    "buffer_memory": None,
}
"""kafka-python 2's defaults; buffer_memory (bytes) bounds what is not acknowledged, if it is given."""

DEFAULTS: dict[Dialect, dict[str, object]] = {
    Dialect.KAFKA_PYTHON_3: DEFAULT_CONFIG,
    Dialect.KAFKA_PYTHON_2: DEFAULT_CONFIG_2,
}

_BOUNDS: dict[str, Bound] = {
    **CONNECTION_BOUNDS,
    "transaction_timeout_ms": Bound(1, fractional=True),
    "delivery_timeout_ms": Bound(0, fractional=True),
    "retries": Bound(0, fractional=True),
    "batch_size": Bound(0),
    "linger_ms": Bound(0, fractional=True),
    "max_block_ms": Bound(0, fractional=True),
    "max_request_size": Bound(1),
    "buffer_memory": Bound(1, none_allowed=True),
}

CODECS: dict[str | None, int] = {None: 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
_MIN_VERSION_OF_CODEC: dict[str, tuple[int, ...]] = {"lz4": (0, 8, 2), "zstd": (2, 1)}
_MAX_IN_FLIGHT = "max_in_flight_requests_per_connection"


class ProducerOptions:
    """The checked options that the producer's machines work with.

    Args:
        given: what the user passed, by kafka-python's names.
        dialect: whose defaults and exceptions apply.
        errors: the exception classes to raise.
        base_defaults: the defaults of an installed kafka-python, where they are to be preferred.

    Raises:
        ValueError: an unknown option (AssertionError in kafka-python 2), or an unknown compression_type.
        KafkaConfigurationError: a value out of bounds, or options that contradict one another.
        UnsupportedOptionError: an option that cannot be honoured (transactional_id, kafka_client).
        RuntimeError: the library for compression_type is not installed (AssertionError in kafka-python 2).
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
        config, unknown = merge(with_base_defaults(DEFAULTS[dialect], base_defaults, given), given)
        if unknown:
            raise self.misuse(
                ValueError, f"Unrecognized configs: { {name: given[name] for name in unknown} }"
            )
        self.config: Config = config
        check_transport(config, errors)
        check_bounds(config, _BOUNDS, errors)
        config["acks"] = self._acks(config["acks"])
        config["api_version"] = normalized_api_version(config["api_version"], errors)
        if config["transactional_id"] is not None:
            raise UnsupportedOptionError(
                f"transactional_id={config['transactional_id']!r}: transactions are not supported yet"
            )
        self.compression: int = self._compression(config["compression_type"])
        self._decide_idempotence(given)
        self._take_values()

    def misuse(self, kind: Callable[[str], Exception], message: str) -> Exception:
        """The exception for a wrong call: kafka-python 2 asserts where 3 raises."""
        return AssertionError(message) if self.dialect is Dialect.KAFKA_PYTHON_2 else kind(message)

    def _acks(self, acks: object) -> int:
        if acks == "all":
            return -1
        if acks not in (-1, 0, 1) or isinstance(acks, bool):
            raise self._errors.KafkaConfigurationError(f"acks={acks!r}: expected 0, 1 or 'all' (-1)")
        return int(acks)

    def _compression(self, name: Any) -> int:
        if not (name is None or isinstance(name, str)) or name not in CODECS:
            raise ValueError(f"Not supported codec: {name} (compression_type must be one of {[*CODECS]})")
        if name is None:
            return 0
        since = _MIN_VERSION_OF_CODEC.get(name)
        if since is not None and self.config["api_version"] < since:
            version = ".".join(map(str, since))
            raise self.misuse(
                ValueError,
                f"compression_type={name!r} requires brokers >= {version} "
                f"(api_version={self.config['api_version']})",
            )
        from minikafka.compression import require_codec

        try:
            require_codec(CODECS[name])
        except UnsupportedCodecError as error:
            message = f"Libraries for {name} compression codec not found (compression_type={name!r}): {error}"
            raise self.misuse(RuntimeError, message) from error
        return CODECS[name]

    def _decide_idempotence(self, given: Mapping[str, object]) -> None:
        config = self.config
        if self.dialect is Dialect.KAFKA_PYTHON_2:
            self._decide_idempotence_2(given)
            return
        if not config["enable_idempotence"]:
            return
        conflicts = [
            f"{name}={config[name]!r}"
            for name, bad in (
                ("acks", config["acks"] != -1),
                ("retries", config["retries"] == 0),
                (_MAX_IN_FLIGHT, config[_MAX_IN_FLIGHT] > 5),
            )
            if bad and name in given
        ]
        if config["api_version"] < (0, 11):
            conflicts.append(f"api_version={config['api_version']}")
        if not conflicts:
            return
        if "enable_idempotence" in given:
            raise self._errors.KafkaConfigurationError(
                f"enable_idempotence=True is incompatible with user-provided {', '.join(conflicts)}"
            )
        _log_warning(f"Idempotence is disabled, because it conflicts with {', '.join(conflicts)}")
        config["enable_idempotence"] = False

    def _decide_idempotence_2(self, given: Mapping[str, object]) -> None:
        config = self.config
        if not config["enable_idempotence"]:
            return
        error = self._errors.KafkaConfigurationError
        if config["api_version"] < (0, 11):
            raise AssertionError("Transactional/Idempotent producer requires >= Kafka 0.11 Brokers")
        if config["retries"] == 0:
            raise error("retries=0: the idempotent producer must be allowed to retry")
        if config[_MAX_IN_FLIGHT] != 1 and _MAX_IN_FLIGHT in given:
            raise error(f"{_MAX_IN_FLIGHT}={config[_MAX_IN_FLIGHT]}: the idempotent producer needs 1")
        if config["acks"] != -1 and "acks" in given:
            raise error(f"acks={config['acks']}: the idempotent producer needs 'all'")
        config[_MAX_IN_FLIGHT] = 1
        config["acks"] = -1

    def _take_values(self) -> None:
        config = self.config
        self.acks: int = config["acks"]
        self.enable_idempotence: bool = bool(config["enable_idempotence"])
        self.transaction_timeout_ms: int = milliseconds(config["transaction_timeout_ms"])
        self.delivery_timeout_ms: int = milliseconds(config["delivery_timeout_ms"])
        self.request_timeout_ms: int = milliseconds(config["request_timeout_ms"])
        self.retry_backoff_ms: int = milliseconds(config["retry_backoff_ms"])
        self.linger_ms: int = milliseconds(config["linger_ms"])
        self.max_block_ms: int = milliseconds(config["max_block_ms"])
        self.retries: float = float(config["retries"])
        self.batch_size: int = int(config["batch_size"])
        self.max_request_size: int = int(config["max_request_size"])
        self.max_in_flight: int = int(config[_MAX_IN_FLIGHT])
        memory = config.get("buffer_memory")
        self.buffer_memory: int | None = None if memory is None else int(memory)
        if self.delivery_timeout_ms < self.linger_ms + self.request_timeout_ms:
            raise self._errors.KafkaConfigurationError(
                f"delivery_timeout_ms={self.delivery_timeout_ms}: must not be less than linger_ms + "
                f"request_timeout_ms ({self.linger_ms} + {self.request_timeout_ms})"
            )


def _log_warning(message: str) -> None:
    from minikafka.logs import logger

    logger("client.producer").warning(message)
