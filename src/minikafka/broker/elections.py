"""ElectLeaders (0 to 2), AlterPartitionReassignments (0 to 1), ListPartitionReassignments (0): forwarded.

Mirrors KafkaApis.maybeForwardToController; the controller answers as Kafka's ControllerApis does.
"""

from __future__ import annotations

from minikafka.broker.forwarding import forward

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.alter_partition_reassignments import AlterPartitionReassignmentsRequest
    from minikafka.messages.elect_leaders import ElectLeadersRequest
    from minikafka.messages.list_partition_reassignments import ListPartitionReassignmentsRequest
    from minikafka.messages.schema import Response
    from minikafka.scheduler import Promise
    from minikafka.structs import RequestContext


def handle_elect_leaders(
    broker: Broker, request: ElectLeadersRequest, _context: RequestContext
) -> Promise[Response]:
    """Have the controller elect preferred or unclean leaders."""
    return forward(broker, request)


def handle_alter_partition_reassignments(
    broker: Broker, request: AlterPartitionReassignmentsRequest, _context: RequestContext
) -> Promise[Response]:
    """Have the controller move replicas."""
    return forward(broker, request)


def handle_list_partition_reassignments(
    broker: Broker, request: ListPartitionReassignmentsRequest, _context: RequestContext
) -> Promise[Response]:
    """Ask the controller which replicas are being moved."""
    return forward(broker, request)
