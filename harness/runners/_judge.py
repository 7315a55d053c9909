"""What the table says of one chosen architecture."""

from __future__ import annotations

import numpy as np

from harness.runners._setup import Setup
from harness.spaces import Architecture


def judge(setup: Setup, arch: Architecture) -> dict[str, object]:
    """Accuracy, rank and regret of ``arch`` among the space's listed architectures.

    ``rank = 1 + #{a : accuracy(a) > accuracy(arch)}``, ``regret = best accuracy - accuracy(arch)``
    in percentage points, with duplicates counted as the space lists them. All three are ``None``
    where the label has no figure for ``arch`` (a run that does not exist).
    """
    accuracies = setup.table.accuracies(setup.space.codes, setup.label.name)
    accuracy = setup.table.accuracy(arch, setup.label.name)
    best = float(np.nanmax(accuracies))
    known = bool(np.isfinite(accuracy))
    return {
        "arch": setup.space.format(arch),
        "canonical": setup.space.canonical(arch),
        "accuracy": accuracy if known else None,
        "rank": 1 + int((accuracies > accuracy).sum()) if known else None,
        "size": int(np.isfinite(accuracies).sum()),
        "best_accuracy": best,
        "regret": best - accuracy if known else None,
    }


def headline(judged: dict[str, object]) -> str:
    """Accuracy and rank in a few words."""
    if judged["accuracy"] is None:
        return "the label has no figure for the chosen architecture"
    return f"accuracy {judged['accuracy']:.2f} %, rank {judged['rank']} of {judged['size']}"
