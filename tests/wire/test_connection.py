from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.codec import ProtocolError
from minikafka.errors import ErrorCode, IllegalStateError
from minikafka.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from minikafka.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from minikafka.messages.metadata import MetadataRequest, MetadataResponse
from minikafka.messages.produce import ProduceRequest
from minikafka.messages.registry import APIS, request_class
from minikafka.wire.connection import Connection, State

Frame = Callable[..., bytes]


def requests_in(connection: Connection) -> list[tuple[str, int, int]]:
    """Takes every request, answering none."""
    found = []
    while connection.has_request:
        incoming = connection.next_request()
        assert incoming is not None
        assert not connection.has_request, "one at a time"
        found.append((incoming.message.api_name, incoming.api_version, incoming.correlation_id))
        connection.skip_answer()
    assert connection.next_request() is None
    return found


def test_more_that_comes_after_the_question_changes_nothing(encode_frame: Frame) -> None:
    connection = Connection(CLIENT_APIS)
    frames = [encode_frame(MetadataRequest(topics=[]), 1, number) for number in range(3)]
    connection.receive_data(frames[0] + frames[1][:9])
    assert connection.has_request
    connection.receive_data(frames[1][9:] + frames[2])
    assert [correlation_id for _, _, correlation_id in requests_in(connection)] == [0, 1, 2]


def test_nothing_is_taken_of_a_connection_that_ended_after_the_question(encode_frame: Frame) -> None:
    connection = Connection(CLIENT_APIS)
    connection.receive_data(encode_frame(MetadataRequest(topics=[]), 1))
    assert connection.has_request
    connection.close()
    assert connection.next_request() is None


@pytest.mark.parametrize(("version", "flexible"), [(0, False), (8, False), (9, True), (13, True)])
def test_a_request_and_its_answer(encode_frame: Frame, version: int, flexible: bool) -> None:
    connection = Connection(CLIENT_APIS)
    connection.receive_data(encode_frame(MetadataRequest(topics=[]), version, 42, "me"))
    incoming = connection.next_request()
    assert incoming is not None
    assert (incoming.message.api_name, incoming.api_version, incoming.client_id) == (
        "Metadata",
        version,
        "me",
    )
    frame = connection.answer(MetadataResponse(cluster_id="c" if version >= 2 else ""))
    assert struct.unpack_from(">ii", frame) == (len(frame) - 4, 42)
    header_size = 9 if flexible else 8
    assert frame[8:header_size] == bytes(header_size - 8)
    MetadataResponse.decode(frame[header_size:], version)


def test_the_answer_to_api_versions_never_has_a_flexible_header(encode_frame: Frame) -> None:
    connection = Connection(CLIENT_APIS)
    request = ApiVersionsRequest(client_software_name="a", client_software_version="1")
    connection.receive_data(encode_frame(request, 3))
    assert connection.next_request() is not None
    frame = connection.answer(ApiVersionsResponse())
    assert frame[8:] == ApiVersionsResponse().encode(3)


@pytest.mark.parametrize("version", [5, 99, 32767, -1])
def test_api_versions_of_an_unknown_version_is_answered_in_version_0(version: int) -> None:
    connection = Connection(CLIENT_APIS)
    flexible = version > 2
    data = struct.pack(">hhih", 18, version, 9, -1) + (b"\0" if flexible else b"") + b"whatever"
    connection.receive_data(struct.pack(">i", len(data)) + data)
    incoming = connection.next_request()
    assert incoming is not None
    assert incoming.refusal is not None
    frame = connection.answer(incoming.refusal)
    assert struct.unpack_from(">ii", frame) == (len(frame) - 4, 9)
    response = ApiVersionsResponse.decode(frame[8:], 0)
    assert response.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert [(key.api_key, key.min_version, key.max_version) for key in response.api_keys] == [(18, 0, 4)]
    assert connection.state is State.READING


def test_one_request_at_a_time(encode_frame: Frame) -> None:
    connection = Connection(CLIENT_APIS)
    heartbeat = HeartbeatRequest(group_id="g", member_id="m")
    connection.receive_data(encode_frame(heartbeat, 4, 1) + encode_frame(heartbeat, 4, 2))
    assert connection.next_request().correlation_id == 1  # type: ignore[union-attr]
    assert connection.next_request() is None
    assert not connection.has_request
    connection.answer(HeartbeatResponse())
    assert connection.has_request
    assert connection.next_request().correlation_id == 2  # type: ignore[union-attr]
    connection.answer(HeartbeatResponse())
    with pytest.raises(IllegalStateError, match="no request waits"):
        connection.answer(HeartbeatResponse())
    with pytest.raises(IllegalStateError, match="no request waits"):
        connection.skip_answer()


