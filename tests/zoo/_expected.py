"""What every proxy must hand back for every network: the naive value, or a status and a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import numpy as np
import torch

from harness import proxies
from harness.inputs import Batch
from harness.proxies import Measurement
from tests.zoo import _naive
from tests.zoo._formulas import FORMULAS, NAMES
from tests.zoo._outcomes import outcome
from tests.zoo._zoo import CASES, DRAWING, Case

OF_THE_NETWORK = ("params", "flops", "l2_norm", "trainable_layers")
"""Need no images, so that it plays no part whether the logits depend on them."""
IN_EVALUATION_MODE = (
    "nwot_eval", "ntk_eval", "gradsign", "vkdnw", "linear_regions_eval", "synflow", "logsynflow",
    *OF_THE_NETWORK,
)  # fmt: skip
"""Do not draw where a network draws in training mode only."""
STEEP = {"zico": 10, "epe_nas": 10, "jacob_cov": 10}
"""How many times the tolerance where small differences or logarithms of small numbers are divided by."""
COUNTS = ("params", "flops", "trainable_layers", "linear_regions", "linear_regions_eval", "swap")
TOLERANCE = {torch.float64: 1e-8, torch.float32: 1e-3}
HALF_TOLERANCE = 0.05
ROUNDING = 1e-11
"""Of the largest gradient: one below it may be rounding, whose sign hangs on the order of operations."""


@cache
def measured(name: str, path: str = "exact") -> Mapping[str, Measurement]:
    """All proxies on a network made afresh; once for all tests of a process."""
    case = CASES[name]
    return proxies.measure(case.build(), batches(case), proxies.names(), seed=0, path=path)


def told(found: Mapping[str, Measurement]) -> dict[str, tuple[float | None, str, str]]:
    """Values, statuses and reasons, without the seconds."""
    return {proxy: (each.value, each.status, each.reason) for proxy, each in found.items()}


def batches(case: Case) -> list[Batch]:
    return [Batch(images, labels) for images, labels in case.batches()]


def problem(case: Case, proxy: str, found: Measurement) -> str | None:
    """What is wrong with a measurement, in words; None where it is as it must be.

    A proxy without a formula here, as one has that was just added, needs a value or a sentence.
    """
    if proxy not in NAMES:
        return None if found.status == "ok" or found.reason else f"{proxy}: {found.status} without a reason"
    expected = outcome(case.name, proxy)
    if expected is not None:
        if expected.meets(found.status, found.reason):
            return None
        return (
            f"{proxy}: expected {expected.status}: {expected.says}; received {found.status}: {found.reason}"
        )
    if found.status != "ok":
        return f"{proxy}: expected a value, received {found.status}: {found.reason}"
    if not drawn(case, proxy) and not _agrees(case, proxy, found.value):
        return f"{proxy}: expected {naive(case.name, proxy)!r}, received {found.value!r}"
    return None


def drawn(case: Case, proxy: str) -> bool:
    """Whether what the network draws takes part, so that there is no naive value."""
    if case.name == "noise always":
        return proxy not in OF_THE_NETWORK
    return case.name in DRAWING and proxy not in IN_EVALUATION_MODE


@cache
def subject(name: str) -> _naive.Subject:
    case = CASES[name]
    dtype = case.dtype or torch.float32
    return _naive.Subject(case.build_twin, [(images.to(dtype), labels) for images, labels in case.batches()])


@cache
def naive(name: str, proxy: str) -> float | str:
    """The naive value, or the status that says why there is none."""
    try:
        if proxy not in OF_THE_NETWORK:
            _connected(name)
        return float(FORMULAS[proxy](subject(name)))
    except _naive.NoValue as undefined:
        return undefined.status


@cache
def _connected(name: str) -> None:
    _naive.require_connected(subject(name))


def _agrees(case: Case, proxy: str, value: float) -> bool:
    right = naive(case.name, proxy)
    if isinstance(right, str):
        return False
    if proxy in COUNTS and case.dtype in (None, torch.float64):
        return value == right
    if proxy == "gradsign":
        return abs(value - right) <= _sign_slack(case.name)
    tolerance = TOLERANCE.get(case.dtype or torch.float32, HALF_TOLERANCE) * STEEP.get(proxy, 1)
    # What cancels is compared with what it was made of.
    least = naive(case.name, "snip") if proxy == "plain" else 0.0
    return math.isclose(value, right, rel_tol=tolerance, abs_tol=tolerance * least)


def _sign_slack(name: str) -> int:
    """How much the signs of gradients that may be rounding can move GradSign."""
    gradients = np.abs(_naive.sample_gradients(subject(name)))
    unsure = gradients <= (ROUNDING if CASES[name].dtype is torch.float64 else 1e-3) * gradients.max()
    return int(2 * (unsure & (gradients > 0)).sum())
