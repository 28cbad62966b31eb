"""Batches and logs for the tests of the log room."""

from __future__ import annotations

import pytest

from minikafka.log.config import LogConfig
from minikafka.log.control_record import ControlRecordType, control_record
from minikafka.log.record_batch import RecordBatch
from minikafka.log.unified_log import UnifiedLog
from minikafka.structs import TopicPartition

NOW = 1_700_000_000_000


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def make_log():
    def make(**options):
        return UnifiedLog(TopicPartition("orders", 0), LogConfig(**options))

    return make


@pytest.fixture
def batch_of():
    """A batch of the values given, all with one timestamp."""

    def make(*values, timestamp=NOW, key=b"k", **header):
        return RecordBatch.build([(i, timestamp, key, value, ()) for i, value in enumerate(values)], **header)

    return make


@pytest.fixture
def marker():
    """A transaction marker."""

    def make(producer_id, producer_epoch, commit, coordinator_epoch=0, timestamp=NOW):
        kind = ControlRecordType.COMMIT if commit else ControlRecordType.ABORT
        return RecordBatch.build(
            [control_record(kind, coordinator_epoch, timestamp)],
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            is_transactional=True,
            is_control=True,
        )

    return make


@pytest.fixture
def values():
    """All values of a log from an offset on, as a consumer that reads everything sees them."""

    def read(log, start=None, max_bytes=1 << 20, **options):
        position = log.log_start_offset if start is None else start
        found = []
        while True:
            data = log.read(position, max_bytes, **options)
            if not data.batches:
                return found
            for batch in data.batches:
                for delta, _, _, value, _ in batch.records:
                    if batch.base_offset + delta >= position:
                        found.append((batch.base_offset + delta, value))
            position = data.batches[-1].next_offset

    return read
