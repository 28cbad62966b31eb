"""What a consumer reads: its subscription or assignment, and a position for each assigned partition.

Mirrors kafka-python's SubscriptionState: a partition can be fetched once it has a position that needs no
validation, and while it is neither paused nor about to be revoked.
"""

from __future__ import annotations

from enum import Enum

from minikafka.client.options import check_topic_name
from minikafka.client.rebalance_listener import is_listener
from minikafka.errors import IllegalStateError, NoOffsetForPartitionError
from minikafka.structs import OffsetAndMetadata, TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable
    from random import Random
    from typing import Any

LATEST = -1
EARLIEST = -2
RESET_STRATEGIES = {"latest": LATEST, "earliest": EARLIEST, "largest": LATEST, "smallest": EARLIEST}
"""Timestamps to ask ListOffsets for, by ``auto_offset_reset``; any other value means: raise an error."""


class SubscriptionType(Enum):
    """How the consumer came by its partitions."""

    NONE = "none"
    AUTO_TOPICS = "topics"
    AUTO_PATTERN = "pattern"
    USER_ASSIGNED = "assigned"


_AUTO = (SubscriptionType.AUTO_TOPICS, SubscriptionType.AUTO_PATTERN)

_ONE_WAY_ONLY = (
    "a consumer either subscribes to topics by name, or subscribes to topics by a pattern, or assigns itself "
    "partitions: it is already {}"
)
_STATES = {
    SubscriptionType.AUTO_TOPICS: "subscribed to topics",
    SubscriptionType.AUTO_PATTERN: "subscribed to a pattern",
    SubscriptionType.USER_ASSIGNED: "assigned partitions by hand",
    SubscriptionType.NONE: "without any",
}


def is_topic_partition(value: object) -> bool:
    """Whether a value is a TopicPartition: minikafka's, or the namedtuple of the same name of kafka-python."""
    return type(value) is TopicPartition or (
        isinstance(value, tuple) and type(value).__name__ == "TopicPartition" and len(value) == 2
    )


class PartitionState:
    """Position and state of one assigned partition.

    Attributes:
        offset: the next offset to hand out; -1 while there is no position.
        first_offset: the first position since the assignment, -1 before there was one.
        leader_epoch: the epoch of the record before it, -1 if unknown.
        reset_strategy: the timestamp to look the position up by, while a reset is awaited.
        reconciled_epoch: the newest leader epoch that the position is known to be consistent with (KIP-320).
        fetchable: whether records may be fetched and handed out; kept up to date by `refresh`.
    """

    __slots__ = (
        "awaiting_validation",
        "fetchable",
        "first_offset",
        "highwater",
        "leader_epoch",
        "metadata",
        "offset",
        "owner",
        "paused",
        "pending_revocation",
        "preferred_read_replica",
        "preferred_until_ms",
        "reconciled_epoch",
        "reset_strategy",
        "retry_at_ms",
        "topic_partition",
    )

    def __init__(self, topic_partition: TopicPartition, owner: SubscriptionState) -> None:
        self.topic_partition: TopicPartition = topic_partition
        self.owner: SubscriptionState = owner
        self.offset: int = -1
        self.first_offset: int = -1
        self.leader_epoch: int = -1
        self.metadata: str | None = ""
        self.paused: bool = False
        self.reset_strategy: int | None = None
        self.awaiting_validation: bool = False
        self.reconciled_epoch: int = -1
        self.retry_at_ms: int = 0
        self.highwater: int | None = None
        self.preferred_read_replica: int = -1
        self.preferred_until_ms: int = 0
        self.pending_revocation: bool = False
        self.fetchable: bool = False

    @property
    def has_position(self) -> bool:
        """Whether the next offset is known."""
        return self.offset >= 0

    @property
    def position(self) -> OffsetAndMetadata | None:
        """The position as it would be committed, or None."""
        if self.offset < 0:
            return None
        return OffsetAndMetadata(self.offset, self.metadata, self.leader_epoch)

    @property
    def missing_position(self) -> bool:
        """Whether there is no position, and no reset on its way to find one."""
        return self.offset < 0 and self.reset_strategy is None

    def refresh(self) -> None:
        """Recompute what depends on the other attributes, after one of them changed."""
        self.fetchable = (
            self.offset >= 0
            and not self.paused
            and not self.pending_revocation
            and not self.awaiting_validation
        )
        self.owner.version += 1

    def seek(self, offset: int, leader_epoch: int = -1, metadata: str | None = "") -> None:
        """Go on at `offset`; it has not been checked against any leader."""
        self.offset = offset
        if self.first_offset < 0:
            self.first_offset = offset
        self.leader_epoch = leader_epoch
        self.metadata = metadata
        self._start_over(None)

    def reset(self, strategy: int) -> None:
        """Have the position looked up: LATEST or EARLIEST."""
        self.offset = -1
        self._start_over(strategy)

    def _start_over(self, strategy: int | None) -> None:
        self.reset_strategy = strategy
        self.retry_at_ms = 0
        self.awaiting_validation = False
        self.reconciled_epoch = -1
        self.preferred_read_replica = -1
        self.owner.unsettled[self.topic_partition] = None
        self.refresh()

    def maybe_validate(self, current_epoch: int | None) -> bool:
        """Ask for a validation if the leader is newer than the position knows; whether one is awaited now."""
        if self.offset < 0 or current_epoch is None or current_epoch < 0:
            return False
        if current_epoch <= max(self.reconciled_epoch, self.leader_epoch):
            return False
        self.reconciled_epoch = current_epoch
        # A position that came from a bare offset has no epoch that could be compared.
        if self.leader_epoch < 0:
            return False
        self.preferred_read_replica = -1
        return self.request_validation()

    def request_validation(self) -> bool:
        """Ask for a validation whatever the epochs; False if the position has none to validate by."""
        if self.offset < 0 or self.leader_epoch < 0:
            return False
        self.awaiting_validation = True
        self.retry_at_ms = 0
        self.owner.unsettled[self.topic_partition] = None
        self.refresh()
        return True

    def complete_validation(self, leader_epoch: int | None = None) -> None:
        """The position holds; `leader_epoch` is the epoch the leader gave for it."""
        self.awaiting_validation = False
        self.retry_at_ms = 0
        if leader_epoch is not None:
            self.leader_epoch = leader_epoch
        self.refresh()

    def clear_preferred_replica(self) -> int:
        """Fetch from the leader again; the replica that was preferred, or -1."""
        previous, self.preferred_read_replica = self.preferred_read_replica, -1
        return previous


