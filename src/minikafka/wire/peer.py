"""One wire client's connection on the event loop: its bytes, its requests, its answers."""

from __future__ import annotations

from asyncio import BufferedProtocol

from minikafka.codec import ProtocolError, StringTooLongError
from minikafka.errors import ErrorCode, UnsupportedCodecError
from minikafka.logs import logger
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.scheduler import Promise
from minikafka.wire.addresses import java_address
from minikafka.wire.advertised import advertise
from minikafka.wire.connection import Connection, State
from minikafka.wire.hurry import is_patient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import BaseTransport, Transport
    from logging import Logger

    from minikafka.messages.schema import Response
    from minikafka.wire.door import Door
    from minikafka.wire.hurry import Hurry

log: Logger = logger("wire")


class Peer(BufferedProtocol):
    """Feeds a `Connection` from a transport and has its requests answered by one broker.

    Everything here runs in the sockets' thread, but `_answered` and `_refused`, which run in whichever thread
    turns the scheduler.

    Args:
        door: what it came in by.
    """

    def __init__(self, door: Door) -> None:
        self.door = door
        self.last_active: float = 0.0
        """When something moved last, by the event loop's clock."""
        self.address: str = ""
        """Its address on the in-process network: ``"client-3"``."""
        self._listener = door.listener
        self._options = door.listener.options
        self._connection = Connection(self._listener.served, self._options.socket_request_max_bytes)
        self._transport: Transport = None  # type: ignore[assignment]
        self._host = ""
        """Where it connects from, as Java shows it."""
        self._frames: list[bytearray] = []
        """The answers that are to be written, and how many bytes they are."""
        self._size = 0
        self._writable = True
        self._reading = True
        self._end: str | None = None
        self._hurries = door.listener.hurries
        self._hurry: Hurry | None = None
        """What makes the brokers answer the request that they have now."""

    # What the event loop calls

    def connection_made(self, transport: BaseTransport) -> None:
        """A client has connected."""
        self._transport = transport  # type: ignore[assignment]
        # A client that has already reset the connection has no name any more.
        self._host = java_address(str((transport.get_extra_info("peername") or ("",))[0]))
        self.last_active = self._listener.loop.time()
        if not self.door.admit(self):
            self.abort()
            return
        self._transport.set_write_buffer_limits(self._options.write_buffer_bytes)
        self.address = self._listener.new_address()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the event loop's signature
        """Where the loop reads to; what was read is copied at once, so all connections share it."""
        return self._listener.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Something has arrived."""
        self.last_active = self._listener.loop.time()
        self._connection.receive_data(self._listener.read_buffer[:nbytes])
        if self._hurry is not None and self._hurry.yields:
            self._hurry.now()
        self.serve()

    def pause_writing(self) -> None:
        """The client does not read its answers: it gets no more of them for now."""
        self._writable = False

    def resume_writing(self) -> None:
        """The answers have left."""
        self._writable = True
        self.last_active = self._listener.loop.time()
        # Not at once: the transport is in the midst of a write, and asyncio ends a connection twice when
        # another write fails in there.
        self._listener.loop.call_soon(self.serve)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the event loop's signature
        """The connection is gone, whoever ended it."""
        self._connection.close()
        if self._hurry is not None:
            self._hurry.now()
        if self.address:
            self._listener.run(lambda: self._listener.network.disconnect(self.address))
        self.door.forget(self)

    # Requests and answers

    def serve(self) -> None:
        """Handle the requests that have arrived, as far as that goes without waiting."""
        connection = self._connection
        listener = self._listener
        try:
            while self._writable and connection.has_request:
                listener.gate.run(self._take_requests)
                self._flush()
            if connection.buffered or not self._reading:
                self._regulate_reading()
            listener.deliver_answers()
        except Exception as bug:
            listener.report(bug)
            self.abort()

    def _regulate_reading(self) -> None:
        """Read ahead only so much of what cannot be handled yet; of one request, all of it."""
        connection = self._connection
        waiting = connection.current is not None or not self._writable
        reading = not (waiting and connection.buffered > self._options.read_buffer_bytes)
        if reading is not self._reading and connection.state is not State.CLOSED:
            self._reading = reading
            if reading:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _take_requests(self) -> None:
        """Inside the gate: one request after the other, until one has to wait or enough is to be written."""
        connection = self._connection
        listener = self._listener
        enough = self._options.write_buffer_bytes
        while self._size <= enough:
            try:
                incoming = connection.next_request()
            except ProtocolError as error:
                self._end = f"malformed request: {error}"
                return
            if incoming is None:
                return
            if incoming.refusal is not None:
                self._write(connection.answer(incoming.refusal))
                continue
            if not self.door.is_open:
                self._end = "the broker went down"
                return
            message = incoming.message
            if type(message) is ApiVersionsRequest and is_patient(message):
                self._hurries = listener.patient_hurries
            hurry = None
            if self._hurries is not None:
                hurry = self._hurries.of(message, more_has_come=connection.buffered > 0)
            answer = listener.network.ask(
                self.address,
                self.door.broker_address,
                message,
                incoming.client_id,
                incoming.api_version,
                self._host,
                None if hurry is None else hurry.promise,
            )
            if not isinstance(answer, Promise):
                if not incoming.wants_answer:
                    self._end = _refusal(Promise.resolved(answer))
                    return
                self._tell(answer)
                continue
            # Kafka handles no other request before this one is answered, appended, or has ended the connection.
            listener.gate.turn(answer)
            if not incoming.wants_answer:
                if answer.done():
                    self._end = _refusal(answer)
                    return
                answer.add_callback(self._refused)
                connection.skip_answer()
                continue
            if not answer.done():
                answer.add_callback(self._answered)
                if hurry is not None:
                    self._hurry = hurry
                    hurry.start(listener.loop)
                return
            self._answer(answer)

    def _answered(self, promise: Promise[Response]) -> None:
        self._listener.deliver_later(self._resume, promise)

    def _refused(self, promise: Promise[Response]) -> None:
        self._listener.deliver_later(self._refuse, promise)

    def _resume(self, promise: Promise[Response]) -> None:
        """Write an answer that had to be waited for, and go on with the next request."""
        if self._connection.state is State.CLOSED:
            return
        self._answer(promise)
        self.last_active = self._listener.loop.time()
        self._flush()
        self.serve()

    def _refuse(self, promise: Promise[Response]) -> None:
        """A request that is never answered failed: the one way to tell is to close (KafkaApis)."""
        self.close(_refusal(promise))

    def _answer(self, promise: Promise[Response]) -> None:
        if self._hurry is not None:
            self._hurry.stop()
            self._hurry = None
        error = promise.exception()
        if error is not None:
            self._end = str(error)
            return
        self._tell(promise.result())

    def _tell(self, response: Response) -> None:
        try:
            self._write(self._connection.answer(advertise(response, self._listener.addresses)))
        except UnsupportedCodecError as error:
            log.warning("%s cannot answer %s: %s", self.door.broker_address, self.address, error)
            self._answer_error(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
        except StringTooLongError as error:
            # As Kafka does, whose messages refuse to be serialized with it.
            log.warning("%s cannot answer %s: %s", self.door.broker_address, self.address, error)
            self._answer_error(ErrorCode.UNKNOWN_SERVER_ERROR)
        except Exception as bug:
            self._listener.report(bug)
            self._answer_error(ErrorCode.UNKNOWN_SERVER_ERROR)

    def _answer_error(self, code: ErrorCode) -> None:
        """The answer cannot be told."""
        from minikafka.error_response import error_response

        incoming = self._connection.current
        assert incoming is not None
        try:
            response = error_response(incoming.message, code, version=incoming.api_version)
            self._write(self._connection.answer(response))
        except Exception as error:
            self._end = f"{incoming} cannot be answered: {error!r}"

    def _write(self, frame: bytearray) -> None:
        self._frames.append(frame)
        self._size += len(frame)

    def _flush(self) -> None:
        """Give the event loop what was written; end the connection if there is a reason to."""
        frames = self._frames
        if frames:
            self._frames, self._size = [], 0
            # Not writelines(): that of Python 3.12 and 3.13.0 never tells the protocol to pause writing.
            self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if self._end is not None:
            self.close(self._end)

    def close(self, reason: str) -> None:
        """End the connection after what was written; the reason is logged."""
        if self._connection.state is not State.CLOSED or self._end is not None:
            self._end = None
            self._connection.close()
            log.info("closing %s of %s on %s: %s", self.address, self._host, self.door.broker_address, reason)
        self._transport.close()

    def abort(self) -> None:
        """End the connection on the spot."""
        self._connection.close()
        self._transport.abort()

    def __repr__(self) -> str:
        return f"<Peer {self.address} of {self._host} {self._connection.state.value}>"


def _refusal(promise: Promise[Response]) -> str:
    """Why a request that is never answered ends its connection."""
    return f"produce with acks=0 failed: {promise.exception() or 'it was answered with an error'}"
