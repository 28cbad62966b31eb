"""The admin client's options: names, defaults and bounds, per dialect of kafka-python."""

from __future__ import annotations

from minikafka.client.options import (
    CONNECTION_BOUNDS,
    CONNECTION_DEFAULTS,
    TRANSPORT_DEFAULTS,
    check_bounds,
    check_transport,
    merge,
    milliseconds,
    normalized_api_version,
    with_base_defaults,
)
from minikafka.errors import UnsupportedOptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.client.options import Config
    from minikafka.errors import ErrorTable

DEFAULT_CONFIG: dict[str, object] = {
    **{name: value for name, value in CONNECTION_DEFAULTS.items() if name != "allow_auto_create_topics"},
    "metric_reporters": (),
    "metrics_num_samples": 2,
    "metrics_sample_window_ms": 30000,
    "kafka_client": None,
    **{name: value for name, value in TRANSPORT_DEFAULTS.items() if name != "ssl_ciphers"},
}
"""kafka-python 3's defaults."""


class AdminOptions:
    """The checked options that the admin client works with.

    Args:
        given: what the user passed, by kafka-python's names.
        errors: the exception classes to raise.
        base_defaults: the defaults of an installed kafka-python, where they are to be preferred.

    Raises:
        KafkaConfigurationError: an unknown option, or a value out of bounds.
        UnsupportedOptionError: an option that cannot be honoured (kafka_client, metric_reporters).
    """

    def __init__(
        self,
        given: Mapping[str, object],
        errors: ErrorTable,
        base_defaults: Mapping[str, object] | None = None,
    ) -> None:
        config, unknown = merge(with_base_defaults(DEFAULT_CONFIG, base_defaults, given), given)
        if unknown:
            raise errors.KafkaConfigurationError(
                f"Unrecognized configs: { {name: given[name] for name in unknown} }"
            )
        self.config: Config = config
        check_transport(config, errors)
        check_bounds(config, CONNECTION_BOUNDS, errors)
        config["api_version"] = normalized_api_version(config["api_version"], errors)
        if config["metric_reporters"]:
            raise UnsupportedOptionError(
                f"metric_reporters={config['metric_reporters']!r}: minikafka's admin client keeps no metrics"
            )
        self.request_timeout_ms: int = milliseconds(config["request_timeout_ms"])
        self.retry_backoff_ms: int = milliseconds(config["retry_backoff_ms"])
