"""`minikafka produce`: a record for each line of stdin, as kafka-console-producer does."""

from __future__ import annotations

import select
import sys
from contextlib import suppress
from typing import cast

import click

from minikafka.cli.connection import connects, errors_of_kafka
from minikafka.cli.failures import INSTALL, Exit, Failure
from minikafka.cli.options import LARGEST_INT, json_option, progress_option, refuse_beside, unescaped
from minikafka.cli.output import Progress
from minikafka.cli.record_lines import LineReader, record_of_json
from minikafka.cli.sender import Sender
from minikafka.cli.signals import terminating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedIOBase
    from typing import Any

    from minikafka.cli.connection import Connection
    from minikafka.cli.record_lines import NewRecord

_LINGER_MS = 5
_READ_BYTES = 64 * 1024


@click.command()
@click.argument("topic")
@click.option("--key-separator", help="Lines are KEY SEPARATOR VALUE. Such as : or \\t.")
@click.option(
    "--headers",
    "with_headers",
    is_flag=True,
    help="Lines begin with NAME:VALUE,NAME:VALUE and a tab (see --headers-separator).",
)
@click.option("--headers-separator", default="\\t", show_default=True, help="What ends the headers.")
@click.option(
    "--header", "fixed", metavar="NAME:VALUE", multiple=True, help="A header for every record. Repeatable."
)
@click.option("--null-marker", help="A key or value that is exactly this is null: a tombstone.")
@click.option(
    "--input-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: lines as consume --json writes them.",
)
@click.option("--partition", type=click.IntRange(min=0), help="By default the key's, or any.")
@click.option(
    "--acks",
    type=click.Choice(["0", "1", "all"]),
    default="all",
    show_default=True,
    help="Whose word to wait for: nobody's, the leader's, that of all in-sync replicas.",
)
@click.option(
    "--compression-type",
    type=click.Choice(["none", "gzip", "snappy", "lz4", "zstd"]),
    default="none",
    show_default=True,
)
@click.option(
    "--timeout-ms",
    type=click.IntRange(100, LARGEST_INT),
    default=30_000,
    show_default=True,
    help="How long a record may take to be acknowledged, and its topic to come into being.",
)
@progress_option
@json_option
@connects
def produce(
    *,
    connection: Connection,
    topic: str,
    key_separator: str | None,
    with_headers: bool,
    headers_separator: str,
    fixed: tuple[str, ...],
    null_marker: str | None,
    input_format: str,
    partition: int | None,
    acks: str,
    compression_type: str,
    timeout_ms: int,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Send each line of stdin to TOPIC; end when stdin does and all is acknowledged.

    With --json every acknowledged record is told on stdout: topic, partition, offset, timestamp.

    \b
    Examples:
      echo "one espresso" | minikafka produce orders
      printf 'customer-1:one espresso\\n' | minikafka produce orders --key-separator :
      minikafka consume orders --to-end --json | minikafka produce copy --input-format json
    """
    headers = [fixed_header(text) for text in fixed]
    if not with_headers:
        refuse_beside("for --headers only", {"headers_separator": "--headers-separator"})
    if input_format == "json":
        if key_separator is not None or with_headers or null_marker is not None:
            raise click.UsageError("--key-separator, --headers and --null-marker are for --input-format text")
        read: Callable[[bytes, int], NewRecord] = record_of_json
    else:
        read = LineReader(
            separator(key_separator, "--key-separator"),
            separator(headers_separator, "--headers-separator") if with_headers else None,
            None if null_marker is None else null_marker.encode(),
        ).record
    shared = sys.stdin.isatty() or (as_json and sys.stdout.isatty())
    shown = Progress("records sent", progress, shared=shared)
    producer = open_producer(connection, acks, compression_type, timeout_ms)
    try:
        sender = Sender(producer, topic, partition, headers, as_json, shown)
        with terminating():
            send_lines(sender, read)
    except BaseException:
        with suppress(errors_of_kafka().KafkaError):  # what is not sent yet is less than what has gone wrong
            producer.close(timeout=0)
        raise
    producer.close(timeout=timeout_ms / 1000)
    shown.close(sender.acknowledged)


def send_lines(sender: Sender, read: Callable[[bytes, int], NewRecord]) -> None:
    """Send all that stdin gives; whatever ends it, what was sent before is acknowledged first."""
    try:
        for number, line in enumerate(lines(sender.settle), 1):
            sender.send(read(line, number), number)
    finally:
        sender.settle()


def fixed_header(text: str) -> tuple[str, bytes | None]:
    """A header of ``--header``."""
    name, colon, value = text.partition(":")
    if not colon or not name:
        raise click.BadParameter(f"{text!r}: expected NAME:VALUE", param_hint="--header")
    return name, value.encode()


def separator(text: str | None, option: str) -> bytes | None:
    """The bytes of a separator."""
    if text == "":
        raise click.BadParameter("expected at least one character", param_hint=option)
    return None if text is None else unescaped(text)


def open_producer(connection: Connection, acks: str, compression_type: str, timeout_ms: int) -> Any:
    """A producer that gives up on a record after `timeout_ms`."""
    try:
        return connection.producer(
            acks=acks if acks == "all" else int(acks),
            enable_idempotence=acks == "all",
            compression_type=None if compression_type == "none" else compression_type,
            max_block_ms=timeout_ms,
            delivery_timeout_ms=timeout_ms,
            request_timeout_ms=min(connection.timeout_ms, timeout_ms // 2),
            linger_ms=0 if sys.stdin.isatty() else _LINGER_MS,
        )
    except (AssertionError, RuntimeError) as error:
        raise Failure(f"{error} ({INSTALL})", Exit.USAGE) from None


def lines(when_idle: Callable[[], None]) -> Iterator[bytes]:
    """The lines of stdin as they come, without their ends; with a prompt where somebody types.

    Args:
        when_idle: called before waiting for more.
    """
    stream = cast("BufferedIOBase", sys.stdin.buffer)
    rest = b""
    while True:
        if not is_readable():
            when_idle()
            if sys.stdin.isatty() and not rest:
                click.echo(">", nl=False, err=True)
        chunk = stream.read1(_READ_BYTES)
        if not chunk:
            break
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")


def is_readable() -> bool:
    """Whether stdin has something to read, or its end; where nobody can tell, it counts as readable."""
    try:
        return bool(select.select([sys.stdin], [], [], 0)[0])
    except (OSError, ValueError):
        return True
