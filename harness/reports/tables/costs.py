"""What the architectures cost that searches by a proxy have found, beside the limits that they were given.

Of a space of which no accuracy is known, what every search has found.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Row, Table

COLUMNS = (
    Column("Searcher", "searcher and proxy", numeric=False),
    Column("Limits", "largest cost allowed, in the unit of its name or label", numeric=False),
    Column("Parameters, M", "of the network that is trained", lower_first=True),
    Column("Multiply-adds, M", "of the same, for one image", lower_first=True),
    Column("Networks", "that were scored, each once", lower_first=True),
    Column("Passed over", "architectures drawn that were outside of the limits", lower_first=True),
    Column("Seeds", "runs averaged"),
)
LIMIT = "limits."


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """A row for every method whose records say what was found costs; no table without one."""
    told = [group for group in groups if group.results and group.stat("params_millions")["n"]]
    if not told:
        return ()
    rows = tuple(Row(_cells(group, groups)) for group in told)
    return (Table("Costs of what was found", COLUMNS, rows, _CAPTION),)


_CAPTION = (
    "Means ± standard deviations over seeds, of the network that is trained for the label, whatever the "
    "fidelity at which it was scored: on DARTS's spaces that of 36 channels and 20 cells, or for ImageNet of "
    "48 and 14, elsewhere that of fidelity=benchmark. Multiply-adds are those of convolutions and linear "
    "layers.",
)


def _cells(group: Group, groups: Sequence[Group]) -> tuple[Cell, ...]:
    limits = ", ".join(
        f"{key.removeprefix(LIMIT)} ≤ {value:g}"
        for key, value in sorted(group.settings.items())
        if key.startswith(LIMIT)
    )
    scored, passed = group.stat("networks"), group.stat("outside_limits")
    return (
        wording.method_cell(group, groups),
        Cell(limits or wording.NONE),
        wording.mean_cell(group.stat("params_millions"), 3),
        wording.mean_cell(group.stat("flops_millions"), 1),
        wording.mean_cell(scored, 0, whole=True) if scored["n"] else Cell(wording.NONE),
        wording.mean_cell(passed, 0, whole=True) if passed["n"] else Cell(wording.NONE),
        wording.seeds_cell(group),
    )
