"""Statistics of architecture records are compared with their rows, all of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.errors import ResultsError
from harness.records._json import signed
from harness.reports.analysis.check import Checker


def changed(results, change, **options):
    """The only record, its statistics changed on disk."""
    path = results.arch(count=120, **options)
    content = json.loads(path.read_text())
    change(content["statistics"])
    path.write_text(json.dumps(signed(content)))
    return next(results.store.records())


def check(record, rows=None):
    Checker().check(record, record.rows if rows is None else rows)


def test_an_untouched_record_passes_also_with_failures(results):
    check(changed(results, lambda statistics: None, failures=5))


@pytest.mark.parametrize(
    "name",
    [
        "kendall_c", "kendall_weighted", "pearson", "ndcg", "kendall_given_params", "spearman_given_params",
        "overlap_top_10", "precision_top_10", "rank_top_1", "rank_top_10", "n_top_decile",
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", ["score", "flops"])
def test_every_number_is_compared(results, name, column):
    record = changed(results, lambda statistics: statistics[column].update({name: 0.4321}))
    with pytest.raises(
        ResultsError, match=rf"does not agree with its rows: {column}\.{name} is stored as 0.4321"
    ):
        check(record)


def test_the_curve_is_compared(results):
    record = changed(results, lambda statistics: statistics["params"]["best_of"]["100"].update(oracle=99.0))
    with pytest.raises(ResultsError, match=r"params\.best_of\.100\.oracle is stored as 99.0"):
        check(record)


def test_subsets_are_compared(results):
    record = changed(results, lambda statistics: None)
    rows = record.rows
    rows["connected"] = np.arange(120) > 7
    with pytest.raises(ResultsError, match=r"lacks what a record of arch_correlation has \('connected'\)"):
        check(record, rows)


@pytest.mark.parametrize("name", ["pearson", "best_of", "subsets", "rank_top_10"])
def test_a_record_of_older_code_is_told_in_one_sentence(results, name):
    record = changed(results, lambda statistics: statistics["score"].pop(name))
    with pytest.raises(
        ResultsError, match="lacks what a record of arch_correlation has .*run it again"
    ) as error:
        check(record)
    assert str(record.path) in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_shared_is_part_of_what_is_known(results):
    """The same score beside other parameters is another partial correlation."""
    record = changed(results, lambda statistics: None)
    checker, rows = Checker(), record.rows
    checker.check(record, rows)
    rows["params"] = rows["params"].to_numpy()[::-1].copy()
    with pytest.raises(ResultsError, match="given_params"):
        checker.check(record, rows)
