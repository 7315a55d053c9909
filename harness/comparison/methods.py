"""Whether one method is ahead of another, from the records of both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.comparison.sides import (
    BASELINES,
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
from harness.stats import (
    Difference,
    PairedScores,
    difference_over_architectures,
    difference_over_seeds,
    holm,
    kendall,
    mean_with_interval,
)

OVER_SEEDS: Mapping[str, tuple[tuple[str, int, tuple[Any, ...]], ...]] = {
    "op_correlation": (
        ("τ, best accuracy", 3, ("steps", 0, "best_acc", "kendall")),
        ("τ, average accuracy", 3, ("steps", 0, "avg_acc", "kendall")),
        ("accuracy picked, %", 2, ("selected", "accuracy")),
    ),
    "search": (("accuracy found, %", 2, ("accuracy",)),),
}
"""What is compared over seeds: its name, digits, and where the statistics hold it."""


@dataclass(frozen=True)
class Line:
    """One measure, higher is better.

    ``a`` and ``b`` hold mean and spread over ``seeds``, those where both are defined; ``corrected`` is the
    difference's p-value by Holm's method over all lines.
    """

    measure: str
    digits: int
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    difference: Difference
    seeds: tuple[int, ...]
    corrected: float | None = None


@dataclass(frozen=True)
class Block:
    """What two groups with the same settings say.

    ``architectures`` counts, by seed, those that both scored; it is empty where seeds are compared. ``note``
    tells the block from others at its place.
    """

    place: Place
    note: str
    seeds: tuple[int, ...]
    architectures: tuple[int, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Versus:
    """Everything that can be compared, sentences on what cannot, and where the records were made."""

    a: str
    b: str
    blocks: tuple[Block, ...]
    left_out: tuple[str, ...]
    origins: tuple[Mapping[str, Any], ...] = ()

    @property
    def lines(self) -> list[Line]:
        """Of all blocks."""
        return [line for block in self.blocks for line in block.lines]


def compare(
    store_root: Path | str,
    a: str,
    b: str,
    spaces: Iterable[str] = (),
    labels: Iterable[str] = (),
    tasks: Iterable[str] = (),
) -> Versus:
    """Compare methods ``a`` and ``b`` wherever both have records of the same settings.

    ``arch_correlation`` is compared by tau-b over the architectures that both scored, with a paired bootstrap
    over architectures (:func:`harness.stats.difference_over_architectures`); the other tasks over the seeds
    that both have (:func:`harness.stats.difference_over_seeds`). Every record used is checked against its
    rows.

    Parameters
    ----------
    store_root
        The results folder.
    a, b
        Methods as records name them (``nwot``, ``zero_cost_pt-nwot_eval``), or a baseline of
        ``arch_correlation``: ``params``, ``flops``, ``operations``.
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
    for name in (a, b):
        if name not in methods_seen | set(BASELINES):
            raise unknown_name("method", name, methods_seen | set(BASELINES))
    checker = Checker()
    blocks: list[Block] = []
    left_out: list[str] = []
    origins: list[Mapping[str, Any]] = []
    for place, methods in found.items():
        both = sides(place, methods, (a, b))
        if all(both):
            made = _blocks(place, both, checker, origins)
            blocks += made
            left_out += [] if made else [why_not(place, both, (a, b))]
    if not blocks:
        raise ResultsError(_nothing(found, (a, b), left_out))
    return _corrected(Versus(a, b, tuple(blocks), tuple(left_out), tuple(origins)))


def _blocks(
    place: Place, both: Sequence[Sequence[Side]], checker: Checker, origins: list[Mapping[str, Any]]
) -> list[Block]:
    pairs = [pair for one in both[0] for other in both[1] if comparable(pair := (one, other))]
    make = _over_architectures if place[0] == "arch_correlation" else _over_seeds
    for pair in pairs:
        for seed in common_seeds(pair):
            for side in pair:
                checker.check(side.records[seed], side.records[seed].rows)
                origins.append(origin_of(side.records[seed]))
    return [make(place, telling(pair, pairs), pair) for pair in pairs]


def _over_architectures(place: Place, note: str, pair: Pair) -> Block:
    seeds = common_seeds(pair)
    samples = [_sample(pair, seed) for seed in seeds]
    a = mean_with_interval([kendall(sample.a, sample.truth) for sample in samples])
    b = mean_with_interval([kendall(sample.b, sample.truth) for sample in samples])
    line = Line("Kendall τ", 3, a, b, difference_over_architectures(samples), seeds)
    return Block(place, note, seeds, tuple(len(sample.truth) for sample in samples), (line,))


def _sample(pair: Pair, seed: int) -> PairedScores:
    """The architectures that both have a valid score for, in the order of their names."""
    a, b = (_valid(side.records[seed], side.column) for side in pair)
    accuracy = _valid(pair[0].records[seed], "accuracy")
    names = sorted(set(a) & set(b) & set(accuracy))
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    columns = (np.array([column[name] for name in names], dtype=np.float64) for column in (a, b, accuracy))
    return PairedScores(*columns, name=(digest,))


def _valid(record: Record, column: str) -> dict[str, float]:
    rows = record.rows
    values = rows[column].to_numpy(np.float64)
    valid = np.isfinite(values)
    if column == "score":
        valid &= (rows["status"] == "ok").to_numpy()
    return dict(zip(rows["arch"][valid], values[valid], strict=True))


def _over_seeds(place: Place, note: str, pair: Pair) -> Block:
    seeds = common_seeds(pair)
    lines = []
    for measure, digits, path in OVER_SEEDS[place[0]]:
        told = {seed: [_number(side.records[seed].statistics, path) for side in pair] for seed in seeds}
        known = {seed: values for seed, values in told.items() if None not in values}
        if known:
            a, b = zip(*known.values(), strict=True)
            spreads = mean_with_interval(a), mean_with_interval(b)
            lines.append(Line(measure, digits, *spreads, difference_over_seeds(a, b), tuple(known)))
    return Block(place, note, seeds, (), tuple(lines))


def _number(statistics: Any, path: Sequence[Any]) -> float | None:
    """The number at ``path``; ``None`` where a record of this kind has none."""
    for step in path:
        if isinstance(statistics, Mapping) and step not in statistics:
            return None
        statistics = statistics[step]
    return statistics


def _corrected(versus: Versus) -> Versus:
    p_values = iter(holm([line.difference.p for line in versus.lines]))
    blocks = tuple(
        replace(block, lines=tuple(replace(line, corrected=next(p_values)) for line in block.lines))
        for block in versus.blocks
    )
    return replace(versus, blocks=blocks)


def _nothing(found: Sides, names: tuple[str, str], left_out: Sequence[str]) -> str:
    if left_out:
        return f"{names[0]} and {names[1]} cannot be compared. {' '.join(left_out)} Run one as the other was."
    told = []
    for name in names:
        places = [" ".join(place) for place, methods in found.items() if name in methods]
        if name in BASELINES and not places:
            places = ["a place in every record of arch_correlation"]
        told.append(f"{name} has {', '.join(places) or 'no such run that succeeded'}")
    return (
        f"{names[0]} and {names[1]} have no task, space and label in common: {'; '.join(told)}. "
        "Run both on one of these."
    )
