"""Truth that is measured here: trained once, kept, found again, in any task; and what cannot be."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from harness import records, reports, spaces
from harness.benchmarks import Recipe
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, DataError, HarnessError, RunFailed
from harness.processes import children
from harness.reports.analysis.groups import collect
from harness.reports.findings.following import command
from harness.runners import RunConfig, execute
from harness.runs import _measurer, _trainer
from tests.children import CHILDREN

TINY = (
    "input=digits", "truth=train", "truth.fidelity=tiny", "truth.image_size=8", "truth.images=64",
    "truth.epochs=2", "fidelity=tiny", "batch_size=4", "device=cpu", "proxy=params",
)  # fmt: skip
LABEL = "trained_digits_4channels_3layers_8px_64images_2epochs_batch32_sgd0.025_seed0"


@cache
def composed(*overrides: str) -> RunConfig:
    with composing():
        return run_config([*TINY, *overrides])


def config(root, *overrides: str, space: str = "darts_s2") -> RunConfig:
    return replace(composed(f"space={space}", *overrides), results=str(root))


def run(root, *overrides: str, space: str = "darts_s2"):
    (outcome,) = execute(config(root, *overrides, space=space))
    return outcome


def record(outcome):
    return records.read_record(outcome.path)


def kept(root) -> dict[str, bytes]:
    """Every file below ``truth`` but for how long it took."""
    files = [path for path in sorted((root / "truth").rglob("*")) if path.is_file()]
    return {path.name: path.read_bytes() for path in files if not path.name.endswith(".timing.json")}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A results folder with the truth of two genotypes."""
    root = tmp_path_factory.mktemp("truth")
    return root, run(root, "task.population=2")


@pytest.fixture
def no_training(monkeypatch):
    def fails(*_, **__):
        raise AssertionError("something is trained again")

    monkeypatch.setattr(_trainer, "fit_network", fails)


def test_a_space_without_a_table_is_ranked_by_what_was_trained(done):
    root, outcome = done
    found = record(outcome)
    assert (outcome.status, found.run.label) == ("done", LABEL)
    figures = [json.loads(data)["content"] for name, data in kept(root).items() if name.endswith(".json")]
    by_name = {figure["of"]["architecture"]: figure["accuracy"] for figure in figures}
    space = spaces.load("darts_s2")
    for arch, accuracy in zip(found.rows["arch"], found.rows["accuracy"], strict=True):
        assert by_name[space.canonical(space.parse(arch))] == accuracy
    assert not [name for name in kept(root) if name.endswith((".pt", ".lock"))]


def test_the_identity_and_the_config_hold_the_recipe(done):
    _, outcome = done
    found = record(outcome)
    recipe = Recipe.of_settings(found.run.settings["measured"])
    assert recipe.name == LABEL
    assert (recipe.input, recipe.images, recipe.epochs, recipe.seeds) == ("digits", 64, 2, [0])
    assert found.config["truth"]["name"] == "train"
    assert found.provenance["truth_digest"] == found.run.settings["truth"]


def test_what_was_done_is_skipped_and_another_proxy_finds_the_figures(done, no_training):
    root, _ = done
    assert run(root, "task.population=2").status == "skipped"
    assert run(root, "task.population=2", "proxy=flops").status == "done"


@pytest.mark.slow
def test_several_workers_train_the_same(done, tmp_path, monkeypatch):
    root, outcome = done
    monkeypatch.setattr(children.multiprocessing, "get_context", lambda _: CHILDREN)
    monkeypatch.setattr(_measurer, "POLL_SECONDS", 0.02)
    again = run(tmp_path, "task.population=2", "workers=2")
    assert kept(tmp_path) == kept(root)
    assert again.path.read_bytes() == outcome.path.read_bytes()


class Killed(BaseException):
    """What no code of the project expects."""


