"""The records of __consumer_offsets, for which no public codec is at hand: bytes worked out by hand."""

import pytest

from minikafka.errors import UnsupportedVersionError
from minikafka.messages.coordinator_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
)

MEMBER = MemberMetadata(
    member_id="m",
    group_instance_id="i",
    client_id="c",
    client_host="h",
    rebalance_timeout=5,
    session_timeout=6,
    subscription=b"s",
    assignment=b"as",
)
GROUP = GroupMetadataValue(
    protocol_type="consumer",
    generation=3,
    protocol="range",
    leader="m",
    current_state_timestamp=9,
    members=[MEMBER],
)


def i32(value):
    return value.to_bytes(4, "big", signed=True)


def i64(value):
    return value.to_bytes(8, "big", signed=True)


def test_offset_commit_key():
    key = OffsetCommitKey(group="g", topic="t", partition=2)
    assert key.encode(1) == b"\0\1g\0\1t" + i32(2)
    assert OffsetCommitKey.decode(key.encode(1), 1) == key


@pytest.mark.parametrize(
    ("version", "encoded"),
    [
        (0, i64(7) + b"\0\1m" + i64(8)),
        (1, i64(7) + b"\0\1m" + i64(8) + i64(9)),
        (2, i64(7) + b"\0\1m" + i64(8)),
        (3, i64(7) + i32(4) + b"\0\1m" + i64(8)),
        (4, i64(7) + i32(4) + b"\2m" + i64(8) + b"\0"),
    ],
)
def test_offset_commit_value(version, encoded):
    value = OffsetCommitValue(offset=7, leader_epoch=4, metadata="m", commit_timestamp=8, expire_timestamp=9)
    assert value.encode(version) == encoded
    decoded = OffsetCommitValue.decode(encoded, version)
    assert decoded.leader_epoch == (4 if version >= 3 else -1)
    assert decoded.expire_timestamp == (9 if version == 1 else -1)


def test_group_metadata_key_begins_with_version_2():
    assert GroupMetadataKey(group="g").encode(2) == b"\0\1g"
    with pytest.raises(UnsupportedVersionError, match="not 1"):
        GroupMetadataKey(group="g").encode(1)


def test_group_metadata_value():
    head = b"\0\x08consumer" + i32(3) + b"\0\5range\0\1m"
    tail = i32(6) + i32(1) + b"s" + i32(2) + b"as"
    assert GROUP.encode(0) == head + i32(1) + b"\0\1m\0\1c\0\1h" + tail
    assert GROUP.encode(1) == head + i32(1) + b"\0\1m\0\1c\0\1h" + i32(5) + tail
    assert GROUP.encode(2) == head + i64(9) + i32(1) + b"\0\1m\0\1c\0\1h" + i32(5) + tail
    assert GROUP.encode(3) == head + i64(9) + i32(1) + b"\0\1m\0\1i\0\1c\0\1h" + i32(5) + tail
    assert GROUP.encode(4) == (
        b"\x09consumer" + i32(3) + b"\6range\2m" + i64(9) + b"\2"
        b"\2m\2i\2c\2h" + i32(5) + i32(6) + b"\2s\3as\0\0"
    )  # fmt: skip
    assert [GroupMetadataValue.decode(GROUP.encode(version), version) for version in (3, 4)] == [GROUP] * 2
