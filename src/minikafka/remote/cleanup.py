"""Removes from a shared cluster what a test has left there: its groups, with the members still in them, and topics."""

from __future__ import annotations

from minikafka.errors import ErrorCode
from minikafka.logs import logger
from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity
from minikafka.remote import inspection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger

    from minikafka.remote.asker import Asker

log: Logger = logger("remote")

_GONE = (ErrorCode.NONE, ErrorCode.GROUP_ID_NOT_FOUND, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)


def remove_all(asker: Asker) -> list[str]:
    """Remove every group and topic that the asker sees; returns what could not be removed, and why."""
    left = [
        f"group {group_id!r}: {code.name}"
        for group_id in inspection.group_ids(asker)
        if (code := _remove_group(asker, group_id)) not in _GONE
    ]
    names = inspection.topic_names(asker)
    if names:
        left += [
            f"topic {name!r}: {code.name}"
            for name, code in _delete_topics(asker, names).items()
            if code not in _GONE
        ]
    return left


def _remove_group(asker: Asker, group_id: str) -> ErrorCode:
    _, address = asker.coordinator(group_id)
    _, found = inspection.described_group(asker, group_id)
    if found.members:
        members = [
            MemberIdentity(
                member_id="" if each.group_instance_id else each.member_id,
                group_instance_id=each.group_instance_id,
            )
            for each in found.members
        ]
        asker.ask(LeaveGroupRequest(group_id=group_id, members=members), address)
    answer = asker.until(
        lambda: asker.ask(DeleteGroupsRequest(groups_names=[group_id]), address),
        lambda deleted: deleted.results[0].error_code,
        f"group {group_id!r} to be deleted",
    )
    return ErrorCode(answer.results[0].error_code)


def _delete_topics(asker: Asker, names: list[str]) -> dict[str, ErrorCode]:
    return {each.name: ErrorCode(each.error_code) for each in asker.delete_topics(names)}
