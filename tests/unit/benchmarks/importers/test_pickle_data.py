from __future__ import annotations

import contextlib
import os
import pickle
import random
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.importers._pickle_data import loads
from harness.errors import DataError

VALUE = {
    "text": "|none~0|",
    "long text": "é" * 300,
    "huge": "x" * 70_000,
    "numbers": [0, 1, 255, 256, 65_536, -1, -(2**31), 2**40, 0.5, float("inf"), True, False, None],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    ("cifar10", 777): OrderedDict((epoch, epoch / 3) for epoch in range(1100)),
    "scalars": [np.float64(0.802426), np.float32(0.5), np.int64(-7), np.int32(9)],
    "set": {1, 2, 3},
    "empty": [set(), [], {}],
    "bytes": b"\x00\xff",
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_reads_what_pickle_writes(protocol):
    assert loads(pickle.dumps(VALUE, protocol), "here") == VALUE


def test_reads_the_old_names_of_numpy():
    data = pickle.dumps([np.float64(0.25), np.float64(0.5)], 2)
    assert b"numpy._core" in data
    assert loads(data.replace(b"numpy._core", b"numpy.core"), "here") == [0.25, 0.5]


def test_reads_big_endian_numbers():
    data = pickle.dumps(np.array([1.5], ">f8")[0].__class__(1.5), 4)
    assert loads(data, "here") == 1.5
    swapped = data.replace(b"\x8c\x01<", b"\x8c\x01>").replace(
        np.float64(1.5).tobytes(), np.float64(1.5).tobytes()[::-1]
    )
    assert swapped != data
    assert loads(swapped, "here") == 1.5


class Shell:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "make",
    [
        lambda path: Shell(os.system, f"touch {path}"),
        lambda path: Shell(os.mkdir, str(path)),
        lambda path: Shell(eval, f"__import__('os').mkdir({str(path)!r})"),
    ],
)
def test_nothing_in_a_hostile_pickle_runs(tmp_path, make, protocol):
    data = pickle.dumps({"meta_archs": [make(tmp_path / "ran")]}, protocol)
    with pytest.raises(DataError, match=r"^hostile is not a pickle of plain figures.*nothing in it was run"):
        loads(data, "hostile")
    assert not (tmp_path / "ran").exists()
    pickle.loads(data)
    assert (tmp_path / "ran").exists(), "the pickle was meant to be harmful"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b".",
        b"N",
        b"(.",
        b"Nr\xff\xff\xff\xff",
        b"X\xff\xff\xff\xffab.",
        b"B\xff\xff\xff\xffab.",
        b"\x96" + b"\xff" * 8 + b".",
        b"cnumpy\ndtype\n.",
        b"cos\nsystem\n(X\x04\x00\x00\x00truetR.",
        b"]N}s.",
        b"]]N\x86\x85a}]Ns.",
        b"h\x00.",
        b"NR.",
        b"N)R.",
        b"N}b.",
        b"cnumpy\ndtype\nX\x02\x00\x00\x00O8\x85R.",
        b"cnumpy\ndtype\n]\x85R.",
        b"cnumpy\ndtype",
        b"\xff\xfe",
    ],
)
def test_damaged_pickles(data):
    if data == b"cnumpy\ndtype\n.":
        assert not isinstance(loads(data, "here"), type), "a name alone is no callable"
        return
    with pytest.raises(DataError, match="here is not a pickle"):
        loads(data, "here")


def test_a_deep_nest_is_never_hashed():
    nest = b")" + b"\x85" * 100_000
    for data in (b"}" + nest + b"Ns.", b"\x8f(" + nest + b"\x90.", b"cnumpy\ndtype\n" + nest + b"\x85R."):
        with pytest.raises(DataError, match="here is not a pickle"):
            loads(data, "here")


def test_every_truncation_is_refused():
    data = pickle.dumps(
        {key: VALUE[key] for key in ("text", "numbers", "scalars", "set", "empty", "bytes")}, 4
    )
    for length in range(len(data)):
        with pytest.raises(DataError):
            loads(data[:length], "here")


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(data):
    with contextlib.suppress(DataError):
        loads(data, "here")


@given(st.randoms(use_true_random=False))
def test_altered_pickles_raise_nothing_else(draw: random.Random):
    data = bytearray(pickle.dumps({key: VALUE[key] for key in ("scalars", "set", "tuples", "numbers")}, 4))
    for _ in range(draw.randint(1, 4)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    with contextlib.suppress(DataError):
        loads(bytes(data), "here")
