from __future__ import annotations

import random

import numpy as np
import pytest

from harness.benchmarks.importers._crc32c import crc32c, crc32c_many, masked


def bitwise(data: bytes) -> int:
    """Polynomial division bit by bit, from the definition (reflected 0x1EDC6F41)."""
    register = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            carry = (register ^ byte >> bit) & 1
            register >>= 1
            if carry:
                register ^= int(f"{0x1EDC6F41:032b}"[::-1], 2)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"", 0),
    ],
)
def test_published_vectors(data, expected):
    assert crc32c(data) == expected
    assert crc32c_many([data, b"x"])[0] == expected


def test_many_at_once_agree_with_the_definition():
    draw = random.Random(0)
    items = [draw.randbytes(draw.choice([0, 1, 2, 3, 50, 200])) for _ in range(100)]
    expected = [bitwise(item) for item in items]
    assert crc32c_many(items).tolist() == expected == [crc32c(item) for item in items]
    assert crc32c_many([]).shape == (0,)
    assert crc32c_many(items).dtype == np.uint32


def test_masked():
    checksum = 0b1010_0000_0000_0000_1000_0000_0000_0001
    rotated = int(f"{checksum:032b}"[-15:] + f"{checksum:032b}"[:-15], 2)
    assert masked(checksum) == (rotated + 0xA282EAD8) % 2**32
    assert masked(0) == 0xA282EAD8
