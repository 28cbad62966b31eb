"""The broker options that group coordination obeys, under Kafka's names (Kafka's GroupCoordinatorConfig)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_INT = 2**31 - 1

NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000
"""How long a member's first JoinGroup may wait for the rebalance before the member is dropped."""


class GroupCoordinatorConfig:
    """Group coordinator options; all times in ms.

    Args:
        group_initial_rebalance_delay_ms: how long an empty group waits for more members before its first
            rebalance ends (``group.initial.rebalance.delay.ms``; 0 here, 3000 in Kafka's own default).
        group_min_session_timeout_ms: smallest accepted session timeout (``group.min.session.timeout.ms``).
        group_max_session_timeout_ms: largest accepted session timeout (``group.max.session.timeout.ms``).
        group_max_size: most members of one group (``group.max.size``).
        offset_metadata_max_bytes: longest metadata of a committed offset (``offset.metadata.max.bytes``).
        offsets_retention_ms: how long unused offsets are kept (``offsets.retention.minutes`` times 60000).
        offsets_retention_check_interval_ms: how often expired offsets are looked for
            (``offsets.retention.check.interval.ms``).
    """

    __slots__ = (
        "group_initial_rebalance_delay_ms",
        "group_max_session_timeout_ms",
        "group_max_size",
        "group_min_session_timeout_ms",
        "offset_metadata_max_bytes",
        "offsets_retention_check_interval_ms",
        "offsets_retention_ms",
    )

    def __init__(
        self,
        *,
        group_initial_rebalance_delay_ms: int = 0,
        group_min_session_timeout_ms: int = 6000,
        group_max_session_timeout_ms: int = 1_800_000,
        group_max_size: int = MAX_INT,
        offset_metadata_max_bytes: int = 4096,
        offsets_retention_ms: int = 7 * 24 * 60 * 60 * 1000,
        offsets_retention_check_interval_ms: int = 600_000,
    ) -> None:
        self.group_initial_rebalance_delay_ms: int = group_initial_rebalance_delay_ms
        self.group_min_session_timeout_ms: int = group_min_session_timeout_ms
        self.group_max_session_timeout_ms: int = group_max_session_timeout_ms
        self.group_max_size: int = group_max_size
        self.offset_metadata_max_bytes: int = offset_metadata_max_bytes
        self.offsets_retention_ms: int = offsets_retention_ms
        self.offsets_retention_check_interval_ms: int = offsets_retention_check_interval_ms

    @classmethod
    def from_broker_options(cls, options: Mapping[str, object]) -> GroupCoordinatorConfig:
        """The group options among a broker's options by Kafka's names; absent ones take the default."""
        values: dict[str, int] = {}
        for name, (field, unit_ms) in _FIELD_BY_OPTION.items():
            if name in options:
                values[field] = int(str(options[name])) * unit_ms
        return cls(**values)


_FIELD_BY_OPTION = {
    "group.initial.rebalance.delay.ms": ("group_initial_rebalance_delay_ms", 1),
    "group.min.session.timeout.ms": ("group_min_session_timeout_ms", 1),
    "group.max.session.timeout.ms": ("group_max_session_timeout_ms", 1),
    "group.max.size": ("group_max_size", 1),
    "offset.metadata.max.bytes": ("offset_metadata_max_bytes", 1),
    "offsets.retention.minutes": ("offsets_retention_ms", 60_000),
    "offsets.retention.check.interval.ms": ("offsets_retention_check_interval_ms", 1),
}
