"""The values that `KafkaAdminClient` takes and tells: topics, config resources, group states, offset specs.

Names and numbers are kafka-python's and Kafka's. Objects of an installed kafka-python's own classes are taken
just as well: whoever reads them asks for their attributes, never for their class.
"""

from __future__ import annotations

from enum import Enum, IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Self

    Configs = Mapping[str, Any] | Iterable[str] | None


class _NamedEnum(Enum):
    """An enum whose members are found by member, value or name, in any case, with hyphens or underscores."""

    @classmethod
    def build_from(cls, value: object) -> Self:
        """The member that `value` means.

        Raises:
            ValueError: it means none.
        """
        if isinstance(value, cls):
            return value
        try:
            # Members of an installed kafka-python's enums come by their value.
            return cls(getattr(value, "value", value))
        except ValueError:
            pass
        try:
            return cls[str(value).strip().upper().replace("-", "_")]
        except KeyError:
            raise ValueError(f"Unrecognized {cls.__name__}: {value}") from None

    @classmethod
    def value_for(cls, value: object) -> Any:
        """The protocol's value of the member that `value` means; raises ValueError as `build_from`."""
        return cls.build_from(value).value


class ACLOperation(IntEnum):
    """What may be done to a resource; the bits of an authorized_operations field."""

    UNKNOWN = 0
    ANY = 1
    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14


class AlterConfigOp(_NamedEnum, IntEnum):
    """What to do to a config (KIP-339); append and subtract are for lists."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class ConfigResourceType(_NamedEnum, IntEnum):
    """What a config belongs to."""

    UNKNOWN = 0
    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


class ConfigType(_NamedEnum, IntEnum):
    """The type of a config's value."""

    UNKNOWN = 0
    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7
    CLASS = 8
    PASSWORD = 9


class ConfigSourceType(_NamedEnum, IntEnum):
    """Where a config's value comes from."""

    UNKNOWN = 0
    DYNAMIC_TOPIC_CONFIG = 1
    DYNAMIC_BROKER_CONFIG = 2
    DYNAMIC_DEFAULT_BROKER_CONFIG = 3
    STATIC_BROKER_CONFIG = 4
    DEFAULT_CONFIG = 5
    DYNAMIC_BROKER_LOGGER_CONFIG = 6
    DYNAMIC_CLIENT_METRICS_CONFIG = 7
    DYNAMIC_GROUP_CONFIG = 8

    def is_modified(self) -> bool:
        """Whether the value was set for the resource itself."""
        return self not in (
            ConfigSourceType.DYNAMIC_DEFAULT_BROKER_CONFIG,
            ConfigSourceType.STATIC_BROKER_CONFIG,
            ConfigSourceType.DEFAULT_CONFIG,
        )


class ConfigFilterType(_NamedEnum, IntEnum):
    """Which configs `KafkaAdminClient.describe_configs` tells."""

    ALL = 0
    DYNAMIC = 1
    MODIFIED = 2
    DEFAULT = 3
    STATIC = 4

    def should_skip(self, source: ConfigSourceType) -> bool:
        """Whether a config from this source is left out."""
        if self is ConfigFilterType.MODIFIED:
            return not source.is_modified()
        if self is ConfigFilterType.DEFAULT:
            return source.is_modified()
        if self is ConfigFilterType.STATIC:
            return source is not ConfigSourceType.STATIC_BROKER_CONFIG
        return False


class ElectionType(_NamedEnum, IntEnum):
    """Which leader is to be elected: the preferred replica, or any, even one that lost records."""

    PREFERRED = 0
    UNCLEAN = 1


class GroupState(str, _NamedEnum):
    """The states of groups (KIP-518, KIP-848)."""

    UNKNOWN = "Unknown"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"
    EMPTY = "Empty"
    ASSIGNING = "Assigning"
    RECONCILING = "Reconciling"


class GroupType(str, _NamedEnum):
    """The protocols of groups (KIP-848)."""

    UNKNOWN = "Unknown"
    CLASSIC = "classic"
    CONSUMER = "consumer"
    SHARE = "share"


