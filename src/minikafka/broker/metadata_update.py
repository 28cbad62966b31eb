"""MetadataUpdate: the controller's own message, in place of a KRaft broker's fetch from the metadata log."""

from __future__ import annotations

from minikafka.controller.metadata_update import MetadataUpdate, MetadataUpdateResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.structs import RequestContext


def handle_metadata_update(
    broker: Broker, request: MetadataUpdate, _context: RequestContext
) -> MetadataUpdateResponse:
    """Apply the image, unless a newer one is there, and say which version is applied now."""
    broker.apply_metadata(request.image)
    return MetadataUpdateResponse(broker.image.version)
