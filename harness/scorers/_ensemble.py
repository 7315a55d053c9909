"""Scores of one decision by several supernets, brought to one scale and averaged.

Operation scores of an untrained supernet depend on its initial weights and on the batch. Their mean over
independently initialised supernets, each with batches of its own, depends on them less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from harness.scorers._score import Score


def _standardised(values: np.ndarray) -> np.ndarray:
    from harness.stats import standardised  # loads SciPy, and a config is checked without it

    return standardised(values)


def _ranked(values: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(values)


SCALES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "z": _standardised,
    "rank": _ranked,
    "raw": lambda values: values,
}
"""By name how one supernet's scores of a decision's candidates are scaled before they are averaged.

``z``: less their mean, divided by their standard deviation (population form); all 0 where they are equal.
``rank``: ranks from 1 for the lowest, ties share their mean rank.
``raw``: as they are.
"""


def scaled(scores: Sequence[Mapping[int, Score]], scale: str) -> tuple[list[int], np.ndarray]:
    """The candidates that all supernets have scored, and each supernet's scores of these, (supernets, n).

    A supernet's scores are brought to one ``scale``, a name of :data:`SCALES`.
    """
    known = [
        candidate for candidate in scores[0] if all(each[candidate].value is not None for each in scores)
    ]
    if not known:
        return known, np.empty((len(scores), 0))
    rows = [SCALES[scale](np.array([each[name].value for name in known], dtype=float)) for each in scores]
    return known, np.array(rows)


def averaged(scores: Sequence[Mapping[int, Score]], scale: str) -> dict[int, Score]:
    r"""``1/M \sum_m f(s_m)`` by candidate, with ``s_m`` one decision's scores on supernet ``m``.

    ``f`` is the ``scale``, a name of :data:`SCALES`, over the candidates that all supernets have scored. A
    candidate that one of them could not score has that one's status and reason.
    """
    known, rows = scaled(scores, scale)
    means = dict(zip(known, map(Score, rows.mean(axis=0).tolist()), strict=True))
    return {
        candidate: means.get(candidate)
        or next(each[candidate] for each in scores if each[candidate].value is None)
        for candidate in scores[0]
    }


def undecided(scores: Sequence[Mapping[int, Score]], scale: str, errors: float) -> set[int]:
    r"""The best candidate and those that the supernets cannot tell from it.

    With ``d_m`` how much better supernet ``m`` scores the best one, both on one ``scale``, a candidate is of
    these where ``mean(d) <= errors * sd(d) / \sqrt{M}``, ``sd`` dividing by ``M - 1``. The best one has the
    highest mean, and is the first of equals; empty where no candidate has a score of all supernets.
    """
    known, rows = scaled(scores, scale)
    if not known:
        return set()
    behind = rows[:, [int(rows.mean(axis=0).argmax())]] - rows
    error = behind.std(axis=0, ddof=1) / len(rows) ** 0.5
    return {known[place] for place in np.flatnonzero(behind.mean(axis=0) <= errors * error)}
