"""InitProducerId (0 to 5): ids for idempotent producers (TransactionCoordinator.handleInitProducerId).

Transactional producers are refused: transactions are not part of this version of minikafka.
"""

from __future__ import annotations

from minikafka.broker.answers import mapped
from minikafka.errors import InvalidRequestError, UnsupportedVersionError
from minikafka.messages.init_producer_id import InitProducerIdResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.init_producer_id import InitProducerIdRequest
    from minikafka.scheduler import Promise
    from minikafka.structs import RequestContext


def handle_init_producer_id(
    broker: Broker, request: InitProducerIdRequest, _context: RequestContext
) -> Promise[InitProducerIdResponse]:
    """A fresh producer id with epoch 0; an idempotent producer that asks again gets another id."""
    if (request.producer_id == -1) != (request.producer_epoch == -1):
        raise InvalidRequestError(
            f"producer_id={request.producer_id} with producer_epoch={request.producer_epoch}: "
            "expected both or neither to be -1"
        )
    if request.transactional_id is not None:
        if not request.transactional_id:
            raise InvalidRequestError("transactional_id='': a transactional id cannot be empty")
        raise UnsupportedVersionError(
            f"transactional_id={request.transactional_id!r}: minikafka does not support transactions yet"
        )
    return mapped(
        broker.producer_ids.allocate(),
        lambda producer_id: InitProducerIdResponse(producer_id=producer_id, producer_epoch=0),
    )
