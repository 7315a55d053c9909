"""What Zero-Cost-PT's results hang on: groups of records that differ from a baseline in one setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import ResultsError
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group

MEASURED = {
    "proxy": "nwot_eval", "batch_size": 64, "input": "noise", "fidelity": "benchmark", "path": "fast",
    "masking": "drop",
}  # fmt: skip

VARIANT = ("variant", "masking", "counting")
"""The variant and what it brings along: ``as_released`` masks, and counts ReLUs, as the released code does.
Where it changes nothing else a run is named by these alone."""

SCALE = "z"
"""In which several supernets' scores are averaged where nothing else is said."""

OVERRIDES = {
    "progressive": "task.progressive",
    "proposals": "searcher.proposals",
    "validation_batches": "searcher.validation_batches",
    "order": "searcher.order",
}
"""How a setting is called on the command line, where not by its own name."""


@dataclass(frozen=True)
class Baseline:
    """Settings that one at a time is varied from; those ``held`` never are."""

    title: str
    task: str
    settings: Mapping[str, Any]
    held: tuple[str, ...] = ()


def _search(proposals: int, validation_batches: int) -> dict[str, Any]:
    shared = {"searcher": "zero_cost_pt", **MEASURED, "order": "random", "variant": "paper"}
    return shared | {"proposals": proposals, "validation_batches": validation_batches}


BASELINES = (
    Baseline(
        "Operation scores of the initial supernet",
        "op_correlation",
        {"progressive": False, "scorer": "zero_cost_pt", **MEASURED},
    ),
    Baseline("Search, 10 proposals and 10 validation batches", "search", _search(10, 10)),
    Baseline(
        "One proposal, nothing to validate", "search", _search(1, 1), ("proposals", "validation_batches")
    ),
)


@dataclass(frozen=True)
class Study:
    """Groups that differ from ``groups[0]``, of the baseline, in ``factor`` alone."""

    baseline: Baseline
    factor: str
    groups: tuple[Group, ...]

    @property
    def ordered(self) -> list[Group]:
        """Numbers ascending; words by their letters, the baseline's first."""
        numeric = all(isinstance(self.value(group), int) for group in self.groups)
        if numeric:
            return sorted(self.groups, key=self.value)
        return [self.groups[0], *sorted(self.groups[1:], key=self.value_words)]

    def value(self, group: Group) -> Any:
        """The group's value of the factor."""
        return _named(group.run.settings).get(self.factor)

    def value_words(self, group: Group) -> str:
        """The same in words, with what it brings along."""
        settings, differing = group.run.settings, _differing(self.groups[0], group)
        brought = VARIANT[1:] if self.factor == "variant" else ()
        changed = [f"{name}={settings[name]}" for name in brought if name in differing and name in settings]
        return ", ".join([str(self.value(group)), *changed])

    @property
    def seeds(self) -> list[int]:
        """All seeds that any of the groups was asked for."""
        return sorted({seed for group in self.groups for seed in (*group.seeds, *group.failed)})

    @property
    def fixed(self) -> dict[str, Any]:
        """The baseline's settings that all groups share."""
        varied = VARIANT if self.factor == "variant" else (self.factor,)
        return {key: value for key, value in self.baseline.settings.items() if key not in varied}

    @property
    def command(self) -> str:
        """What makes every record of the study, skipping those that exist.

        ``FOLDER`` stands for CIFAR-10's.
        """
        run = self.groups[0].run
        chosen = {key: str(value).lower() for key, value in self.baseline.settings.items()}
        chosen[self.factor] = ",".join(dict.fromkeys(str(self.value(group)) for group in self.ordered))
        if self.factor == "variant":
            chosen["masking"] = "default"
        overrides = [f"{OVERRIDES.get(key, key)}={value}" for key, value in chosen.items()]
        if "cifar10" in chosen["input"].split(","):
            overrides.append("input.folder=FOLDER")
        seeds = ",".join(map(str, self.seeds))
        place = " ".join([f"task={run.task} space={run.space}", *lookup.truth_overrides(self.groups[0])])
        return f"python -m harness -m {place} {' '.join(overrides)} seed={seeds}"


def studies(groups: Sequence[Group]) -> list[Study]:
    """Every factor with at least two values, by place, baseline and factor.

    Raises
    ------
    ResultsError
        Where no group differs from a baseline's in one setting.
    """
    found = []
    for place in sorted({group.place for group in groups}):
        here = [group for group in groups if group.place == place]
        for baseline in BASELINES:
            for base in here:
                if _is(base, baseline):
                    found += _around(base, baseline, here)
    if not found:
        raise ResultsError(
            "No records differ from the baseline of the sensitivity study in one setting; make some first, "
            "for example with `make bench SPACE=nb201 PRESET=study_masking`."
        )
    return found


def _is(group: Group, baseline: Baseline) -> bool:
    named = _named(group.run.settings)
    return (
        group.run.task == baseline.task
        and "counting" not in named
        and named["supernets"] == 1
        and all(key in named and named[key] == value for key, value in baseline.settings.items())
    )


def _around(base: Group, baseline: Baseline, groups: Sequence[Group]) -> list[Study]:
    factors: dict[str, list[Group]] = {}
    for group in groups:
        factor = _factor(_differing(base, group), group)
        if factor is not None and factor not in baseline.held:
            factors.setdefault(factor, []).append(group)
    return [Study(baseline, factor, (base, *others)) for factor, others in sorted(factors.items())]


def _factor(differing: set[str], group: Group) -> str | None:
    """The one setting that differs, or the variant; ``None`` for none, several, or another table.

    The number of supernets counts alone where their scores are averaged in the usual scale.
    """
    if differing == {"supernets", "scale"} and group.run.settings["scale"] == SCALE:
        return "supernets"
    if differing & {"variant", "counting"} and "masking" in differing and differing <= set(VARIANT):
        return "variant"
    if len(differing) > 1 or differing & {"truth", "table", "counting"}:
        return None
    return next(iter(differing), None)


def _differing(one: Group, other: Group) -> set[str]:
    a, b = one.run.settings, other.run.settings
    return {key for key in {*a, *b} if key not in a or key not in b or a[key] != b[key]}


def _named(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with a value each: the input by its name; others that are usual also where not said."""
    variant = {
        "variant": "as_released" if "counting" in settings else "paper",
        "supernets": 1,
        "precision": "float32",
    }
    return variant | {key: value["name"] if key == "input" else value for key, value in settings.items()}


def input_words(groups: Sequence[Group]) -> str:
    """The inputs that scores were measured on, each with the first digits of its digest."""
    inputs = {tuple(group.run.settings["input"][key] for key in ("name", "digest")) for group in groups}
    return ", ".join(f"{name} ({wording.setting(digest)})" for name, digest in sorted(inputs))
