"""What the records say of proxies: the best one beside size and the ceiling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group, by_population
from harness.reports.analysis.quantity import Quantity
from harness.reports.findings import parts
from harness.reports.model import Finding
from harness.stats import RESAMPLES, Difference, PairedScores, difference_over_architectures
from harness.tasks.arch_correlation import BASELINES

HEADING = "Which score ranks architectures best"
RANKED = "kendall_failures_last"
"""What the best one is chosen by: fair to those that score every architecture."""

DRAWS, LEAST, MOST = 300_000, 200, 20_000
"""Resamples times architectures of a comparison, the fewest resamples, the most architectures."""


def finding(groups: Sequence[Group], quantity: Quantity, anchor: str) -> Finding | None:
    """The best proxy of the largest set of architectures; ``None`` without one."""
    blocks = by_population(groups)
    block = blocks[0] if blocks else []
    best = parts.best(block, f"score.{RANKED}")
    if best is None:
        return None
    base = _baseline(best)
    name = wording.title(best, block)
    return Finding(
        HEADING,
        _headline(name, best, base, quantity),
        tuple(filter(None, (_beside(best, base), _ceiling(best), _failed(best)))),
        _basis(best, block),
        anchor,
    )


def _baseline(group: Group) -> str | None:
    """The trivial baseline that ranks best; ``None`` where none is known, or the proxy is one."""
    means = {name: group.stat(f"{name}.{RANKED}")["mean"] for name in BASELINES}
    known = {name: mean for name, mean in means.items() if mean is not None and name != group.method}
    return max(known, key=lambda name: known[name], default=None)


def _headline(name: str, best: Group, base: str | None, quantity: Quantity) -> str:
    tau = parts.value(best, "score.kendall", 3)
    told = f"{name}, Kendall τ {tau} with {quantity.truth}"
    if base is None:
        return f"Of the proxies, the best is {told}."
    own, trivial = (float(best.stat(f"{each}.{RANKED}")["mean"]) for each in ("score", base))
    size = parts.value(best, f"{base}.kendall", 3)
    if own <= trivial:
        return f"No proxy ranks better than {BASELINES[base]} alone (τ {size}); the best is {told}."
    return f"The best proxy is {told}; {BASELINES[base]} alone: {size}."


def _beside(best: Group, base: str | None) -> str:
    own = parts.interval(best, "score.kendall")
    if base is None:
        return f"{own[:1].upper()}{own[1:]}." if own else ""
    theirs = parts.interval(best, f"{base}.kendall")
    found = _difference(best, base)
    told = (
        "too many architectures to compare here: run `harness compare`"
        if found is None
        else parts.verdict(found, 3, "paired bootstrap over architectures")
    )
    both = f"{best.method}: {own or 'no interval'}; {BASELINES[base]}: {theirs or 'no interval'}"
    return f"{both}; {told}."


def _difference(best: Group, base: str) -> Difference | None:
    """Tau of the proxy minus that of the baseline, over the architectures that the proxy scored."""
    samples = []
    for result in best.results:
        truth = result.architectures["accuracy"].to_numpy(np.float64)
        sizes = result.architectures[base].to_numpy(np.float64)
        both = np.isfinite(result.scores) & np.isfinite(truth) & np.isfinite(sizes)
        name = ("report", result.population or "", result.run.seed)
        samples.append(PairedScores(result.scores[both], sizes[both], truth[both], name))
    total = sum(len(sample.truth) for sample in samples)
    if not total or total > MOST:
        return None
    resamples = min(RESAMPLES, max(LEAST, DRAWS // total))
    return difference_over_architectures(samples, resamples=resamples)


def _ceiling(group: Group) -> str:
    tau = group.stat("ceiling.kendall")["mean"]
    if tau is None:
        return "The ceiling is unknown: no second training run to rank by."
    return f"The ceiling, one training run ranked by another, is τ {wording.number(tau, 3)}."


def _failed(group: Group) -> str:
    lost = wording.failures(group)
    last = parts.value(group, "score.kendall_failures_last", 3)
    return f"{group.method} has no score for {lost}; ranked last, these leave τ {last}." if lost else ""


def _basis(best: Group, block: Sequence[Group]) -> str:
    scored, size = (wording.spread(best.values(name)) for name in ("score.n", "population.space_size"))
    return (
        f"{wording.counted(len(block), 'proxy').replace('proxys', 'proxies')} on {scored} of {size} "
        f"architectures, {wording.seeds(best.seeds)}, label {best.run.label}"
    )
