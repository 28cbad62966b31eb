"""The primitives of Kafka's encoding: unsigned and zig-zag variable-length integers."""

from __future__ import annotations

from minikafka.errors import KafkaProtocolError


class ProtocolError(KafkaProtocolError):
    """Bytes that are not what the protocol says they should be."""


LONGEST_STRING = 32767
"""How many bytes of UTF-8 a string of the protocol has at most, in every version of every message."""


class StringTooLongError(ProtocolError):
    """A message cannot be told, for one of its strings is longer than `LONGEST_STRING`.

    That is nobody's bug where a broker puts together what a client has sent: an error's message with the name that
    the client gave, a member id from the client's own.
    """


def write_uvarint(buffer: bytearray, value: int) -> None:
    """Append `value` (0 or more) in 7-bit groups, the lowest first."""
    while value > 127:
        buffer.append(value & 127 | 128)
        value >>= 7
    buffer.append(value)


def read_uvarint(data: bytes, position: int) -> tuple[int, int]:
    """The 32-bit unsigned integer at `position`, and the position behind it.

    Raises:
        ProtocolError: the integer takes more than five bytes or 32 bits.
        IndexError: `data` ends inside it.
    """
    value = data[position]
    position += 1
    if value < 128:
        return value, position
    value &= 127
    shift = 7
    while True:
        byte = data[position]
        position += 1
        if byte < 128:
            value |= byte << shift
            break
        value |= (byte & 127) << shift
        shift += 7
        if shift > 28:
            raise ProtocolError("a variable-length integer is longer than five bytes")
    if value > 0xFFFFFFFF:
        raise ProtocolError(f"a variable-length integer of {value} does not fit 32 bits")
    return value, position


def write_varint(buffer: bytearray, value: int) -> None:
    """Append a signed integer of up to 64 bits in zig-zag form."""
    write_uvarint(buffer, value << 1 if value >= 0 else (-value << 1) - 1)


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The signed integer of up to 64 bits at `position`, and the position behind it.

    Raises:
        ProtocolError: the integer takes more than ten bytes.
        IndexError: `data` ends inside it.
    """
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return (value >> 1) ^ -(value & 1), position
        shift += 7
        if shift > 63:
            raise ProtocolError("a variable-length integer is longer than ten bytes")
