"""Tables of ``op_correlation``: how well a scorer ranks the candidates of each decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.analysis.results import Result
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables import training

AGREEMENT = (
    Column("Scorer", "operation scorer", numeric=False),
    Column("τ, best acc.", "Kendall with best accuracy by operation, initial supernet, mean over decisions"),
    Column("ρ, best acc.", "Spearman, likewise", extra=True),
    Column("τ, average acc.", "Kendall with average accuracy by operation, initial supernet"),
    Column("ρ, average acc.", "Spearman, likewise", extra=True),
    Column("τ over steps, best acc.", "mean over all steps, best accuracy still reachable", extra=True),
    Column("τ over steps, average acc.", "mean over all steps, average of those reachable", extra=True),
    Column("Decisions", "decisions of the initial supernet with a defined correlation / all", extra=True),
    Column("Seeds", "runs averaged"),
)


def picked_columns(quantity: Quantity) -> tuple[Column, ...]:
    """Of the architectures picked, in the words of the label."""
    unit, lower = (f", {quantity.unit}" if quantity.unit else ""), quantity.lower_first
    of_best = f"how far its {quantity.metric} is from that of the best architecture, {quantity.points}"
    return (
        Column("Scorer", "operation scorer", numeric=False),
        Column(
            f"Picked{unit}",
            f"{quantity.metric} of the architecture that the initial scores pick",
            lower_first=lower,
        ),
        Column("Rank", "of that architecture among all of the space", lower_first=True),
        Column("Regret", of_best, lower_first=True, extra=True),
        Column(
            f"Picked step by step{unit}",
            f"{quantity.metric} of what is left after the last step",
            lower_first=lower,
        ),
        Column("Rank, step by step", "of the architecture that is left", lower_first=True),
        Column("Regret, step by step", "of the architecture that is left", lower_first=True),
        Column("Seeds", "runs averaged"),
    )


DROPPED = (
    Column("Scorer", "operation scorer", numeric=False),
    Column("Mean rank of the dropped", "mean true rank of the operations dropped; higher is better"),
    Column("Best ones kept", "of the truly best operations, as many as are left, those that are left"),
    Column("Dropped", "operations dropped / all of the space", extra=True),
    Column(
        "True ranks, in this order", "of the operations dropped by the first seed", numeric=False, extra=True
    ),
    Column("Seeds", "runs averaged"),
)

FIRST = "steps.0"


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """Agreement, the architectures that the scores pick, the operations they would drop, and trainings."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: -_known(group.stat(f"{FIRST}.best_acc.kendall")["mean"]))
    failed = wording.rows_of_failed(groups, AGREEMENT)
    agreement = Table(
        "Rank agreement per decision with accuracy by operation",
        AGREEMENT,
        (*(Row(_agreement(group, groups), _kind(group)) for group in scored), *failed),
        _caption(groups, scored),
    )
    picking = [group for group in scored if "selected.accuracy" in group.results[0].numbers]
    picking.sort(key=lambda group: _or_last(group.stat("selected.accuracy")["mean"]))
    quantity = quantity_of(*groups[0].place[1:])
    picked = Table(
        "Architectures that the scores pick",
        picked_columns(quantity),
        tuple(Row(_picked(group, groups, quantity), _kind(group)) for group in picking),
        _picked_caption(picking, len(scored) - len(picking), quantity),
    )
    return (
        agreement,
        *([picked] if picking else []),
        *_dropped_tables(groups, scored),
        *training.tables(groups),
    )


def _dropped_tables(groups: Sequence[Group], scored: Sequence[Group]) -> tuple[Table, ...]:
    """At most one: none where no scorer has a score for every operation."""
    known = [
        group
        for group in scored
        if any(value is not None for value in group.values("dropped_first.mean_rank"))
    ]
    if not known:
        return ()
    known.sort(key=lambda group: -_known(group.stat("dropped_first.mean_rank")["mean"]))
    rows = tuple(Row(_dropped(group, groups), _kind(group)) for group in known)
    return (
        Table("Operations that a score would drop first", DROPPED, rows, _dropped_caption(known, scored)),
    )


def _dropped(group: Group, groups: Sequence[Group]) -> tuple[Cell, ...]:
    first = next(result for result in group.results if _first_dropped(result)["ranks"])
    top, dropped, candidates = (
        wording.spread(group.values(f"dropped_first.{name}")) for name in ("top", "dropped", "candidates")
    )
    kept = wording.mean_cell(group.stat("dropped_first.kept_top"), 1, whole=True)
    return (
        wording.method_cell(group, groups),
        wording.mean_cell(group.stat("dropped_first.mean_rank"), 2),
        Cell(f"{kept.text} of {top}", kept.sort, kept.note),
        Cell(f"{dropped} / {candidates}", group.stat("dropped_first.dropped")["mean"]),
        Cell(" ".join(map(str, _first_dropped(first)["ranks"])), None, wording.seeds([first.run.seed])),
        wording.seeds_cell(group),
    )


