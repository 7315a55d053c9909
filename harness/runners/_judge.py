"""What the table says of one chosen architecture."""

from __future__ import annotations

import numpy as np

from harness.runs.place import Place
from harness.spaces import Architecture

TIED = 1e-9
"""Accuracies this close are equal: means of the same figures, added in another order, differ less."""


def judge(place: Place, arch: Architecture) -> dict[str, object]:
    """Accuracy, rank and regret of ``arch`` among the space's listed architectures.

    ``rank = 1 + #{a : accuracy(a) > accuracy(arch)}``, ``regret = best accuracy - accuracy(arch)``
    in percentage points, with duplicates counted as the space lists them. All three are ``None``
    where the label has no figure for ``arch`` (a run that does not exist).
    """
    accuracies = place.benchmark.accuracies(place.space.codes, place.label.name)
    accuracy = place.benchmark.accuracy(arch, place.label.name)
    best = float(np.nanmax(accuracies))
    known = bool(np.isfinite(accuracy))
    return {
        "arch": place.space.format(arch),
        "canonical": place.space.canonical(arch),
        "accuracy": accuracy if known else None,
        "rank": 1 + int((accuracies > accuracy + TIED).sum()) if known else None,
        "size": int(np.isfinite(accuracies).sum()),
        "best_accuracy": best,
        "regret": best - accuracy if known else None,
    }


def headline(judged: dict[str, object]) -> str:
    """Accuracy and rank in a few words."""
    if judged["accuracy"] is None:
        return "the label has no figure for the chosen architecture"
    return f"accuracy {judged['accuracy']:.2f} %, rank {judged['rank']} of {judged['size']}"
