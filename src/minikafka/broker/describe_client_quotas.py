"""DescribeClientQuotas (0 to 1): the quotas of users, clients and addresses (Kafka's ClientQuotasImage).

Simplification: quotas are not modelled and AlterClientQuotas is not served, so there are none to tell.
"""

from __future__ import annotations

from minikafka.errors import InvalidRequestError, UnsupportedVersionError
from minikafka.messages.describe_client_quotas import DescribeClientQuotasResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.describe_client_quotas import ComponentData, DescribeClientQuotasRequest
    from minikafka.structs import RequestContext

_IP = "ip"
_ENTITY_TYPES = ("user", "client-id", _IP)
_EXACT = 0
_MATCH_TYPES = {_EXACT: "MATCH_TYPE_EXACT", 1: "MATCH_TYPE_DEFAULT", 2: "MATCH_TYPE_SPECIFIED"}


def handle_describe_client_quotas(
    broker: Broker,  # noqa: ARG001 - every handler is given it
    request: DescribeClientQuotasRequest,
    _context: RequestContext,
) -> DescribeClientQuotasResponse:
    """Check the filter; nothing matches it.

    Raises:
        InvalidRequestError: the filter makes no sense.
        UnsupportedVersionError: there is no such type of entity.
    """
    seen: dict[str, None] = {}
    for component in request.components:
        _check(component, seen)
        seen[component.entity_type] = None
    if _IP in seen and len(seen) > 1:
        raise InvalidRequestError(
            "Invalid entity filter component combination. IP filter component should not be used with user or "
            "clientId filter component."
        )
    return DescribeClientQuotasResponse(entries=[])


def _check(component: ComponentData, seen: dict[str, None]) -> None:
    entity_type = component.entity_type
    if not entity_type:
        raise InvalidRequestError("Invalid empty entity type.")
    if entity_type in seen:
        raise InvalidRequestError(f"Entity type {entity_type} cannot appear more than once in the filter.")
    if entity_type not in _ENTITY_TYPES:
        raise UnsupportedVersionError(f"Unsupported entity type {entity_type}")
    match_type = _MATCH_TYPES.get(component.match_type)
    if match_type is None:
        raise InvalidRequestError(f"Unknown match type {component.match_type}")
    if component.match_type == _EXACT and component.match is None:
        raise InvalidRequestError(f"Request specified {match_type}, but set match string to null.")
    if component.match_type != _EXACT and component.match is not None:
        raise InvalidRequestError(f"Request specified {match_type}, but also specified a match string.")
