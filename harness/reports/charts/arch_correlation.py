"""Charts of ``arch_correlation``: all proxies beside each other, then the scatter of each."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import quantity_of
from harness.reports.charts.chart import Chart
from harness.reports.charts.comparisons import comparisons
from harness.reports.charts.scatter import scatter


def charts(groups: Sequence[Group], label_words: str) -> tuple[Chart, ...]:
    """The comparisons, and the scatters by falling agreement."""
    scored = [group for group in groups if group.results]
    scored.sort(key=lambda group: -(group.stat("score.kendall")["mean"] or -2.0))
    quantity = quantity_of(*groups[0].place[1:])
    scatters = (scatter(group, groups, label_words, quantity) for group in scored)
    return (*comparisons(groups, label_words), *scatters)
