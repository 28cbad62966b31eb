"""Option handling that all three clients share: defaults, unknown names, bounds, and what means nothing here.

`docs/fidelity.md` is generated from `TRANSPORT_OPTIONS`: the options that describe sockets, TLS, SASL and
the like are accepted, since user code passes them, and have nothing to act upon inside one process.
"""

from __future__ import annotations

from enum import Enum

from minikafka.errors import ERRORS, UnsupportedOptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from typing import Any

    from minikafka.errors import ErrorTable

    Config = dict[str, Any]


class Dialect(Enum):
    """Whose defaults, shapes and exceptions a client speaks; the patch layer chooses."""

    KAFKA_PYTHON_3 = "kafka-python 3"
    KAFKA_PYTHON_2 = "kafka-python 2"


def dialect_of(base_defaults: Mapping[str, object] | None) -> Dialect:
    """The dialect of an installed kafka-python, told by its table of defaults; 3 without one."""
    if base_defaults is None or "bootstrap_timeout_ms" in base_defaults:
        return Dialect.KAFKA_PYTHON_3
    return Dialect.KAFKA_PYTHON_2


TRANSPORT_OPTIONS: dict[str, str] = {
    "client_dns_lookup": "no host name is ever looked up",
    "connections_max_idle_ms": "there are no connections that could idle",
    "receive_message_max_bytes": "messages travel as objects, not as frames",
    "receive_buffer_bytes": "there are no sockets",
    "send_buffer_bytes": "there are no sockets",
    "socket_options": "there are no sockets",
    "selector": "there are no sockets to select from",
    "security_protocol": "nothing is on a wire that TLS or SASL could protect",
    "ssl_context": "there is no TLS in process",
    "ssl_check_hostname": "there is no TLS in process",
    "ssl_cafile": "there is no TLS in process; the file is not read",
    "ssl_certfile": "there is no TLS in process; the file is not read",
    "ssl_keyfile": "there is no TLS in process; the file is not read",
    "ssl_crlfile": "there is no TLS in process; the file is not read",
    "ssl_password": "there is no TLS in process",
    "ssl_ciphers": "there is no TLS in process",
    "sasl_mechanism": "every in-process client is User:ANONYMOUS",
    "sasl_plain_username": "every in-process client is User:ANONYMOUS",
    "sasl_plain_password": "every in-process client is User:ANONYMOUS",
    "sasl_kerberos_name": "every in-process client is User:ANONYMOUS",
    "sasl_kerberos_service_name": "every in-process client is User:ANONYMOUS",
    "sasl_kerberos_domain_name": "every in-process client is User:ANONYMOUS",
    "sasl_oauth_token_provider": "every in-process client is User:ANONYMOUS; the provider is not called",
    "proxy_url": "there is no connection to route through a proxy",
    "socks5_proxy": "there is no connection to route through a proxy",
    "api_version_auto_timeout_ms": "the broker's version is known at once (kafka-python 2 only)",
    "bootstrap_topics_filter": "bootstrap asks for no topics (kafka-python 2 only)",
    "wakeup_timeout_ms": "there is no socket pair to wake a selector with (kafka-python 2 only)",
}
"""Options that are accepted and mean nothing in process, each with the reason."""

IDLE_OPTIONS: dict[str, dict[str, str]] = {
    "producer": {},
    "consumer": {
        "max_in_flight_requests_per_connection": "in process a connection takes any number of requests at once",
    },
    "admin": {
        "max_in_flight_requests_per_connection": "in process a connection takes any number of requests at once",
        "metrics_num_samples": "only reporters could see the metrics, and metric_reporters is refused",
        "metrics_sample_window_ms": "only reporters could see the metrics, and metric_reporters is refused",
    },
}
"""Options of one kind of client that are checked and then mean nothing in process, each with the reason."""

