"""Phrases of findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.stats import Difference


def measured(group: Group) -> bool:
    """Whether its method reads networks: neither an oracle nor told trained figures, nor published scores."""
    return bool(group.results) and not {"fidelity", "fitness"}.isdisjoint(group.settings)


def value(group: Group, name: str, digits: int) -> str:
    """Mean ± standard deviation over the seeds; with one seed the number alone."""
    return wording.mean_cell(group.stat(name), digits).text


def interval(group: Group, name: str) -> str:
    """``95 % interval 0.51 to 0.64``, over architectures; empty where there is none."""
    low, high = (group.stat(f"{name}_{end}")["mean"] for end in ("low", "high"))
    return "" if low is None or high is None else f"95 % interval {ends(low, high, 2)}"


def ends(low: float, high: float, digits: int) -> str:
    """``0.51 to 0.64``."""
    return f"{wording.number(low, digits)} to {wording.number(high, digits)}"


def signed(value: float, digits: int) -> str:
    """``+0.05``, ``−0.05``."""
    return f"{'+' if value >= 0 else ''}{wording.number(value, digits)}"


def verdict(found: Difference, digits: int, over: str) -> str:
    """A difference with its interval, and whether it tells the two apart."""
    if found.value is None:
        return f"their difference is undefined ({found.reason})"
    told = f"difference {signed(found.value, digits)}"
    if found.low is None or found.high is None:
        return f"{told}; {found.reason}, so that nothing tells them apart"
    apart = found.low > 0 or found.high < 0
    return (
        f"{told} (95 % interval {ends(found.low, found.high, digits)}, {over}): "
        f"{'told apart' if apart else 'not told apart'}"
    )


def best(groups: Sequence[Group], name: str) -> Group | None:
    """The group with the highest mean of a number; ``None`` where none has it."""
    known = [group for group in groups if group.stat(name)["mean"] is not None]
    return max(known, key=lambda group: float(group.stat(name)["mean"]), default=None)


def shared_values(a: Group, b: Group, name: str) -> tuple[list[Any], list[Any]]:
    """The number of both, seed by seed, where both have it."""
    first, second = (dict(zip(group.seeds, group.values(name), strict=True)) for group in (a, b))
    seeds = [
        seed
        for seed in sorted(set(first) & set(second))
        if first[seed] is not None and second[seed] is not None
    ]
    return [first[seed] for seed in seeds], [second[seed] for seed in seeds]
