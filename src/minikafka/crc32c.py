"""CRC-32C, the checksum of record batches: by google-crc32c where installed, else by tables."""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_POLYNOMIAL = 0x82F63B78


@cache
def _tables() -> list[list[int]]:
    """Eight tables of 256 entries, so that eight bytes are folded in at once."""
    first = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        first.append(crc)
    tables = [first]
    for _ in range(7):
        last = tables[-1]
        tables.append([first[crc & 255] ^ crc >> 8 for crc in last])
    return tables


def pure_crc32c(data: bytes | bytearray | memoryview, value: int = 0) -> int:
    """CRC-32C in pure Python, eight bytes a step."""
    t0, t1, t2, t3, t4, t5, t6, t7 = _tables()
    crc = value ^ 0xFFFFFFFF
    view = memoryview(data).cast("B")
    whole = len(view) & ~7
    unpack = int.from_bytes
    for position in range(0, whole, 8):
        word = unpack(view[position : position + 8], "little") ^ crc
        crc = (
            t7[word & 255]
            ^ t6[word >> 8 & 255]
            ^ t5[word >> 16 & 255]
            ^ t4[word >> 24 & 255]
            ^ t3[word >> 32 & 255]
            ^ t2[word >> 40 & 255]
            ^ t1[word >> 48 & 255]
            ^ t0[word >> 56]
        )
    for byte in view[whole:]:
        crc = t0[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@cache
def _fastest() -> Callable[[int, bytes], int]:
    """A function of (CRC so far, data)."""
    try:
        from google_crc32c import extend, implementation
    except ImportError:
        return _pure
    fast: Callable[[int, bytes], int] = extend
    return fast if implementation == "c" else _pure


def _pure(value: int, data: bytes) -> int:
    return pure_crc32c(data, value)


def crc32c(data: bytes | bytearray | memoryview, value: int = 0) -> int:
    """The CRC-32C of `data`, continuing from `value`."""
    return _fastest()(value, data if type(data) is bytes else bytes(data))
