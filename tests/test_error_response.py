"""One error code for a whole request, wherever its API puts it, in every version."""

from __future__ import annotations

import pytest

from minikafka.error_response import error_response
from minikafka.errors import ErrorCode
from minikafka.messages.create_topics import CreatableTopic, CreateTopicsRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.messages.registry import API_KEYS, request_class
from minikafka.messages.schema import Message

CODE = ErrorCode.CLUSTER_AUTHORIZATION_FAILED


def codes(message):
    """Every error code in a message, at any depth."""
    for field in message.fields:
        value = getattr(message, field.name)
        if field.name == "error_code":
            yield value
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Message):
                yield from codes(part)


def filled(cls, depth=0):
    """A message with one element in every list of parts."""
    values = {}
    for field in cls.fields:
        if field.kind == "array" and isinstance(field.element, type):
            values[field.name] = [filled(field.element, depth + 1)]
        elif field.kind == "array":
            values[field.name] = ["x"] if field.element == "string" else [1]
    return cls(**values)


@pytest.mark.parametrize("name", sorted(API_KEYS))
def test_every_request_can_be_answered_with_an_error_in_every_version(name):
    request_type = request_class(API_KEYS[name])
    request = filled(request_type)
    for version in range(request_type.min_version, request_type.max_version + 1):
        response = error_response(request, CODE, "no", version)
        assert type(response) is request.response_class
        found = list(codes(response))
        assert found
        assert CODE in found
        response_type = request.response_class
        if response_type.min_version <= version <= response_type.max_version:
            response.encode(version)


def test_produce_names_every_partition():
    request = ProduceRequest(
        topic_data=[
            TopicProduceData(
                name="t", partition_data=[PartitionProduceData(index=i, records=b"") for i in (0, 1)]
            )
        ]
    )
    (topic,) = error_response(request, CODE).responses
    assert [(p.index, p.error_code, p.base_offset) for p in topic.partition_responses] == [
        (0, CODE, -1),
        (1, CODE, -1),
    ]


def test_fetch_says_it_once_from_version_13():
    request = FetchRequest(topics=[FetchTopic(topic="t", partitions=[FetchPartition(partition=3)])])
    new = error_response(request, CODE)
    assert (new.error_code, new.responses) == (CODE, [])
    old = error_response(request, CODE, version=12)
    assert old.responses[0].partitions[0].error_code == CODE


def test_others():
    metadata = error_response(MetadataRequest(topics=[MetadataRequestTopic(name="t")]), CODE)
    assert [(topic.name, topic.error_code) for topic in metadata.topics] == [("t", CODE)]
    assert error_response(MetadataRequest(topics=None), CODE).topics == []
    group = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id="g", topics=None)])
    assert error_response(group, CODE).groups[0].error_code == CODE
    assert error_response(group, CODE, version=7).error_code == CODE
    coordinator = FindCoordinatorRequest(key="k", coordinator_keys=["k"])
    assert error_response(coordinator, CODE).coordinators[0].node_id == -1
    assert error_response(coordinator, CODE, "why", 3).error_message == "why"
    create = CreateTopicsRequest(topics=[CreatableTopic(name="t", num_partitions=1, replication_factor=1)])
    assert error_response(create, CODE, "why").topics[0].error_message == "why"
