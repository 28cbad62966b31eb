"""What a message promises: values, defaults, versions, and no crash on any input."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.codec import LONGEST_STRING, ProtocolError, StringTooLongError, write_uvarint
from minikafka.errors import UnsupportedVersionError
from minikafka.log.record_batch import RecordBatch
from minikafka.messages import registry
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.fetch import FetchRequest
from minikafka.messages.headers import RequestHeader
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


def test_the_compiled_constructor_agrees_with_the_plain_one(message_class, protocol):
    def construct():
        return with_one_of_everything(message_class), message_class()

    plain = construct()
    for _ in range(40):
        compiled = construct()
    assert compiled == plain
    with pytest.raises(TypeError, match="colour"):
        message_class(colour="red")
    with pytest.raises(TypeError):
        message_class(1)


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
        MetadataRequest(topics=None).encode(0)
    with pytest.raises(ProtocolError, match=r"FetchRequest\.topics=None is not of the type array"):
        FetchRequest(topics=None).encode(4)
    with pytest.raises(ProtocolError):
        MetadataRequest.decode(b"\xff\xff\xff\xff", 0)


@pytest.mark.parametrize("version", [8, 9])
def test_a_string_is_of_32767_bytes_at_most(version):
    def request(name):
        return MetadataRequest(topics=[MetadataRequestTopic(name="t"), MetadataRequestTopic(name=name)])

    longest = request("x" * LONGEST_STRING)
    assert MetadataRequest.decode(longest.encode(version), version) == longest
    with pytest.raises(
        StringTooLongError, match=r"MetadataRequestTopic\.name='é+ .* longer than 32767 bytes"
    ):
        request("é" * (LONGEST_STRING // 2 + 1)).encode(version)


def test_a_compact_string_that_is_longer_is_not_read():
    body = bytearray(b"\x02")
    write_uvarint(body, LONGEST_STRING + 2)
    with pytest.raises(ProtocolError, match="a string of 32768 bytes"):
        MetadataRequest.decode(bytes(body) + b"x" * (LONGEST_STRING + 1) + bytes(4), 9)


def test_records_are_joined_from_batches_and_come_back_as_bytes():
    batches = [
        RecordBatch.build([(0, 5, None, value, ())], base_offset=at) for at, value in enumerate([b"a", b"bc"])
    ]
    for version in (8, 9):  # without compact lengths, and with
        partition = PartitionProduceData(index=3, records=batches)
        request = ProduceRequest(topic_data=[TopicProduceData(name="t", partition_data=[partition])])
        decoded = ProduceRequest.decode(request.encode(version), version)
        assert decoded.topic_data[0].partition_data[0].records == batches[0].encode() + batches[1].encode()


def test_unknown_tagged_fields_are_skipped():
    encoded = MetadataRequest(topics=[]).encode(9)
    assert encoded[-1] == 0
    assert MetadataRequest.decode(encoded[:-1] + b"\x01\x63\x02xy", 9) == MetadataRequest(topics=[])


def test_left_over_bytes_are_refused():
    with pytest.raises(ProtocolError, match="1 bytes left over"):
        MetadataRequest.decode(MetadataRequest(topics=[]).encode(9) + b"\x00", 9)


@settings(max_examples=100)
@given(data=st.data())
def test_malformed_input_raises_the_protocol_error_and_nothing_else(data, protocol, random_messages):
    cls = data.draw(st.sampled_from(list(protocol.classes.values())))
    version = data.draw(st.integers(cls.min_version, cls.max_version))
    encoded = bytearray(data.draw(random_messages(cls, version)).encode(version))
    for _ in range(data.draw(st.integers(1, 3))):
        if encoded:
            at = data.draw(st.integers(0, len(encoded) - 1))
            encoded[at] = data.draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
    cut = data.draw(st.just(len(encoded)) | st.integers(0, len(encoded)))
    decode_or_refuse(cls, bytes(encoded[:cut]), version)


@settings(max_examples=100)
@given(data=st.data(), noise=st.binary(max_size=64))
def test_noise_raises_the_protocol_error_and_nothing_else(data, noise, protocol):
    cls = data.draw(st.sampled_from(list(protocol.classes.values())))
    decode_or_refuse(cls, noise, data.draw(st.integers(cls.min_version, cls.max_version)))


def decode_or_refuse(cls, encoded, version):
    try:
        return cls.decode(encoded, version)
    except ProtocolError:
        return None


def with_one_of_everything(cls):
    """A message in which no array is empty, so that every loop of its codec runs."""
    values = {}
    for field in cls.fields:
        if field.kind == "struct":
            values[field.name] = with_one_of_everything(field.element)
        elif field.kind == "array" and isinstance(field.element, type):
            values[field.name] = [with_one_of_everything(field.element)]
        elif field.kind == "array":
            values[field.name] = ["x" if field.element == "string" else 1]
        elif field.kind in ("string", "binary", "records"):
            values[field.name] = "x" if field.kind == "string" else b"x"
    return cls(**values)


@pytest.mark.parametrize("giant", [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x0f", b"\x7f\xff", b"\x80\0\0\0"])
def test_lengths_are_checked_before_anything_of_that_size_is_made(message_class, protocol, giant):
    message = with_one_of_everything(message_class)
    for version in range(message_class.min_version, message_class.max_version + 1):
        encoded = protocol.carried(message, version).encode(version)
        for at in range(len(encoded)):
            decode_or_refuse(message_class, encoded[:at] + giant + encoded[at + len(giant) :], version)


def test_every_truncation_is_refused(message_class, protocol):
    message = with_one_of_everything(message_class)
    for version in range(message_class.min_version, message_class.max_version + 1):
        encoded = protocol.carried(message, version).encode(version)
        for size in range(len(encoded)):
            with pytest.raises(ProtocolError):
                message_class.decode(encoded[:size], version)


def test_annotations_agree_with_the_declarations(protocol):
    python_types = {
        **dict.fromkeys(["int8", "int16", "int32", "int64", "uint16", "uint32"], "int"),
        "float64": "float",
        "boolean": "bool",
        "string": "str",
        "binary": "bytes",
        "uuid": "bytes",
        "records": "Records",
    }

    def check(cls):
        for field in cls.fields:
            element = field.element
            if isinstance(element, type):
                check(element)
                element = element.__name__
            if field.kind == "array":
                expected = f"list[{python_types.get(element, element)}]"
            else:
                expected = element or python_types[field.kind]
            if field.nullable is not None and field.kind != "records":
                expected += " | None"
            assert cls.__annotations__[field.name] == expected, (cls, field.name)

    for cls in protocol.classes.values():
        check(cls)


def test_the_registry_knows_names_and_keys(api, protocol):
    key = registry.API_KEYS[api]
    request, response = registry.request_class(key), registry.response_class(key)
    assert (request.__name__, response.__name__) == (f"{api}Request", f"{api}Response")
    assert request.response_class is response
    assert registry.api_name(key) == request.api_name == response.api_name == api
    assert request.api_key == response.api_key == key
    assert registry.version_range(api) == (request.min_version, request.max_version)
    assert registry.advertised_range(api) == (
        0 if api == "Produce" else request.min_version,
        request.max_version,
    )


def test_the_registry_refuses_apis_that_are_not_there():
    with pytest.raises(KeyError):
        registry.request_class(4)


def test_headers_stand_before_bodies():
    header = RequestHeader(request_api_key=3, request_api_version=9, correlation_id=7, client_id="me")
    body = MetadataRequest(topics=None)
    frame = header.encode(MetadataRequest.header_version(9)) + body.encode(9)
    found, position = RequestHeader.decode_at(frame, 0, 2)
    assert found == header
    assert MetadataRequest.decode(frame[position:], 9) == body
    # The client id is never compact, lest brokers could not read the header of an unknown version.
    assert frame[:13] == b"\0\3\0\x09\0\0\0\7\0\2me\0"


def test_header_versions_follow_flexibility_except_for_api_versions():
    assert [FetchRequest.header_version(version) for version in (11, 12)] == [1, 2]
    assert [FetchRequest.response_class.header_version(version) for version in (11, 12)] == [0, 1]
    assert ApiVersionsRequest.header_version(3) == 2
    assert ApiVersionsRequest.response_class.header_version(3) == 0


def test_messages_have_slots_are_copied_and_not_hashed():
    topic = MetadataRequestTopic(name="a")
    assert not hasattr(topic, "__dict__")
    assert copy.copy(topic) == topic
    with pytest.raises(TypeError, match="unhashable"):
        hash(topic)
