"""What a listener may be told: where it listens, and how much it takes of a peer."""

from __future__ import annotations

from minikafka.errors import IllegalArgumentError, KafkaConfigurationError
from minikafka.wire.addresses import HOST, is_anywhere, is_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from minikafka.config import BrokerConfig

    Ports = int | Sequence[int]

LAST_PORT = 65535

KAFKAS_OPTIONS = (
    "connections_max_idle_ms",
    "max_connections",
    "socket_listen_backlog_size",
    "socket_request_max_bytes",
)
"""The listener's options that are options of Kafka's brokers; the cluster's `config` gives their defaults."""


class ListenerOptions:
    """How a listener serves; the same for every broker.

    Args:
        config: the brokers' options, which give the default of every option that Kafka has.
        connections_max_idle_ms: a connection on which nothing moved for so many real ms is closed; negative:
            none is (``connections.max.idle.ms``).
        max_connections: of one broker; more are closed when they open, where Kafka lets them wait
            (``max.connections``).
        socket_listen_backlog_size: how many connections may wait to be accepted
            (``socket.listen.backlog.size``).
        socket_request_max_bytes: the largest request; a longer one closes its connection
            (``socket.request.max.bytes``).
        write_buffer_bytes: while more than so much of the answers has not left, no further request of a
            connection is handled. Kafka writes one answer before it takes the next request; this is its like
            for many small ones.
        read_buffer_bytes: while a connection's request is handled, so much is read ahead.
        prompt_rebalances: whether members hear of a rebalance, and read on after it, sooner than with Kafka, which
            answers a heartbeat at once: there they hear by their next one, up to ``heartbeat.interval.ms`` later
            (3 s by default). Prompt means that the answer to a heartbeat in a Stable group is held back until there
            is news, the next one is due, or the client sends another request over the same connection; and that a
            Fetch that waits for records is answered when the client sends another request. None, the default: for
            clients that go on meanwhile, by the names that they tell: librdkafka, what is built upon it, and the
            Java client. True: for all. False: for none, as in Kafka.

    Raises:
        IllegalArgumentError: there is no such option, or it has a bad value.
    """

    __slots__ = (*KAFKAS_OPTIONS, "prompt_rebalances", "read_buffer_bytes", "write_buffer_bytes")

    connections_max_idle_ms: int
    max_connections: int
    socket_listen_backlog_size: int
    socket_request_max_bytes: int

    def __init__(
        self,
        config: BrokerConfig,
        *,
        write_buffer_bytes: int = 1024 * 1024,
        read_buffer_bytes: int = 1024 * 1024,
        prompt_rebalances: bool | None = None,
        **kafkas: int,
    ) -> None:
        for name, value in _over(config, kafkas).items():
            setattr(self, name, value)
        self.write_buffer_bytes: int = write_buffer_bytes
        self.read_buffer_bytes: int = read_buffer_bytes
        self.prompt_rebalances: bool | None = prompt_rebalances
        if prompt_rebalances is not None and type(prompt_rebalances) is not bool:
            raise IllegalArgumentError(
                f"prompt_rebalances={prompt_rebalances!r}: expected True, False or None"
            )
        for name in ("read_buffer_bytes", "write_buffer_bytes"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise IllegalArgumentError(f"{name}={value!r}: expected a positive number")


def _over(config: BrokerConfig, kafkas: Mapping[str, int]) -> dict[str, object]:
    """The values of Kafka's own options: what the listener was told, over what its brokers were."""
    for name in kafkas:
        if name not in KAFKAS_OPTIONS:
            known = ", ".join(ListenerOptions.__slots__)
            raise IllegalArgumentError(f"unknown option of a listener {name!r}: expected one of {known}")
    try:
        told = config.with_options(kafkas)
    except KafkaConfigurationError as error:
        raise IllegalArgumentError(*error.args) from None
    return {name: getattr(told, name) for name in KAFKAS_OPTIONS}


class Place:
    """Where one broker listens, and where clients are told that it does.

    Args:
        host: the name or address to bind to; a name is bound at every address that it stands for.
        port: the number; 0 for any that is free.
        advertised_host: what clients are told to connect to.
        advertised_port: its port; None for the one that it listens on.
    """

    __slots__ = ("advertised_host", "advertised_port", "host", "port")

    def __init__(self, host: str, port: int, advertised_host: str, advertised_port: int | None) -> None:
        self.host: str = host
        self.port: int = port
        self.advertised_host: str = advertised_host
        self.advertised_port: int | None = advertised_port


def places(
    brokers: int,
    host: str = "127.0.0.1",
    port: Ports = 0,
    *,
    advertised_host: str | None = None,
    advertised_port: Ports | None = None,
) -> list[Place]:
    """A place for each broker, in order.

    Args:
        brokers: how many.
        host: the name or address to bind to; a name is bound at every address that it stands for.
        port: of the first broker, the others follow; or one for each. 0: any free port.
        advertised_host: what clients are told to connect to; by default `host`.
        advertised_port: the same for ports, in the manner of `port`; by default those that are listened on.

    Raises:
        IllegalArgumentError: a host or a port is none, the ports are not as many as the brokers, or nobody could
            connect to the advertised host.
    """
    advertised = host if advertised_host is None else advertised_host
    if not is_host(host) and host != "":
        raise IllegalArgumentError(f"host={host!r}: {HOST}")
    if not is_host(advertised) and advertised != "":
        raise IllegalArgumentError(f"advertised_host={advertised!r}: {HOST}")
    if is_anywhere(advertised):
        raise IllegalArgumentError(
            f"advertised_host={advertised!r}: clients cannot connect to that; "
            f"listen(host={host!r}, advertised_host='...') takes the name that they know this machine by"
        )
    numbers = _numbers("port", port, brokers, smallest=0)
    told: Sequence[int | None] = [None] * brokers
    if advertised_port is not None:
        told = _numbers("advertised_port", advertised_port, brokers, smallest=1)
    return [Place(host, number, advertised, told_number) for number, told_number in zip(numbers, told)]


def _numbers(name: str, ports: Ports, brokers: int, *, smallest: int) -> Sequence[int]:
    if type(ports) is int:
        numbers: Sequence[int] = [ports and ports + index for index in range(brokers)]
    elif isinstance(ports, (list, tuple, range)):
        numbers = list(ports)
    else:
        raise IllegalArgumentError(f"{name}={ports!r}: expected a number, or a list of one for each broker")
    if len(numbers) != brokers:
        raise IllegalArgumentError(f"{name}={ports!r}: expected one port for each of {brokers} brokers")
    for index, number in enumerate(numbers, 1):
        if type(number) is not int or not smallest <= number <= LAST_PORT:
            raise IllegalArgumentError(
                f"{name}={ports!r}: expected {smallest} to {LAST_PORT} for each broker; "
                f"broker {index} would have {number!r}"
            )
    return numbers
