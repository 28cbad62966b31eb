"""`minikafka produce`: a record for each line of stdin, as kafka-console-producer does."""

from __future__ import annotations

import sys
from collections import deque

import click

from minikafka.cli.connection import connects, errors_of_kafka
from minikafka.cli.failures import INSTALL, Exit, Failure, failure_for
from minikafka.cli.options import json_option, progress_option, unescaped
from minikafka.cli.output import Progress, flush, write_json
from minikafka.cli.record_lines import LineReader, record_of_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from minikafka.cli.connection import Connection
    from minikafka.cli.record_lines import Headers, NewRecord

_LINGER_MS = 5
_OUTSTANDING = 10_000
"""How many records may be unacknowledged; they, and no more of the input, are in memory."""


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
    type=click.IntRange(min=100),
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
    producer = open_producer(connection, acks, compression_type, timeout_ms)
    sender = Sender(producer, topic, partition, headers, as_json, Progress("records sent", progress))
    try:
        for number, line in enumerate(lines(), 1):
            sender.send(read(line, number))
            if sys.stdin.isatty():
                sender.settle()
    finally:
        try:
            sender.settle()
        finally:
            producer.close(timeout=timeout_ms / 1000 if sys.exc_info()[0] is None else 0)


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


def lines() -> Iterator[bytes]:
    """The lines of stdin as they come, without their ends; with a prompt where somebody types."""
    stream = sys.stdin.buffer
    prompts = sys.stdin.isatty()
    while True:
        if prompts:
            click.echo(">", nl=False, err=True)
        line = stream.readline()
        if not line:
            return
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def partitions_of(producer: Any, topic: str) -> set[int]:
    """The topic's partitions; a broker that creates topics on demand creates this one.

    Raises:
        Failure: there is no such topic, and none came into being; or there can be none of that name.
    """
    try:
        return set(producer.partitions_for(topic))
    except ValueError as error:
        raise Failure(str(error), Exit.USAGE) from None
    except errors_of_kafka().KafkaTimeoutError:
        raise Failure(
            f"no topic {topic!r}, and none has come into being (minikafka topics create {topic})",
            Exit.NOT_FOUND,
        ) from None


class Sender:
    """Sends records and follows what becomes of each, in order.

    Args:
        producer: kafka-python's.
        topic: where to.
        partition: which; None: the record's own, or the partitioner's choice.
        headers: of every record.
        as_json: tell of each acknowledged record.
        progress: counts them.

    Raises:
        Failure: there is no such topic.
    """

    def __init__(
        self,
        producer: Any,
        topic: str,
        partition: int | None,
        headers: Headers,
        as_json: bool,
        progress: Progress,
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._partitions = partitions_of(producer, topic)
        self._partition = partition
        self._headers = headers
        self._as_json = as_json
        self._progress = progress
        self._futures: deque[Any] = deque()
        self.acknowledged: int = 0

    def send(self, record: NewRecord) -> None:
        """Send a record.

        Raises:
            Failure: it cannot be sent, or an earlier one was refused.
        """
        partition = record.partition if self._partition is None else self._partition
        if partition is not None and partition not in self._partitions:
            raise Failure(f"topic {self._topic!r} has no partition {partition}", Exit.NOT_FOUND)
        headers = [*self._headers, *record.headers]
        if record.key is None and record.value is None:
            raise Failure("kafka-python sends no record whose key and value are both null")
        if any(value is None for _, value in headers):
            raise Failure("kafka-python sends no header whose value is null")
        future = self._producer.send(
            self._topic,
            value=record.value,
            key=record.key,
            headers=headers,
            partition=partition,
            timestamp_ms=record.timestamp,
        )
        self._futures.append(future)
        while self._futures and (self._futures[0].is_done or len(self._futures) > _OUTSTANDING):
            self._follow(self._futures.popleft())

    def settle(self) -> None:
        """Wait until all that was sent is acknowledged.

        Raises:
            Failure: a record was refused.
        """
        while self._futures:
            self._follow(self._futures.popleft())
        flush()
        self._progress.close(self.acknowledged)

    def _follow(self, future: Any) -> None:
        try:
            metadata = future.get()
        except errors_of_kafka().KafkaError as error:
            self._futures.clear()
            failure = failure_for(error)
            raise Failure(
                f"{failure.message} ({self.acknowledged} records were acknowledged before)",
                failure.exit_code,
            ) from error
        self.acknowledged += 1
        if self._as_json:
            write_json(
                {
                    "topic": metadata.topic,
                    "partition": metadata.partition,
                    "offset": metadata.offset,
                    "timestamp": metadata.timestamp,
                }
            )
        self._progress.show(self.acknowledged)
