"""The agreement that training noise leaves room for: one training run against another."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from harness.stats.rank_correlation import kendall, spearman
from harness.stats.top_ranked import kendall_of_top, top_decile


def ceiling(runs: np.ndarray | None) -> dict[str, Any]:
    """Mean rank agreement between two single training runs of the same architectures.

    Every pair of columns is compared over the rows that have both; the statistic is averaged over
    the pairs. Inside the top decile one run is the truth that selects the tenth and the other the
    score, both ways round. A label that averages several runs can be predicted somewhat better than
    one run predicts another, so this is the ceiling of a single run.

    Parameters
    ----------
    runs
        Accuracies (architectures, runs), NaN where a run does not exist; ``None`` where the table
        holds no single runs.

    Returns
    -------
    dict
        ``kendall``, ``spearman``, ``kendall_top_decile`` (``None`` where undefined), ``runs`` (columns
        with a value), ``pairs`` (of columns that are compared), ``n`` (mean rows per pair), and
        ``reason`` (``None``, or why there is no ceiling).
    """
    result: dict[str, Any] = {
        "kendall": None, "spearman": None, "kendall_top_decile": None,
        "runs": 0, "pairs": 0, "n": 0, "reason": None,
    }  # fmt: skip
    if runs is None:
        return result | {"reason": "the table holds no single training runs for this label"}
    runs = np.asarray(runs, dtype=np.float64)
    columns = [column for column in runs.T if np.isfinite(column).any()]
    result["runs"] = len(columns)
    if len(columns) < 2:
        return result | {"reason": f"a ceiling takes 2 training runs; the label has {len(columns)}"}
    pairs = [pair for pair in map(_shared_rows, combinations(columns, 2)) if _comparable(*pair)]
    if not pairs:
        return result | {"reason": "no two training runs share 2 architectures with different accuracies"}
    return result | {
        "kendall": float(np.mean([kendall(a, b) for a, b in pairs])),
        "spearman": float(np.mean([spearman(a, b) for a, b in pairs])),
        "kendall_top_decile": _mean(
            [_top(*order) for pair in pairs for order in (pair, pair[::-1])],
        ),
        "pairs": len(pairs),
        "n": float(np.mean([len(a) for a, _ in pairs])),
    }


def _shared_rows(pair: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    both = np.isfinite(pair[0]) & np.isfinite(pair[1])
    return pair[0][both], pair[1][both]


def _comparable(a: np.ndarray, b: np.ndarray) -> bool:
    return len(a) >= 2 and np.ptp(a) > 0 and np.ptp(b) > 0


def _top(score: np.ndarray, truth: np.ndarray) -> float | None:
    best = top_decile(truth)
    return kendall_of_top(score[best], truth[best])


def _mean(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