TRANSPORT_DEFAULTS: dict[str, object] = {
    "client_dns_lookup": "use_all_dns_ips",
    "connections_max_idle_ms": 9 * 60 * 1000,
    "receive_message_max_bytes": 100_000_000,
    "receive_buffer_bytes": None,
    "send_buffer_bytes": None,
    "socket_options": None,
    "selector": None,
    "security_protocol": "PLAINTEXT",
    "ssl_context": None,
    "ssl_check_hostname": True,
    "ssl_cafile": None,
    "ssl_certfile": None,
    "ssl_keyfile": None,
    "ssl_crlfile": None,
    "ssl_password": None,
    "ssl_ciphers": None,
    "sasl_mechanism": None,
    "sasl_plain_username": None,
    "sasl_plain_password": None,
    "sasl_kerberos_name": None,
    "sasl_kerberos_service_name": "kafka",
    "sasl_kerberos_domain_name": None,
    "sasl_oauth_token_provider": None,
    "proxy_url": None,
    "socks5_proxy": None,
}
"""kafka-python 3's transport options, which all of its clients share.

``socket_options`` and ``selector`` default to None here: their real defaults are values of modules that no
in-process client needs to import.
"""

TRANSPORT_DEFAULTS_2: dict[str, object] = {
    **{
        key: value
        for key, value in TRANSPORT_DEFAULTS.items()
        if key not in ("client_dns_lookup", "proxy_url")
    },
    "receive_message_max_bytes": 1_000_000,
    "api_version_auto_timeout_ms": 2000,
    "bootstrap_topics_filter": frozenset(),
}
"""kafka-python 2's transport options."""

CONNECTION_DEFAULTS: dict[str, object] = {
    "bootstrap_servers": "localhost",
    "client_id": None,
    "request_timeout_ms": 30000,
    "retry_backoff_ms": 100,
    "reconnect_backoff_ms": 50,
    "reconnect_backoff_max_ms": 30000,
    "max_in_flight_requests_per_connection": 5,
    "metadata_max_age_ms": 300000,
    "allow_auto_create_topics": True,
    "api_version": None,
    "bootstrap_timeout_ms": 30000,
}
"""What `minikafka.client.network_client.NetworkClient` honours, with kafka-python 3's defaults."""

METRICS_DEFAULTS: dict[str, object] = {
    "metric_reporters": (),
    "metrics_enabled": True,
    "metrics_num_samples": 2,
    "metrics_sample_window_ms": 30000,
}

BROKER_VERSION = (4, 2)
"""The ``api_version`` that an in-process broker reports itself as."""

_SECURITY_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


def with_base_defaults(
    own: Mapping[str, object],
    base_defaults: Mapping[str, object] | None,
    given: Mapping[str, object],
    known: Container[str] = (),
) -> Mapping[str, object]:
    """The options there are, with their defaults.

    Args:
        own: minikafka's.
        base_defaults: those of an installed kafka-python, where they are to be preferred.
        given: what the user passed.
        known: further options that may be given.

    Raises:
        UnsupportedOptionError: a given option that the installed kafka-python knows and minikafka does not.
    """
    if base_defaults is None:
        return own
    for name in base_defaults:
        if name in given and name not in own and name not in TRANSPORT_OPTIONS and name not in known:
            raise UnsupportedOptionError(f"{name}={given[name]!r}: this option is not supported by minikafka")
    return {**own, **base_defaults}


def merge(defaults: Mapping[str, object], given: Mapping[str, object]) -> tuple[Config, list[str]]:
    """The defaults overlaid with what the user gave, and the given names that nobody knows (in order)."""
    config: Config = dict(defaults)
    unknown = [name for name in given if name not in defaults]
    for name, value in given.items():
        if name in config:
            config[name] = value
    return config, unknown


class Bound:
    """What a numeric option may be: at least `minimum`, and a whole number unless `fractional`."""

    __slots__ = ("fractional", "minimum", "none_allowed")

    def __init__(self, minimum: float, *, fractional: bool = False, none_allowed: bool = False) -> None:
        self.minimum: float = minimum
        self.fractional: bool = fractional
        self.none_allowed: bool = none_allowed

    def admits(self, value: object) -> bool:
        """Whether the value is a number within the bound."""
        if value is None:
            return self.none_allowed
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return value >= self.minimum and (self.fractional or isinstance(value, int) or value == int(value))

    def __str__(self) -> str:
        kind = "a number" if self.fractional else "a whole number"
        return f"{kind} of at least {self.minimum}" + (", or None" if self.none_allowed else "")


