"""What the records of several spaces say together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.charts.chart import Chart, Heat, Panel
from harness.reports.model import Finding, Summary
from harness.reports.tables import overall
from harness.reports.tables.matrix import Matrix, matrices
from harness.reports.tables.overall import Method
from harness.stats import kendall

SHOWN = 14
"""Methods of a heat map."""

HEADINGS = {
    "arch_correlation": "Which score ranks architectures best",
    "op_correlation": "Which score ranks operations best",
    "search": "Which search finds the best",
}


def over_spaces(groups: Sequence[Group]) -> tuple[Summary, ...]:
    """One summary where a task has records on several places; none otherwise."""
    found = matrices(groups)
    if not found:
        return ()
    standings = {each.task: each for each in overall.standings(groups)}
    places = sorted({group.place[1:] for group in groups})
    seeds = sorted({seed for group in groups for seed in group.seeds})
    return (
        Summary(
            name="found-over-all",
            title="Over all spaces",
            asked=(
                ("Spaces", ", ".join(dict.fromkeys(space for space, _ in places))),
                ("Labels", ", ".join(dict.fromkeys(label for _, label in places))),
                ("Seeds", wording.seeds(seeds)),
            ),
            found=tuple(_finding(matrix, standings.get(matrix.task.name)) for matrix in found),
            limits=_limits(found, groups),
            chart=_chart(found, groups),
            following=_following(found),
        ),
    )


def _finding(matrix: Matrix, standing: overall.Standing | None) -> Finding:
    whole = [method for method in matrix.methods if method.kind != "reference"]
    most = max(sum((place, method) in matrix.ranks for place in matrix.places) for method in whole)
    whole = [m for m in whole if sum((place, m) in matrix.ranks for place in matrix.places) == most]
    first, *others = whole
    told = f"{first.name} has the lowest mean rank, {wording.number(matrix.mean_rank(first), 1)}"
    if others:
        told += f"; next {others[0].name}, {wording.number(matrix.mean_rank(others[0]), 1)}"
    verdict = overall.verdict(standing) if standing else "No test: too few blocks that all methods have."
    return Finding(
        HEADINGS.get(matrix.task.name, matrix.task.title),
        f"{told}.",
        tuple(filter(None, (_measuring(matrix, whole), _alike(matrix), verdict))),
        f"{wording.counted(len(whole), 'method')} on {wording.counted(most, 'place')}, "
        f"by {matrix.task.ranking.words if matrix.task.ranking else ''}",
        f"overall-all-{matrix.task.name}",
    )


def _measuring(matrix: Matrix, methods: Sequence[Method]) -> str:
    """The best of those that read networks, where another one is first."""
    best = next((method for method in methods if method in matrix.measuring), None)
    if best is None or best is methods[0]:
        return ""
    return f"Of those that read networks {best.name} is first, {wording.number(matrix.mean_rank(best), 1)}."


def _alike(matrix: Matrix) -> str:
    """Whether the spaces order the methods alike."""
    pairs = []
    for number, a in enumerate(matrix.places):
        for b in matrix.places[number + 1 :]:
            both = [m for m in matrix.methods if (a, m) in matrix.ranks and (b, m) in matrix.ranks]
            tau = kendall(*(np.array([matrix.ranks[place, m] for m in both]) for place in (a, b)))
            if tau is not None:
                pairs.append((tau, len(both)))
    if not pairs:
        return ""
    mean = float(np.mean([tau for tau, _ in pairs]))
    methods = wording.spread(count for _, count in pairs)
    return (
        f"Two spaces order the methods with a mean τ of {wording.number(mean, 2)} "
        f"({wording.counted(len(pairs), 'pair')}, {methods} methods in common)."
    )


def _limits(found: Sequence[Matrix], groups: Sequence[Group]) -> tuple[str, ...]:
    told = ["Seeds of one space are no independent blocks: with few spaces, a test is too sure."]
    partial = [
        f"{matrix.task.name}: {count} of {len(matrix.methods)}"
        for matrix in found
        if (count := sum(any((p, m) not in matrix.ranks for p in matrix.places) for m in matrix.methods))
    ]
    if partial:
        told.append(f"Not every space has every method ({'; '.join(partial)} are missing somewhere).")
    if single := [group for group in groups if len(group.seeds) == 1 and "fidelity" in group.settings]:
        told.append(f"{wording.counted(len(single), 'method')} on a space have one seed, and no spread.")
    return tuple(told)


def _chart(found: Sequence[Matrix], groups: Sequence[Group]) -> Chart:
    shown = [matrix for matrix in found if matrix.task.name != "op_correlation"] or list(found)
    panels = tuple(map(_panel, shown))
    rows = max(len(panel.y_names) for panel in panels)
    upright = 0.06 * max(len(name) for panel in panels for name in panel.x_names)  # inches below the panel
    return Chart(
        name="summary-over-all",
        kind="What was found",
        title="Over all spaces",
        lines=("The best mean rank at the top. Rank agreement is shown itself, of searches the rank.",),
        caption="Means over each method's own seeds. Of searches the rank of that mean among all on the "
        f"space, 1 the best. At most {SHOWN} methods are drawn, by rising mean rank.",
        alternative="; ".join(f"{panel.title}: first {panel.y_names[0]}" for panel in panels) + ".",
        panels=panels,
        columns=2,
        size=(5.0, 0.4 + max(1.0, upright) + 0.26 * rows),
        records=wording.records([group for group in groups if group.results]),
    )


def _panel(matrix: Matrix) -> Panel:
    methods = matrix.methods[:SHOWN]
    correlations = matrix.task.name != "search"
    values = [
        [
            matrix.mean(place, method) if correlations else matrix.ranks.get((place, method), np.nan)
            for place in matrix.places
        ]
        for method in methods
    ]
    worst = max(matrix.ranks.values())
    return Panel(
        title=matrix.task.title.partition(":")[0],
        x_names=tuple(map(matrix.name, matrix.places)),
        y_names=tuple(method.title for method in methods),
        heat=Heat(values, -1.0, 1.0) if correlations else Heat(values, worst, 1.0, digits=1),
    )


def _following(found: Sequence[Matrix]) -> tuple[tuple[str, str], ...]:
    told: list[tuple[str, str]] = []
    for matrix in found:
        for place in matrix.places:
            here = {method.name for where, method in matrix.ranks if where == place}
            missing = [m for m in matrix.methods if m.kind == "method" and m.name not in here]
            if missing and not any(place[0] in command for _, command in told):
                names = ", ".join(dict.fromkeys(method.name for method in missing[:3]))
                told.append(
                    (f"run {names} on {place[0]} too", f"harness bench --space {place[0]} --preset quick")
                )
    told.append(("all spaces with 4 seeds (many hours)", "harness bench --space all --preset standard"))
    return tuple(told[-3:])