@pytest.mark.parametrize("after", [1, *(pytest.param(steps, marks=pytest.mark.slow) for steps in (2, 3))])
def test_a_training_that_was_cut_off_ends_with_the_same_bytes(done, tmp_path, monkeypatch, after):
    root, outcome = done
    fit, ticks = _trainer.fit_network, []

    def dies(*arguments, **more):
        *first, tick, origin = arguments

        def counting():
            ticks.append(tick())
            if len(ticks) > after:
                raise Killed

        return fit(*first, counting, origin, **more)

    with monkeypatch.context() as patch:
        patch.setattr(_trainer, "fit_network", dies)
        with pytest.raises(Killed):
            run(tmp_path, "task.population=2")
    assert any(name.endswith(".pt") for name in kept(tmp_path)) == (after != 2)  # within an epoch, or not
    run(tmp_path, "task.population=2")
    assert kept(tmp_path) == kept(root)
    assert [path.read_bytes() for path in tmp_path.rglob("seed=0/*.json") if "timing" not in path.name] == [
        outcome.path.read_bytes()
    ]


def test_two_seeds_are_two_runs_and_a_ceiling(tmp_path, done, monkeypatch):
    root, _ = done
    for path in (root / "truth").rglob("*.json"):
        target = tmp_path / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    trained = []
    fit = _trainer.fit_network
    monkeypatch.setattr(_trainer, "fit_network", lambda *asked: trained.append(1) or fit(*asked))
    found = record(run(tmp_path, "task.population=2", "truth.seeds=2"))
    assert len(trained) == 2  # those of the first seed were there
    assert found.statistics["ceiling"]["runs"] == 2
    assert found.run.label == LABEL.replace("seed0", "seeds0-1")


def test_a_dry_run_counts_trainings_and_writes_nothing(tmp_path):
    outcome = run(tmp_path, "task.population=3", "truth.seeds=2", "dry_run=true", "workers=2")
    assert outcome.status == "planned"
    assert re.match(r"6 trainings of \d+ s for the truth, about \d+ s with workers=2", outcome.headline)
    assert list(tmp_path.iterdir()) == []
    searched = run(tmp_path, "task=search", "searcher=random_search", "searcher.queries=4", "dry_run=true")
    assert searched.headline.startswith("5 trainings of ")


LISTED = ("truth.architectures=3", "truth.epochs=1")
OPERATIONS = ("task=op_correlation", "scorer=avg_acc", "task.progressive=false", *LISTED)


@pytest.mark.parametrize(
    "task",
    [
        ("task=search", "searcher=random_search", "searcher.queries=2", "truth.epochs=1"),
        ("task=shrink", "shrinker=random_drop", *LISTED),
        pytest.param(OPERATIONS, marks=pytest.mark.slow),
        pytest.param(("task.population=all", *LISTED), marks=pytest.mark.slow),
    ],
    ids=lambda task: " ".join(task[:2]),
)
def test_it_serves_in_any_task(task, tmp_path_factory):
    root = tmp_path_factory.getbasetemp() / "tasks"
    root.mkdir(exist_ok=True)  # shared, so that the three are trained once
    space = "nb201" if task[0] == "task=op_correlation" else "darts_s2"  # three of it have every edge
    found = record(run(root, *task, space=space))
    assert found.status == "ok"
    if task[0] == "task=search":
        assert 0 <= found.statistics["accuracy"] <= 100
        assert found.statistics["rank"] is None
        assert found.statistics["published_size_params"] > 1e6
    if task[0] == "task=shrink":
        assert found.statistics["steps"][0]["architectures"] == 3
    if task[0] == "task.population=all":
        assert len(found.rows) == 3


@pytest.mark.slow
@pytest.mark.parametrize("space", spaces.names())
def test_every_space_has_it(space, tmp_path):
    found = record(run(tmp_path, "task.population=2", "truth.epochs=1", "truth.image_size=16", space=space))
    assert np.isfinite(found.rows["accuracy"]).all()


