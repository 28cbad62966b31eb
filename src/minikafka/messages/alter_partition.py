"""AlterPartition (API key 56): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, int64, uuid
from minikafka.messages.schema import Message, Request, Response


class BrokerState(Message):
    """Part of the message: broker state."""

    broker_id: int = int32(3)
    broker_epoch: int = int64(3, default=-1)


class PartitionData(Message):
    """Part of the message: partition data."""

    partition_index: int = int32()
    leader_epoch: int = int32()
    new_isr: list[int] = array("int32", 0, 2)
    new_isr_with_epochs: list[BrokerState] = array(BrokerState, 3)
    leader_recovery_state: int = int8(1)
    partition_epoch: int = int32()


class TopicData(Message):
    """Part of the message: topic data."""

    topic_id: bytes = uuid(2, ignorable=True)
    partitions: list[PartitionData] = array(PartitionData)


class AlterPartitionRequest(Request, api="AlterPartition"):
    """Asks for AlterPartition (API key 56)."""

    broker_id: int = int32()
    broker_epoch: int = int64(default=-1)
    topics: list[TopicData] = array(TopicData)


class AlterPartitionResponsePartitionData(Message):
    """Part of the message: alter partition response partition data."""

    partition_index: int = int32()
    error_code: int = int16()
    leader_id: int = int32()
    leader_epoch: int = int32()
    isr: list[int] = array("int32")
    leader_recovery_state: int = int8(1, ignorable=True)
    partition_epoch: int = int32()


class AlterPartitionResponseTopicData(Message):
    """Part of the message: alter partition response topic data."""

    topic_id: bytes = uuid(2, ignorable=True)
    partitions: list[AlterPartitionResponsePartitionData] = array(AlterPartitionResponsePartitionData)


class AlterPartitionResponse(Response, api="AlterPartition"):
    """Answers AlterPartitionRequest."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    topics: list[AlterPartitionResponseTopicData] = array(AlterPartitionResponseTopicData)
