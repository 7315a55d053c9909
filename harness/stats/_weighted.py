"""Statistics of two columns whose rows count several times, for many such weightings at once.

A bootstrap resample is a weighting: every row counts as often as it was drawn. Each statistic equals,
weighting by weighting, the plain one of the rows written out that often.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from harness.stats._concordance import net_concordance
from harness.stats._sums import group_sums, running_sum

NDCG_ROWS = 1000
"""nDCG looks at that many of the highest scored rows."""


class Pair:
    """Two finite columns of equal length in ascending order of the first, with the groups of their ties.

    ``order`` sorts the columns as given; ``x`` and ``y`` are sorted, ``dense_x`` and ``dense_y`` count their
    different values upwards from 0; ``by_y`` sorts them on by ``y``, and groups start at ``starts_x`` of the
    rows and ``starts_y`` of those.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.order = np.argsort(x, kind="stable")
        self.x, self.y = (np.asarray(column, dtype=np.float64)[self.order] for column in (x, y))
        self.by_y = np.argsort(self.y, kind="stable")
        self.dense_x, self.starts_x = _groups(self.x, np.arange(len(x)))
        self.dense_y, self.starts_y = _groups(self.y, self.by_y)

    def among(self, rows: np.ndarray) -> Pair:
        """The rows that a mask of the sorted ones keeps."""
        return Pair(self.x[rows], self.y[rows])


