"""Trained DARTS genotypes of every source, also those that state no licence: for a folder of one's own."""

from __future__ import annotations

from pathlib import Path

from harness.benchmarks.importers import _darts
from harness.benchmarks.importers._imported import Imported, Track, untracked

FORMAT = "the same folder, with the sources that state no licence: for a folder of your own, with --out"


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """As :func:`harness.benchmarks.importers.darts.read`, of every source."""
    sources = (_darts.YANG, _darts.SGAS, *_darts.UNLICENSED)
    return _darts.tables(source, "darts_all", sources, False, track)
