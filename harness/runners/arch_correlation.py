"""Task ``arch_correlation``: architectures scored by zero-cost proxies, against trained accuracy."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from harness import networks, records, stats
from harness.proxies import measure
from harness.runners._config import Outcome, Progress
from harness.runners._evaluate import batches, network
from harness.runners._place import Clock, failures_recorded
from harness.runners._setup import Setup
from harness.seeding import generator
from harness.spaces import Architecture

COLUMNS = (
    "arch",
    "canonical",
    "connected",
    "score",
    "status",
    "reason",
    "accuracy",
    "params",
    "flops",
    "operations",
)


@dataclass
class Measured:
    """One proxy's rows so far."""

    rows: list[dict[str, object]] = field(default_factory=list)
    seconds: float = 0.0


def run(setup: Setup, progress: Progress) -> list[Outcome]:
    """Score a population with every proxy asked for and write one record per proxy.

    The population is ``task.population`` distinct networks drawn with the run's seed, or all of
    the space's. All proxies share the weights and the one batch, and as many passes
    as they have in common; what a proxy's value is does not depend on its company.
    """
    population = setup.config.task["population"]
    runs = {name: setup.run(name, {"population": population}) for name in setup.config.proxy["names"]}
    outcomes = {name: setup.existing(run) for name, run in runs.items()}
    pending = [name for name, outcome in outcomes.items() if outcome is None]
    if pending:
        clock = Clock()
        with failures_recorded(setup, [runs[name] for name in pending], clock):
            archs = draw(setup, population)
            measured = score(setup, archs, pending, progress)
            for name in pending:
                outcomes[name] = write(setup, runs[name], archs, measured[name], clock)
    return list(outcomes.values())


def draw(setup: Setup, population: int | str) -> tuple[Architecture, ...]:
    """The architectures to score: distinct networks, in the order of their names."""
    count = setup.space.size if population == "all" else population
    archs = setup.space.sample_distinct(count, generator(setup.config.seed, "population"))
    return tuple(sorted(archs))


def score(
    setup: Setup, archs: tuple[Architecture, ...], names: list[str], progress: Progress
) -> dict[str, Measured]:
    """Measure every proxy on every architecture."""
    measured = {name: Measured() for name in names}
    shared = batches(setup, "batch", 0, names)
    for index, arch in enumerate(archs):
        progress("architectures", index, len(archs))
        found = measure(network(setup, arch), shared, names, setup.config.seed, setup.config.path)
        for name, measurement in found.items():
            measured[name].seconds += measurement.seconds
            measured[name].rows.append(
                {"score": measurement.value, "status": measurement.status, "reason": measurement.reason}
            )
    return measured


def write(
    setup: Setup, run: records.Run, archs: tuple[Architecture, ...], measured: Measured, clock: Clock
) -> Outcome:
    """Compare one proxy's scores with the truth and write its record."""
    space, label = setup.space, setup.label.name
    rows = pd.DataFrame(measured.rows)
    rows["score"] = rows["score"].astype(float)
    rows["arch"] = [space.format(arch) for arch in archs]
    rows["canonical"] = [space.canonical(arch) for arch in archs]
    rows["connected"] = [space.connected(arch) for arch in archs]
    rows["accuracy"] = setup.table.accuracies(archs, label)
    rows["params"] = [networks.parameter_count(space, arch) for arch in archs]
    rows["flops"] = [networks.flop_count(space, arch, image_size=setup.source.image_size) for arch in archs]
    rows["operations"] = [space.non_identity_operations(arch) for arch in archs]
    rows = rows[list(COLUMNS)]
    statistics = {
        **stats.architecture_agreement(rows),
        "ceiling": stats.ceiling(setup.table.runs(archs, label)),
        "population": {"sampled": len(archs), "distinct": True, "space_size": space.size},
    }
    path = setup.write(run, rows, statistics, clock.timing(proxy_seconds=round(measured.seconds, 3)))
    agreement = statistics["score"]
    tau = agreement["kendall"]
    headline = "tau undefined" if tau is None else f"tau {tau:.3f}"
    return Outcome(run.method, "done", path, f"{headline}, n {agreement['n']} of {agreement['n_total']}")
