"""What a leader knows of one follower: where it is, and when it last was caught up (Kafka's Replica)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.replica.delayed_fetch import DelayedFetch

UNKNOWN_OFFSET = -1


class Replica:
    """A follower's fetch state, kept by the leader.

    Attributes:
        broker_id: which broker it lives on.
        log_end_offset: where the follower's next record goes; -1 before its first fetch from this leader.
        log_start_offset: where the follower's log begins; -1 before its first fetch.
        last_fetch_leader_end_offset: where the leader's log ended when the follower last fetched.
        last_fetch_ms: when that was.
        last_caught_up_ms: the latest time at which the follower had all that the leader had.
        broker_epoch: of the follower's process, as it said itself; None before its first fetch.
        parked: the follower's fetch that waits at this leader for something new, if one does.
    """

    __slots__ = (
        "broker_epoch",
        "broker_id",
        "last_caught_up_ms",
        "last_fetch_leader_end_offset",
        "last_fetch_ms",
        "log_end_offset",
        "log_start_offset",
        "parked",
    )

    def __init__(self, broker_id: int) -> None:
        self.broker_id: int = broker_id
        self.log_end_offset: int = UNKNOWN_OFFSET
        self.log_start_offset: int = UNKNOWN_OFFSET
        self.last_fetch_leader_end_offset: int = 0
        self.last_fetch_ms: int = 0
        self.last_caught_up_ms: int = 0
        self.broker_epoch: int | None = None
        self.parked: DelayedFetch | None = None

    def update_fetch_state(
        self,
        fetch_offset: int,
        log_start_offset: int,
        now_ms: int,
        leader_end_offset: int,
        broker_epoch: int,
    ) -> None:
        """Take note of a fetch.

        A follower counts as caught up now if it fetches from the leader's end, and as caught up at its previous
        fetch if it fetches from where the leader's end was then: so that a busy leader does not outrun it.
        """
        if fetch_offset >= leader_end_offset:
            self.last_caught_up_ms = max(self.last_caught_up_ms, now_ms)
        elif fetch_offset >= self.last_fetch_leader_end_offset:
            self.last_caught_up_ms = max(self.last_caught_up_ms, self.last_fetch_ms)
        self.log_start_offset = log_start_offset
        self.log_end_offset = fetch_offset
        self.last_fetch_leader_end_offset = max(leader_end_offset, self.last_fetch_leader_end_offset)
        self.last_fetch_ms = now_ms
        self.broker_epoch = broker_epoch

    def reset(self, now_ms: int, leader_end_offset: int, is_new_leader: bool, is_in_sync: bool) -> None:
        """Begin a new leader epoch; members of the ISR count as caught up now.

        Args:
            now_ms: the broker's time.
            leader_end_offset: where the leader's log ends.
            is_new_leader: whether another broker led the epoch before, so that nothing known here holds.
            is_in_sync: whether the follower is in the ISR.
        """
        self.last_caught_up_ms = now_ms if is_in_sync else 0
        if is_new_leader:
            self.log_end_offset = UNKNOWN_OFFSET
            self.log_start_offset = UNKNOWN_OFFSET
            self.last_fetch_leader_end_offset = UNKNOWN_OFFSET
            self.last_fetch_ms = 0
            self.broker_epoch = None
        else:
            self.last_fetch_leader_end_offset = leader_end_offset
            self.last_fetch_ms = now_ms if is_in_sync else 0

    def is_caught_up(self, leader_end_offset: int, now_ms: int, max_lag_ms: int) -> bool:
        """Whether the follower is at the leader's end, or was within the last `max_lag_ms`."""
        return self.log_end_offset == leader_end_offset or now_ms - self.last_caught_up_ms <= max_lag_ms

    def __repr__(self) -> str:
        return f"<Replica on {self.broker_id} at {self.log_end_offset}, caught up {self.last_caught_up_ms}>"
