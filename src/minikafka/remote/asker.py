"""`Asker`: asks brokers one request after the other on blocking sockets, each in the newest version both know."""

from __future__ import annotations

import socket
import struct
import threading
import time

from minikafka.errors import ErrorCode, KafkaConnectionError, KafkaTimeoutError, error_for_code
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.delete_topics import DeleteTopicsRequest
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.headers import RequestHeader
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.registry import version_range
from minikafka.remote.frames import framed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from minikafka.messages.schema import Request

    Address = tuple[str, int]

_TIMEOUT_S = 30.0
_AGAIN_S = 0.05
_CLIENT_ID = "minikafka"
_GROUP = 0

_COMING = frozenset(
    {
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NOT_COORDINATOR,
        ErrorCode.LEADER_NOT_AVAILABLE,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.NOT_CONTROLLER,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    }
)
"""What a broker says while something is being created or moved: worth asking again."""


class Asker:
    """A connection to each broker of a cluster, made when it is first needed.

    Args:
        bootstrap: where to begin.
        timeout_s: how long one answer may take.
    """

    def __init__(self, bootstrap: Iterable[Address], timeout_s: float = _TIMEOUT_S) -> None:
        self._bootstrap = list(bootstrap)
        self._timeout_s = timeout_s
        self._sockets: dict[Address, socket.socket] = {}
        self._versions: dict[int, tuple[int, int]] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close every connection."""
        for each in self._sockets.values():
            each.close()
        self._sockets.clear()

    # Asking

    def ask(self, request: Request, address: Address | None = None, *, newest: int | None = None) -> Any:
        """The answer of a broker; of any by default.

        Args:
            request: the request; defaults fill what the version in use does not carry.
            address: the broker's.
            newest: speak no newer version than this.

        Raises:
            KafkaConnectionError: no broker can be reached there, or it closed the connection.
            UnsupportedVersionError: the broker serves no version of the API that is known here.
        """
        with self._lock:
            for each in self._bootstrap if address is None else [address]:
                try:
                    return self._ask(each, request, newest)
                except OSError as error:
                    self._drop(each)
                    failure = error
            where = ",".join(f"{host}:{port}" for host, port in self._bootstrap)
            if address is not None:
                where = f"{address[0]}:{address[1]}"
            raise KafkaConnectionError(
                f"no answer to {request.api_name} from {where}: {failure}"
            ) from failure

    def _ask(self, address: Address, request: Request, newest: int | None) -> Any:
        if address not in self._sockets:
            self._connect(address)
        return self._exchange(address, request, self._version(request, newest))

    def _version(self, request: Request, newest: int | None) -> int:
        first, last = version_range(request.api_name)
        their_first, their_last = self._versions.get(request.api_key, (0, -1))
        version = min(last, their_last, last if newest is None else newest)
        if version < max(first, their_first):
            raise error_for_code(
                ErrorCode.UNSUPPORTED_VERSION,
                f"{request.api_name}: the brokers serve versions {their_first} to {their_last}, "
                f"known here are {first} to {last}",
            )
        return version

    def _connect(self, address: Address) -> None:
        self._sockets[address] = socket.create_connection(address, self._timeout_s)
        self._sockets[address].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = self._exchange(address, ApiVersionsRequest(), 0)
        self._versions = {each.api_key: (each.min_version, each.max_version) for each in answer.api_keys}

    def _exchange(self, address: Address, request: Request, version: int) -> Any:
        header = RequestHeader(
            request_api_key=request.api_key,
            request_api_version=version,
            correlation_id=0,
            client_id=_CLIENT_ID,
        )
        connected = self._sockets[address]
        data = header.encode(request.header_version(version)) + request.encode(version)
        connected.sendall(framed(data))
        (size,) = struct.unpack(">i", _receive(connected, 4))
        frame = _receive(connected, size)
        cls = type(request).response_class
        return cls.decode(frame[4 + cls.header_version(version) :], version)

    def _drop(self, address: Address) -> None:
        found = self._sockets.pop(address, None)
        if found is not None:
            found.close()

    def until(self, ask: Callable[[], Any], code_of: Callable[[Any], int], what: str) -> Any:
        """Ask again while the brokers say that something is yet to come.

        Raises:
            KafkaTimeoutError: it did not come.
        """
        deadline = time.monotonic() + self._timeout_s
        while (code := code_of(answer := ask())) in _COMING:
            if time.monotonic() > deadline:
                raise KafkaTimeoutError(f"waited {self._timeout_s:g} s for {what}: {ErrorCode(code).name}")
            time.sleep(_AGAIN_S)
        return answer

    # What everybody needs

    def metadata(self, topics: Iterable[str] | None = None, address: Address | None = None) -> Any:
        """The cluster's brokers and these topics (all by default); none is created."""
        wanted = None if topics is None else [MetadataRequestTopic(name=name) for name in topics]
        return self.ask(MetadataRequest(topics=wanted, allow_auto_topic_creation=False), address)

    def brokers(self) -> dict[int, Address]:
        """The live brokers' addresses by node id."""
        return {each.node_id: (each.host, each.port) for each in sorted_brokers(self.metadata([]))}

    def controller(self) -> Address | None:
        """Where requests for the controller go; None, any broker, if nobody is known to be the controller."""
        metadata = self.metadata([])
        return next(
            ((each.host, each.port) for each in metadata.brokers if each.node_id == metadata.controller_id),
            None,
        )

    def delete_topics(self, names: list[str]) -> list[Any]:
        """Delete topics; the result for each, with its name and error code."""
        # Version 5 names topics; every Kafka since 2.4 speaks it.
        request = DeleteTopicsRequest(topic_names=names, timeout_ms=int(self._timeout_s * 1000))
        return list(self.ask(request, self.controller(), newest=5).responses)

    def coordinator(self, group_id: str) -> tuple[int, Address]:
        """A group's coordinator: node id and address.

        Raises:
            KafkaTimeoutError: there is none.
        """
        request = FindCoordinatorRequest(key=group_id, key_type=_GROUP)
        answer = self.until(
            lambda: self.ask(request, newest=3),
            lambda found: found.error_code,
            f"the coordinator of group {group_id!r}",
        )
        if answer.error_code:
            raise error_for_code(answer.error_code, answer.error_message)
        return answer.node_id, (answer.host, answer.port)


def sorted_brokers(metadata: Any) -> list[Any]:
    """The brokers of a Metadata response by node id."""
    return sorted(metadata.brokers, key=lambda broker: broker.node_id)


def _receive(connected: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = connected.recv(size - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return bytes(data)
