"""The in-process network: carries every request and response, and asks the fault plan for its fate.

Nothing is encoded here. A request is handed to the destination's handler in an action of its own, its
response comes back in another, so that no node ever runs inside another's call.
"""

from __future__ import annotations

from minikafka.errors import KafkaConnectionError, KafkaTimeoutError
from minikafka.faults import DELIVER, Action, Envelope
from minikafka.scheduler import Promise
from minikafka.structs import RequestContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.faults import Fate, FaultPlan
    from minikafka.messages.schema import Request, Response
    from minikafka.ports import Handler
    from minikafka.scheduler import Scheduler, Timer

    Observer = Callable[[str, "Exchange", "Response | None"], object]


class Exchange:
    """One request and the promise of its response."""

    __slots__ = (
        "api_version",
        "client_host",
        "client_id",
        "destination",
        "fate",
        "hurry",
        "lost_after_ms",
        "message",
        "one_way",
        "promise",
        "source",
        "timer",
    )

    def __init__(
        self, source: str, destination: str, message: Request, client_id: str | None, one_way: bool
    ) -> None:
        self.source: str = source
        self.destination: str = destination
        self.message: Request = message
        self.api_version: int = message.max_version
        self.client_id: str | None = client_id
        self.client_host: str = _CLIENT_HOST
        self.one_way: bool = one_way
        self.promise: Promise[Response] = Promise()
        self.fate: Fate = DELIVER
        self.timer: Timer | None = None
        self.lost_after_ms: int | None = None
        self.hurry: Promise[None] | None = None


class _LateQueue:
    """The delayed messages of one link: how many, and when the last of them arrives."""

    __slots__ = ("arrival_ms", "length")

    def __init__(self) -> None:
        self.arrival_ms = 0
        self.length = 0


