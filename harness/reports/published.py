"""Published figures, and the groups of records that measured the same."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from harness import paths
from harness.reports.groups import Group, Result
from harness.stats import mean_with_interval

FILE = paths.BENCHMARKS_DATA / "published.toml"


@dataclass(frozen=True)
class Published:
    """One published figure.

    Attributes
    ----------
    name, method
        What the publication calls the method, and its name here.
    statistic
        As in a group's numbers, for example ``steps.0.best_acc.spearman``.
    mean, sd, n
        Over ``n`` seeds; ``sd`` is ``None`` where it is not known.
    settings
        Label, batch size, input, masking and fidelity it was measured with.
    words, source
        What else belongs to its setup, and where it stands.
    """

    name: str
    method: str
    space: str
    statistic: str
    mean: float
    sd: float | None
    n: int
    settings: Mapping[str, Any]
    words: str
    source: str


@dataclass(frozen=True)
class Comparison:
    """A published figure beside one group's.

    ``differing`` holds (ours, theirs) by setting; ``closest`` says that no group of the same label differs
    in fewer.
    """

    figure: Published
    group: Group
    measured: Mapping[str, Any]
    differing: Mapping[str, tuple[Any, Any]]
    closest: bool

    @property
    def difference(self) -> float | None:
        """Measured minus published mean."""
        mean = self.measured["mean"]
        return None if mean is None else mean - self.figure.mean

    @property
    def standard_errors(self) -> float | None:
        """``difference / sqrt(sd1^2 / n1 + sd2^2 / n2)``; ``None`` where a sd is unknown, or both are 0."""
        own, theirs = self.measured["sd"], self.figure.sd
        if self.difference is None or own is None or theirs is None:
            return None
        error = (own**2 / self.measured["n"] + theirs**2 / self.figure.n) ** 0.5
        return self.difference / error if error else None


@cache
def figures(file: Path = FILE) -> tuple[Published, ...]:
    """Every published figure, in the order of ``file``."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(
        figure
        for entry in content["figures"]
        for figure in _expanded(entry, content["setups"][entry["setup"]])
    )


def _expanded(entry: Mapping[str, Any], setup: Mapping[str, Any]) -> Iterator[Published]:
    """One figure per step of ``means``, or one for ``values``."""
    shared = {key: entry[key] for key in ("name", "method", "source")}
    shared |= {"space": setup["space"], "words": setup["words"]}
    shared["settings"] = {"label": entry["label"]} | setup["settings"]
    if "values" in entry:
        stat = mean_with_interval(entry["values"])
        numbers = {key: stat[key] for key in ("mean", "sd", "n")}
        yield Published(statistic=entry["statistic"], **numbers, **shared)
        return
    sds = entry.get("sds", [])
    for step, mean in enumerate(entry["means"]):
        sd = sds[step] if step < len(sds) else None
        yield Published(
            statistic=f"steps.{step}.{entry['statistic']}", mean=mean, sd=sd, n=entry["n"], **shared
        )


def compare(groups: Sequence[Group]) -> dict[tuple[str, str], list[Comparison]]:
    """By space and label of the groups: every published figure with every group that measured the same."""
    places = sorted({group.place[1:] for group in groups if group.run.task == "op_correlation"})
    found = {}
    for place in places:
        here = [group for group in groups if group.place == ("op_correlation", *place)]
        found[place] = [each for figure in figures() for each in _comparisons(figure, here)]
    return {place: comparisons for place, comparisons in found.items() if comparisons}


def _comparisons(figure: Published, groups: Sequence[Group]) -> list[Comparison]:
    pairs = [
        (group, mean_with_interval(values), _differing(figure, group))
        for group in groups
        if (group.run.space, group.method) == (figure.space, figure.method)
        and (values := _values(group, figure.statistic))
    ]
    fewest = min((len(differing) for _, _, differing in pairs), default=0)
    return [
        Comparison(figure, group, measured, differing, len(differing) == fewest)
        for group, measured, differing in pairs
    ]


def _values(group: Group, statistic: str) -> list[float | None]:
    """The statistic of every seed; empty where the group's runs do not have it.

    A step's mean is taken over its operation decisions alone, as it was published.
    """
    if not statistic.startswith("steps."):
        return [result.numbers[statistic] for result in group.results if statistic in result.numbers]
    _, step, truth, name = statistic.split(".")
    surveys = [_operations(result, int(step)) for result in group.results]
    return [_mean([decision[truth][name] for decision in survey]) for survey in surveys if survey]


def _operations(result: Result, step: int) -> list[Mapping[str, Any]]:
    """Statistics of the operation decisions that are open at ``step``."""
    steps = [each["decisions"] for each in result.statistics["steps"] if each["step"] == step]
    return [decision for decisions in steps for decision in decisions if decision["kind"] == "operation"]


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return fmean(defined) if defined else None


def _differing(figure: Published, group: Group) -> dict[str, tuple[Any, Any]]:
    """Settings that both have and that are not the same; an oracle measures nothing and has a label alone."""
    own = group.run.settings
    ours = {"label": group.run.label} | {
        key: own[key] for key in ("batch_size", "masking", "fidelity") if key in own
    }
    if "input" in own:
        ours["input"] = own["input"]["name"]
    return {
        key: (ours[key], theirs)
        for key, theirs in figure.settings.items()
        if key in ours and ours[key] != theirs
    }
