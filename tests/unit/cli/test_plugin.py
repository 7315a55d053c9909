"""A package of somebody else, found by its entry points: its items are chosen like ours, without YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.records import Store, method_parts
from tests.children import command

PLUGIN = Path(__file__).resolve().parents[2] / "fixtures" / "plugin"
TINY = ("space=nbmacro", "fidelity=tiny", "batch_size=4")


@pytest.fixture
def call(tmp_path):
    def call(*arguments, module="harness.cli.run", results=True):
        own = [f"results={tmp_path}"] if results else []
        return command(*arguments, *own, module=module, packages=[PLUGIN])

    return call


def records(root):
    return {record.run.method: record for record in Store(root).records()}


def test_proxies_inputs_and_trackers(call, tmp_path):
    asked = ("proxy=foreign,my-proxy", "task.population=4", "input=their_input", "tracker=their_tracker")
    done = call("-m", *TINY, *asked, "tracker.file=my notes.txt")
    assert done.returncode == 0, done.stderr
    found = records(tmp_path)
    assert set(found) == {"foreign", "my-proxy"}
    assert found["my-proxy"].config["proxy"] == {"names": ["my-proxy"]}
    assert found["my-proxy"].run.settings["input"]["name"] == "their_input"
    rows = found["foreign"].rows
    assert (rows["score"] == -rows["params"]).all() or (rows["score"] < 0).all()
    assert sorted((tmp_path / "my notes.txt").read_text().split()) == ["foreign", "my-proxy"]


def test_searchers_and_their_settings(call, tmp_path):
    done = call(
        "-m", TINY[0], "task=search", "searcher=their_search,random_search", "searcher.queries=3", "seed=0,1"
    )
    assert done.returncode == 0, done.stderr
    found = records(tmp_path)
    told = found["their_search"].run.settings
    assert (told["queries"], told["lowest"]) == (3, False)
    assert found["random_search"].run.settings["queries"] == 3
    for setting, words in {
        "searcher.lowest=yes": "searcher.lowest must be true or false; received 'yes'.",
        "searcher.query=1": "Unknown setting 'searcher.query'. Did you mean 'searcher.queries'?",
    }.items():
        done = call(TINY[0], "task=search", "searcher=their_search", setting)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert words in done.stderr


def test_scorers_whose_names_hold_a_dash(call, tmp_path):
    asked = ("task=op_correlation", "task.progressive=false", "scorer=their-scorer", "proxy=my-proxy")
    done = call(*TINY, *asked)
    assert done.returncode == 0, done.stderr
    record = records(tmp_path)["their-scorer-my-proxy"]
    assert record.config["proxy"] == {"names": ["my-proxy"]}
    done = call("--results", str(tmp_path), "--figures", "none", module="harness.cli.report", results=False)
    assert done.returncode == 0, done.stderr
    assert "my-proxy" in (tmp_path / "reports" / "all" / "report.md").read_text(encoding="utf-8")


THEIRS = ("space=their_space", "fidelity=tiny", "batch_size=4")


def test_a_space_with_its_benchmark_and_networks(call, tmp_path):
    for asked in (
        ("-m", "proxy=my-proxy,their_mean", "task.population=all"),
        ("task=op_correlation", "scorer=their-scorer", "proxy=my-proxy"),
        ("-m", "task=search", "searcher=their_search,zero_cost_pt", "proxy=my-proxy"),
        ("task=shrink", "shrinker=their_shrinker", "shrinker.decisions=2"),
    ):
        done = call(*asked[:1], *THEIRS, *asked[1:])
        assert done.returncode == 0, done.stderr
    found = records(tmp_path)
    assert {record.run.label for record in found.values()} == {"cifar10_test_1"}
    assert sorted(found["my-proxy"].rows["accuracy"]) == [60.0, 65.0, 70.0, 80.0]
    assert found["my-proxy"].statistics["score"]["n"] == 4
    assert found["their_mean"].config["proxy"]["of"] == ["params", "flops"]
    assert len(found["their-scorer-my-proxy"].rows) >= 4
    assert found["their_search"].statistics["rank"] == 1
    assert found["their_shrinker"].config["shrinker"] == {"name": "their_shrinker", "decisions": 2}
    assert found["their_shrinker"].statistics["last"]["best"] == 60.0
    done = call("--results", str(tmp_path), "--figures", "none", module="harness.cli.report", results=False)
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "reports" / "all" / "report.md").read_text(encoding="utf-8")
    assert "on their_space" in told


def test_ways_to_train(call, tmp_path):
    lengths = ("training.epochs=1", "training.images=16", "training.batch_size=8", "input=digits")
    done = call(*THEIRS, "task=search", "searcher=darts_pt", "training=their_training", *lengths)
    assert done.returncode == 0, done.stderr
    assert set(records(tmp_path)) == {"darts_pt-on_their_training"}


def test_a_space_without_a_benchmark_is_refused_at_the_start(call, tmp_path):
    done = call("space=untrained")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("harness: Space 'untrained' has no table in ")
    assert not list(tmp_path.iterdir())


def test_of_a_space_without_a_benchmark_a_preset_runs_the_searches(call, tmp_path):
    asked = ("--space", "untrained", "--results", str(tmp_path / "none"), "--jobs", "1", "dry_run=true")
    done = call(*asked, module="harness.cli.bench", results=False)
    assert done.returncode == 0, done.stderr
    assert "untrained search zero_cost_pt-nwot_eval" in done.stdout
    assert "correlation" not in done.stdout
    done = call(*asked, "--preset", "published", module="harness.cli.bench", results=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("harness: The preset published has no runs for untrained")
    assert not list((tmp_path / "none").glob("records"))


def test_spaces_of_ours_do_not_hang_on_theirs(call):
    done = call("--cfg", "job", "searcher=their_search", results=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "queries: 4" in done.stdout
    done = call("--space", "all", "--preset", "fast", module="harness.cli.bench", results=False)
    assert "Unknown preset 'fast'" in done.stderr


@pytest.mark.parametrize(
    ("method", "known", "expected"),
    [
        ("nwot", [], ("nwot",)),
        ("zero_cost_pt-nwot-on_darts", ["nwot"], ("zero_cost_pt", "nwot", "on_darts")),
        ("my-proxy", ["my-proxy", "proxy", "my"], ("my-proxy",)),
        (
            "their-scorer-my-proxy-published",
            ["my-proxy", "their-scorer"],
            ("their-scorer", "my-proxy", "published"),
        ),
        ("a-b-c", ["b-c", "a-b"], ("a-b", "c")),
    ],
)
def test_what_a_method_is_made_of(method, known, expected):
    assert method_parts(method, known) == expected
