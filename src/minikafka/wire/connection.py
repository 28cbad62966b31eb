"""One connection as bytes in and bytes out: frames, headers, and Kafka's rule of one request at a time.

Mirrors Kafka's NetworkReceive, RequestHeader, RequestContext.parseRequest and the muting of channels in
SocketServer. It does no input or output of its own, so that it can be tested with any bytes.

Simplification: no SASL, and no request has the header of version 0 (that was ControlledShutdown 0).
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from struct import Struct

from minikafka.codec import ProtocolError
from minikafka.errors import ErrorCode, IllegalStateError, UnsupportedVersionError
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.headers import RequestHeader
from minikafka.messages.registry import API_NAMES, request_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from minikafka.messages.schema import Request, Response

MAX_REQUEST_BYTES = 100 * 1024 * 1024
"""Kafka's default of ``socket.request.max.bytes``."""

_request_class = cache(request_class)

_SIZE = Struct(">i")
_KEY_AND_VERSION = Struct(">hh")
_PREFIX = Struct(">ii")  # size, correlation id
_FLEXIBLE_PREFIX = Struct(">iix")  # ... and no tagged fields: a zero
_CORRELATION_ID_SIZE = 4


class State(Enum):
    """What a connection is about."""

    READING = "reading"
    """It waits for a request, or has one in its buffer that nobody has taken yet."""
    ANSWERING = "answering"
    """A request was taken and is not answered; no other is taken before (Kafka mutes the channel)."""
    CLOSED = "closed"
    """It ended, by `close` or by bytes that are no request."""


_PREDECESSORS = {
    State.READING: (State.ANSWERING,),
    State.ANSWERING: (State.READING,),
    State.CLOSED: (State.READING, State.ANSWERING),
}


class IncomingRequest:
    """A request as it came from a connection.

    Attributes:
        message: the decoded request.
        api_version: the version it is spoken in.
        correlation_id: what the client tells its answer by.
        client_id: the client's own name for itself, or None.
        refusal: the answer that the protocol itself dictates; no broker is asked.
    """

    __slots__ = ("api_version", "client_id", "correlation_id", "message", "refusal")

    def __init__(
        self,
        message: Request,
        api_version: int,
        correlation_id: int,
        client_id: str | None,
        refusal: Response | None = None,
    ) -> None:
        self.message: Request = message
        self.api_version: int = api_version
        self.correlation_id: int = correlation_id
        self.client_id: str | None = client_id
        self.refusal: Response | None = refusal

    @property
    def wants_answer(self) -> bool:
        """False for the one request that the protocol never answers: Produce with acks=0."""
        return self.message.api_name != "Produce" or self.message.acks != 0  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"<{self.message.api_name} v{self.api_version} #{self.correlation_id} of {self.client_id!r}>"


