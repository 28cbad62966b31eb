"""Sending requests on to the controller (Kafka's ForwardingManager, NodeToControllerChannelManager).

Answers CreateTopics (2 to 7), DeleteTopics (1 to 6), CreatePartitions (0 to 3), ElectLeaders (0 to 2),
AlterPartitionReassignments (0 to 1), ListPartitionReassignments (0), DescribeQuorum (0 to 2) and UpdateFeatures
(0 to 2) so, as KafkaApis.maybeForwardToController does; the controller answers as Kafka's ControllerApis.
"""

from __future__ import annotations

from minikafka.errors import KafkaConnectionError, RequestTimedOutError
from minikafka.structs import CONTROLLER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.schema import Request, Response
    from minikafka.scheduler import Promise
    from minikafka.structs import RequestContext

_WITH_DEADLINE = {
    "CreateTopics": None,
    "DeleteTopics": None,
    "CreatePartitions": None,
    "ElectLeaders": None,
    "AlterPartitionReassignments": None,
}
"""The APIs whose work must begin within their own ``timeout_ms``."""

RETRY_MS = 100
"""How long to wait before the controller is tried again when it cannot be reached."""


def handle_forwarded(broker: Broker, request: Request, _context: RequestContext) -> Promise[Response]:
    """Have the controller answer.

    Raises:
        RequestTimedOutError: the request's own ``timeout_ms`` leaves no time. Kafka's controller drops what it
            has not begun by then.
    """
    if request.api_name in _WITH_DEADLINE and request.timeout_ms <= 0:  # type: ignore[attr-defined]
        raise RequestTimedOutError
    return forward(broker, request)


def forward(broker: Broker, request: Request) -> Promise[Response]:
    """Send a request to the controller; while it cannot be reached, again and again.

    The promise fails with RequestTimedOutError after the broker's ``request.timeout.ms``.
    """
    return broker.scheduler.spawn(_forward(broker, request), f"{broker.address}-forward")


async def _forward(broker: Broker, request: Request) -> Response:
    scheduler = broker.scheduler
    deadline_ms = scheduler.now_ms + broker.config.request_timeout_ms
    while broker.running:
        left_ms = deadline_ms - scheduler.now_ms
        if left_ms <= 0:
            raise RequestTimedOutError(f"the controller did not answer {request.api_name} in time")
        try:
            return await broker.transport.request(
                broker.address, CONTROLLER, request, client_id=broker.address, timeout_ms=left_ms
            )
        except KafkaConnectionError:
            await scheduler.sleep(min(RETRY_MS, left_ms))
    raise KafkaConnectionError(f"{broker.address} is down")
