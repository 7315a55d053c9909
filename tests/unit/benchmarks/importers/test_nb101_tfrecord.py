from __future__ import annotations

import base64
import json
import struct

import numpy as np
import pytest

from harness import benchmarks, spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import _nb1shot1, nb101_tfrecord
from harness.errors import DataError

from .test_tfrecord import frame


@pytest.fixture(autouse=True)
def one_space(monkeypatch):
    monkeypatch.setattr(_nb1shot1, "SPACES", ("nb1shot1_1",))


def varint(value: int) -> bytes:
    digits = []
    while True:
        value, digit = divmod(value, 128)
        digits.append(digit + 128 * (value > 0))
        if not value:
            return bytes(digits)


def message(params: int, evaluations: list[tuple[float, float, float]], epochs: float = 108.0) -> bytes:
    """``ModelMetrics`` with (train, validation, test) accuracies in the wire format."""
    out = b""
    for step, values in enumerate(evaluations):
        fields = zip((1, 2, 3, 4, 5), (epochs * step / 2, 10.0 * step, *values), strict=True)
        body = b"".join(varint(number << 3 | 1) + struct.pack("<d", value) for number, value in fields)
        out += varint(1 << 3 | 2) + varint(len(body)) + body
    return out + varint(2 << 3 | 0) + varint(params) + varint(3 << 3 | 1) + struct.pack("<d", 1234.5)


def record(cell: str, params: int, valid: float, test: float, epochs: int = 108) -> bytes:
    metrics = message(params, [(0.1, 0.1, 0.1), (0.5, 0.5, 0.5), (1.0, valid, test)], epochs)
    row = [cell, epochs, "010001000", "input,conv3x3-bn-relu,output", base64.encodebytes(metrics).decode()]
    return frame(json.dumps(row).encode())


@pytest.fixture
def cells():
    return list(dict.fromkeys(_nb1shot1.hashes("nb1shot1_1").values()))


@pytest.fixture
def write(tmp_path):
    def make(*records: bytes):
        path = tmp_path / "nasbench_only108.tfrecord"
        path.write_bytes(b"".join(records))
        return path

    return make


def runs_of(cell: str) -> list[tuple[float, float]]:
    rng = np.random.default_rng(int(cell[:8], 16))
    return [tuple(map(float, rng.uniform(0.8, 0.95, 2))) for _ in range(3)]


def records_of(cell: str, params: int = 1_000_000) -> list[bytes]:
    return [record(cell, params, valid, test) for valid, test in runs_of(cell)]


def imported(source, tmp_path, partial=True):
    importers.write(nb101_tfrecord.read(source, partial), tmp_path / "out")
    return benchmarks.load_table("nb1shot1_1", tmp_path / "out")


def test_the_published_first_record(write, tmp_path, cells):
    """The accuracies that the authors' file gives for its first cell, under a cell of this space."""
    published = [(0.924179, 0.921174), (0.924579, 0.919071), (0.930489, 0.921575)]
    source = write(*(record(cells[0], 8_555_530, valid, test) for valid, test in published))
    table, space = imported(source, tmp_path), spaces.load("nb1shot1_1")
    arch = next(arch for arch in space.encodings() if space.canonical(arch) == cells[0])
    assert table.value(arch, "cifar10_test_108") == pytest.approx(92.0606667, abs=1e-7)
    assert table.value(arch, "cifar10_valid_108") == pytest.approx(92.6415667, abs=1e-7)
    np.testing.assert_allclose(table.runs([arch], "cifar10_test_108"), [[92.1174, 91.9071, 92.1575]])
    np.testing.assert_allclose(table.runs([arch], "cifar10_valid_108"), [[92.4179, 92.4579, 93.0489]])
    assert table.value(arch, "cifar10_test_108_run2") == pytest.approx(91.9071)
    assert table.value(arch, "cifar10_valid_108_run3") == pytest.approx(93.0489)
    assert table.params([arch]).tolist() == [8_555_530]
    assert table.default_label.name == "cifar10_test_108"


