import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.codec import ProtocolError, read_uvarint, write_uvarint


@given(st.integers(0, 2**32 - 1))
def test_unsigned_integers_come_back(value):
    buffer = bytearray(b"x")
    write_uvarint(buffer, value)
    assert read_uvarint(bytes(buffer), 1) == (value, len(buffer))


def test_known_encodings():
    buffer = bytearray()
    for value in (0, 1, 127, 128, 300):
        write_uvarint(buffer, value)
    assert buffer.hex() == "00" + "01" + "7f" + "8001" + "ac02"


def test_overlong_integers_are_refused():
    with pytest.raises(ProtocolError):
        read_uvarint(b"\xff" * 6, 0)
    with pytest.raises(ProtocolError):
        read_uvarint(b"\xff\xff\xff\xff\x7f", 0)
    with pytest.raises(IndexError):
        read_uvarint(b"\x80", 0)
