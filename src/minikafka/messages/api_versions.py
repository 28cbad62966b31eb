"""ApiVersions (API key 18): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class ApiVersionsRequest(Request, api="ApiVersions"):
    """Asks which APIs and versions the broker serves (KIP-35)."""

    client_software_name: str = string(3, ignorable=True)
    client_software_version: str = string(3, ignorable=True)


class ApiVersion(Message):
    """The versions of one API that the broker serves."""

    api_key: int = int16()
    min_version: int = int16()
    max_version: int = int16()


class SupportedFeatureKey(Message):
    """The versions of one feature that the broker could run."""

    name: str = string(3)
    min_version: int = int16(3)
    max_version: int = int16(3)


class FinalizedFeatureKey(Message):
    """The versions of one feature that the cluster has settled on."""

    name: str = string(3)
    max_version_level: int = int16(3)
    min_version_level: int = int16(3)


class ApiVersionsResponse(Response, api="ApiVersions"):
    """Tells which APIs and versions the broker serves, and its features."""

    error_code: int = int16()
    api_keys: list[ApiVersion] = array(ApiVersion)
    throttle_time_ms: int = int32(1, ignorable=True)
    supported_features: list[SupportedFeatureKey] = array(SupportedFeatureKey, 3, tag=0, ignorable=True)
    finalized_features_epoch: int = int64(3, default=-1, tag=1, ignorable=True)
    finalized_features: list[FinalizedFeatureKey] = array(FinalizedFeatureKey, 3, tag=2, ignorable=True)
    zk_migration_ready: bool = boolean(3, tag=3, ignorable=True)