class IsolationLevel(_NamedEnum, IntEnum):
    """Whether records of open and aborted transactions count."""

    READ_UNCOMMITTED = 0
    READ_COMMITTED = 1


class OffsetSpec(_NamedEnum, IntEnum):
    """Which offset of a partition is asked for, where no timestamp is."""

    LATEST = -1
    EARLIEST = -2
    MAX_TIMESTAMP = -3
    EARLIEST_LOCAL = -4
    LATEST_TIERED = -5


class OffsetTimestamp(int):
    """A timestamp in ms since the epoch, told apart from an offset: "the first offset at or after it"."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"OffsetTimestamp({int(self)})"


def is_offset_spec(value: object) -> bool:
    """Whether a value says how to find an offset, rather than being one; kafka-python's own classes count."""
    names = {base.__name__ for base in type(value).__mro__}
    return not names.isdisjoint(("OffsetSpec", "OffsetTimestamp"))


class ConfigResource:
    """A resource, and the configs of it that are meant.

    Args:
        resource_type: a `ConfigResourceType` or its name.
        name: the topic, or the broker's or group's id.
        configs: names of configs, or ``{name: value}`` to alter them; None: all.
    """

    def __init__(self, resource_type: object, name: str, configs: Configs = None) -> None:
        self.resource_type: ConfigResourceType = ConfigResourceType.build_from(resource_type)
        self.name = name
        self.configs = configs

    def __str__(self) -> str:
        return f"ConfigResource {self.name}={self.resource_type}"

    def __repr__(self) -> str:
        return f"ConfigResource({self.resource_type}, {self.name}, {self.configs})"


class NewTopic:
    """A topic to create.

    Args:
        name: the topic.
        num_partitions: how many partitions; -1 takes the brokers' default, or goes with an assignment.
        replication_factor: how many replicas each; -1 as above.
        replica_assignments: ``{partition: [broker ids]}``, the preferred leader first.
        topic_configs: ``{name: value}``.
    """

    def __init__(
        self,
        name: str,
        num_partitions: int = -1,
        replication_factor: int = -1,
        replica_assignments: Mapping[int, Sequence[int]] | None = None,
        topic_configs: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.num_partitions = num_partitions
        self.replication_factor = replication_factor
        self.replica_assignments: Mapping[int, Sequence[int]] | dict[int, Sequence[int]] = (
            replica_assignments or {}
        )
        self.topic_configs: Mapping[str, str] | dict[str, str] = topic_configs or {}


class NewPartitions:
    """Partitions to add to a topic.

    Args:
        total_count: how many partitions the topic shall have in all.
        new_assignments: the broker ids of each new partition; None lets the controller place them.
    """

    def __init__(self, total_count: int, new_assignments: Sequence[Sequence[int]] | None = None) -> None:
        self.total_count = total_count
        self.new_assignments = new_assignments


class MemberToRemove:
    """A member that `KafkaAdminClient.remove_group_members` throws out of its group.

    Args:
        member_id: the id of a dynamic member.
        group_instance_id: the instance id of a static member.
        reason: why; told to the broker.
    """

    __slots__ = ("group_instance_id", "member_id", "reason")

    def __init__(
        self, member_id: str | None = None, group_instance_id: str | None = None, reason: str | None = None
    ) -> None:
        self.member_id: str | None = member_id
        self.group_instance_id: str | None = group_instance_id
        self.reason: str | None = reason

    def _key(self) -> tuple[str | None, str | None, str | None]:
        return self.member_id, self.group_instance_id, self.reason

    def __repr__(self) -> str:
        return (
            f"<MemberToRemove member_id={self.member_id}, "
            f"group_instance_id={self.group_instance_id}, reason={self.reason}>"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MemberToRemove) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class BrokerVersionData:
    """What a broker serves: its version, and ``{api key: (first version, last version)}``."""

    __slots__ = ("api_versions", "broker_version")

    def __init__(self, broker_version: tuple[int, ...], api_versions: dict[int, tuple[int, int]]) -> None:
        self.broker_version: tuple[int, ...] = broker_version
        self.api_versions: dict[int, tuple[int, int]] = api_versions
