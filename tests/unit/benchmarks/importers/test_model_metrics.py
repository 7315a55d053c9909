from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.importers._model_metrics import Evaluation, parse

EVALUATION = (
    b"\x09" + struct.pack("<d", 108.0)  # field 1, 64-bit
    + b"\x11" + struct.pack("<d", 1500.5)
    + b"\x19" + struct.pack("<d", 1.0)
    + b"\x21" + struct.pack("<d", 0.924179)
    + b"\x29" + struct.pack("<d", 0.921174)
    + b"\x32\x03/ck"  # field 6, length-delimited
)  # fmt: skip
MESSAGE = b"\x0a" + bytes([len(EVALUATION)]) + EVALUATION
PARAMS = b"\x10\xea\x97\x8a\x04"  # field 2, varint 8,555,498


def test_reads_the_published_layout():
    metrics = parse(MESSAGE + MESSAGE + PARAMS + b"\x19" + struct.pack("<d", 1500.5))
    assert metrics.params == 0x6A | 0x17 << 7 | 0x0A << 14 | 0x04 << 21
    assert metrics.evaluations == (Evaluation(108.0, 1.0, 0.924179, 0.921174),) * 2


def test_unknown_fields_are_passed_over_and_absent_ones_are_zero():
    metrics = parse(b"\x3d\x00\x00\x80\x3f" + b"\x40\x05" + b"\x0a\x00")
    assert metrics.params == 0
    assert metrics.evaluations == (Evaluation(0.0, 0.0, 0.0, 0.0),)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (MESSAGE[:-1], "cut off"),
        (b"\x10", "cut off"),
        (b"\x10" + b"\xff" * 11, "more than 10 bytes"),
        (b"\x0b", "wire type 3"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "cut off"),
        (b"\x0a\x02\x09\x00", "cut off"),
    ],
)
def test_damaged_messages(data, reason):
    with pytest.raises(ValueError, match=reason):
        parse(data)


@given(st.binary(max_size=120))
def test_random_bytes_raise_nothing_else(data):
    try:
        metrics = parse(data)
    except ValueError:
        return
    assert len(metrics.evaluations) <= len(data)
