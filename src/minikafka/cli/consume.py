"""`minikafka consume`: writes a topic's records to stdout, as kafka-console-consumer does."""

from __future__ import annotations

import sys
import time

import click

from minikafka.cli.connection import connects, kafka_python
from minikafka.cli.failures import Exit, Failure
from minikafka.cli.group_commit import commit_written
from minikafka.cli.options import LARGEST_LONG, json_option, progress_option, refuse_beside, unescaped
from minikafka.cli.outages import outages_told
from minikafka.cli.output import Progress, flush, note, write_line
from minikafka.cli.record_formats import FIELDS, JsonFormat, TextFormat
from minikafka.cli.signals import Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from minikafka.cli.connection import Connection

_POLL_MS = 200
_POLL_RECORDS = 500


def printed_fields(_: click.Context, __: click.Parameter, text: str) -> set[str]:
    """``key,value``: some of a record's fields."""
    fields = {field.strip() for field in text.split(",")}
    for field in sorted(fields - set(FIELDS)):
        raise click.BadParameter(f"{field!r}: expected some of {', '.join(FIELDS)}")
    return fields


def start_offset(_: click.Context, __: click.Parameter, text: str | None) -> str | int | None:
    """``earliest``, ``latest`` or a number."""
    if text is None or text in ("earliest", "latest"):
        return text
    if not text.isdecimal() or int(text) > LARGEST_LONG:
        raise click.BadParameter(f"{text!r}: expected earliest, latest or a number from 0 to {LARGEST_LONG}")
    return int(text)


