"""ApiVersions (0 to 4): what this broker serves (Kafka's ApiVersionManager).

An unknown version is answered by the connection, in version 0's shape, as KIP-511 says. Features (KIP-584) are told
as by a Kafka 4.2 on which metadata.version alone was finalized. Simplification: what such a broker could be upgraded to
(group.version, transaction.version, share.version, ...) is not there and not told, and nothing can be downgraded.
"""

from __future__ import annotations

from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.config.features import METADATA_VERSION, METADATA_VERSIONS
from minikafka.errors import InvalidRequestError
from minikafka.messages.api_versions import (
    ApiVersion,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)
from minikafka.messages.registry import API_KEYS, advertised_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.api_versions import ApiVersionsRequest
    from minikafka.structs import RequestContext

_SOFTWARE_SINCE_VERSION = 3


def handle_api_versions(
    broker: Broker,
    request: ApiVersionsRequest,
    context: RequestContext,
) -> ApiVersionsResponse:
    """Tell the versions of every API that is served, and the features.

    Raises:
        InvalidRequestError: the client's software name or version is not one (KIP-511).
    """
    if context.api_version >= _SOFTWARE_SINCE_VERSION:
        for field, value in (
            ("client_software_name", request.client_software_name),
            ("client_software_version", request.client_software_version),
        ):
            if not _is_software_name(value):
                raise InvalidRequestError(f"{field}={value!r}: expected letters, digits, '-' and '.'")
    keys = []
    for name in CLIENT_APIS:
        lowest, highest = advertised_range(name)
        keys.append(ApiVersion(api_key=API_KEYS[name], min_version=lowest, max_version=highest))
    lowest, highest = METADATA_VERSIONS
    return ApiVersionsResponse(
        api_keys=keys,
        supported_features=[
            SupportedFeatureKey(name=METADATA_VERSION, min_version=lowest, max_version=highest)
        ],
        finalized_features_epoch=broker.image.version,
        finalized_features=[
            FinalizedFeatureKey(name=METADATA_VERSION, min_version_level=highest, max_version_level=highest)
        ],
    )


def _is_software_name(text: str) -> bool:
    return (
        bool(text)
        and text.isascii()
        and text[0].isalnum()
        and text[-1].isalnum()
        and all(char.isalnum() or char in "-." for char in text)
    )
