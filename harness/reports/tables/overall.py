"""Average ranks over all spaces, labels and seeds: which methods can be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from harness import tasks
from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import AverageRanks, average_ranks

LEVEL = 0.05
"""Below this p Friedman's test says that the methods differ, and only then pairs are told apart."""

COLUMNS = (
    Column("Method", "proxy, scorer or searcher; trivial baseline", numeric=False),
    Column("Mean rank", "over the blocks; 1 would be the best everywhere", lower_first=True),
    Column(
        "Better than", "methods whose mean rank is higher by more than the critical difference", numeric=False
    ),
    Column("Blocks", "spaces, labels and seeds that all of these methods have"),
)

Block = tuple[str, str, int, str]
"""Space, label, seed, and the set of architectures, empty where there is none."""


@dataclass(frozen=True, order=True)
class Method:
    """What is ranked: a row of the tables.

    ``settings`` are those that are not the usual ones of its table; ``kind`` is a row's: ``method``,
    ``baseline`` or ``reference``.
    """

    name: str
    settings: str = ""
    kind: str = "method"

    @property
    def title(self) -> str:
        """Name and settings."""
        return ", ".join(filter(None, (self.name, self.settings)))


@dataclass(frozen=True)
class Standing:
    """The average ranks of a task's methods.

    Attributes
    ----------
    task, statistic
        What was ranked, the latter in words.
    methods
        By rising mean rank; entry i of ``ranks.ranks``, and i in ``ranks.cliques``, is method i.
    places
        Space, label and seed of the blocks that all methods have.
    ranks
        Mean ranks, test, critical difference, and how many blocks were dropped.
    left_out
        The number of blocks of every method that too few blocks have.
    """

    task: str
    statistic: str
    methods: tuple[Method, ...]
    places: tuple[tuple[str, str, int], ...]
    ranks: AverageRanks
    left_out: Mapping[Method, int]

    @property
    def apart(self) -> tuple[tuple[int, int], ...]:
        """Pairs of methods that differ, the better one first; none where Friedman's test has p >= 0.05."""
        ranks = self.ranks
        if ranks.p is None or ranks.p >= LEVEL or ranks.critical_difference is None:
            return ()
        least, pairs = ranks.critical_difference, combinations(range(len(self.methods)), 2)
        return tuple((i, j) for i, j in pairs if ranks.ranks[j] - ranks.ranks[i] > least)


def standings(groups: Sequence[Group]) -> tuple[Standing, ...]:
    """One for every task with at least 2 methods that have at least 2 blocks in common."""
    ranked = (task for task in map(tasks.load, tasks.names()) if task.ranking is not None)
    found = (_standing(task, [group for group in groups if group.run.task == task.name]) for task in ranked)
    return tuple(each for each in found if each is not None)


def _standing(task: tasks.Task, groups: Sequence[Group]) -> Standing | None:
    values, known = blocks_of(task, groups)
    common = common_methods(values)
    if not common or task.ranking is None:
        return None
    matrix = np.array([[row.get(method, np.nan) for method in common] for row in values.values()])
    order = np.argsort(average_ranks(matrix).ranks, kind="stable")
    ranked = tuple(common[index] for index in order)
    complete = np.isfinite(matrix).all(axis=1)
    counts = Counter(method for row in values.values() for method in row)
    return Standing(
        task.name,
        task.ranking.words,
        ranked,
        tuple(block[:3] for block, whole in zip(values, complete, strict=True) if whole),
        average_ranks(matrix[:, order]),
        {method: counts[method] for method in known if method not in common},
    )


def blocks_of(
    task: tasks.Task, groups: Sequence[Group]
) -> tuple[dict[Block, dict[Method, float]], tuple[Method, ...]]:
    """By block the number of every method that has one there; and all methods, with a number or without."""
    values: dict[Block, dict[Method, float]] = {}
    known: set[Method] = set()
    for group in groups:
        beside = [other for other in groups if other.place == group.place]
        kind = "reference" if group.published else "method"
        methods = named(task, group, wording.own_settings(group, beside), kind)
        known |= set(methods)
        for result in group.results:
            run = result.run
            row = values.setdefault((run.space, run.label, run.seed, result.population or ""), {})
            numbers = {method: result.numbers.get(statistic) for method, statistic in methods.items()}
            row |= {method: value for method, value in numbers.items() if value is not None}
    return dict(sorted(values.items())), tuple(sorted(known))


