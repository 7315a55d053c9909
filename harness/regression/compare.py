"""What moved: fresh entries against golden ones.

Exact: table facts, statuses, decisions, architectures, order, counts, settings. Statistics are computed again
from the golden rows, within ``EXACT`` on any machine. Scores may differ by ``SAME_KIND`` or ``OTHER_KIND``
(:mod:`harness.regression.values`), as the entry was recorded on the same kind of machine or another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness import tasks
from harness.aggregations import combine
from harness.errors import HarnessError
from harness.regression.fresh import ENDS, POPULATION, TABLES, WORDS, without
from harness.regression.goldens import Entry
from harness.regression.values import (
    EXACT,
    PART,
    Finding,
    is_number,
    leaf_findings,
    leaves,
    row_findings,
    same_kind,
)


@dataclass(frozen=True)
class Compared:
    """A golden entry, the fresh one beside it, and what moved, the worst first; one may be missing."""

    golden: Entry | None
    fresh: Entry | None
    findings: tuple[Finding, ...]

    @property
    def entry(self) -> Entry:
        """The golden entry, or the new one."""
        return next(filter(None, (self.golden, self.fresh)))

    @property
    def same_kind(self) -> bool:
        """Whether both were made on the same kind of machine."""
        return self.golden is not None and self.fresh is not None and same_kind(self.golden, self.fresh)


def compare(golden: Sequence[Entry], fresh: Sequence[Entry]) -> list[Compared]:
    """Every golden and every fresh entry, in order of their names, with what moved."""
    populations = [_populations(entries) for entries in (golden, fresh)]
    return [
        Compared(one, other, tuple(_findings(one, other, *populations)))
        for one, other in sorted(_pairs(golden, fresh), key=lambda pair: next(filter(None, pair)).key)
    ]


def accepted(compared: Sequence[Compared]) -> list[Entry]:
    """The entries that become golden: fresh ones where something moved, the others as they are.

    Where a population moved, so do the entries whose statistics are computed with it.
    """
    moved = {_population_key(each.fresh) for each in compared if each.fresh and _is_population(each)}
    return [
        each.golden
        if each.golden and not each.findings and _population_key(each.fresh) not in moved
        else each.fresh
        for each in compared
        if each.fresh is not None
    ]


def _is_population(each: Compared) -> bool:
    return each.entry.method == POPULATION and bool(each.findings)


def _pairs(golden: Sequence[Entry], fresh: Sequence[Entry]) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Entries of the same name, then those of the same method whose settings differ least."""
    fresh_by_key = {entry.key: entry for entry in fresh}
    left = []
    for entry in golden:
        other = fresh_by_key.pop(entry.key, None)
        if other is None:
            left.append(entry)
        else:
            yield entry, other
    rest = list(fresh_by_key.values())
    for entry in left:
        alike = [each for each in rest if _method(each) == _method(entry)]
        other = min(alike, key=lambda each: len(_other_settings(entry, each)), default=None)
        if other is not None:
            rest.remove(other)
        yield entry, other
    yield from ((None, entry) for entry in rest)


def _method(entry: Entry) -> tuple[str, ...]:
    return (entry.task, entry.space, entry.method)


def _findings(
    golden: Entry | None,
    fresh: Entry | None,
    golden_populations: Mapping[Any, Entry],
    fresh_populations: Mapping[Any, Entry],
) -> list[Finding]:
    if golden is None:
        return [Finding("new")]
    findings = list(_statistics("statistic", golden, golden_populations))
    if fresh is None:
        return [Finding("missing"), *findings]
    settings = _other_settings(golden, fresh)
    findings += settings
    if all(finding.where.endswith(("truth", "digest")) for finding in settings):
        findings += _rest(golden, fresh, fresh_populations)
    return sorted(findings, key=lambda finding: -finding.badness)


def _rest(golden: Entry, fresh: Entry, fresh_populations: Mapping[Any, Entry]) -> Iterator[Finding]:
    if golden.status != fresh.status:
        yield Finding("status", "record", golden.status, fresh.status)
        return
    yield from _statistics("disagrees", fresh, fresh_populations)
    yield from row_findings(golden, fresh)
    computed = _computed(golden.task)
    kept = [leaves(entry.statistics) for entry in (golden, fresh)]
    one, other = ({name: v for name, v in each.items() if not name.startswith(computed)} for each in kept)
    yield from leaf_findings("statistic", one, other, 0.0 if golden.task == TABLES else EXACT)


def _other_settings(golden: Entry, fresh: Entry) -> list[Finding]:
    one, other = (
        leaves({"label": entry.label, "seed": entry.seed, **entry.settings}) for entry in (golden, fresh)
    )
    return [
        Finding("settings", name, one.get(name), other.get(name))
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]


def _computed(task: str) -> tuple[str, ...]:
    """How the names of statistics begin that can be computed from an entry's rows."""
    return tuple(f"{name}." for name in tasks.of_record(task).recomputed)


def _statistics(kind: str, entry: Entry, populations: Mapping[Any, Entry]) -> Iterator[Finding]:
    """Where the statistics of ``entry`` are not those of its rows."""
    computed = _computed(entry.task)
    if not computed or entry.status != "ok":
        return
    stored = {name: v for name, v in leaves(entry.statistics).items() if name.startswith(computed)}
    try:
        found, ranked = _recomputed(entry, populations), _ranked(entry)
    except (HarnessError, KeyError, ValueError, IndexError, TypeError) as error:
        yield Finding(kind, "rows", "statistics", f"{type(error).__name__}: {error}")
        return
    yield from leaf_findings(kind, stored, leaves(without(found, WORDS)), EXACT)
    yield from leaf_findings(kind, *ranked, EXACT)


def _recomputed(entry: Entry, populations: Mapping[Any, Entry]) -> Mapping[str, Any]:
    task, columns = tasks.of_record(entry.task), {name: _array(entry.column(name)) for name in entry.columns}
    if not task.shared:
        return task.statistics(columns)
    if entry.method.startswith(POPULATION):
        return task.statistics(columns, names=task.baselines)
    shared = populations[_population_key(entry)]
    place = {arch: row for row, arch in enumerate(shared.column("arch"))}
    rows = [place[arch] for arch in columns["arch"]]
    shared_columns = {name: _array(shared.column(name))[rows] for name in shared.columns}
    agreement = task.statistics({**shared_columns, **columns}, 0, ("score",))
    return without(agreement, ENDS)


def _ranked(entry: Entry) -> tuple[dict[str, Any], dict[str, Any]]:
    """The scores of a population proxy, as they stand and from the parts that stand beside them."""
    parts = [name for name in entry.columns if name.startswith(PART)]
    if not parts:
        return {}, {}
    measured = {}
    for part in parts:
        scores = entry.column(part)
        statuses = ["nan" if score is None else "ok" for score in scores]
        columns = {"score": _array(scores), "status": statuses, "reason": [None] * len(scores)}
        measured[part.removeprefix(PART)] = columns
    names = [f"{arch}, score of its parts" for arch in entry.column("arch")]
    found = [None if np.isnan(score) else score for score in combine(entry.method, measured)[0].tolist()]
    return dict(zip(names, entry.column("score"), strict=True)), dict(zip(names, found, strict=True))


def _populations(entries: Sequence[Entry]) -> dict[Any, Entry]:
    return {_population_key(entry): entry for entry in entries if entry.method == POPULATION}


def _population_key(entry: Entry) -> tuple[str, ...]:
    """What entries of one population have in common; others have nothing."""
    if not tasks.of_record(entry.task).shared:
        return ()
    drawn = (str(entry.settings.get(name)) for name in ("truth", "population"))
    return (entry.space, entry.label, str(entry.seed), *drawn)


def _array(values: list[Any]) -> np.ndarray:
    if all(value is None or is_number(value) for value in values):
        return np.array([np.nan if value is None else value for value in values])
    return np.array(values, dtype=object)