class Connection:
    """The server's end of one connection.

    Give it what arrives with `receive_data`; take requests with `next_request`, one at a time; make the bytes
    of each answer with `answer`, or say with `skip_answer` that there is none.

    Args:
        served: the names of the APIs that are answered here; others are refused.
        max_request_bytes: the largest frame taken (``socket.request.max.bytes``).
    """

    __slots__ = ("_buffer", "current", "max_request_bytes", "served", "state")

    def __init__(self, served: Container[str], max_request_bytes: int = MAX_REQUEST_BYTES) -> None:
        self.served: Container[str] = served
        self.max_request_bytes: int = max_request_bytes
        self.state: State = State.READING
        self.current: IncomingRequest | None = None
        """The request that was taken and is not answered yet."""
        self._buffer = bytearray()

    @property
    def buffered(self) -> int:
        """How many bytes have come of requests that were not taken yet."""
        return len(self._buffer)

    @property
    def has_request(self) -> bool:
        """Whether `next_request` has something to say: a whole frame, or one whose size is refused."""
        return self._frame_end() != 0

    def _frame_end(self) -> int:
        """Where the frame that may be taken now ends; 0 if there is none, -1 if its size is refused."""
        buffer = self._buffer
        if self.state is not State.READING or len(buffer) < _SIZE.size:
            return 0
        size: int = _SIZE.unpack_from(buffer)[0]
        if not 0 <= size <= self.max_request_bytes:
            return -1
        end = _SIZE.size + size
        return end if len(buffer) >= end else 0

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what has arrived; after the end it is dropped."""
        if self.state is not State.CLOSED:
            self._buffer += data

    def next_request(self) -> IncomingRequest | None:
        """The next request; None until all of it has come, and while another one is being answered.

        Raises:
            ProtocolError: what has come is no request that is served here. The connection is closed; what
                came before was handled.
        """
        end = self._frame_end()
        if end == 0:
            return None
        if end < 0:
            size = _SIZE.unpack_from(self._buffer)[0]
            self.close()
            raise ProtocolError(
                f"a frame of {size} bytes: expected 0 to {self.max_request_bytes} (socket.request.max.bytes)"
            )
        with memoryview(self._buffer) as view:
            frame = bytes(view[_SIZE.size : end])
        del self._buffer[:end]
        try:
            incoming = _parse(frame, self.served)
        except ProtocolError:
            self.close()
            raise
        self._become(State.ANSWERING)
        self.current = incoming
        return incoming

    def answer(self, response: Response) -> tuple[bytes, bytes]:
        """The bytes that answer the request that was taken last, in two parts: a prefix and the body.

        Raises:
            IllegalStateError: no request waits for an answer.
            ProtocolError, UnsupportedVersionError: the response cannot be told in the request's version; the
                request still waits for an answer.
        """
        current = self.current
        if current is None:
            raise IllegalStateError("no request waits for an answer")
        version = 0 if current.refusal is not None else current.api_version
        body = response.encode(version)
        prefix = _FLEXIBLE_PREFIX if response.header_version(version) else _PREFIX
        self._finish()
        return prefix.pack(prefix.size - _SIZE.size + len(body), current.correlation_id), body

    def skip_answer(self) -> None:
        """The request that was taken last has no answer; the next one may be taken.

        Raises:
            IllegalStateError: no request waits for an answer.
        """
        if self.current is None:
            raise IllegalStateError("no request waits for an answer")
        self._finish()

    def close(self) -> None:
        """Take and answer nothing any more. Closing twice does nothing."""
        if self.state is not State.CLOSED:
            self._become(State.CLOSED)
            self.current = None
            self._buffer = bytearray()

    def _finish(self) -> None:
        self.current = None
        self._become(State.READING)

    def _become(self, state: State) -> None:
        if self.state not in _PREDECESSORS[state]:
            raise IllegalStateError(f"a connection that is {self.state.value} cannot become {state.value}")
        self.state = state


def _parse(frame: bytes, served: Container[str]) -> IncomingRequest:
    """The request that a frame holds.

    Raises:
        ProtocolError: it holds none that is served. As in Kafka, bytes behind a whole request are ignored.
    """
    if len(frame) < _KEY_AND_VERSION.size:
        raise ProtocolError(f"a frame of {len(frame)} bytes has no request header")
    api_key, version = _KEY_AND_VERSION.unpack_from(frame)
    name = API_NAMES.get(api_key)
    if name is None or name not in served:
        raise ProtocolError(f"a request with API key {api_key}, which is not served")
    cls = _request_class(api_key)
    header, position = RequestHeader.decode_at(frame, 0, cls.header_version(version))
    if not cls.min_version <= version <= cls.max_version:
        if cls is ApiVersionsRequest:
            return _unknown_api_versions(header, version)
        raise ProtocolError(
            f"{name} request of version {version}: served are {cls.min_version} to {cls.max_version}"
        )
    try:
        message, _ = cls.decode_at(frame, position, version)
    except UnsupportedVersionError as error:
        raise ProtocolError(*error.args) from error
    return IncomingRequest(message, version, header.correlation_id, header.client_id)


def _unknown_api_versions(header: RequestHeader, version: int) -> IncomingRequest:
    """ApiVersions of a version that nobody knows: answered in version 0 with what is known (KIP-511)."""
    from minikafka.error_response import error_response

    request = ApiVersionsRequest()
    refusal = error_response(request, ErrorCode.UNSUPPORTED_VERSION, version=0)
    return IncomingRequest(request, version, header.correlation_id, header.client_id, refusal)
