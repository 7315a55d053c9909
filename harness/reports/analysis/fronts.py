"""Cost beside accuracy: the front of all architectures of a benchmark, and how near searches come to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness import benchmarks
from harness.benchmarks import COUNTS, Objective, StoredTable
from harness.benchmarks import figures as figures_of
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.results import Result
from harness.stats import FrontFound, TrueFront, pareto_front

KINDS = ("latency", "energy")
"""Of the costs of a label's data set the first of each kind is drawn where nobody names any."""

LOOKED_UP = "what it looked up"
SCORED = "what it scored, by score and cost"
FOUND = "the one found"


@dataclass(frozen=True)
class Reached:
    """What one search of one seed hands over: its architectures, and how near they come to the true front.

    ``archs`` are strings, ``quality`` and ``cost`` their figures as :class:`Front` has them.
    """

    seed: int
    archs: tuple[str, ...]
    quality: np.ndarray
    cost: np.ndarray
    found: FrontFound


@dataclass(frozen=True)
class Front:
    """The front of a label and a cost, and what every search reaches of it.

    ``true`` has qualities and costs as they are ranked: negated where lower, or higher, is better. ``median``
    is the median quality of all architectures, ``of`` how many are known in both.
    """

    space: str
    label: str
    cost: Objective
    true: TrueFront
    median: float
    of: int
    reached: tuple[tuple[Group, str, tuple[Reached, ...]], ...]


def fronts(groups: Sequence[Group], costs: Sequence[str] = ()) -> tuple[Front, ...]:
    """A front for each of ``costs``, or for those of :func:`usual_costs`; none where nothing is known.

    Searches hand over the architectures that they looked up, or those of what they scored that no other beats
    by score and cost, or else the one that they found.
    """
    members = [group for group in groups if group.results and lookup.recipe_of(group) is None]
    if not members:
        return ()
    _, space, label = members[0].place
    table = lookup.table_of(space, label)
    if not isinstance(table, StoredTable):
        return ()
    members, _ = lookup.of_this_table(members, table)
    if not members:
        return ()
    known = benchmarks.objectives(table)
    names = [name for name in costs if name in known] or usual_costs(table, label, members)
    quality = table.goodness(table.keys, label)
    found = (_front(table, label, known[name], quality, members) for name in names if name != label)
    return tuple(front for front in found if front is not None)


def usual_costs(table: StoredTable, label: str, groups: Sequence[Group]) -> list[str]:
    """Counts, the first latency and the first energy of the label's data set, and what searches limited."""
    known = benchmarks.objectives(table)
    dataset = table.label(label).dataset
    names = [name for name in known if name in COUNTS]
    if not table.label(label).higher_is_better:
        return names
    for kind in KINDS:
        costs = (
            each.name
            for each in known.values()
            if each.dataset == dataset and not each.higher_is_better and each.metric.startswith(kind)
        )
        names += list(costs)[:1]
    limited = {name for group in groups for name in group.run.settings.get("limits", {})}
    return list(dict.fromkeys([*names, *sorted(limited & set(known))]))


def _front(
    table: StoredTable, label: str, cost: Objective, quality: np.ndarray, groups: Sequence[Group]
) -> Front | None:
    costs = -cost.sign * figures_of(table, table.keys, cost.name)
    true = TrueFront.of(quality, costs)
    if true is None:
        return None
    known = np.isfinite(quality) & np.isfinite(costs)
    reached = tuple(
        (group, how_of(group), tuple(_reached(table, label, cost, true, each) for each in group.results))
        for group in groups
    )
    median = float(np.median(quality[known]))
    return Front(table.space.name, label, cost, true, median, int(known.sum()), reached)


def how_of(group: Group) -> str:
    """What a group's searches hand over."""
    told = group.results[0].derived
    return LOOKED_UP if "looked_up" in told else SCORED if "scored" in told else FOUND


def _reached(table: StoredTable, label: str, cost: Objective, true: TrueFront, result: Result) -> Reached:
    told, found = result.derived, str(result.statistics["arch"])
    scored = told.get("scored", {"arch": (), "score": ()})
    archs = list(told.get("looked_up", scored["arch"])) or [found]
    keys = lookup.keys(table.space.name, archs)
    costs = -cost.sign * figures_of(table, keys, cost.name)
    if len(scored["arch"]):
        kept = pareto_front(np.asarray(scored["score"], np.float64), costs)
        archs, keys, costs = (
            [each for each, on in zip(archs, kept, strict=True) if on],
            keys[kept],
            costs[kept],
        )
    quality = table.goodness(keys, label)
    return Reached(result.run.seed, tuple(archs), quality, costs, true.found(quality, costs))
