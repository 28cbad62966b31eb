"""New partitions from an assignment: checks of manual ones, and the first ISR and leader."""

from __future__ import annotations

from minikafka.errors import InvalidReplicationAssignmentError, InvalidReplicationFactorError
from minikafka.image import PartitionImage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from minikafka.controller.controller import Controller


def check_manual_assignment(
    controller: Controller, replicas: Sequence[int], replication_factor: int | None
) -> None:
    """Check one partition's replicas as an administrator gave them.

    Args:
        controller: who knows the registered brokers.
        replicas: the partition's replicas.
        replication_factor: how many the topic's other partitions have, or None.

    Raises:
        InvalidReplicationAssignmentError: none, unknown or repeated brokers, or another number of them.
    """
    if not replicas:
        raise InvalidReplicationAssignmentError(
            "The manual partition assignment includes an empty replica list."
        )
    previous = None
    for node_id in sorted(replicas):
        if node_id not in controller.image.brokers:
            raise InvalidReplicationAssignmentError(
                f"The manual partition assignment includes broker {node_id}, but no such broker is registered."
            )
        if node_id == previous:
            raise InvalidReplicationAssignmentError(
                f"The manual partition assignment includes the broker {node_id} more than once."
            )
        previous = node_id
    if replication_factor is not None and len(replicas) != replication_factor:
        raise InvalidReplicationAssignmentError(
            f"The manual partition assignment includes a partition with {len(replicas)} replica(s), but this "
            f"is not consistent with previous partitions, which have {replication_factor} replica(s)."
        )


def manual_partition(
    controller: Controller, index: int, replicas: Sequence[int], replication_factor: int | None
) -> PartitionImage:
    """A new partition on the given replicas; see `check_manual_assignment` for what is raised."""
    check_manual_assignment(controller, replicas, replication_factor)
    isr = tuple(node_id for node_id in replicas if controller.is_active(node_id))
    if not isr:
        raise InvalidReplicationAssignmentError(
            f"All brokers specified in the manual partition assignment for partition {index} are fenced or "
            "in controlled shutdown."
        )
    return PartitionImage(tuple(replicas), isr, isr[0])


def placed_partition(controller: Controller, replicas: Sequence[int]) -> PartitionImage:
    """A new partition on replicas that the placer chose.

    Raises:
        InvalidReplicationFactorError: none of them is alive.
    """
    isr = tuple(node_id for node_id in replicas if controller.is_active(node_id))
    if not isr:
        raise InvalidReplicationFactorError(
            f"Unable to replicate the partition {len(replicas)} time(s): All brokers are currently fenced or in "
            "controlled shutdown."
        )
    return PartitionImage(tuple(replicas), isr, isr[0])
