"""No bytes make a decoder raise what it does not document, hang, or allocate out of proportion."""

import tracemalloc
from struct import pack

import pytest
from fuzz.corpus import GOOD
from fuzz.lab import frame
from fuzz.odd_messages import carried, changed, messages_of
from fuzz.targets import TARGETS, bodies, decode
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.codec import ProtocolError
from minikafka.compression import CODEC_NAMES, compress, decompress
from minikafka.messages.compiler import _lenient_decoder
from minikafka.messages.metadata import MetadataRequest
from minikafka.messages.schema import Request
from minikafka.wire.connection import Connection

CLASSES = {cls.__name__: cls for cls, _ in bodies()}
HUGE = [
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xfe",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\x01",
    b"\x7f\xff",
]


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "cluster"])
@given(data=st.binary(max_size=400))
def test_any_bytes(target, data):
    TARGETS[target](data)


@pytest.mark.parametrize("target", [name for name in GOOD if name != "messages"])
@settings(max_examples=60)
@given(data=st.data())
def test_bytes_that_were_right_once(target, data):
    TARGETS[target](data.draw(changed(GOOD[target])))


@pytest.mark.parametrize("name", CLASSES)
@settings(max_examples=10)
@given(data=st.data())
def test_messages_that_were_right_once(name, data):
    cls = CLASSES[name]
    version = data.draw(st.integers(cls.min_version, cls.max_version))
    encoded = carried(data.draw(messages_of(cls)), version).encode(version)
    assert decode(cls, version, encoded)
    decode(cls, version, data.draw(changed(st.just(encoded))))
    assert not decode(cls, version, encoded + b"x")
    for size in range(0, len(encoded), 1 + len(encoded) // 50):
        assert not decode(cls, version, encoded[:size])


@pytest.mark.parametrize("name", CLASSES)
@settings(max_examples=1)
@given(data=st.data())
def test_no_length_is_believed(name, data):
    """Wherever a huge length stands, nothing is allocated that is not there."""
    cls = CLASSES[name]
    for version in range(cls.min_version, cls.max_version + 1):
        encoded = carried(data.draw(messages_of(cls)), version).encode(version)
        decode(cls, version, encoded)  # compiles the decoder,
        _lenient_decoder(cls, version)  # and that of strings which are not UTF-8
        tracemalloc.start()
        try:
            for at in range(0, len(encoded), 1 + len(encoded) // 8):
                for length in HUGE:
                    decode(cls, version, encoded[:at] + length + encoded[at:])
                    decode(cls, version, encoded[:at] + length + encoded[at + len(length) :])
            assert tracemalloc.get_traced_memory()[1] < 100_000 + 200 * len(encoded)
        finally:
            tracemalloc.stop()


EMPTY = {"string": "", "binary": b"", "uuid": bytes(16)}


@pytest.mark.parametrize("name", [name for name, cls in CLASSES.items() if issubclass(cls, Request)])
def test_a_request_takes_at_most_so_many_times_its_bytes(name):
    """The emptiest elements take the most: an object for two or three bytes."""
    cls = CLASSES[name]
    for field in cls.fields:
        if field.kind != "array" or not field.in_version(cls.max_version):
            continue
        element = field.element
        inner = [EMPTY.get(element, 0) if isinstance(element, str) else element() for _ in range(2000)]
        message = cls(**{field.name: inner})
        encoded = message.encode(cls.max_version)
        decode(cls, cls.max_version, encoded)
        tracemalloc.start()
        try:
            cls.decode(encoded, cls.max_version)
            assert tracemalloc.get_traced_memory()[1] < 5000 + 60 * len(encoded)
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("codec", range(1, len(CODEC_NAMES)))
def test_what_expands_too_far_is_refused(codec):
    bomb = compress(codec, bytes(20 << 20))
    assert len(bomb) < 1 << 21
    with pytest.raises(ProtocolError, match="expands to more than 1000 bytes"):
        decompress(codec, bomb, 1000)


def test_frames_come_in_pieces_of_any_size():
    data = frame(MetadataRequest(topics=[]), 12) * 5
    for size in range(1, 12):
        connection = Connection(CLIENT_APIS)
        taken = 0
        for at in range(0, len(data), size):
            connection.receive_data(data[at : at + size])
            while connection.next_request() is not None:
                connection.skip_answer()
                taken += 1
        assert taken == 5


@pytest.mark.parametrize("size", [-1, -(2**31), 2**31 - 1, 104857601])
def test_the_size_of_a_frame_is_refused_before_its_bytes_come(size):
    connection = Connection(CLIENT_APIS)
    connection.receive_data(pack(">i", size))
    assert connection.has_request
    with pytest.raises(ProtocolError, match=r"socket\.request\.max\.bytes"):
        connection.next_request()
    connection.receive_data(bytes(1000))
    assert connection.buffered == 0
