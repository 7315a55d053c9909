"""Scores of records against every label of their space, beside the trivial baselines and the ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness import records, stats, tasks
from harness.benchmarks import Benchmark, Label
from harness.errors import ResultsError
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group, by_population
from harness.scorers import OperationTruth
from harness.stats import Difference, Kendall, PairedScores
from harness.tasks.arch_correlation import BASELINES

PROXIES, SCORERS = "arch_correlation", "op_correlation"
"""The tasks whose records are judged."""


@dataclass(frozen=True)
class Judged:
    """One method's scores against one label, higher is better.

    Attributes
    ----------
    space, label, own
        Where, by which label, and under which label the records were made.
    method, kind
        The method, and ``method``, ``baseline`` or ``reference`` (an oracle).
    kendall
        Tau-b with its interval over architectures; of operations the mean over decisions, without one, where
        ``n`` are the decisions that have one. Means over the seeds.
    baseline, ahead
        The trivial baseline of the highest tau on the same architectures, and by how much the method is ahead
        of it, paired over architectures; ``None`` where that was not asked for, and of operations.
    """

    task: str
    space: str
    label: Label
    own: str
    method: str
    kind: str
    kendall: Kendall
    baseline: str = ""
    ahead: Difference | None = None

    @property
    def verdict(self) -> str:
        """``ahead`` or ``behind`` where the difference's interval leaves 0 out, else ``even`` or nothing."""
        if self.ahead is None or self.ahead.low is None or self.ahead.high is None:
            return ""
        return "ahead" if self.ahead.low > 0 else "behind" if self.ahead.high < 0 else "even"


@dataclass(frozen=True)
class Place:
    """What the records of one task on one space are: all of one label, and of the same architectures.

    ``ceilings`` has tau-b by label between trainings of the architectures scored, where it is known.
    """

    task: str
    space: str
    own: str
    groups: tuple[Group, ...]
    rows: tuple[Judged, ...]
    ceilings: Mapping[str, float]

    @property
    def labels(self) -> tuple[Label, ...]:
        """That it is judged by, in the table's order."""
        return tuple({row.label.name: row.label for row in self.rows}.values())

    @property
    def shown(self) -> tuple[Label, ...]:
        """:func:`main_labels` of them."""
        return main_labels(self.labels, self.own)

    def settings(self, name: str) -> str:
        """Values of a setting in all its records."""
        found = {str(group.settings[name]) for group in self.groups if name in group.settings}
        return ", ".join(sorted(found)) or wording.NONE


def main_labels(labels: Sequence[Label], own: str) -> tuple[Label, ...]:
    """Of every data set the records' own label, or the first of which more is better, or the first."""
    chosen: dict[str, Label] = {}
    for label in labels:
        known = chosen.get(label.dataset)
        better = known is not None and label.higher_is_better and not known.higher_is_better
        if known is None or better or label.name == own:
            chosen[label.dataset] = label
    return tuple(chosen.values())


def places(groups: Sequence[Group]) -> tuple[Place, ...]:
    """The matrix of all records of both tasks, by task and space.

    Of a space the label counts that most records have, and of proxies the architectures that most scored.

    Raises
    ------
    ResultsError
        Without a record that can be judged.
    """
    found: list[Place] = []
    for task in (PROXIES, SCORERS):
        members = [
            each for each in groups if each.run.task == task and each.results and not lookup.recipe_of(each)
        ]
        for space in sorted({group.run.space for group in members}):
            own = [group for group in members if group.run.space == space]
            labels = [group.run.label for group in own]
            label = max(dict.fromkeys(labels), key=labels.count)
            place = _place(task, space, label, [group for group in own if group.run.label == label])
            found += [place] if place else []
    if not found:
        raise ResultsError(
            "No record can be judged by the labels of its space; make some with `harness bench --space nb201 "
            "--preset matrix`."
        )
    return tuple(found)


def _place(task: str, space: str, own: str, groups: Sequence[Group]) -> Place | None:
    table = lookup.table_of(space, own)
    if table is None:
        return None
    members, _ = lookup.of_this_table(groups, table)
    if task == PROXIES:
        members = next(iter(by_population(members)), [])
    if not members:
        return None
    judge = _proxies if task == PROXIES else _scorers
    archs = members[0].results[0].architectures
    ceilings = _ceilings(table, archs["arch"].tolist()) if task == PROXIES else {}
    return Place(task, space, own, tuple(members), tuple(judge(space, own, members, table)), ceilings)


