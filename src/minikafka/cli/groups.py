"""`minikafka groups`: lists, describes, deletes and rewinds consumer groups, as kafka-consumer-groups does."""

from __future__ import annotations

import click

from minikafka.cli.connection import connects, errors_of_kafka
from minikafka.cli.failures import Exit, Failure, error_name, exit_for, one_line
from minikafka.cli.group_views import MEMBER_HEADINGS, OFFSET_HEADINGS, GroupView, describe_group
from minikafka.cli.options import json_option
from minikafka.cli.output import flush, note, write_json, write_line, write_table
from minikafka.cli.reset_offsets import reset_offsets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.cli.connection import Connection
    from minikafka.cli.group_views import Member


STATES = (
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
    "NotReady",
    "Unknown",
)
"""Those of Kafka's groups, of every type (GroupState)."""


@click.group()
def groups() -> None:
    """List, describe and delete consumer groups, and reset their offsets.

    \b
    Example:
      minikafka groups describe billing
    """


groups.add_command(reset_offsets)


@groups.command("list")
@click.option("--state", type=click.Choice(STATES, case_sensitive=False), help="Only groups in this state.")
@json_option
@connects
def list_groups(*, connection: Connection, state: str | None, as_json: bool) -> None:
    """Name the groups, one a line.

    \b
    Example:
      minikafka groups list --state Empty
    """
    with connection.admin() as admin:
        found = connection.patiently(admin.list_groups)
    found = sorted(found, key=lambda group: str(group["group_id"]))
    if state is not None:
        found = [group for group in found if str(group["group_state"]).lower() == state.lower()]
    if as_json:
        write_json(
            [
                {"group": group["group_id"], "state": group["group_state"], "type": group.get("group_type")}
                for group in found
            ]
        )
    else:
        for group in found:
            write_line(group["group_id"])
    flush()


@groups.command()
@click.argument("names", metavar="GROUP...", nargs=-1, required=True)
@click.option("--members", is_flag=True, help="Show the members and what they are assigned.")
@click.option("--state", is_flag=True, help="Show only the state.")
@json_option
@connects
def describe(
    *, connection: Connection, names: tuple[str, ...], members: bool, state: bool, as_json: bool
) -> None:
    """Show how far groups have read: committed offsets, log ends and lag.

    \b
    Examples:
      minikafka groups describe billing
      minikafka groups describe billing --members
    """
    if members and state:
        raise click.UsageError("--members and --state are two ways to look: choose one")
    with connection.admin() as admin:
        views = [describe_group(connection, admin, name) for name in names]
    if as_json:
        write_json([view.document() for view in views])
    else:
        for view in views:
            _show(view, members, state)
    flush()


def _show(view: GroupView, members: bool, state: bool) -> None:
    if state:
        write_table(
            ("GROUP", "STATE", "TYPE", "ASSIGNMENT-STRATEGY", "#MEMBERS"),
            [(view.group, view.state, view.type, view.assignor or None, _count(view.members))],
        )
        return
    if view.members is None:
        note(f"group {view.group!r} has the protocol of KIP-848, whose members kafka-python cannot tell")
    elif not view.members:
        note(f"group {view.group!r} has no active members (state {view.state})")
    if members:
        write_table(MEMBER_HEADINGS, list(view.member_rows()))
    else:
        write_table(OFFSET_HEADINGS, list(view.offset_rows()))


def _count(members: list[Member] | None) -> int | None:
    return None if members is None else len(members)


@groups.command()
@click.argument("names", metavar="GROUP...", nargs=-1, required=True)
@click.option("--if-exists", is_flag=True, help="Be content with groups that are not there.")
@json_option
@connects
def delete(*, connection: Connection, names: tuple[str, ...], if_exists: bool, as_json: bool) -> None:
    """Delete groups that have no members, with their offsets.

    \b
    Example:
      minikafka groups delete billing
    """
    with connection.admin() as admin:
        results = connection.patiently(lambda: admin.delete_groups(list(names)))
    outcomes: list[tuple[str, str | None, Exit]] = []
    for name, result in sorted(results.items()):
        error = None if result == "OK" else getattr(errors_of_kafka(), result, None)
        if result == "OK" or (if_exists and result == "GroupIdNotFoundError"):
            outcomes.append((name, None, Exit.DONE))
        elif error is None:
            outcomes.append((name, one_line(str(result)), Exit.FAILED))
        else:
            outcomes.append((name, error_name(error), exit_for(error)))
    deleted = {name for name, result in results.items() if result == "OK"}
    if as_json:
        write_json(
            [{"group": name, "deleted": name in deleted, "error": error} for name, error, _ in outcomes]
        )
    else:
        for name in sorted(deleted):
            write_line(f"Deleted group {name}.")
    flush()
    failed = [
        Failure(f"cannot delete group {name}: {error}", code) for name, error, code in outcomes if error
    ]
    for failure in failed[1:]:
        failure.show()
    if failed:
        raise failed[0]
