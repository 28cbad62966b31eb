"""CreateTopics (2 to 7), DeleteTopics (1 to 6), CreatePartitions (0 to 3): the controller's work, forwarded.

Mirrors KafkaApis.maybeForwardToController; the controller answers as Kafka's ControllerApis does.
"""

from __future__ import annotations

from minikafka.broker.forwarding import forward

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.create_partitions import CreatePartitionsRequest
    from minikafka.messages.create_topics import CreateTopicsRequest
    from minikafka.messages.delete_topics import DeleteTopicsRequest
    from minikafka.messages.schema import Response
    from minikafka.scheduler import Promise
    from minikafka.structs import RequestContext


def handle_create_topics(
    broker: Broker, request: CreateTopicsRequest, _context: RequestContext
) -> Promise[Response]:
    """Have the controller create topics."""
    return forward(broker, request)


def handle_delete_topics(
    broker: Broker, request: DeleteTopicsRequest, _context: RequestContext
) -> Promise[Response]:
    """Have the controller delete topics."""
    return forward(broker, request)


def handle_create_partitions(
    broker: Broker, request: CreatePartitionsRequest, _context: RequestContext
) -> Promise[Response]:
    """Have the controller add partitions."""
    return forward(broker, request)
