"""The primitive of Kafka's encoding: unsigned variable-length integers; those of records are in `log.record_codec`."""

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
    # Two bytes and three, the lengths of most that is long, without the loop.
    byte = data[position]
    value += (byte - 1) << 7
    position += 1
    if byte < 128:
        return value, position
    byte = data[position]
    value += (byte - 1) << 14
    position += 1
    if byte < 128:
        return value, position
    value &= 0x1FFFFF
    shift = 21
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
