"""Published test errors of methods on DARTS and S1 to S4: ``benchmarks_data/darts_test_errors.csv``.

Facts with their source, to stand beside measured ones. Errors on S1 to S4 compare within one recipe alone.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness import folders

FILE = folders.BENCHMARKS_DATA / "darts_test_errors.csv"


@dataclass(frozen=True)
class PublishedError:
    """One published test error in per cent: of whom, on what, and where it stands.

    ``sd`` is the published spread, ``params_millions`` and ``madds_millions`` the network's published cost;
    ``None`` where nothing was published.
    """

    method: str
    space: str
    dataset: str
    error: float
    sd: float | None
    params_millions: float | None
    madds_millions: float | None
    source: str
    note: str


@cache
def errors(file: Path = FILE) -> tuple[PublishedError, ...]:
    """Every published test error, in the order of ``file``."""
    with file.open(encoding="utf-8", newline="") as stream:
        return tuple(map(_error, csv.DictReader(stream)))


def of_space(space: str, file: Path = FILE) -> tuple[PublishedError, ...]:
    """Those of ``space``; S5 is the space of DARTS without an operation that no genotype keeps."""
    named = "darts" if space == "darts_s5" else space
    return tuple(each for each in errors(file) if each.space == named)


def _error(row: dict[str, str]) -> PublishedError:
    sd, params, madds = (
        float(row[name]) if row[name] else None for name in ("sd", "params_millions", "madds_millions")
    )
    texts = (row["method"], row["space"], row["dataset"])
    return PublishedError(*texts, float(row["error"]), sd, params, madds, row["source"], row["note"])
