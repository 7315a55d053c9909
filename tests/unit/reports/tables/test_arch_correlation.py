"""Columns of the architecture tables are the records' numbers, in their places."""

from __future__ import annotations

import numpy as np
import pytest

from harness.reports.analysis.groups import collect
from harness.reports.tables import arch_correlation
from harness.stats import best_of_n, expected_highest, ndcg, partial_kendall


def only_table(results):
    (table,) = arch_correlation.tables(collect(results.root))
    return table


def texts(table, row):
    found = next(each for each in table.rows if each.cells[0].text == row)
    return {column.title: cell.text for column, cell in zip(table.columns, found.cells, strict=True)}


def shown(value, digits=3):
    return f"{value:.{digits}f}".replace("-", "−")


@pytest.fixture
def rows(results):
    results.arch("nwot", 0, count=150)
    return next(results.store.records()).rows


def test_more_columns_are_the_functions_of_the_rows(results, rows):
    score, truth, params = (rows[name].to_numpy(float) for name in ("score", "accuracy", "params"))
    found = texts(only_table(results), "nwot")
    assert found["τ given parameters"] == shown(partial_kendall(score, truth, [params]))
    assert found["nDCG"] == shown(ndcg(score, truth))
    assert found["Regret, best of 100"] == shown(best_of_n(score, truth, (100,))["100"]["regret"], 2)
    assert texts(only_table(results), "parameters")["τ given parameters"] == "–"


def test_the_caption_says_what_the_expected_regrets_lie_between(results, rows):
    truth = rows["accuracy"].to_numpy(float)
    blind, informed = truth.max() - truth.mean(), truth.max() - expected_highest(truth, truth, 100)
    words = f"taken blindly has regret {shown(blind, 2)}, the most accurate {shown(informed, 2)}."
    assert words in " ".join(only_table(results).caption)


def test_a_population_below_100_has_no_best_of_100(results):
    results.arch("nwot", 0, count=99)
    table = only_table(results)
    assert texts(table, "nwot")["Regret, best of 100"] == "–"
    assert "taken blindly" not in " ".join(table.caption)


def test_the_ceiling_stands_under_its_columns(results, rows):
    found = texts(only_table(results), "another training run")
    ceiling = next(results.store.records()).statistics["ceiling"]
    assert found["Kendall τ"] == shown(ceiling["kendall"])
    assert found["Spearman ρ"] == shown(ceiling["spearman"])
    assert found["τ, top 10 %"] == shown(ceiling["kendall_top_decile"])
    assert (found["Scored"], found["Seeds"]) == ("150", "1")
    assert all(not text for title, text in found.items() if title in ("nDCG", "Tied", "Regret of top 10"))


def test_every_row_has_a_cell_for_every_column(results):
    results.arch("nwot", 0)
    results.fail("fisher", 0)
    table = only_table(results)
    assert {len(row.cells) for row in table.rows} == {len(table.columns)}
    assert np.sum([column.extra for column in table.columns]) >= 6
