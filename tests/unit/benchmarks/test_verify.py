from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, spaces
from harness.benchmarks import _verify
from harness.folders import BENCHMARKS_DATA


@pytest.mark.parametrize("name", benchmarks.tables())
def test_the_committed_tables_pass(committed, name):
    assert benchmarks.verify(committed(name), BENCHMARKS_DATA) == []


@pytest.mark.parametrize("name", benchmarks.tables())
def test_every_known_best_is_checked(committed, name):
    table = committed(name)
    if table.description.partial:
        return
    assert table.description.best
    for label, value in table.description.best.items():
        best = {**table.description.best, label: value + 0.01}
        other = replace(table, description=replace(table.description, best=best))
        (fault,) = benchmarks.verify(other, BENCHMARKS_DATA)
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
        held=table.held[:-1],
        listed=table.listed[:-1],
        figures={name: values[:-1] for name, values in table.figures.items()},
        _values={},
    )
    assert "3,701 rows in place of 3,702" in _verify._sizes(fewer)


def test_a_partial_table_is_not_held_against_the_space(committed):
    table = committed("nbmacro")
    described = replace(table.description, partial=True)
    low = {name: values / 2 for name, values in table.figures.items()}
    assert (
        benchmarks.verify(replace(table, description=described, figures=low, _values={}), BENCHMARKS_DATA)
        == []
    )


def test_codes_of_other_architectures(committed):
    macro = committed("nbmacro")
    shifted = replace(macro, held=np.roll(macro.held, 1))
    assert _verify._keys(shifted, BENCHMARKS_DATA) == ["6,561 rows name another architecture than their key"]
    cells = committed("nb1shot1_1")
    shifted = replace(cells, held=np.roll(cells.held, 7))
    (fault,) = _verify._keys(shifted, BENCHMARKS_DATA)
    assert fault.endswith("of the sampled rows name another cell than their key")
    assert spaces.load("nb1shot1_1").size > _verify.SAMPLE
