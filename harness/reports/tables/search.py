"""Tables of ``search``: what each searcher found and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from harness.benchmarks import find_label
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables import (
    best_seen,
    costs,
    operation_shares,
    published_errors,
    published_genotypes,
    restoration,
    training,
)


def columns(quantity: Quantity) -> tuple[Column, ...]:
    """Of the table of what was found, in the words of the label."""
    unit = f", {quantity.unit}" if quantity.unit else ""
    return (
        Column("Searcher", "searcher and proxy", numeric=False),
        Column(
            quantity.title,
            "of the architecture found, mean ± standard deviation over seeds",
            lower_first=quantity.lower_first,
        ),
        Column(
            f"Worst–best seed{unit}",
            f"worst and best {quantity.metric} over the seeds",
            lower_first=quantity.lower_first,
            extra=True,
        ),
        Column("Rank", "among all architectures of the space", lower_first=True),
        Column(
            "Regret",
            f"how far the {quantity.metric} found is from that of the best architecture, {quantity.points}",
            lower_first=True,
        ),
        Column("Scores", "evaluations of a proxy, or of a trained supernet's accuracy", lower_first=True),
        Column("Table queries", "trained figures the searcher was told", lower_first=True),
        Column("Proposals", "distinct networks proposed", extra=True),
        Column("Seeds", "runs averaged"),
    )


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """What was found, with the optimum at its head, its costs, and the supernets that were trained for it."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: _or_lowest(group.stat("accuracy")["mean"]), reverse=True)
    quantity = quantity_of(*groups[0].place[1:])
    heads = columns(quantity)
    rows = [
        Row(_cells(group, groups, quantity), "baseline" if group.stat("table_queries")["mean"] else "method")
        for group in scored
    ]
    rows = [*_optima(scored, quantity, len(heads)), *rows]
    rows += wording.rows_of_failed(groups, heads)
    found = Table("Architectures found", heads, tuple(rows), _caption(groups, scored, quantity))
    further = (restoration, costs, operation_shares, published_genotypes, published_errors, training)
    seen = best_seen.tables(groups, quantity)
    return (found, *seen, *(table for each in further for table in each.tables(groups)))


def _or_lowest(value: float | None) -> float:
    return -inf if value is None else value


def _optima(scored: Sequence[Group], quantity: Quantity, columns: int) -> list[Row]:
    """The best that there is, and the best within the limits of every search that has some."""
    by_limits: dict[str, list[Group]] = {}
    for group in scored:
        if any(value is not None for value in group.values("best_accuracy")):
            by_limits.setdefault(group.best_within, []).append(group)
    return [_optimum(by_limits[within], within, quantity, columns) for within in sorted(by_limits)]


def _optimum(scored: Sequence[Group], within: str, quantity: Quantity, columns: int) -> Row:
    values = [quantity.shown(value) for group in scored for value in group.values("best_accuracy")]
    named = lookup.best_of(scored) + (f" within {within}" if within else "")
    cells = [Cell(named, named, "optimum"), *[Cell("")] * (columns - 1)]
    cells[1] = Cell(
        wording.spread_of(values, quantity.digits), quantity.stat(scored[0].stat("best_accuracy"))["mean"]
    )
    cells[3], cells[4] = Cell("1", 1.0), Cell("0.00", 0.0)
    return Row(tuple(cells), "reference")


def _cells(group: Group, groups: Sequence[Group], quantity: Quantity) -> tuple[Cell, ...]:
    known = sorted(value for value in group.values("accuracy") if value is not None)
    ends = "–".join(wording.number(quantity.shown(known[end]), quantity.digits) for end in (0, -1) if known)
    proposals = group.stat("proposals_distinct")
    return (
        wording.method_cell(group, groups),
        wording.mean_cell(quantity.stat(group.stat("accuracy")), quantity.digits),
        Cell(ends or wording.NONE, quantity.shown(known[0] if known else None)),
        wording.mean_cell(group.stat("rank"), 0, whole=True),
        wording.mean_cell(group.stat("regret"), quantity.digits),
        wording.mean_cell(group.stat("evaluations"), 0, whole=True),
        wording.mean_cell(group.stat("table_queries"), 0, whole=True),
        Cell(wording.NONE) if proposals["mean"] is None else wording.mean_cell(proposals, 0, whole=True),
        wording.seeds_cell(group),
    )


def _caption(groups: Sequence[Group], scored: Sequence[Group], quantity: Quantity) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    sentences = [
        " ".join(
            (
                *_searched_on(scored),
                f"Means ± standard deviations over seeds; {_ranks(scored, quantity)}",
            )
        ),
        *lookup.truth_sentence(scored),
        *_unknown(scored),
        *wording.failed_rows(scored),
        wording.settings_sentence(groups),
    ]
    if not any(group.method.startswith("random") for group in scored):
        label = find_label(scored[0].run.space, scored[0].run.label)
        searcher = "random_search" if label is None or label.known else "random_by_proxy"
        if all(map(lookup.restores, scored)):
            searcher = "random_by_fit"
        sentences.insert(
            1,
            f"No random search stands here to compare with: run it with `task=search searcher={searcher}`.",
        )
    return tuple(sentences)


def _searched_on(scored: Sequence[Group]) -> tuple[str, ...]:
    """What was searched on, where it is not what is reported everywhere."""
    asking = [group for group in scored if group.stat("table_queries")["mean"]]
    named = any("search_label.name" in group.settings for group in asking)
    return best_seen.labels(asking) if named else ()


def _ranks(scored: Sequence[Group], quantity: Quantity) -> str:
    """What ranks and regrets are of; nobody knows the best where any architecture can be trained."""
    if all(value is None for group in scored for value in group.values("rank")):
        return "the best architecture is not known, so that there are no ranks and regrets."
    size = wording.spread(value for group in scored for value in group.values("size"))
    limited = " within the limits of the search" * any(group.best_within for group in scored)
    return (
        f"ranks are among {size} architectures, 1 the best. Regret is in {quantity.points_in_full} of this "
        f"label, against the best that {lookup.known_by(scored)}{limited}."
    )


def _unknown(scored: Sequence[Group]) -> tuple[str, ...]:
    """Of which searches nobody knows how good the architecture is that they found."""
    counts = {group.method: group.values("accuracy").count(None) for group in scored}
    told = [f"{method}, {count} of its runs" for method, count in counts.items() if count]
    return (
        (f"Left out, since the label has no figure for what was found: {'; '.join(told)}.",) if told else ()
    )
