"""The states of a classic group and the table of legal predecessors (Kafka's ClassicGroupState)."""

from __future__ import annotations

from enum import Enum


class ClassicGroupState(Enum):
    """What a classic group is doing; the values are the names that requests show."""

    EMPTY = "Empty"
    """No members; offsets may still be stored. JoinGroup starts a rebalance."""
    PREPARING_REBALANCE = "PreparingRebalance"
    """Members are being collected: JoinGroup requests are parked until all are there or a deadline passes."""
    COMPLETING_REBALANCE = "CompletingRebalance"
    """A generation was formed; SyncGroup requests are parked until the leader's assignment comes."""
    STABLE = "Stable"
    """Everybody may fetch the assignment; heartbeats succeed."""
    DEAD = "Dead"
    """This broker no longer coordinates the group."""


VALID_PREVIOUS_STATES: dict[ClassicGroupState, tuple[ClassicGroupState, ...]] = {
    ClassicGroupState.EMPTY: (ClassicGroupState.PREPARING_REBALANCE,),
    ClassicGroupState.PREPARING_REBALANCE: (
        ClassicGroupState.STABLE,
        ClassicGroupState.COMPLETING_REBALANCE,
        ClassicGroupState.EMPTY,
    ),
    ClassicGroupState.COMPLETING_REBALANCE: (ClassicGroupState.PREPARING_REBALANCE,),
    ClassicGroupState.STABLE: (ClassicGroupState.COMPLETING_REBALANCE,),
    ClassicGroupState.DEAD: tuple(ClassicGroupState),
}
"""For each state the states from which it may be entered."""
