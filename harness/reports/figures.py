"""Agreement step by step, and accuracies found: one figure for all methods of a section."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from harness.reports import style, words
from harness.reports.groups import Group
from harness.reports.model import Figure

NARROW_LABEL = 56
"""Characters of which two legend entries fit beside each other."""


def progress(groups: Sequence[Group], label_words: str) -> Figure | None:
    """Agreement with accuracy by operation, step by step; ``None`` where no run goes beyond the first.

    Published scores of which it is not known what was decided say nothing of what can still be reached.
    """
    groups = [
        group
        for group in groups
        if group.results and group.stat("steps.1.best_acc_remaining.kendall")["mean"] is not None
    ]
    if not groups:
        return None
    place = groups[0].run
    shown = groups[: len(style.COLOURS)]
    names = [words.method_cell(group, shown) for group in shown]
    labels = [f"{name.text} ({name.note})" if name.note else name.text for name in names]
    columns = 2 if max(map(len, labels)) <= NARROW_LABEL else 1
    lines = -(-len(shown) // columns)
    with style.context():
        figure = style.canvas(7.2, 3.4 + 0.19 * lines)
        style.headings(figure, "Agreement step by step", (f"{place.space}, {place.label}",))
        bottom = 0.66 + 0.19 * lines
        panels = (
            ("best_acc_remaining", "best accuracy", 0.095),
            ("avg_acc_remaining", "average accuracy", 0.585),
        )
        for truth, title, left in panels:
            axes = style.axes(figure, left, left + 0.39, top=0.84, bottom=bottom)
            for number, group in enumerate(shown):
                _curve(axes, group, truth, number, labels[number])
            axes.axhline(0, color=style.MUTED, linewidth=0.7)
            axes.set_title(f"with the {title} still reachable", fontsize=8.5, loc="left")
            axes.set_xlabel("decisions made")
            axes.set_ylabel("Kendall τ")
            axes.xaxis.get_major_locator().set_params(integer=True)
        style.legend(figure, axes, columns)
        png, svg = style.written(figure)
    left_out = (
        f" The first {len(shown)} of {len(groups)} scorers are drawn." if len(groups) > len(shown) else ""
    )
    seeds = "; ".join(f"{group.method}: {words.seeds(group.seeds)}" for group in shown)
    return Figure(
        name=f"progress-{place.space}-{place.label}",
        title="Agreement step by step",
        caption=f"Label {place.label}{f' ({label_words})' if label_words else ''}. Kendall τ between the "
        "candidates' scores and the best or average accuracy of the architectures still reachable, averaged "
        "over the open decisions where it is defined; lines: mean over seeds, bands: ± s.d. "
        f"{seeds}.{left_out} {words.settings_sentence(groups)}",
        alternative=f"Kendall tau by step of {len(shown)} operation scorers on {place.space}.",
        png=png,
        svg=svg,
    )


def _names(group: Group) -> set[str]:
    return set(group.results[0].numbers)


def _curve(axes: Axes, group: Group, truth: str, number: int, label: str) -> None:
    steps = sorted({int(key.split(".")[1]) for key in _names(group) if key.startswith("steps.")})
    stats = [group.stat(f"steps.{step}.{truth}.kendall") for step in steps]
    mean = np.array([np.nan if stat["mean"] is None else stat["mean"] for stat in stats])
    sd = np.array([stat["sd"] or 0.0 for stat in stats])
    colour = style.COLOURS[number]
    axes.plot(
        steps, mean, color=colour, marker=style.MARKERS[number], markersize=4, linewidth=1.4, label=label
    )
    if sd.any():
        axes.fill_between(steps, mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0)


def found(groups: Sequence[Group], label_words: str) -> Figure | None:
    """Accuracy found by every searcher, one point per seed."""
    groups = [group for group in groups if group.results]
    if not groups:
        return None
    place = groups[0].run
    groups = sorted(groups, key=lambda group: group.stat("accuracy")["mean"] or 0.0)
    names = [words.method_cell(group, groups) for group in groups]
    with style.context():
        figure = style.canvas(7.2, 1.35 + 0.3 * len(groups))
        style.headings(figure, "Accuracy found", (f"{place.space}, {place.label}; one point per seed",))
        axes = style.axes(figure, 0.28, 0.975, top=0.62)
        for height, group in enumerate(groups):
            values = [value for value in group.values("accuracy") if value is not None]
            axes.scatter(
                values, [height] * len(values), s=26, alpha=0.6, linewidths=0, color=style.COLOURS[0]
            )
            axes.plot(
                group.stat("accuracy")["mean"],
                height,
                "|",
                markersize=13,
                markeredgewidth=1.6,
                color=style.INK,
            )
        best = groups[0].stat("best_accuracy")["mean"]
        axes.axvline(best, color=style.COLOURS[1], linewidth=1.2, linestyle=(0, (4, 2)))
        axes.set_yticks(
            range(len(groups)), [f"{name.text}\n{name.note}" if name.note else name.text for name in names]
        )
        axes.set_ylim(-0.6, len(groups) - 0.4)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("accuracy, %")
        png, svg = style.written(figure)
    return Figure(
        name=f"search-{place.space}-{place.label}",
        title="Accuracy found",
        caption=f"Label {place.label}{f' ({label_words})' if label_words else ''}. Points: seeds; bars: "
        f"their mean; dashed: the best architecture of the space. {words.settings_sentence(groups)}",
        alternative=f"Accuracy found on {place.space} by {len(groups)} searchers, one point per seed.",
        png=png,
        svg=svg,
    )