@pytest.mark.parametrize(("acks", "wants"), [(0, False), (1, True), (-1, True)])
def test_only_produce_without_acks_wants_no_answer(encode_frame: Frame, acks: int, wants: bool) -> None:
    connection = Connection(CLIENT_APIS)
    connection.receive_data(encode_frame(ProduceRequest(acks=acks), 9))
    assert connection.next_request().wants_answer is wants  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (struct.pack(">i", -1), "frame of -1 bytes"),
        (struct.pack(">i", 1001), "frame of 1001 bytes.*socket.request.max.bytes"),
        (struct.pack(">i", 0), "no request header"),
        (struct.pack(">ihhih", 10, 999, 0, 1, -1), "API key 999"),
        (struct.pack(">ihhih", 10, 56, 2, 1, -1), "API key 56"),  # AlterPartition is between nodes
        (struct.pack(">ihhih", 10, 3, 99, 1, -1), "malformed"),
        (struct.pack(">ihhihx", 11, 3, 99, 1, -1), "Metadata request of version 99: served are 0 to 13"),
        (struct.pack(">ihhih", 10, 0, 2, 1, -1), "Produce request of version 2: served are 3 to 13"),
        (struct.pack(">ihhih2s", 12, 3, 1, 1, 2, b"\xff\xff"), "malformed"),
        (struct.pack(">ihhihi", 14, 3, 1, 1, -1, 5), "a length is beyond its end"),
    ],
)
def test_what_is_no_request_closes_the_connection(data: bytes, reason: str, encode_frame: Frame) -> None:
    connection = Connection(CLIENT_APIS, max_request_bytes=1000)
    connection.receive_data(encode_frame(MetadataRequest(), 1))
    connection.receive_data(data)
    assert connection.next_request() is not None  # what came before is served
    connection.skip_answer()
    with pytest.raises(ProtocolError, match=reason):
        connection.next_request()
    assert connection.state is State.CLOSED
    connection.receive_data(encode_frame(MetadataRequest(), 1))
    assert connection.next_request() is None
    assert connection.buffered == 0


def test_a_frame_of_the_largest_size_is_taken(encode_frame: Frame) -> None:
    data = encode_frame(MetadataRequest(), 1)
    connection = Connection(CLIENT_APIS, max_request_bytes=len(data) - 4)
    connection.receive_data(data)
    assert connection.next_request() is not None


def test_closing_while_a_request_is_answered(encode_frame: Frame) -> None:
    connection = Connection(CLIENT_APIS)
    connection.receive_data(encode_frame(MetadataRequest(), 1))
    assert connection.next_request() is not None
    connection.close()
    connection.close()
    with pytest.raises(IllegalStateError):
        connection.answer(MetadataResponse())


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_requests_come_out_the_same_however_the_bytes_are_cut(
    encode_frame: Frame, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 5))
    stream = b""
    sent = []
    for correlation_id in range(count):
        name = data.draw(
            st.sampled_from(["Metadata", "Heartbeat", "ApiVersions", "ListGroups", "FindCoordinator"])
        )
        key, first, last, _ = APIS[name]
        version = data.draw(st.integers(first, last))
        stream += encode_frame(
            request_class(key)(), version, correlation_id, data.draw(st.none() | st.text())
        )
        sent.append((name, version, correlation_id))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    connection = Connection(CLIENT_APIS)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)]):
        connection.receive_data(stream[start:end])
        found += requests_in(connection)
    assert found == sent
    assert connection.buffered == 0


@given(st.sampled_from(sorted(CLIENT_APIS)), st.data())
@settings(max_examples=150, deadline=None)
def test_any_body_is_decoded_or_refused(name: str, data: st.DataObject) -> None:
    key, first, last, flexible_since = APIS[name]
    version = data.draw(st.integers(first, last))
    flexible = flexible_since is not None and version >= flexible_since
    header = struct.pack(">hhih", key, version, 1, -1) + (b"\0" if flexible else b"")
    body = header + data.draw(st.binary(max_size=60))
    connection = Connection(CLIENT_APIS, max_request_bytes=1000)
    connection.receive_data(struct.pack(">i", len(body)) + body)
    try:
        incoming = connection.next_request()
    except ProtocolError:
        assert connection.state is State.CLOSED
    else:
        assert incoming is not None
        assert incoming.message.api_name == name


@given(st.lists(st.binary(max_size=40), max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_taken_or_refused(pieces: list[bytes]) -> None:
    connection = Connection(CLIENT_APIS, max_request_bytes=1000)
    for piece in pieces:
        connection.receive_data(piece)
        try:
            requests_in(connection)
        except ProtocolError:
            assert connection.state is State.CLOSED
        assert connection.buffered <= 1004


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_request_is_decoded_or_refused(encode_frame: Frame, data: st.DataObject) -> None:
    from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol

    request = JoinGroupRequest(
        group_id="group",
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"x" * 20)],
    )
    whole = bytearray(encode_frame(request, data.draw(st.integers(0, 9))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    connection = Connection(CLIENT_APIS)
    connection.receive_data(whole)
    try:
        connection.next_request()
    except ProtocolError:
        assert connection.state is State.CLOSED


@pytest.mark.parametrize("missing", [1, 3, 4, 5])
def test_a_request_does_not_reach_into_the_next_frame(encode_frame: Frame, missing: int) -> None:
    whole = encode_frame(MetadataRequest(topics=[]), 1)
    size = len(whole) - 4 - missing
    connection = Connection(CLIENT_APIS)
    connection.receive_data(struct.pack(">i", size) + whole[4:-missing] + encode_frame(MetadataRequest(), 1))
    with pytest.raises(ProtocolError, match=r"a length is beyond its end|ends inside a field"):
        connection.next_request()
    assert connection.state is State.CLOSED


def test_requests_that_come_together_and_in_pieces(encode_frame: Frame) -> None:
    data = b"".join(
        encode_frame(HeartbeatRequest(group_id="g", member_id="m"), 4, index) for index in range(6)
    )
    connection = Connection(CLIENT_APIS)
    one = len(data) // 6
    connection.receive_data(data[: 2 * one + 5])
    assert requests_in(connection) == [("Heartbeat", 4, 0), ("Heartbeat", 4, 1)]
    assert connection.buffered == 5
    connection.receive_data(data[2 * one + 5 : 4 * one])
    assert requests_in(connection) == [("Heartbeat", 4, 2), ("Heartbeat", 4, 3)]
    assert connection.buffered == 0
    connection.receive_data(data[4 * one :])
    assert requests_in(connection) == [("Heartbeat", 4, 4), ("Heartbeat", 4, 5)]
    assert not connection.has_request
