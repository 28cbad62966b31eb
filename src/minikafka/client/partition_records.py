"""The records of one fetched partition, turned into ConsumerRecords as they are taken.

This is the hot path of a consumer: one list comprehension for each batch, no call per record unless there are
deserializers or headers.
"""

from __future__ import annotations

from minikafka.client.consumer_record import ConsumerRecord
from minikafka.errors import CorruptRecordError, KafkaError
from minikafka.log.record_batch import ControlRecordType, RecordBatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from typing import Any

    from minikafka.log.record_batch import RecordTuple
    from minikafka.messages.fetch import AbortedTransaction
    from minikafka.structs import TopicPartition

    Headers = list[tuple[str, bytes | None]]
    Deserialize = Callable[[str, Headers, bytes | None], Any]

READ_COMMITTED = 1

_make = tuple.__new__


class RecordReader:
    """How a consumer turns stored records into what its application sees.

    Args:
        deserialize_key: ``f(topic, headers, data)``, or None for bytes as they are.
        deserialize_value: the same for values.
        isolation_level: 0, or 1 for read_committed.
        check_crcs: whether batches that came as bytes are checked before they are read.
        released: gives the cluster's lock up while deserializers run.
    """

    __slots__ = ("check_crcs", "deserialize_key", "deserialize_value", "isolation_level", "plain", "released")

    def __init__(
        self,
        deserialize_key: Deserialize | None,
        deserialize_value: Deserialize | None,
        isolation_level: int,
        check_crcs: bool,
        released: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self.deserialize_key: Deserialize | None = deserialize_key
        self.deserialize_value: Deserialize | None = deserialize_value
        self.isolation_level: int = isolation_level
        self.check_crcs: bool = check_crcs
        self.released: Callable[[], AbstractContextManager[Any]] = released
        self.plain: bool = deserialize_key is None and deserialize_value is None


def header_size(headers: Iterable[tuple[str, bytes | None]]) -> int:
    """The bytes of header names and values together."""
    return sum(len(name.encode()) + (0 if value is None else len(value)) for name, value in headers)


class PartitionRecords:
    """What is left of a fetched partition.

    Attributes:
        next_offset: the offset to go on at after what was taken so far.
        leader_epoch: the epoch of the batch that was read last, -1 before the first.
        taken: how many records were taken.
        size_in_bytes: of the batches as fetched, if the fetcher counts it.
    """

    __slots__ = (
        "_aborted",
        "_aborted_producers",
        "_at",
        "_batch",
        "_batches",
        "_error",
        "_left",
        "_raw",
        "_reader",
        "leader_epoch",
        "next_offset",
        "size_in_bytes",
        "taken",
        "topic_partition",
    )

    def __init__(
        self,
        topic_partition: TopicPartition,
        fetch_offset: int,
        batches: list[RecordBatch],
        aborted: list[AbortedTransaction] | None,
        reader: RecordReader,
    ) -> None:
        self.topic_partition: TopicPartition = topic_partition
        self.next_offset: int = fetch_offset
        self.leader_epoch: int = -1
        self.taken: int = 0
        self.size_in_bytes: int = 0
        self._reader = reader
        self._batches = batches[::-1]
        self._left: list[ConsumerRecord] = []
        self._at = 0
        self._aborted = sorted(
            ((each.first_offset, each.producer_id) for each in aborted or ()), reverse=True
        )
        self._aborted_producers: set[int] = set()
        self._raw: list[RecordTuple] = []
        self._batch: RecordBatch | None = None
        self._error: Exception | None = None

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left, not even batches to skip."""
        return self._at >= len(self._left) and not self._raw and not self._batches

    def take(self, count: int) -> list[ConsumerRecord]:
        """Up to `count` records; fewer only when there are no more, or the next one cannot be read.

        Raises:
            CorruptRecordError: a batch does not have the checksum it says.
            Exception: whatever a deserializer raises; `next_offset` is then the offset of that record, and the
                next call tries it again.
        """
        if self._error is not None:
            self._raise_error()
        out: list[ConsumerRecord] = []
        while True:
            left, at = self._left, self._at
            if at < len(left):
                end = at + count - len(out)
                out = (out + left[at:end]) if out else left[at:end]
                self._at = end
                if end < len(left):
                    self.next_offset = left[end - 1][3] + 1
                    break
                last_batch = self._batch
                assert last_batch is not None
                self.next_offset = last_batch.last_offset + 1
                if len(out) >= count:
                    break
            if self._raw:
                # Only with deserializers: records that are made one by one, as many as are wanted.
                out += self._deserialized(count - len(out))
                if self._error is not None:
                    if out:
                        break
                    self._raise_error()
                if len(out) >= count:
                    break
            if not self._batches:
                break
            try:
                self._next_batch()
            except KafkaError as error:
                if not out:
                    raise
                self._error = error
                break
        self.taken += len(out)
        return out

    def _raise_error(self) -> None:
        """Raise what stopped the last call; the call after this one tries again."""
        error, self._error = self._error, None
        assert error is not None
        raise error

    def _next_batch(self) -> None:
        """Prepare the next batch; one that is to be skipped only moves `next_offset` on."""
        batch = self._batches[-1]
        reader = self._reader
        if reader.check_crcs and batch.is_encoded and not batch.is_decoded:
            self._check_crc(batch)
        self._batches.pop()
        self._batch = batch
        self.leader_epoch = batch.partition_leader_epoch
        self._left = []
        self._at = 0
        transactional = batch.is_control or (
            batch.producer_id >= 0 and reader.isolation_level == READ_COMMITTED
        )
        if transactional and self._is_invisible(batch):
            self.next_offset = batch.last_offset + 1
            return
        records = batch.records
        skip = self.next_offset - batch.base_offset
        if skip > 0:
            # A fetch from within a batch brings the whole batch.
            records = [record for record in records if record[0] >= skip]
        if not records:
            self.next_offset = batch.last_offset + 1
        elif reader.plain:
            self._left = self._plain(batch, records)
        else:
            self._raw = records[::-1]

    def _check_crc(self, batch: RecordBatch) -> None:
        try:
            batch.check_crc()
        except CorruptRecordError as error:
            raise CorruptRecordError(
                f"Record batch for partition {self.topic_partition} at offset {batch.base_offset} "
                f"failed crc check: {error}"
            ) from error

    def _is_invisible(self, batch: RecordBatch) -> bool:
        """Whether a batch is a control batch, or belongs to an aborted transaction that must not be seen."""
        if self._reader.isolation_level == READ_COMMITTED:
            aborted, producers = self._aborted, self._aborted_producers
            while aborted and aborted[-1][0] <= batch.last_offset:
                producers.add(aborted.pop()[1])
            if batch.is_control:
                if _is_abort_marker(batch):
                    producers.discard(batch.producer_id)
            elif batch.is_transactional and batch.producer_id in producers:
                return True
        return batch.is_control

    def _plain(self, batch: RecordBatch, records: list[RecordTuple]) -> list[ConsumerRecord]:
        topic, partition = self.topic_partition
        epoch = batch.partition_leader_epoch
        base = batch.base_offset
        kind = batch.timestamp_type
        make, record, size_of = _make, ConsumerRecord, header_size
        return [
            make(
                record,
                (
                    topic,
                    partition,
                    epoch,
                    base + delta,
                    timestamp,
                    kind,
                    key,
                    value,
                    [*headers],
                    None,
                    -1 if key is None else len(key),
                    -1 if value is None else len(value),
                    size_of(headers) if headers else -1,
                ),
            )
            for delta, timestamp, key, value, headers in records
        ]

    def _deserialized(self, count: int) -> list[ConsumerRecord]:
        """Up to `count` records of the batch through the deserializers.

        What was made before one raises is returned, the exception is kept in `_error`, and the record that
        raised stays the next one.
        """
        batch, reader, raw = self._batch, self._reader, self._raw
        assert batch is not None
        topic, partition = self.topic_partition
        epoch, base, kind = batch.partition_leader_epoch, batch.base_offset, batch.timestamp_type
        read_key, read_value = reader.deserialize_key, reader.deserialize_value
        out: list[ConsumerRecord] = []
        with reader.released():
            while raw and len(out) < count:
                delta, timestamp, key, value, headers = raw[-1]
                listed = [*headers]
                try:
                    key_object = key if read_key is None else read_key(topic, listed, key)
                    value_object = value if read_value is None else read_value(topic, listed, value)
                except Exception as error:
                    self._error = error
                    break
                raw.pop()
                out.append(
                    ConsumerRecord(
                        topic,
                        partition,
                        epoch,
                        base + delta,
                        timestamp,
                        kind,
                        key_object,
                        value_object,
                        listed,
                        None,
                        -1 if key is None else len(key),
                        -1 if value is None else len(value),
                        header_size(headers) if headers else -1,
                    )
                )
        if not raw:
            self.next_offset = batch.last_offset + 1
        elif out:
            self.next_offset = out[-1].offset + 1
        return out


def _is_abort_marker(batch: RecordBatch) -> bool:
    from minikafka.log.record_batch import control_type_of

    return control_type_of(batch.records[0][2]) is ControlRecordType.ABORT
