"""DARTS: train the supernet, then take the candidates of the largest architecture parameters.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019. On DARTS's space each edge
takes its strongest operation other than ``none``, and each node the two edges whose such operation weighs
most, as the authors' code derives a genotype. On NAS-Bench-201 all edges are kept and ``none`` may be picked,
as its authors do it; elsewhere an input decision takes its own largest parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.scorers import ANY, Work, best_candidates, darts
from harness.searchers._tools import Found, TrainedSupernet, decided
from harness.spaces import Space

EVIDENCE = "trained"
ASKS = darts.ASKS
KINDS = ANY


def search(tools: TrainedSupernet, settings: Mapping[str, Any]) -> Found:
    """``argmax_o alpha(e, o)`` for every decision ``e``."""
    mask = tools.space.full_mask
    picks: list[tuple[int, ...]] = []
    trace: list[dict[str, object]] = []
    for decision, spec in enumerate(tools.space.decisions):
        scores = darts.score(tools.trained, mask, decision)
        picks.append(best_candidates(scores, spec.picks))
        trace += decided(spec, scores, len(trace))
    return Found(tools.space.normalise(tuple(picks)), trace)


def work(space: Space) -> Work:
    """Nothing but training."""
    return Work(0, 0)
