"""Tables of ``ensemble``: members, their ensemble, one network of as many multiply-adds, and the gain."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables import training
from harness.stats import mean_with_interval

COLUMNS = (
    Column("Shrinker", "what left the space that members were picked in", numeric=False),
    Column("Members", "networks of the ensemble"),
    Column("Split", "layers that they share behind the stem"),
    Column("Member, %", "mean accuracy of the members, each by itself in the ensemble"),
    Column("Best member, %", "accuracy of the most accurate one"),
    Column("Ensemble, %", "accuracy of the mean of their softmax"),
    Column(
        "One network, %", "accuracy of the first member's network, widened to about as many multiply-adds"
    ),
    Column("Gain, points", "the ensemble's accuracy less that of the one network"),
    Column("Apart, %", "images that two members name different classes of, mean over pairs", extra=True),
    Column("First alone, %", "accuracy of the first member's network, trained by itself", extra=True),
    Column("Multiply-adds, M", "of the ensemble, for one image", lower_first=True),
    Column("One network's, M", "multiply-adds of the one network", lower_first=True),
    Column("Member's, M", "mean multiply-adds of a member with what it shares", lower_first=True, extra=True),
    Column("Scores", "measured on the supernet", lower_first=True, extra=True),
    Column("Epochs", "that the supernet was trained for", lower_first=True, extra=True),
    Column("Seeds", "runs averaged"),
)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """A row for each group, the largest gain first, and the supernets."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: -(group.stat("gain")["mean"] or 0.0))
    rows = [Row(_cells(group, groups)) for group in scored]
    rows += wording.rows_of_failed(groups, COLUMNS)
    table = Table("Ensembles beside one network", COLUMNS, tuple(rows), _caption(groups, scored))
    return (table, *training.tables(groups))


def _cells(group: Group, groups: Sequence[Group]) -> tuple[Cell, ...]:
    def told(name: str) -> Cell:
        return wording.mean_cell(group.stat(name), 2)

    def millions(part: str) -> Cell:
        values = group.values(f"{part}.flops")
        return wording.mean_cell(
            mean_with_interval(None if value is None else value / 1e6 for value in values), 2
        )

    return (
        wording.method_cell(group, groups),
        *(Cell(str(group.settings[name]), float(group.settings[name])) for name in ("members", "split")),
        told("member.accuracy"),
        told("best_member"),
        told("ensemble.accuracy"),
        told("one.accuracy"),
        told("gain"),
        told("ensemble.disagreement"),
        told("alone.accuracy"),
        *map(millions, ("ensemble", "one", "member")),
        *(wording.mean_cell(group.stat(f"paid.{name}"), 0, whole=True) for name in ("scores", "epochs")),
        wording.seeds_cell(group),
    )


def _caption(groups: Sequence[Group], scored: Sequence[Group]) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    near = [ratio for group in scored for ratio in group.values("flops_ratio") if ratio is not None]
    return (
        "Means ± standard deviations over seeds. Members share the stem and the first layers, each has a "
        "rest and a head of its own; they are trained together from scratch, and the one network and the "
        "first member alone by the same recipe. Members are picked by the supernet, before any figure of "
        "this section is known.",
        f"The one network has {min(near):.2f} to {max(near):.2f} times the ensemble's multiply-adds: a "
        "number of channels is whole.",
        *lookup.truth_sentence(scored),
        wording.settings_sentence(groups),
    )
