"""Where a follower cuts its log when the leader tells it where they diverge (KIP-101, KIP-279)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.log.unified_log import UnifiedLog


def truncation_offset(log: UnifiedLog, leader_epoch: int, leader_end_offset: int) -> int:
    """The offset to truncate to (AbstractFetcherThread.getOffsetTruncationState).

    Args:
        log: the follower's log.
        leader_epoch: the largest epoch that the leader has and that is not above the follower's last.
        leader_end_offset: where that epoch ends at the leader.

    A follower that does not know that epoch cuts back to the end of its own largest smaller one; if that was not
    far enough, its next fetch is told of another divergence.
    """
    epoch, end_offset = log.offset_for_leader_epoch(leader_epoch)
    if epoch < 0 or end_offset < 0:
        return min(leader_end_offset, log.log_end_offset)
    if epoch != leader_epoch:
        return min(end_offset, log.log_end_offset)
    return min(end_offset, leader_end_offset, log.log_end_offset)
