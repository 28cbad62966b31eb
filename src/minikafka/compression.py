"""Kafka's four compressions of record batches: gzip by Python's own, the others by extras."""

from __future__ import annotations

from importlib import import_module

from minikafka.codec import ProtocolError
from minikafka.errors import UnsupportedCodecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)

CODEC_NAMES = ("none", "gzip", "snappy", "lz4", "zstd")
"""Kafka's names for the codec ids 0 to 4."""

_LIBRARIES = {SNAPPY: "cramjam", LZ4: "lz4.frame", ZSTD: "zstandard"}

_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER = _XERIAL_MAGIC + b"\x00\x00\x00\x01\x00\x00\x00\x01"
_XERIAL_BLOCK = 32 * 1024
_ZSTD_PIECE = 256


def _library(codec_id: int) -> Any:
    try:
        return import_module(_LIBRARIES[codec_id])
    except ImportError as error:
        name = CODEC_NAMES[codec_id]
        raise UnsupportedCodecError(
            f"compression {name!r} needs a library: install minikafka[{name}]"
        ) from error


def require_codec(codec_id: int) -> None:
    """Raise UnsupportedCodecError, naming the extra to install, unless the codec's library is there."""
    if codec_id in _LIBRARIES:
        _library(codec_id)


def compress(codec_id: int, data: bytes) -> bytes:
    """`data` compressed by a codec id from 0 (none) to 4 (zstd), as Kafka's own clients frame it.

    Raises:
        UnsupportedCodecError: the codec is unknown or its library is not installed.
    """
    return _COMPRESSORS[_checked(codec_id)](data)


def decompress(codec_id: int, data: bytes, max_size: int = 1 << 30) -> bytes:
    """The original of compressed `data`.

    Args:
        codec_id: 0 (none) to 4 (zstd).
        data: what `compress`, or any Kafka client, made.
        max_size: the most bytes to accept.

    Raises:
        UnsupportedCodecError: the codec is unknown or its library is not installed.
        ProtocolError: `data` is not compressed so, or is larger than `max_size` when expanded.
    """
    try:
        result = _DECOMPRESSORS[_checked(codec_id)](data, max_size)
    except (UnsupportedCodecError, ProtocolError):
        raise
    except Exception as error:  # each library has its own exception classes
        raise ProtocolError(f"not {CODEC_NAMES[codec_id]} data: {error}") from error
    if len(result) > max_size:
        raise _too_large(max_size)
    return result


def _checked(codec_id: int) -> int:
    if not 0 <= codec_id < len(CODEC_NAMES):
        raise UnsupportedCodecError(f"compression codec {codec_id} is unknown: expected 0 to 4")
    return codec_id


def _too_large(max_size: int) -> ProtocolError:
    return ProtocolError(f"compressed data expands to more than {max_size} bytes")


def _identity(data: bytes) -> bytes:
    return data


def _identity_back(data: bytes, _: int) -> bytes:
    return data


def _gzip(data: bytes) -> bytes:
    import zlib

    compressor = zlib.compressobj(wbits=31)
    return compressor.compress(data) + compressor.flush()


def _gunzip(data: bytes, max_size: int) -> bytes:
    import zlib

    parts: list[bytes] = []
    total = 0
    while data or not parts:
        expander = zlib.decompressobj(wbits=31)
        part = expander.decompress(data, max_size - total + 1)
        total += len(part)
        if total > max_size:
            raise _too_large(max_size)
        if not expander.eof:
            raise ProtocolError("gzip data ends too early")
        parts.append(part)
        data = expander.unused_data
    return b"".join(parts)


def _snappy(data: bytes) -> bytes:
    """In xerial's blocks, which Java's clients write and all clients read."""
    raw = _library(SNAPPY).snappy
    out = bytearray(_XERIAL_HEADER)
    for start in range(0, len(data), _XERIAL_BLOCK):
        block = bytes(raw.compress_raw(data[start : start + _XERIAL_BLOCK]))
        out += len(block).to_bytes(4, "big") + block
    return bytes(out)


def _unsnappy(data: bytes, max_size: int) -> bytes:
    raw = _library(SNAPPY).snappy
    if not data.startswith(_XERIAL_MAGIC):
        return _snappy_block(raw, data, max_size)
    out = bytearray()
    position = len(_XERIAL_HEADER)
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        position += 4
        if size > len(data) - position:
            raise ProtocolError("a snappy block is longer than the data")
        out += _snappy_block(raw, data[position : position + size], max_size - len(out))
        position += size
    return bytes(out)


def _snappy_block(raw: Any, block: bytes, max_size: int) -> bytes:
    if raw.decompress_raw_len(block) > max_size:
        raise _too_large(max_size)
    return bytes(raw.decompress_raw(block))


def _lz4(data: bytes) -> bytes:
    # Java's reader refuses blocks that depend on the ones before them (KafkaLZ4BlockInputStream).
    result: bytes = _library(LZ4).compress(data, store_size=False, block_linked=False)
    return result


def _unlz4(data: bytes, max_size: int) -> bytes:
    expander = _library(LZ4).LZ4FrameDecompressor()
    result: bytes = expander.decompress(data, max_size + 1)
    if not expander.eof and len(result) <= max_size:
        raise ProtocolError("lz4 data ends too early")
    return result


def _zstd(data: bytes) -> bytes:
    result: bytes = _library(ZSTD).ZstdCompressor().compress(data)
    return result


def _unzstd(data: bytes, max_size: int) -> bytes:
    library = _library(ZSTD)
    parts: list[bytes] = []
    total = 0
    while data or not parts:
        expander = library.ZstdDecompressor().decompressobj()
        # The library knows no limit; small pieces of input keep what one call may make to some megabytes.
        for start in range(0, len(data), _ZSTD_PIECE):
            part = expander.decompress(data[start : start + _ZSTD_PIECE])
            total += len(part)
            if total > max_size:
                raise _too_large(max_size)
            parts.append(part)
            if expander.eof:
                break
        if not expander.eof:
            raise ProtocolError("zstd data ends too early")
        data = expander.unused_data + data[start + _ZSTD_PIECE :]
    return b"".join(parts)


_COMPRESSORS: tuple[Callable[[bytes], bytes], ...] = (_identity, _gzip, _snappy, _lz4, _zstd)
_DECOMPRESSORS: tuple[Callable[[bytes, int], bytes], ...] = (
    _identity_back,
    _gunzip,
    _unsnappy,
    _unlz4,
    _unzstd,
)
