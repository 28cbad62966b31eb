"""What a message promises: values, defaults, versions, and no crash on any input."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.codec import ProtocolError
from minikafka.errors import UnsupportedVersionError
from minikafka.messages import registry
from minikafka.messages.fetch import FetchRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData


def test_defaults_come_from_the_schema():
    request = FetchRequest()
    assert (request.max_bytes, request.session_epoch, request.topics) == (0x7FFFFFFF, -1, [])


def test_every_message_has_its_own_lists():
    one, other = FetchRequest(), FetchRequest()
    one.topics.append(None)
    assert other.topics == []


def test_compares_by_fields_and_shows_them():
    one, other = MetadataRequestTopic(name="a"), MetadataRequestTopic(name="a")
    assert one == other
    assert one != MetadataRequestTopic(name="b")
    assert "name='a'" in repr(one)


def test_refuses_unknown_fields_and_positional_ones():
    with pytest.raises(TypeError, match="colour"):
        MetadataRequest(colour="red")
    with pytest.raises(TypeError):
        MetadataRequest([])


def test_refuses_versions_it_does_not_have():
    with pytest.raises(UnsupportedVersionError, match="ProduceRequest has versions 3 to 13, not 14"):
        ProduceRequest().encode(14)
    with pytest.raises(UnsupportedVersionError, match="not 2"):
        ProduceRequest.decode(b"", 2)


def test_a_value_the_version_cannot_carry_is_refused_unless_it_is_ignorable():
    with pytest.raises(UnsupportedVersionError, match="allow_auto_topic_creation=False"):
        MetadataRequest(topics=[], allow_auto_topic_creation=False).encode(1)
    topic = TopicProduceData(name="t", topic_id=bytes(range(16)))
    assert ProduceRequest.decode(ProduceRequest(topic_data=[topic]).encode(13), 13).topic_data[0].name == ""


def test_null_where_null_is_not_allowed_is_refused():
    with pytest.raises(UnsupportedVersionError, match="topics=None"):
        FetchRequest(topics=None).encode(4)
    with pytest.raises(ProtocolError):
        MetadataRequest.decode(b"\xff\xff\xff\xff", 0)


def test_records_are_joined_from_batches_and_come_back_as_bytes():
    class Batch:
        def __init__(self, data):
            self.data = data

        def encode(self):
            return self.data

    partition = PartitionProduceData(index=3, records=[Batch(b"ab"), Batch(b"cd")])
    request = ProduceRequest(topic_data=[TopicProduceData(name="t", partition_data=[partition])])
    decoded = ProduceRequest.decode(request.encode(9), 9)
    assert decoded.topic_data[0].partition_data[0].records == b"abcd"


def test_unknown_tagged_fields_are_skipped():
    encoded = MetadataRequest(topics=[]).encode(9)
    assert encoded[-1] == 0
    assert MetadataRequest.decode(encoded[:-1] + b"\x01\x63\x02xy", 9) == MetadataRequest(topics=[])


def test_left_over_bytes_are_refused():
    with pytest.raises(ProtocolError, match="1 bytes left over"):
        MetadataRequest.decode(MetadataRequest(topics=[]).encode(9) + b"\x00", 9)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_malformed_input_raises_the_protocol_error_and_nothing_else(data, random_messages):
    key = data.draw(st.sampled_from(sorted(registry.API_KEYS.values())))
    cls = data.draw(st.sampled_from([registry.request_class(key), registry.response_class(key)]))
    version = data.draw(st.integers(cls.min_version, cls.max_version))
    encoded = bytearray(data.draw(random_messages(cls, version)).encode(version))
    for _ in range(data.draw(st.integers(1, 3))):
        if encoded:
            encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(
                st.sampled_from([0, 1, 127, 128, 255])
            )
    cut = data.draw(st.integers(0, len(encoded)))
    try:
        cls.decode(bytes(encoded[:cut]), version)
    except ProtocolError:
        pass


@settings(max_examples=150, deadline=None)
@given(data=st.data(), noise=st.binary(max_size=64))
def test_noise_raises_the_protocol_error_and_nothing_else(data, noise):
    key = data.draw(st.sampled_from(sorted(registry.API_KEYS.values())))
    cls = data.draw(st.sampled_from([registry.request_class(key), registry.response_class(key)]))
    version = data.draw(st.integers(cls.min_version, cls.max_version))
    try:
        cls.decode(noise, version)
    except ProtocolError:
        pass


def test_the_registry_knows_names_and_keys():
    assert registry.API_KEYS["Fetch"] == 1
    assert registry.api_name(22) == "InitProducerId"
    assert FetchRequest.response_type() is registry.response_class(1)
    with pytest.raises(KeyError):
        registry.request_class(4)