def _ceilings(table: Benchmark, archs: Sequence[str]) -> dict[str, float]:
    keys = lookup.keys(table.space.name, archs)
    found: dict[str, float] = {}
    for name, label in table.labels.items():
        own = stats.ceiling(table.runs(keys, name))["kendall"]
        known = label.ceiling.kendall if own is None and label.ceiling is not None else own
        if known is not None:
            found[name] = known
    return found


def _proxies(space: str, own: str, groups: Sequence[Group], table: Benchmark) -> Iterator[Judged]:
    frames = [result.architectures for result in groups[0].results]
    keys = [lookup.keys(space, frame["arch"].tolist()) for frame in frames]
    shown = {label.name for label in main_labels(tuple(table.labels.values()), own)}
    for name, label in table.labels.items():
        truths = [table.goodness(each, name) for each in keys]
        trivial = {title: [frame[column].to_numpy(np.float64) for frame in frames]
                   for column, title in BASELINES.items() if column in frames[0]}  # fmt: skip
        taus = {title: _mean(columns, truths) for title, columns in trivial.items()}
        for title, tau in taus.items():
            yield Judged(PROXIES, space, label, own, title, "baseline", tau)
        best = max(taus, key=lambda title: _or_lowest(taus[title].tau), default="")
        for group in groups:
            scores = [result.scores for result in group.results]
            if len(scores) != len(truths):
                continue
            ahead = _ahead(scores, trivial[best], truths) if name in shown and best else None
            named = wording.title(group, groups)
            yield Judged(PROXIES, space, label, own, named, "method", _mean(scores, truths), best, ahead)


def _mean(columns: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> Kendall:
    """Over the seeds; undefined where one of them is."""
    found = [stats.kendall_interval(x, y) for x, y in zip(columns, truths, strict=True)]
    numbers = [[getattr(each, name) for each in found] for name in ("tau", "low", "high")]
    means = [None if None in own else float(np.mean(own)) for own in numbers]
    return Kendall(min(each.n for each in found), *means)


def _ahead(
    scores: Sequence[np.ndarray], baseline: Sequence[np.ndarray], truths: Sequence[np.ndarray]
) -> Difference:
    samples: list[PairedScores] = []
    for a, b, truth in zip(scores, baseline, truths, strict=True):
        known = np.isfinite(a) & np.isfinite(b) & np.isfinite(truth)
        samples.append(PairedScores(a[known], b[known], truth[known], ("matrix", len(samples))))
    return stats.difference_over_architectures(samples)


def _scorers(space: str, own: str, groups: Sequence[Group], table: Benchmark) -> Iterator[Judged]:
    found = {
        group.key: [records.read_record(result.path).columns for result in group.results] for group in groups
    }
    for name, label in table.labels.items():
        truth = OperationTruth(table.population, table.goodness(table.keys, name), table.complete)
        best = dict(zip((spec.name for spec in table.space.decisions),
                        truth.best(table.space.full_mask), strict=True))  # fmt: skip
        for group in groups:
            taus = [_over_decisions(columns, best, table) for columns in found[group.key]]
            kind = "reference" if group.method in ("best_acc", "avg_acc") else "method"
            defined = [tau for own_taus in taus for tau in own_taus]
            tau = Kendall(len(taus[0]), float(np.mean(defined)) if defined else None, None, None)
            yield Judged(SCORERS, space, label, own, wording.title(group, groups), kind, tau)


def _over_decisions(
    columns: Mapping[str, np.ndarray], best: Mapping[str, np.ndarray], table: Benchmark
) -> list[float]:
    """Tau-b of each decision's scored candidates with their best figure, at the initial supernet."""
    scores = np.where(np.asarray(columns["status"]) == "ok", columns["score"], np.nan).astype(np.float64)
    first = np.asarray(columns["step"]) == 0
    found = []
    for spec in table.space.decisions:
        rows = np.flatnonzero(first & (np.asarray(columns["decision"]) == spec.name))
        places = [spec.candidates.index(str(columns["candidate"][row])) for row in rows]
        x, y = scores[rows], best[spec.name][places]
        known = np.isfinite(x) & np.isfinite(y)
        tau = stats.kendall(x[known], y[known])
        found += [] if tau is None else [tau]
    return found


def _or_lowest(tau: float | None) -> float:
    return -2.0 if tau is None else tau


def title_of(task: str) -> str:
    """The heading of a task's part."""
    return tasks.load(task).title
