import sys

import kafka.codec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.codec import ProtocolError
from minikafka.compression import CODEC_NAMES, GZIP, LZ4, SNAPPY, ZSTD, compress, decompress, require_codec
from minikafka.errors import UnsupportedCodecError

ALL = range(len(CODEC_NAMES))


@settings(max_examples=60)
@given(st.sampled_from(ALL), st.binary(max_size=300), st.integers(1, 400))
def test_comes_back(codec_id, data, times):
    assert decompress(codec_id, compress(codec_id, data * times)) == data * times


@pytest.mark.parametrize("codec_id", [GZIP, SNAPPY, LZ4, ZSTD])
def test_a_bomb_is_refused(codec_id):
    with pytest.raises(ProtocolError, match="more than 1000 bytes"):
        decompress(codec_id, compress(codec_id, bytes(100_000)), 1000)


@pytest.mark.parametrize("codec_id", [GZIP, SNAPPY, LZ4, ZSTD])
@pytest.mark.parametrize(
    "noise", [b"", b"\x00" * 20, b"nonsense", b"\x82SNAPPY\x00" + b"\x00" * 9 + b"\xff" * 8]
)
def test_noise_is_refused_or_empty(codec_id, noise):
    try:
        assert decompress(codec_id, noise, 1000) == b""
    except ProtocolError:
        pass


@pytest.mark.parametrize("codec_id", [GZIP, SNAPPY, LZ4, ZSTD])
@pytest.mark.parametrize("cut", [3, 6, 20])
def test_truncated_data_is_refused(codec_id, cut):
    data = bytes(i * i % 251 for i in range(600))
    with pytest.raises(ProtocolError):
        decompress(codec_id, compress(codec_id, data)[:-cut], 1000)


@pytest.mark.parametrize("codec_id", [GZIP, ZSTD])
def test_data_in_several_members_is_read_to_the_end(codec_id):
    data = compress(codec_id, b"ab" * 500) + compress(codec_id, b"cd")
    assert decompress(codec_id, data, 2000) == b"ab" * 500 + b"cd"


def test_lz4_blocks_are_independent_as_java_demands():
    flags = compress(LZ4, bytes(i * i % 251 for i in range(200_000)))[4]
    assert flags & 0x20


def test_unknown_codecs_are_named():
    with pytest.raises(UnsupportedCodecError, match="codec 5"):
        compress(5, b"")


def test_a_missing_library_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(UnsupportedCodecError, match=r"install minikafka\[snappy\]"):
        require_codec(SNAPPY)
    require_codec(GZIP)


@pytest.mark.parametrize(
    ("codec_id", "encode"), [(GZIP, kafka.codec.gzip_encode), (LZ4, kafka.codec.lz4_encode)]
)
def test_reads_what_kafka_python_writes(codec_id, encode):
    assert decompress(codec_id, encode(b"hello" * 50), 1000) == b"hello" * 50
