"""Every API that is served, in every version, against a cluster with a topic, records and a group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from minikafka import MiniKafka, TopicPartition
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.registry import API_KEYS, request_class, version_range
from minikafka.messages.schema import Message, Request


@pytest.fixture(scope="module")
def busy() -> Iterator[MiniKafka]:
    with MiniKafka(clock="system", group_min_session_timeout_ms=1) as kafka:
        kafka.listen()
        kafka.create_topic("t", 2)
        producer = kafka.producer()
        for partition in (0, 1):
            producer.send("t", b"value", partition=partition).get(timeout=10)
        producer.close()
        consumer = kafka.consumer("t", group_id="g", auto_offset_reset="earliest")
        while not consumer.poll(timeout_ms=1000):
            pass
        consumer.commit()
        yield kafka
        consumer.close()


def filled(cls: type[Message], version: int, kafka: MiniKafka) -> Any:
    """A message of the cluster's own names, with one element in each list."""
    message = cls()
    for field in cls.fields:
        if not field.in_version(version):
            continue
        value = _value(field.name, field.kind, field.element, version, kafka)
        if value is not None:
            setattr(message, field.name, value)
    return message


def _value(name: str, kind: str, element: Any, version: int, kafka: MiniKafka) -> Any:
    known = {
        "topic_id": kafka.image.topics["t"].topic_id,
        "acks": 1,
        "records": RecordBatch.build([(0, 1, None, b"v", ())]).encode(),
        "max_bytes": 1 << 20,
        "partition_max_bytes": 1 << 20,
        "fetch_offset": 0,
        "session_epoch": -1,
        "session_timeout_ms": 10_000,
        "protocol_type": "consumer",
        "resource_type": 2,
        "replica_id": -1,
        "num_partitions": 1,
        "replication_factor": 1,
        "endpoint_type": 1,
        "timestamp": -1,
        "transactional_id": None,
        "cursor": None,
        "include_topic_authorized_operations": True,
        "include_cluster_authorized_operations": True,
        "include_synonyms": True,
        "include_documentation": True,
        "client_software_name": "raw",
        "client_software_version": "1",
        "group_instance_id": None,
        "member_id": "",
        "key_type": 0,
        "assignments": None,
        "states_filter": None,
        "types_filter": None,
        "configuration_keys": None,
    }
    if name in known:
        return known[name]
    if kind == "array":
        if isinstance(element, str):
            return {"string": ["g" if "group" in name or "coordinator" in name else "t"], "int32": [0]}.get(
                element
            )
        return [filled(element, version, kafka)]
    if kind == "string":
        return (
            "g"
            if name in ("group_id", "key")
            else "t"
            if name in ("name", "topic", "resource_name")
            else None
        )
    return None


def _must_differ(name: str, version: int, message: Any) -> None:
    """What would end the group's or the topic's life is asked for something else."""
    if name == "CreateTopics":
        message.topics[0].name = "created"
    if name == "JoinGroup":
        message.group_id = f"joined-in-{version}"
    if name == "DeleteGroups":
        message.groups_names = ["nothing"]
    if name == "DeleteTopics":
        if message.topics:
            message.topics[0].name, message.topics[0].topic_id = "nothing", bytes(16)
        message.topic_names = ["nothing"] if message.topic_names else []


@pytest.mark.parametrize("name", [*CLIENT_APIS])
def test_every_version_is_answered(busy: MiniKafka, connect: Callable[[str], Any], name: str) -> None:
    client = connect(busy.listening_on)  # type: ignore[arg-type]
    first, last = version_range(name)
    cls: type[Request] = request_class(API_KEYS[name])
    for version in range(first, last + 1):
        request = filled(cls, version, busy)
        _must_differ(name, version, request)
        client.ask(request, version)
        client.ask(cls(acks=1) if name == "Produce" else cls(), version)  # type: ignore[call-arg]
    busy.check_health()
    assert busy.image.partition(*TopicPartition("t", 0)) is not None


def test_what_is_advertised_is_what_is_served(busy: MiniKafka, connect: Callable[[str], Any]) -> None:
    client = connect(busy.listening_on)  # type: ignore[arg-type]
    told = client.ask(ApiVersionsRequest(), 0)
    assert {key.api_key for key in told.api_keys} == {API_KEYS[name] for name in CLIENT_APIS}
