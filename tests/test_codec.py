import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.codec import ProtocolError, read_uvarint, read_varint, write_uvarint, write_varint


@given(st.integers(0, 2**32 - 1))
def test_unsigned_integers_come_back(value):
    buffer = bytearray(b"x")
    write_uvarint(buffer, value)
    assert read_uvarint(bytes(buffer), 1) == (value, len(buffer))


@given(st.integers(-(2**63), 2**63 - 1))
def test_signed_integers_come_back(value):
    buffer = bytearray(b"x")
    write_varint(buffer, value)
    assert read_varint(bytes(buffer), 1) == (value, len(buffer))


def test_known_encodings():
    buffer = bytearray()
    for value in (0, -1, 1, -64, 64, 300):
        write_varint(buffer, value)
    assert buffer.hex() == "00" + "01" + "02" + "7f" + "8001" + "d804"


def test_overlong_integers_are_refused():
    with pytest.raises(ProtocolError):
        read_uvarint(b"\xff" * 6, 0)
    with pytest.raises(ProtocolError):
        read_uvarint(b"\xff\xff\xff\xff\x7f", 0)
    with pytest.raises(ProtocolError):
        read_varint(b"\xff" * 11, 0)
    with pytest.raises(IndexError):
        read_uvarint(b"\x80", 0)
