"""Opens kafka-python's clients on a cluster: where it is, how long to wait, how to speak to it."""

from __future__ import annotations

import functools
import re
import time
from contextlib import contextmanager

import click

from minikafka.cli.failures import INSTALL, Exit, Failure, is_bootstrap_failure
from minikafka.cli.options import LARGEST_INT, LOG_LEVELS, key_values, log_to_stderr
from minikafka.cli.reachability import reasons
from minikafka.wire.addresses import is_host
from minikafka.wire.options import LAST_PORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any, TypeVar

    T = TypeVar("T")

_DEFAULT_PORT = 9092
DEFAULT_SERVER = f"localhost:{_DEFAULT_PORT}"
_NEWEST_TOO_OLD = 2
_RETRY_S = 0.1
_SERVER = re.compile(r"(?:\w+://)?(?:\[(?P<v6>[^]]*:[^]]*)]|(?P<name>[^][:]*))(?::(?P<port>[0-9]{1,5}))?")

_OBJECTS = ("_serializer", "_deserializer", "_context", "_provider")
"""How the options end whose values are objects of Python's."""

_OWN_OPTIONS = ("bootstrap_servers", "bootstrap_timeout_ms")


def kafka_python() -> ModuleType:
    """The module `kafka` of kafka-python 3 or newer.

    Raises:
        Failure: it is missing, or too old.
    """
    try:
        import kafka
    except ImportError:
        raise Failure(
            f"this command needs kafka-python, which is not installed: {INSTALL}",
            Exit.USAGE,
        ) from None
    version = str(getattr(kafka, "__version__", "0"))
    if int(version.split(".")[0]) <= _NEWEST_TOO_OLD:
        raise Failure(
            f"this command needs kafka-python 3 or newer, and finds {version}: {INSTALL}",
            Exit.USAGE,
        )
    module: ModuleType = kafka
    return module


def errors_of_kafka() -> Any:
    """The module `kafka.errors`."""
    kafka_python()
    import kafka.errors

    return kafka.errors


class Connection:
    """Where a cluster is and how to speak to it.

    Args:
        servers: ``HOST:PORT``, or several with commas.
        timeout_ms: how long to wait for the first broker and for an answer, in ms.
        properties: more options of kafka-python's clients, by Kafka's names or with underscores.
    """

    def __init__(self, servers: str, timeout_ms: int, properties: dict[str, str]) -> None:
        self.servers: str = servers
        self.timeout_ms: int = timeout_ms
        self.properties: dict[str, str] = properties

    @contextmanager
    def admin(self) -> Iterator[Any]:
        """A `KafkaAdminClient`."""
        client = self._open(kafka_python().KafkaAdminClient, request_timeout_ms=self.timeout_ms)
        try:
            yield client
        finally:
            client.close()

    def patiently(self, call: Callable[[], T]) -> T:
        """Call again while a broker asks for patience, as one does whose coordinator is only coming up."""
        deadline = time.monotonic() + self.timeout_ms / 1000
        while True:
            try:
                return call()
            except errors_of_kafka().RetriableError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_RETRY_S)

    def producer(self, **options: object) -> Any:
        """A `KafkaProducer`, to be closed by the caller."""
        return self._open(kafka_python().KafkaProducer, **options)

    def consumer(self, *topics: str, **options: object) -> Any:
        """A `KafkaConsumer`, to be closed by the caller."""
        return self._open(kafka_python().KafkaConsumer, *topics, **options)

    def _open(self, cls: Any, *topics: str, **options: object) -> Any:
        asked = client_options(cls.DEFAULT_CONFIG, self.properties)
        try:
            return cls(
                *topics,
                bootstrap_servers=self.servers,
                bootstrap_timeout_ms=self.timeout_ms,
                **{**options, **asked},
            )
        except Exception as error:
            if is_bootstrap_failure(error):
                raise Failure(
                    f"no broker reachable at {self.servers} within {self.timeout_ms} ms: "
                    f"{reasons([address_of(entry) for entry in self.servers.split(',')])} "
                    "(minikafka serve starts one on localhost:9092)",
                    Exit.UNREACHABLE,
                ) from error
            if isinstance(error, (ValueError, TypeError, AssertionError)) or is_configuration_error(error):
                raise Failure(f"kafka-python refuses the options: {error}", Exit.USAGE) from error
            raise


