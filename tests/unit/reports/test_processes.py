"""A report that several processes make is the one that a single process makes."""

from __future__ import annotations

import json
import multiprocessing
import shutil

import pytest

from harness import reports
from harness.cli.report import main
from harness.errors import ResultsError
from harness.processes import helpers
from harness.processes.helpers import Helpers
from harness.reports.analysis import groups
from harness.reports.analysis.groups import collect


@pytest.fixture
def eager(monkeypatch):
    """Other processes take part in everything, one record, section or figure at a time."""
    monkeypatch.setattr(helpers, "PAYS", 1e-9)
    monkeypatch.setattr(groups, "AT_A_TIME", 1)


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_byte_is_the_same(figures, eager, drawn, tmp_path, monkeypatch):
    root, alone = tmp_path / "results", figures.report.paths["page"].parent
    shutil.copytree(figures.results.root, root)
    (root / "reports" / ".checked").unlink()
    monkeypatch.setattr(helpers, "cores", lambda: 3)
    assert main(["--results", str(root), "--out", str(tmp_path / "three")]) == 0
    assert files(tmp_path / "three") == files(alone)
    assert len(files(alone / "figures")) == 1 + 3 * len(figures.report.charts)
    assert not multiprocessing.active_children()


def test_the_first_damaged_record_is_told(filled, eager, quick_pool):
    paths = list(filled.store.paths())
    for path in paths[2:5]:
        path.write_text("[]")
    for count in (0, 2):
        with Helpers(count) as others, pytest.raises(ResultsError, match="is damaged") as error:
            collect(filled.root, helpers=others)
        assert str(paths[2]) in str(error.value)


def test_what_runs_share_is_kept_once_whoever_read_it(results, eager, quick_pool):
    for seed in range(4):
        results.arch("nwot", seed)
        results.arch("snip", seed, noise=3.0)
    results.search(seed=2, accuracy=92.0), results.search(seed=1)
    with Helpers(2) as others:
        found = collect(results.root, helpers=others)
    alone = collect(results.root)
    assert [group.results for group in found] == [group.results for group in alone]
    nwot, snip, search = found
    assert len({id(result.architectures) for group in (nwot, snip) for result in group.results}) == 1
    assert search.rows.equals(alone[2].rows)
    assert search.seeds == [1, 2]


def test_figures_that_stay_are_not_drawn_again(filled, eager, quick_pool, tmp_path):
    out = tmp_path / "report"
    reports.build(filled.root, out, processes=2)
    before = files(out)
    index = out / "figures" / "drawn.json"
    names = json.loads(index.read_text())
    index.write_text(json.dumps(names | {min(names): "another"}))
    told = []
    reports.build(filled.root, out, processes=2, progress=lambda *each: told.append(each))
    assert told == [("figures", len(names) - 1, len(names))]
    assert files(out) == before
