"""``python -m harness.cli.compare``: which of two methods is ahead, told from records written here."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, ttest_rel

from harness import stats
from harness.cli.compare import main
from harness.comparison.methods import compare
from harness.comparison.text import comparison_lines, verdict
from harness.records import Run, Store

SETTINGS = {"batch_size": 64, "input": {"name": "noise", "digest": "cd" * 32}, "table": "ab" * 32}


def architectures(seed, count=80, population=None):
    """Accuracy and baselines of the architectures of a seed."""
    rng = np.random.default_rng(seed if population is None else population)
    rows = pd.DataFrame({"arch": [f"{index:03}" for index in range(count)]})
    rows["accuracy"] = np.round(rng.normal(90, 3, count), 2)
    rows["params"], rows["flops"], rows["operations"] = rng.integers(9, 999, (3, count))
    return rows


class Results:
    """A results folder and short ways to fill it."""

    def __init__(self, root):
        self.root, self.store = root, Store(root)

    def write(self, task, method, seed, rows, statistics, space="toy", status="ok", reason=None, **settings):
        run = Run(task, space, "accuracy", method, seed, SETTINGS | settings)
        return self.store.write(run, status, reason, rows, statistics, {"commit": "c0ffee"}, {}, {})

    def arch(self, method, seed=0, noise=1.0, failures=(), space="toy", population=None, **settings):
        rows = architectures(seed, population=population)
        own = np.random.default_rng([seed, *map(ord, method)])
        rows["score"] = rows["accuracy"] + noise * own.normal(size=len(rows))
        rows["status"], rows["reason"] = "ok", None
        rows.loc[list(failures), ["score", "status", "reason"]] = np.nan, "nan", "not a number"
        rows = rows.sample(frac=1, random_state=sum(map(ord, method)))  # whatever their order
        statistics = stats.architecture_agreement(rows, resamples=0)
        self.write("arch_correlation", method, seed, rows, statistics, space, **settings)
        return rows

    def op(self, method, seed, tau=None, accuracy=92.0):
        rng = np.random.default_rng([seed, *map(ord, method)])
        places = [(edge, op) for edge in range(3) for op in range(4)]
        rows = pd.DataFrame({"decision": [f"edge {edge}" for edge, _ in places], "step": 0})
        rows["kind"], rows["status"] = "operation", "ok"
        for name in ("best_acc", "avg_acc", "best_acc_remaining", "avg_acc_remaining"):
            rows[name] = rng.normal(90, 1, len(rows))
        rows["score"] = rows["best_acc"] if tau == 1 else rng.normal(size=len(rows))
        statistics = stats.operation_agreement(rows) | {"selected": {"accuracy": accuracy}}
        self.write("op_correlation", method, seed, rows, statistics)
        return statistics["steps"][0]

    def search(self, method, seed, accuracy, **settings):
        statistics = {"accuracy": accuracy, "best_accuracy": 95.0, "regret": 95.0 - accuracy}
        self.write("search", method, seed, pd.DataFrame({"arch": ["a"]}), statistics, **settings)


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path)


@pytest.fixture
def run(results, capsys):
    def call(*arguments):
        code = main([*arguments, "--results", str(results.root)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_architectures_that_both_scored_are_compared_pair_by_pair(results):
    rows = [
        (results.arch("nwot", seed, 1.0, failures=(3, 4)), results.arch("snip", seed, 4.0, failures=(4, 9)))
        for seed in (0, 1)
    ]
    (match,) = compare(results.root, "nwot", "snip").matches
    (line,) = match.contrasts
    taus = []
    for pair in rows:
        a, b = (each.set_index("arch").drop(index=["003", "004", "009"]).sort_index() for each in pair)
        taus.append([kendalltau(each["score"], each["accuracy"]).statistic for each in (a, b)])
    a, b = np.mean(taus, axis=0)
    assert (line.a["mean"], line.b["mean"]) == pytest.approx((a, b), abs=1e-12)
    assert line.difference.value == pytest.approx(a - b, abs=1e-12)
    assert line.difference.low < a - b < line.difference.high
    assert line.difference.low > 0
    assert line.corrected == line.difference.p == pytest.approx(2 / 1001)
    assert (match.architectures, match.seeds) == ((77, 77), (0, 1))


def test_the_same_population_in_every_seed_is_resampled_alike(results):
    """Seeds that share their architectures err together: averaging them makes nothing surer."""
    for seed in range(4):
        results.arch("nwot", seed, noise=0.0, population=7)
        results.arch("snip", seed, noise=0.0, population=7)
        results.arch("apart", seed, noise=0.0)
    alike = compare(results.root, "nwot", "params", tasks=["arch_correlation"]).contrasts[0].difference
    apart = compare(results.root, "apart", "params").contrasts[0].difference
    assert alike.high - alike.low > 1.5 * (apart.high - apart.low)


def test_swapping_a_and_b_swaps_the_signs(results):
    results.arch("nwot"), results.arch("snip", noise=3.0)
    (there,), (back,) = (
        compare(results.root, *names).contrasts for names in (("nwot", "snip"), ("snip", "nwot"))
    )
    assert back.difference.value == pytest.approx(-there.difference.value)
    assert (back.difference.low, back.difference.p) == pytest.approx(
        (-there.difference.high, there.difference.p)
    )


def test_a_baseline_stands_in_the_other_methods_records(results):
    rows = results.arch("nwot", failures=(0,))
    (line,) = compare(results.root, "params", "nwot").contrasts
    kept = rows[rows["status"] == "ok"]
    assert line.a["mean"] == pytest.approx(kendalltau(kept["params"], kept["accuracy"]).statistic)
    assert line.b["mean"] == pytest.approx(kendalltau(kept["score"], kept["accuracy"]).statistic)
    both = compare(results.root, "params", "flops").matches[0]
    assert both.architectures == (80,)


def test_searches_are_compared_over_the_seeds_of_both(results, run):
    a, b = [93.0, 93.4, 93.1, 93.9], [92.0, 92.9, 91.9, 93.0]
    for seed in range(4):
        results.search("zero_cost_pt-nwot", seed, a[seed], proposals=10, proxy="nwot")
        results.search("random_search", seed + 1, b[seed], queries=100)
    (line,) = compare(results.root, "zero_cost_pt-nwot", "random_search").contrasts
    test = ttest_rel(a[1:], b[:3])
    assert line.seeds == (1, 2, 3)
    assert line.difference.p == pytest.approx(test.pvalue)
    assert line.difference.value == pytest.approx(np.mean(a[1:]) - np.mean(b[:3]))
    code, out, err = run("zero_cost_pt-nwot", "random_search")
    assert (code, err) == (0, "")
    assert "search  toy  accuracy  (seeds 1–3)" in out
    assert f"{test.pvalue:.3f}" in out


def test_operation_scores_and_the_correction_for_many_lines(results):
    for seed in range(3):
        results.op("good", seed, tau=1, accuracy=93.0 + seed)
        results.op("poor", seed, accuracy=92.0)
    found = compare(results.root, "good", "poor")
    by_measure = {each.measure: each for each in found.contrasts}
    assert by_measure["τ, best accuracy"].a["mean"] == pytest.approx(1.0)
    assert by_measure["accuracy picked, %"].a["mean"] == pytest.approx(94.0)
    p_values = [line.difference.p for line in found.contrasts]
    assert [line.corrected for line in found.contrasts] == stats.holm(p_values)
    assert min(p_values) < min(line.corrected for line in found.contrasts)


def test_a_measure_that_is_undefined_in_a_seed_rests_on_the_others(results):
    for seed in range(3):
        results.search("a", seed, 93.0 + seed / 10)
    rows = pd.DataFrame({"arch": ["a"]})
    for seed, accuracy in ((0, 92.0), (1, None), (2, 92.5)):
        regret = None if accuracy is None else 95.0 - accuracy
        statistics = {"accuracy": accuracy, "best_accuracy": 95.0, "regret": regret}
        results.write("search", "b", seed, rows, statistics)
    (line,) = compare(results.root, "a", "b").contrasts
    assert (line.seeds, line.difference.n) == ((0, 2), 2)
    remark = "accuracy found, %: seeds 0, 2 alone, undefined in the others"
    assert any(remark in words for words in comparison_lines(compare(results.root, "a", "b")))


def test_only_groups_of_the_same_settings_are_compared(results, run):
    for size in (64, 128):
        results.arch("nwot", batch_size=size)
        results.arch("snip", batch_size=size, noise=2.0)
    matches = compare(results.root, "nwot", "snip").matches
    assert sorted(match.note for match in matches) == ["batch_size=128", "batch_size=64"]
    results.arch("grasp", batch_size=32)
    code, out, err = run("nwot", "grasp")
    assert (code, out) == (2, "")
    assert "arch_correlation toy accuracy: settings differ" in err
    assert "grasp has batch_size=32" in err


def test_what_is_the_methods_own_does_not_keep_them_apart(results):
    for seed in range(2):
        results.search("darts", seed, 91.0 + seed, searcher="darts", training={"epochs": 50})
        results.search("zero_cost_pt-nwot", seed, 93.0, searcher="zero_cost_pt", training={"epochs": 0})
        results.search("zero_cost_pt-nwot", seed, 93.5, searcher="zero_cost_pt", proposals=4)
    matches = compare(results.root, "darts", "zero_cost_pt-nwot").matches
    assert len(matches) == 2
    assert {"B: proposals=4" in match.note for match in matches} == {True, False}


def test_a_place_without_equal_settings_is_left_out_and_said(results, run):
    results.arch("nwot"), results.arch("snip")
    results.arch("nwot", space="other"), results.arch("snip", space="other", batch_size=128)
    _, out, _ = run("nwot", "snip")
    words = "Left out: arch_correlation other accuracy: settings differ, nwot has batch_size=64, snip has"
    assert words in out
    assert out.count("Left out") == 1


def test_filters(results, run):
    for space in ("toy", "other"):
        results.arch("nwot", space=space), results.arch("snip", space=space)
        results.search("nwot", 0, 93.0, space=space), results.search("snip", 0, 92.0, space=space)

    def places(**wanted):
        return [match.place for match in compare(results.root, "nwot", "snip", **wanted).matches]

    assert len(places()) == 4
    assert places(spaces=["toy"], tasks=["search"]) == [("search", "toy", "accuracy")]
    _, out, _ = run("nwot", "snip", "--space", "other", "--task", "arch_correlation", "--label", "accuracy")
    assert "other" in out
    assert "toy" not in out
    code, _, err = run("nwot", "snip", "--space", "othre")
    assert code == 2
    assert "Unknown space of the records 'othre'. Did you mean 'other'?" in err


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ("nwott", "snip"),
            "Unknown method 'nwott'. Did you mean 'nwot'? Allowed: broken, flops, late, nwot",
        ),
        (("nwot", "nwot"), "two different methods; received 'nwot' twice"),
        (("nwot", "random_search"), "nwot and random_search have no task, space and label in common"),
        (("params", "random_search"), "params has a place in every record of arch_correlation"),
        (("nwot", "late"), "no seed is common, nwot has seed 0, late has seed 5"),
        (("nwot", "broken"), "broken has no such run that succeeded"),
        (("nwot",), "The following arguments are required: B"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_sentence(results, run, names, words):
    results.arch("nwot"), results.arch("snip"), results.arch("late", seed=5)
    results.search("random_search", 0, 92.0)
    results.write("search", "broken", 0, pd.DataFrame(), {}, status="failed", reason="out of memory")
    code, out, err = run(*names)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_no_records(run):
    code, _, err = run("nwot", "snip")
    assert code == 2
    assert "python -m harness -m task=arch_correlation" in err


def test_records_that_do_not_agree_with_their_rows_are_not_compared(results, run):
    results.arch("snip")
    rows = architectures(0)
    rows["score"], rows["status"] = rows["accuracy"], "ok"
    statistics = stats.architecture_agreement(rows, resamples=0)
    statistics["score"]["kendall"] = 0.5
    results.write("arch_correlation", "nwot", 0, rows, statistics)
    code, out, err = run("nwot", "snip")
    assert (code, out) == (2, "")
    assert "does not agree with its rows: score.kendall is stored as 0.5" in err


def test_one_seed_says_what_cannot_be_said(results, run):
    results.search("a", 0, 93.0), results.search("b", 0, 92.0)
    _, out, _ = run("a", "b")
    assert "accuracy found, %: one seed has no spread" in out
    assert "One seed has no spread: where there is only one, run more to learn how sure" in out
    assert "Undecided" in out
    results.arch("nwot", noise=0.1), results.arch("snip", noise=5.0)
    _, out, _ = run("nwot", "snip")
    assert "nwot beats snip by 0." in out
    assert "An interval over the architectures of one seed says nothing of other seeds." in out
    assert out.splitlines()[-1].startswith("nwot beats snip by 0.")


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ((0.1, 0.1), (9.0, 9.0), "A beats B on 2 of 2 lines and is beaten on none (p, Holm < 0.05)."),
        ((9.0, 9.0), (0.1, 0.1), "B beats A on 2 of 2 lines and is beaten on none (p, Holm < 0.05)."),
        ((0.1, 9.0), (9.0, 0.1), "It depends: A beats B on 1 of 2 lines, B beats A on 1 (p, Holm < 0.05)."),
        (
            (0.1, 3.0),
            (9.0, 3.0),
            "A beats B on 1 of 2 lines and is beaten on none (p, Holm < 0.05). Of the 1",
        ),
        ((3.0,), (3.0,), "Undecided: the difference does not have p, Holm < 0.05."),
    ],
)
def test_the_last_line_answers(results, a, b, words):
    for method, noises in (("A", a), ("B", b)):
        for space, noise in zip(("toy", "other"), noises, strict=False):
            for seed in (0, 1):
                results.arch(method, seed, noise, space=space)
    assert verdict(compare(results.root, "A", "B")).startswith(words)
    assert comparison_lines(compare(results.root, "A", "B"))[-1].startswith(words)


def test_undecided_lines_say_which_way_they_lean(results):
    for seed, accuracy in enumerate((93.0, 92.0, 94.0)):
        results.search("A", seed, accuracy)
        results.search("B", seed, (93.2, 91.5, 93.9)[seed])
        results.arch("A", seed, 2.0)
        results.arch("B", seed, 2.0)
    lines = compare(results.root, "A", "B").contrasts
    ahead = sum(line.difference.value > 0 for line in lines)
    told = verdict(compare(results.root, "A", "B"))
    assert "none of the 2 differences has p, Holm < 0.05" in told
    assert f"A is ahead on {ahead}" in told


def test_torch_is_not_loaded_and_the_table_fits_a_screen(results):
    results.arch("nwot"), results.arch("snip", noise=2.0)
    script = (
        "import sys; from harness.cli.compare import main; "
        f"code = main(['nwot', 'snip', '--results', {str(results.root)!r}]); "
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) < 100
