"""The table of genotypes found here beside published ones."""

from __future__ import annotations

import pytest

from harness.published.genotypes import by_setting
from harness.records import Run, Store
from harness.reports.analysis.groups import collect
from harness.reports.tables import published_genotypes

SETTINGS = {"searcher": "zero_cost_pt", "proposals": 10, "validation_batches": 100, "order": "random"}


@pytest.fixture
def groups(tmp_path):
    """Groups of searches on darts_s5 that found the published genotypes of N = 10 and V = 100."""

    def found(**settings):
        (setting,) = [
            each
            for each in by_setting("darts_s5")
            if (each.proposals, each.validation_batches, each.order, each.dataset)
            == (10, 100, "random", "cifar10")
        ]
        for member in by_setting("darts_s5")[setting]:
            label, told = "cifar10_test_600_best", SETTINGS | settings
            run = Run("search", "darts_s5", label, "zero_cost_pt-nwot_eval", member.seed, told)
            statistics = {"arch": member.text, "accuracy": None, "published_size_params": member.params}
            Store(tmp_path).write(
                run,
                status="ok",
                reason="",
                rows=rows(),
                statistics=statistics | {"best_accuracy": 97.0, "regret": None},
                provenance={},
                config={},
                timing={},
            )
        return collect(tmp_path)

    return found


def rows():
    import pandas as pd

    return pd.DataFrame({"stage": ["total"], "score": [1.0], "status": ["ok"], "reason": [None]})


def test_the_setting_of_the_search_comes_first_and_genotypes_agree_as_among_themselves(
    groups,
):
    (table,) = published_genotypes.tables(groups())
    first = table.rows[0].cells
    assert first[1].text == "N = 10, V = 100, random order, cifar10"
    assert first[1].note == "the same N, V and order"
    assert first[2].text == "4, 4 distinct"
    pairs, alone = 4 * 4, 4  # of 16 pairs four are of a genotype with itself
    assert first[3].sort == pytest.approx((first[5].sort * (pairs - alone) + 16 * alone) / pairs)
    assert first[4].sort == pytest.approx((first[6].sort * (pairs - alone) + 12 * alone) / pairs)
    assert first[7].sort == first[8].sort
    assert len(table.rows) == len(by_setting("darts_s5")) + 1
    chance = table.rows[-1].cells
    assert (chance[0].text, chance[3].text, chance[4].text) == ("chance", "1.47", "6.27")


def test_another_n_is_not_the_same_setting(groups):
    (table,) = published_genotypes.tables(groups(proposals=3))
    assert not any(cell.note == "the same N, V and order" for row in table.rows for cell in row.cells)


def test_other_searchers_are_not_compared(groups):
    assert published_genotypes.tables(groups(searcher="random_search")) == ()
