"""Metadata (API key 3): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, string, uuid
from minikafka.messages.schema import Message, Request, Response


class MetadataRequestTopic(Message):
    """A topic to describe, by its name or its id."""

    topic_id: bytes = uuid(10, ignorable=True)
    name: str | None = string(nullable=10)


class MetadataRequest(Request, api="Metadata"):
    """Asks for topics; null asks for all, an empty list for none (from version 1)."""

    topics: list[MetadataRequestTopic] | None = array(MetadataRequestTopic, nullable=1)
    allow_auto_topic_creation: bool = boolean(4, default=True)
    include_cluster_authorized_operations: bool = boolean(8, 10)
    include_topic_authorized_operations: bool = boolean(8)


class MetadataResponseBroker(Message):
    """A broker that is up, and where it listens."""

    node_id: int = int32()
    host: str = string()
    port: int = int32()
    rack: str | None = string(1, default=None, nullable=1, ignorable=True)


class MetadataResponsePartition(Message):
    """A partition: its leader, epoch, replicas, ISR and offline replicas."""

    error_code: int = int16()
    partition_index: int = int32()
    leader_id: int = int32()
    leader_epoch: int = int32(7, default=-1, ignorable=True)
    replica_nodes: list[int] = array("int32")
    isr_nodes: list[int] = array("int32")
    offline_replicas: list[int] = array("int32", 5, ignorable=True)


class MetadataResponseTopic(Message):
    """A topic and its partitions."""

    error_code: int = int16()
    name: str | None = string(nullable=12)
    topic_id: bytes = uuid(10, ignorable=True)
    is_internal: bool = boolean(1, ignorable=True)
    partitions: list[MetadataResponsePartition] = array(MetadataResponsePartition)
    topic_authorized_operations: int = int32(8, default=-2147483648)


class MetadataResponse(Response, api="Metadata"):
    """Tells the brokers, the controller and the topics."""

    throttle_time_ms: int = int32(3, ignorable=True)
    brokers: list[MetadataResponseBroker] = array(MetadataResponseBroker)
    cluster_id: str | None = string(2, default=None, nullable=2, ignorable=True)
    controller_id: int = int32(1, default=-1, ignorable=True)
    topics: list[MetadataResponseTopic] = array(MetadataResponseTopic)
    cluster_authorized_operations: int = int32(8, 10, default=-2147483648)
    error_code: int = int16(13, ignorable=True)
