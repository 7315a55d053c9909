"""Where the clone keeps its configuration, tables and results."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONF = ROOT / "conf"
BENCHMARKS_DATA = ROOT / "benchmarks_data"
RESULTS = ROOT / "results"
