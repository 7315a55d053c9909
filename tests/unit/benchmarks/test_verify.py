from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, spaces
from harness.benchmarks import _verify
from harness.folders import BENCHMARKS_DATA


@pytest.mark.parametrize("name", benchmarks.names())
def test_the_committed_tables_pass(committed, name):
    assert benchmarks.verify(committed(name), BENCHMARKS_DATA) == []


@pytest.mark.parametrize("key", _verify.BEST)
def test_every_known_best_is_checked(committed, monkeypatch, key):
    name, label = key
    assert label in committed(name).labels
    monkeypatch.setitem(_verify.BEST, key, _verify.BEST[key] + 0.01)
    (fault,) = benchmarks.verify(committed(name), BENCHMARKS_DATA)
    assert fault.startswith(f"the best of {label} is ")


def altered(table, **figures):
    return replace(table, figures={**table.figures, **figures}, _values={})


def test_values_out_of_range(committed):
    table = committed("nbmacro")
    column = "cifar10_test_50_run1"
    values = table.figures[column].copy()
    for wrong, faulty in ((101.0, "does not lie between"), (-0.1, "does not lie between"), (np.nan, "")):
        values[3] = wrong
        faults = benchmarks.verify(altered(table, **{column: values}), BENCHMARKS_DATA)
        assert any(fault.startswith(column) and faulty in fault for fault in faults) == bool(faulty)


def test_a_missing_default(committed):
    table = committed("nb201")
    values = table.figures["cifar10_test_200"].copy()
    values[[3, 5]] = np.nan
    faults = benchmarks.verify(altered(table, cifar10_test_200=values), BENCHMARKS_DATA)
    assert faults == ["cifar10_test_200 is missing in 2 rows"]


def test_rows_that_are_not_the_space(committed):
    table = committed("nb1shot1_1")
    swapped = table.listed.copy()
    swapped[:] = True
    faults = benchmarks.verify(replace(table, listed=swapped, _values={}), BENCHMARKS_DATA)
    assert "the listed rows are not the 2,487 architectures of the space" in faults
    fewer = replace(
        table,
        codes=table.held[:-1],
        listed=table.listed[:-1],
        figures={name: values[:-1] for name, values in table.figures.items()},
        _values={},
    )
    assert "3,701 rows in place of 3,702" in _verify._sizes(fewer)


def test_a_partial_table_is_not_held_against_the_space(committed):
    table = committed("nbmacro")
    entry = replace(table.description, partial=True)
    low = {name: values / 2 for name, values in table.figures.items()}
    assert benchmarks.verify(replace(table, entry=entry, figures=low, _values={}), BENCHMARKS_DATA) == []


def test_codes_of_other_architectures(committed):
    macro = committed("nbmacro")
    shifted = replace(macro, codes=np.roll(macro.held, 1))
    assert _verify._keys(shifted, BENCHMARKS_DATA) == ["6,561 rows name another architecture than their code"]
    cells = committed("nb1shot1_1")
    shifted = replace(cells, codes=np.roll(cells.held, 7))
    (fault,) = _verify._keys(shifted, BENCHMARKS_DATA)
    assert fault.endswith("of the sampled rows name another cell than their code")
    assert spaces.load("nb1shot1_1").size > _verify.SAMPLE
