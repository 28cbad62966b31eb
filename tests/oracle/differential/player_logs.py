"""The operations on records and offsets of partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.differential.programs import T0

from minikafka.log.record_batch import RecordBatch
from minikafka.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.init_producer_id import InitProducerIdRequest
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData

if TYPE_CHECKING:
    from typing import Any

TIMEOUT_MS = 10_000


class LogOperations:
    """A part of `Player`."""

    ask: Any
    name: Any

    def __init__(self) -> None:
        super().__init__()
        self._producers: dict[str, tuple[int, int]] = {}
        self._sequences: dict[tuple[str, str, int], int] = {}

    def do_produce(
        self,
        topic: str,
        partition: int,
        records: list[dict[str, Any]],
        acks: int,
        compression: int,
        version: int,
    ) -> Any:
        batch = RecordBatch.build(
            [
                (
                    index,
                    T0 + each["delta_ms"],
                    None if each["key"] is None else each["key"].encode(),
                    _value(each["value"]),
                    [("h", b"1"), ("n", None)] if each["headers"] else [],
                )
                for index, each in enumerate(records)
            ],
            compression=compression,
        )
        return self._produce(topic, partition, batch, acks, version)

    def _produce(self, topic: str, partition: int, batch: RecordBatch, acks: int, version: int) -> Any:
        request = ProduceRequest(
            acks=acks,
            timeout_ms=TIMEOUT_MS,
            topic_data=[
                TopicProduceData(
                    name=self.name(topic),
                    partition_data=[PartitionProduceData(index=partition, records=batch.encode())],
                )
            ],
        )
        return self.ask(request, version)

    def do_init_producer(self, producer: str, again: bool) -> Any:
        known = self._producers.get(producer, (-1, -1)) if again else (-1, -1)
        answer = self.ask(
            InitProducerIdRequest(
                transactional_id=None,
                transaction_timeout_ms=TIMEOUT_MS,
                producer_id=known[0],
                producer_epoch=known[1],
            ),
            4,
        )
        if not answer.get("error_code", 1):
            self._producers[producer] = answer["producer_id"], answer["producer_epoch"]
            for key in [each for each in self._sequences if each[0] == producer]:
                del self._sequences[key]
        return answer

    def do_produce_in_sequence(
        self, topic: str, partition: int, producer: str, skip: int, epoch: int, count: int
    ) -> Any:
        if producer not in self._producers:
            self.do_init_producer(producer, False)
        producer_id, producer_epoch = self._producers[producer]
        key = producer, topic, partition
        sequence = self._sequences.get(key, 0)
        batch = RecordBatch.build(
            [(index, T0, None, b"%d" % (sequence + skip + index), []) for index in range(count)],
            producer_id=producer_id,
            producer_epoch=max(producer_epoch + epoch, 0),
            base_sequence=max(sequence + skip, 0),
        )
        answer = self._produce(topic, partition, batch, -1, 11)
        if "responses" not in answer:
            return answer
        [told] = answer["responses"][0]["partition_responses"]
        if told["error_message"]:
            # The id in the message to people is whichever came next.
            told["error_message"] = told["error_message"].replace(
                f"producer {producer_id} ", "producer <id> "
            )
        if not told["error_code"] and skip >= 0 and not epoch:
            self._sequences[key] = sequence + skip + count
        return answer

    def do_fetch(
        self,
        topic: str,
        partition: int,
        offset: int,
        max_bytes: int,
        leader_epoch: int,
        isolation: int,
        version: int,
    ) -> Any:
        wanted = FetchPartition(
            partition=partition,
            fetch_offset=offset,
            partition_max_bytes=max_bytes,
            current_leader_epoch=leader_epoch,
        )
        request = FetchRequest(
            max_wait_ms=0,
            min_bytes=1,
            max_bytes=max_bytes,
            isolation_level=isolation,
            topics=[FetchTopic(topic=self.name(topic), partitions=[wanted])],
        )
        return self.ask(request, version)

    def do_list_offsets(
        self, topic: str, partition: int, timestamp: int, isolation: int, version: int
    ) -> Any:
        request = ListOffsetsRequest(
            replica_id=-1,
            isolation_level=isolation if version >= 2 else 0,
            topics=[
                ListOffsetsTopic(
                    name=self.name(topic),
                    partitions=[ListOffsetsPartition(partition_index=partition, timestamp=timestamp)],
                )
            ],
            timeout_ms=TIMEOUT_MS,
        )
        return self.ask(request, version)

    def do_delete_records(self, topic: str, partition: int, offset: int) -> Any:
        request = DeleteRecordsRequest(
            topics=[
                DeleteRecordsTopic(
                    name=self.name(topic),
                    partitions=[DeleteRecordsPartition(partition_index=partition, offset=offset)],
                )
            ],
            timeout_ms=TIMEOUT_MS,
        )
        return self.ask(request, 2)

    def do_leader_epoch(self, topic: str, partition: int, epoch: int) -> Any:
        request = OffsetForLeaderEpochRequest(
            replica_id=-1,
            topics=[
                OffsetForLeaderTopic(
                    topic=self.name(topic),
                    partitions=[OffsetForLeaderPartition(partition=partition, leader_epoch=epoch)],
                )
            ],
        )
        return self.ask(request, 4)


def _value(value: str | int | None) -> bytes | None:
    if isinstance(value, int):
        return b"x" * value
    return None if value is None else value.encode()
