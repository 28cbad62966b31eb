"""ListOffsets, OffsetForLeaderEpoch, DeleteRecords, InitProducerId."""

from __future__ import annotations

import pytest

from minikafka.errors import ErrorCode
from minikafka.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from minikafka.messages.init_producer_id import InitProducerIdRequest
from minikafka.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from minikafka.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED = -1, -2, -3, -4, -5


def list_offset(lab, timestamp, topic="orders", partition=0, *, version=None, epoch=-1, node_id=1, copies=1):
    request = ListOffsetsRequest(
        replica_id=-1,
        topics=[
            ListOffsetsTopic(
                name=topic,
                partitions=[
                    ListOffsetsPartition(
                        partition_index=partition, timestamp=timestamp, current_leader_epoch=epoch
                    )
                ]
                * copies,
            )
        ],
    )
    return lab.ask(request, node_id, version=version).topics[0].partitions[0]


@pytest.fixture
def filled(orders):
    for index in range(3):
        orders.produce(batches=[orders.batch(b"a", b"b", timestamp=1_700_000_000_000 + 1000 * index)])
    return orders


@pytest.mark.parametrize(
    ("timestamp", "offset", "found_at"),
    [
        (LATEST, 6, -1),
        (EARLIEST, 0, -1),
        (EARLIEST_LOCAL, 0, -1),
        (LATEST_TIERED, -1, -1),
        (MAX_TIMESTAMP, 5, 1_700_000_002_001),
        (0, 0, 1_700_000_000_000),
        (1_700_000_000_002, 2, 1_700_000_001_000),
        (1_700_000_002_001, 5, 1_700_000_002_001),
        (1_700_000_002_002, -1, -1),
    ],
)
def test_list_offsets(filled, timestamp, offset, found_at):
    answer = list_offset(filled, timestamp)
    assert (answer.error_code, answer.offset, answer.timestamp) == (0, offset, found_at)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"topic": "x"}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"partition": 7}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"epoch": 9}, ErrorCode.UNKNOWN_LEADER_EPOCH),
        ({"copies": 2}, ErrorCode.INVALID_REQUEST),
    ],
)
def test_list_offsets_refusals(filled, options, code):
    answer = list_offset(filled, LATEST, **options)
    assert (answer.error_code, answer.offset, answer.timestamp) == (code, -1, -1)


@pytest.mark.parametrize(
    ("timestamp", "version", "code"),
    [
        (MAX_TIMESTAMP, 6, ErrorCode.UNSUPPORTED_VERSION),
        (MAX_TIMESTAMP, 7, 0),
        (EARLIEST_LOCAL, 7, ErrorCode.UNSUPPORTED_VERSION),
        (LATEST_TIERED, 8, ErrorCode.UNSUPPORTED_VERSION),
        (LATEST, 1, 0),
        (-6, 10, ErrorCode.UNSUPPORTED_VERSION),
        (-7, 11, ErrorCode.UNSUPPORTED_VERSION),
    ],
)
def test_special_timestamps_came_with_versions(filled, timestamp, version, code):
    assert list_offset(filled, timestamp, version=version).error_code == code


def epoch_end(lab, leader_epoch, topic="orders", current=-1):
    request = OffsetForLeaderEpochRequest(
        topics=[
            OffsetForLeaderTopic(
                topic=topic,
                partitions=[
                    OffsetForLeaderPartition(
                        partition=0, leader_epoch=leader_epoch, current_leader_epoch=current
                    )
                ],
            )
        ]
    )
    return lab.ask(request).topics[0].partitions[0]


def test_offset_for_leader_epoch(filled):
    answer = epoch_end(filled, 0)
    assert (answer.error_code, answer.leader_epoch, answer.end_offset) == (0, 0, 6)
    unknown = epoch_end(filled, 5)
    assert (unknown.error_code, unknown.leader_epoch, unknown.end_offset) == (0, -1, -1)
    assert epoch_end(filled, 0, "x").error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert epoch_end(filled, 0, current=3).error_code == ErrorCode.UNKNOWN_LEADER_EPOCH


def delete(lab, offset, topic="orders", partition=0):
    request = DeleteRecordsRequest(
        topics=[
            DeleteRecordsTopic(
                name=topic, partitions=[DeleteRecordsPartition(partition_index=partition, offset=offset)]
            )
        ],
        timeout_ms=5000,
    )
    return lab.ask(request).topics[0].partitions[0]


def test_delete_records(filled):
    answer = delete(filled, 3)
    assert (answer.error_code, answer.low_watermark) == (0, 3)
    assert list_offset(filled, EARLIEST).offset == 3
    assert delete(filled, -1).low_watermark == 6
    assert filled.kafka.records("orders") == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((99,), ErrorCode.OFFSET_OUT_OF_RANGE),
        ((-2,), ErrorCode.OFFSET_OUT_OF_RANGE),
        ((0, "x"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ((0, "orders", 5), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ],
)
def test_delete_records_refusals(filled, args, code):
    answer = delete(filled, *args)
    assert (answer.error_code, answer.low_watermark) == (code, -1)


def test_delete_records_of_internal_topics(orders):
    orders.coordinator()
    assert delete(orders, 0, "__consumer_offsets").error_code == ErrorCode.INVALID_TOPIC_EXCEPTION


def test_producer_ids_are_never_given_twice(make_lab):
    lab = make_lab(brokers=2)
    promises = [
        lab.send(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=0), node)
        for node in (1, 2, 1, 2)
    ]
    lab.settle()
    ids = [promise.result().producer_id for promise in promises]
    assert len(set(ids)) == 4
    assert all(promise.result().producer_epoch == 0 for promise in promises)
    for _ in range(1000):
        ids.append(
            lab.ask(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=0)).producer_id
        )
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"transactional_id": "t"}, ErrorCode.UNSUPPORTED_VERSION),
        ({"transactional_id": ""}, ErrorCode.INVALID_REQUEST),
        ({"transactional_id": None, "producer_id": 5}, ErrorCode.INVALID_REQUEST),
        ({"transactional_id": None, "producer_epoch": 5}, ErrorCode.INVALID_REQUEST),
    ],
)
def test_init_producer_id_refusals(lab, options, code):
    answer = lab.ask(InitProducerIdRequest(transaction_timeout_ms=1000, **options))
    assert (answer.error_code, answer.producer_id, answer.producer_epoch) == (code, -1, -1)
