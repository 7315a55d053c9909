"""The trace of a search as a figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness import spaces
from harness.reports.analysis.groups import collect
from harness.reports.charts import trace
from harness.reports.render import printed

COLUMNS = (
    "stage", "index", "step", "decision", "candidate", "arch", "score", "accuracy", "status", "reason",
)  # fmt: skip


def rows(space="nb201", totals=3, lost=False):
    """A trace of two stages, decisions made from the last to the first."""
    rng = np.random.default_rng(0)
    made = [
        {"stage": "proposal", "index": index, "step": step, "decision": decision.name, "candidate": name}
        | {"score": rng.normal(), "status": "ok"}
        for index in range(2)
        for step, decision in enumerate(reversed(spaces.load(space).decisions))
        for name in decision.candidates
    ]
    if lost:
        made[0] |= {"score": None, "status": "nan", "reason": "no finite score"}
    made += [{"stage": "total", "index": 2 * i, "score": 10.0 - i, "status": "ok"} for i in range(totals)]
    return pd.DataFrame(made, columns=list(COLUMNS))


def drawn_from(results, **changes):
    results.search(rows=rows(**changes), space=changes.get("space", "nb201"))
    (group,) = collect(results.root)
    return trace.trace(group, [group], "a test set")


def test_decisions_in_the_order_in_which_they_were_made(results):
    chart = drawn_from(results)
    names = [decision.name for decision in reversed(spaces.load("nb201").decisions)]
    *decisions, validation = chart.panels
    assert [panel.title for panel in decisions] == [f"{n}. {name}" for n, name in enumerate(names, 1)]
    for panel in decisions:
        taken, left = panel.series
        assert (len(taken.x), len(left.x), len(panel.y_names)) == (1, 4, 5)
        assert max(left.x) < taken.x[0]
    best, others = validation.series
    assert (list(best.x), list(best.y)) == ([1], [10.0])
    assert (list(others.x), list(others.y)) == ([3, 5], [9.0, 8.0])
    assert "3 distinct proposals" in chart.caption
    assert "Label accuracy (a test set); seed 0, which found a (93.00 %)" in chart.caption


@pytest.mark.parametrize(
    ("scores", "picks", "expected"),
    [
        ([1.0, 3.0, 2.0], 1, [1]),
        ([3.0, 3.0, 2.0], 1, [0]),
        ([np.nan, 1.0, 2.0], 2, [2, 1]),
    ],
)
def test_the_filled_dots_are_what_was_chosen(scores, picks, expected):
    table = pd.DataFrame({"score": scores, "candidate": ["a", "b", "c"]})
    panel = trace._decision("1. x", table, picks)
    assert sorted(panel.series[0].y) == sorted(expected)
    assert sorted([*panel.series[0].y, *panel.series[1].y]) == [0, 1, 2]
    assert not panel.series[0].hollow
    assert panel.series[1].hollow
    assert [name.endswith("(no score)") for name in panel.y_names] == list(np.isnan(scores))


@pytest.mark.parametrize("changes", [{}, {"totals": 0}, {"lost": True}, {"space": "nb1shot1_1"}])
def test_drawn(results, drawn, changes):
    chart = drawn_from(results, **changes)
    assert printed.printed(chart, ["png"])["png"].startswith(b"\x89PNG")
    if changes.get("totals") == 0:
        assert "nothing to validate" in chart.caption


def decided(rounds=1):
    """A trace of a search on a trained supernet; each decision made in so many rounds."""
    rng = np.random.default_rng(0)
    made = [
        {"stage": "decision", "step": step, "decision": decision.name, "candidate": name}
        | {"score": rng.normal(), "status": "ok"}
        for step, decision in enumerate(spaces.load("nb201").decisions)
        for _ in range(rounds)
        for name in decision.candidates
    ]
    return pd.DataFrame(made, columns=list(COLUMNS))


def test_a_trained_supernets_decisions_are_drawn_without_talk_of_proposals(results):
    results.search(rows=decided(), space="nb201")
    (group,) = collect(results.root)
    figure = trace.trace(group, [group], "")
    assert "trained supernet" in figure.alternative
    assert "proposal" not in figure.caption + figure.alternative


def test_decisions_made_in_rounds_are_not_drawn(results):
    results.search(rows=decided(rounds=2), space="nb201")
    (group,) = collect(results.root)
    assert trace.trace(group, [group], "") is None


def test_searches_without_operation_scores_have_none(results):
    results.search("random_search", space="nb201")
    (group,) = collect(results.root)
    assert trace.trace(group, [group], "") is None


def test_nor_have_those_on_a_space_that_is_not_installed(results):
    results.search(rows=rows(), space="toy")
    (group,) = collect(results.root)
    assert trace.trace(group, [group], "") is None
