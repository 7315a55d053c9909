"""Partial rank correlations against the recursion over given columns and against regression on ranks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, rankdata, spearmanr

from harness.stats import partial, partial_kendall, partial_spearman


def data(rows=80, seed=0, values=4):
    rng = np.random.default_rng(seed)
    z, w = rng.normal(size=(2, rows))
    x, y = z + rng.normal(size=rows), z - w + rng.normal(size=rows)
    return [np.round(column * values) for column in (x, y, z, w)]


def recursive(correlation, x, y, given):
    """The first-order formula, one given column after another."""
    if not given:
        return correlation(x, y)
    *rest, last = given
    xy, xz, yz = (recursive(correlation, a, b, rest) for a, b in ((x, y), (x, last), (y, last)))
    return (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))


@pytest.mark.parametrize("given", [1, 2])
def test_against_the_recursion(given):
    x, y, *others = data()
    others = others[:given]
    tau = recursive(lambda a, b: kendalltau(a, b).statistic, x, y, others)
    rho = recursive(lambda a, b: spearmanr(a, b).statistic, x, y, others)
    assert partial_kendall(x, y, others) == pytest.approx(tau, abs=1e-12)
    assert partial_spearman(x, y, others) == pytest.approx(rho, abs=1e-12)


@pytest.mark.parametrize("given", [1, 2])
def test_rho_is_the_correlation_of_what_a_line_in_the_ranks_leaves(given):
    x, y, *others = data(seed=1)
    design = np.column_stack([np.ones(80), *(rankdata(column) for column in others[:given])])
    left = [
        rankdata(column) - design @ np.linalg.lstsq(design, rankdata(column), rcond=None)[0]
        for column in (x, y)
    ]
    assert partial_spearman(x, y, others[:given]) == pytest.approx(pearsonr(*left).statistic, abs=1e-12)


def test_nothing_is_left_of_two_copies_of_size_with_noise():
    rng = np.random.default_rng(2)
    size = rng.normal(size=4000)
    x, y = size + rng.normal(size=(2, 4000))
    assert spearmanr(x, y).statistic > 0.4
    assert abs(partial_spearman(x, y, [size])) < 0.05


def test_a_column_that_size_tells_has_nothing_left():
    x, y, z, _ = data()
    z = z + np.arange(80) / 1000
    assert partial_kendall(2 * z, y, [z]) is None
    assert partial_spearman(x, -z, [z]) is None
    assert partial_kendall(x, y, [z, 3 * z]) is None


@pytest.mark.parametrize(
    ("x", "y", "z"),
    [([], [], []), ([1], [1], [1]), ([1, 1, 1], [1, 2, 3], [1, 3, 2]), ([1, 3, 2], [1, 2, 3], [1, 1, 1])],
)
def test_undefined(x, y, z):
    columns = [np.array(column, dtype=float) for column in (x, y, z)]
    assert partial_kendall(columns[0], columns[1], columns[2:]) is None
    assert partial_spearman(columns[0], columns[1], columns[2:]) is None


def test_many_matrices_at_once_and_an_undefined_one_spoils_no_other():
    matrix = np.array([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]])
    unknown = matrix.copy()
    unknown[0, 2] = unknown[2, 0] = np.nan
    first, second, third = partial(np.stack([matrix, unknown, matrix]))
    expected = (0.5 - 0.4 * 0.3) / np.sqrt((1 - 0.4**2) * (1 - 0.3**2))
    assert first == third == pytest.approx(expected, abs=1e-15)
    assert np.isnan(second)
    assert partial(matrix[:2, :2]) == pytest.approx(0.5)
