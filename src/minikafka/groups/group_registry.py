"""The groups of one shard by id: look-up, creation, listing, description, deletion, replay.

Mirrors the bookkeeping half of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

from minikafka.errors import ErrorCode, GroupIdNotFoundError
from minikafka.groups.classic_group import ClassicGroup
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.groups.group import GroupType
from minikafka.groups.records import group_from_record
from minikafka.messages.describe_groups import DescribedGroup, DescribedGroupMember
from minikafka.messages.list_groups import ListedGroup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from minikafka.groups.group import Group
    from minikafka.messages.coordinator_records import GroupMetadataValue
    from minikafka.scheduler import Scheduler


_GROUP_NOT_FOUND_SINCE_VERSION = 6
"""From here on DescribeGroups says GROUP_ID_NOT_FOUND; before it only says that the group is Dead."""


class GroupRegistry:
    """The groups of one shard.

    Simplification: requests see groups as they are in memory. Kafka shows classic groups so too, but hides a
    group from ListGroups and DescribeGroups until its first record is committed.

    Args:
        scheduler: the time.
        on_group_added: called after a group was added.
    """

    __slots__ = ("_groups", "_on_group_added", "_scheduler")

    def __init__(self, scheduler: Scheduler, on_group_added: Callable[[], object]) -> None:
        self._scheduler = scheduler
        self._on_group_added = on_group_added
        self._groups: dict[str, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def ids(self) -> list[str]:
        """The ids of all groups, oldest first."""
        return list(self._groups)

    def all(self) -> Iterable[Group]:
        """All groups, oldest first."""
        return self._groups.values()

    def find(self, group_id: str) -> Group | None:
        """The group, or None."""
        return self._groups.get(group_id)

    def get(self, group_id: str) -> Group:
        """The group. Raises GroupIdNotFoundError if there is none."""
        group = self._groups.get(group_id)
        if group is None:
            raise GroupIdNotFoundError(f"Group {group_id} not found.")
        return group

    def find_classic(self, group_id: str) -> ClassicGroup | None:
        """The classic group of this id, or None."""
        group = self._groups.get(group_id)
        return group if isinstance(group, ClassicGroup) else None

    def create_classic(self, group_id: str) -> ClassicGroup:
        """A new, empty classic group."""
        group = ClassicGroup(group_id, state_timestamp_ms=self._scheduler.now_ms)
        self._add(group)
        return group

    def remove(self, group_id: str) -> None:
        """Forget a group; unknown ones are ignored."""
        self._groups.pop(group_id, None)

    def _add(self, group: Group) -> None:
        self._groups[group.group_id] = group
        self._on_group_added()

    def replay_group_metadata(self, group_id: str, value: GroupMetadataValue | None) -> None:
        """Apply a GroupMetadata record: replace the group, or remove it."""
        if value is None:
            self.remove(group_id)
        else:
            self._add(group_from_record(group_id, value))

    def ensure(self, group_id: str) -> None:
        """Make a classic group that only stores offsets, unless the group exists (an offset was replayed)."""
        if group_id not in self._groups:
            self.create_classic(group_id)

    def list(self, states_filter: Iterable[str], types_filter: Iterable[str]) -> list[ListedGroup]:
        """The groups in one of the states and of one of the types, in any case; an empty filter takes all."""
        states = [state.strip().lower() for state in states_filter]
        types = [GroupType.parse(name) for name in types_filter]
        return [
            ListedGroup(
                group_id=group.group_id,
                protocol_type=group.protocol_type_name,
                group_state=group.state_name,
                group_type=group.type.value,
            )
            for group in self._groups.values()
            if (not states or group.state_name.lower() in states) and (not types or group.type in types)
        ]

    def describe(self, group_id: str, api_version: int) -> DescribedGroup:
        """A classic group's description; an unknown group, or one of another type, is Dead."""
        group = self.find_classic(group_id)
        if group is None:
            if api_version < _GROUP_NOT_FOUND_SINCE_VERSION:
                return DescribedGroup(group_id=group_id, group_state=ClassicGroupState.DEAD.value)
            return DescribedGroup(
                error_code=ErrorCode.GROUP_ID_NOT_FOUND,
                error_message=f"Group {group_id} not found.",
                group_id=group_id,
                group_state=ClassicGroupState.DEAD.value,
            )
        protocol_name = group.protocol_name if group.state is ClassicGroupState.STABLE else None
        return DescribedGroup(
            group_id=group_id,
            group_state=group.state.value,
            protocol_type=group.protocol_type or "",
            protocol_data=protocol_name or "",
            members=[
                DescribedGroupMember(
                    member_id=member.member_id,
                    group_instance_id=member.group_instance_id,
                    client_id=member.client_id,
                    client_host=member.client_host,
                    member_metadata=b"" if protocol_name is None else member.metadata(protocol_name),
                    member_assignment=member.assignment,
                )
                for member in group.members.values()
            ],
        )