def named(task: tasks.Task, group: Group, settings: str, kind: str) -> dict[Method, str]:
    """The methods that a group has numbers of, and which; a baseline stands for the proxy of its name.

    ``settings`` and ``kind`` are those of the group's own method.
    """
    statistic = task.ranking.name if task.ranking else ""
    found = {
        Method(title, kind="baseline"): statistic.replace("score", column)
        for column, title in task.baselines.items()
    }
    if group.method in task.baselines:
        return found
    return found | {Method(group.method, settings, kind): statistic}


def common_methods(values: Mapping[Block, Mapping[Method, float]]) -> list[Method]:
    """The methods to rank, sorted: those that at least c blocks have, for the c that keeps most numbers.

    Numbers kept are methods times blocks that have all of them, at least 2 of either; where as many are kept,
    the more blocks count.
    """
    counts = Counter(method for row in values.values() for method in row)
    best: tuple[int, int, list[Method]] = (0, 0, [])
    for least in set(counts.values()):
        common = sorted(method for method, count in counts.items() if count >= least)
        blocks = sum(set(common) <= set(row) for row in values.values())
        if len(common) >= 2 and blocks >= 2:
            best = max(best, (len(common) * blocks, blocks, common))
    return best[2]


def table(standing: Standing) -> Table:
    """Methods by rising mean rank, and what each is better than."""
    rows = []
    for index, method in enumerate(standing.methods):
        beaten = ", ".join(
            standing.methods[worse].title for better, worse in standing.apart if better == index
        )
        note = "baseline" if method.kind == "baseline" else method.settings
        cells = (
            Cell(method.name, method.title, note),
            Cell(wording.number(standing.ranks.ranks[index], 2), standing.ranks.ranks[index]),
            Cell(beaten or wording.NONE, beaten),
            Cell(wording.count(standing.ranks.blocks), float(standing.ranks.blocks)),
        )
        rows.append(Row(cells, method.kind))
    return Table(f"Average ranks by {standing.statistic}", COLUMNS, tuple(rows), _caption(standing))


def _caption(standing: Standing) -> tuple[str, ...]:
    ranks = standing.ranks
    where = ", ".join(dict.fromkeys(f"{space} ({label})" for space, label, _ in standing.places))
    sentences = [
        f"A block is a space, a label and a seed; within each the {len(standing.methods)} methods are "
        f"ranked, 1 the best, tied ones sharing their rank. Means over the {ranks.blocks} blocks that have "
        f"all of them, on {where}; {_counted(ranks.dropped)} dropped for want of one.",
        verdict(standing),
        "Seeds of one space are no independent blocks: with few spaces, the test is too sure.",
    ]
    if standing.left_out:
        told = ", ".join(f"{method.title} ({_counted(count)})" for method, count in standing.left_out.items())
        sentences.append(f"Not ranked, for having too few blocks in common with the others: {told}.")
    if any(method.kind == "baseline" for method in standing.methods):
        sentences.append("Baselines stand for the proxies of their name.")
    return tuple(sentences)


def verdict(standing: Standing) -> str:
    """What Friedman's test and Nemenyi's critical difference say, or why there is no test."""
    ranks = standing.ranks
    if ranks.reason is not None or ranks.p is None:
        return f"No test: {ranks.reason}."
    told = f"Friedman's test: χ² = {wording.number(ranks.statistic, 2)}, p {_p(ranks.p)}"
    difference = f"Nemenyi's critical difference is {wording.number(ranks.critical_difference, 2)}"
    if ranks.p >= LEVEL:
        return f"{told}: the methods cannot be told apart ({difference})."
    pairs = len(standing.methods) * (len(standing.methods) - 1) // 2
    return f"{told}. {difference}: {len(standing.apart)} of {wording.counted(pairs, 'pair')} differ by more."


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _counted(blocks: int) -> str:
    return wording.counted(blocks, "block")
