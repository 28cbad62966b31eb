"""What a listener may be told: Kafka's socket options, with Kafka's names and defaults."""

from __future__ import annotations

from minikafka.errors import IllegalArgumentError
from minikafka.wire.connection import MAX_REQUEST_BYTES

MAX_INT = 2147483647


class ListenerOptions:
    """How much a listener takes of a peer; the same for every broker.

    Args:
        socket_request_max_bytes: the largest request; a longer one closes its connection.
        connections_max_idle_ms: a connection on which nothing moved for so many real ms is closed.
        max_connections: of one broker; more are closed when they open, where Kafka lets them wait.
        socket_listen_backlog_size: how many connections may wait to be accepted. Kafka's default is 50; tests
            open many at once, and one that finds no room waits for a second in the system's network code.
        write_buffer_bytes: while more than so much of the answers has not left, no further request of a
            connection is handled.
        read_buffer_bytes: while a connection's request is handled, so much is read ahead.

    Raises:
        IllegalArgumentError: a value is not a positive number.
    """

    __slots__ = (
        "connections_max_idle_ms",
        "max_connections",
        "read_buffer_bytes",
        "socket_listen_backlog_size",
        "socket_request_max_bytes",
        "write_buffer_bytes",
    )

    def __init__(
        self,
        *,
        socket_request_max_bytes: int = MAX_REQUEST_BYTES,
        connections_max_idle_ms: int = 600_000,
        max_connections: int = MAX_INT,
        socket_listen_backlog_size: int = 1024,
        write_buffer_bytes: int = 1024 * 1024,
        read_buffer_bytes: int = 1024 * 1024,
    ) -> None:
        self.socket_request_max_bytes: int = socket_request_max_bytes
        self.connections_max_idle_ms: int = connections_max_idle_ms
        self.max_connections: int = max_connections
        self.socket_listen_backlog_size: int = socket_listen_backlog_size
        self.write_buffer_bytes: int = write_buffer_bytes
        self.read_buffer_bytes: int = read_buffer_bytes
        for name in self.__slots__:
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise IllegalArgumentError(f"{name}={value!r}: expected a positive number")
