"""Methods that read trained supernets, from a config to a record, and what a config says of training."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from harness import benchmarks, records, reports, scorers, searchers, spaces, training
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, RunFailed, UnknownNameError
from harness.evidence import training_of
from harness.runners import RunConfig, duration, execute
from harness.runs.config import Training

SMALLEST = ["training.images=4", "training.batch_size=2"]


@cache
def composed(task: str, space: str, *overrides: str) -> RunConfig:
    small = ["fidelity=tiny", "input=digits", "batch_size=4", "training.epochs=1"]
    small += ["training.images=64", "training.batch_size=16"]
    with composing():
        return run_config([f"task={task}", f"space={space}", *small, *overrides])


def config(root, *overrides: str, task: str = "search", space: str = "nb201") -> RunConfig:
    return replace(composed(task, space, *overrides), results=str(root))


def trained_by(made: RunConfig, method: str) -> RunConfig:
    """The same with another ``training.name``."""
    lengths = {} if method == "none" else made.training
    return replace(made, training={**lengths, "name": method})


def read(outcome) -> dict:
    return json.loads(outcome.path.read_text())


def rows(outcome) -> pd.DataFrame:
    return pd.read_parquet(outcome.path.with_name(read(outcome)["rows"]["file"]))


def checkpoints(root) -> list:
    return sorted((root / "checkpoints").glob("*.pt"))


SCORERS = [name for name in scorers.names() if scorers.load(name).EVIDENCE == "trained"]
SEARCHERS = [name for name in searchers.names() if searchers.load(name).EVIDENCE == "trained"]
LENGTHS = {"epochs": 1, "fine_tuning_epochs": 1, "batch_size": 16, "images": 64}


@pytest.mark.parametrize("name", SCORERS)
@pytest.mark.parametrize("method", ["default", *training.names()])
def test_a_scorer_of_trained_supernets_trains_by_its_own_way_or_the_one_named(name, method, tmp_path):
    made = trained_by(config(tmp_path, f"scorer={name}", task="op_correlation"), method)
    if method == "none":
        with pytest.raises(ConfigError, match=f"scorer={name} reads a trained .* one of darts, darts_sec"):
            training_of(made)
    else:
        assert training_of(made) == Training("darts" if method == "default" else method, **LENGTHS)


@pytest.mark.parametrize("name", SEARCHERS)
def test_so_does_a_searcher(name, tmp_path):
    assert training_of(config(tmp_path, f"searcher={name}")) == Training("darts", **LENGTHS)
    with pytest.raises(ConfigError, match=f"searcher={name} reads a trained .* training=default"):
        training_of(trained_by(config(tmp_path, f"searcher={name}"), "none"))


@pytest.mark.parametrize(
    ("task", "overrides"),
    [
        ("op_correlation", ["scorer=zero_cost_pt"]), ("op_correlation", ["scorer=zero_cost_disc"]),
        ("search", ["searcher=zero_cost_pt"]), ("search", ["searcher=zero_cost_disc"]),
    ],
)  # fmt: skip
def test_a_method_that_reads_a_proxy_trains_only_where_it_is_told_to(task, overrides, tmp_path):
    made = config(tmp_path, *overrides, task=task)
    assert training_of(made) is None
    assert training_of(replace(made, training={"name": "none"})) is None
    assert training_of(trained_by(made, "fixed_alphas")) == Training("fixed_alphas", **LENGTHS)


@pytest.mark.parametrize(
    ("task", "overrides"),
    [
        ("arch_correlation", []),
        ("op_correlation", ["scorer=best_acc"]), ("op_correlation", ["scorer=te_nas"]),
        ("search", ["searcher=random_search"]), ("search", ["searcher=largest"]),
    ],
)  # fmt: skip
def test_methods_that_read_no_supernet_train_none(task, overrides, tmp_path):
    made = config(tmp_path, *overrides, task=task)
    assert training_of(made) is None
    assert training_of(trained_by(made, "darts")) is None


def test_the_fidelity_says_how_long_and_on_how_many_images(tmp_path):
    def asked(*overrides: str) -> Training:
        with composing():
            return training_of(run_config(["task=search", "searcher=darts", *overrides]))

    assert asked("space=nb201") == Training("darts", 100, 5, 64, None)
    assert asked("space=nbmacro") == Training("darts", 50, 5, 64, None)
    assert asked("fidelity=small") == Training("darts", 20, 1, 64, 2000)
    assert asked("fidelity=small", "training.images=all").images is None


def test_variants_of_the_supernet_are_told_where_they_are_no_default(tmp_path):
    made = config(tmp_path, "searcher=darts")
    usual = training_of(made)
    assert usual.settings == {"name": "darts", **LENGTHS}
    older = {name: made.training[name] for name in ("name", *LENGTHS)}
    assert training_of(replace(made, training=older)) == usual
    told = {"convolutions": "xnor", "channel_sampling": 4}
    other = training_of(replace(made, training={**made.training, **told}))
    assert other.settings == {**usual.settings, **told}
    with pytest.raises(UnknownNameError, match=r"training.convolutions 'binary'"):
        training_of(replace(made, training={**made.training, "convolutions": "binary"}))


@pytest.mark.parametrize("setting", ["epochs", "fine_tuning_epochs", "batch_size", "images"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many", None])
def test_lengths_are_positive_integers(setting, value, tmp_path):
    made = config(tmp_path, "searcher=darts")
    allowed = "a positive integer or all" if setting == "images" else "a positive integer"
    with pytest.raises(ConfigError, match=f"training.{setting} must be {allowed}; received {value!r}"):
        training_of(replace(made, training={**made.training, setting: value}))


TASKS = {"operations": "op_correlation", "search": "search"}
REFUSED = [
    ("search", "searcher=darts training.name=dart", "Unknown training 'dart'"),
    ("search", "searcher=darts_pt training.name=none", "reads a trained supernet and received training=none"),
    ("search", "searcher=darts training=fixed_alphas", "darts reads architecture parameters"),
    ("search", "searcher=darts input=noise", "input=noise draws both apart"),
    ("search", "searcher=darts_pt training.batch_size=33", "32 images are fewer than a batch of 33"),
    ("search", "searcher=zero_cost_pt training=darts masking=undiscretised", "received a trained one"),
    ("search", "searcher=darts training.epochs=0", "training.epochs must be a positive integer"),
    ("operations", "scorer=darts training=fixed_alphas", "fixed_alphas leaves them as they are"),
    ("operations", "scorer=zero_cost_pt training=darts input=noise", "input=noise draws both apart"),
    ("operations", "scorer=disc_acc input=noise", "Use input=digits, .* or input=cifar10"),
    (
        "operations",
        "scorer=zero_cost_disc training=fixed_alphas space=nbmacro variant=as_released",
        "received a trained one: use drop",
    ),
]


@pytest.mark.parametrize(("task", "overrides", "message"), REFUSED)
def test_what_cannot_be_is_told_before_anything_is_written(task, overrides, message, tmp_path):
    root = tmp_path / "results"
    for dry in (False, True):
        with pytest.raises((ConfigError, UnknownNameError), match=message):
            execute(replace(config(root, *overrides.split(), task=TASKS[task]), dry_run=dry))
        assert not root.exists()


SHARED = {
    "darts": ["scorer=darts", "task.progressive=true"],
    "zero_cost_pt-nwot_eval-on_darts": ["scorer=zero_cost_pt", "proxy=nwot_eval", "training=darts",
                                        "task.progressive=false"],
    "zero_cost_disc-nwot_eval-on_darts": ["scorer=zero_cost_disc", "proxy=nwot_eval", "training=darts",
                                          "task.progressive=false"],
}  # fmt: skip
PROGRESSIVE = {
    "darts_pt": ["scorer=darts_pt", "task.progressive=true"],
    "disc_acc-on_fixed_alphas": ["scorer=disc_acc", "task.progressive=true", "training=fixed_alphas"],
}
SEARCHES = [
    (space, searcher) for space in ("nb201", "nb1shot1_1", "nbmacro") for searcher in ("darts", "darts_pt")
]


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Every method once, by its name and space: configs and outcomes, and the folder of all."""
    root = tmp_path_factory.mktemp("trained")
    made = {
        (method, "nb201"): config(root, *overrides, task="op_correlation")
        for method, overrides in SHARED.items()
    }
    for method, overrides in PROGRESSIVE.items():
        made[method, "nb201"] = config(root, *overrides, *SMALLEST, task="op_correlation")
    for space, searcher in SEARCHES:
        smallest = [] if (space, searcher) == ("nb201", "darts") else SMALLEST
        made[f"search-{searcher}", space] = config(root, f"searcher={searcher}", *smallest, space=space)
    outcomes = {}
    for key, each in made.items():
        (outcomes[key],) = execute(each)
    return root, made, outcomes