def _first_dropped(result: Result) -> Mapping[str, Any]:
    return result.derived["dropped_first"]


def _kind(group: Group) -> str:
    return "reference" if group.published else "method"


def _known(value: float | None) -> float:
    return -2.0 if value is None else value


def _agreement(group: Group, groups: Sequence[Group]) -> tuple[Cell, ...]:
    defined, undefined = (group.values(f"{FIRST}.best_acc.{key}") for key in ("decisions", "undefined"))
    total = [(a or 0) + (b or 0) for a, b in zip(defined, undefined, strict=True)]
    names = [
        f"{FIRST}.{truth}.{name}" for truth in ("best_acc", "avg_acc") for name in ("kendall", "spearman")
    ]
    names += ["mean.best_acc_remaining.kendall", "mean.avg_acc_remaining.kendall"]
    return (
        wording.method_cell(group, groups),
        *(wording.mean_cell(group.stat(name), 3) for name in names),
        Cell(f"{wording.spread(defined)} / {wording.spread(total)}", defined[0]),
        wording.seeds_cell(group),
    )


def _or_last(value: float | None) -> float:
    return inf if value is None else -value


def _picked(group: Group, groups: Sequence[Group], quantity: Quantity) -> tuple[Cell, ...]:
    cells = [wording.method_cell(group, groups)]
    for pick in ("selected", "selected_progressive"):
        for name in ("accuracy", "rank", "regret"):
            cells.append(_where_made(group, pick, name, quantity))
    return (*cells, wording.seeds_cell(group))


def _where_made(group: Group, pick: str, name: str, quantity: Quantity) -> Cell:
    """A number of the last step's architecture; a dash for a run of the initial supernet alone."""
    if f"{pick}.{name}" not in group.results[0].numbers:
        return Cell(wording.NONE)
    stat = group.stat(f"{pick}.{name}")
    if name == "rank":
        return wording.mean_cell(stat, 0, whole=True)
    return wording.mean_cell(quantity.stat(stat) if name == "accuracy" else stat, quantity.digits)


def _caption(groups: Sequence[Group], scored: Sequence[Group]) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    lost = "; ".join(
        f"{group.method}: {wording.failures(group)}" for group in scored if wording.failures(group)
    )
    return (
        "Per decision the scores of its candidates are compared with the accuracy of the architectures that "
        "contain them; correlations are averaged over decisions, undefined ones dropped and counted.",
        "Numbers are means ± standard deviations over seeds.",
        *lookup.truth_sentence(scored),
        *([f"Candidates without a valid score: {lost}."] if lost else []),
        *wording.failed_rows(scored),
        *filter(None, [wording.publications(groups)]),
        wording.settings_sentence(groups),
    )


def _picked_caption(picking: Sequence[Group], others: int, quantity: Quantity) -> tuple[str, ...]:
    size = wording.spread(value for group in picking for value in group.values("selected.size"))
    values = [quantity.shown(value) for group in picking for value in group.values("selected.best_accuracy")]
    best = wording.spread_of(values, quantity.digits)
    published = any(group.published for group in picking)
    return (
        f"Means ± standard deviations over seeds; ranks are among {size} architectures, of which the best "
        f"has {f'{best} {quantity.unit}'.rstrip()}. Regret is in {quantity.points_in_full} of this label, "
        "against the best that "
        f"{lookup.known_by(picking)}.",
        *(["Rows in -published: scores that others measured, accuracies of this label."] * published),
        *(
            [f"{wording.counted(others, 'scorer')} left decisions unscored and picked nothing."]
            * (others > 0)
        ),
    )


def _dropped_caption(known: Sequence[Group], scored: Sequence[Group]) -> tuple[str, ...]:
    ideal = wording.spread_of(
        value for group in known for value in group.values("dropped_first.ideal_mean_rank")
    )
    chance = wording.spread_of(
        (value + 1) / 2
        for group in known
        for value in group.values("dropped_first.candidates")
        if value is not None
    )
    reasons = [_first_dropped(result)["reason"] for group in scored for result in group.results]
    why = dict.fromkeys(str(reason) for reason in reasons if reason)
    return (
        "Two thirds of the candidate operations of all decisions are dropped from the initial supernet, "
        "lowest score first, with one left to each decision (as in angle-based search space shrinking, Hu et "
        "al., ECCV 2020). Their true rank is that of their average accuracy among all candidates, 1 the "
        f"best: the average accuracy itself drops a mean rank of {ideal}, chance about {chance}. Means ± "
        "standard deviations over seeds.",
        *([f"Nothing dropped: {'; '.join(why)}."] if why else []),
    )
