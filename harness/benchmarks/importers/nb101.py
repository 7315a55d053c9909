"""NAS-Bench-101: the mean test accuracy of all 423,624 cells, as collected from FreeREA's repository.

A file ``test108.parquet``: module hash, number of vertices, adjacency (edge x to y is bit
``x + y (y - 1) / 2``), operations, mean test accuracy of three runs after 108 epochs, parameters. Cells are
kept as their space's keys, which tell their graphs, so that neither hashes nor matrices are stored.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness import parquet, spaces
from harness.benchmarks import _files
from harness.benchmarks._label import Label
from harness.benchmarks.importers._imported import PUBLISHED, Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_file
from harness.benchmarks.importers._source import complete, damaged, read_bytes
from harness.spaces._nb101_forms import BASE, INNER, OPERATIONS, PLACES, edges_of_bits, normal_numbers

FORMAT = "NAS-Bench-101's test108.parquet, the mean test accuracy of every cell"
RELEASE = "NAS-Bench-101, mean over the runs"
ANSWERS = 3 * 9_984
"""Test images that three runs answered: in whole batches the last 16 of 10,000 find no place."""
LABEL = Label(
    "cifar10_test_108",
    "cifar10",
    "test",
    108,
    "mean of 3 runs",
    ("correct",),
    RELEASE,
    scale=100.0 / ANSWERS,
    default=True,
)
HASHED = 2_000
"""Cells whose hash is computed anew."""


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The table in the file ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where the file is missing, damaged or incomplete, or a cell is not what its hash says.
    """
    expect_file(source, FORMAT)
    data, needed = read_bytes(source), ("module_hash", "vertices", "bits", "mean_test_acc_108", "params")
    columns = _files.decode(data, str(source), None, needed)
    figures = _files.numbers({name: columns[name] for name in needed if name != "module_hash"}, str(source))
    complete(len(set(columns["module_hash"])), PUBLISHED["nb101"].size, source, partial, "cells")
    keys = _keys(
        source,
        figures["vertices"].astype(np.int64),
        figures["bits"].astype(np.int64),
        _operations(source, data),
    )
    if len(np.unique(keys)) < len(keys):
        raise damaged(source, "a cell stands there twice")
    _check_hashes(source, keys, columns["module_hash"], track)
    means, params, order = figures["mean_test_acc_108"], figures["params"], np.argsort(keys)
    correct = np.rint(means * ANSWERS)
    if not ((means >= 0) & (means <= 1)).all() or np.abs(means * ANSWERS - correct).max() > 0.01:
        raise damaged(source, f"mean_test_acc_108 must be a share of {ANSWERS:,} answers")
    if not ((params > 0) & (params < 2**31)).all():
        raise damaged(source, "params must be counts")
    table = Imported(
        space="nb101",
        importer="nb101",
        release=RELEASE,
        source="https://github.com/google-research/nasbench by way of NiccoloCavagnero/FreeREA",
        licence="Apache-2.0 and MIT",
        citation=(
            "Ying, Klein, Christiansen, Real, Murphy, Hutter: NAS-Bench-101: Towards Reproducible Neural "
            "Architecture Search. ICML 2019."
        ),
        labels=(LABEL,),
        files={
            "nb101.parquet": {
                "code": keys[order],
                "correct": correct[order].astype(np.int32),
                "params": params[order].astype(np.int32),
            }
        },
        notes=(
            "Absent: the single runs and all validation accuracies. NAS-Bench-101 has no FLOPs.",
            f"Accuracies are kept as correct answers of {ANSWERS:,}, which the source's means are to within "
            "their rounding. Some runs diverged (646 means are below 20 per cent); they are kept.",
            "Cells are kept as numbers that tell their graphs; harness/spaces/_nb101_forms.py says how.",
        ),
        partial=partial,
    )
    return (table,)


def _operations(source: Path, data: bytes) -> list[str]:
    """The operations' digits of every cell; nothing where a cell has no inner vertex."""
    file = parquet.opened(io.BytesIO(data), columns=["ops"])
    if "ops" not in file.schema_arrow.names:
        raise damaged(source, "it lacks the column ops")
    return ["" if text is None else str(text) for text in file.read(columns=["ops"])["ops"].to_pylist()]


def _keys(source: Path, vertices: np.ndarray, bits: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """Keys of the cells, which the source must state in their normal form."""
    fitting = (
        (vertices >= 2) & (vertices <= PLACES) & (bits > 0) & (bits < 1 << (vertices * (vertices - 1) // 2))
    )
    fitting &= np.array([len(text) for text in texts]) == vertices - 2
    if not fitting.all() or not set("".join(texts)) <= set("012"):
        raise damaged(source, "a row's vertices, bits and ops do not fit together")
    digits = np.zeros((len(texts), INNER), np.int64)
    for row, text in enumerate(texts):
        digits[row, : len(text)] = [int(digit) for digit in text]
    edges = edges_of_bits(vertices, bits)
    keys = edges @ (1 << np.arange(edges.shape[1])) * BASE + digits @ OPERATIONS ** np.arange(INNER)[::-1]
    for inner in range(INNER + 1):
        of_size = vertices == inner + 2
        if not np.array_equal(normal_numbers(edges[of_size], digits[of_size], inner), keys[of_size]):
            raise damaged(source, f"a cell of {inner + 2} vertices is not in the release's order")
    return keys


def _check_hashes(source: Path, keys: np.ndarray, hashes: np.ndarray, track: Track) -> None:
    space, step = spaces.load("nb101"), max(1, len(keys) // HASHED)
    for key, stated in track(list(zip(keys[::step], hashes[::step], strict=True)), "hashes", None):
        if space.canonical(space.of_key(int(key))) != stated:
            raise damaged(source, f"{stated} is not the hash of its cell")
