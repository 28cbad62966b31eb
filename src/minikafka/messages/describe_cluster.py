"""DescribeCluster (API key 60): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class DescribeClusterRequest(Request, api="DescribeCluster"):
    """Asks for the cluster's brokers or controllers."""

    include_cluster_authorized_operations: bool = boolean()
    endpoint_type: int = int8(1, default=1)
    include_fenced_brokers: bool = boolean(2)


class DescribeClusterBroker(Message):
    """A broker of the cluster, or a controller."""

    broker_id: int = int32()
    host: str = string()
    port: int = int32()
    rack: str | None = string(default=None, nullable=0)
    is_fenced: bool = boolean(2)


class DescribeClusterResponse(Response, api="DescribeCluster"):
    """Tells the cluster's id, controller and brokers."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    error_message: str | None = string(default=None, nullable=0)
    endpoint_type: int = int8(1, default=1)
    cluster_id: str = string()
    controller_id: int = int32(default=-1)
    brokers: list[DescribeClusterBroker] = array(DescribeClusterBroker)
    cluster_authorized_operations: int = int32(default=-2147483648)