class SubscriptionState:
    """The consumer's subscription, its assigned partitions, and their positions.

    Args:
        auto_offset_reset: ``"earliest"``, ``"latest"``; anything else means no reset.
        random: shuffles newly assigned partitions, as kafka-python does.

    Attributes:
        assignment: by partition, in fetch order.
        unsettled: partitions whose position may be missing, awaited or in validation; never fewer.
        version: grows whenever an assignment, a position by seek, or a partition's fetchability changes.
    """

    def __init__(self, auto_offset_reset: str, random: Random) -> None:
        strategy = RESET_STRATEGIES.get(str(auto_offset_reset).lower())
        self.default_reset_strategy = strategy
        self.subscription: set[str] | None = None
        self.subscription_type: SubscriptionType = SubscriptionType.NONE
        self.pattern: re.Pattern[str] | None = None
        self.group_subscription: dict[str, None] = {}
        self.assignment: dict[TopicPartition, PartitionState] = {}
        self.unsettled: dict[TopicPartition, None] = {}
        self.listener: Any = None
        self.version: int = 0
        self._user_assignment: frozenset[TopicPartition] = frozenset()
        self._random = random

    # What to read

    def _become(self, kind: SubscriptionType) -> None:
        if self.subscription_type is SubscriptionType.NONE:
            self.subscription_type = kind
        elif self.subscription_type is not kind:
            raise IllegalStateError(_ONE_WAY_ONLY.format(_STATES[self.subscription_type]))

    @property
    def auto_assigned(self) -> bool:
        """Whether partitions come from a subscription."""
        return self.subscription_type in _AUTO

    def subscribe(self, topics: Any, pattern: str | None, listener: Any) -> None:
        """Subscribe to topics, or to all that match a pattern.

        Raises:
            ValueError: neither is given, or a topic's name is not legal.
            IllegalStateError: both are given, or the consumer reads by other means already.
            TypeError: topics is no list, or listener no ConsumerRebalanceListener.
        """
        if not topics and not pattern:
            raise ValueError(f"topics={topics!r}, pattern={pattern!r}: one of them is needed")
        if topics and pattern:
            raise IllegalStateError(
                f"topics={topics!r} and pattern={pattern!r}: a consumer subscribes by one of them"
            )
        if pattern:
            import re

            self._become(SubscriptionType.AUTO_PATTERN)
            self.subscription = set()
            self.pattern = re.compile(pattern)
        else:
            from collections.abc import Sequence

            if isinstance(topics, str) or not isinstance(topics, Sequence):
                raise TypeError(f"topics={topics!r}: expected a list of topic names")
            for topic in topics:
                check_topic_name(topic)
            self._become(SubscriptionType.AUTO_TOPICS)
            self.change_subscription(topics)
        if listener and not is_listener(listener):
            raise TypeError(
                f"listener={listener!r}: expected a ConsumerRebalanceListener or AsyncConsumerRebalanceListener"
            )
        self.listener = listener

    def change_subscription(self, topics: Iterable[str]) -> None:
        """Subscribe to exactly these topics."""
        topics = list(topics)
        for topic in topics:
            check_topic_name(topic)
        self.subscription = set(topics)
        self.group_subscription.update(dict.fromkeys(topics))

    def group_subscribe(self, topics: Iterable[str]) -> None:
        """The group's leader watches the topics of all members."""
        self.group_subscription.update(dict.fromkeys(topics))

    def reset_group_subscription(self) -> None:
        """Watch only the topics of this member."""
        own = self.subscription or set()
        self.group_subscription = {topic: None for topic in self.group_subscription if topic in own}

    def unsubscribe(self) -> None:
        """Read nothing."""
        self.subscription = None
        self.pattern = None
        self.subscription_type = SubscriptionType.NONE
        self._user_assignment = frozenset()
        self.assignment.clear()
        self.unsettled.clear()
        self.version += 1

    # Assignment

    def assign_from_user(self, partitions: Iterable[TopicPartition]) -> None:
        """Read exactly these partitions; those assigned before keep their state."""
        partitions = list(partitions)
        self._become(SubscriptionType.USER_ASSIGNED)
        wanted = frozenset(partitions)
        if wanted != self._user_assignment:
            self._user_assignment = wanted
            self._apply(partitions, shuffle=False)

    def assign_from_subscribed(self, partitions: Iterable[TopicPartition]) -> None:
        """Take over an assignment of the group; partitions kept keep their state.

        Raises:
            ValueError: a partition's topic is not subscribed.
        """
        partitions = list(partitions)
        for tp in partitions:
            if tp.topic not in (self.subscription or ()):
                raise ValueError(f"{tp} was assigned, but its topic is not subscribed")
        self._apply(partitions, shuffle=True)

    def _apply(self, partitions: list[TopicPartition], *, shuffle: bool) -> None:
        wanted = set(partitions)
        for tp, state in list(self.assignment.items()):
            if tp not in wanted:
                del self.assignment[tp]
                self.unsettled.pop(tp, None)
                # Whoever still holds the state must not hand out its records.
                state.fetchable = False
            else:
                state.pending_revocation = False
                state.refresh()
        added = [tp for tp in partitions if tp not in self.assignment]
        if shuffle:
            # Otherwise a consumer that is restarted often would always begin with the same partition.
            self._random.shuffle(added)
        for tp in added:
            self.assignment[tp] = PartitionState(tp, self)
            self.unsettled[tp] = None
        self.version += 1

    def mark_pending_revocation(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch nothing for partitions whose listener is being told of their end (KIP-429)."""
        for tp in partitions:
            state = self.assignment.get(tp)
            if state is not None:
                state.pending_revocation = True
                state.refresh()

    def assigned_partitions(self) -> set[TopicPartition]:
        """The assigned partitions."""
        return set(self.assignment)

    def move_to_end(self, tp: TopicPartition) -> None:
        """Let the other partitions come first."""
        if tp in self.assignment:
            self.assignment[tp] = self.assignment.pop(tp)

    # Positions

    def settle(self) -> bool:
        """Forget which partitions have found their position; whether all have."""
        if self.unsettled:
            self.unsettled = {
                tp: None
                for tp in self.unsettled
                if (state := self.assignment.get(tp)) is not None
                and (state.offset < 0 or state.awaiting_validation)
            }
        return not self.unsettled

    def missing_positions(self) -> list[TopicPartition]:
        """The partitions that have no position and await no reset."""
        return [tp for tp in self.unsettled if tp in self.assignment and self.assignment[tp].missing_position]

    def needing_reset(self, now_ms: int) -> list[TopicPartition]:
        """The partitions whose reset may be tried now."""
        return [tp for tp in self.awaiting_reset() if self.assignment[tp].retry_at_ms <= now_ms]

    def awaiting_reset(self) -> list[TopicPartition]:
        """The partitions that await a reset."""
        states = self.assignment
        return [tp for tp in self.unsettled if tp in states and states[tp].reset_strategy is not None]

    def needing_validation(self, now_ms: int) -> list[TopicPartition]:
        """The partitions whose validation may be tried now."""
        return [tp for tp in self.awaiting_validation() if self.assignment[tp].retry_at_ms <= now_ms]

    def awaiting_validation(self) -> list[TopicPartition]:
        """The partitions that await a validation."""
        states = self.assignment
        return [tp for tp in self.unsettled if tp in states and states[tp].awaiting_validation]

    def reset_missing_positions(self) -> None:
        """Reset partitions that have neither a position nor a committed offset.

        Raises:
            NoOffsetForPartitionError: there is no reset policy.
        """
        missing = self.missing_positions()
        if not missing:
            return
        if self.default_reset_strategy is None:
            raise NoOffsetForPartitionError(
                f"no committed offset and no reset policy (auto_offset_reset) for {', '.join(map(str, missing))}"
            )
        for tp in missing:
            self.assignment[tp].reset(self.default_reset_strategy)

    def all_consumed(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """The positions, as a commit without arguments takes them."""
        return {
            tp: OffsetAndMetadata(state.offset, state.metadata, state.leader_epoch)
            for tp, state in self.assignment.items()
            if state.offset >= 0
        }
