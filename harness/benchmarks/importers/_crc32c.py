"""CRC-32C (Castagnoli), the checksum of TFRecord files; many records at once through NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_POLYNOMIAL = 0x82F63B78


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


TABLE = _table()
_TABLE_ARRAY = np.array(TABLE, np.uint32)


def crc32c(data: bytes) -> int:
    """The checksum of a few bytes; ``crc32c(b"123456789") == 0xE3069283`` (RFC 3720)."""
    state = 0xFFFFFFFF
    for byte in data:
        state = TABLE[(state ^ byte) & 0xFF] ^ state >> 8
    return state ^ 0xFFFFFFFF


def crc32c_many(items: Sequence[bytes]) -> np.ndarray:
    """The checksums of all ``items``, uint32: :func:`crc32c` of each, one byte of all at a time.

    Needs ``len(items)`` times the longest item's length of memory.
    """
    lengths = np.array([len(item) for item in items], np.int64)
    order = np.argsort(-lengths, kind="stable")
    padded = np.zeros((len(items), int(lengths.max(initial=0))), np.uint8)
    for row, index in enumerate(order):
        padded[row, : lengths[index]] = np.frombuffer(items[index], np.uint8)
    state = np.full(len(items), 0xFFFFFFFF, np.uint32)
    # Longest first: the items that still have a byte at this position are the first ones.
    still = np.searchsorted(-lengths[order], -np.arange(padded.shape[1]), side="left")
    for position, bytes_here in enumerate(np.ascontiguousarray(padded.T)):
        head = state[: still[position]]
        state[: len(head)] = _TABLE_ARRAY[(head ^ bytes_here[: len(head)]) & 0xFF] ^ head >> np.uint32(8)
    result = np.empty(len(items), np.uint32)
    result[order] = state ^ np.uint32(0xFFFFFFFF)
    return result


def masked(checksum: int) -> int:
    """The form in which TFRecord files store a checksum: rotated right by 15, plus a constant."""
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF
