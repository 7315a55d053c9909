"""Which records of two methods can be set against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness import tasks
from harness.errors import ResultsError, unknown_name
from harness.groups import METHODS
from harness.records import Record, Store
from harness.reports import wording

OWN = frozenset({"training", "source"})
"""Settings that do not touch what is compared, besides those that name the method and those of a task."""

Place = tuple[str, str, str]
"""Task, space, label."""


@dataclass(frozen=True)
class Side:
    """One method's ok records of one group, by ascending seed.

    ``column`` is what its rows are compared by: ``score``, or a baseline's, of another method's records.
    """

    records: Mapping[int, Record]
    column: str = "score"

    @property
    def settings(self) -> Mapping[str, Any]:
        """What all its runs share."""
        return next(iter(self.records.values())).run.settings

    @property
    def group(self) -> str:
        """The hash all its runs share."""
        return next(iter(self.records.values())).run.group


Pair = tuple[Side, Side]
Sides = dict[Place, dict[str, list[Side]]]
"""By place and method."""


def read(root: Path, wanted: Mapping[str, Iterable[str]]) -> tuple[Sides, set[str]]:
    """The groups of the ok records that are wanted, and the methods of all there are.

    Parameters
    ----------
    root
        The results folder.
    wanted
        Values to keep by ``task``, ``space``, ``label``; all where empty.

    Raises
    ------
    HarnessError
        Without records, for a value that no record has, or for a damaged record.
    """
    found: dict[Place, dict[str, dict[str, dict[int, Record]]]] = {}
    asked = {name: set(values) for name, values in wanted.items()}
    seen: dict[str, set[str]] = {name: set() for name in ("method", *asked)}
    for record in Store(root).records():
        run = record.run
        for name, values in seen.items():
            values.add(getattr(run, name))
        if record.status == "ok" and all(
            not values or getattr(run, name) in values for name, values in asked.items()
        ):
            methods = found.setdefault((run.task, run.space, run.label), {})
            methods.setdefault(run.method, {}).setdefault(run.group, {})[run.seed] = record
    _check_seen(root, asked, seen)
    return {
        place: {
            method: [Side(dict(sorted(records.items()))) for _, records in sorted(groups.items())]
            for method, groups in sorted(methods.items())
        }
        for place, methods in sorted(found.items())
    }, seen["method"]


def _check_seen(root: Path, asked: Mapping[str, set[str]], seen: Mapping[str, set[str]]) -> None:
    if not seen["method"]:
        raise ResultsError(
            f"No records in {root / 'records'}; make some first, for example with "
            "`python -m harness -m task=arch_correlation space=nb201 proxy=nwot,synflow seed=0,1`."
        )
    for name, values in asked.items():
        for value in sorted(values - seen[name]):
            raise unknown_name(f"{name} of the records", value, seen[name])


def sides(place: Place, methods: Mapping[str, list[Side]], names: tuple[str, str]) -> tuple[list[Side], ...]:
    """The groups of either method at a place; a baseline has those it is compared with."""
    baselines = tasks.of_record(place[0]).baselines
    if not set(names) & set(baselines):
        return tuple(methods.get(name, []) for name in names)
    partner = next((name for name in names if name not in baselines), None)
    groups = methods.get(partner, []) if partner else next(iter(methods.values()))[:1]
    return tuple([replace(g, column=n) if n in baselines else g for g in groups] for n in names)


def comparable(pair: Pair) -> bool:
    """Whether both have the same settings and a seed in common; a baseline goes with its own group."""
    one, other = pair
    if (one.column, other.column) != ("score", "score"):
        return one.group == other.group
    return not differing(pair) and bool(common_seeds(pair))


def common_seeds(pair: Pair) -> tuple[int, ...]:
    """Seeds of both, ascending."""
    return tuple(seed for seed in pair[0].records if seed in pair[1].records)


def differing(pair: Pair) -> list[str]:
    """Settings that both have, with different values."""
    one, other = (side.settings for side in pair)
    task = tasks.of_record(next(iter(pair[0].records.values())).run.task)
    own = {*OWN, *METHODS, *task.options}
    return sorted(name for name in (set(one) & set(other)) - own if one[name] != other[name])


def telling(pair: Pair, pairs: Sequence[Pair]) -> str:
    """The settings that tell ``pair`` from others at the same place, as words."""
    own = {}
    for position, name in enumerate(("A", "B")):
        settings = [each[position].settings for each in pairs]
        keys = sorted({key for each in settings for key in each})
        keys = [key for key in keys if len({repr(each.get(key)) for each in settings}) > 1]
        own[name] = ", ".join(f"{key}={_short(pair[position].settings.get(key))}" for key in keys)
    if own["A"] == own["B"]:
        return own["A"]
    return "; ".join(f"{name}: {values}" for name, values in own.items() if values)


def why_not(place: Place, found: Sequence[Sequence[Side]], names: tuple[str, str]) -> str:
    """What keeps the two groups that are closest apart."""
    pairs = [(one, other) for one in found[0] for other in found[1]]
    pair = min(pairs, key=lambda each: len(differing(each)))
    keys = differing(pair)
    each = (
        f"{name} has {', '.join(f'{key}={_short(side.settings[key])}' for key in keys)}"
        if keys
        else f"{name} has {wording.seeds(list(side.records))}"
        for name, side in zip(names, pair, strict=True)
    )
    apart = "settings differ" if keys else "no seed is common"
    return f"{' '.join(place)}: {apart}, {', '.join(each)}."


def _short(value: Any) -> str:
    return wording.setting(value.get("name", value) if isinstance(value, Mapping) else value)
