"""How well what a shrinker says of single architectures ranks them: a table beside what it leaves."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity
from harness.reports.model import Cell, Column, Row, Table

SETS = (
    ("all", "all", "architectures whose truth is known"),
    ("convolutions", "convolutions alone", "those among them without none, skip, noise or pooling"),
)
"""By the record's name its title and its description."""


def tables(scored: Sequence[Group], groups: Sequence[Group], quantity: Quantity) -> tuple[Table, ...]:
    """One table, where a shrinker says something; ``scored`` are the rows' groups, in their order."""
    saying = [group for group in scored if group.stat("told.all.n")["n"]]
    if not saying:
        return ()
    heads = [Column("Shrinker", "what shrinks the space", numeric=False)]
    for _, title, words in SETS:
        heads += [
            Column(f"τ, {title}", f"of what is told with {quantity.metric}, over {words}"),
            Column(f"τ of size, {title}", "of the number of parameters in its place"),
            Column(f"n, {title}", words, extra=True),
        ]
    heads.append(Column("Seeds", "runs averaged"))
    rows = [
        Row(
            (
                wording.method_cell(group, groups),
                *(cell for name, _, _ in SETS for cell in _cells(group, f"told.{name}")),
                wording.seeds_cell(group),
            )
        )
        for group in saying
    ]
    return (Table("What is told of single architectures", tuple(heads), tuple(rows), (_CAPTION,)),)


def _cells(group: Group, name: str) -> tuple[Cell, ...]:
    taus = [group.stat(f"{name}.{each}") for each in ("tau", "tau_params")]
    count = wording.mean_cell(group.stat(f"{name}.n"), 0, whole=True)
    return (*(wording.mean_cell(tau, 3) if tau["n"] else Cell(wording.NONE) for tau in taus), count)


_CAPTION = (
    "Kendall's τ-b with the truth, means ± standard deviations over seeds, before the first step. The "
    "shrinker does not see the truth. Counts of none, skip and pooling decide most of a rank among all, so "
    "that architectures of convolutions alone are ranked apart."
)
