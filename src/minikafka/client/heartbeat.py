"""Heartbeats on the scheduler's timers, and the watch over session and poll timeouts (kafka-python's Heartbeat)."""

from __future__ import annotations

from minikafka.errors import ErrorCode
from minikafka.structs import MemberState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.client.consumer_metrics import ConsumerMetrics
    from minikafka.client.consumer_options import ConsumerOptions
    from minikafka.client.coordinator_client import CoordinatorClient
    from minikafka.client.group_membership import Generation, GroupMembership
    from minikafka.messages.schema import Response
    from minikafka.scheduler import Promise, Scheduler, Timer

_NEVER_MS = -(10**15)


class Heartbeat:
    """Tells the coordinator that a member is alive, while the member is stable.

    A member whose application has not polled for max_poll_interval_ms leaves its group. Times are in ms.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        coordinator: CoordinatorClient,
        membership: GroupMembership,
        options: ConsumerOptions,
        metrics: ConsumerMetrics | None,
    ) -> None:
        self._scheduler = scheduler
        self._coordinator = coordinator
        self._membership = membership
        self._options = options
        self._metrics = metrics
        self._timer: Timer | None = None
        self._enabled = False
        self._in_flight: Promise[Response] | None = None
        self._failed = False
        self.last_send_ms: int = _NEVER_MS
        self._last_receive_ms = _NEVER_MS
        self._last_reset_ms = scheduler.now_ms
        self._last_poll_ms = scheduler.now_ms
        self.polling: bool = False
        """Whether the application is inside `poll` now, where the poll interval does not run."""

    def begin_poll(self) -> None:
        """The application has called `poll`."""
        self.polling = True
        self._last_poll_ms = self._scheduler.now_ms

    def end_poll(self) -> None:
        """`poll` returns: from now on the poll interval runs."""
        self.polling = False
        self._last_poll_ms = now_ms = self._scheduler.now_ms
        timer = self._timer
        if timer is not None and timer.deadline_ms > now_ms + self._options.max_poll_interval_ms:
            self._schedule()

    def reset(self) -> None:
        """Start all timeouts over."""
        self._last_reset_ms = self._last_poll_ms = self._scheduler.now_ms
        self._failed = False

    def enable(self) -> None:
        """Begin: the member has joined. A heartbeat of an earlier generation is not waited for any more."""
        self._enabled = True
        self._in_flight = None
        self.reset()
        self._schedule()

    def disable(self) -> None:
        """Stop until the member has joined again."""
        self._enabled = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next_ms(self) -> int:
        delay_ms = self._options.retry_backoff_ms if self._failed else self._options.heartbeat_interval_ms
        return max(self.last_send_ms, self._last_reset_ms) + delay_ms

    def _schedule(self, at_ms: int | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._enabled:
            return
        if at_ms is None:
            at_ms = self._next_ms()
            if not self.polling:
                at_ms = min(at_ms, self._last_poll_ms + self._options.max_poll_interval_ms)
        self._timer = self._scheduler.call_at(at_ms, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if not self._enabled or self._in_flight is not None:
            return
        now_ms = self._scheduler.now_ms
        options = self._options
        if self._membership.state != MemberState.STABLE:
            self.disable()
            return
        last_heard_ms = max(self._last_receive_ms, self._last_reset_ms)
        if now_ms - last_heard_ms > options.session_timeout_ms:
            # Nothing was heard for a whole session: perhaps somebody else coordinates by now.
            self._coordinator.dead()
        if self._coordinator.current() is None:
            self._coordinator.look_up().add_callback(self._looked_up)
        elif not self.polling and now_ms - self._last_poll_ms >= options.max_poll_interval_ms:
            self._membership.leave_now("consumer poll timeout has expired.")
        elif now_ms < self._next_ms():
            self._schedule()
        else:
            self._send()

    def _looked_up(self, found: Promise[int]) -> None:
        now_ms = self._scheduler.now_ms
        self._schedule(now_ms if found.exception() is None else now_ms + self._options.retry_backoff_ms)

    def _send(self) -> None:
        self.last_send_ms = self._scheduler.now_ms
        self._failed = False
        membership = self._membership
        generation = membership.generation
        self._in_flight = sent = self._coordinator.send(membership.heartbeat_request())
        sent.add_callback(lambda done: self._answered(generation, done))

    def _answered(self, generation: Generation, done: Promise[Response]) -> None:
        if done is not self._in_flight:
            return
        self._in_flight = None
        code: int = ErrorCode.NETWORK_EXCEPTION
        if done.exception() is None:
            code = done.result().error_code  # type: ignore[attr-defined]
            if self._metrics is not None:
                self._metrics.heartbeat(self._scheduler.now_ms - self.last_send_ms)
        if code in (ErrorCode.NONE, ErrorCode.REBALANCE_IN_PROGRESS):
            # A member that heartbeats into a rebalance stays in the group for as long as that lasts.
            self._last_receive_ms = self._scheduler.now_ms
        elif code == ErrorCode.FENCED_INSTANCE_ID:
            self.disable()
        else:
            self._failed = True
        # What is said of a generation that is over does not matter any more.
        if code != ErrorCode.NONE and generation is self._membership.generation:
            self._membership.heartbeat_failed(code)
        self._schedule()
