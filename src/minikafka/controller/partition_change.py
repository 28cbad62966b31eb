"""What becomes of a partition when brokers, its ISR or its assignment change: election and epochs.

Mirrors Kafka's PartitionChangeBuilder, PartitionReassignmentReplicas and PartitionReassignmentRevert as pure
functions. Simplifications: no eligible leader replicas (KIP-966), no leader recovery state (KIP-704).
"""

from __future__ import annotations

from enum import Enum

from minikafka.errors import InvalidReplicationAssignmentError
from minikafka.image import NO_LEADER, PartitionImage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    IsAcceptableLeader = Callable[[int], bool]


class Election(Enum):
    """Which leaders an election may choose (PartitionChangeBuilder.Election)."""

    ONLINE = "online"
    """Any live member of the ISR, the present leader before all others."""
    PREFERRED = "preferred"
    """Any live member of the ISR, the first replica before all others."""
    UNCLEAN = "unclean"
    """As ONLINE; where the ISR has no live member, any live replica, whose log then decides what is lost."""


def elect(
    leader: int,
    replicas: Sequence[int],
    isr: Sequence[int],
    is_acceptable: IsAcceptableLeader,
    election: Election,
) -> tuple[int, bool]:
    """The leader and whether its election is unclean; (-1, False) if nobody may lead."""

    def is_valid(replica: int) -> bool:
        return replica in isr and is_acceptable(replica)

    if election is Election.PREFERRED and is_valid(replicas[0]):
        return replicas[0], False
    if is_valid(leader):
        return leader, False
    for replica in replicas:
        if is_valid(replica):
            return replica, False
    if election is Election.UNCLEAN:
        for replica in replicas:
            if is_acceptable(replica):
                return replica, True
    return NO_LEADER, False


def completed_reassignment(
    replicas: Sequence[int], isr: Sequence[int], adding: Sequence[int], removing: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Replicas and ISR after a reassignment that can be completed now; None if there is none."""
    if not adding and not removing:
        return None
    new_replicas = tuple(replica for replica in replicas if replica not in removing)
    new_isr = tuple(replica for replica in isr if replica not in removing)
    if not new_replicas or not new_isr or any(replica not in new_isr for replica in new_replicas):
        return None
    return new_replicas, new_isr


def change_partition(
    partition: PartitionImage,
    is_acceptable: IsAcceptableLeader,
    election: Election = Election.ONLINE,
    *,
    isr: Sequence[int] | None = None,
    replicas: Sequence[int] | None = None,
    adding: Sequence[int] | None = None,
    removing: Sequence[int] | None = None,
) -> PartitionImage | None:
    """The partition after a change, with its leader elected and its epochs raised; None if nothing changes.

    Args:
        partition: as it is now.
        is_acceptable: whether a broker is fit to lead (alive and not shutting down).
        election: which leaders may be chosen.
        isr: the wanted ISR; an empty one leaves the last member in place, as Kafka does.
        replicas: the wanted replicas.
        adding: the replicas that a reassignment adds.
        removing: the replicas that it removes.

    The leader epoch grows when the leader changes or a replica goes; the partition epoch with every change.
    """
    target_isr = partition.isr if isr is None else tuple(isr)
    target_replicas = partition.replicas if replicas is None else tuple(replicas)
    target_adding = partition.adding_replicas if adding is None else tuple(adding)
    target_removing = partition.removing_replicas if removing is None else tuple(removing)
    completed = completed_reassignment(target_replicas, target_isr, target_adding, target_removing)
    if completed is not None:
        target_replicas, target_isr = completed
        target_adding = target_removing = ()
    leader, unclean = elect(partition.leader, target_replicas, target_isr, is_acceptable, election)
    if unclean:
        target_isr = (leader,)
    elif not target_isr:
        target_isr = partition.isr
    changed = PartitionImage(
        target_replicas,
        target_isr,
        leader,
        partition.leader_epoch,
        partition.partition_epoch + 1,
        target_adding,
        target_removing,
    )
    if leader != partition.leader or any(replica not in target_replicas for replica in partition.replicas):
        changed.leader_epoch += 1
    return changed if _differ(partition, changed) else None


def _differ(before: PartitionImage, after: PartitionImage) -> bool:
    return (
        before.leader_epoch != after.leader_epoch
        or before.isr != after.isr
        or before.replicas != after.replicas
        or before.adding_replicas != after.adding_replicas
        or before.removing_replicas != after.removing_replicas
    )


def reassigned(current: Sequence[int], target: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """(replicas, adding, removing) with which a reassignment from `current` to `target` begins."""
    removing = sorted(replica for replica in current if replica not in target)
    adding = sorted(replica for replica in target if replica not in current)
    return [*target, *removing], adding, removing


def reverted(partition: PartitionImage) -> tuple[list[int], list[int], bool]:
    """(replicas, ISR, whether that loses data) with which a running reassignment is cancelled.

    Raises:
        InvalidReplicationAssignmentError: the reassignment adds every replica there is.
    """
    adding = partition.adding_replicas
    replicas = [replica for replica in partition.replicas if replica not in adding]
    isr = [replica for replica in partition.isr if replica not in adding]
    if isr:
        return replicas, isr, False
    if not replicas:
        raise InvalidReplicationAssignmentError(
            "Invalid replica assignment: addingReplicas contains all replicas."
        )
    return replicas, [replicas[0]], True
