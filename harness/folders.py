"""Where configuration, benchmarks and results lie: in the clone, or in and beside an installed package."""

from __future__ import annotations

import os
from pathlib import Path

_WHEEL = Path(__file__).resolve().parent / "_data"
"""What a wheel holds of the repository's top level."""

INSTALLED = _WHEEL.is_dir()
PACKAGE = _WHEEL.parent
ROOT = _WHEEL if INSTALLED else _WHEEL.parent.parent
CONF = ROOT / "conf"
BENCHMARKS_DATA = ROOT / "benchmarks_data"
RESULTS = Path(
    os.environ.get("HARNESS_RESULTS") or (Path.cwd() if INSTALLED else ROOT) / "results"
).expanduser()
"""The folder of records where nobody names one: that of the environment, the clone's, or ``./results``."""
