"""Reads the topics out of a consumer's subscription bytes (Kafka's ConsumerProtocol, version 0 prefix)."""

from __future__ import annotations

CONSUMER_PROTOCOL_TYPE = "consumer"


def subscribed_topics(metadata: bytes) -> list[str]:
    """The topics of a ConsumerProtocolSubscription.

    Version 0 (int16 version, array of int16-prefixed strings) prefixes every later version, so the
    coordinator depends on no other.

    Raises:
        ValueError: the bytes are not a subscription.
    """
    count = _read_int(metadata, 2, 4)
    position = 6
    topics = []
    for _ in range(count):
        length = _read_int(metadata, position, 2)
        position += 2
        if length < 0 or position + length > len(metadata):
            raise ValueError(f"a topic name of {length} bytes does not fit into the subscription")
        topics.append(metadata[position : position + length].decode())
        position += length
    if _read_int(metadata, 0, 2) < 0:
        raise ValueError("a consumer protocol version cannot be negative")
    return topics


def _read_int(data: bytes, position: int, size: int) -> int:
    if position + size > len(data):
        raise ValueError(f"a subscription of {len(data)} bytes ends before position {position + size}")
    return int.from_bytes(data[position : position + size], "big", signed=True)