# --- what cannot be ----------------------------------------------------------------------------------------

REFUSED = [
    (["label=cifar10_test_200"], "measures a label of its own, .*: leave label out; received label=cifar10"),
    (["truth.epochs=0"], "truth.epochs must be a positive integer; received 0"),
    (["truth.rate=0"], "truth.rate must be a positive number; received 0"),
    (["truth.batch_size=1"], "truth.batch_size must be an integer from 2 to"),
    (["truth.input=digit"], "Unknown truth.input 'digit'. Did you mean 'digits'"),
    (["truth.kept=all"], "Unknown truth.kept 'all'. Allowed: any, same."),
    (["truth.epoch=3"], "Unknown setting 'truth.epoch'. Did you mean 'truth.epochs'"),
    (["task.population=all"], "task.population=all needs the truth of all .* 8,697,308,774,400 of darts_s2"),
    (["task=op_correlation", "scorer=zero_cost_pt"], "task=op_correlation needs the truth of all archite"),
    (["task=shrink"], "task=shrink needs the truth of all architectures, .* like truth.architectures=20"),
]


@pytest.mark.parametrize(("overrides", "sentence"), REFUSED)
def test_what_cannot_be_measured_is_refused_before_anything_runs(overrides, sentence):
    with pytest.raises(HarnessError, match=sentence):
        composed("space=darts_s2", *overrides)


UNFIT = [
    (["truth.images=1798"], "truth.images=1798 are more than the 1,797 that input digits has; take fewer"),
    (["truth.images=60"], "30 images are fewer than a batch of 32; take more with truth.images"),
    (["truth.input=noise"], "input=noise draws both apart"),
    (["truth.fidelity=big"], "Unknown truth.fidelity of darts_s2 'big'"),
    (["truth.image_size=4"], "needs an image size of at least 8; received 4"),
    (["truth.classes=3"], "needs a network with at least 10 classes; received 3"),
    (["truth.architectures=3", "task.population=4"], "truth.architectures=3 are known, so that task.pop"),
]


@pytest.mark.parametrize(("overrides", "sentence"), UNFIT)
def test_what_the_input_cannot_give_is_refused(overrides, sentence, tmp_path):
    with pytest.raises(ConfigError if "big" not in sentence else HarnessError, match=sentence):
        run(tmp_path, *overrides)
    assert not list(tmp_path.rglob("*.json"))


def test_binary_networks_are_another_truth(done, tmp_path):
    asked = ("truth.convolutions=xnor", "truth.epochs=1", "task.population=1")
    found = record(run(tmp_path, *asked, space="nb201"))
    assert (
        found.run.label == "trained_digits_4channels_1cells_xnor_8px_64images_1epochs_batch32_sgd0.025_seed0"
    )
    assert found.run.settings["measured"]["convolutions"] == "xnor"
    (figure,) = (
        json.loads(data)["content"] for name, data in kept(tmp_path).items() if name.endswith("json")
    )
    assert figure["of"]["convolutions"] == "xnor"
    assert "convolutions" not in record(done[1]).run.settings["measured"]
    with pytest.raises(ConfigError, match="nb101 do not say which of their convolutions may be binary"):
        run(tmp_path, *asked, space="nb101")


@pytest.mark.slow
def test_networks_without_a_number_of_cells_are_told_of(tmp_path):
    with pytest.raises(ConfigError, match="Networks of nbmacro have no number of cells to choose"):
        run(tmp_path, "truth.cells=3", space="nbmacro")
    run(tmp_path, "truth.channels=2", "truth.cells=2", "truth.epochs=1", "task.population=2")
    (label,) = (tmp_path / "records" / "arch_correlation" / "darts_s2").iterdir()
    assert label.name.startswith("trained_digits_2channels_2layers_")


def changed(path, change) -> None:
    """Change what a figure says, and sign it anew."""
    from harness.runs import _kept

    content = json.loads(path.read_text())["content"]
    change(content)
    path.write_text(json.dumps({"sha256": _kept._digest(content), "content": content}))


