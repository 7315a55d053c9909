"""How far a value of the device may lie from the CPU's, and why: float32 sums in another order, no more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.stats import kendalltau

Distance = Callable[[Sequence[float], Sequence[float]], float]


def relative(here: Sequence[float], there: Sequence[float]) -> float:
    """The largest |a - b| / max(|a|, |b|)."""
    pairs = [(a, b) for a, b in zip(here, there, strict=True) if a != b]
    return max((abs(a - b) / max(abs(a), abs(b)) for a, b in pairs), default=0.0)


def of_largest(here: Sequence[float], there: Sequence[float]) -> float:
    """The largest |a - b|, over the largest number: for differences of nearly equal numbers."""
    largest = max(map(abs, (*here, *there)), default=0.0)
    return absolute(here, there) / largest if largest else 0.0


def absolute(here: Sequence[float], there: Sequence[float]) -> float:
    """The largest |a - b|."""
    return max((abs(a - b) for a, b in zip(here, there, strict=True)), default=0.0)


def disorder(here: Sequence[float], there: Sequence[float]) -> float:
    """1 less Kendall's tau-b; 0 where all numbers of both are equal."""
    tau = float(kendalltau(here, there).statistic)
    if math.isnan(tau):
        return 0.0 if list(here) == list(there) else 1.0
    return 1 - tau


@dataclass(frozen=True)
class Tolerance:
    """``distance`` is at most ``allowed``.

    ``beside`` names a proxy by whose value the difference of this one's values is divided, in place of its
    own.
    """

    allowed: float
    reason: str
    distance: Distance = relative
    beside: str | None = None


EXACT = Tolerance(0.0, "a whole number of the network alone")
ROUNDED = "sums in another order"
FLIPS = "counts: a unit whose input is nearly 0 may be counted on the other side"
DOUBLE = "double precision, sums in another order"
SMALLEST = "a ratio to the smallest eigenvalue"

UNLISTED = Tolerance(1e-2, ROUNDED)
"""Of a proxy or scorer that nobody has looked at yet."""

PROXIES: dict[str, Tolerance] = {
    "params": EXACT,
    "flops": EXACT,
    "trainable_layers": EXACT,
    "l2_norm": Tolerance(1e-12, DOUBLE),
    "synflow": Tolerance(1e-9, DOUBLE),
    "logsynflow": Tolerance(1e-9, DOUBLE),
    "snip": Tolerance(2e-3, ROUNDED),
    "grad_norm": Tolerance(2e-3, ROUNDED),
    "fisher": Tolerance(1e-2, "squares of sums that nearly cancel"),
    "plain": Tolerance(1e-4, "a sum of both signs, whose difference is divided by snip", beside="snip"),
    "grasp": Tolerance(1e-2, "second derivatives, a sum of both signs"),
    "jacob_cov": Tolerance(1e-2, "logarithms of eigenvalues near 0"),
    "epe_nas": Tolerance(0.3, "logarithms of correlations near 0"),
    "zico": Tolerance(0.2, "divides by differences of nearly equal gradients"),
    "gradsign": Tolerance(1e-3, "signs of gradients that are nearly 0"),
    "nwot": Tolerance(1e-4, FLIPS),
    "nwot_eval": Tolerance(1e-4, FLIPS),
    "linear_regions": Tolerance(0.1, FLIPS),
    "linear_regions_eval": Tolerance(0.1, FLIPS),
    "swap": Tolerance(1e-3, FLIPS),
    "swap_reg": Tolerance(1e-3, FLIPS),
    "ntk": Tolerance(1e-2, SMALLEST),
    "ntk_eval": Tolerance(1e-4, SMALLEST),
    "zen": Tolerance(1e-5, ROUNDED),
    "meco": Tolerance(1e-5, ROUNDED),
    "az_expressivity": Tolerance(1e-5, ROUNDED),
    "az_progressivity": Tolerance(1e-4, "the smallest of differences"),
    "az_trainability": Tolerance(5e-2, "a difference of nearly equal numbers"),
    "vkdnw": Tolerance(1e-6, ROUNDED),
}
"""About ten times the most by which single precision differed from double precision on a CPU, on three
networks and the supernet of every space (fidelity small, batch 16), and for counts a few units."""

SCORERS: dict[str, Tolerance] = {
    "zero_cost_pt": Tolerance(5e-2, "differences of two nearly equal scores", of_largest),
    "zero_cost_disc": Tolerance(5e-2, "scores of supernets, as nwot_eval", of_largest),
    "te_nas": Tolerance(0.2, "sums of ranks: candidates that are nearly alike change places", disorder),
    "te_nas_shortcut": Tolerance(0.2, "sums of ranks, likewise", disorder),
    "darts": Tolerance(5e-2, "parameters after steps that add up rounding", of_largest),
    "darts_pt": Tolerance(12.5, "percentage points: 2 of 16 images", absolute),
    "disc_acc": Tolerance(12.5, "percentage points: 2 of 16 images", absolute),
}
"""Without the oracles, which read the table and no device."""
