"""ListConfigResources (0 to 1): what can have options (KafkaApis.handleListConfigResources).

Simplification: groups and client metrics have no options here and are never listed.
"""

from __future__ import annotations

from minikafka.broker.describe_configs import BROKER, TOPIC
from minikafka.errors import UnsupportedVersionError
from minikafka.messages.list_config_resources import ConfigResource, ListConfigResourcesResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.list_config_resources import ListConfigResourcesRequest
    from minikafka.structs import RequestContext

_BROKER_LOGGER, _CLIENT_METRICS, _GROUP = 8, 16, 32
_TYPES = (TOPIC, BROKER, _BROKER_LOGGER, _CLIENT_METRICS, _GROUP)
_TYPES_SINCE_VERSION = 1


def handle_list_config_resources(
    broker: Broker, request: ListConfigResourcesRequest, context: RequestContext
) -> ListConfigResourcesResponse:
    """List the resources of the wanted types; of all types where none is named.

    Raises:
        UnsupportedVersionError: there is no such type of resource.
    """
    if context.api_version < _TYPES_SINCE_VERSION:
        wanted = [_CLIENT_METRICS]
    else:
        wanted = request.resource_types or list(_TYPES)
    unknown = sorted(set(wanted).difference(_TYPES))
    if unknown:
        raise UnsupportedVersionError(f"Unsupported resource types: {', '.join(map(str, unknown))}")
    image = broker.image
    found: list[tuple[int, str]] = []
    if BROKER in wanted:
        found += [(BROKER, str(each.node_id)) for each in image.alive_brokers()]
    if _BROKER_LOGGER in wanted:
        found += [(_BROKER_LOGGER, str(each.node_id)) for each in image.alive_brokers()]
    if TOPIC in wanted:
        found += [(TOPIC, name) for name in image.topics]
    return ListConfigResourcesResponse(
        config_resources=[ConfigResource(resource_name=name, resource_type=kind) for kind, name in found]
    )