def _groups(column: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dense ranks of a column from 0, and where in its ascending ``order`` each of its values begins."""
    ordered = column[order]
    begins = np.ones(len(column), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    dense = np.empty(len(column), dtype=np.int16 if len(column) < 2**15 else np.int32)
    dense[order] = np.cumsum(begins) - 1
    return dense, np.flatnonzero(begins)


class Weighted:
    """A pair of columns under many weightings; every statistic is (weightings,), NaN where undefined.

    Parameters
    ----------
    pair
        Columns of n rows.
    weights
        How often each of the sorted rows counts, whole numbers from 0: (n, weightings), ``float32``.
    """

    def __init__(self, pair: Pair, weights: np.ndarray) -> None:
        self.pair, self.weights = pair, weights

    @classmethod
    def once(cls, x: np.ndarray, y: np.ndarray) -> Weighted:
        """One weighting, in which every row counts once."""
        return cls(Pair(x, y), np.ones((len(x), 1), dtype=np.float32))

    @cached_property
    def sizes_x(self) -> np.ndarray:
        """Weight of every value of ``x``, ascending: (values, weightings)."""
        return group_sums(self.weights, self.pair.starts_x)

    @cached_property
    def sizes_y(self) -> np.ndarray:
        """The same for ``y``."""
        return group_sums(self.weights[self.pair.by_y], self.pair.starts_y)

    @cached_property
    def rows(self) -> np.ndarray:
        """Total weight, (weightings,)."""
        return self.sizes_x.sum(0)

    @cached_property
    def net(self) -> np.ndarray:
        """For every row the weight concordant with it minus that discordant, (n, weightings)."""
        return net_concordance(self.pair.dense_x, self.pair.dense_y, self.weights)

    @cached_property
    def _difference(self) -> np.ndarray:
        """Concordant minus discordant pairs."""
        return np.einsum("ij,ij->j", self.net, self.weights, dtype=np.float64) / 2

    @cached_property
    def _values(self) -> np.ndarray:
        """How many different values the column with fewer of them has."""
        return np.minimum(*((sizes > 0).sum(0) for sizes in (self.sizes_x, self.sizes_y)))

    def _over(self, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        """The quotient; NaN where a column is constant."""
        defined = (self._values > 1) & (denominator > 0)
        return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=defined)

    def _over_root(self, numerator: np.ndarray, squares: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """The same with the root of a product; a square that rounding made negative is 0."""
        return self._over(numerator, np.sqrt(np.maximum(squares[0] * squares[1], 0)))

    def kendall(self) -> np.ndarray:
        """Tau-b, see :func:`harness.stats.kendall`."""
        pairs = self.rows * (self.rows - 1) / 2
        tied_x, tied_y = ((sizes * (sizes - 1) / 2).sum(0) for sizes in (self.sizes_x, self.sizes_y))
        return self._over_root(self._difference, (pairs - tied_x, pairs - tied_y))

    def kendall_c(self) -> np.ndarray:
        """Tau-c, see :func:`harness.stats.kendall_c`."""
        return self._over(2 * self._difference * self._values, self.rows**2 * (self._values - 1.0))

    def kendall_weighted(self) -> np.ndarray:
        """SciPy's weighted tau, see :func:`harness.stats.kendall_weighted`."""
        x, y = self.pair.dense_x, self.pair.dense_y
        return (self._weighted_by(np.lexsort((y, x))[::-1]) + self._weighted_by(np.lexsort((x, y))[::-1])) / 2

    def _weighted_by(self, order: np.ndarray) -> np.ndarray:
        """Weighted tau with rows ranked in ``order``, those of rank r (from 0) weighing ``1 / (r + 1)``."""
        ranks = running_sum(self.weights[order]).astype(np.int64)
        harmonic = _harmonic(int(ranks[-1].max()))[ranks]
        importance = np.empty(self.weights.shape)
        importance[order] = harmonic[1:] - harmonic[:-1]
        total = (self.rows - 1) * harmonic[-1]
        groups_x = group_sums(importance, self.pair.starts_x)
        groups_y = group_sums(importance[self.pair.by_y], self.pair.starts_y)
        untied_x = total - ((self.sizes_x - 1) * groups_x).sum(0)
        untied_y = total - ((self.sizes_y - 1) * groups_y).sum(0)
        return self._over_root(np.einsum("ij,ij->j", importance, self.net), (untied_x, untied_y))

    def spearman(self) -> np.ndarray:
        """Rho, see :func:`harness.stats.spearman`."""
        u, v = (_centred_ranks(sizes) for sizes in (self.sizes_x, self.sizes_y))
        products = u[self.pair.dense_x]
        products *= v[self.pair.dense_y]
        squares = (self.sizes_x * u * u).sum(0), (self.sizes_y * v * v).sum(0)
        return self._over_root(np.einsum("ij,ij->j", products, self.weights), squares)

    def pearson(self) -> np.ndarray:
        """Pearson's r, see :func:`harness.stats.pearson`."""
        x, y = map(_unit, (self.pair.x, self.pair.y))
        weights = self.weights
        of_x, of_y, of_xx, of_yy, of_xy = (
            np.einsum("i,ij->j", column, weights) for column in (x, y, x * x, y * y, x * y)
        )
        squares = of_xx - of_x**2 / self.rows, of_yy - of_y**2 / self.rows
        return self._over_root(of_xy - of_x * of_y / self.rows, squares)

    def ndcg(self) -> np.ndarray:
        """NDCG, see :func:`harness.stats.ndcg`."""
        highest = self.pair.y.max()
        gains = np.exp2(self.pair.y - highest) - np.exp2(-highest)
        discounts = _discounted(int(self.rows.max()))
        gained = group_sums(self.weights * gains[:, None], self.pair.starts_x)
        mean_gain = gained / np.maximum(self.sizes_x, 1)
        found = (mean_gain * _discounts(self.sizes_x, discounts)).sum(0)
        best = gains[self.pair.by_y][self.pair.starts_y][:, None] * _discounts(self.sizes_y, discounts)
        return self._over(found, best.sum(0))

    def kendall_top_decile(self) -> np.ndarray:
        """Tau-b among the tenth of the rows with the highest ``y``, rounded up, ties at its end included."""
        at_least = self.rows - running_sum(self.sizes_y)[:-1]
        enough = at_least >= np.ceil(self.rows / 10)
        last = enough.sum(0) - 1
        rows = self.pair.dense_y >= last.min()
        inside = self.pair.dense_y[rows][:, None] >= last
        return Weighted(self.pair.among(rows), np.where(inside, self.weights[rows], 0)).kendall()


STATISTICS = {
    name: getattr(Weighted, name)
    for name in (
        "kendall", "kendall_c", "kendall_weighted", "spearman", "pearson", "ndcg", "kendall_top_decile",
    )
}  # fmt: skip
"""Every statistic of :class:`Weighted` by its name."""


@lru_cache(maxsize=16)
def _harmonic(rows: int) -> np.ndarray:
    """Sums of ``1 / r`` over the first 0, ..., ``rows`` ranks."""
    return np.concatenate([[0.0], np.cumsum(1 / np.arange(1.0, rows + 1))])


@lru_cache(maxsize=16)
def _discounted(rows: int) -> np.ndarray:
    """Sums of ``1 / log2(1 + r)`` over as many, ranks past :data:`NDCG_ROWS` being worth nothing."""
    steps = 1 / np.log2(np.arange(2.0, rows + 2))
    steps[NDCG_ROWS:] = 0
    return np.concatenate([[0.0], np.cumsum(steps)])


def _centred_ranks(sizes: np.ndarray) -> np.ndarray:
    """Average rank of every value, minus the mean of all ranks."""
    last = running_sum(sizes)[1:]
    return last - (sizes - 1) / 2 - (last[-1] + 1) / 2


def _discounts(sizes: np.ndarray, discounts: np.ndarray) -> np.ndarray:
    """What the ranks of every value are worth together, the highest value on the first ranks."""
    above = (running_sum(sizes[::-1])[::-1]).astype(np.int64)
    return discounts[above[:-1]] - discounts[above[1:]]


def _unit(column: np.ndarray) -> np.ndarray:
    """The column moved and scaled into -1 to 1, so that no square overflows."""
    centred = column / max(np.abs(column).max(), 1e-300)
    centred = centred - centred.mean()
    return centred / max(np.abs(centred).max(), 1e-300)
