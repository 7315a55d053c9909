"""How near searches come to the front of accuracy and a cost: hypervolume, and the share of the front."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.fronts import FOUND, LOOKED_UP, SCORED, Front, Reached
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import quantity_of
from harness.reports.model import Bar, Cell, Column, Row, Table
from harness.stats import mean_with_interval

COLUMNS = (
    Column("Searcher", "searcher and proxy", numeric=False),
    Column("Hands over", "what of a search is compared with the front", numeric=False),
    Column("Architectures", "handed over and known", lower_first=True),
    Column("Hypervolume", "of these, over that of the true front, 0 to 1"),
    Column("Share of the front", "points of the true front among them, 0 to 1"),
    Column("Seeds", "runs averaged"),
)


def table(front: Front) -> Table:
    """A row for every search, by falling hypervolume."""
    groups = [group for group, _, _ in front.reached]
    rows = [Row(_cells(front, *each, groups), _kind(each[0])) for each in front.reached]
    rows.sort(key=lambda row: _or_lowest(row.cells[3].sort), reverse=True)
    return Table(title(front), COLUMNS, tuple(rows), _caption(front))


def title(front: Front) -> str:
    """``Accuracy beside latency on a Pixel 3``."""
    quantity = quantity_of(front.space, front.label)
    return f"{quantity.name} beside {front.cost.metric}"


def _or_lowest(value: float | str | None) -> float:
    return -1.0 if value is None else float(value)


def _kind(group: Group) -> str:
    return "baseline" if group.stat("table_queries")["mean"] else "method"


def _cells(
    front: Front, group: Group, how: str, reached: Sequence[Reached], groups: Sequence[Group]
) -> tuple[Cell, ...]:
    volumes = mean_with_interval(each.found.hypervolume for each in reached)
    shares = mean_with_interval(each.found.share for each in reached)
    counts = mean_with_interval(float(each.found.n) for each in reached)
    volume = wording.mean_cell(volumes, 3)
    bar = None if volumes["mean"] is None else Bar(volumes["mean"], None, None)
    return (
        wording.method_cell(group, groups),
        Cell(how, how),
        wording.mean_cell(counts, 0, whole=True),
        Cell(volume.text, volume.sort, volume.note, bar),
        wording.mean_cell(shares, 3),
        wording.seeds_cell(group),
    )


def _caption(front: Front) -> tuple[str, ...]:
    quantity = quantity_of(front.space, front.label)
    worst, dearest = front.true.reference
    cost = front.cost
    return (
        f"Front of {front.label} and {cost.name} ({cost.words}) of all {front.of:,} architectures that are "
        f"known in both: {len(front.true.cost)} points, which no other beats in both. Hypervolume: the area "
        f"that a search's architectures dominate, as far as {quantity.text(worst)} and "
        f"{-cost.sign * dearest:.4g} {cost.unit} (the worst of all), over that of the front.",
        f"Means ± standard deviations over seeds. Compared are, of a search that looks figures up, "
        f"{LOOKED_UP}; of one by a proxy {SCORED}: those that no other of them beats in both, as it could "
        f"hand them over without a trained figure; of any other {FOUND}.",
        "With other costs: `harness report --costs NAME,NAME`.",
    )