def is_configuration_error(error: Exception) -> bool:
    """Whether kafka-python could not make sense of a client's options."""
    return isinstance(error, kafka_python().errors.KafkaConfigurationError)


def client_options(defaults: dict[str, Any], properties: dict[str, str]) -> dict[str, object]:
    """Properties as kafka-python's arguments, each read as what its default is.

    Raises:
        click.BadParameter: there is no such option, or the value is not of its type.
    """
    options = {}
    for name, text in properties.items():
        option = name.replace(".", "_").replace("-", "_")
        if option not in defaults or option in _OWN_OPTIONS:
            raise click.BadParameter(f"{name!r} is not an option of this client", param_hint="--property")
        try:
            options[option] = _value(option, defaults[option], text)
        except ValueError as error:
            raise click.BadParameter(f"{name}={text}: {error}", param_hint="--property") from None
    return options


def _value(option: str, default: Any, text: str) -> object:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError("expected true or false")
        return text.lower() == "true"
    if option == "acks":
        return text if text == "all" else int(text)
    if isinstance(default, (int, float)) or option.endswith(("_ms", "_bytes")):
        try:
            return int(text)
        except ValueError:
            raise ValueError("expected a number") from None
    if (default is None and not option.endswith(_OBJECTS)) or isinstance(default, str):
        return text
    raise ValueError("this option takes no text")


def server_list(_: click.Context, __: click.Parameter, text: str) -> str:
    """``HOST:PORT``, or several with commas; the port may be missing, as kafka-python allows."""
    for entry in text.split(","):
        host, port = address_of(entry)
        if not is_host(host) or not 1 <= port <= LAST_PORT:
            raise click.BadParameter(f"{entry!r}: expected HOST:PORT, such as localhost:9092 or [::1]:9092")
    return text


def address_of(entry: str) -> tuple[str, int]:
    """The host and the port of ``HOST:PORT``; of ``HOST`` Kafka's usual port. What is neither comes back as a host."""
    found = _SERVER.fullmatch(entry.strip())
    if found is None:
        return entry.strip(), _DEFAULT_PORT
    return found["v6"] or found["name"], int(found["port"] or _DEFAULT_PORT)


def connects(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options that say where the cluster is, as an argument `connection`."""

    @click.option(
        "--bootstrap-server",
        "servers",
        metavar="HOST:PORT",
        callback=server_list,
        default=DEFAULT_SERVER,
        show_default=True,
        envvar="MINIKAFKA_BOOTSTRAP_SERVER",
        show_envvar=True,
        help="The cluster: a broker, or several with commas.",
    )
    @click.option(
        "--request-timeout-ms",
        type=click.IntRange(1, LARGEST_INT),
        default=10_000,
        show_default=True,
        help="How long to wait for a broker and for its answer.",
    )
    @click.option(
        "--property",
        "properties",
        metavar="KEY=VALUE",
        multiple=True,
        help="An option of kafka-python's client, such as security.protocol=SASL_SSL. Repeatable.",
    )
    @click.option(
        "--log-level",
        type=click.Choice(LOG_LEVELS),
        default="off",
        show_default=True,
        help="What of the client's log to show on stderr.",
    )
    @functools.wraps(command)
    def connected(
        *, servers: str, request_timeout_ms: int, properties: tuple[str, ...], log_level: str, **options: Any
    ) -> T:
        log_to_stderr(log_level, ["kafka"])
        connection = Connection(servers, request_timeout_ms, key_values(properties, "--property"))
        return command(connection=connection, **options)

    return connected
