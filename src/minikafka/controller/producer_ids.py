"""AllocateProducerIds: blocks of producer ids, each given once (ProducerIdControlManager)."""

from __future__ import annotations

from minikafka.controller.alter_partition import check_broker_epoch
from minikafka.messages.allocate_producer_ids import AllocateProducerIdsResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.controller.controller import Controller
    from minikafka.messages.allocate_producer_ids import AllocateProducerIdsRequest
    from minikafka.structs import RequestContext


def handle_allocate_producer_ids(
    controller: Controller, request: AllocateProducerIdsRequest, _: RequestContext
) -> AllocateProducerIdsResponse:
    """The next block of ids."""
    from minikafka.controller.controller import PRODUCER_ID_BLOCK_SIZE

    check_broker_epoch(controller, request.broker_id, request.broker_epoch)
    start = controller.next_producer_id
    controller.next_producer_id += PRODUCER_ID_BLOCK_SIZE
    return AllocateProducerIdsResponse(producer_id_start=start, producer_id_len=PRODUCER_ID_BLOCK_SIZE)
