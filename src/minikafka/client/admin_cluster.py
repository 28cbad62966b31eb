"""The cluster as a whole, as an admin client sees it: brokers, log directories, versions and features."""

from __future__ import annotations

from enum import IntEnum

from minikafka.client.admin import failure
from minikafka.client.admin_dicts import response_dict, to_dict
from minikafka.client.admin_replicas import partitions_of
from minikafka.client.admin_types import BrokerVersionData
from minikafka.client.options import BROKER_VERSION
from minikafka.errors import ErrorCode
from minikafka.messages.registry import API_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from minikafka.client.admin import AdminCore

_SOFTWARE = {"client_software_name": "minikafka", "client_software_version": "1"}


async def describe_cluster(core: AdminCore) -> dict[str, Any]:
    """The cluster's id, controller and brokers."""
    from minikafka.messages.describe_cluster import DescribeClusterRequest

    response = await core.ask(
        DescribeClusterRequest(include_cluster_authorized_operations=True, include_fenced_brokers=True)
    )
    if response.error_code != ErrorCode.NONE:
        raise failure("DescribeCluster", response)
    result = response_dict(response)
    for field in ("error_code", "error_message", "endpoint_type"):
        result.pop(field)
    return result


async def describe_log_dirs(
    core: AdminCore, topic_partitions: Any, brokers: Iterable[int] | None
) -> list[dict[str, Any]]:
    """For each broker ``{"broker": node id, "log_dirs": [...]}``."""
    from minikafka.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest

    request = DescribeLogDirsRequest(
        topics=[
            DescribableLogDirTopic(topic=topic, partitions=partitions)
            for topic, partitions in (await partitions_of(core, topic_partitions)).items()
        ]
    )
    result = []
    for node_id in core.node_ids() if brokers is None else brokers:
        response = await core.ask(request, node_id)
        result.append(
            {
                "broker": node_id,
                "log_dirs": [to_dict(each, response.max_version) for each in response.results],
            }
        )
    return result


async def broker_version_data(core: AdminCore, broker_id: int | None) -> BrokerVersionData:
    """What a broker (any, for None) serves."""
    response = await _api_versions(core, broker_id)
    return BrokerVersionData(
        BROKER_VERSION,
        {each.api_key: (each.min_version, each.max_version) for each in response.api_keys},
    )


async def api_versions(core: AdminCore) -> dict[IntEnum, tuple[int, int]]:
    """``{API key: (first version, last version)}`` of what is served; the keys are an IntEnum's members."""
    served = (await broker_version_data(core, None)).api_versions
    keys = IntEnum("ApiKey", {API_NAMES[key]: key for key in served})  # type: ignore[misc]
    return {keys(key): versions for key, versions in served.items()}


async def _api_versions(core: AdminCore, broker_id: int | None) -> Any:
    from minikafka.messages.api_versions import ApiVersionsRequest

    response = await core.ask(ApiVersionsRequest(**_SOFTWARE), broker_id)
    if response.error_code != ErrorCode.NONE:
        raise failure("ApiVersions", response)
    return response


async def describe_features(core: AdminCore) -> dict[str, dict[str, Any]]:
    """The features that the brokers tell: ``{name: {"supported": ..., "finalized": ...}}`` (KIP-584)."""
    response = await _api_versions(core, None)
    features: dict[str, dict[str, Any]] = {}
    for feature in response.supported_features:
        features[feature.name] = {"supported": (feature.min_version, feature.max_version)}
    epoch = response.finalized_features_epoch
    for feature in response.finalized_features:
        known = features.setdefault(feature.name, {})
        known["finalized"] = (feature.min_version_level, feature.max_version_level)
        known["finalized_epoch"] = epoch if epoch >= 0 else None
    return features
