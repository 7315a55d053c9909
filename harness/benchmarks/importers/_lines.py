"""Rows of a compressed table of text, each with all its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

import numpy as np

from harness.benchmarks.importers._source import damaged, read_bytes


def lines(path: Path, needed: Collection[str]) -> list[dict[str, str]]:
    """The rows of the CSV file ``path`` by the names in its first line, the ``needed`` ones at least.

    Raises
    ------
    DataError
        Where the file is missing, damaged, or a row or a column is not whole.
    """
    try:
        found = list(csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8")), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise damaged(path, error) from error
    lacking = sorted({name for line in found for name in needed if line.get(name) is None})
    if not found or lacking:
        raise damaged(path, f"it has no rows, or not in every row the columns {', '.join(lacking or needed)}")
    return found


def number(text: str, where: object, low: float = -np.inf, high: float = np.inf) -> float:
    """``text`` as a number between ``low`` and ``high``; NaN where it is empty."""
    value = float(text) if text else np.nan
    if (text and not low <= value <= high) or abs(value) == np.inf:
        raise ValueError(f"{where}: expected a number between {low:g} and {high:g}, received {text[:40]!r}")
    return value