def test_every_encoding_finds_its_cell(write, tmp_path, cells, monkeypatch):
    foreign = "0" * 32
    monkeypatch.setattr(nb101_tfrecord, "CELLS", len(cells) + 1)
    # Repeats of a cell need not stand together; the other epochs of the full file are passed over.
    content = [records_of(cell, params=1000 + number) for number, cell in enumerate([*cells, foreign])]
    interleaved = [rows[repeat] for repeat in range(3) for rows in content]
    source = write(record(cells[0], 5, 0.1, 0.1, epochs=36), *interleaved)
    table, space = imported(source, tmp_path, partial=False), spaces.load("nb1shot1_1")
    assert not table.description.partial
    assert len(table) == 3_702
    assert int(table.listed.sum()) == 2_487
    assert table.description.files[1].rows == 2_685 == len(cells)
    number = {cell: index for index, cell in enumerate(cells)}
    archs = list(space.encodings())[::17]
    hashes = [space.canonical(arch) for arch in archs]
    assert table.params(archs).tolist() == [1000 + number[cell] for cell in hashes]
    expected = np.array([[test * 100 for _, test in runs_of(cell)] for cell in hashes])
    np.testing.assert_allclose(table.runs(archs, "cifar10_test_108"), expected, rtol=1e-14)
    np.testing.assert_allclose(table.values(archs, "cifar10_test_108"), expected.mean(axis=1), rtol=1e-14)


def test_a_partial_release_must_be_meant(write, cells):
    source = write(*records_of(cells[0]))
    with pytest.raises(DataError, match=r"holds 1 of 423,624 cells; fetch the complete"):
        nb101_tfrecord.read(source)
    with pytest.raises(DataError, match="is empty, not NAS-Bench-101's"):
        nb101_tfrecord.read(write(), partial=True)
    with pytest.raises(DataError, match=r"holds 0 of the 2,685 cells"):
        nb101_tfrecord.read(write(*records_of("0" * 32)), partial=True)


def test_a_complete_file_that_lacks_a_needed_cell(write, cells, monkeypatch):
    monkeypatch.setattr(nb101_tfrecord, "CELLS", 1)
    with pytest.raises(DataError, match=r"holds 1 of the 2,685 cells that NAS-Bench-1Shot1 needs"):
        nb101_tfrecord.read(write(*records_of(cells[0])))


@pytest.mark.parametrize("repeats", [1, 2, 4])
def test_other_than_three_runs(write, cells, repeats):
    rows = (records_of(cells[0]) * 2)[:repeats]
    with pytest.raises(DataError, match=f"has {repeats} runs in place of 3"):
        nb101_tfrecord.read(write(*rows), partial=True)


def metrics_record(cell: str, metrics: bytes) -> bytes:
    return frame(json.dumps([cell, 108, "", "", base64.b64encode(metrics).decode()]).encode())


THREE = [(0.5, 0.5, 0.5)] * 3


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda cell: frame(b"[\x80]"), "decode"),
        (lambda cell: frame(b"not json"), "Expecting value"),
        (lambda cell: frame(b"[" * 100_000), "recursion|Expecting"),
        (lambda cell: frame(b"{}"), "not a JSON list of 5"),
        (lambda cell: frame(b"[1, 2, 3]"), "not a JSON list of 5"),
        (lambda cell: frame(json.dumps([cell[1:], 108, "", "", ""]).encode()), "lacks its module hash"),
        (lambda cell: frame(json.dumps([cell, 108, "", "", None]).encode()), "lacks its module hash"),
        (lambda cell: frame(json.dumps([cell, "108", "", "", ""]).encode()), "expected a count"),
        (lambda cell: frame(json.dumps([cell, 108, "", "", "a"]).encode()), "base64|padding"),
        (lambda cell: metrics_record(cell, b""), "without its 3 evaluations"),
        (lambda cell: metrics_record(cell, message(5, THREE[:2])), "without its 3 evaluations"),
        (lambda cell: metrics_record(cell, message(0, THREE)), "or its parameters"),
        (lambda cell: metrics_record(cell, message(5, THREE)[:-3]), "cut off"),
        (lambda cell: metrics_record(cell, message(5, [*THREE[:2], (0.5, 0.5, 1.5)])), "test: an accuracy"),
        (
            lambda cell: metrics_record(cell, message(5, [*THREE[:2], (0.5, float("nan"), 0.5)])),
            "valid: an acc",
        ),
    ],
)
def test_records_of_another_shape(write, cells, make, reason):
    with pytest.raises(DataError, match=rf"nasbench_only108\.tfrecord is not what was expected .*({reason})"):
        nb101_tfrecord.read(write(make(cells[0])), partial=True)


def test_a_truncated_file_and_a_wrong_checksum(write, cells):
    content = b"".join(records_of(cells[0]))
    with pytest.raises(DataError, match="cut off inside a record"):
        nb101_tfrecord.read(write(content[:-5]), partial=True)
    with pytest.raises(DataError, match="the checksum of a record is wrong"):
        nb101_tfrecord.read(write(content[:-5] + b"?" + content[-4:]), partial=True)
