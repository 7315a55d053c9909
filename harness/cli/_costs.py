"""``harness tables costs``: how well parameters and multiply-adds stand in for latency and energy."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path

from harness import benchmarks, files
from harness.benchmarks import StandingIn
from harness.cli._progress import console_for
from harness.errors import ResultsError
from harness.stats import Kendall

FIELDS = ("space", "dataset", "first", "second", "n", "kendall", "low", "high")


def costs(options: argparse.Namespace) -> int:
    """Print a table for every data set, and write all pairs where a file is named."""
    table = benchmarks.load_table(options.space, options.dir)
    datasets = [options.dataset] if options.dataset else list(benchmarks.datasets_with_costs(table))
    found = {dataset: benchmarks.standing_in(table, dataset) for dataset in datasets}
    console = console_for(sys.stdout)
    for dataset, each in found.items():
        console.print(markdown(options.space, dataset, each), soft_wrap=True, highlight=False, markup=False)
    if options.pairs:
        _write(options.pairs, pairs_csv(options.space, found))
        console.print(f"all pairs written to {options.pairs}", soft_wrap=True, highlight=False)
    return 0


def markdown(space: str, dataset: str, found: StandingIn) -> str:
    """A row for every cost: tau with each count and with the accuracy, by falling tau with the last count."""
    columns = [*found.counts, *([] if found.accuracy is None else [found.accuracy])]
    taus = {
        cost.name: {other.name: found.tau(cost, other) for other in columns if other != cost}
        for cost in found.costs
    }
    by = found.counts[-1].name if found.counts else columns[-1].name
    ordered = sorted(taus, key=lambda name: -_or_lowest(taus[name].get(by)))
    lines = [
        f"{space}, {dataset}: Kendall's tau-b, 95 % interval over architectures",
        "",
        f"| cost | n | {' | '.join(column.name for column in columns)} |",
        "|---|---:|" + "---:|" * len(columns),
    ]
    for name in ordered:
        cells = [_cell(taus[name].get(column.name)) for column in columns]
        counted = max((each.n for each in taus[name].values()), default=0)
        lines.append(f"| {name} | {counted:,} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def pairs_csv(space: str, found: dict[str, StandingIn]) -> str:
    """Every pair of costs, and every cost with the accuracy, at full precision."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(FIELDS)
    for dataset, each in found.items():
        for first, second, tau in each.pairs():
            writer.writerow([space, dataset, first.name, second.name, tau.n, tau.tau, tau.low, tau.high])
    return buffer.getvalue()


def _or_lowest(tau: Kendall | None) -> float:
    return -2.0 if tau is None or tau.tau is None else tau.tau


def _cell(tau: Kendall | None) -> str:
    if tau is None:
        return "–"
    if tau.tau is None:
        return "undefined"
    ends = "" if tau.low is None or tau.high is None else f" ({tau.low:.3f} to {tau.high:.3f})"
    return f"{tau.tau:.3f}{ends}".replace("-", "−")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, text.encode())
    except OSError as error:
        raise ResultsError(f"The pairs cannot be written to {path}: {error.strerror}.") from error