@click.command()
@click.argument("topic")
@click.option(
    "--from-beginning",
    is_flag=True,
    help="Begin with the earliest record, not with the next one; in a group only where nothing is committed.",
)
@click.option("--group", help="Consume as a member of this group, and commit what was read.")
@click.option("--partition", type=click.IntRange(min=0), help="Only this one, without a group.")
@click.option(
    "--offset",
    callback=start_offset,
    metavar="earliest|latest|NUMBER",
    help="Begin there; needs --partition.",
)
@click.option("--max-messages", type=click.IntRange(min=1), help="End after so many.")
@click.option("--timeout-ms", type=click.IntRange(min=1), help="End when no record has come for so long.")
@click.option(
    "--to-end", is_flag=True, help="Read from the beginning (or --offset) to the end that the log has now."
)
@click.option(
    "--print",
    "fields",
    callback=printed_fields,
    metavar="FIELD,FIELD...",
    default="value",
    show_default=True,
    help=f"What to write: some of {', '.join(FIELDS)}, always in this order.",
)
@click.option("--separator", default="\\t", show_default=True, help="Between the fields.")
@click.option("--null-marker", default="null", show_default=True, help="Stands for a null key or value.")
@click.option(
    "--isolation-level",
    type=click.Choice(["read_uncommitted", "read_committed"]),
    default="read_uncommitted",
    show_default=True,
)
@progress_option
@json_option
@connects
def consume(
    *,
    connection: Connection,
    topic: str,
    from_beginning: bool,
    group: str | None,
    partition: int | None,
    offset: str | int | None,
    max_messages: int | None,
    timeout_ms: int | None,
    to_end: bool,
    fields: set[str],
    separator: str,
    null_marker: str,
    isolation_level: str,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Write the records of TOPIC, until Ctrl-C or what the options say.

    With --json each record is a line of JSON: topic, partition, offset, timestamp, timestamp_type, key, value,
    headers; bytes that are not UTF-8 are key_base64 or value_base64 instead.

    \b
    Examples:
      minikafka consume orders --from-beginning
      minikafka consume orders --group billing --print key,value --max-messages 1 --timeout-ms 10000
      minikafka consume orders --partition 0 --offset 42 --to-end --json

    Exit codes: 0 also when --timeout-ms is over, unless --max-messages asked for more than came: 4.
    """
    check_options(group, partition, offset, from_beginning, to_end)
    if as_json:
        refuse_beside(
            "for text only; --json writes every field",
            {"fields": "--print", "separator": "--separator", "null_marker": "--null-marker"},
        )
    earliest = from_beginning or (to_end and offset is None)
    consumer = connection.consumer(
        group_id=group,
        auto_offset_reset="earliest" if earliest else "latest",
        isolation_level=isolation_level,
        enable_auto_commit=group is not None,
        allow_auto_create_topics=False,
    )
    output = JsonFormat() if as_json else TextFormat(fields, unescaped(separator), null_marker.encode())
    shown = Progress("records read", progress, shared=sys.stdout.isatty())
    as_read = False
    with Stop() as stop, outages_told():
        reading = Reading(consumer, stop, max_messages, timeout_ms)
        try:
            begin(consumer, topic, partition, offset, earliest, to_end)
            for record in reading.records(end_offsets(consumer) if to_end else None):
                write_line(output.line(record))
                shown.show(reading.count)
            if group is not None:
                as_read = commit_written(consumer, reading.written, connection.timeout_ms)
        finally:
            consumer.close(autocommit=as_read, timeout_ms=connection.timeout_ms)
    shown.close(reading.count)
    if stop.signal is not None:
        note(f"{reading.count} records read")
        raise SystemExit(128 + stop.signal)
    if reading.is_short:
        raise Failure(
            f"no record for {timeout_ms} ms; {reading.count} came"
            + ("" if max_messages is None else f" of {max_messages}"),
            Exit.TIMED_OUT,
        )


def check_options(
    group: str | None, partition: int | None, offset: str | int | None, from_beginning: bool, to_end: bool
) -> None:
    """Raise UsageError for options that contradict one another."""
    if group is not None and partition is not None:
        raise click.UsageError(
            "--partition is for reading without a --group, which shares out the partitions"
        )
    if group is not None and to_end:
        raise click.UsageError("--to-end is for reading without a --group, whose partitions come and go")
    if offset is not None and partition is None:
        raise click.UsageError("--offset needs --partition")
    if offset is not None and from_beginning:
        raise click.UsageError("--offset and --from-beginning contradict one another")


def begin(
    consumer: Any, topic: str, partition: int | None, offset: str | int | None, earliest: bool, to_end: bool
) -> None:
    """Subscribe to the topic, or take the partitions that are to be read.

    Raises:
        Failure: there is no such topic or partition.
    """
    partitions = consumer.partitions_for_topic(topic)
    if not partitions:
        raise Failure(f"no topic {topic!r} (minikafka topics create {topic})", Exit.NOT_FOUND)
    if partition is not None and partition not in partitions:
        raise Failure(f"topic {topic!r} has no partition {partition}", Exit.NOT_FOUND)
    if partition is None and not to_end:
        consumer.subscribe([topic])
        return
    taken = [
        kafka_python().TopicPartition(topic, each)
        for each in (sorted(partitions) if partition is None else [partition])
    ]
    consumer.assign(taken)
    if isinstance(offset, int):
        consumer.seek(taken[0], offset)
    elif earliest or offset == "earliest":
        consumer.seek_to_beginning(*taken)
    else:
        consumer.seek_to_end(*taken)


def end_offsets(consumer: Any) -> dict[Any, int]:
    """Where the assigned partitions end now."""
    ends: dict[Any, int] = consumer.end_offsets(list(consumer.assignment()))
    return ends


class Reading:
    """Polls until there is a reason to end.

    Args:
        consumer: kafka-python's, subscribed or assigned.
        stop: a signal that came.
        max_messages: the most to read; None: no limit.
        timeout_ms: end when no record has come for so long; None: never.
    """

    def __init__(self, consumer: Any, stop: Stop, max_messages: int | None, timeout_ms: int | None) -> None:
        self._consumer = consumer
        self._stop = stop
        self._max_messages = max_messages
        self._timeout_ms = timeout_ms
        self.count: int = 0
        """How many records were given out."""
        self.written: dict[Any, int] = {}
        """The offset after the last record that was taken, by partition."""
        self.is_short: bool = False
        """Whether `timeout_ms` was over before `max_messages`, or the end, was reached."""

    def records(self, ends: dict[Any, int] | None) -> Iterator[Any]:
        """The records as they come.

        Args:
            ends: the offsets, by partition, at which to end; None: there are none.
        """
        last = time.monotonic()
        while self._stop.signal is None and not self._is_through(ends):
            batches = self._consumer.poll(timeout_ms=self._poll_ms(), max_records=self._room())
            for partition, records in batches.items():
                for record in records:
                    if ends is None or record.offset < ends[partition]:
                        self.count += 1
                        yield record
                        self.written[partition] = record.offset + 1
            now = time.monotonic()
            if batches:
                flush()
                last = now
            elif self._timeout_ms is not None and (now - last) * 1000 >= self._timeout_ms:
                self.is_short = self._max_messages is not None or ends is not None
                return

    def _is_through(self, ends: dict[Any, int] | None) -> bool:
        if self._max_messages is not None and self.count >= self._max_messages:
            return True
        return ends is not None and all(
            end <= 0 or self._consumer.position(partition) >= end for partition, end in ends.items()
        )

    def _room(self) -> int:
        left = _POLL_RECORDS if self._max_messages is None else self._max_messages - self.count
        return min(left, _POLL_RECORDS)

    def _poll_ms(self) -> int:
        return _POLL_MS if self._timeout_ms is None else min(_POLL_MS, self._timeout_ms)
