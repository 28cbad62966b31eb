"""Java's string hash: it decides a group's coordinator partition and the order of Java's hash maps."""

from __future__ import annotations


def java_string_hash(text: str) -> int:
    """`String.hashCode` of Java: a signed 32-bit number over the UTF-16 code units."""
    value = 0
    if text.isascii():
        for unit in text.encode("ascii"):
            value = (value * 31 + unit) & 0xFFFFFFFF
    else:
        encoded = text.encode("utf-16-be", "surrogatepass")
        for index in range(0, len(encoded), 2):
            value = (value * 31 + (encoded[index] << 8 | encoded[index + 1])) & 0xFFFFFFFF
    return value - 0x100000000 if value >= 0x80000000 else value


def java_hash_map_bucket(text: str) -> int:
    """Where a Java HashMap of the initial 16 buckets keeps this key; its iteration goes by bucket."""
    value = java_string_hash(text) & 0xFFFFFFFF
    return (value ^ (value >> 16)) & 15


def partition_for(group_id: str, partition_count: int) -> int:
    """The partition of ``__consumer_offsets`` whose leader coordinates the group.

    Kafka's `Utils.abs(groupId.hashCode) % n`, where abs of the smallest int is 0.
    """
    value = java_string_hash(group_id)
    return (0 if value == -0x80000000 else abs(value)) % partition_count
