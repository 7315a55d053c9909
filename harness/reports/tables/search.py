"""Tables of ``search``: what each searcher found and what it cost."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables import costs, published_errors, training

COLUMNS = (
    Column("Searcher", "searcher and proxy", numeric=False),
    Column("Accuracy, %", "of the architecture found, mean ± standard deviation over seeds"),
    Column("Worst–best seed, %", "lowest and highest accuracy over the seeds", extra=True),
    Column("Rank", "among all architectures of the space", lower_first=True),
    Column("Regret", "accuracy of the best architecture minus that found, points", lower_first=True),
    Column("Scores", "evaluations of a proxy, or of a trained supernet's accuracy", lower_first=True),
    Column("Table queries", "trained accuracies the searcher was told", lower_first=True),
    Column("Proposals", "distinct networks proposed", extra=True),
    Column("Seeds", "runs averaged"),
)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """What was found, with the optimum at its head, its costs, and the supernets that were trained for it."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: -(group.stat("accuracy")["mean"] or 0.0))
    rows = [
        Row(_cells(group, groups), "baseline" if group.stat("table_queries")["mean"] else "method")
        for group in scored
    ]
    if any(value is not None for group in scored for value in group.values("best_accuracy")):
        rows.insert(0, _optimum(scored))
    rows += wording.rows_of_failed(groups, COLUMNS)
    found = Table("Architectures found", COLUMNS, tuple(rows), _caption(groups, scored))
    return (found, *costs.tables(groups), *published_errors.tables(groups), *training.tables(groups))


def _optimum(scored: Sequence[Group]) -> Row:
    best = wording.spread_of(value for group in scored for value in group.values("best_accuracy"))
    named = lookup.best_of(scored)
    cells = [Cell(named, named, "optimum"), *[Cell("")] * (len(COLUMNS) - 1)]
    cells[1] = Cell(best, scored[0].stat("best_accuracy")["mean"])
    cells[3], cells[4] = Cell("1", 1.0), Cell("0.00", 0.0)
    return Row(tuple(cells), "reference")


def _cells(group: Group, groups: Sequence[Group]) -> tuple[Cell, ...]:
    accuracy = [value for value in group.values("accuracy") if value is not None]
    ends = (
        f"{wording.number(min(accuracy), 2)}–{wording.number(max(accuracy), 2)}" if accuracy else wording.NONE
    )
    proposals = group.stat("proposals_distinct")
    return (
        wording.method_cell(group, groups),
        wording.mean_cell(group.stat("accuracy"), 2),
        Cell(ends, min(accuracy, default=None)),
        wording.mean_cell(group.stat("rank"), 0, whole=True),
        wording.mean_cell(group.stat("regret"), 2),
        wording.mean_cell(group.stat("evaluations"), 0, whole=True),
        wording.mean_cell(group.stat("table_queries"), 0, whole=True),
        Cell(wording.NONE) if proposals["mean"] is None else wording.mean_cell(proposals, 0, whole=True),
        wording.seeds_cell(group),
    )


def _caption(groups: Sequence[Group], scored: Sequence[Group]) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    sentences = [
        f"Means ± standard deviations over seeds; {_ranks(scored)}",
        *_unknown(scored),
        *wording.failed_rows(scored),
        wording.settings_sentence(groups),
    ]
    if not any(group.method.startswith("random") for group in scored):
        sentences.insert(
            1,
            "No random search stands here to compare with: run it with `task=search searcher=random_search`.",
        )
    return tuple(sentences)


def _ranks(scored: Sequence[Group]) -> str:
    """What ranks and regrets are of; nobody knows the best where any architecture can be trained."""
    if all(value is None for group in scored for value in group.values("rank")):
        return "the best architecture is not known, so that there are no ranks and regrets."
    size = wording.spread(value for group in scored for value in group.values("size"))
    return (
        f"ranks are among {size} architectures, 1 the best. Regret is in percentage points of this label, "
        f"against the best that {lookup.known_by(scored)}."
    )


def _unknown(scored: Sequence[Group]) -> tuple[str, ...]:
    """Of which searches nobody knows how good the architecture is that they found."""
    counts = {group.method: group.values("accuracy").count(None) for group in scored}
    told = [f"{method}, {count} of its runs" for method, count in counts.items() if count]
    return (
        (f"Left out, since the label has no figure for what was found: {'; '.join(told)}.",) if told else ()
    )
