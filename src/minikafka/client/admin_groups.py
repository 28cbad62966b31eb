"""Groups, as an admin client sees them: describe, list, delete, throw members out."""

from __future__ import annotations

from minikafka.client.admin import failure, refuse_text
from minikafka.client.admin_dicts import to_dict
from minikafka.client.admin_types import GroupState, GroupType
from minikafka.codec import ProtocolError
from minikafka.errors import ErrorCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from minikafka.client.admin import AdminCore
    from minikafka.messages.describe_groups import DescribedGroup
    from minikafka.messages.schema import Body


async def by_coordinator(
    core: AdminCore, group_ids: Iterable[str], coordinator_id: int | None
) -> dict[int, list[str]]:
    """Which coordinator to ask about which groups; all of them at `coordinator_id` if it is given."""
    refuse_text("group_ids", group_ids)
    if coordinator_id is not None:
        return {coordinator_id: list(group_ids)}
    return await core.coordinators(group_ids)


# Describe


async def describe_groups(
    core: AdminCore, group_ids: Iterable[str], group_coordinator_id: int | None
) -> dict[str, dict[str, Any]]:
    """``{group id: description}``; an error is told under ``"error"``."""
    from minikafka.messages.describe_groups import DescribeGroupsRequest

    result = {}
    for node_id, some in (await by_coordinator(core, group_ids, group_coordinator_id)).items():
        request = DescribeGroupsRequest(groups=some, include_authorized_operations=True)
        response = await core.ask(request, node_id)
        for group in response.groups:
            result[group.group_id] = _described(core, group, response.max_version)
    return result


def _described(core: AdminCore, group: DescribedGroup, version: int) -> dict[str, Any]:
    from minikafka.messages.consumer_protocol import ConsumerProtocolAssignment, ConsumerProtocolSubscription

    result = to_dict(group, version)
    for told, member in zip(result["members"], group.members):
        for field, data, kind in (
            ("member_metadata", member.member_metadata, ConsumerProtocolSubscription),
            ("member_assignment", member.member_assignment, ConsumerProtocolAssignment),
        ):
            decoded = _consumer_protocol(kind, data)
            if decoded is not None:
                told[field] = decoded
    code = result.pop("error_code")
    message = result.pop("error_message")
    result["error"] = core.error_text(code, message) if code != ErrorCode.NONE else None
    return result


def _consumer_protocol(kind: type[Body], data: bytes) -> dict[str, Any] | None:
    """A subscription or an assignment as a dict; None if the bytes are another protocol's."""
    if len(data) < 2:
        return None
    version = min(int.from_bytes(data[:2], "big", signed=True), kind.max_version)
    try:
        return to_dict(kind.decode_at(bytes(data), 2, version)[0], version)
    except ProtocolError:
        return None


# List


async def list_groups(
    core: AdminCore,
    broker_ids: Iterable[int] | None,
    states_filter: Iterable[object] | None,
    types_filter: Iterable[object] | None,
) -> list[dict[str, Any]]:
    """The groups that the brokers coordinate."""
    from minikafka.messages.list_groups import ListGroupsRequest

    request = ListGroupsRequest(
        states_filter=[GroupState.value_for(state) for state in states_filter or ()],
        types_filter=[GroupType.value_for(kind) for kind in types_filter or ()],
    )
    groups: list[dict[str, Any]] = []
    for node_id in core.node_ids() if broker_ids is None else broker_ids:
        response = await core.ask(request, node_id)
        if response.error_code != ErrorCode.NONE:
            raise failure(f"ListGroups of broker {node_id}", response)
        groups.extend(to_dict(group, response.max_version) for group in response.groups)
    return groups


# Delete


async def delete_groups(
    core: AdminCore, group_ids: Iterable[str], group_coordinator_id: int | None
) -> dict[str, str]:
    """``{group id: "OK" or the name of the error}``."""
    from minikafka.messages.delete_groups import DeleteGroupsRequest

    result = {}
    for node_id, some in (await by_coordinator(core, group_ids, group_coordinator_id)).items():
        response = await core.ask(DeleteGroupsRequest(groups_names=some), node_id)
        for answer in response.results:
            ok = answer.error_code == ErrorCode.NONE
            result[answer.group_id] = "OK" if ok else core.error_class(answer.error_code).__name__
    return result


# Members


async def remove_group_members(
    core: AdminCore, group_id: str, members: Iterable[Any], group_coordinator_id: int | None
) -> dict[str | None, type[BaseException]]:
    """``{member id or instance id: class of the error, or NoError}``.

    Raises:
        GroupIdNotFoundError ...: what the coordinator said of the whole request.
    """
    from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity

    leaving = [
        MemberIdentity(
            member_id=member.member_id or "",
            group_instance_id=member.group_instance_id,
            reason=member.reason,
        )
        for member in members
    ]
    if not leaving:
        return {}
    node_id = await core.coordinator(group_id) if group_coordinator_id is None else group_coordinator_id
    response = await core.ask(LeaveGroupRequest(group_id=group_id, members=leaving), node_id)
    if response.error_code != ErrorCode.NONE:
        raise failure(f"LeaveGroup group_id={group_id!r}", response)
    return {
        member.member_id or member.group_instance_id: core.error_class(member.error_code)
        for member in response.members
    }
