"""CreateTopics (API key 19): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int8, int16, int32, string, uuid
from minikafka.messages.schema import Message, Request, Response


class CreatableReplicaAssignment(Message):
    """The brokers that hold the replicas of one partition, the preferred leader first."""

    partition_index: int = int32()
    broker_ids: list[int] = array("int32")


class CreatableTopicConfig(Message):
    """A config that a new topic starts with."""

    name: str = string()
    value: str | None = string(nullable=0)


class CreatableTopic(Message):
    """A topic to create, by counts or by an assignment of its replicas."""

    name: str = string()
    num_partitions: int = int32()
    replication_factor: int = int16()
    assignments: list[CreatableReplicaAssignment] = array(CreatableReplicaAssignment)
    configs: list[CreatableTopicConfig] = array(CreatableTopicConfig)


class CreateTopicsRequest(Request, api="CreateTopics"):
    """Creates topics."""

    topics: list[CreatableTopic] = array(CreatableTopic)
    timeout_ms: int = int32(default=60000)
    validate_only: bool = boolean(1)


class CreatableTopicConfigs(Message):
    """A config of a topic that was created (KIP-525)."""

    name: str = string(5)
    value: str | None = string(5, nullable=5)
    read_only: bool = boolean(5)
    config_source: int = int8(5, default=-1, ignorable=True)
    is_sensitive: bool = boolean(5)


class CreatableTopicResult(Message):
    """Whether one topic was created, and as what."""

    name: str = string()
    topic_id: bytes = uuid(7, ignorable=True)
    error_code: int = int16()
    error_message: str | None = string(1, nullable=0, ignorable=True)
    topic_config_error_code: int = int16(5, tag=0, ignorable=True)
    num_partitions: int = int32(5, default=-1, ignorable=True)
    replication_factor: int = int16(5, default=-1, ignorable=True)
    configs: list[CreatableTopicConfigs] | None = array(CreatableTopicConfigs, 5, nullable=5, ignorable=True)


class CreateTopicsResponse(Response, api="CreateTopics"):
    """Tells which topics were created."""

    throttle_time_ms: int = int32(2, ignorable=True)
    topics: list[CreatableTopicResult] = array(CreatableTopicResult)
