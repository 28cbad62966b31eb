"""UpdateFeatures (0 to 2): changes the levels of features (Kafka's FeatureControlManager).

Simplification: metadata.version is the only feature, at the level of Kafka 4.2, and cannot be changed.
"""

from __future__ import annotations

from minikafka.config.features import METADATA_VERSION, METADATA_VERSIONS
from minikafka.controller.describe_quorum import CONTROLLER_NODE_ID
from minikafka.errors import ErrorCode
from minikafka.messages.update_features import UpdatableFeatureResult, UpdateFeaturesResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.controller.controller import Controller
    from minikafka.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest
    from minikafka.structs import RequestContext

_UPGRADE, _SAFE_DOWNGRADE, _UNSAFE_DOWNGRADE = 1, 2, 3


def handle_update_features(
    controller: Controller,  # noqa: ARG001 - every handler is given it
    request: UpdateFeaturesRequest,
    _: RequestContext,
) -> UpdateFeaturesResponse:
    """Say that a feature has the wanted level already, or why it cannot have it; one that cannot fails all."""
    # Of a feature that is named twice, the last counts.
    for update in {update.feature: update for update in request.feature_updates}.values():
        reason = _refusal(update)
        if reason is not None:
            return UpdateFeaturesResponse(
                error_code=ErrorCode.INVALID_UPDATE_VERSION,
                error_message="The update failed for all features since the following feature had an error: "
                + reason,
            )
    return UpdateFeaturesResponse(
        error_message=None,
        results=[
            UpdatableFeatureResult(feature=update.feature, error_message=None)
            for update in request.feature_updates
        ],
    )


def _refusal(update: FeatureUpdateKey) -> str | None:
    name, level = update.feature, update.max_version_level
    kind = _SAFE_DOWNGRADE if update.allow_downgrade else update.upgrade_type
    reason = _misfit(name, level, kind)
    if reason is not None:
        return f"Invalid update version {level} for feature {name}. {reason}"
    current = METADATA_VERSIONS[1]
    if level == current:
        return None
    why = (
        "Unsafe metadata downgrade is not supported in this version."
        if kind == _UNSAFE_DOWNGRADE
        else "Refusing to perform the requested downgrade because it might delete metadata information."
    )
    return f"Unsupported metadata.version downgrade from {current} to {level}. {why}"


def _misfit(name: str, level: int, kind: int) -> str | None:
    """What is wrong with the update whatever the present level is for."""
    lowest, highest = METADATA_VERSIONS
    if kind not in (_UPGRADE, _SAFE_DOWNGRADE, _UNSAFE_DOWNGRADE):
        return "The controller does not support the given upgrade type."
    if level < 0:
        return "A feature version cannot be less than 0."
    if name != METADATA_VERSION:
        if level == 0:
            return f"Feature {name} not found."
        return f"Local controller {CONTROLLER_NODE_ID} does not support this feature."
    if not lowest <= level <= highest:
        return f"Local controller {CONTROLLER_NODE_ID} only supports versions {lowest}-{highest}"
    if level < highest and kind == _UPGRADE:
        return (
            "Can't downgrade the version of this feature without setting the upgrade type to either safe or "
            "unsafe downgrade."
        )
    return None