DAMAGES = [
    (lambda path: path.write_text(path.read_text().replace("accuracy", "accurac")), "is damaged .* move it"),
    (lambda path: path.write_text(""), "is damaged"),
    (
        lambda path: changed(path, lambda each: each["of"].update(seed=7)),
        "holds another training than its name says; move it away, and it is trained again",
    ),
    (lambda path: changed(path, lambda each: each.update(accuracy="high")), "does not hold a figure"),
    (
        lambda path: changed(path, lambda each: each["made"]["versions"].update(torch="1.0")),
        r"was made with other versions.torch; take it all the same with truth.kept=any, or name another",
    ),
]


@pytest.mark.parametrize(("damage", "sentence"), DAMAGES)
def test_a_figure_that_is_of_no_use_is_told_of_and_nothing_is_lost(damage, sentence, done, tmp_path):
    root, _ = done
    for path in sorted((root / "truth").rglob("*.json")):
        target = tmp_path / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    first = next(path for path in sorted(tmp_path.rglob("*.json")) if "timing" not in path.name)
    damage(first)
    before = kept(tmp_path)
    with pytest.raises((DataError, RunFailed), match=sentence):
        run(tmp_path, "task.population=2")
    assert kept(tmp_path) == before
    if "kept=any" in sentence:
        found = record(run(tmp_path, "task.population=2", "truth.kept=any"))
        assert found.run.settings["measured"]["kept"] == "any"


# --- reports -----------------------------------------------------------------------------------------------


def test_a_report_says_the_fidelity_and_keeps_published_errors_apart(tmp_path):
    run(tmp_path, "task=search", "searcher=random_search", "searcher.queries=2", "truth.epochs=1")
    report = reports.build(tmp_path, tmp_path / "report", formats=())
    (section,) = (each for each in report.sections if each.task == "search")
    assert (
        "trained here at a small fidelity and not a published figure: 4 channels, 3 layers" in section.words
    )
    table = next(each for each in section.tables if each.title.startswith("Published test errors"))
    titles = [column.title for column in table.columns]
    error, here = titles.index("Published test error, %"), titles.index("Accuracy here, %")
    for row in table.rows:
        assert bool(row.cells[error].text) != bool(row.cells[here].text)
    assert {row.cells[0].text for row in table.rows} >= {"random_search", "DARTS", "DARTS-PT"}
    found = section.tables[0]
    assert "the best architecture is not known" in found.caption[0]
    assert not [row for row in found.rows if row.kind == "reference"]


def test_the_command_that_a_report_shows_is_the_same_run(done, no_training):
    root, _ = done
    (group,) = (each for each in collect(root) if each.method == "params")
    shown = shlex.split(command(group, [0]))[2:]
    with composing():
        again = run_config([*shown, "device=cpu"])
    assert [outcome.status for outcome in execute(replace(again, results=str(root)))] == ["skipped"]


def test_the_best_of_a_partial_benchmark_is_the_best_that_is_known(tmp_path):
    with composing():
        asked = run_config(["task=search", "searcher=largest", "space=darts", f"results={tmp_path}"])
    execute(asked)
    report = reports.build(tmp_path, tmp_path / "report", formats=())
    found = report.sections[0].tables[0]
    assert [row.cells[0].text for row in found.rows if row.kind == "reference"] == ["best that is known"]


def test_measured_truth_stands_beside_the_tables(tmp_path):
    run(tmp_path, "task.population=3", "truth.epochs=1", space="darts")
    report = reports.build(tmp_path, tmp_path / "report", formats=())
    table = next(each for each in report.tables if each.title == "The truth measured here beside the table's")
    compared = {row.cells[0].text: row.cells[3].text for row in table.rows}
    assert compared["cifar10_test_600_mean_last10"] == "3"
    assert compared["cifar10_test_600_sgas"] == "0"