CONNECTION_BOUNDS: dict[str, Bound] = {
    "request_timeout_ms": Bound(1, fractional=True),
    "retry_backoff_ms": Bound(0, fractional=True),
    "reconnect_backoff_ms": Bound(0, fractional=True),
    "reconnect_backoff_max_ms": Bound(0, fractional=True),
    "max_in_flight_requests_per_connection": Bound(1),
    "metadata_max_age_ms": Bound(0, fractional=True),
    "bootstrap_timeout_ms": Bound(0, fractional=True, none_allowed=True),
    "metrics_num_samples": Bound(1),
    "metrics_sample_window_ms": Bound(1, fractional=True),
}


def check_bounds(
    config: Mapping[str, object], bounds: Mapping[str, Bound], errors: ErrorTable = ERRORS
) -> None:
    """Check numeric options against their bounds; options that the config lacks are passed over.

    Raises:
        KafkaConfigurationError: naming the option, its value and what would be right.
    """
    for name, bound in bounds.items():
        if name in config and not bound.admits(config[name]):
            raise errors.KafkaConfigurationError(f"{name}={config[name]!r}: expected {bound}")


def check_transport(config: Mapping[str, object], errors: ErrorTable = ERRORS) -> None:
    """Refuse what in-process clients cannot honour among the transport options.

    Raises:
        KafkaConfigurationError: security_protocol is none of Kafka's four.
        UnsupportedOptionError: kafka_client replaces the network, which has no counterpart here.
    """
    protocol = config.get("security_protocol", "PLAINTEXT")
    if protocol not in _SECURITY_PROTOCOLS:
        raise errors.KafkaConfigurationError(
            f"security_protocol={protocol!r}: expected one of {', '.join(_SECURITY_PROTOCOLS)}"
        )
    client = config.get("kafka_client")
    if client is not None and getattr(client, "__name__", "") not in ("KafkaNetClient", "KafkaClient"):
        raise UnsupportedOptionError(
            f"kafka_client={client!r}: an in-process client has no network that could be replaced"
        )


def normalized_api_version(value: object, errors: ErrorTable = ERRORS) -> tuple[int, ...]:
    """``api_version`` as a tuple: None and ``"auto"`` mean the broker's own; ``"2.8"`` is the old spelling.

    In process the newest version of every message is spoken whatever it says; a client asks it only for what
    it believes the broker can do (idempotence since 0.11, zstd since 2.1, headers since 0.11).

    Raises:
        KafkaConfigurationError: it is no version.
    """
    if value is None or value == "auto":
        return BROKER_VERSION
    try:
        parts = value.split(".") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
        return tuple(int(part) for part in parts)
    except (TypeError, ValueError):
        raise errors.KafkaConfigurationError(
            f"api_version={value!r}: expected a tuple such as (2, 8), or None"
        ) from None


def milliseconds(value: object) -> int:
    """A duration option as whole milliseconds; infinity becomes a day more than anybody waits."""
    number = float(value)  # type: ignore[arg-type]
    return int(min(number, FOREVER_MS))


FOREVER_MS = 10**12
"""Some thirty years: what an infinite duration is counted as."""

_TOPIC_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_TOPIC_MAX_LENGTH = 249


def check_topic_name(topic: object) -> str:
    """Check a topic's name as kafka-python does before it asks a broker (Kafka: Topic.validate).

    Raises:
        TypeError: the name is no string.
        ValueError: it is empty, ``.`` or ``..``, longer than 249, or has an illegal character.
    """
    if not isinstance(topic, str):
        raise TypeError(f"topic={topic!r}: topic names must be strings")
    if not topic:
        raise ValueError("topic='': topic names must be non-empty strings")
    if topic in (".", ".."):
        raise ValueError(f'topic={topic!r}: a topic name cannot be "." or ".."')
    if len(topic) > _TOPIC_MAX_LENGTH:
        raise ValueError(f"topic={topic!r}: a topic name has at most {_TOPIC_MAX_LENGTH} characters")
    if not _TOPIC_CHARACTERS.issuperset(topic):
        raise ValueError(f"topic={topic!r}: topic names consist of ASCII alphanumerics, '.', '_' and '-'")
    return topic
