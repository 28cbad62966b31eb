"""DescribeCluster (0 to 2): brokers, controller, cluster id (AuthHelper.computeDescribeClusterResponse)."""

from __future__ import annotations

from minikafka.broker.authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED_FOR
from minikafka.broker.metadata import controller_for_clients
from minikafka.errors import MismatchedEndpointTypeError, UnsupportedEndpointTypeError
from minikafka.messages.describe_cluster import DescribeClusterBroker, DescribeClusterResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.describe_cluster import DescribeClusterRequest
    from minikafka.structs import RequestContext

_BROKERS = 1
_CONTROLLERS = 2
_FENCED_SINCE_VERSION = 2


def handle_describe_cluster(
    broker: Broker, request: DescribeClusterRequest, context: RequestContext
) -> DescribeClusterResponse:
    """Describe the cluster; from version 2 fenced brokers are told too if the request says so."""
    if request.endpoint_type == _CONTROLLERS:
        raise MismatchedEndpointTypeError(
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
        )
    if request.endpoint_type != _BROKERS:
        raise UnsupportedEndpointTypeError(f"Unsupported endpoint type {request.endpoint_type}")
    image = broker.image
    with_fenced = request.include_fenced_brokers and context.api_version >= _FENCED_SINCE_VERSION
    return DescribeClusterResponse(
        cluster_id=image.cluster_id,
        controller_id=controller_for_clients(image),
        brokers=[
            DescribeClusterBroker(
                broker_id=each.node_id, host=each.host, port=each.port, rack=each.rack, is_fenced=each.fenced
            )
            for each in (image.brokers.values() if with_fenced else image.alive_brokers())
        ],
        cluster_authorized_operations=CLUSTER_OPERATIONS
        if request.include_cluster_authorized_operations
        else NOT_ASKED_FOR,
    )
