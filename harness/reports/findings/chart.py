"""The chart that carries a report's first screen: what ranks architectures, and what searches find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group, by_population
from harness.reports.analysis.quantity import Quantity
from harness.reports.charts.chart import INK, MUTED, Chart, Mark, Panel, Series
from harness.reports.findings import parts
from harness.tasks.arch_correlation import BASELINES

SHOWN = 10
"""Methods of a panel."""

HEAD, LINE = 0.9, 0.26
"""Inches of a panel besides its methods, and of each."""


def chart(groups: Sequence[Group], quantity: Quantity, label_words: str) -> Chart | None:
    """A panel for proxies, or for operation scores where there are none, and one for searches."""
    by_task: dict[str, list[Group]] = {}
    for group in groups:
        if group.results:
            by_task.setdefault(group.run.task, []).append(group)
    ranking = _proxies(by_task.get("arch_correlation", ()), quantity) or _scorers(
        by_task.get("op_correlation", ()), quantity
    )
    panels = [panel for panel in (ranking, _searches(by_task.get("search", ()), quantity)) if panel]
    if not panels:
        return None
    place = groups[0].run
    shown = [group for group in groups if group.results]
    return Chart(
        name=f"summary-{place.space}-{place.label}",
        kind="What was found",
        title=f"{place.space}, {place.label}",
        lines=(
            "Bars: 95 % intervals. Grey: trivial baselines, and searches that read no network (most are told "
            "trained figures). Hollow: means over seeds.",
        ),
        caption=f"{wording.label_sentence(groups[0], label_words)} Rank agreement: means over seeds, bars: "
        "95 % bootstrap intervals over architectures, their ends averaged over seeds; grey: trivial "
        "baselines. Searches: hollow: means over seeds, filled: seeds. "
        f"At most {SHOWN} methods of each are drawn, the best first.",
        alternative=_alternative(panels, place.space),
        panels=tuple(panels),
        columns=2,
        size=(5.0, HEAD + LINE * max(len(panel.y_names) for panel in panels)),
        records=wording.records(shown),
    )


def _alternative(panels: Sequence[Panel], space: str) -> str:
    firsts = "; ".join(f"{panel.title.lower()}: first {panel.y_names[0]}" for panel in panels)
    return f"What was found on {space}. {firsts}."


def _proxies(groups: Sequence[Group], quantity: Quantity) -> Panel | None:
    """Tau of the proxies and of the trivial baselines on the same architectures, with intervals."""
    blocks = by_population(groups)
    if not blocks:
        return None
    defined = [group for group in blocks[0] if group.stat("score.kendall")["mean"] is not None]
    block = sorted(defined or blocks[0], key=lambda group: -_mean(group, "score.kendall"))
    rows = [(wording.title(group, block), group, "score") for group in block[:SHOWN]]
    own = {group.method for group in block}
    rows += [
        (title, block[0], name)
        for name, title in BASELINES.items()
        if name not in own and block[0].stat(f"{name}.kendall")["mean"] is not None
    ]
    rows.sort(key=lambda row: -_mean(row[1], f"{row[2]}.kendall"))
    numbers = [_numbers(group, f"{name}.kendall") for _, group, name in rows]
    trivial = np.array([name != "score" or group.method in BASELINES for _, group, name in rows])
    ceiling = block[0].stat("ceiling.kendall")["mean"]
    return Panel(
        tuple(_points(numbers, [title for title, _, _ in rows], part, colour)
              for part, colour in ((~trivial, 0), (trivial, MUTED))),
        title=f"Rank agreement with {quantity.truth}",
        x_title="Kendall τ",
        y_names=tuple(title for title, _, _ in rows),
        marks=() if ceiling is None else (Mark("x", ceiling, 1, True, f"ceiling {ceiling:.2f}"),),
    )  # fmt: skip


def _scorers(groups: Sequence[Group], quantity: Quantity) -> Panel | None:
    """Tau of operation scorers with the best accuracy by operation, of every seed."""
    name = "steps.0.best_acc.kendall"
    scored = sorted(
        (group for group in groups if parts.measured(group)), key=lambda group: -_mean(group, name)
    )
    return (
        _seeds(scored[:SHOWN], name, 1.0, f"Operations, with the best {quantity.metric}", "Kendall τ")
        if scored
        else None
    )


def _searches(groups: Sequence[Group], quantity: Quantity) -> Panel | None:
    known = [group for group in groups if group.stat("accuracy")["mean"] is not None]
    known.sort(key=lambda group: -_mean(group, "accuracy"))
    if not known:
        return None
    optima = [group.stat("best_accuracy")["mean"] for group in known]  # within limits it may be a lower one
    best = max((each for each in optima if each is not None), default=None)
    title = f"{quantity.title.partition(',')[0]} that searches find"
    marks = () if best is None else (Mark("x", quantity.sign * best, 1, True, f"best {quantity.text(best)}"),)
    return _seeds(known[:SHOWN], "accuracy", quantity.sign, title, quantity.axis, marks)


def _seeds(
    groups: Sequence[Group], name: str, sign: float, title: str, x_title: str, marks: tuple[Mark, ...] = ()
) -> Panel:
    """A point for every seed, and a hollow one for their mean; grey where nothing was measured."""
    series = []
    for row, group in enumerate(groups):
        values = [np.nan if value is None else sign * value for value in group.values(name)]
        series.append(
            Series(
                "", values, [row] * len(values), colour=0 if parts.measured(group) else MUTED,
                words=tuple(f"{group.method}, seed {seed}" for seed in group.seeds),
                facts=_facts(group),
            )
        )  # fmt: skip
    means = [sign * _mean(group, name) for group in groups]
    told = tuple(f"{group.method}, mean of {wording.counted(len(group.seeds), 'seed')}" for group in groups)
    hollow = Series("", means, range(len(groups)), colour=INK, marker=3, hollow=True, words=told)
    names = tuple(wording.title(group, groups) for group in groups)
    return Panel((*series, hollow), title=title, x_title=x_title, y_names=names, marks=marks)


def _facts(group: Group) -> tuple[tuple[str, Sequence[str]], ...]:
    archs = [str(result.statistics.get("arch", "")) for result in group.results]
    return (("found", archs),) if any(archs) else ()


def _points(
    numbers: Sequence[Mapping[str, float]], names: Sequence[str], part: np.ndarray, colour: int | str
) -> Series:
    rows = np.flatnonzero(part).tolist()
    at = {key: [numbers[row][key] for row in rows] for key in ("mean", "low", "high")}
    return Series(
        "", at["mean"], rows, x_low=at["low"], x_high=at["high"], colour=colour,
        words=tuple(names[row] for row in rows),
    )  # fmt: skip


def _numbers(group: Group, name: str) -> dict[str, float]:
    low, high = (group.stat(f"{name}_{end}")["mean"] for end in ("low", "high"))
    return {
        "mean": _mean(group, name),
        "low": np.nan if low is None else low,
        "high": np.nan if high is None else high,
    }


def _mean(group: Group, name: str) -> float:
    mean = group.stat(name)["mean"]
    return float("nan") if mean is None else float(mean)
