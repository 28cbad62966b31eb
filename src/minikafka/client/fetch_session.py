"""The consumer's side of an incremental fetch session with one broker (KIP-227, FetchSessionHandler)."""

from __future__ import annotations

from minikafka.errors import ErrorCode
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.messages.fetch import FetchResponse

    Wanted = tuple[int, int, int]
    """What is wanted of a partition: fetch offset, current leader epoch, last fetched epoch."""

NO_SESSION = 0
THROTTLED_SESSION = -1
FIRST_EPOCH = 0
FINAL_EPOCH = -1
_MAX_EPOCH = 2**31 - 1


class FetchSessionHandler:
    """Tells what of a fetch the broker knows already, and follows the session's epoch.

    Args:
        enabled: False fetches without a session (``enable_incremental_fetch_sessions``).
    """

    __slots__ = ("enabled", "epoch", "partitions", "session_id")

    def __init__(self, enabled: bool = True) -> None:
        self.enabled: bool = enabled
        self.session_id: int = NO_SESSION
        self.epoch = FIRST_EPOCH if enabled else FINAL_EPOCH
        self.partitions: dict[TopicPartition, Wanted] = {}

    def build(
        self, wanted: dict[TopicPartition, Wanted]
    ) -> tuple[dict[TopicPartition, Wanted], list[TopicPartition]]:
        """What the next request has to say: partitions to add or change, and partitions to forget."""
        if self.epoch <= FIRST_EPOCH:
            self.partitions = wanted
            return wanted, []
        before, self.partitions = self.partitions, wanted
        if before == wanted:
            return {}, []
        changed = {tp: want for tp, want in wanted.items() if before.get(tp) != want}
        return changed, [tp for tp in before if tp not in wanted]

    def handle_response(self, response: FetchResponse, answered: Iterable[TopicPartition]) -> bool:
        """Follow the session; False when the response cannot be used."""
        if response.error_code != ErrorCode.NONE:
            if response.error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND:
                self._start_over(NO_SESSION)
            else:
                self._start_over(self.session_id)
            return False
        if not self.enabled:
            return True
        if self.epoch <= FIRST_EPOCH:
            if set(answered) != set(self.partitions):
                self._start_over(NO_SESSION)
                return response.session_id == THROTTLED_SESSION
            if response.session_id not in (NO_SESSION, THROTTLED_SESSION):
                self.session_id = response.session_id
                self.epoch = 1
            elif response.session_id == NO_SESSION:
                self._start_over(NO_SESSION)
            return True
        if any(tp not in self.partitions for tp in answered):
            self._start_over(self.session_id)
            return False
        if response.session_id == NO_SESSION:
            self._start_over(NO_SESSION)
        elif response.session_id != THROTTLED_SESSION:
            self.epoch = 1 if self.epoch == _MAX_EPOCH else self.epoch + 1
        return True

    def handle_error(self) -> None:
        """The request got no answer: close what session there may be, and open another."""
        self._start_over(self.session_id)

    def _start_over(self, session_id: int) -> None:
        if self.enabled:
            self.session_id = session_id
            self.epoch = FIRST_EPOCH
