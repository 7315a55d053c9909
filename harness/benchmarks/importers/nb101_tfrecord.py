"""NAS-Bench-101: ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord``, read without TensorFlow.

Every record is a JSON list: module hash, epochs, adjacency, operations, base64 of a
``ModelMetrics`` message. 423,624 cells, each trained 3 times for 108 epochs (the full file adds 4,
12 and 36 epochs). Kept are the 108-epoch runs of the cells that NAS-Bench-1Shot1's encodings make.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from pathlib import Path

from harness.benchmarks._label import Label
from harness.benchmarks.importers import _model_metrics, _nb1shot1, _tfrecord
from harness.benchmarks.importers._imported import Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_file
from harness.benchmarks.importers._source import DAMAGE, accuracy, complete, count, damaged
from harness.errors import DataError

FORMAT = "NAS-Bench-101's nasbench_only108.tfrecord or nasbench_full.tfrecord"
RELEASE = "NAS-Bench-101"
CELLS = 423_624
REPEATS = 3
EPOCHS = 108
_HASH = re.compile(r"[0-9a-f]{32}")
_RUNS = {split: tuple(f"{split}_run{run}" for run in range(1, REPEATS + 1)) for split in ("test", "valid")}


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The three NAS-Bench-1Shot1 tables from the file ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where the file is missing, truncated or damaged, or lacks cells or runs (unless ``partial``).
    """
    expect_file(source, FORMAT)
    wanted = _nb1shot1.wanted(track)
    seen: Counter[str] = Counter()
    runs: dict[str, list[_model_metrics.Metrics]] = {}
    for record in track(_tfrecord.records(source), "records", None):
        try:
            cell, epochs, metrics = _record(record)
            if epochs != EPOCHS:
                continue
            seen[cell] += 1
            if cell in wanted:
                runs.setdefault(cell, []).append(_metrics(metrics))
        except DAMAGE as error:
            raise damaged(source, error) from error
    _check(source, seen, set(runs), wanted, partial)
    figures: dict[str, dict[str, float]] = {
        "params": {cell: repeats[0].params for cell, repeats in runs.items()}
    }
    for split, names in _RUNS.items():
        for repeat, name in enumerate(names):
            figures[name] = {
                cell: getattr(repeats[repeat].evaluations[-1], split) for cell, repeats in runs.items()
            }
    return _nb1shot1.tables(
        figures,
        _labels(),
        importer="nb101_tfrecord",
        release=RELEASE,
        source="https://github.com/google-research/nasbench",
        licence="Apache-2.0",
        notes=(
            "Runs are numbered in the file's order. NAS-Bench-101 has no FLOPs.",
            "Rows are all cells that any encoding of the space makes; column listed marks those without "
            "loose ends, which the benchmark enumerates.",
        ),
        partial=partial,
    )


def _record(data: bytes) -> tuple[str, int, str]:
    row = json.loads(data)
    if not isinstance(row, list) or len(row) != 5:
        raise ValueError("a record is not a JSON list of 5")
    cell, epochs, _, _, metrics = row
    if not isinstance(cell, str) or not _HASH.fullmatch(cell) or not isinstance(metrics, str):
        raise ValueError("a record lacks its module hash or its metrics")
    return cell, count(epochs, cell), metrics


def _metrics(text: str) -> _model_metrics.Metrics:
    metrics = _model_metrics.parse(base64.b64decode(text))
    if len(metrics.evaluations) != 3 or not 0 < metrics.params < 2**31:
        raise ValueError("a training without its 3 evaluations or its parameters")
    for split in _RUNS:
        accuracy(getattr(metrics.evaluations[-1], split), split, top=1.0)
    return metrics


def _check(source: Path, seen: Counter[str], found: set[str], wanted: set[str], partial: bool) -> None:
    complete(len(seen), CELLS, source, partial, "cells")
    uneven = [cell for cell, repeats in seen.items() if repeats != REPEATS]
    if uneven:
        raise damaged(source, f"cell {uneven[0]} has {seen[uneven[0]]} runs in place of {REPEATS}")
    if not found or (found != wanted and not partial):
        raise DataError(
            f"{source} holds {len(found):,} of the {len(wanted):,} cells that NAS-Bench-1Shot1 needs; "
            "fetch the complete release."
        )


def _labels() -> tuple[Label, ...]:
    labels = []
    for split, columns in _RUNS.items():
        name = f"cifar10_{split}_{EPOCHS}"
        facts = ("cifar10", split, EPOCHS)
        labels.append(
            Label(
                name,
                *facts,
                "mean of 3 runs",
                columns,
                RELEASE,
                reduce="mean",
                run_columns=columns,
                scale=100.0,
                default=split == "test",
            )
        )
        labels += [
            Label(f"{name}_run{run}", *facts, f"run {run} of 3 alone", (column,), RELEASE, scale=100.0)
            for run, column in enumerate(columns, start=1)
        ]
    return tuple(labels)
