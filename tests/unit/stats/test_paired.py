"""Paired differences against resampling one by one and SciPy's t-test; Holm against closed testing."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr, ttest_rel

from harness.seeding import generator
from harness.stats import difference_over_architectures, difference_over_seeds, holm
from harness.stats.paired import PairedScores


def sample(rows=60, seed=0, gap=0.5, name=()):
    rng = np.random.default_rng(seed)
    truth = np.round(rng.normal(90, 3, rows), 1)
    shared = rng.normal(size=rows)
    a = truth + 3 * shared + rng.normal(size=rows)
    b = truth + (3 + 6 * gap) * shared + rng.normal(size=rows)
    return PairedScores(a, b, truth, name)


def one_by_one(samples, statistic, count):
    """Differences on every resample, drawn anew for every name."""
    per_sample = []
    for s in samples:
        draws = generator(0, "bootstrap", *s.name).integers(len(s.truth), size=(count, len(s.truth)))
        per_sample.append(
            [statistic(s.a[d], s.truth[d]).statistic - statistic(s.b[d], s.truth[d]).statistic for d in draws]
        )
    return np.mean(per_sample, axis=0)


@pytest.mark.parametrize(("name", "statistic"), [("kendall", kendalltau), ("spearman", spearmanr)])
@pytest.mark.parametrize("seeds", [1, 3])
def test_equals_resampling_both_methods_alike(name, statistic, seeds):
    samples = [sample(seed=seed, gap=0.1, name=(seed,)) for seed in range(seeds)]
    found = difference_over_architectures(samples, name, resamples=80)
    drawn = one_by_one(samples, statistic, 80)
    plain = [statistic(s.a, s.truth).statistic - statistic(s.b, s.truth).statistic for s in samples]
    assert found.value == pytest.approx(np.mean(plain), abs=1e-12)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=1e-12)
    rarer = min(sum(drawn < 1e-15), sum(drawn > -1e-15))
    assert found.p == pytest.approx(min(1, 2 * (1 + rarer) / 81))
    assert (found.n, found.reason) == (60, None)


def test_the_other_way_round_is_the_negative():
    s = sample()
    found = difference_over_architectures([s])
    back = difference_over_architectures([PairedScores(s.b, s.a, s.truth)])
    assert (back.value, back.low, back.high) == pytest.approx((-found.value, -found.high, -found.low))
    assert back.p == found.p == pytest.approx(2 / 1001)


def test_a_method_does_not_beat_itself():
    s = sample()
    found = difference_over_architectures([PairedScores(s.a, 2 * s.a, s.truth)])
    assert (found.value, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_pairing_is_surer_than_two_intervals():
    """Where both err on the same architectures, their difference is far surer than either of them."""
    rng = np.random.default_rng(3)
    truth, shared = rng.normal(size=(2, 120))
    a, b = (truth + shared + 0.1 * noise for noise in rng.normal(size=(2, 120)))
    paired = difference_over_architectures([PairedScores(a, b, truth)])
    other = difference_over_architectures([PairedScores(a, rng.permutation(b), truth)])
    assert paired.high - paired.low < (other.high - other.low) / 4


def test_false_alarms_are_about_as_rare_as_they_say():
    alarms = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=80)
        a, b = truth + rng.normal(size=(2, 80))
        alarms += difference_over_architectures([PairedScores(a, b, truth)], resamples=200).p < 0.05
    assert 1 <= alarms <= 17  # 7.5 expected


@pytest.mark.parametrize(
    ("a", "truth", "words"),
    [
        ([1.0] * 20, range(20), "scores are equal"),
        (range(20), [1.0] * 20, "true values are equal"),
        ([1.0], [1.0], "fewer than 2 rows"),
        ([], [], "fewer than 2 rows"),
    ],
)
def test_undefined_over_architectures(a, truth, words):
    a, truth = np.array(a, float), np.array(truth, float)
    found = difference_over_architectures([PairedScores(a, truth + 1, truth)])
    assert found.value is found.low is found.p is None
    assert words in found.reason


def test_too_few_architectures_for_an_interval():
    s = sample(9)
    found = difference_over_architectures([s])
    expected = kendalltau(s.a, s.truth).statistic - kendalltau(s.b, s.truth).statistic
    assert found.value == pytest.approx(expected)
    assert found.low is found.p is None
    assert "fewer than 10 architectures (9)" in found.reason


def test_over_seeds_against_scipy():
    a, b = [93.1, 93.5, 92.9, 94.0], [92.8, 93.6, 92.0, 93.1]
    found = difference_over_seeds(a, b)
    test = ttest_rel(a, b)
    ends = test.confidence_interval(0.95)
    assert (found.value, found.p) == pytest.approx((np.mean(np.subtract(a, b)), test.pvalue), abs=1e-12)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=1e-12)
    assert (found.n, found.reason) == (4, None)


def test_seeds_without_spread():
    one = difference_over_seeds([2.0], [1.0])
    assert (one.value, one.low, one.p, one.n) == (1.0, None, None, 1)
    assert "one seed" in one.reason
    same = difference_over_seeds([2.0, 3.0], [1.0, 2.0])
    assert (same.value, same.low, same.high, same.p) == (1.0, 1.0, 1.0, None)
    assert "same in every seed" in same.reason
    assert difference_over_seeds([2.0, 3.0], [2.0, 3.0]).p == 1.0
    assert difference_over_seeds([], []).value is None


def closed_testing(p_values):
    """A hypothesis falls where every set that contains it falls by Bonferroni."""
    rows = range(len(p_values))
    sets = [each for size in range(1, len(p_values) + 1) for each in combinations(rows, size)]
    return [
        max(min(1.0, len(each) * min(p_values[i] for i in each)) for each in sets if row in each)
        for row in rows
    ]


@pytest.mark.parametrize(
    "p_values",
    [[0.01], [0.01, 0.04, 0.02], [0.5, 0.9, 0.001, 0.001], [0.2, 0.2, 0.2], [0.0, 1.0, 0.03, 0.011, 0.012]],
)
def test_holm_is_the_closed_test(p_values):
    assert holm(p_values) == pytest.approx(closed_testing(p_values))


def test_unknown_p_values_do_not_count():
    assert holm([None, 0.02, None, 0.03]) == [None, 0.04, None, 0.04]
    assert holm([]) == []
    assert holm([None]) == [None]
