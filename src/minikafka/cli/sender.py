"""Sends records by kafka-python's producer, and follows what becomes of each."""

from __future__ import annotations

from collections import deque

from minikafka.cli.connection import errors_of_kafka
from minikafka.cli.failures import Exit, Failure, failure_for
from minikafka.cli.output import flush, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.cli.output import Progress
    from minikafka.cli.record_lines import Headers, NewRecord

_OUTSTANDING = 10_000
"""How many records may be unacknowledged; they, and no more of the input, are in memory."""


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
        self._told_offsets: bool = producer.config["acks"] != 0
        """Whether brokers answer; kafka-python counts from 0 where they do not."""
        self._futures: deque[Any] = deque()
        self.acknowledged: int = 0

    def send(self, record: NewRecord, line: int) -> None:
        """Send a record.

        Args:
            record: what.
            line: which of the input it was.

        Raises:
            Failure: it cannot be sent, or an earlier one was refused.
        """
        partition = record.partition if self._partition is None else self._partition
        if partition is not None and partition not in self._partitions:
            raise Failure(f"line {line}: topic {self._topic!r} has no partition {partition}", Exit.NOT_FOUND)
        headers = [*self._headers, *record.headers]
        if record.key is None and record.value is None:
            raise Failure(f"line {line}: kafka-python sends no record whose key and value are both null")
        if any(value is None for _, value in headers):
            raise Failure(f"line {line}: kafka-python sends no header whose value is null")
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
                    "offset": metadata.offset if self._told_offsets else None,
                    "timestamp": metadata.timestamp,
                }
            )
        self._progress.show(self.acknowledged)
