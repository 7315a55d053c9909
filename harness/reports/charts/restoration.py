"""The progress of a search over fits: what it goes by, and the true quality that it is not told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.charts.chart import MUTED, Chart, Mark, Panel, Series
from harness.stats import kendall, spearman


def progress(group: Group, groups: Sequence[Group], label_words: str) -> Chart | None:
    """Fitness and true PSNR by generation, and one against the other; ``None`` for a search of another kind.

    Of the group's first seed.
    """
    rows = group.rows
    if rows is None or not len(fits := rows[rows["stage"] == "fit"]):
        return None
    fitness, true = (fits[name].to_numpy(np.float64) for name in ("score", "accuracy"))
    generations = fits["step"].to_numpy(np.int64)
    both = np.isfinite(fitness) & np.isfinite(true)
    rho, tau = spearman(fitness[both], true[both]), kendall(fitness[both], true[both])
    agreement = f"Spearman ρ {wording.number(rho, 2)}, Kendall τ {wording.number(tau, 2)}"
    scatter = Panel(
        (
            Series(
                "", fitness, true, colour=0,
                words=tuple(
                    f"generation {step}, network {index}"
                    for step, index in zip(generations, fits["index"], strict=True)
                ),
            ),
        ),
        title=agreement,
        x_title="fitness, dB",
        y_title="true PSNR, dB",
    )  # fmt: skip
    several = len(set(generations.tolist())) > 1
    panels = (_by_generation(group, generations, fitness, true), scatter) if several else (scatter,)
    place, title = group.run, wording.title(group, groups)
    return Chart(
        name=f"progress-{place.space}-{place.label}-{group.method}-{group.key[:8]}",
        kind="Progress of the searches",
        title=title,
        lines=(f"{place.space}, {wording.seeds(group.seeds[:1])}: {len(fits)} networks fitted",),
        caption=f"{wording.label_sentence(group, label_words)} The search goes by the fitness alone, PSNR on "
        "observed pixels; the true PSNR was put beside it when it was over, of the same fits. Means are over "
        f"the networks that a generation fits anew. {agreement}. {wording.all_settings(group)}",
        alternative=f"Fitness and true PSNR of {len(fits)} networks fitted by {group.method}. {agreement}.",
        panels=panels,
        columns=2,
        size=(4.4, 3.2),
        records=group.records[:1],
    )


def _by_generation(group: Group, generations: np.ndarray, fitness: np.ndarray, true: np.ndarray) -> Panel:
    steps = np.unique(generations)
    known = np.where(np.isfinite(fitness), fitness, -np.inf)
    fittest = [int(np.argmax(np.where(generations <= step, known, -np.inf))) for step in steps]
    lines = (
        ("fitness of the fittest so far", fitness[fittest], 0, False),
        ("fitness, mean of the new ones", _means(fitness, generations, steps), 0, True),
        ("true PSNR of the fittest so far", true[fittest], 1, False),
        ("true PSNR, mean of the new ones", _means(true, generations, steps), 1, True),
    )
    classical = group.results[0].numbers.get("restoration.classical.psnr")
    marks = () if classical is None else (Mark("y", classical, MUTED, True, "classical, true PSNR"),)
    return Panel(
        tuple(
            Series(name, steps, values, line="straight", colour=colour, marker=colour, dashed=dashed)
            for name, values, colour, dashed in lines
        ),
        title="By generation",
        x_title="generation",
        y_title="dB",
        whole=True,
        marks=marks,
    )


def _means(values: np.ndarray, generations: np.ndarray, steps: np.ndarray) -> np.ndarray:
    finite = [values[(generations == step) & np.isfinite(values)] for step in steps]
    return np.array([part.mean() if len(part) else np.nan for part in finite])
