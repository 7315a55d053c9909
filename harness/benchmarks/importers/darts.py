"""Trained DARTS genotypes whose source states a licence: the source of the committed table.

A folder with ``darts_trained.csv.gz`` (source, genotype, accuracy_percent, problems) and
``antoyang214_labels.csv.gz`` (genotype, best, last, mean_last10, ...).
"""

from __future__ import annotations

from pathlib import Path

from harness.benchmarks.importers import _darts
from harness.benchmarks.importers._imported import Imported, Track, untracked

FORMAT = f"folder with {_darts.FILES[0]} and {_darts.FILES[1]}: sources that state a licence"


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The tables from the folder ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where a file is missing or damaged.
    """
    return _darts.tables(source, "darts", (_darts.YANG, _darts.SGAS), True, track)
