"""AlterPartition (API key 56): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, int64, uuid
from minikafka.messages.schema import Message, Request, Response


class BrokerState(Message):
    """A replica that the leader wants in the ISR, with the broker epoch it was seen at (KIP-841)."""

    broker_id: int = int32(3)
    broker_epoch: int = int64(3, default=-1)


class PartitionData(Message):
    """The ISR that a leader wants for one of its partitions."""

    partition_index: int = int32()
    leader_epoch: int = int32()
    new_isr: list[int] = array("int32", 0, 2)
    new_isr_with_epochs: list[BrokerState] = array(BrokerState, 3)
    leader_recovery_state: int = int8(1)
    partition_epoch: int = int32()


class TopicData(Message):
    """The partitions of one topic in an AlterPartition request."""

    topic_id: bytes = uuid(2, ignorable=True)
    partitions: list[PartitionData] = array(PartitionData)


class AlterPartitionRequest(Request, api="AlterPartition"):
    """A leader asks the controller to change the ISR of its partitions (KIP-497)."""

    broker_id: int = int32()
    broker_epoch: int = int64(default=-1)
    topics: list[TopicData] = array(TopicData)


class AlterPartitionResponsePartitionData(Message):
    """The state of a partition as the controller holds it now, or why the change was refused."""

    partition_index: int = int32()
    error_code: int = int16()
    leader_id: int = int32()
    leader_epoch: int = int32()
    isr: list[int] = array("int32")
    leader_recovery_state: int = int8(1, ignorable=True)
    partition_epoch: int = int32()


class AlterPartitionResponseTopicData(Message):
    """The partitions of one topic in an AlterPartition response."""

    topic_id: bytes = uuid(2, ignorable=True)
    partitions: list[AlterPartitionResponsePartitionData] = array(AlterPartitionResponsePartitionData)


class AlterPartitionResponse(Response, api="AlterPartition"):
    """Tells the leader the partitions' states as the controller holds them."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    topics: list[AlterPartitionResponseTopicData] = array(AlterPartitionResponseTopicData)
