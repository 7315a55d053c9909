"""Whether one method is ahead of another, from the records of both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness import tasks
from harness.comparison.sides import (
    Pair,
    Place,
    Side,
    Sides,
    common_seeds,
    comparable,
    read,
    sides,
    telling,
    why_not,
)
from harness.errors import ConfigError, ResultsError, unknown_name
from harness.records import Record
from harness.reports.analysis.check import Checker
from harness.reports.analysis.origins import origin_of
from harness.reports.analysis.results import numbers_of
from harness.stats import (
    Difference,
    PairedScores,
    difference_over_architectures,
    difference_over_seeds,
    holm,
    kendall,
    mean_with_interval,
)


@dataclass(frozen=True)
class Contrast:
    """One measure of both methods, higher is better.

    ``a`` and ``b`` hold mean and spread over ``seeds``, those where both are defined; ``corrected`` is the
    difference's p-value by Holm's method over all contrasts.
    """

    measure: str
    digits: int
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    difference: Difference
    seeds: tuple[int, ...]
    corrected: float | None = None


@dataclass(frozen=True)
class Match:
    """Two groups with the same settings, and what they are compared by.

    ``architectures`` counts, by seed, those that both scored; it is empty where seeds are compared. ``note``
    tells the match from others at its place.
    """

    place: Place
    note: str
    seeds: tuple[int, ...]
    architectures: tuple[int, ...]
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything that can be compared, sentences on what cannot, and where the records were made."""

    a: str
    b: str
    matches: tuple[Match, ...]
    left_out: tuple[str, ...]
    origins: tuple[Mapping[str, Any], ...] = ()

    @property
    def contrasts(self) -> list[Contrast]:
        """Of all matches."""
        return [contrast for match in self.matches for contrast in match.contrasts]


def compare(
    store_root: Path | str,
    a: str,
    b: str,
    spaces: Iterable[str] = (),
    labels: Iterable[str] = (),
    tasks: Iterable[str] = (),
) -> Comparison:
    """Compare methods ``a`` and ``b`` wherever both have records of the same settings.

    Methods that score the same architectures (:attr:`harness.tasks.Task.shared`) are compared by tau-b over
    those that both scored, with a paired bootstrap (:func:`harness.stats.difference_over_architectures`), all
    others by the task's own measures over the seeds that both have
    (:func:`harness.stats.difference_over_seeds`). Every record used is checked against its rows.

    Parameters
    ----------
    store_root
        The results folder.
    a, b
        Methods as records name them (``nwot``, ``zero_cost_pt-nwot_eval``), or a task's baseline, such as
        ``params``.
    spaces, labels, tasks
        Compare on these alone; on all where empty.

    Raises
    ------
    HarnessError
        For a method, space, label or task without records, for equal methods, where the two have nothing in
        common, or for a damaged record.
    """
    if a == b:
        raise ConfigError(f"A comparison takes two different methods; received {a!r} twice.")
    found, methods_seen = read(Path(store_root), {"space": spaces, "label": labels, "task": tasks})
    known = methods_seen.union(*(task.baselines for task in _tasks()))
    for name in (a, b):
        if name not in known:
            raise unknown_name("method", name, known)
    checker = Checker()
    matches: list[Match] = []
    left_out: list[str] = []
    origins: list[Mapping[str, Any]] = []
    for place, methods in found.items():
        both = sides(place, methods, (a, b))
        if all(both):
            made = _matches(place, both, checker, origins)
            matches += made
            left_out += [] if made else [why_not(place, both, (a, b))]
    if not matches:
        raise ResultsError(_nothing(found, (a, b), left_out))
    return _corrected(Comparison(a, b, tuple(matches), tuple(left_out), tuple(origins)))


def _tasks() -> list[tasks.Task]:
    return [tasks.load(name) for name in tasks.names()]


def _matches(
    place: Place, both: Sequence[Sequence[Side]], checker: Checker, origins: list[Mapping[str, Any]]
) -> list[Match]:
    pairs = [pair for one in both[0] for other in both[1] if comparable(pair := (one, other))]
    make = _over_architectures if tasks.of_record(place[0]).shared else _over_seeds
    for pair in pairs:
        for seed in common_seeds(pair):
            for side in pair:
                checker.check(side.records[seed], side.records[seed].columns)
                origins.append(origin_of(side.records[seed]))
    return [make(place, telling(pair, pairs), pair) for pair in pairs]


def _over_architectures(place: Place, note: str, pair: Pair) -> Match:
    seeds = common_seeds(pair)
    samples = [_sample(pair, seed) for seed in seeds]
    a = mean_with_interval([kendall(sample.a, sample.truth) for sample in samples])
    b = mean_with_interval([kendall(sample.b, sample.truth) for sample in samples])
    contrast = Contrast("Kendall τ", 3, a, b, difference_over_architectures(samples), seeds)
    return Match(place, note, seeds, tuple(len(sample.truth) for sample in samples), (contrast,))


def _sample(pair: Pair, seed: int) -> PairedScores:
    """The architectures that both have a valid score for, in the order of their names."""
    a, b = (_valid(side.records[seed], side.column) for side in pair)
    accuracy = _valid(pair[0].records[seed], "accuracy")
    names = sorted(set(a) & set(b) & set(accuracy))
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    one, other, truth = (np.array([column[name] for name in names]) for column in (a, b, accuracy))
    return PairedScores(one, other, truth, name=(digest,))


def _valid(record: Record, column: str) -> dict[str, float]:
    rows = record.rows
    values = rows[column].to_numpy(np.float64)
    valid = np.isfinite(values)
    if column == "score":
        valid &= (rows["status"] == "ok").to_numpy()
    return dict(zip(rows["arch"][valid], values[valid], strict=True))


def _over_seeds(place: Place, note: str, pair: Pair) -> Match:
    seeds = common_seeds(pair)
    contrasts = []
    for measure in tasks.of_record(place[0]).compared:
        values = {seed: [_number(side.records[seed], measure.name) for side in pair] for seed in seeds}
        known = {seed: both for seed, both in values.items() if None not in both}
        if known:
            a, b = zip(*known.values(), strict=True)
            difference = difference_over_seeds(a, b)
            spreads = mean_with_interval(a), mean_with_interval(b)
            contrasts.append(Contrast(measure.words, measure.digits, *spreads, difference, tuple(known)))
    return Match(place, note, seeds, (), tuple(contrasts))


def _number(record: Record, name: str) -> float | None:
    """The number of the dotted ``name``; ``None`` where a record of this kind has none."""
    return numbers_of(record.statistics).get(name)


def _corrected(comparison: Comparison) -> Comparison:
    p_values = iter(holm([contrast.difference.p for contrast in comparison.contrasts]))
    matches = tuple(
        replace(match, contrasts=tuple(replace(each, corrected=next(p_values)) for each in match.contrasts))
        for match in comparison.matches
    )
    return replace(comparison, matches=matches)


def _nothing(found: Sides, names: tuple[str, str], left_out: Sequence[str]) -> str:
    if left_out:
        return f"{names[0]} and {names[1]} cannot be compared. {' '.join(left_out)} Run one as the other was."
    known = []
    for name in names:
        places = [" ".join(place) for place, methods in found.items() if name in methods]
        with_it = [task.name for task in _tasks() if name in task.baselines]
        if with_it and not places:
            places = [f"a place in every record of {', '.join(with_it)}"]
        known.append(f"{name} has {', '.join(places) or 'no such run that succeeded'}")
    return (
        f"{names[0]} and {names[1]} have no task, space and label in common: {'; '.join(known)}. "
        "Run both on one of these."
    )
