"""One connection as bytes in and bytes out: frames, and Kafka's rule of one request at a time.

Mirrors Kafka's NetworkReceive and the muting of channels in SocketServer. It does no input or output of its own, so
that it can be tested with any bytes.

Simplification: no SASL.
"""

from __future__ import annotations

from enum import StrEnum
from struct import Struct

from minikafka.codec import ProtocolError
from minikafka.errors import IllegalStateError
from minikafka.messages.compiler import encode_message
from minikafka.wire.incoming import IncomingRequest, parse_request

__all__ = ["MAX_REQUEST_BYTES", "Connection", "IncomingRequest", "State"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from minikafka.messages.schema import Response

MAX_REQUEST_BYTES = 100 * 1024 * 1024
"""Kafka's default of ``socket.request.max.bytes``."""

_SIZE = Struct(">i")
_PREFIX = Struct(">ii")  # size, correlation id
_ROOM = bytes(_PREFIX.size)
_FLEXIBLE_ROOM = bytes(_PREFIX.size + 1)  # ... and no tagged fields: a zero


class State(StrEnum):  # a str is hashed faster than another Enum
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


class Connection:
    """The server's end of one connection.

    Give it what arrives with `receive_data`; take requests with `next_request`, one at a time; make the bytes
    of each answer with `answer`, or say with `skip_answer` that there is none.

    Args:
        served: the names of the APIs that are answered here; others are refused.
        max_request_bytes: the largest frame taken (``socket.request.max.bytes``).
    """

    __slots__ = ("_buffer", "_end", "_start", "current", "max_request_bytes", "served", "state")

    def __init__(self, served: Container[str], max_request_bytes: int = MAX_REQUEST_BYTES) -> None:
        self.served: Container[str] = served
        self.max_request_bytes: int = max_request_bytes
        self.state: State = State.READING
        self.current: IncomingRequest | None = None
        """The request that was taken and is not answered yet."""
        # What came at once stays as it came, and its requests are read in place, from `_start` on; only what comes
        # in pieces is put together.
        self._buffer: bytes | bytearray = b""
        self._start = 0
        self._end = 0
        """Where the next frame ends (see `_frame_end`), if that was found out since anything has changed; else 0."""

    @property
    def buffered(self) -> int:
        """How many bytes have come of requests that were not taken yet."""
        return len(self._buffer) - self._start

    @property
    def has_request(self) -> bool:
        """Whether `next_request` has something to say: a whole frame, or one whose size is refused."""
        if not self._buffer:
            return False
        self._end = self._frame_end()
        return self._end != 0

    def _frame_end(self) -> int:
        """Where the frame that may be taken now ends; 0 if there is none, -1 if its size is refused."""
        buffer = self._buffer
        start = self._start
        have = len(buffer) - start - _SIZE.size
        if have < 0 or self.state is not State.READING:
            return 0
        size: int = _SIZE.unpack_from(buffer, start)[0]
        if not 0 <= size <= self.max_request_bytes:
            return -1
        return start + _SIZE.size + size if have >= size else 0

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what has arrived; after the end it is dropped."""
        if self.state is State.CLOSED:
            return
        self._end = 0
        if not self._buffer:
            self._buffer = bytes(data)
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(memoryview(self._buffer)[self._start :])
            self._start = 0
        self._buffer += data

    def next_request(self) -> IncomingRequest | None:
        """The next request; None until all of it has come, and while another one is being answered.

        Raises:
            ProtocolError: what has come is no request that is served here. The connection is closed; what
                came before was handled.
        """
        buffer = self._buffer
        end = self._end or (self._frame_end() if buffer else 0)
        if end == 0:
            return None
        self._end = 0
        start = self._start + _SIZE.size
        if end < 0:
            size = _SIZE.unpack_from(buffer, self._start)[0]
            self.close()
            raise ProtocolError(
                f"a frame of {size} bytes: expected 0 to {self.max_request_bytes} (socket.request.max.bytes)"
            )
        if isinstance(buffer, bytes):
            frame = buffer
            if end < len(buffer):
                self._start = end
            else:
                self._buffer, self._start = b"", 0
        else:
            with memoryview(buffer) as view:
                frame = bytes(view[start:end])
            del buffer[:end]
            start, end = 0, len(frame)
        try:
            incoming = parse_request(frame, start, end, self.served)
        except ProtocolError:
            self.close()
            raise
        self._become(State.ANSWERING)
        self.current = incoming
        return incoming

    def answer(self, response: Response) -> bytearray:
        """The bytes that answer the request that was taken last; nobody else has the buffer.

        Raises:
            IllegalStateError: no request waits for an answer.
            ProtocolError, UnsupportedVersionError: the response cannot be told in the request's version; the
                request still waits for an answer.
        """
        current = self.current
        if current is None:
            raise IllegalStateError("no request waits for an answer")
        version = 0 if current.refusal is not None else current.api_version
        room = _FLEXIBLE_ROOM if response.header_version(version) else _ROOM
        frame = encode_message(response, version, room)
        _PREFIX.pack_into(frame, 0, len(frame) - _SIZE.size, current.correlation_id)
        self._finish()
        return frame

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
            self._buffer, self._start, self._end = b"", 0, 0

    def _finish(self) -> None:
        self.current = None
        self._become(State.READING)

    def _become(self, state: State) -> None:
        if self.state not in _PREDECESSORS[state]:
            raise IllegalStateError(f"a connection that is {self.state.value} cannot become {state.value}")
        self.state = state
