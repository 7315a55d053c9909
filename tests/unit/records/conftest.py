"""A small run, its rows, and a store in a temporary folder."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness.records import Run, Store

SETTINGS = {"batch_size": 64, "input": {"name": "noise"}}
RUN = Run("arch_correlation", "nb201", "cifar10_test", "nwot", 3, SETTINGS)


@pytest.fixture
def run():
    return RUN


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


@pytest.fixture
def rows():
    return pd.DataFrame(
        {"arch": ["a", "b", "c"], "score": [1.5, np.nan, 2.0], "status": ["ok", "nan", "ok"],
         "reason": [None, "no finite value", None], "params": [1, 2, 3]}
    )  # fmt: skip


@pytest.fixture
def write(store, run, rows):
    """Write the run, with what a test wants to differ."""

    def write(**changes):
        values = {
            "run": run, "status": "ok", "reason": None, "rows": rows,
            "statistics": {"kendall": np.float64(0.5)}, "provenance": {"commit": "abc"},
            "config": {"seed": 3}, "timing": {"seconds": 1.25},
        }  # fmt: skip
        return store.write(**(values | changes))

    return write
