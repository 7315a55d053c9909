"""What a notebook calls gives what the command line gives."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import harness
from harness import proxies, stats
from harness.errors import ConfigError, UnknownNameError
from harness.records import Store

SEARCH = {"space": "nbmacro", "searcher": "random_search"}


def test_a_run_is_the_command_lines(tmp_path):
    records = harness.run("search", "searcher.queries=3", **SEARCH, seed=[0, 1], results=str(tmp_path))
    assert [(each.run.seed, each.run.settings["queries"]) for each in records] == [(0, 3), (1, 3)]
    written = {record.path: record.path.read_bytes() for record in records}
    again = harness.run("search", "searcher.queries=3", **SEARCH, seed=(0, 1), results=tmp_path)
    assert {record.path: record.path.read_bytes() for record in again} == written
    assert {record.path for record in Store(tmp_path).records()} == set(written)


def test_results_are_a_frame_of_every_number(tmp_path):
    (record,) = harness.run("search", "searcher.queries=3", **SEARCH, results=tmp_path)
    frame = harness.load_results(tmp_path)
    assert set(frame["identity"]) == {record.run.identity}
    found = frame.set_index("statistic")["value"]
    assert found["accuracy"] == record.statistics["accuracy"]
    assert found["table_queries"] == 3
    assert harness.load_results(tmp_path / "records" / "none").empty


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"space": "nb2O1"}, "nb201"),
        ({"seed": []}, "seed is an empty list"),
        ({"sed": 0}, "seed"),
        ({"seed": "x"}, "seed=x"),
    ],
)
def test_bad_input_is_the_command_lines_sentence(settings, words, tmp_path):
    with pytest.raises((ConfigError, UnknownNameError), match=words):
        harness.run("search", **SEARCH | settings, results=tmp_path)


def test_scores_and_agreement_are_the_layers_own():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5))
    batch = torch.randn(4, 3, 8, 8), torch.randint(5, (4,))
    found = harness.score(network, batch, ["nwot", "synflow"], seed=1)
    same = proxies.measure(network, batch, ["nwot", "synflow"], 1)
    assert {name: each.value for name, each in found.items()} == {n: e.value for n, e in same.items()}
    rng = np.random.default_rng(0)
    scores, truth, params = rng.normal(size=(3, 40))
    assert harness.rank_agreement(scores.tolist(), truth, params) == stats.agreement(
        scores, truth, params=params
    )


def test_importing_loads_neither_torch_nor_pandas():
    code = (
        "import sys, harness; harness.run; sys.exit(any(name in sys.modules for name in ('torch', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'runs_'"):
        _ = harness.runs_
