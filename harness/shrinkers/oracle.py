"""An oracle: elimination by the true averages. It reads the truth, and serves as an upper line alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from harness.options import Option
from harness.scorers import ANY
from harness.searchers import Truth
from harness.shrinkers._elimination import KEEP
from harness.spaces import Mask, without

EVIDENCE = "truth"
KINDS = ANY
OPTIONS = {
    "statistic": Option(("mean", "best", "median"), "mean", "of the accuracies that contain a candidate"),
    "keep": KEEP,
    "drops": Option(("decision", "space"), "decision", "a step drops one of every decision, or of the space"),
}


def shrink(tools: Truth, settings: Mapping[str, Any]) -> Iterator[Mask]:
    """Drop the candidate with the lowest ``statistic`` over all architectures that are left and contain it.

    A step drops one of every decision that has more than it picks and than ``keep``, or one of all these
    decisions together, and the statistics are taken anew in what is left: elimination with as many samples
    as there are. The first of equals goes; a candidate that no architecture left contains goes first.
    """
    mask = tools.space.full_mask
    while spare := [
        d
        for d, (row, each) in enumerate(zip(mask, tools.space.decisions, strict=True))
        if sum(row) > max(each.picks, settings["keep"])
    ]:
        values = getattr(tools.truth, settings["statistic"])(mask)
        ranked = sorted(
            (_or_lowest(values[decision][candidate]), decision, candidate)
            for decision in spare
            for candidate in np.flatnonzero(mask[decision]).tolist()
        )
        for _, decision, candidate in _first(ranked) if settings["drops"] == "decision" else ranked[:1]:
            mask = without(mask, decision, candidate)
        yield mask


def _or_lowest(value: float) -> float:
    """``value``, rounded to what another order of additions does not change."""
    return round(float(value), 9) if np.isfinite(value) else -np.inf


def _first(ranked: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Of every decision the first."""
    found: dict[int, tuple[float, int, int]] = {}
    for each in ranked:
        found.setdefault(each[1], each)
    return list(found.values())
