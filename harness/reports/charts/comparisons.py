"""Charts that set the proxies of a section side by side: alikeness, regret, cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.reports import wording
from harness.reports.analysis.groups import Group, by_population
from harness.reports.analysis.quantity import quantity_of
from harness.reports.charts.chart import INK, MUTED, Chart, Heat, Mark, Panel, Series
from harness.reports.charts.style import DRAWN
from harness.stats import best_of_n
from harness.tasks.arch_correlation import BASELINES


def comparisons(groups: Sequence[Group], label_words: str) -> tuple[Chart, ...]:
    """The charts that the section's largest set of architectures allows."""
    blocks = by_population(groups)
    if not blocks:
        return ()
    block = sorted(blocks[0], key=lambda group: -_or_lowest(group.stat("score.kendall")["mean"]))
    charts = (likeness(block, label_words), regret(block, label_words), cost(block, label_words))
    return tuple(chart for chart in charts if chart is not None)


def likeness(groups: Sequence[Group], label_words: str) -> Chart | None:
    """Spearman's rho between the scores of every two proxies, of the first seed; ``None`` for one alone."""
    if len(groups) < 2:
        return None
    place = groups[0].run
    frame = _scores(groups)
    names = tuple(map(str, frame.columns))
    values = frame.corr(method="spearman").to_numpy()
    side = max(1.6 + 0.3 * len(names), 3.6)
    return Chart(
        name=f"likeness-{place.space}-{place.label}",
        kind="How alike the proxies are",
        title="How alike the proxies are",
        lines=(f"{place.space}, {place.label}, {wording.seeds(groups[0].seeds[:1])}: Spearman ρ",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Spearman ρ between the scores of two "
        "proxies, and with the label's figures, over the architectures that both scored "
        f"({wording.number(len(frame), 0)} in all), {wording.seeds(groups[0].seeds[:1])}; by falling τ with "
        "these. "
        f"{wording.settings_sentence(groups)}",
        alternative=f"Heat map of rank correlations between {len(groups)} proxies on {place.space}.",
        panels=(Panel(x_names=names, y_names=names, heat=Heat(values.tolist(), -1.0, 1.0)),),
        size=(side + 0.6, side),
        records=wording.records(groups),
    )


def _scores(groups: Sequence[Group]) -> pd.DataFrame:
    """Accuracy and every group's scores by architecture, NaN where there is none."""
    first = groups[0].results[0].architectures
    metric = quantity_of(groups[0].run.space, groups[0].run.label).metric
    columns = {metric: pd.Series(first["accuracy"].to_numpy(), first["arch"])}
    for group in groups:
        result = group.results[0]
        columns[wording.title(group, groups)] = pd.Series(result.scores, result.architectures["arch"])
    return pd.DataFrame(columns)


def regret(groups: Sequence[Group], label_words: str) -> Chart:
    """Expected regret of the highest scored of n architectures drawn at random, by n."""
    place = groups[0].run
    quantity = quantity_of(place.space, place.label)
    curves = [(group, _regrets(group, None)) for group in groups]
    curves.sort(key=lambda item: sum(item[1]["regret"].values()))
    shown = curves[:DRAWN]
    series = [
        _line(wording.title(group, groups), curve["regret"], number)
        for number, (group, curve) in enumerate(shown)
    ]
    for name, dashed in (("params", False), ("flops", True)):
        if name in groups[0].results[0].architectures:
            curve = _regrets(groups[0], name)["regret"]
            series.append(_line(BASELINES[name], curve, MUTED, dashed))
    blind, informed = (curves[0][1][name] for name in ("random", "oracle"))
    series.append(_line("one taken blindly", blind, INK, dashed=True))
    series.append(_line("the best of n", informed, INK))
    return Chart(
        name=f"regret-{place.space}-{place.label}",
        kind="Regret of the best of n",
        title="Regret of the best of n",
        lines=(f"{place.space}, {place.label}: highest scored of n drawn at random",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Expected regret, in "
        f"{quantity.points_in_full} against the best of the set, of taking the highest scored of n "
        "architectures drawn at random from it (closed form, mean over seeds), beside size, a blind pick and "
        "the best of the n."
        f"{wording.left_out([group for group, _ in shown], [group for group, _ in curves], 'proxies')} "
        f"{wording.settings_sentence(groups)}",
        alternative=f"Expected regret by number of architectures, {len(shown)} proxies on {place.space}.",
        panels=(
            Panel(
                tuple(series),
                x_title="architectures drawn and scored, n",
                y_title=f"expected regret, {quantity.points}",
                x_log=True,
            ),
        ),
        size=(6.4, 3.4),
        records=wording.records([group for group, _ in shown]),
    )


def _regrets(group: Group, column: str | None) -> dict[str, dict[int, float]]:
    """Regret of the best by the scores, or by another ``column``, by n: means over the seeds."""
    found: dict[str, dict[int, list[float]]] = {name: {} for name in ("regret", "random", "oracle")}
    for result in group.results:
        known = result.architectures[np.isfinite(result.architectures["accuracy"])]
        truth = known["accuracy"].to_numpy(np.float64)
        scores = result.scores[known.index] if column is None else known[column].to_numpy(np.float64)
        for n, best in best_of_n(scores, truth, _sizes(len(truth))).items():
            for name, by_n in found.items():
                value = best[name] if name == "regret" else truth.max() - best[name]
                by_n.setdefault(int(n), []).append(float(value))
    return {name: {n: float(np.mean(each)) for n, each in by_n.items()} for name, by_n in found.items()}


def _sizes(count: int) -> list[int]:
    """1, 2, 5, 10, ... and ``count``."""
    grid = [factor * 10**power for power in range(7) for factor in (1, 2, 5)]
    return [*(n for n in grid if n < count), count]


def _line(name: str, curve: dict[int, float], colour: int | str, dashed: bool = False) -> Series:
    numbered = isinstance(colour, int)
    return Series(
        name, tuple(curve), tuple(curve.values()), line="straight", markers=numbered, colour=colour,
        marker=colour if isinstance(colour, int) else 0, dashed=dashed,
    )  # fmt: skip


def cost(groups: Sequence[Group], label_words: str) -> Chart | None:
    """Seconds per architecture against tau, and which proxies no other beats in both."""
    known = [group for group in groups if _seconds(group) and group.stat("score.kendall")["mean"] is not None]
    if len(known) < 2:
        return None
    place = groups[0].run
    seconds = np.array([_seconds(group) for group in known])
    tau, low, high = (
        np.array([_or_nan(group.stat(f"score.kendall{end}")["mean"]) for group in known])
        for end in ("", "_low", "_high")
    )
    titles = tuple(wording.title(group, known) for group in known)
    points = Series("", seconds, tau, y_low=low, y_high=high, words=titles, labels=titles)
    front = pareto(seconds, tau)
    line = Series(
        "not beaten in both",
        [*seconds[front], seconds.max()],
        [*tau[front], tau.max()],
        "step",
        False,
        colour=1,
    )
    ceiling = groups[0].stat("ceiling.kendall")["mean"]
    marks = () if ceiling is None else (Mark("y", ceiling, 1, dashed=True),)
    devices = ", ".join(
        sorted({str(origin["processor"] or origin["device"]) for group in known for origin in group.origins})
    )
    return Chart(
        name=f"cost-{place.space}-{place.label}",
        kind="Cost against agreement",
        title="Cost against agreement",
        lines=(f"{place.space}, {place.label}",),
        caption=f"{wording.label_sentence(groups[0], label_words)} Seconds that a proxy would have "
        f"taken alone per architecture, mean over seeds, measured when the records were made ({devices}): "
        "a time is no reproducible number. τ with its bootstrap interval; dashed: one training run against "
        "another. "
        f"{wording.settings_sentence(groups)}",
        alternative=f"Seconds per architecture against Kendall tau of {len(known)} proxies on {place.space}.",
        panels=(
            Panel(
                (line, points),
                x_title="seconds per architecture",
                y_title="Kendall τ",
                x_log=True,
                marks=marks,
            ),
        ),
        size=(6.4, 3.6),
        records=wording.records(known),
    )


def pareto(cost: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Indices, by rising cost, of what no other beats: cheaper or as cheap, and higher or as high."""
    order = np.lexsort((-value, cost))
    highest = np.maximum.accumulate(value[order])
    return order[np.concatenate([[True], value[order][1:] > highest[:-1]])]


def _seconds(group: Group) -> float | None:
    """Of the proxy, per architecture, mean over the seeds that tell."""
    each = [
        result.timing["proxy_seconds"] / result.numbers["score.n_total"]
        for result in group.results
        if result.timing.get("proxy_seconds") and result.numbers.get("score.n_total")
    ]
    return float(np.mean(each)) if each else None


def _or_lowest(value: float | None) -> float:
    return -2.0 if value is None else value


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
