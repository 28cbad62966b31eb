"""UpdateFeatures (API key 57): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class FeatureUpdateKey(Message):
    """A feature and the level that it is to have."""

    feature: str = string()
    max_version_level: int = int16()
    allow_downgrade: bool = boolean(0, 0)
    upgrade_type: int = int8(1, default=1)


class UpdateFeaturesRequest(Request, api="UpdateFeatures"):
    """Changes the finalized levels of features."""

    timeout_ms: int = int32(default=60000)
    feature_updates: list[FeatureUpdateKey] = array(FeatureUpdateKey)
    validate_only: bool = boolean(1)


class UpdatableFeatureResult(Message):
    """What became of one feature."""

    feature: str = string()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)


class UpdateFeaturesResponse(Response, api="UpdateFeatures"):
    """Tells what became of the features: all were changed, or none."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    results: list[UpdatableFeatureResult] = array(UpdatableFeatureResult, 0, 1, ignorable=True)
