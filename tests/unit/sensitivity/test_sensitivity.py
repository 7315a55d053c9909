"""The sensitivity study: which groups make a table, and what the tables say."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from harness.cli._compose import composing, run_configs
from harness.cli.sensitivity import main
from harness.errors import ResultsError
from harness.reports.analysis.groups import collect
from harness.sensitivity.studies import BASELINES, studies
from harness.sensitivity.text import markdown as markdown_of
from harness.sensitivity.text import write_sensitivity

METHOD = "zero_cost_pt-nwot_eval"
SCORING, SEARCH, ONE = (
    {**baseline.settings, "input": {"name": "noise", "digest": "cd" * 32}} for baseline in BASELINES
)


def scores(results, seeds=(0, 1), **changes):
    for seed in seeds:
        results.op(METHOD, seed, steps=1, space="nb201", **SCORING | changes)


def searches(results, accuracy=93.0, seeds=(0, 1), base=SEARCH, **changes):
    for seed in seeds:
        results.search(METHOD, seed, accuracy + seed, space="nb201", **base | changes)


def found(results):
    return {(each.baseline.title, each.factor): each for each in studies(collect(results.root))}


def test_one_setting_at_a_time(results):
    scores(results)
    scores(results, batch_size=16)
    scores(results, batch_size=128)
    scores(results, masking="zeros")
    scores(results, masking="zeros", batch_size=128)
    scores(results, input={"name": "digits", "digest": "ee" * 32})
    scores(results, truth="ef" * 32, proxy="nwot")
    studied = found(results)
    assert {factor for _, factor in studied} == {"batch_size", "masking", "input"}
    by_factor = {factor: each for (_, factor), each in studied.items()}
    values = {factor: list(map(each.value_words, each.ordered)) for factor, each in by_factor.items()}
    assert values["batch_size"] == ["16", "64", "128"]
    assert values["masking"] == ["drop", "zeros"]
    assert values["input"] == ["noise", "digits"]


def test_a_precision_that_is_not_said_is_float32(results):
    scores(results)
    scores(results, precision="bfloat16")
    ((_, factor),) = found(results)
    assert factor == "precision"
    (study,) = found(results).values()
    assert list(map(study.value_words, study.ordered)) == ["float32", "bfloat16"]
    assert " precision=float32,bfloat16 " in study.command


def test_another_table_is_another_truth(results):
    scores(results)
    scores(results, truth="ef" * 32)
    scores(results, truth="ef" * 32, masking="zeros")
    ((_, factor),) = found(results)
    assert factor == "masking"


def test_one_proposal_keeps_its_numbers(results):
    searches(results)
    searches(results, proposals=2)
    searches(results, base=ONE)
    searches(results, proposals=10, base=ONE)
    searches(results, order="fixed", base=ONE)
    assert set(found(results)) == {
        (BASELINES[1].title, "proposals"), (BASELINES[1].title, "validation_batches"),
        (BASELINES[2].title, "order"),
    }  # fmt: skip


@pytest.mark.parametrize("counted", [{}, {"counting": "as_released"}])
def test_as_released_brings_its_masking_and_counting(results, counted):
    searches(results)
    searches(results, variant="as_released", masking="zeros", **counted)
    (study,) = found(results).values()
    assert study.factor == "variant"
    brought = ", ".join(["masking=zeros", *(f"{key}={value}" for key, value in counted.items())])
    assert [study.value_words(group) for group in study.ordered] == ["paper", f"as_released, {brought}"]
    assert "masking=default" in study.command
    assert "variant=paper,as_released" in study.command
    assert not {"variant", "masking", "counting"} & set(study.fixed)


def test_operation_scores_as_released_are_known_by_their_counting(results):
    scores(results)
    scores(results, masking="zeros")
    scores(results, masking="zeros", counting="as_released")
    scores(results, counting="as_released")
    by_factor = {factor: each for (_, factor), each in found(results).items()}
    assert set(by_factor) == {"masking", "variant"}
    words = {factor: list(map(each.value_words, each.ordered)) for factor, each in by_factor.items()}
    assert words["masking"] == ["drop", "zeros"]
    assert words["variant"] == ["paper", "as_released, masking=zeros, counting=as_released"]


def test_supernets_averaged_in_the_usual_scale(results):
    scores(results)
    scores(results, supernets=4, scale="z")
    scores(results, supernets=16, scale="z")
    scores(results, supernets=4, scale="rank")
    (study,) = found(results).values()
    assert (study.factor, list(map(study.value, study.ordered))) == ("supernets", [1, 4, 16])
    assert "supernets=1,4,16" in study.command


def test_nothing_but_the_baseline(results):
    scores(results)
    scores(results, batch_size=16, masking="zeros")
    with pytest.raises(ResultsError, match="PRESET=study_masking"):
        studies(collect(results.root))


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (scores, {"masking": "zeros"}),
        (scores, {"batch_size": 16}),
        (scores, {"proxy": "synflow"}),
        (scores, {"scorer": "zero_cost_disc"}),
        (scores, {"input": {"name": "cifar10", "digest": "ee" * 32}}),
        (searches, {"proposals": 5}),
        (searches, {"validation_batches": 100}),
        (searches, {"variant": "as_released", "masking": "zeros", "counting": "as_released"}),
        (scores, {"masking": "zeros", "counting": "as_released"}),
    ],
)
def test_the_command_makes_these_runs(results, make, changes):
    make(results, seeds=(0, 2))
    make(results, seeds=(0, 1), **changes)
    (study,) = found(results).values()
    start, _, overrides = study.command.partition(" -m harness -m ")
    assert start == "python"
    with composing():
        configs = run_configs(overrides.replace("label=accuracy", "label=cifar10_test_200").split())
    assert len(configs) == 2 * 3
    assert {config.seed for config in configs} == {0, 1, 2}
    assert {config.path for config in configs} == {"fast"}
    assert {config.fidelity["name"] for config in configs} == {"benchmark"}


def test_tables(results, tmp_path):
    scores(results)
    scores(results, masking="zeros", seeds=(0, 1, 2))
    searches(results)
    searches(results, 91.0, proposals=2)
    results.fail(METHOD, 7)
    markdown, numbers = write_sensitivity(results.root, tmp_path / "out")
    text = markdown.read_text()
    head = text.partition("\n## ")[0]
    for words in ("commits: c0ffee", "nb201, accuracy", "noise (cdcdcdcd)", "devices: cpu"):
        assert words in head
    (study,) = [each for (_, factor), each in found(results).items() if factor == "masking"]
    taus = [value for value in study.groups[1].values("steps.0.best_acc.kendall")]
    shown = f"{np.mean(taus):.3f} ± {np.std(taus, ddof=1):.3f}".replace("-", "−")
    assert f"| zeros | 3 (seeds 0–2) | {shown} |" in text
    assert "| 2 | 2 (seeds 0, 1) | 91.50 ± 0.71 | 7 | 20 | 1 |" in text
    assert "| 10 (baseline) | 2 (seeds 0, 1) | 93.50 ± 0.71 | 7 | 20 | 1 |" in text
    assert study.command in text
    lines = list(csv.DictReader(numbers.read_text().splitlines()))
    (line,) = [
        line for line in lines if (line["value"], line["statistic"]) == ("zeros", "steps.0.best_acc.kendall")
    ]
    assert float(line["mean"]) == pytest.approx(np.mean(taus), abs=1e-15)
    assert float(line["median"]) == pytest.approx(np.median(taus), abs=1e-15)
    assert line["n"] == "3"
    again = write_sensitivity(results.root, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in (markdown, numbers)]


def test_a_value_that_failed_is_shown(results):
    scores(results)
    scores(results, masking="zeros", seeds=(0,))
    scored = next(r for r in results.store.records() if r.run.settings["masking"] == "zeros")
    results.write(
        "op_correlation", METHOD, 1, scored.rows.head(0), {}, "nb201", "failed", "out of memory",
        **SCORING | {"masking": "zeros"},
    )  # fmt: skip
    (study,) = found(results).values()
    text = markdown_of([study])
    assert "| zeros (seed 1 failed: out of memory) | 1 (seed 0) |" in text
    assert study.seeds == [0, 1]


def test_the_verb(results, tmp_path, capsys):
    assert main(["--results", str(results.root)]) == 2
    assert "No records" in capsys.readouterr().err
    scores(results)
    assert main(["--results", str(results.root)]) == 2
    assert "PRESET=study_masking" in capsys.readouterr().err
    scores(results, masking="zeros")
    assert main(["--results", str(results.root)]) == 0
    assert (results.root / "sensitivity" / "sensitivity.md").is_file()
    assert main(["--results", str(results.root), "--out", str(tmp_path / "here")]) == 0
    assert (tmp_path / "here" / "sensitivity.csv").is_file()
    (tmp_path / "file").write_text("x")
    assert main(["--results", str(results.root), "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
