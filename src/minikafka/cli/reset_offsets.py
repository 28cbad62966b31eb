"""`minikafka groups reset-offsets`: commits other offsets for a group without members (Kafka's OffsetsUtils)."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from minikafka.cli.connection import connects, errors_of_kafka, kafka_python
from minikafka.cli.failures import Exit, Failure, error_name, exit_for
from minikafka.cli.group_views import listed_group, log_offsets
from minikafka.cli.options import LARGEST_LONG, json_option
from minikafka.cli.output import flush, note, write_json, write_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from minikafka.cli.connection import Connection

    Partition = tuple[str, int]
    Offsets = dict[Partition, int]


def moment_ms(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """A time in ISO 8601, in ms since the Unix epoch; without a zone it is UTC, as in kafka-consumer-groups."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: expected such as 2026-01-31T12:00:00Z") from None
    ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    if ms < 0:
        raise click.BadParameter(f"{text!r}: expected 1970 or later")
    return ms


@click.command("reset-offsets")
@click.argument("group", metavar="GROUP")
@click.option(
    "--topic",
    "topics",
    metavar="TOPIC[:PARTITION,...]",
    multiple=True,
    help="What to reset: all of a topic, or some partitions. Repeatable.",
)
@click.option("--all-topics", is_flag=True, help="Reset all for which the group has committed.")
@click.option("--to-earliest", is_flag=True, help="To the beginning of the log.")
@click.option("--to-latest", is_flag=True, help="To the end of the log.")
@click.option(
    "--to-offset", type=click.IntRange(0, LARGEST_LONG), help="To this offset, or the nearest that there is."
)
@click.option(
    "--to-datetime",
    callback=moment_ms,
    metavar="YYYY-MM-DDTHH:MM:SS[.mmm][Z|+HH:MM]",
    help="To the first record from that time on; UTC unless a zone is given.",
)
@click.option(
    "--shift-by", type=int, metavar="N", help="By so many from what is committed; back if negative."
)
@click.option("--execute", is_flag=True, help="Do it.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done; the default.")
@json_option
@connects
def reset_offsets(
    *,
    connection: Connection,
    group: str,
    topics: tuple[str, ...],
    all_topics: bool,
    to_earliest: bool,
    to_latest: bool,
    to_offset: int | None,
    to_datetime: int | None,
    shift_by: int | None,
    execute: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Commit other offsets for GROUP, which must have no members. Without --execute it only shows them.

    \b
    Examples:
      minikafka groups reset-offsets billing --topic orders --to-earliest --execute
      minikafka groups reset-offsets billing --topic orders:0,2 --shift-by -10
    """
    if execute and dry_run:
        raise click.UsageError("--execute and --dry-run contradict one another")
    if bool(topics) == all_topics:
        raise click.UsageError("say what to reset: either --topic or --all-topics")
    ways = (to_earliest or None, to_latest or None, to_offset, to_datetime, shift_by)
    if sum(way is not None for way in ways) != 1:
        raise click.UsageError(
            "say where to: one of --to-earliest, --to-latest, --to-offset, --to-datetime, --shift-by"
        )
    with connection.admin() as admin:
        _check_inactive(connection, admin, group)
        committed = _committed(connection, admin, group)
        partitions = _partitions(admin, topics) if topics else sorted(committed)
        if not partitions:
            raise Failure(f"group {group!r} has committed nothing", Exit.NOT_FOUND)
        earliest = log_offsets(connection, admin, partitions, "EARLIEST")
        latest = log_offsets(connection, admin, partitions, "LATEST")
        gone = [partition for partition in partitions if partition not in earliest or partition not in latest]
        if gone:
            raise Failure(f"no partition {_shown(gone[0])}", Exit.NOT_FOUND)
        if to_earliest:
            wanted = earliest
        elif to_latest:
            wanted = latest
        elif to_datetime is not None:
            wanted = {**latest, **log_offsets(connection, admin, partitions, to_datetime)}
        elif to_offset is not None:
            wanted = within(dict.fromkeys(partitions, to_offset), earliest, latest)
        else:
            wanted = within(shifted(partitions, committed, shift_by or 0), earliest, latest)
        if execute:
            _commit(connection, admin, group, wanted)
    _show(group, committed, wanted, execute, as_json)


def within(wanted: Offsets, earliest: Mapping[Partition, int], latest: Mapping[Partition, int]) -> Offsets:
    """The offsets, moved into their logs where they are outside, with a word on stderr, as Kafka does."""
    moved = {}
    for partition, offset in wanted.items():
        moved[partition] = min(max(offset, earliest[partition]), latest[partition])
        if moved[partition] != offset:
            note(
                f"{_shown(partition)}: offset {offset} is not in the log, which goes from {earliest[partition]} "
                f"to {latest[partition]}; {moved[partition]} is taken"
            )
    return moved


def shifted(partitions: Sequence[Partition], committed: Mapping[Partition, int], by: int) -> Offsets:
    """The committed offsets and so many more.

    Raises:
        Failure: nothing is committed for a partition.
    """
    for partition in partitions:
        if partition not in committed:
            raise Failure(f"{_shown(partition)}: nothing is committed that could be shifted", Exit.NOT_FOUND)
    return {partition: committed[partition] + by for partition in partitions}


def _shown(partition: Partition) -> str:
    return f"{partition[0]}-{partition[1]}"


def _check_inactive(connection: Connection, admin: Any, group: str) -> None:
    try:
        _, state = listed_group(connection, admin, group)
    except Failure:
        return  # the first commit makes the group
    if state not in ("Empty", "Dead"):
        raise Failure(
            f"group {group!r} is {state}; its offsets can be reset while it has no members: stop its consumers"
        )


def _committed(connection: Connection, admin: Any, group: str) -> Offsets:
    found = connection.patiently(lambda: admin.list_group_offsets({group: None}))[group]
    return {
        (partition.topic, partition.partition): each.offset
        for partition, each in found.items()
        if each.offset >= 0
    }


def _partitions(admin: Any, texts: Sequence[str]) -> list[Partition]:
    """The partitions that ``--topic`` names.

    Raises:
        click.BadParameter: a text is not of that form.
        Failure: there is no such topic or partition.
    """
    found: set[Partition] = set()
    for text in texts:
        name, colon, numbers = text.partition(":")
        wanted = numbers.split(",") if colon else []
        if not name or not all(number.isdecimal() for number in wanted):
            raise click.BadParameter(f"{text!r}: expected TOPIC[:PARTITION,...]", param_hint="--topic")
        (topic,) = admin.describe_topics([name])
        there = {partition["partition_index"] for partition in topic["partitions"]}
        if not there:
            raise Failure(f"no topic {name!r}", Exit.NOT_FOUND)
        for number in map(int, wanted):
            if number not in there:
                raise Failure(f"topic {name!r} has no partition {number}", Exit.NOT_FOUND)
        found |= {(name, number) for number in (map(int, wanted) if wanted else there)}
    return sorted(found)


def _commit(connection: Connection, admin: Any, group: str, wanted: Offsets) -> None:
    kafka = kafka_python()
    offsets = {
        kafka.TopicPartition(*partition): kafka.OffsetAndMetadata(offset, "", -1)
        for partition, offset in wanted.items()
    }
    results = connection.patiently(lambda: admin.alter_group_offsets(group, offsets))
    for partition, error in results.items():
        if error is not errors_of_kafka().NoError:
            raise Failure(
                f"cannot commit for {partition.topic}-{partition.partition}: {error_name(error)}",
                exit_for(error),
            )


def _show(group: str, committed: Offsets, wanted: Offsets, executed: bool, as_json: bool) -> None:
    rows = sorted(wanted.items())
    if as_json:
        write_json(
            {
                "group": group,
                "executed": executed,
                "offsets": [
                    {
                        "topic": topic,
                        "partition": partition,
                        "committed_offset": committed.get((topic, partition)),
                        "new_offset": offset,
                    }
                    for (topic, partition), offset in rows
                ],
            }
        )
    else:
        write_table(
            ("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"),
            [(group, topic, partition, offset) for (topic, partition), offset in rows],
        )
        if not executed:
            note("nothing was changed: --execute does it")
    flush()
