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


def averaged(scores: Sequence[Mapping[int, Score]], scale: str) -> dict[int, Score]:
    r"""``1/M \sum_m f(s_m)`` by candidate, with ``s_m`` one decision's scores on supernet ``m``.

    ``f`` is the ``scale``, a name of :data:`SCALES`, over the candidates that all supernets have scored. A
    candidate that one of them could not score has that one's status and reason.
    """
    failed = {
        candidate: next((each[candidate] for each in scores if each[candidate].value is None), None)
        for candidate in scores[0]
    }
    scored = [candidate for candidate, failure in failed.items() if failure is None]
    means: list[float] = []
    if scored:
        rows = [np.array([each[candidate].value for candidate in scored], dtype=float) for each in scores]
        means = np.mean([SCALES[scale](row) for row in rows], axis=0).tolist()
    found = dict(zip(scored, map(Score, means), strict=True))
    return {candidate: failure or found[candidate] for candidate, failure in failed.items()}
