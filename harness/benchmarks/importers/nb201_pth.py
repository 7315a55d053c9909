"""NAS-Bench-201: ``NAS-Bench-201-v1_1-096897.pth`` (or v1_0), through the authors' ``nas_201_api``.

The package reads the file with ``torch.load``, whose default refuses it since torch 2.6; switching
that default off would let the file run code. Here torch reads it with the default on and an
allow-list of NumPy's numbers, and the package receives the dictionary, a few architectures at a
time because it copies what it is given. The complete file needs about 28 GB of memory.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np

from harness.benchmarks._label import Label
from harness.benchmarks.importers import _nb201
from harness.benchmarks.importers._imported import Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_file
from harness.benchmarks.importers._nb201 import Row, Run
from harness.benchmarks.importers._source import DAMAGE, complete, damaged
from harness.errors import DataError

FORMAT = "NAS-Bench-201's NAS-Bench-201-v1_1-096897.pth or v1_0-e61699.pth (28 GB of memory)"
CHUNK = 64
"""Architectures handed to the package at a time."""

RELEASES = {
    (6219, 1621, 7785): "NAS-Bench-201 v1.0",
    (2225, 5439, 7961): "NAS-Bench-201 v1.1",
}
"""How many architectures have 1, 2 and 3 runs of 200 epochs on CIFAR-10."""


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The table in the file ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where the file is missing, damaged, incomplete (unless ``partial``), or names anything but figures.
    """
    expect_file(source, FORMAT)
    content = _load(source)
    infos = content["arch2infos"]
    complete(len(infos), _nb201.SIZE, source, partial)
    try:
        rows = [_nb201.summarise(row) for row in track(_rows(content), "architectures", len(infos))]
        stored = _nb201.columns(rows)
    except DAMAGE as error:
        raise damaged(source, f"{type(error).__name__}: {error}") from error
    counts = _nb201.run_counts(stored)
    release = RELEASES.get(
        (counts.get(1, 0), counts.get(2, 0), counts.get(3, 0)), "NAS-Bench-201, release not known"
    )
    table = Imported(
        space="nb201",
        importer="nb201_pth",
        release=release,
        source="https://github.com/D-X-Y/NAS-Bench-201",
        licence="MIT",
        citation=_nb201.CITATION,
        labels=(*_nb201.labels(stored, release), *_named_reductions(stored, release)),
        files={"nb201.parquet": stored},
        notes=(
            f"Architectures by number of runs of cifar10_test_200: {counts}.",
            "NATS-Bench has further runs: the two differ in the mean of 2,416 architectures.",
        ),
        partial=partial,
    )
    return (table,)


def _named_reductions(stored: Mapping[str, Any], release: str) -> Iterable[Label]:
    """The committed table's labels for v1.1's runs, so that they keep their names and meaning."""
    if release != RELEASES[2225, 5439, 7961]:
        return
    runs = _nb201.run_columns(stored, _nb201.DEFAULT)
    for reduce, words in (("mean", "mean"), ("max", "best")):
        yield Label(
            f"{_nb201.DEFAULT}_v1_1_{reduce}",
            "cifar10",
            "test",
            200,
            f"{words} of the 1 to 3 runs of v1.1",
            runs,
            release,
            reduce=reduce,
            run_columns=runs,
        )


def _load(path: Path) -> dict[str, Any]:
    torch = importlib.import_module("torch")
    scalar = np.float64(0.0).__reduce__()[0]
    allowed = [
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        (np.dtype, "numpy.dtype"),
        *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32)),
        set,
    ]
    if not path.is_file():
        raise DataError(f"There is no file {path}; name the .pth file of the release.")
    try:
        with torch.serialization.safe_globals(allowed):
            content = torch.load(path, map_location="cpu", weights_only=True)
    # On damaged bytes torch raises whatever its readers meet; nothing in the file can have run. What torch
    # advises then is to let the file run code.
    except UnpicklingError as error:
        raise damaged(path, "it is damaged, or holds something else than plain figures") from error
    except Exception as error:
        raise damaged(path, "it is cut off or damaged") from error
    kinds: dict[str, type | tuple[type, ...]] = {
        "meta_archs": list,
        "arch2infos": dict,
        "evaluated_indexes": (list, set, tuple),
    }
    for key, kind in kinds.items():
        if not isinstance(content, dict) or not isinstance(content.get(key), kind):
            raise damaged(path, f"it lacks {key}, which the release's dictionary has")
    return content


def _rows(content: dict[str, Any]) -> Iterator[Row]:
    # The package prints while it is imported and used; the results come back as values.
    with contextlib.redirect_stdout(None):
        package = importlib.import_module("nas_201_api")
    infos, indices = content["arch2infos"], sorted(content["arch2infos"])
    for start in range(0, len(indices), CHUNK):
        chunk = indices[start : start + CHUNK]
        api = package.NASBench201API(
            {
                "meta_archs": content["meta_archs"],
                "arch2infos": {index: infos.pop(index) for index in chunk},
                "evaluated_indexes": chunk,
            },
            verbose=False,
        )
        yield from (_row(api, index) for index in chunk)


def _row(api: Any, index: int) -> Row:
    by_epochs = {epochs: api.arch2infos_dict[index][str(epochs)] for epochs in _nb201.EPOCHS}
    architecture = api.meta_archs[index]
    if any(results.arch_str != architecture for results in by_epochs.values()):
        raise ValueError(f"entry {index} is not {architecture}")
    return Row(architecture, index, {epochs: _runs(results) for epochs, results in by_epochs.items()})


def _runs(results: Any) -> dict[tuple[str, int], Run]:
    def trainings() -> Iterable[tuple[str, int]]:
        return ((dataset, seed) for dataset, seeds in results.dataset_seed.items() for seed in seeds)

    return {
        (dataset, seed): Run(run.eval_acc1es, float(run.params), float(run.flop))
        for dataset, seed in trainings()
        for run in (results.query(dataset, seed),)
    }