class Network:
    """Routes messages between addresses.

    Args:
        scheduler: where deliveries run.
        faults: asked for the fate of every request.

    Deliveries between the same two nodes keep their order unless a fault's delay says otherwise for the
    later one alone: a message never overtakes an earlier one on its link, as on a TCP connection.
    """

    def __init__(self, scheduler: Scheduler, faults: FaultPlan) -> None:
        self.scheduler = scheduler
        self.faults = faults
        self.observers: list[Observer] = []
        """Called with ("request" | "response" | "lost", exchange, response) as things happen."""
        self.requests: int = 0
        self._handlers: dict[str, Handler] = {}
        self._pending: dict[Exchange, None] = {}
        self._late: dict[tuple[str, str], _LateQueue] = {}

    def bind(self, address: str, handler: Handler) -> None:
        """Let `handler` take the requests sent to `address`."""
        self._handlers[address] = handler

    def unbind(self, address: str) -> None:
        """The node is gone: whoever waits for its answer, or has it wait for one, is told so."""
        self._handlers.pop(address, None)
        self.disconnect(address)

    def disconnect(self, address: str) -> None:
        """Close every connection of a node: all that is in flight from it or to it fails.

        What it has sent and wants no answer for still arrives, as bytes that were written before a socket was
        closed do: else a producer with acks=0 would lose records by a flush and a close.
        """
        for exchange in [
            e for e in self._pending if e.destination == address or (e.source == address and not e.one_way)
        ]:
            self._fail(exchange, KafkaConnectionError(f"the connection to {exchange.destination} was closed"))

    def break_cut_links(self) -> None:
        """Fail what is in flight over a link that the fault plan has cut."""
        for exchange in [e for e in self._pending if self.faults.is_cut(e.source, e.destination)]:
            self._fail(exchange, KafkaConnectionError(f"the connection to {exchange.destination} was cut"))

    def reachable(self, source: str, destination: str) -> bool:
        """Whether a connection from `source` to `destination` could be opened now."""
        return destination in self._handlers and not self.faults.is_cut(source, destination)

    def request(
        self,
        source: str,
        destination: str,
        message: Request,
        *,
        client_id: str | None = None,
        timeout_ms: int | None = None,
        lost_after_ms: int | None = None,
        api_version: int | None = None,
        client_host: str | None = None,
        hurry: Promise[None] | None = None,
    ) -> Promise[Response]:
        """Send a request; see `minikafka.ports.Transport.request`."""
        exchange = Exchange(source, destination, message, client_id, False)
        if api_version is not None:
            exchange.api_version = api_version
        if client_host is not None:
            exchange.client_host = client_host
        exchange.lost_after_ms = lost_after_ms
        exchange.hurry = hurry
        if timeout_ms is not None:
            exchange.timer = self.scheduler.call_later(timeout_ms, self._time_out, exchange, timeout_ms)
        self._send(exchange)
        return exchange.promise

    def ask(
        self,
        source: str,
        destination: str,
        message: Request,
        client_id: str | None,
        api_version: int,
        client_host: str,
        hurry: Promise[None] | None,
    ) -> Response | Promise[Response]:
        """Send a request from outside of every node's call; see `minikafka.ports.Transport.ask`."""
        faults = self.faults
        handler = self._handlers.get(destination)
        if (
            handler is None
            or faults.active
            or self.observers
            or self._late
            or not self.scheduler.idle
            or faults.is_cut(source, destination)
        ):
            return self.request(
                source,
                destination,
                message,
                client_id=client_id,
                api_version=api_version,
                client_host=client_host,
                hurry=hurry,
            )
        self.requests += 1
        context = RequestContext(api_version, client_id, client_host, source, hurry)
        answer = handler(message, context)
        if isinstance(answer, Promise):
            kept = answer.result() if answer.done() and answer.exception() is None else None
            if kept is not None:
                return kept
        elif answer is not None:
            return answer
        exchange = Exchange(source, destination, message, client_id, False)
        if answer is not None:
            self._pending[exchange] = None
            answer.add_callback(lambda promise: self._answered(exchange, promise))
        return exchange.promise

    def send_one_way(
        self, source: str, destination: str, message: Request, *, client_id: str | None = None
    ) -> None:
        """Send a request that the protocol never answers (produce with acks=0)."""
        self._send(Exchange(source, destination, message, client_id, True))

    def _send(self, exchange: Exchange) -> None:
        self.requests += 1
        self._pending[exchange] = None
        destination = exchange.destination
        if not self.reachable(exchange.source, destination):
            error = KafkaConnectionError(f"cannot connect to {destination}")
            self.scheduler.call_soon(self._fail, exchange, error)
            return
        if not self.faults.active:
            if self._late:
                self._deliver_in_order(exchange, 0)
            else:
                self.scheduler.call_soon(self._deliver, exchange)
            return
        envelope = Envelope(exchange.source, destination, exchange.message, self.scheduler.now_ms)
        exchange.fate = self.faults.fate(envelope)
        _FATES[exchange.fate.action](self, exchange)

    def _deliver_in_order(self, exchange: Exchange, delay_ms: int) -> None:
        link = (exchange.source, exchange.destination)
        queue = self._late.get(link)
        if queue is None:
            if delay_ms == 0:
                self.scheduler.call_soon(self._deliver, exchange)
                return
            queue = self._late[link] = _LateQueue()
        queue.length += 1
        queue.arrival_ms = max(self.scheduler.now_ms + delay_ms, queue.arrival_ms)
        self.scheduler.call_at(queue.arrival_ms, self._deliver_late, exchange, link)

    def _deliver_late(self, exchange: Exchange, link: tuple[str, str]) -> None:
        queue = self._late[link]
        queue.length -= 1
        if queue.length == 0:
            del self._late[link]
        self._deliver(exchange)

    def _fate_deliver(self, exchange: Exchange) -> None:
        self._deliver_in_order(exchange, exchange.fate.delay_ms)

    def _lose(self, exchange: Exchange, response: Response | None) -> None:
        """Nothing will ever come back for this request."""
        self._observe("lost", exchange, response)
        lost_after_ms = exchange.lost_after_ms
        if lost_after_ms is not None and exchange.timer is None:
            exchange.timer = self.scheduler.call_later(lost_after_ms, self._time_out, exchange, lost_after_ms)

    def _fate_drop(self, exchange: Exchange) -> None:
        self._lose(exchange, None)
        if exchange.one_way:
            self._pending.pop(exchange, None)

    def _fate_duplicate(self, exchange: Exchange) -> None:
        self._deliver_in_order(exchange, exchange.fate.delay_ms)
        self._deliver_in_order(exchange, exchange.fate.delay_ms)

    def _fate_answer_error(self, exchange: Exchange) -> None:
        from minikafka.error_response import error_response

        response = error_response(exchange.message, exchange.fate.error, version=exchange.api_version)
        self.scheduler.call_soon(self._return, exchange, response)

    def _fate_disconnect(self, exchange: Exchange) -> None:
        error = KafkaConnectionError(f"the connection to {exchange.destination} was closed")
        self.scheduler.call_soon(self._fail, exchange, error)

    def _deliver(self, exchange: Exchange) -> None:
        if exchange not in self._pending and exchange.fate.action is not Action.DUPLICATE:
            return
        handler = self._handlers.get(exchange.destination)
        if handler is None:
            self._fail(exchange, KafkaConnectionError(f"cannot connect to {exchange.destination}"))
            return
        message = exchange.message
        if self.observers:
            self._observe("request", exchange, None)
        context = RequestContext(
            exchange.api_version,
            exchange.client_id,
            exchange.client_host,
            exchange.source,
            hurry=exchange.hurry,
        )
        answer = handler(message, context)
        if answer is None or exchange.one_way:
            self._pending.pop(exchange, None)
        elif isinstance(answer, Promise):
            answer.add_callback(lambda promise: self._answered(exchange, promise))
        else:
            self._reply(exchange, answer)

    def _answered(self, exchange: Exchange, promise: Promise[Response | None]) -> None:
        error = promise.exception()
        if error is not None:
            self._fail(
                exchange, KafkaConnectionError(f"{exchange.destination} closed the connection: {error}")
            )
            return
        response = promise.result()
        if response is None:
            self._pending.pop(exchange, None)
        else:
            self._reply(exchange, response)

    def _reply(self, exchange: Exchange, response: Response) -> None:
        if exchange.fate is DELIVER:
            self.scheduler.call_soon(self._return, exchange, response)
        elif exchange.fate.action is Action.LOSE_REPLY:
            self._lose(exchange, response)
        else:
            self.scheduler.call_later(exchange.fate.reply_delay_ms, self._return, exchange, response)

    def _return(self, exchange: Exchange, response: Response) -> None:
        if exchange not in self._pending:
            return
        del self._pending[exchange]
        if self.observers:
            self._observe("response", exchange, response)
        if exchange.timer is not None:
            exchange.timer.cancel()
        exchange.promise.set_result(response)

    def _fail(self, exchange: Exchange, error: Exception) -> None:
        if exchange not in self._pending:
            return
        del self._pending[exchange]
        if self.observers:
            self._observe("lost", exchange, None)
        if exchange.timer is not None:
            exchange.timer.cancel()
        exchange.promise.set_exception(error)

    def _time_out(self, exchange: Exchange, timeout_ms: int) -> None:
        self._fail(
            exchange,
            KafkaTimeoutError(
                f"{exchange.message.api_name} to {exchange.destination}: no answer within {timeout_ms} ms"
            ),
        )

    def _observe(self, kind: str, exchange: Exchange, response: Response | None) -> None:
        for observer in self.observers:
            observer(kind, exchange, response)


_CLIENT_HOST = "/127.0.0.1"
"""Where clients of this process connect from, as Java writes an address without a name."""

_FATES: dict[Action, Callable[[Network, Exchange], None]] = {
    Action.DELIVER: Network._fate_deliver,
    Action.LOSE_REPLY: Network._fate_deliver,
    Action.DROP: Network._fate_drop,
    Action.DUPLICATE: Network._fate_duplicate,
    Action.ANSWER_ERROR: Network._fate_answer_error,
    Action.DISCONNECT: Network._fate_disconnect,
}
