"""TE-NAS: how much trainability and expressivity a candidate adds to the supernet, as ranks.

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
Perspective", ICLR 2021; where the paper leaves a choice it is that of the authors' code
(``prune_tenas.py`` in VITA-Group/TENAS), batch sizes and repeats included. Sizes of networks and batches are
its own, so that a run's fidelity, masking, path and batch_size have no effect.

For every candidate o that is left of an open decision, kappa being the condition number of the tangent
kernel (``harness.proxies.ntk``), R the number of linear regions (``harness.proxies.linear_regions``) and A
the supernet,

    change of kappa = (kappa(A) - kappa(A without o)) / kappa(A),
    change of R = (R(A) - R(A without o)) / R(A),

each rounded to 3 decimals, averaged over repeats with new weights and batches, then rounded to 3 significant
digits. All candidates of all open decisions are ranked together, by falling change of kappa and by rising
change of R, equal values sharing a rank; the sum of the two ranks is the score. Higher is better to keep: the
lowest is the candidate whose removal lowers kappa and raises R most.

TE-NAS prunes ``none`` before it begins, so that candidates of this name have no score and are not in A;
spaces without one begin with all candidates. What is left of a decision shares its weight equally. R needs
images: of noise nearly every patch is a region of its own, whatever is removed, and kappa alone decides.

Ours: all candidates of a step and repeat are compared on the same weights and batch, which the code draws
anew for each; values that are equal when rounded are ties, which the code orders by their places;
operations and inputs are ranked apart; and a candidate without whom a proxy has no value has no score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.options import Option
from harness.scorers._ranks import Pair, ProxyScores, dense_ranks, first_failure, open_pairs
from harness.scorers._score import ANY, Score
from harness.spaces import Mask, Space, without

EVIDENCE = "proxies"
ASKS = {"supernets": "te_nas"}
KINDS = ANY
OPTIONS = {
    "repeats": Option(int, 3, "new weights and batches, over which changes are averaged"),
    "ntk_batch_size": Option(
        int, 72, "images of the tangent kernel, as in the code; the paper says 32, in a fifth of the time"
    ),
    "region_batches": Option(int, 3, "of 3 x 3 patches of one colour, in which linear regions are counted"),
    "region_batch_size": Option(int, 1000, "patches of a batch"),
}

DECIMALS, DIGITS = 3, 3


@dataclass(frozen=True)
class Importance:
    """Mean relative changes of both proxies when a candidate is removed, and their ranks where both exist."""

    kappa: Score
    regions: Score
    kappa_rank: int = 0
    regions_rank: int = 0

    @property
    def total(self) -> Score:
        """The sum of the ranks; without one of the changes its reason."""
        return first_failure(self.kappa, self.regions) or Score(float(self.kappa_rank + self.regions_rank))


def score(scores: ProxyScores, mask: Mask, decision: int) -> dict[int, Score]:
    """Rank sums of the candidates left at ``decision``, ranked with all of open decisions of its kind."""
    begun = without_none(scores.space, mask)
    found = importances(scores, begun, scores.space.decisions[decision].kind)
    left = [candidate for candidate, alive in enumerate(mask[decision]) if alive]
    return {
        candidate: found[decision, candidate].total
        if (decision, candidate) in found
        else Score(None, "skipped", "pruned before TE-NAS begins, or the only candidate left")
        for candidate in left
    }


def importances(scores: ProxyScores, mask: Mask, kind: str) -> dict[Pair, Importance]:
    """The importance of every candidate left of the open decisions of ``kind``."""
    pairs = open_pairs(scores.space, mask, kind)
    kappa = _changes(scores, "ntk", mask, pairs)
    regions = _changes(scores, "linear_regions", mask, pairs)
    ranked = [pair for pair in pairs if None not in (kappa[pair].value, regions[pair].value)]
    falling = dense_ranks({pair: -_rounded(kappa[pair]) for pair in ranked})
    rising = dense_ranks({pair: _rounded(regions[pair]) for pair in ranked})
    return {
        pair: Importance(kappa[pair], regions[pair], falling.get(pair, 0), rising.get(pair, 0))
        for pair in pairs
    }


def without_none(space: Space, mask: Mask) -> Mask:
    """``mask`` without the candidates called ``none``, where something else is left."""
    begun = []
    for decision, row in zip(space.decisions, mask, strict=True):
        kept = tuple(alive and name != "none" for name, alive in zip(decision.candidates, row, strict=True))
        begun.append(kept if any(kept) else row)
    return tuple(begun)


def _changes(scores: ProxyScores, proxy: str, mask: Mask, pairs: list[Pair]) -> dict[Pair, Score]:
    masks = [mask, *(without(mask, *pair) for pair in pairs)]
    measured = [evaluate(masks) for evaluate in scores.repeats[proxy]]
    return {
        pair: _mean([_relative_change(repeat[0], repeat[place]) for repeat in measured])
        for place, pair in enumerate(pairs, start=1)
    }


def _relative_change(whole: Score, removed: Score) -> Score:
    """The same for kappa and for the proxy ``ntk``, which is ``-kappa``."""
    if whole.value is None or removed.value is None:
        return whole if whole.value is None else removed
    return Score(round((whole.value - removed.value) / whole.value, DECIMALS))


def _mean(changes: Sequence[Score]) -> Score:
    # Rounded, because 0.01 - 0.02 + 0.01 leaves 1e-18, which must tie with 0.
    values = [change.value for change in changes if change.value is not None]
    return first_failure(*changes) or Score(round(fmean(values), 9))


def _rounded(change: Score) -> float:
    return float(f"{change.value:.{DIGITS}g}")
