"""Records of all three tasks in a temporary results folder."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
import pytest

from harness import reports, stats
from harness.processes import helpers
from harness.records import Run, Store
from harness.reports.render import plotted, printed

SHARED = {"batch_size": 64, "input": {"name": "noise", "digest": "cd" * 32}, "truth": "ab" * 32}
PROVENANCE = {
    "commit": "c0ffee",
    "dirty": False,
    "device": "cpu",
    "processor": "a CPU",
    "versions": {"torch": "2"},
}


def architectures(seed=0, method="nwot", count=60, noise=1.0, failures=0, population=0):
    """Rows of an arch_correlation run; the population is drawn with ``population``, not with the seed."""
    rng = np.random.default_rng(population)
    accuracy = np.round(rng.normal(90, 2, count), 2)
    rows = pd.DataFrame({"arch": [f"{population}-{index}" for index in range(count)], "accuracy": accuracy})
    own = np.random.default_rng([seed, sum(map(ord, method))])
    rows["score"] = accuracy + own.normal(0, noise, count)
    rows["status"], rows["reason"] = "ok", None
    rows.loc[: failures - 1, ["score", "status", "reason"]] = np.nan, "disconnected", "no path"
    rows["params"] = rng.integers(1000, 9000, count)
    rows["flops"] = rows["params"] * 2.5 + rng.integers(0, 2000, count)
    rows["operations"] = rng.integers(0, 6, count)
    return rows


def arch_statistics(rows, runs=True):
    single = None
    if runs:
        accuracy = rows["accuracy"].to_numpy()[:, None]
        single = accuracy + np.random.default_rng(9).normal(0, 0.5, (len(rows), 2))
    return {
        **stats.architecture_agreement(rows, resamples=50),
        "ceiling": stats.ceiling(single),
        "population": {"sampled": len(rows), "distinct": True, "space_size": 1000},
    }


def operations(seed=0, steps=3):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [
            {
                "step": step,
                "decision": f"edge {d}",
                "candidate": f"op {c}",
                "kind": "operation",
                "status": "ok",
            }
            for step in range(steps)
            for d in range(step, 3)
            for c in range(4)
        ]
    )
    for name in ("score", "best_acc", "avg_acc", "best_acc_remaining", "avg_acc_remaining"):
        rows[name] = rng.normal(90, 1, len(rows))
    return rows


def outcome(accuracy):
    return {
        "arch": "a",
        "accuracy": accuracy,
        "rank": 7,
        "size": 1000,
        "best_accuracy": 94.0,
        "regret": 94.0 - accuracy,
    }


class Results:
    """A results folder and short ways to fill it."""

    def __init__(self, root):
        self.root = root
        self.store = Store(root)

    def write(self, task, method, seed, rows, statistics, space="toy", status="ok", reason=None, **settings):
        run = Run(task, space, "accuracy", method, seed, SHARED | settings)
        return self.store.write(run, status, reason, rows, statistics, PROVENANCE, {}, {"seconds": 1.0})

    def arch(self, method="nwot", seed=0, runs=True, space="toy", settings=None, **changes):
        rows = architectures(seed, method, **changes)
        return self.write(
            "arch_correlation", method, seed, rows, arch_statistics(rows, runs), space, **(settings or {})
        )

    def op(self, method="zero_cost_pt-nwot", seed=0, steps=3, space="toy", **settings):
        rows = operations(seed, steps)
        statistics = stats.operation_agreement(rows) | {"selected": outcome(92.0 + seed)}
        if steps > 1:
            statistics["selected_progressive"] = outcome(93.0)
        return self.write(
            "op_correlation", method, seed, rows, statistics, space, **{"proxy": "nwot"} | settings
        )

    def search(self, method="zero_cost_pt-nwot", seed=0, accuracy=93.0, rows=None, space="toy", **settings):
        if rows is None:
            rows = pd.DataFrame({"stage": ["proposal"], "arch": ["a"], "score": [1.0], "status": ["ok"]})
        statistics = outcome(accuracy) | {"evaluations": 20, "table_queries": 0, "proposals_distinct": 1}
        return self.write("search", method, seed, rows, statistics, space, **settings)

    def fail(self, method="fisher", seed=0, task="arch_correlation", reason="out of memory"):
        return self.write(task, method, seed, pd.DataFrame(), {}, status="failed", reason=reason)


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


@pytest.fixture
def filled(results):
    return fill(results)


def fill(results):
    for seed in range(3):
        results.arch("nwot", seed, failures=4)
        results.arch("snip", seed, noise=4.0)
        results.op(seed=seed)
        results.search(seed=seed, accuracy=93.0 + seed / 10)
        results.search("random_search", seed, accuracy=91.0 + seed / 10)
    results.arch("nwot", 0, space="other", runs=False)
    return results


@dataclass(frozen=True)
class Drawn:
    """A report with its figures, and matplotlib's settings before and after it was made."""

    results: Results
    report: reports.Report
    before: dict
    after: dict


@pytest.fixture(scope="session")
def figures(tmp_path_factory):
    root = tmp_path_factory.mktemp("figures")
    results, before = fill(Results(root / "results")), dict(matplotlib.rcParams)
    report = reports.build(results.root, root / "a")
    return Drawn(results, report, before, dict(matplotlib.rcParams))


@pytest.fixture
def drawn():
    """Asked for by tests that need the figures and the page's library themselves."""


@pytest.fixture(autouse=True)
def _quick(request, monkeypatch):
    """Stand-ins for rendered figures and Plotly wherever only their place in the report is looked at."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(printed, "printed", lambda chart, formats: dict.fromkeys(formats, b"a figure"))
        monkeypatch.setattr(plotted, "library", lambda: "// Plotly")
        monkeypatch.setattr(helpers, "cores", lambda: 1)  # others would know of no stand-ins
