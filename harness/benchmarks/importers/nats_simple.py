"""NATS-Bench's topology space: the folder ``NATS-tss-v1_0-3ffb9-simple``, read without its package.

``meta.pickle.pbz2`` lists the 15,625 architectures; ``000000.pickle.pbz2`` and so on hold, for
12 and 200 epochs, the runs of one architecture each, as bzip2-packed pickles of plain data.
The complete folder takes some ten minutes to read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.benchmarks.importers import _nb201, _pickle_data
from harness.benchmarks.importers._imported import Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_folder
from harness.benchmarks.importers._nb201 import Row, Run
from harness.benchmarks.importers._source import DAMAGE, complete, damaged, read_bytes
from harness.errors import DataError

FORMAT = "NATS-Bench's folder NATS-tss-v1_0-3ffb9-simple"
RELEASE = "NATS-Bench topology space v1.0"
_SIZES = re.compile(r"\d+(:\d+)+")
FILE_LIMIT = 1 << 26
"""The largest file is 1.4 MB unpacked; 64 MiB is refused."""


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The table in the folder ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where files are missing (unless ``partial``), damaged, or hold anything but figures.
    """
    expect_folder(source, FORMAT)
    if source.resolve().name.endswith("-full"):
        raise DataError(
            f"{source} is the full release, which holds weights besides the figures; take {FORMAT}, some "
            "2 GB in place of hundreds."
        )
    architectures = _architectures(source / "meta.pickle.pbz2")
    paths = {
        index: path
        for index in range(len(architectures))
        if (path := source / f"{index:06d}.pickle.pbz2").exists()
    }
    complete(len(paths), _nb201.SIZE, source, partial)
    rows = [
        _row(path, index, architectures[index])
        for index, path in track(paths.items(), "architectures", len(paths))
    ]
    try:
        stored = _nb201.columns(rows)
    except DAMAGE as error:
        raise damaged(source, error) from error
    table = Imported(
        space="nb201",
        importer="nats_simple",
        release=RELEASE,
        source="https://github.com/D-X-Y/NATS-Bench",
        licence="MIT",
        citation=_nb201.CITATION,
        labels=_nb201.labels(stored, RELEASE),
        files={"nb201.parquet": stored},
        notes=(
            "NATS-Bench has runs that NAS-Bench-201 v1.1 lacks: the two differ in the mean of 2,416 "
            "architectures.",
        ),
        partial=partial,
    )
    return (table,)


def _architectures(path: Path) -> list[str]:
    meta = _pickle_data.loads(read_bytes(path, FILE_LIMIT), str(path))
    listed = meta.get("meta_archs") if isinstance(meta, dict) else None
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise damaged(path, "it lacks meta_archs, the list of architectures")
    if listed and all(_SIZES.fullmatch(text) for text in listed):
        raise DataError(
            f"{path.parent} is NATS-Bench's size space, of {len(listed):,} channel widths, which is no space "
            f"here; take its topology space, {FORMAT}."
        )
    if not 1 <= len(listed) <= _nb201.SIZE:
        raise damaged(path, f"meta_archs lists {len(listed):,} architectures")
    return listed


def _row(path: Path, index: int, architecture: str) -> dict[str, Any]:
    state = _pickle_data.loads(read_bytes(path, FILE_LIMIT), str(path))
    try:
        row = Row(
            architecture, index, {epochs: runs_of(state[str(epochs)], architecture) for epochs in (200, 12)}
        )
        return _nb201.summarise(row)
    except DAMAGE as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error


def runs_of(state: Mapping[str, Any], architecture: str) -> dict[tuple[str, int], Run]:
    """The single runs in the state of one architecture's results."""
    if state["arch_str"] != architecture:
        raise ValueError(f"expected {architecture}, received {str(state['arch_str'])[:120]}")
    return {
        (dataset, seed): Run(dict(result["eval_acc1es"]), float(result["params"]), float(result["flop"]))
        for (dataset, seed), result in state["all_results"].items()
    }
