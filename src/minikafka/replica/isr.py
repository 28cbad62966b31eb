"""The ISR of a partition as its leader knows it: committed by the controller, or on its way there (KIP-497)."""

from __future__ import annotations

from enum import Enum

from minikafka.errors import ErrorCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from minikafka.replica.replica import Replica


class PendingIsrChange:
    """An ISR that the controller was asked for and has not confirmed.

    Args:
        isr: the wanted one.
        committed_isr: the present one.
        leader_epoch: of the leader that asks.
        partition_epoch: that the change is to follow.
    """

    __slots__ = ("committed_isr", "isr", "leader_epoch", "partition_epoch")

    def __init__(
        self,
        isr: tuple[int, ...],
        committed_isr: tuple[int, ...],
        leader_epoch: int,
        partition_epoch: int,
    ) -> None:
        self.isr: tuple[int, ...] = isr
        self.committed_isr: tuple[int, ...] = committed_isr
        self.leader_epoch: int = leader_epoch
        self.partition_epoch: int = partition_epoch

    @property
    def maximal_isr(self) -> tuple[int, ...]:
        """Everybody who may be in the ISR, whatever the controller says: the high watermark waits for them."""
        return self.isr if len(self.isr) > len(self.committed_isr) else self.committed_isr

    def __repr__(self) -> str:
        return f"<PendingIsrChange {self.committed_isr} -> {self.isr}>"


class AlterPartitionOutcome(Enum):
    """What a leader does about an error to its AlterPartition."""

    RESET = "reset"
    """The controller has certainly not changed anything: back to the committed ISR."""
    WAIT = "wait"
    """The state here is out of date: leave it as it is until the metadata overrides it."""
    RETRY = "retry"


_OUTCOMES = {
    ErrorCode.OPERATION_NOT_ATTEMPTED: AlterPartitionOutcome.RESET,
    ErrorCode.INELIGIBLE_REPLICA: AlterPartitionOutcome.RESET,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: AlterPartitionOutcome.WAIT,
    ErrorCode.UNKNOWN_TOPIC_ID: AlterPartitionOutcome.WAIT,
    ErrorCode.FENCED_LEADER_EPOCH: AlterPartitionOutcome.WAIT,
    ErrorCode.INVALID_UPDATE_VERSION: AlterPartitionOutcome.WAIT,
    ErrorCode.INVALID_REQUEST: AlterPartitionOutcome.WAIT,
    ErrorCode.NEW_LEADER_ELECTED: AlterPartitionOutcome.WAIT,
}


def outcome_of(code: int) -> AlterPartitionOutcome:
    """What to do about an error code (Partition.handleAlterPartitionError)."""
    return _OUTCOMES.get(ErrorCode(code), AlterPartitionOutcome.RETRY)


def out_of_sync_replicas(
    isr: Iterable[int],
    replicas: Mapping[int, Replica],
    leader_id: int,
    leader_end_offset: int,
    now_ms: int,
    max_lag_ms: int,
) -> list[int]:
    """The members of the ISR that have not been caught up for longer than `max_lag_ms`."""
    return [
        broker_id
        for broker_id in isr
        if broker_id != leader_id
        and (
            broker_id not in replicas
            or not replicas[broker_id].is_caught_up(leader_end_offset, now_ms, max_lag_ms)
        )
    ]