def test_every_method_leaves_a_record_with_its_learning_curve(ended):
    _, made, outcomes = ended
    for (method, space), outcome in outcomes.items():
        record = read(outcome)
        name = method.removeprefix("search-")
        assert (outcome.status, outcome.method, record["status"]) == ("done", name, "ok")
        told = record["statistics"]["training"]
        images = made[method, space].training["images"]
        assert told["images"] == {"train": images // 2, "valid": images // 2}
        (row,) = told["curve"]
        assert set(row) == {"epoch", "rate", "train_loss", "train_accuracy", "valid_accuracy"}
        assert (row["epoch"], row["rate"]) == (0, 0.025)
        assert record["settings"]["training"] == {
            "name": "fixed_alphas" if "fixed" in method else "darts", "epochs": 1, "fine_tuning_epochs": 1,
            "batch_size": made[method, space].training["batch_size"], "images": images,
        }  # fmt: skip
        assert record["settings"]["fidelity"] == "tiny"
        assert record["settings"]["input"]["name"] == "digits"
        on_proxy = method.startswith("zero_cost")
        assert ("masking" in record["settings"]) == ("batch_size" in record["settings"]) == on_proxy
        assert record["config"]["proxy"]["names"] == (["nwot_eval"] if on_proxy else [])


def test_one_supernet_is_trained_once_for_all_that_read_it(ended):
    root, _, _ = ended
    names = [path.name.rsplit("-", 2)[0] for path in checkpoints(root)]
    # Of nb201 one on 64 images, read by four methods, and one on 4, read by two.
    assert names == [
        "nb1shot1_1-darts", "nb201-darts", "nb201-darts", "nb201-fixed_alphas", "nbmacro-darts",
    ]  # fmt: skip


def test_operation_scores_of_trained_supernets_cover_every_open_candidate(ended):
    _, _, outcomes = ended
    for method in ("darts", *PROGRESSIVE):
        found = rows(outcomes[method, "nb201"])
        assert found.groupby("step").size().tolist() == [5 * left for left in range(6, 0, -1)]
        assert (found["status"] == "ok").all()
        assert found["score"].notna().all()
        assert "selected_progressive" in read(outcomes[method, "nb201"])["statistics"]
    for method in sorted(set(SHARED) - {"darts"}):
        assert len(rows(outcomes[method, "nb201"])) == 30


def test_darts_reads_the_same_parameters_in_every_step_and_both_tasks(ended):
    _, _, outcomes = ended
    scores = rows(outcomes["darts", "nb201"])
    for _, each in scores.groupby(["decision", "candidate"]):
        assert each["score"].nunique() == 1
    searched = rows(outcomes["search-darts", "nb201"]).set_index(["decision", "candidate"])["score"]
    first = scores[scores["step"] == 0].set_index(["decision", "candidate"])["score"]
    assert searched.to_dict() == first.to_dict()
    chosen = read(outcomes["darts", "nb201"])["statistics"]["selected"]["arch"]
    assert read(outcomes["search-darts", "nb201"])["statistics"]["arch"] == chosen


def test_searches_ask_no_table_and_are_judged_by_it(ended):
    _, made, outcomes = ended
    for space, searcher in SEARCHES:
        key = (f"search-{searcher}", space)
        found, loaded = read(outcomes[key])["statistics"], spaces.load(space)
        assert found["table_queries"] == 0
        assert (found["evaluations"] == 0) == (searcher == "darts")
        arch = loaded.parse(found["arch"])
        assert found["accuracy"] == benchmarks.load(space).value(arch, made[key].label)
        trace = rows(outcomes[key])
        assert set(trace["stage"]) == {"decision"}
        assert set(trace["decision"]) == {decision.name for decision in loaded.decisions}


def test_a_second_run_is_skipped(ended):
    root, made, outcomes = ended
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    for key, each in made.items():
        (again,) = execute(each)
        assert (again.status, again.path) == ("skipped", outcomes[key].path)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


def test_a_repetition_is_the_same_with_and_without_its_checkpoint(ended, tmp_path):
    _, made, outcomes = ended
    key = ("search-darts_pt", "nbmacro")
    again = replace(made[key], results=str(tmp_path), force=True)
    (anew,) = execute(again)
    (checkpoint,) = checkpoints(tmp_path)
    data = checkpoint.read_bytes()
    (from_checkpoint,) = execute(again)
    assert checkpoint.read_bytes() == data
    checkpoint.unlink()
    (without,) = execute(again)
    assert checkpoint.read_bytes() == data
    repeated = (anew, from_checkpoint, without)
    assert len({outcome.path for outcome in repeated}) == 3
    for outcome in repeated:
        assert read(outcome) == read(outcomes[key])
        pd.testing.assert_frame_equal(rows(outcome), rows(outcomes[key]))


@pytest.mark.parametrize(
    ("key", "alone"),
    [
        (("search-darts_pt", "nb201"), False),
        (("darts", "nb201"), False),
        (("zero_cost_pt-nwot_eval-on_darts", "nb201"), True),
    ],
)
def test_what_ran_before_does_not_change_a_record(ended, key, alone, tmp_path):
    """Among the checkpoints and records of others, and in a folder of its own."""
    _, made, outcomes = ended
    again = replace(made[key], results=str(tmp_path)) if alone else replace(made[key], force=True)
    (outcome,) = execute(again)
    assert outcome.path != outcomes[key].path
    assert read(outcome) == read(outcomes[key])
    pd.testing.assert_frame_equal(rows(outcome), rows(outcomes[key]))


def test_the_report_takes_these_records(ended, tmp_path):
    root, _, outcomes = ended
    reports.build(root, tmp_path / "report", formats=())
    text = (tmp_path / "report" / "report.md").read_text()
    for method in (*SHARED, *PROGRESSIVE):
        assert method in text
    assert len(list(records.Store(root).records())) >= len(outcomes)


def test_a_damaged_checkpoint_fails_the_run_and_is_left_alone(ended, tmp_path):
    _, made, _ = ended
    again = replace(made["search-darts", "nbmacro"], results=str(tmp_path))
    execute(again)
    (checkpoint,) = checkpoints(tmp_path)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
    data = checkpoint.read_bytes()
    with pytest.raises(RunFailed, match=r"\.pt is damaged"):
        execute(replace(again, force=True))
    assert checkpoint.read_bytes() == data
    assert sorted(record.status for record in records.Store(tmp_path).records()) == ["failed", "ok"]


@pytest.mark.parametrize(
    ("task", "overrides"),
    [
        ("op_correlation", ["scorer=disc_acc"]),
        ("op_correlation", ["scorer=zero_cost_pt", "training=darts"]),
        ("search", ["searcher=darts_pt"]),
        ("search", ["searcher=zero_cost_pt", "training=fixed_alphas"]),
        ("op_correlation", ["scorer=zero_cost_pt"]),
    ],
)
def test_a_dry_run_tells_the_time_and_leaves_nothing(task, overrides, tmp_path):
    root = tmp_path / "results"
    (outcome,) = execute(config(root, *overrides, *SMALLEST, "dry_run=true", task=task, space="nbmacro"))
    assert outcome.status == "planned"
    assert not root.exists()
    trains = "training" in " ".join(overrides) or "zero_cost" not in " ".join(overrides)
    expected = (
        r"about \d+ s on cpu, threads=1: 1 epochs, \d+ accuracies, \d+ times 1 epochs"
        if trains
        else ("no estimate, since no other seed has run")
    )
    assert pd.Series([outcome.headline]).str.match(expected).all(), outcome.headline
    assert not outcome.path.exists()


def test_a_dry_run_of_what_is_there_says_so(ended):
    _, made, outcomes = ended
    key = ("search-darts", "nb201")
    (outcome,) = execute(replace(made[key], dry_run=True))
    assert (outcome.status, outcome.path) == ("skipped", outcomes[key].path)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (3600, "60 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
        (86400, "24.0 h"),
    ],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words
