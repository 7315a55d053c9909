"""Published figures, and the groups of records that measured the same.

A figure is recomputed where a group holds the very operation scores it was computed from
(``source=published``); it is compared where a group measured such scores anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from harness import tasks
from harness.published.figures import Published, figures
from harness.reports.analysis.groups import Group
from harness.reports.analysis.results import Result
from harness.stats import mean_with_interval


@dataclass(frozen=True)
class Comparison:
    """A published figure beside one group's.

    ``differing`` holds (ours, theirs) by setting; ``closest`` says that no group of the same label differs
    in fewer: among those of the variant ``paper``, other ones that measured, and those that recompute.
    ``variant`` is ``paper``, ``as_released`` where supernets are masked and ReLUs counted as in the
    publication, and ``None`` where they are neither, or nothing is masked.
    """

    figure: Published
    group: Group
    measured: Mapping[str, Any]
    differing: Mapping[str, tuple[Any, Any]]
    closest: bool
    variant: str | None

    @property
    def recomputed(self) -> bool:
        """Whether the scores are the publication's own."""
        return self.group.published

    @property
    def difference(self) -> float | None:
        """Measured minus published mean."""
        mean = self.measured["mean"]
        return None if mean is None else mean - self.figure.mean

    @property
    def standard_errors(self) -> float | None:
        """``difference / sqrt(sd1^2 / n1 + sd2^2 / n2)``.

        ``None`` where a sd is unknown, where both are 0, and for a recomputed figure.
        """
        own, theirs = self.measured["sd"], self.figure.sd
        if self.recomputed or self.difference is None or own is None or theirs is None:
            return None
        error = (own**2 / self.measured["n"] + theirs**2 / self.figure.n) ** 0.5
        return self.difference / error if error else None


def compare(groups: Sequence[Group]) -> dict[tuple[str, str], list[Comparison]]:
    """By space and label of the groups: every published figure with every group that measured the same."""
    members: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        if tasks.of_record(group.run.task).takes_published:
            members.setdefault(group.place[1:], []).append(group)
    compared = {
        place: [each for figure in figures() for each in _comparisons(figure, here)]
        for place, here in sorted(members.items())
    }
    return {place: comparisons for place, comparisons in compared.items() if comparisons}


def _comparisons(figure: Published, groups: Sequence[Group]) -> Iterator[Comparison]:
    for fits in (_measured, _recomputes):
        pairs = [
            (group, mean_with_interval(values), _differing(figure, group))
            for group in groups
            if group.run.space == figure.space
            and fits(figure, group)
            and (values := _values(group, figure.statistic, figure.seeds if group.published else None))
        ]
        variants = [_variant(figure, group) for group, _, _ in pairs]
        fewest: dict[bool, int] = {}
        for variant, (_, _, differing) in zip(variants, pairs, strict=True):
            of_paper = variant == "paper"
            fewest[of_paper] = min(len(differing), fewest.get(of_paper, len(differing)))
        for variant, (group, measured, differing) in zip(variants, pairs, strict=True):
            closest = len(differing) == fewest[variant == "paper"]
            yield Comparison(figure, group, measured, differing, closest, variant)


def _measured(figure: Published, group: Group) -> bool:
    return not group.published and group.method == figure.method


def _recomputes(figure: Published, group: Group) -> bool:
    return group.published and figure.scores is not None and group.settings["published.set"] == figure.scores


def _values(group: Group, statistic: str, seeds: Sequence[int] | None) -> list[float | None]:
    """The statistic of every seed, or of ``seeds``; empty where the group's runs do not have it.

    A step's mean is taken over its operation decisions alone, as it was published.
    """
    results = [result for result in group.results if seeds is None or result.run.seed in seeds]
    if not statistic.startswith("steps."):
        return [result.numbers[statistic] for result in results if statistic in result.numbers]
    _, step, truth, name = statistic.split(".")
    surveys = [_operations(result, int(step)) for result in results]
    return [_mean([decision[truth][name] for decision in survey]) for survey in surveys if survey]


def _operations(result: Result, step: int) -> list[Mapping[str, Any]]:
    """Statistics of the operation decisions that are open at ``step``."""
    steps = [each["decisions"] for each in result.statistics["steps"] if each["step"] == step]
    return [decision for decisions in steps for decision in decisions if decision["kind"] == "operation"]


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return fmean(defined) if defined else None


def _settings(group: Group) -> dict[str, Any]:
    """Those of the group as figures name them; how ReLUs are counted is told where it is not once."""
    settings = group.settings | {"label": group.run.label}
    if "input.name" in settings:
        settings["input"] = settings["input.name"]
    return {"counting": "once"} | settings if "masking" in settings else settings


def _variant(figure: Published, group: Group) -> str | None:
    ours, theirs = _settings(group), figure.settings
    if "masking" not in ours or "masking" not in theirs:
        return None
    if (ours["masking"], ours["counting"]) == ("drop", "once"):
        return "paper"
    same = all(ours[key] == theirs[key] for key in ("masking", "counting") if key in theirs)
    return "as_released" if same else None


def _differing(figure: Published, group: Group) -> dict[str, tuple[Any, Any]]:
    """Settings that both have and that are not the same; an oracle measures nothing and has a label alone."""
    ours = _settings(group)
    return {
        key: (ours[key], theirs)
        for key, theirs in figure.settings.items()
        if key in ours and ours[key] != theirs
    }
