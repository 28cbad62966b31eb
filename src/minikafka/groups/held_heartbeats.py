"""Heartbeats of a group that are answered late, so that the answer can tell of a rebalance at once.

A member learns of a rebalance by its next heartbeat, in Kafka as here: up to ``heartbeat.interval.ms`` late. A
listener with ``prompt_rebalances`` lets the coordinator keep the answer to a member of a Stable group back until
there is something to tell. Kafka has nothing like it; nobody's session lasts longer or shorter for it.
"""

from __future__ import annotations

from minikafka.errors import BrokerResponseError
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.messages.heartbeat import HeartbeatResponse

    Answer = Callable[[], HeartbeatResponse]

_LONGEST_HOLD_MS = 2900
"""A little less than the default of ``heartbeat.interval.ms``, 3000, in every client.

librdkafka skips a heartbeat while the last one is not answered; one that is answered just before the next is due
is the most that it can be told.
"""

_HOLDS_PER_SESSION = 3
"""No held heartbeat may take more of a session than Kafka advises for the interval of heartbeats: a third."""


def hold_ms(session_timeout_ms: int) -> int:
    """How long a member's heartbeat may be held, in ms."""
    return min(_LONGEST_HOLD_MS, session_timeout_ms // _HOLDS_PER_SESSION)


class HeldHeartbeats:
    """The held heartbeats of one group, one for each member at most."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[str, tuple[Promise[HeartbeatResponse], Answer]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, member_id: str, answer: Answer) -> Promise[HeartbeatResponse]:
        """Hold a member's heartbeat; one that is held already is answered.

        Args:
            member_id: whose.
            answer: what there is to answer when it is released, or raises what is wrong.
        """
        self.release(member_id)
        promise: Promise[HeartbeatResponse] = Promise()
        self._held[member_id] = (promise, answer)
        return promise

    def release(self, member_id: str, only: Promise[HeartbeatResponse] | None = None) -> None:
        """Answer a member's heartbeat, if one is held (if it is `only`, where that is given)."""
        held = self._held.get(member_id)
        if held is None or (only is not None and held[0] is not only):
            return
        del self._held[member_id]
        promise, answer = held
        if promise.done():
            return
        try:
            response = answer()
        except BrokerResponseError as error:
            promise.set_exception(error)
        else:
            promise.set_result(response)

    def release_all(self) -> None:
        """Answer every heartbeat that is held."""
        for member_id in list(self._held):
            self.release(member_id)
