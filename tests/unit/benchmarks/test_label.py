from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from harness.benchmarks._label import REDUCTIONS, Label, reduce_columns

COLUMNS = arrays.arrays(
    float,
    st.tuples(st.integers(0, 6), st.integers(1, 4)),
    elements=st.one_of(st.floats(0, 100), st.just(np.nan)),
)


@given(COLUMNS)
def test_reductions_leave_missing_runs_out(columns):
    for row, mean, best in zip(
        columns, reduce_columns(columns, "mean"), reduce_columns(columns, "max"), strict=True
    ):
        known = row[~np.isnan(row)]
        if len(known):
            assert mean == pytest.approx(np.mean(known), rel=1e-14)
            assert best == max(known)
        else:
            assert np.isnan(mean)
            assert np.isnan(best)
    np.testing.assert_array_equal(reduce_columns(columns, "value"), columns[:, 0])


def test_units():
    label = Label("name", "cifar10", "test", 1, "runs", ("column",), "source")
    assert (label.scale, label.reduce, label.run_columns, label.default) == (1.0, "value", (), False)
    assert (label.metric, label.unit, label.sign) == ("accuracy", "per cent", 1.0)
    assert label.words == "test split, 1 epochs"
    latency = replace(label, metric="latency", unit="ms", higher_is_better=False)
    assert (latency.sign, latency.words) == (-1.0, "latency in ms, negated, test split, 1 epochs")
    assert REDUCTIONS == ("value", "mean", "max")
